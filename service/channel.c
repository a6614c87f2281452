#include <cairn/service/channel.h>

#include <pthread.h>
#include <string.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/waker.h>

#define CHANNEL_DEFAULT_CAPACITY 64
#define CHANNEL_MAX_CAPACITY 16777216

/* A sender that waits for room. Its value is NULL once it has been queued. */
struct channel_send {
    struct cairn_sender *channel;
    void *value;
    struct channel_send *next;
    struct channel_send **link; /* NULL: does not wait */
    struct cairn_waker waker;
};

/*
 * Both ends. Senders wait only while the queue is full: who takes a value moves the first waiting
 * one up at once, so that nobody overtakes and the woken sender has nothing left to do.
 *
 * The mutex is used across threads only. Under it no user code runs: values are dropped, tasks
 * woken and let go of outside.
 */
struct cairn_sender {
    pthread_mutex_t mutex;
    bool cross_thread;
    bool has_receiver;
    size_t senders;
    size_t references; /* the senders and the receiver */
    const struct cairn_type *type;
    struct cairn_waker receiver;
    struct channel_send *waiting;
    struct channel_send **waiting_end;
    size_t capacity;
    size_t first;
    size_t queued;
    void *values[];
};

static void channel_lock(struct cairn_sender *self)
{
    if (self->cross_thread)
        pthread_mutex_lock(&self->mutex);
}

static void channel_unlock(struct cairn_sender *self)
{
    if (self->cross_thread)
        pthread_mutex_unlock(&self->mutex);
}

/* With the lock held; gives it back. */
static void channel_unref(struct cairn_sender *self)
{
    size_t left = --self->references;
    channel_unlock(self);
    if (left)
        return;
    if (self->cross_thread)
        pthread_mutex_destroy(&self->mutex);
    cairn_free(self);
}

static void channel_push(struct cairn_sender *self, void *value)
{
    size_t last = self->first + self->queued++;
    self->values[last < self->capacity ? last : last - self->capacity] = value;
}

/* NULL when nothing is queued. */
static void *channel_pop(struct cairn_sender *self)
{
    if (self->queued == 0)
        return NULL;
    void *value = self->values[self->first];
    self->first = self->first + 1 < self->capacity ? self->first + 1 : 0;
    self->queued--;
    return value;
}

static void channel_enqueue(struct cairn_sender *self, struct channel_send *send)
{
    send->next = NULL;
    send->link = self->waiting_end;
    *self->waiting_end = send;
    self->waiting_end = &send->next;
}

/* One that does not wait: nothing. */
static void channel_unlink(struct cairn_sender *self, struct channel_send *send)
{
    if (!send->link)
        return;
    *send->link = send->next;
    if (send->next)
        send->next->link = send->link;
    else
        self->waiting_end = send->link;
    send->link = NULL;
}

/* Ends the wait of the first sender. Returns whom to wake. */
static struct cairn_waker channel_release_first(struct cairn_sender *self)
{
    struct channel_send *send = self->waiting;
    channel_unlink(self, send);
    return cairn_waker_take(&send->waker);
}

static enum cairn_poll channel_offer(
    struct cairn_sender *self, void *value, struct cairn_waker *receiver)
{
    if (!self->has_receiver)
        return CAIRN_FAILED;
    if (self->queued == self->capacity)
        return CAIRN_PENDING;
    channel_push(self, value);
    *receiver = cairn_waker_take(&self->receiver);
    return CAIRN_READY;
}

struct receiver {
    struct cairn_sender *channel;
};

static enum cairn_poll receiver_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct cairn_sender *channel = ((struct receiver *)state)->channel;
    struct cairn_waker sender = {0}, other = {0};
    enum cairn_poll p = CAIRN_READY;
    channel_lock(channel);
    void *value = channel_pop(channel);
    if (value && channel->waiting) {
        channel_push(channel, channel->waiting->value);
        channel->waiting->value = NULL;
        sender = channel_release_first(channel);
    } else if (!value && channel->senders) {
        other = cairn__waker_replace(&channel->receiver, cx);
        p = CAIRN_PENDING;
    }
    channel_unlock(channel);
    cairn_wake(&sender);
    cairn_waker_clear(&other);
    if (p == CAIRN_READY)
        out->value = value;
    return p;
}

/* Once has_receiver is false nothing is added any more, so each loop comes to its end. */
static void receiver_drop(void *state)
{
    struct cairn_sender *channel = ((struct receiver *)state)->channel;
    channel_lock(channel);
    channel->has_receiver = false;
    struct cairn_waker own = cairn_waker_take(&channel->receiver);
    for (void *value = channel_pop(channel); value; value = channel_pop(channel)) {
        channel_unlock(channel);
        cairn_type_drop(channel->type, value);
        channel_lock(channel);
    }
    while (channel->waiting) {
        struct cairn_waker sender = channel_release_first(channel);
        channel_unlock(channel);
        cairn_wake(&sender);
        channel_lock(channel);
    }
    channel_unref(channel);
    cairn_waker_clear(&own);
}

