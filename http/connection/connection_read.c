#include <cairn/http/connection/connection.h>

#include <sys/socket.h>

#include <cairn/http/error_response.h>
#include <cairn/http/server/worker.h>
#include <cairn/service/arena_core.h>

static const struct cairn_http_limits *connection_limits(const struct cairn__connection *self)
{
    return &self->worker->options->limits;
}

static void connection_finish_anyway(struct cairn_http_exchange *base)
{
    ((struct cairn__exchange *)base)->goes_on = true;
}

static int connection_inform(struct cairn_http_exchange *base, const char *head, size_t length)
{
    const struct cairn__exchange *exchange = (const struct cairn__exchange *)base;
    struct cairn__connection *self = exchange->connection;
    if (cairn__buffer_length(&self->queued) >= connection_limits(self)->output_high_bytes)
        return -1;
    return cairn__connection_say(self, head, length);
}

static void connection_info(
    struct cairn_http_exchange *base, struct cairn_http_connection_info *info)
{
    const struct cairn__exchange *exchange = (const struct cairn__exchange *)base;
    const struct cairn__connection *self = exchange->connection;
    struct sockaddr_storage *local = cairn_arena_alloc(exchange->arena, sizeof(*local));
    socklen_t length = sizeof(*local);
    info->connection = self->id;
    info->request = self->request_count;
    if (local && getsockname(self->io.fd, (struct sockaddr *)local, &length) == 0)
        info->local = (const struct sockaddr *)local;
}

static const struct cairn__exchange_ops connection_exchange_ops = {.inform = connection_inform,
    .info = connection_info,
    .finish_anyway = connection_finish_anyway};

/* An exchange begins with the first byte of a request. */
static int connection_begin(struct cairn__connection *self)
{
    struct cairn_arena *arena = cairn_arena_new(self->worker->arenas);
    if (!arena)
        return -1;
    struct cairn__exchange *exchange = cairn__arena_alloc(arena, sizeof(*exchange));
    *exchange = (struct cairn__exchange){
        .base.ops = &connection_exchange_ops, .arena = arena, .connection = self};
    exchange->decoder = cairn_http_decoder_new(arena, connection_limits(self));
    if (!exchange->decoder) {
        cairn_arena_free(arena);
        return -1;
    }
    self->exchange = exchange;
    self->state = CAIRN__HEAD;
    if (self->request_count) {
        /* The first head counts from accept, and its deadline runs already. */
        self->deadline_ms = 0;
    }
    return 0;
}

static void connection_head(struct cairn__connection *self)
{
    struct cairn__exchange *exchange = self->exchange;
    struct cairn_http_request *req = cairn_http_decoder_request(exchange->decoder);
    exchange->req = req;
    req->peer = (const struct sockaddr *)&self->peer;
    req->exchange = &exchange->base;
    req->body_limit = connection_limits(self)->body_bytes;
    exchange->plan = (struct cairn_http_plan){
        .method = req->method,
        .version_minor = req->version_minor,
        .keep_alive = cairn_http_decoder_keeps_alive(exchange->decoder),
    };
    self->state = CAIRN__BODY;
}

/* What comes along with the head is kept in the arena: all of a small body, or the first piece of a
 * stream. */
