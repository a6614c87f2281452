#include <cairn/http/connection/connection_output.h>

#include <cairn/http/server/worker.h>

void cairn__exchange_free(struct cairn__exchange *self)
{
    cairn_future_drop(&self->future);
    if (self->stream.ops)
        cairn_stream_drop(&self->stream);
    cairn_http_chunk_free(self->chunk);
    if (self->req && self->req->stream.ops)
        cairn_stream_drop(&self->req->stream);
    if (self->inbound)
        cairn__inbound_free(self->inbound);
    if (self->base.hooks)
        cairn__exchange_ended(&self->base);
    if (self->res && (self->res->owns_arena || self->res->stream.ops))
        cairn_type_drop(&cairn_http_response_type, self->res);
    cairn_arena_free(self->arena);
}

void cairn__connection_put(struct cairn__connection *self, const char *data, size_t length)
{
    struct cairn__worker *worker = self->worker;
    if (length > sizeof(worker->batch) - worker->batch_length)
        cairn__connection_flush(self);
    if (self->state == CAIRN__DEAD)
        return;
    if (length > sizeof(worker->batch) - worker->batch_length) {
        if (cairn__buffer_append(&self->queued, data, length) != 0)
            cairn__connection_die(self, CAIRN_HTTP_BROKEN);
        return;
    }
    memcpy(worker->batch + worker->batch_length, data, length);
    worker->batch_length += length;
}

void cairn__connection_finish(struct cairn__connection *self)
{
    struct cairn__exchange *exchange = self->exchange;
    bool keep_alive = cairn__inbound_settle(self) && exchange->plan.keep_alive;
    exchange->base.end.reason = CAIRN_HTTP_COMPLETE;
    self->exchange = NULL;
    self->worker->counters.responses++;
    cairn__exchange_free(exchange);
    if (!keep_alive) {
        self->state = CAIRN__CLOSING;
        return;
    }
    self->state = CAIRN__IDLE;
    /* The answer has its time until it is out. */
    if (!self->io.is_writing)
        cairn__connection_deadline(self, self->worker->options->limits.keep_alive_ms);
}

void cairn__connection_put_rest(struct cairn__connection *self, struct cairn_str bytes)
{
    self->exchange->base.end.sent += bytes.length;
    if (bytes.length <= CAIRN__COPY_BYTES) {
        cairn__connection_put(self, bytes.data, bytes.length);
        return;
    }
    self->exchange->rest = bytes;
    cairn__connection_flush(self);
}

/* Without memory for a response there still is this one. */
static void connection_respond_no_memory(struct cairn__connection *self)
{
    static const char text[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"
                               "Content-Length: 0\r\nConnection: close\r\n\r\n";
    self->exchange->plan.keep_alive = false;
    self->exchange->base.end.status = 503;
    cairn__connection_put(self, text, sizeof(text) - 1);
    if (self->state != CAIRN__DEAD)
        cairn__connection_finish(self);
}

static inline size_t connection_put_head(
    struct cairn__connection *self, const struct cairn_http_response *res)
{
    struct cairn__worker *worker = self->worker;
    const struct cairn_http_plan *plan = &self->exchange->plan;
    const char *date = cairn__worker_date(worker);
    size_t room = sizeof(worker->batch) - worker->batch_length;
    size_t length =
        cairn_http_encoder_head(res, plan, date, worker->batch + worker->batch_length, room);
    if (length > room && worker->batch_length) {
        cairn__connection_flush(self);
        if (self->state == CAIRN__DEAD)
            return 0;
        room = sizeof(worker->batch);
        length = cairn_http_encoder_head(res, plan, date, worker->batch, room);
    }
    if (length > room) /* a head that no client takes */
        return 0;
    worker->batch_length += length;
    return length;
}

size_t cairn__connection_put_head(
    struct cairn__connection *self, const struct cairn_http_response *res)
{
    return connection_put_head(self, res);
}

void cairn__connection_respond_broken(struct cairn__connection *self)
{
    static const char text[] = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n"
                               "Connection: close\r\n\r\n";
    self->exchange->plan.keep_alive = false;
    self->exchange->base.end.status = 500;
    self->worker->counters.failed++;
    cairn__connection_put(self, text, sizeof(text) - 1);
    if (self->state != CAIRN__DEAD)
        cairn__connection_finish(self);
}

/* Takes the body over from the response, and puts what can go out at once. */
static void connection_begin_body(struct cairn__connection *self, struct cairn_http_response *res)
{
    struct cairn__exchange *exchange = self->exchange;
    exchange->stream_left = -1;
    if (!exchange->plan.has_body)
        return;
    if (!cairn_stream_is_empty(&res->stream)) {
        exchange->stream = res->stream;
        exchange->stream_left = res->stream_length;
        self->must_reset = exchange->stream_left < 0 && !exchange->plan.is_chunked;
        res->stream = (struct cairn_stream){0};
    } else if (res->file) {
        exchange->file = *res->file;
        cairn__connection_flush(self);
    } else {
        cairn__connection_put_rest(self, res->body);
    }
}

/* Whether the connection can go on after this answer. What is left of a request's body decides, and
 * nobody can read that any more unless the answer's body does. */
static bool connection_goes_on(
    struct cairn__connection *self, const struct cairn_http_response *res)
{
    bool keep_alive = self->exchange->plan.keep_alive && !res->closes;
    if (cairn_stream_is_empty(&res->stream))
        keep_alive = cairn__inbound_settle(self) && keep_alive;
    /* A drain ends the connection with the last request that was read. */
    return keep_alive && !(self->worker->is_leaving && !self->has_more) &&
           !cairn__connection_retires(self);
}

/* Whether the answer's body may read the request's, which was taken: behind the head it would be
 * too late to ask for that. */
static bool connection_may_read_on(const struct cairn__exchange *self)
{
    return self->plan.has_body && !cairn_stream_is_empty(&self->res->stream) &&
           cairn_stream_is_empty(&self->req->stream);
}

void cairn__connection_respond(struct cairn__connection *self, struct cairn_http_response *res)
{
    struct cairn__exchange *exchange = self->exchange;
    if (!res) {
        connection_respond_no_memory(self);
        return;
    }
    exchange->res = res;
    exchange->base.end.status = res->status;
    self->is_late = res->status == 408;
    if (res->status == 101) {
        cairn__connection_upgrade(self, res);
        return;
    }
    exchange->plan.keep_alive = connection_goes_on(self, res);
    cairn_http_encoder_plan(res, &exchange->plan);
    if (exchange->inbound && connection_may_read_on(exchange) &&
        cairn__inbound_say_continue(self) != 0)
        return;
    if (connection_put_head(self, res) == 0) {
        if (self->state != CAIRN__DEAD)
            cairn__connection_respond_broken(self);
        return;
    }
    self->state = CAIRN__WRITE;
    connection_begin_body(self, res);
    if (self->state == CAIRN__DEAD)
        return;
    if (cairn_stream_is_empty(&exchange->stream) && !exchange->rest.length &&
        !exchange->file.length && exchange->stream_left <= 0)
        cairn__connection_finish(self);
    else
        cairn__connection_pump(self);
}