static const struct cairn_stream_ops receiver_ops = {
    .name = "channel",
    .size = sizeof(struct receiver),
    .poll_next = receiver_poll_next,
    .drop = receiver_drop,
};

static struct cairn_sender *channel_alloc(const struct cairn_channel_options *opts)
{
    struct cairn_sender *self = cairn_alloc(sizeof(*self) + opts->capacity * sizeof(void *));
    if (!self)
        return NULL;
    *self = (struct cairn_sender){.cross_thread = opts->cross_thread,
        .has_receiver = true,
        .senders = 1,
        .references = 2,
        .type = opts->type,
        .waiting_end = &self->waiting,
        .capacity = opts->capacity};
    if (self->cross_thread)
        pthread_mutex_init(&self->mutex, NULL);
    return self;
}

static struct cairn_channel_options channel_options(const struct cairn_channel_options *given)
{
    struct cairn_channel_options opts = {0};
    if (given)
        memcpy(
            &opts, given, given->size && given->size < sizeof(opts) ? given->size : sizeof(opts));
    if (!opts.capacity)
        opts.capacity = CHANNEL_DEFAULT_CAPACITY;
    return opts;
}

struct cairn_error *cairn_channel_new(
    const struct cairn_channel_options *options, struct cairn_channel *out)
{
    struct cairn_channel_options opts = channel_options(options);
    *out = (struct cairn_channel){0};
    if (opts.capacity > CHANNEL_MAX_CAPACITY)
        return cairn_error_new(CAIRN_ERROR_INVALID, "channel", NULL,
            "capacity is %zu, must be 1 to %d", opts.capacity, CHANNEL_MAX_CAPACITY);
    struct cairn_sender *sender = channel_alloc(&opts);
    if (!sender)
        return &cairn_error_no_memory;
    struct cairn_stream receiver = cairn_stream_box(&receiver_ops, &(struct receiver){sender});
    if (receiver.ops != &receiver_ops) {
        cairn_sender_unref(sender);
        return &cairn_error_no_memory;
    }
    out->sender = sender;
    out->receiver = receiver;
    return NULL;
}

struct cairn_sender *cairn_sender_ref(struct cairn_sender *sender)
{
    channel_lock(sender);
    sender->senders++;
    sender->references++;
    channel_unlock(sender);
    return sender;
}

void cairn_sender_unref(struct cairn_sender *sender)
{
    struct cairn_waker receiver = {0};
    if (!sender)
        return;
    channel_lock(sender);
    if (--sender->senders == 0)
        receiver = cairn_waker_take(&sender->receiver);
    channel_unref(sender);
    cairn_wake(&receiver);
}

size_t cairn_sender_queued(struct cairn_sender *sender)
{
    channel_lock(sender);
    size_t queued = sender->queued;
    channel_unlock(sender);
    return queued;
}

enum cairn_poll cairn_sender_try_send(struct cairn_sender *sender, void *value)
{
    struct cairn_waker receiver = {0};
    CAIRN_ASSERT(value, "channel", "NULL was sent");
    channel_lock(sender);
    enum cairn_poll p = channel_offer(sender, value, &receiver);
    channel_unlock(sender);
    cairn_wake(&receiver);
    return p;
}

static enum cairn_poll send_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    static struct cairn_error closed =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_CLOSED, "channel", "the receiver is gone");
    struct channel_send *self = state;
    struct cairn_waker receiver = {0}, other = {0};
    enum cairn_poll p = CAIRN_READY;
    channel_lock(self->channel);
    if (self->value)
        p = channel_offer(self->channel, self->value, &receiver);
    if (p == CAIRN_READY) {
        self->value = NULL;
    } else if (p == CAIRN_PENDING) {
        if (!self->link)
            channel_enqueue(self->channel, self);
        other = cairn__waker_replace(&self->waker, cx);
    }
    channel_unlock(self->channel);
    cairn_wake(&receiver);
    cairn_waker_clear(&other);
    if (p == CAIRN_READY)
        out->value = NULL;
    else if (p == CAIRN_FAILED)
        out->error = &closed;
    return p;
}

static void send_drop(void *state)
{
    struct channel_send *self = state;
    channel_lock(self->channel);
    channel_unlink(self->channel, self);
    struct cairn_waker own = cairn_waker_take(&self->waker);
    channel_unlock(self->channel);
    cairn_waker_clear(&own);
    cairn_type_drop(self->channel->type, self->value);
}

static const struct cairn_future_ops send_ops = {
    .name = "send",
    .size = sizeof(struct channel_send),
    .poll = send_poll,
    .drop = send_drop,
};

/* Across threads any of them may wait. */
static const struct cairn_future_ops send_across_ops = {
    .name = "send",
    .size = sizeof(struct channel_send),
    .poll = send_poll,
    .drop = send_drop,
    .send = true,
};

struct cairn_future cairn_sender_send(struct cairn_sender *sender, void *value)
{
    CAIRN_ASSERT(value, "channel", "NULL was sent");
    return cairn_future_box(sender->cross_thread ? &send_across_ops : &send_ops,
        &(struct channel_send){.channel = sender, .value = value});
}
