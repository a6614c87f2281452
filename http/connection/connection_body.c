#include <cairn/http/connection/connection.h>

#include <cairn/http/body.h>
#include <cairn/http/error_response.h>
#include <cairn/http/server/worker.h>

/*
 * A body comes in only as fast as it is asked for. What was read of the connection waits in its
 * input buffer, undecoded, and when enough waits the connection is not read. Who asks for the next
 * chunk gets it decoded from there; while it waits for more, the peer has its time.
 */

static struct cairn_error inbound_ended_early =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_PROTOCOL, "http.body", "the body ended early");
static struct cairn_error inbound_stopped =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_SLOW, "http.body", "the body took too long");
static struct cairn_error inbound_is_slow =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_SLOW, "http.body", "the body came too slowly");

static const struct cairn_http_limits *inbound_limits(const struct cairn__connection *self)
{
    return &self->worker->options->limits;
}

/* Whether who waits has something to learn. */
static bool inbound_has_news(const struct cairn__inbound *self)
{
    return self->ready || self->error || !self->is_open;
}

static void inbound_fail(struct cairn__inbound *self, struct cairn_error *error)
{
    self->is_open = false;
    self->error = error;
}

static void inbound_refused(struct cairn__exchange *self)
{
    int status = cairn_http_decoder_status(self->decoder);
    enum cairn_error_code code = status == 413 || status == 431 ? CAIRN_ERROR_TOO_LARGE
                                 : status == 503                ? CAIRN_ERROR_MEMORY
                                                                : CAIRN_ERROR_PROTOCOL;
    const char *where = status == 431 ? CAIRN_HTTP_TRAILERS : "http.body";
    inbound_fail(self->inbound,
        cairn_error_new(code, where, NULL, "%s", cairn_http_decoder_reason(self->decoder)));
}

static void inbound_piece(struct cairn__inbound *inbound, struct cairn_str piece)
{
    cairn__body_rate_come(&inbound->rate, piece.length);
    inbound->ready = cairn_http_chunk_new(piece.data, piece.length);
    if (!inbound->ready)
        inbound_fail(inbound, &cairn_error_no_memory);
}

/* One step of the decoder. Returns how much of DATA it used. */
static size_t inbound_step(struct cairn__exchange *self, const char *data, size_t length)
{
    size_t used = 0;
    switch (cairn_http_decoder_feed(self->decoder, data, length, &used)) {
    case CAIRN_HTTP_EVENT_BODY:
        inbound_piece(self->inbound, cairn_http_decoder_piece(self->decoder));
        break;
    case CAIRN_HTTP_EVENT_DONE:
        self->inbound->is_open = false;
        self->req->trailers =
            (struct cairn_http_fields *)(size_t)cairn_http_decoder_trailers(self->decoder);
        break;
    case CAIRN_HTTP_EVENT_REFUSED:
        inbound_refused(self);
        break;
    default:
        break;
    }
    return used;
}

static void inbound_step_input(struct cairn__exchange *self)
{
    struct cairn__buffer *input = &self->connection->input;
    const char *data = cairn__buffer_bytes(input);
    cairn__buffer_consume(input, inbound_step(self, data, cairn__buffer_length(input)));
}

static void inbound_on_timer(struct cairn_timer *timer)
{
    struct cairn__inbound *self =
        (struct cairn__inbound *)((char *)timer - offsetof(struct cairn__inbound, timer));
    if (!self->is_open)
        return;
    self->worker->counters.timeouts++;
    inbound_fail(self, &inbound_stopped);
    cairn_wake(&self->waker);
}

static void inbound_allow_time(struct cairn__exchange *self)
{
    struct cairn__connection *connection = self->connection;
    struct cairn_runtime *runtime = connection->task.runtime;
    cairn_timer_arm(runtime, &self->inbound->timer,
        cairn_runtime_deadline_ms(runtime, inbound_limits(connection)->body_idle_ms),
        inbound_on_timer);
}

/* The wait up to now counts. Longer than body_idle_ms is none, but this process was stopped. */
static void inbound_count_wait(struct cairn__exchange *self)
{
    struct cairn__inbound *inbound = self->inbound;
    const struct cairn_http_limits *limits = inbound_limits(self->connection);
    if (!inbound->is_waiting)
        return;
    uint64_t now_ms = cairn_runtime_now_ms(self->connection->task.runtime);
    uint64_t ms = now_ms - inbound->since_ms;
    inbound->since_ms = now_ms;
    cairn__body_rate_wait(&inbound->rate, ms < limits->body_idle_ms ? ms : limits->body_idle_ms,
        limits->body_bytes_per_s);
}

static bool inbound_is_behind(const struct cairn__exchange *self)
{
    return cairn__body_rate_is_slow(
        &self->inbound->rate, inbound_limits(self->connection)->body_bytes_per_s);
}

/* Ends the wait for the peer. */
static void inbound_stop_waiting(struct cairn__exchange *self)
{
    inbound_count_wait(self);
    self->inbound->is_waiting = false;
    cairn_timer_cancel(&self->inbound->timer);
}

int cairn__inbound_say_continue(struct cairn__connection *self)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct cairn__inbound *inbound = self->exchange->inbound;
    if (!inbound->wants_continue)
        return 0;
    inbound->wants_continue = false;
    return cairn__connection_say(self, text, sizeof(text) - 1);
}

