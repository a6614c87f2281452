#include <cairn/layers/buffer.h>

#include <string.h>

#include <cairn/layers/deadline.h>
#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/runtime.h>
#include <cairn/service/semaphore.h>

#define BUFFER_DEFAULT 1024
#define BUFFER_MOST 1048576

struct buffer_call;

/* What handles, calls and the worker share. */
struct buffer_shared {
    unsigned references;
    unsigned handles;
    size_t bound;
    struct cairn_semaphore *room;
    struct cairn_service *inner;   /* the worker's; NULL once that has ended */
    const struct cairn_type *type; /* of requests */
    struct cairn_error *error;     /* why nothing is taken any more; NULL: the queue is open */
    struct buffer_call *first;     /* the queue, oldest first */
    struct buffer_call **end;
    struct buffer_call *in_hand; /* what the worker has taken, while inner is not ready */
    struct cairn_waker worker;
    size_t queued;
    uint64_t abandoned;
};

struct buffer {
    struct cairn_service base;
    struct buffer_shared *shared;
    struct cairn_semaphore_wait wait;
    bool has_room;
};

/* The response future is the queue's node too: it is boxed before it is queued, and a box does not
 * move. */
struct buffer_call {
    struct cairn_future inner; /* empty until the worker has called */
    struct buffer_shared *shared;
    void *request; /* NULL once inner has it */
    struct buffer_call *next;
    struct buffer_call **link; /* NULL: not queued */
    struct cairn_waker waker;
    uint64_t deadline_ms; /* of the call, for what it makes inner do */
    bool has_room;
};

struct buffer_worker {
    struct buffer_shared *shared;
    bool is_inner_polled; /* and not called since: it may hold room for nobody */
};

static struct cairn_error buffer_no_worker =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_CLOSED, "buffer", "the worker is gone");

static void buffer_shared_unref(struct buffer_shared *shared)
{
    if (--shared->references != 0)
        return;
    cairn_semaphore_unref(shared->room);
    cairn_error_unref(shared->error);
    cairn_free(shared);
}

static void buffer_enqueue(struct buffer_shared *shared, struct buffer_call *call)
{
    call->link = shared->end;
    *shared->end = call;
    shared->end = &call->next;
    shared->queued++;
    cairn_wake(&shared->worker);
}

static void buffer_dequeue(struct buffer_shared *shared, struct buffer_call *call)
{
    *call->link = call->next;
    if (call->next)
        call->next->link = call->link;
    else
        shared->end = call->link;
    call->link = NULL;
    call->next = NULL;
    shared->queued--;
}

static void buffer_give_room(struct buffer_call *call)
{
    if (call->has_room)
        cairn_semaphore_release(call->shared->room);
    call->has_room = false;
}

static enum cairn_poll buffer_call_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct buffer_call *self = state;
    if (!cairn_future_is_empty(&self->inner))
        return cairn_future_poll(&self->inner, cx, out);
    cairn_waker_set(&self->waker, cx);
    return CAIRN_PENDING;
}

static void buffer_call_drop(void *state)
{
    struct buffer_call *self = state;
    struct buffer_shared *shared = self->shared;
    cairn_future_drop(&self->inner);
    cairn_waker_clear(&self->waker);
    shared->abandoned += self->link || shared->in_hand == self;
    if (self->link)
        buffer_dequeue(shared, self);
    if (shared->in_hand == self) {
        shared->in_hand = NULL;
        cairn_wake(&shared->worker);
    }
    buffer_give_room(self);
    cairn_type_drop(shared->type, self->request);
    buffer_shared_unref(shared);
}

static const struct cairn_future_ops buffer_call_ops = {
    .name = "buffer",
    .size = sizeof(struct buffer_call),
    .poll = buffer_call_poll,
    .drop = buffer_call_drop,
};

static void buffer_fail_call(struct buffer_call *call, struct cairn_error *error)
{
    void *req = call->request;
    call->request = NULL;
    call->inner = cairn_future_failed(cairn_error_ref(error));
    cairn_wake(&call->waker);
    cairn_type_drop(call->shared->type, req);
}

/* Takes ERROR. Every waiting handle gets a permit it will not use: that is what wakes it. */
static void buffer_close(struct buffer_shared *shared, struct cairn_error *error)
{
    struct buffer_call *call = shared->in_hand;
    shared->error = error;
    shared->in_hand = NULL;
    if (call)
        buffer_fail_call(call, error);
    while ((call = shared->first)) {
        buffer_dequeue(shared, call);
        buffer_fail_call(call, error);
    }
    while (cairn_semaphore_waiting(shared->room))
        cairn_semaphore_release(shared->room);
}

