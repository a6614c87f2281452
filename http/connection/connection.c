#include <cairn/http/connection/connection.h>

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cairn/http/server/worker.h>
#include <cairn/service/alloc.h>

struct cairn_context cairn__connection_context(struct cairn__connection *self)
{
    return (struct cairn_context){&self->task, self->task.runtime};
}

static uint64_t connection_now(const struct cairn__connection *self)
{
    return cairn_runtime_now_ms(self->task.runtime);
}

static void connection_on_timer(struct cairn_timer *timer);

void cairn__connection_deadline(struct cairn__connection *self, uint64_t after_ms)
{
    if (after_ms == 0) {
        self->deadline_ms = 0;
        return;
    }
    self->deadline_ms = cairn_runtime_deadline_ms(self->task.runtime, after_ms);
    /* A timer that is armed for earlier finds the new deadline when it fires. */
    if (!cairn_timer_is_armed(&self->timer) || self->timer.tick > self->deadline_ms)
        cairn_timer_arm(self->task.runtime, &self->timer, self->deadline_ms, connection_on_timer);
}

static void connection_unlink(struct cairn__connection *self)
{
    *self->link = self->next;
    if (self->next)
        self->next->link = self->link;
    self->link = NULL;
}

/* The first reason counts. */
static void connection_end(struct cairn__connection *self, enum cairn_http_end_reason reason)
{
    if (self->exchange && self->exchange->base.end.reason == CAIRN_HTTP_RUNNING)
        self->exchange->base.end.reason = reason;
}

void cairn__connection_give_up(struct cairn__connection *self, enum cairn_http_end_reason reason)
{
    struct cairn__exchange *exchange = self->exchange;
    if (!exchange)
        return;
    if (exchange->is_counted)
        self->worker->counters.cancelled++;
    connection_end(self, reason);
    self->exchange = NULL;
    cairn__exchange_free(exchange);
}