static enum cairn_poll inbound_wait(struct cairn__exchange *self, const struct cairn_context *cx)
{
    struct cairn__inbound *inbound = self->inbound;
    cairn_waker_set(&inbound->waker, cx);
    if (!inbound->is_waiting) {
        inbound->is_waiting = true;
        inbound->since_ms = cairn_runtime_now_ms(self->connection->task.runtime);
    }
    if (!cairn_timer_is_armed(&inbound->timer))
        inbound_allow_time(self);
    /* In an answer that has begun there is no place for it. */
    if (self->base.end.status == 0 && cairn__inbound_say_continue(self->connection) != 0)
        return CAIRN_PENDING; /* the connection is dying */
    cairn__connection_set_reading(self->connection);
    return CAIRN_PENDING;
}

/* Moves on until there is news, or nothing more to work with. */
static void inbound_work(struct cairn__exchange *self)
{
    bool has_more = true;
    while (has_more && !inbound_has_news(self->inbound)) {
        inbound_step_input(self);
        has_more = cairn__buffer_length(&self->connection->input) > 0;
    }
}

static enum cairn_poll inbound_give(struct cairn__exchange *self, union cairn_outcome *out)
{
    inbound_stop_waiting(self);
    cairn__connection_set_reading(self->connection);
    out->value = self->inbound->ready;
    self->inbound->ready = NULL;
    return CAIRN_READY;
}

static enum cairn_poll inbound_end(struct cairn__exchange *self, union cairn_outcome *out)
{
    struct cairn__connection *connection = self->connection;
    inbound_stop_waiting(self);
    connection->has_more = cairn__buffer_length(&connection->input) > 0;
    out->value = NULL;
    if (!self->inbound->error)
        return CAIRN_READY;
    out->error = cairn_error_ref(self->inbound->error);
    return CAIRN_FAILED;
}

static enum cairn_poll inbound_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct cairn__exchange *self = state;
    struct cairn__inbound *inbound = self->inbound;
    if (inbound->first.bytes.length && !inbound->is_first_given) {
        inbound->is_first_given = true;
        out->value = &inbound->first;
        return CAIRN_READY;
    }
    inbound_work(self);
    if (inbound->ready)
        return inbound_give(self, out);
    if (inbound->is_open && self->connection->is_peer_closed)
        inbound_fail(inbound, &inbound_ended_early);
    if (inbound->is_open && inbound_is_behind(self)) /* with all that has come */
        inbound_fail(inbound, &inbound_is_slow);
    return inbound->is_open ? inbound_wait(self, cx) : inbound_end(self, out);
}

static void inbound_drop(void *state)
{
    struct cairn__exchange *self = state;
    inbound_stop_waiting(self);
    cairn_waker_clear(&self->inbound->waker);
    self->inbound->wants_continue = false;
}

static const struct cairn_stream_ops inbound_ops = {
    .name = "http_body", .poll_next = inbound_poll_next, .drop = inbound_drop};

int cairn__inbound_open(struct cairn__connection *self)
{
    struct cairn__exchange *exchange = self->exchange;
    struct cairn_http_request *req = exchange->req;
    struct cairn__inbound *inbound = cairn_arena_alloc(exchange->arena, sizeof(*inbound));
    if (!inbound)
        return -1;
    *inbound = (struct cairn__inbound){.worker = self->worker,
        .is_open = true,
        .wants_continue =
            req->body.length == 0 && cairn_http_decoder_expects_continue(exchange->decoder),
        .first = {req->body, NULL}};
    exchange->inbound = inbound;
    req->body = cairn_str_of(NULL, 0);
    req->stream = (struct cairn_stream){&inbound_ops, exchange};
    req->stream_length = cairn_http_decoder_content_length(exchange->decoder);
    req->is_stream_held = true;
    return 0;
}

void cairn__inbound_arrive(struct cairn__connection *self, const char **data, size_t *length)
{
    if (!cairn__inbound_is_open(self) || !self->exchange->inbound->is_waiting)
        return;
    struct cairn__exchange *exchange = self->exchange;
    struct cairn__inbound *inbound = exchange->inbound;
    inbound_count_wait(exchange);
    while (*length && !inbound_has_news(inbound)) {
        size_t used = inbound_step(exchange, *data, *length);
        *data += used;
        *length -= used;
    }
    if (inbound_has_news(inbound)) /* from here on it is not the peer who is waited for */
        inbound_stop_waiting(exchange);
    else
        inbound_allow_time(exchange);
}

void cairn__inbound_wake(struct cairn__connection *self)
{
    if (self->exchange && self->exchange->inbound)
        cairn_wake(&self->exchange->inbound->waker);
}

bool cairn__inbound_settle_open(struct cairn__connection *self)
{
    struct cairn__inbound *inbound = self->exchange->inbound;
    while (inbound->is_open) {
        size_t left = cairn__buffer_length(&self->input);
        cairn_http_chunk_free(inbound->ready);
        inbound->ready = NULL;
        inbound_step_input(self->exchange);
        if (cairn__buffer_length(&self->input) == left)
            break;
    }
    self->has_more = cairn__buffer_length(&self->input) > 0;
    return !inbound->is_open && !inbound->error;
}

void cairn__inbound_free(struct cairn__inbound *self)
{
    cairn_timer_cancel(&self->timer);
    cairn_waker_clear(&self->waker);
    cairn_http_chunk_free(self->ready);
    cairn_error_unref(self->error);
}
