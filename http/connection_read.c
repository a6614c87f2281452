#include <cairn/http/connection.h>

#include <sys/socket.h>

#include <cairn/http/body_rate.h>
#include <cairn/http/error_response.h>
#include <cairn/http/worker.h>

static const struct cairn_http_limits *connection_limits(const struct cairn__connection *self)
{
    return &self->worker->options->limits;
}

/* An exchange begins with the first byte of a request. */
static int connection_begin(struct cairn__connection *self)
{
    struct cairn_arena *arena = cairn_arena_new(self->worker->arenas);
    if (!arena)
        return -1;
    struct cairn__exchange *exchange = cairn_arena_alloc(arena, sizeof(*exchange));
    *exchange = (struct cairn__exchange){.arena = arena};
    exchange->decoder = cairn_http_decoder_new(arena, connection_limits(self));
    if (!exchange->decoder) {
        cairn_arena_free(arena);
        return -1;
    }
    self->exchange = exchange;
    self->state = CAIRN__HEAD;
    if (self->has_request) {
        /* The first head counts from accept, and its deadline runs already. */
        self->deadline_ms = 0;
    }
    return 0;
}

static void connection_send_continue(struct cairn__connection *self)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    cairn__connection_put(self, text, sizeof(text) - 1);
    if (self->state != CAIRN__DEAD)
        cairn__connection_flush(self);
}

static void connection_head(struct cairn__connection *self)
{
    struct cairn__exchange *exchange = self->exchange;
    exchange->req = cairn_http_decoder_request(exchange->decoder);
    exchange->req->peer = (const struct sockaddr *)&self->peer;
    exchange->plan = (struct cairn_http_plan){
        .method = exchange->req->method,
        .version_minor = exchange->req->version_minor,
        .keep_alive = cairn_http_decoder_keeps_alive(exchange->decoder),
    };
    if (cairn_http_decoder_content_length(exchange->decoder) == 0)
        return;
    self->state = CAIRN__BODY;
    exchange->body_began_ms = cairn_runtime_now_ms(self->task.runtime);
    if (cairn_http_decoder_expects_continue(exchange->decoder))
        connection_send_continue(self);
}

/* Grows with what has come, not with what was announced: a peer must send a byte to have one kept.
 */
static int exchange_keep_body(struct cairn__exchange *self, struct cairn_str piece)
{
    struct cairn_str *body = &self->req->body;
    size_t length;
    if (__builtin_add_overflow(body->length, piece.length, &length))
        return -1;
    if (length > self->body_capacity) {
        size_t capacity = self->body_capacity ? self->body_capacity : 512;
        while (capacity < length)
            capacity *= 2;
        char *data = cairn_arena_alloc_text(self->arena, capacity);
        if (!data)
            return -1;
        if (body->length)
            memcpy(data, body->data, body->length);
        body->data = data;
        self->body_capacity = capacity;
    }
    memcpy((char *)(size_t)body->data + body->length, piece.data, piece.length);
    body->length = length;
    return 0;
}

static bool connection_is_slow(const struct cairn__connection *self)
{
    const struct cairn__exchange *exchange = self->exchange;
    uint64_t elapsed_ms = cairn_runtime_now_ms(self->task.runtime) - exchange->body_began_ms;
    return cairn__body_is_slow(
        exchange->req->body.length, elapsed_ms, connection_limits(self)->body_bytes_per_s);
}

static void connection_body(struct cairn__connection *self)
{
    struct cairn__exchange *exchange = self->exchange;
    struct cairn_str piece = cairn_http_decoder_piece(exchange->decoder);
    if (exchange_keep_body(exchange, piece) != 0)
        cairn__connection_refuse(self, 503, "out of memory");
    else if (connection_is_slow(self))
        cairn__connection_refuse(self, 408, "the request body came too slowly");
}

/* All that was fed is used up and the message is not whole: the peer has some time for the rest. */
static void connection_await(struct cairn__connection *self)
{
    if (self->state == CAIRN__BODY)
        cairn__connection_deadline(self, connection_limits(self)->body_idle_ms);
    else if (self->deadline_ms == 0)
        cairn__connection_deadline(self, connection_limits(self)->head_ms);
}

static void connection_dispatch(struct cairn__connection *self)
{
    struct cairn__worker *worker = self->worker;
    struct cairn_error *error = NULL;
    self->has_request = true;
    cairn__connection_deadline(self, 0);
    worker->counters.requests++;
    switch (cairn__gate_pass(&worker->gate, worker, self, &error)) {
    case CAIRN_READY:
        cairn__connection_call(self);
        break;
    case CAIRN_PENDING:
        self->state = CAIRN__GATE;
        break;
    case CAIRN_FAILED:
        cairn__connection_fail(self, error);
        break;
    }
}

void cairn__connection_call(struct cairn__connection *self)
{
    struct cairn__exchange *exchange = self->exchange;
    self->state = CAIRN__CALL;
    exchange->future = cairn_service_call(self->worker->app, exchange->req);
    cairn__connection_poll(self);
}