static bool buffer_take_next(struct buffer_shared *shared)
{
    struct buffer_call *call = shared->first;
    if (shared->in_hand)
        return true;
    if (!call)
        return false;
    buffer_dequeue(shared, call);
    shared->in_hand = call;
    buffer_give_room(call);
    return true;
}

/* What is in the hand may be dropped by the very call. */
static void buffer_serve(struct buffer_shared *shared)
{
    struct buffer_call *call = shared->in_hand;
    void *req = call->request;
    call->request = NULL;
    uint64_t before = cairn_deadline_swap(call->deadline_ms);
    struct cairn_future inner = cairn_service_call(shared->inner, req);
    cairn_deadline_swap(before);
    if (shared->in_hand != call) {
        cairn_future_drop(&inner);
        return;
    }
    shared->in_hand = NULL;
    call->inner = inner;
    cairn_wake(&call->waker);
}

static enum cairn_poll buffer_worker_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct buffer_worker *self = state;
    struct buffer_shared *shared = self->shared;
    cairn_waker_set(&shared->worker, cx);
    out->value = NULL;
    while (buffer_take_next(shared)) {
        struct cairn_error *error = NULL;
        enum cairn_poll p = cairn_service_poll_ready(shared->inner, cx, &error);
        self->is_inner_polled = true;
        if (p == CAIRN_PENDING)
            return p;
        if (p == CAIRN_FAILED) {
            buffer_close(shared,
                cairn_error_new(error->code, "buffer", error, "%s", "the service has failed"));
            return CAIRN_READY;
        }
        if (!shared->in_hand)
            continue;
        self->is_inner_polled = false;
        buffer_serve(shared);
    }
    if (self->is_inner_polled)
        cairn_service_release(shared->inner);
    self->is_inner_polled = false;
    return shared->handles ? CAIRN_PENDING : CAIRN_READY;
}

static void buffer_worker_drop(void *state)
{
    struct buffer_shared *shared = ((struct buffer_worker *)state)->shared;
    struct cairn_service *inner = shared->inner;
    cairn_waker_clear(&shared->worker);
    if (!shared->error)
        buffer_close(shared, &buffer_no_worker);
    shared->inner = NULL;
    cairn_service_drop(inner);
    buffer_shared_unref(shared);
}

static const struct cairn_future_ops buffer_worker_ops = {
    .name = "buffer_worker",
    .size = sizeof(struct buffer_worker),
    .poll = buffer_worker_poll,
    .drop = buffer_worker_drop,
};

static void buffer_release(struct cairn_service *base)
{
    struct buffer *self = (struct buffer *)base;
    cairn_semaphore_leave(&self->wait);
    if (self->has_room)
        cairn_semaphore_release(self->shared->room);
    self->has_room = false;
}

static enum cairn_poll buffer_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    struct buffer *self = (struct buffer *)base;
    if (self->shared->error) {
        buffer_release(base);
        *error = cairn_error_ref(self->shared->error);
        return CAIRN_FAILED;
    }
    if (self->has_room)
        return CAIRN_READY;
    enum cairn_poll p = cairn_semaphore_poll(self->shared->room, &self->wait, cx);
    self->has_room = p == CAIRN_READY;
    return p;
}

static struct cairn_future buffer_call(struct cairn_service *base, void *req)
{
    struct buffer *self = (struct buffer *)base;
    struct buffer_shared *shared = self->shared;
    if (shared->error) {
        buffer_release(base);
        cairn_service_drop_request(base, req);
        return cairn_future_failed(cairn_error_ref(shared->error));
    }
    CAIRN_ASSERT(self->has_room, "buffer", "called without having been ready");
    self->has_room = false;
    shared->references++;
    struct cairn_future future =
        cairn_future_box(&buffer_call_ops, &(struct buffer_call){.shared = shared,
                                               .request = req,
                                               .deadline_ms = cairn_deadline_ms(),
                                               .has_room = true});
    if (!cairn_future_is_complete(&future))
        buffer_enqueue(shared, future.state);
    return future;
}

static void buffer_cloned(struct cairn_service *base)
{
    struct buffer *self = (struct buffer *)base;
    self->shared->references++;
    self->shared->handles++;
    self->wait = (struct cairn_semaphore_wait){0};
    self->has_room = false;
}