static int exchange_keep_body(struct cairn__exchange *self, struct cairn_str piece)
{
    struct cairn_str *body = &self->req->body;
    size_t length = body->length + piece.length;
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

static void connection_dispatch(struct cairn__connection *self)
{
    struct cairn__worker *worker = self->worker;
    struct cairn_error *error = NULL;
    self->request_count++;
    self->deadline_ms = 0;
    worker->counters.requests++;
    self->exchange->is_counted = true;
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
    struct cairn_future future = cairn_service_call(self->worker->app, exchange->req);
    if (future.ops == &cairn__future_ready_ops && self->state == CAIRN__CALL) {
        cairn__connection_respond(self, future.state); /* nothing to poll, nor to keep */
        return;
    }
    exchange->future = future;
    cairn__connection_poll(self);
}

void cairn__connection_poll(struct cairn__connection *self)
{
    const struct cairn_context cx = cairn__connection_context(self);
    union cairn_outcome out;
    enum cairn_poll p = cairn_future_poll(&self->exchange->future, &cx, &out);
    if (p == CAIRN_PENDING)
        return;
    if (self->state == CAIRN__DEAD) { /* found out while it was polled */
        if (p == CAIRN_FAILED)
            cairn_error_unref(out.error);
        else
            cairn_type_drop(&cairn_http_response_type, out.value);
    } else if (p == CAIRN_FAILED) {
        cairn__connection_fail(self, out.error);
    } else {
        cairn__connection_respond(self, out.value);
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
    exchange->is_counted = true;
    self->worker->counters.refused++;
    cairn__connection_respond(self, req ? cairn_http_problem(req, status, detail) : NULL);
}

/* Bytes to be read: those of a read, or what was kept of earlier ones, in the input buffer. */
struct connection_source {
    const char *data;
    size_t length;
    bool is_kept;
};

/* What is used up must be out of the input buffer before anybody else looks there. */
static void connection_use(
    struct cairn__connection *self, struct connection_source *source, size_t used)
{
    source->data += used;
    source->length -= used;
    if (source->is_kept)
        cairn__buffer_consume(&self->input, used);
    self->has_more = source->length > 0;
}

/* The body is larger than what was read with its head, or that is not all yet: the app is called,
 * and reads the rest. */
static void connection_stream(struct cairn__connection *self, struct connection_source *source)
{
    int rc = cairn__inbound_open(self);
    if (rc == 0 && !source->is_kept) {
        rc = cairn__buffer_append(&self->input, source->data, source->length);
        source->length = 0;
    }
    source->is_kept = true;
    if (rc == 0)
        connection_dispatch(self);
    else
        cairn__connection_refuse(self, 503, "out of memory");
}

/* A piece that came along with the head. */
static void connection_piece(struct cairn__connection *self, struct cairn_str piece)
{
    if (exchange_keep_body(self->exchange, piece) != 0)
        cairn__connection_refuse(self, 503, "out of memory");
}

static bool connection_is_small(const struct cairn__connection *self)
{
    const struct cairn__exchange *exchange = self->exchange;
    return cairn_http_decoder_content_length(exchange->decoder) <= CAIRN__INPUT_BYTES &&
           exchange->req->body.length < CAIRN__INPUT_BYTES;
}

/* One step of the decoder. Returns false when there is no more to be done now. */
static bool connection_decode(struct cairn__connection *self, struct connection_source *source)
{
    struct cairn_http_decoder *decoder = self->exchange->decoder;
    size_t used = 0;
    if (self->state == CAIRN__BODY && !connection_is_small(self)) {
        connection_stream(self, source);
        return true;
    }
    enum cairn_http_event event =
        cairn_http_decoder_feed(decoder, source->data, source->length, &used);
    if (event == CAIRN_HTTP_EVENT_BODY)
        connection_piece(self, cairn_http_decoder_piece(decoder));
    connection_use(self, source, used);
    switch (event) {
    case CAIRN_HTTP_EVENT_MORE:
        if (self->state == CAIRN__BODY) {
            connection_stream(self, source);
            return true;
        }
        if (self->deadline_ms == 0)
            cairn__connection_deadline(self, connection_limits(self)->head_ms);
        return false;
    case CAIRN_HTTP_EVENT_HEAD:
        connection_head(self);
        if (cairn_http_decoder_content_length(decoder) == 0)
            connection_dispatch(self); /* it has no body that could end */
        break;
    case CAIRN_HTTP_EVENT_BODY:
        break;
    case CAIRN_HTTP_EVENT_DONE:
        cairn_http_decoder_request(decoder)->trailers =
            (struct cairn_http_fields *)(size_t)cairn_http_decoder_trailers(decoder);
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
    return self->state < CAIRN__GATE && cairn__buffer_length(&self->queued) == 0;
}

static void connection_work(struct cairn__connection *self, struct connection_source *source)
{
    bool has_more = source->length > 0;
    while (has_more && connection_may_read(self)) {
        if (source->is_kept) { /* a body may have been read from there meanwhile */
            source->data = cairn__buffer_bytes(&self->input);
            source->length = cairn__buffer_length(&self->input);
        }
        if (self->state == CAIRN__IDLE) {
            if (source->length == 0)
                return;
            if (connection_begin(self) != 0) {
                cairn__connection_die(self, CAIRN_HTTP_BROKEN);
                return;
            }
        }
        has_more = connection_decode(self, source);
    }
}

void cairn__connection_set_reading(struct cairn__connection *self)
{
    if (self->state >= CAIRN__DETACHED)
        return;
    bool wanted = !self->is_peer_closed && cairn__buffer_length(&self->input) < CAIRN__INPUT_BYTES;
    if (self->io.is_reading != wanted && cairn_io_want_read(&self->io, wanted) != 0)
        cairn__connection_die(self, CAIRN_HTTP_BROKEN);
}

static void connection_feed_kept(struct cairn__connection *self)
{
    struct connection_source source = {NULL, cairn__buffer_length(&self->input), true};
    connection_work(self, &source);
}

/* After the peer's end: nothing can complete what is not whole yet. */
static void connection_end_reading(struct cairn__connection *self)
{
    bool has_output = cairn__buffer_length(&self->queued) || self->worker->batch_length;
    if (cairn__buffer_length(&self->input) && cairn__buffer_length(&self->queued))
        return; /* whole requests may be left, for when the socket takes more */
    self->state = has_output ? CAIRN__CLOSING : CAIRN__DEAD;
}

/* Bytes for whoever reads a body, or the byte stream of an upgraded connection. */
static int connection_feed_reader(struct cairn__connection *self, const char *data, size_t length)
{
    cairn__inbound_arrive(self, &data, &length);
    int rc = cairn__buffer_append(&self->input, data, length);
    if (self->state == CAIRN__UPGRADED)
        cairn__upgraded_wake_reader(self);
    else
        cairn__inbound_wake(self);
    return rc;
}

static int connection_feed_decoder(struct cairn__connection *self, const char *data, size_t length)
{
    if (cairn__buffer_length(&self->input)) {
        int rc = cairn__buffer_append(&self->input, data, length);
        if (rc == 0)
            connection_feed_kept(self);
        return rc;
    }
    struct connection_source source = {data, length, false};
    connection_work(self, &source);
    if (source.is_kept)
        return 0;
    self->has_more = self->has_more || source.length > 0;
    /* After the last answer of a connection nobody looks at what still comes. */
    if (self->state >= CAIRN__CLOSING || source.length == 0)
        return 0;
    int rc = cairn__buffer_append(&self->input, source.data, source.length);
    if (self->state == CAIRN__UPGRADED)
        cairn__upgraded_wake_reader(self);
    return rc;
}

void cairn__connection_feed(struct cairn__connection *self, const char *data, size_t length)
{
    int rc = 0;
    if (self->proxy && !cairn__connection_proxy(self, &data, &length))
        return;
    if (self->state == CAIRN__UPGRADED || cairn__inbound_is_open(self))
        rc = connection_feed_reader(self, data, length);
    else
        rc = connection_feed_decoder(self, data, length);
    if (rc != 0)
        cairn__connection_die(self, CAIRN_HTTP_BROKEN);
    if (self->state < CAIRN__CLOSING)
        cairn__connection_set_reading(self);
    if (self->is_peer_closed && self->state < CAIRN__GATE)
        connection_end_reading(self);
}