void cairn__connection_poll(struct cairn__connection *self)
{
    const struct cairn_context cx = cairn__connection_context(self);
    union cairn_outcome out;
    switch (cairn_future_poll(&self->exchange->future, &cx, &out)) {
    case CAIRN_READY:
        cairn__connection_respond(self, out.value);
        break;
    case CAIRN_FAILED:
        cairn__connection_fail(self, out.error);
        break;
    case CAIRN_PENDING:
        break;
    }
}

void cairn__connection_fail(struct cairn__connection *self, struct cairn_error *error)
{
    struct cairn__worker *worker = self->worker;
    struct cairn_http_response *res =
        cairn__worker_error_response(worker, self->exchange->req, error);
    worker->counters.failed++;
    cairn_error_unref(error);
    cairn__connection_respond(self, res);
}

void cairn__connection_refuse(struct cairn__connection *self, int status, const char *detail)
{
    struct cairn__exchange *exchange = self->exchange;
    /* Before the head was whole there is no request; an empty one carries the arena. */
    struct cairn_http_request *req = exchange->req;
    if (!req) {
        req = cairn_arena_alloc(exchange->arena, sizeof(*req));
        if (req)
            *req = (struct cairn_http_request){.arena = exchange->arena, .version_minor = 1};
        exchange->req = req;
        exchange->plan = (struct cairn_http_plan){.method = CAIRN_HTTP_GET, .version_minor = 1};
    }
    exchange->plan.keep_alive = false;
    self->worker->counters.refused++;
    cairn__connection_respond(self, req ? cairn_http_problem(req, status, detail) : NULL);
}

/* One step of the decoder. Returns false when it wants more than there is. */
static bool connection_decode(struct cairn__connection *self, const char **data, size_t *length)
{
    struct cairn_http_decoder *decoder = self->exchange->decoder;
    size_t used = 0;
    enum cairn_http_event event = cairn_http_decoder_feed(decoder, *data, *length, &used);
    *data += used;
    *length -= used;
    self->has_more = *length > 0;
    switch (event) {
    case CAIRN_HTTP_EVENT_MORE:
        connection_await(self);
        return false;
    case CAIRN_HTTP_EVENT_HEAD:
        connection_head(self);
        break;
    case CAIRN_HTTP_EVENT_BODY:
        connection_body(self);
        break;
    case CAIRN_HTTP_EVENT_DONE:
        connection_dispatch(self);
        break;
    case CAIRN_HTTP_EVENT_REFUSED:
        cairn__connection_refuse(
            self, cairn_http_decoder_status(decoder), cairn_http_decoder_reason(decoder));
        break;
    }
    return true;
}

/* Whether a request may be read now: none is being answered, and the answers before have gone out.
 */
static bool connection_may_read(const struct cairn__connection *self)
{
    return (self->state == CAIRN__IDLE || self->state == CAIRN__HEAD ||
               self->state == CAIRN__BODY) &&
           cairn__buffer_length(&self->queued) == 0;
}

static void connection_work(struct cairn__connection *self, const char **data, size_t *length)
{
    bool has_more = *length > 0;
    while (has_more && connection_may_read(self)) {
        if (self->state == CAIRN__IDLE) {
            if (*length == 0)
                return;
            if (connection_begin(self) != 0) {
                cairn__connection_die(self);
                return;
            }
        }
        has_more = connection_decode(self, data, length);
    }
}

/* Stops reading while enough waits here, and goes on when it does no more. */
static void connection_set_reading(struct cairn__connection *self)
{
    bool wanted = !self->is_peer_closed && cairn__buffer_length(&self->input) < CAIRN__INPUT_BYTES;
    if (cairn_io_want_read(&self->io, wanted) != 0)
        cairn__connection_die(self);
}

static void connection_feed_kept(struct cairn__connection *self)
{
    const char *data = self->input.data + self->input.begin;
    size_t kept = cairn__buffer_length(&self->input);
    size_t length = kept;
    connection_work(self, &data, &length);
    cairn__buffer_consume(&self->input, kept - length);
}

/* After the peer's end: nothing can complete what is not whole yet. */
static void connection_end_reading(struct cairn__connection *self)
{
    bool has_output = cairn__buffer_length(&self->queued) || self->worker->batch_length;
    if (cairn__buffer_length(&self->input) && cairn__buffer_length(&self->queued))
        return; /* whole requests may be left, for when the socket takes more */
    self->state = has_output ? CAIRN__CLOSING : CAIRN__DEAD;
}

void cairn__connection_feed(struct cairn__connection *self, const char *data, size_t length)
{
    int rc = 0;
    if (cairn__buffer_length(&self->input)) {
        rc = cairn__buffer_append(&self->input, data, length);
        if (rc == 0)
            connection_feed_kept(self);
    } else {
        connection_work(self, &data, &length);
        /* After the last answer of a connection nobody looks at what still comes. */
        if (self->state < CAIRN__CLOSING)
            rc = cairn__buffer_append(&self->input, data, length);
        self->has_more = self->has_more || length > 0;
    }
    if (rc != 0)
        cairn__connection_die(self);
    if (self->state < CAIRN__CLOSING)
        connection_set_reading(self);
    if (self->is_peer_closed && self->state < CAIRN__GATE)
        connection_end_reading(self);
}