static void buffer_drop(struct cairn_service *base)
{
    struct buffer_shared *shared = ((struct buffer *)base)->shared;
    if (--shared->handles == 0)
        cairn_wake(&shared->worker);
    buffer_shared_unref(shared);
}

static void buffer_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct buffer_shared *shared = ((const struct buffer *)base)->shared;
    cairn_describe_parameter(d, "bound", shared->bound, NULL);
    cairn_describe_gauge(d, "queued", shared->queued);
    cairn_describe_counter(d, "abandoned", shared->abandoned);
    cairn_describe_service(d, shared->inner);
}

static const struct cairn_service_ops buffer_ops = {
    .name = "buffer",
    .size = sizeof(struct buffer),
    .poll_ready = buffer_poll_ready,
    .call = buffer_call,
    .release = buffer_release,
    .cloned = buffer_cloned,
    .drop = buffer_drop,
    .describe = buffer_describe,
};

/* With two references: the handle's and the worker's. */
static struct buffer_shared *buffer_shared_new(struct cairn_service *inner, size_t bound)
{
    struct buffer_shared *shared = cairn_alloc_zero(sizeof(*shared));
    if (!shared)
        return NULL;
    shared->room = cairn_semaphore_new(bound);
    if (!shared->room) {
        cairn_free(shared);
        return NULL;
    }
    shared->references = 2;
    shared->handles = 1;
    shared->bound = bound;
    shared->inner = inner;
    shared->type = inner->request_type;
    shared->end = &shared->first;
    return shared;
}

/* NULL without memory; then, as ever, INNER is gone. */
static struct cairn_service *buffer_new(
    struct cairn_service *inner, size_t bound, struct cairn_future *worker)
{
    struct buffer_shared *shared = buffer_shared_new(inner, bound);
    struct buffer *self = shared ? cairn_service_new(&buffer_ops, NULL) : NULL;
    if (!self) {
        cairn_service_drop(inner);
        if (shared) {
            cairn_semaphore_unref(shared->room);
            cairn_free(shared);
        }
        return NULL;
    }
    self->base.request_type = inner->request_type;
    self->base.response_type = inner->response_type;
    self->shared = shared;
    *worker = cairn_future_box(&buffer_worker_ops, &(struct buffer_worker){.shared = shared});
    if (!cairn_future_is_complete(worker))
        return &self->base;
    cairn_future_drop(worker);
    cairn_service_drop(&self->base);
    return NULL;
}

struct cairn_service *cairn_buffer_pair(struct cairn_service *inner,
    const struct cairn_buffer_options *options, struct cairn_future *worker)
{
    struct cairn_buffer_options opts = {.size = sizeof(opts)};
    if (options)
        memcpy(&opts, options, options->size < sizeof(opts) ? options->size : sizeof(opts));
    *worker = cairn_future_ready(NULL);
    if (cairn_service_error(inner))
        return inner;
    if (opts.bound > BUFFER_MOST) {
        cairn_service_drop(inner);
        return cairn_service_broken(cairn_error_new(CAIRN_ERROR_INVALID, "buffer", NULL,
            "bound must be 1 to %d, got %zu", BUFFER_MOST, opts.bound));
    }
    struct cairn_service *self =
        buffer_new(inner, opts.bound ? opts.bound : BUFFER_DEFAULT, worker);
    if (self)
        return self;
    *worker = cairn_future_ready(NULL);
    return cairn_service_broken(&cairn_error_no_memory);
}

static struct cairn_service *buffer_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_buffer_options opts;
    struct cairn_future worker;
    struct cairn_runtime *runtime = cairn_runtime_current();
    memcpy(&opts, layer->options, sizeof(opts));
    opts.size = sizeof(opts);
    if (!runtime)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_RUNTIME,
            "needs a runtime on this thread, for its worker to run on");
    struct cairn_service *self = cairn_buffer_pair(inner, &opts, &worker);
    if (cairn_future_is_complete(&worker))
        return self;
    struct cairn_error *error = cairn_spawn(runtime, worker, NULL);
    if (!error)
        return self;
    cairn_service_drop(self);
    return cairn_service_broken(error);
}

struct cairn_layer cairn_buffer_layer(const struct cairn_buffer_options *options)
{
    static const struct cairn_buffer_options defaults = {.size = sizeof(defaults)};
    const struct cairn_buffer_options *opts = options ? options : &defaults;
    return cairn_layer_of("buffer", buffer_apply, opts, opts->size);
}