void cairn__connection_disconnect(struct cairn__connection *self)
{
    static const struct linger reset = {1, 0};
    cairn_timer_cancel(&self->timer);
    cairn_io_close(&self->io);
    cairn__connection_release_address(self);
    if (self->io.fd >= 0) {
        if (self->must_reset)
            setsockopt(self->io.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        close(self->io.fd);
    }
    self->io.fd = -1;
    cairn__buffer_free(&self->input);
    cairn__buffer_free(&self->queued);
    cairn_free(self->proxy);
    self->proxy = NULL;
}

static void connection_destroy(struct cairn__connection *self)
{
    struct cairn__worker *worker = self->worker;
    cairn__connection_give_up(self, CAIRN_HTTP_PEER_GONE);
    cairn__connection_disconnect(self);
    connection_unlink(self);
    cairn__worker_connection_gone(worker);
    cairn_task_unref(&self->task);
}

static void connection_task_free(struct cairn_task *task)
{
    cairn_free(task);
}

/*
 * Every way in passes these two. Inside, a connection that has to go is only marked DEAD; the
 * outermost function destroys it, when nobody below uses it any more.
 */
static bool connection_enter(struct cairn__connection *self)
{
    bool is_outermost = !self->is_entered;
    self->is_entered = true;
    if (is_outermost)
        self->worker->turn_bytes = 0;
    return is_outermost;
}

/* Whether all that something waited for the socket to take is gone: the rest of an answer, or the
 * next request. */
static bool connection_is_due(const struct cairn__connection *self)
{
    const struct cairn__exchange *exchange = self->exchange;
    if (cairn__buffer_length(&self->queued))
        return false;
    if (self->state == CAIRN__WRITE)
        return exchange->is_paused && !exchange->rest.length && !exchange->file.length;
    return self->state < CAIRN__GATE && cairn__buffer_length(&self->input);
}

/* The last flush may make room, and then nobody else sees to what follows. */
static void connection_flush(struct cairn__connection *self)
{
    cairn__connection_flush(self);
    while (connection_is_due(self)) {
        if (self->state == CAIRN__WRITE)
            cairn__connection_pump(self);
        if (self->state < CAIRN__GATE)
            cairn__connection_feed(self, NULL, 0);
        cairn__connection_flush(self);
    }
    if (self->state == CAIRN__UPGRADED)
        cairn__upgraded_wake_writer(self);
}

static bool connection_is_at_rest(const struct cairn__connection *self)
{
    return self->state == CAIRN__IDLE && cairn__buffer_length(&self->queued) == 0;
}

static bool connection_is_unused(const struct cairn__connection *self)
{
    return self->request_count == 0 && !self->is_peer_closed;
}

static void connection_read(struct cairn__connection *self);

/* It was not said of the last answer that it is the last one: a request that has come meanwhile is
 * still read. */
static void connection_retire(struct cairn__connection *self)
{
    connection_read(self);
    if (connection_is_at_rest(self))
        self->state = CAIRN__CLOSING;
    connection_flush(self);
}

static void connection_leave(struct cairn__connection *self, bool is_outermost)
{
    if (!is_outermost)
        return;
    if (self->state < CAIRN__DETACHED)
        connection_flush(self);
    if (self->worker->has_drained && connection_is_at_rest(self) && !connection_is_unused(self))
        connection_retire(self);
    self->is_entered = false;
    if (self->state != CAIRN__DEAD)
        return;
    self->worker->batch_length = 0;
    if (!cairn__connection_detach(self))
        connection_destroy(self);
}

void cairn__connection_die(struct cairn__connection *self, enum cairn_http_end_reason reason)
{
    connection_end(self, reason);
    if (reason == CAIRN_HTTP_PEER_SLOW && self->io.is_writing)
        self->must_reset = true;
    if (self->state == CAIRN__GATE)
        cairn__gate_leave(&self->worker->gate, self->worker, self);
    self->state = CAIRN__DEAD;
    if (!self->is_entered)
        cairn_task_wake(&self->task);
}

void cairn__connection_kill(struct cairn__connection *self)
{
    bool is_outermost = connection_enter(self);
    cairn__connection_die(self, CAIRN_HTTP_SHUT_DOWN);
    connection_leave(self, is_outermost);
}

/* The peer will send no more. What was read whole is still answered (a client may shut its sending
 * end and wait), unless it was said that it is gone then; anything else ends here. */
static void connection_peer_closed(struct cairn__connection *self)
{
    self->is_peer_closed = true;
    cairn_io_want_read(&self->io, false);
    if (self->state == CAIRN__UPGRADED) {
        cairn__upgraded_wake_reader(self);
    } else if (self->state < CAIRN__GATE) {
        cairn__connection_feed(self, NULL, 0);
    } else if (self->state == CAIRN__LINGER) {
        self->state = CAIRN__DEAD;
    } else if (self->worker->options->no_half_close && self->state < CAIRN__CLOSING) {
        cairn__connection_die(self, CAIRN_HTTP_PEER_GONE);
    } else {
        cairn__inbound_wake(self);
    }
}

static void connection_read(struct cairn__connection *self)
{
    struct cairn__worker *worker = self->worker;
    ssize_t n = recv(self->io.fd, worker->scratch, sizeof(worker->scratch), 0);
    if (n > 0 && self->state == CAIRN__LINGER) {
        self->wait.moved_bytes += (size_t)n;
    } else if (n > 0) {
        cairn__connection_feed(self, worker->scratch, (size_t)n);
    } else if (n == 0) {
        connection_peer_closed(self);
    } else if (errno != EAGAIN && errno != EINTR) {
        cairn__connection_die(self, CAIRN_HTTP_PEER_GONE);
    }
}

static void connection_written(struct cairn__connection *self)
{
    cairn__connection_flush(self);
    if (self->state == CAIRN__WRITE)
        cairn__connection_pump(self);
    if (self->state == CAIRN__IDLE || self->state == CAIRN__HEAD)
        cairn__connection_feed(self, NULL, 0);
}

static void connection_ready(struct cairn_io *io, bool can_read, bool can_write)
{
    struct cairn__connection *self =
        (struct cairn__connection *)((char *)io - offsetof(struct cairn__connection, io));
    bool is_outermost = connection_enter(self);
    if (can_read)
        connection_read(self);
    if (can_write && self->state != CAIRN__DEAD)
        connection_written(self);
    connection_leave(self, is_outermost);
}

static void connection_run(struct cairn_task *task)
{
    struct cairn__connection *self = (struct cairn__connection *)task;
    if (!self->link)
        return; /* a late wake */
    bool is_outermost = connection_enter(self);
    if (self->state == CAIRN__CALL)
        cairn__connection_poll(self);
    else if (self->state == CAIRN__WRITE)
        cairn__connection_pump(self);
    else if (self->state == CAIRN__UPGRADED)
        cairn__upgraded_poll(self);
    else if (self->state == CAIRN__DETACHED)
        cairn__detached_poll(self);
    if (self->state == CAIRN__IDLE)
        cairn__connection_feed(self, NULL, 0);
    connection_leave(self, is_outermost);
}

void cairn__connection_admit(struct cairn__connection *self, struct cairn_error *error)
{
    bool is_outermost = connection_enter(self);
    self->state = CAIRN__CALL;
    if (error)
        cairn__connection_fail(self, error);
    else
        cairn__connection_call(self);
    if (self->state == CAIRN__IDLE)
        cairn__connection_feed(self, NULL, 0);
    connection_leave(self, is_outermost);
}

/* What a passed deadline means depends on what was waited for. */
static void connection_expire(struct cairn__connection *self)
{
    self->worker->counters.timeouts++;
    /* Who does not take the answers before would not take this one either. */
    if (self->state == CAIRN__HEAD && !self->io.is_writing &&
        !cairn_http_decoder_is_blank(self->exchange->decoder))
        cairn__connection_refuse(self, 408, "the request head took too long");
    else
        cairn__connection_die(self, CAIRN_HTTP_PEER_SLOW);
}

static void connection_on_timer(struct cairn_timer *timer)
{
    struct cairn__connection *self =
        (struct cairn__connection *)((char *)timer - offsetof(struct cairn__connection, timer));
    if (self->deadline_ms == 0)
        return;
    if (connection_now(self) < self->deadline_ms) {
        cairn_timer_arm(self->task.runtime, timer, self->deadline_ms, connection_on_timer);
        return;
    }
    if (!cairn__wait_expires(self) || !cairn__linger_expires(self))
        return;
    bool is_outermost = connection_enter(self);
    self->deadline_ms = 0;
    connection_expire(self);
    connection_leave(self, is_outermost);
}

bool cairn__connection_shed(struct cairn__connection *self)
{
    bool is_outermost = connection_enter(self);
    uint64_t requests = self->request_count;
    connection_read(self); /* there may be one that nobody has read yet */
    if (self->request_count == requests && connection_is_at_rest(self))
        self->state = CAIRN__DEAD;
    bool is_gone = self->state == CAIRN__DEAD;
    connection_leave(self, is_outermost);
    return is_gone;
}

/* A connection that was opened a moment ago is about to send its first request. Returns false when
 * it has had the time. */
static bool connection_expect_first(struct cairn__connection *self)
{
    uint64_t now = connection_now(self);
    uint64_t accepted = self->deadline_ms - self->worker->options->limits.head_ms;
    uint64_t until = accepted + CAIRN__FIRST_REQUEST_MS;
    if (!connection_is_unused(self) || now >= until)
        return false;
    if (until < self->deadline_ms)
        cairn__connection_deadline(self, until - now);
    return true;
}

void cairn__connection_drain(struct cairn__connection *self)
{
    bool is_outermost = connection_enter(self);
    /* A request may have arrived that nobody has read yet. */
    if (self->state == CAIRN__IDLE)
        connection_read(self);
    if (connection_is_at_rest(self) && !connection_expect_first(self))
        self->state = CAIRN__DEAD;
    if (self->state == CAIRN__UPGRADED)
        cairn__upgraded_wake_reader(self); /* who asks the stream finds it closing */
    connection_leave(self, is_outermost);
}

/* Up to a tenth sooner or later than its age is: those that came together do not all come again
 * together. */
static uint64_t connection_retire_ms(struct cairn__worker *worker)
{
    uint64_t age_ms = worker->options->limits.connection_age_ms;
    uint64_t first_ms = cairn_runtime_now_ms(worker->runtime) + age_ms - age_ms / 10;
    return cairn_random_range(&worker->random, first_ms, first_ms + age_ms / 5 + 1);
}

int cairn__connection_open(struct cairn__worker *worker, int fd, const struct sockaddr_in6 *peer)
{
    static const struct cairn_task_ops ops = {
        .name = "connection", .run = connection_run, .free = connection_task_free};
    struct cairn__connection *self = cairn_alloc_zero(sizeof(*self));
    if (!self) {
        close(fd);
        return -1;
    }
    cairn_task_init(&self->task, &ops, worker->runtime);
    self->worker = worker;
    self->id = ++worker->last_connection;
    self->retire_ms = connection_retire_ms(worker);
    self->peer = *peer;
    self->next = worker->connections;
    if (self->next)
        self->next->link = &self->next;
    self->link = &worker->connections;
    worker->connections = self;
    worker->connection_count++;
    struct cairn_error *error = cairn_io_open(&self->io, worker->runtime, fd, connection_ready);
    if (error || cairn__connection_expect_proxy(self) != 0 ||
        (!self->proxy && !cairn__connection_claim_address(self)) ||
        cairn_io_want_read(&self->io, true) != 0) {
        cairn_error_unref(error);
        connection_destroy(self);
        return -1;
    }
    cairn__connection_deadline(self, worker->options->limits.head_ms);
    return 0;
}
