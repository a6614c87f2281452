#include <cairn/http/connection.h>

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cairn/http/worker.h>

void cairn__exchange_free(struct cairn__exchange *self)
{
    cairn_future_drop(&self->future);
    cairn_stream_drop(&self->stream);
    cairn_http_chunk_free(self->chunk);
    cairn_arena_free(self->arena);
}

/* The parts of the output in their order: what the socket did not take before, what was written
 * since, and the large body that is sent from where it is. */
static int connection_parts(struct cairn__connection *self, struct iovec parts[3])
{
    struct cairn__worker *worker = self->worker;
    struct cairn__exchange *exchange = self->exchange;
    int count = 0;
    if (cairn__buffer_length(&self->queued))
        parts[count++] = (struct iovec){
            self->queued.data + self->queued.begin, cairn__buffer_length(&self->queued)};
    if (worker->batch_length)
        parts[count++] = (struct iovec){worker->batch, worker->batch_length};
    if (exchange && exchange->rest.length)
        parts[count++] = (struct iovec){(char *)(size_t)exchange->rest.data, exchange->rest.length};
    return count;
}

static ssize_t connection_send(struct cairn__connection *self, struct iovec *parts, int count)
{
    if (count == 1)
        return send(self->io.fd, parts[0].iov_base, parts[0].iov_len, MSG_NOSIGNAL);
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)count};
    return sendmsg(self->io.fd, &message, MSG_NOSIGNAL);
}

/* Takes N sent bytes off the parts, front to back. What is left of the batch must be kept: the
 * batch is the worker's, and the next connection's. */
static void connection_sent(struct cairn__connection *self, size_t n)
{
    struct cairn__worker *worker = self->worker;
    size_t queued = cairn__buffer_length(&self->queued);
    size_t part = n < queued ? n : queued;
    if (part)
        cairn__buffer_consume(&self->queued, part);
    n -= part;
    size_t batch = worker->batch_length;
    worker->batch_length = 0;
    part = n < batch ? n : batch;
    n -= part;
    if (cairn__buffer_append(&self->queued, worker->batch + part, batch - part) != 0)
        cairn__connection_die(self);
    if (self->exchange && n) {
        self->exchange->rest.data += n;
        self->exchange->rest.length -= n;
    }
}

static bool connection_has_output(const struct cairn__connection *self)
{
    return cairn__buffer_length(&self->queued) || self->worker->batch_length ||
           (self->exchange && self->exchange->rest.length);
}

/* Everything is answered and has gone out. */
static void connection_shut(struct cairn__connection *self)
{
    if (self->is_peer_closed || shutdown(self->io.fd, SHUT_WR) != 0) {
        cairn__connection_die(self);
        return;
    }
    self->state = CAIRN__LINGER;
    cairn__buffer_free(&self->input);
    cairn__connection_deadline(self, CAIRN__LINGER_MS);
    if (cairn_io_want_read(&self->io, true) != 0)
        cairn__connection_die(self);
}

static void connection_await_room(struct cairn__connection *self, bool is_moving)
{
    /* Only progress earns more time. */
    if (is_moving || !self->io.is_writing)
        cairn__connection_deadline(self, self->worker->options->limits.write_ms);
    if (cairn_io_want_write(&self->io, true) != 0)
        cairn__connection_die(self);
}

static void connection_drained(struct cairn__connection *self)
{
    if (self->io.is_writing) {
        cairn_io_want_write(&self->io, false);
        cairn__connection_deadline(self, 0);
        if (self->state == CAIRN__IDLE)
            cairn__connection_deadline(self, self->worker->options->limits.keep_alive_ms);
    }
    if (self->state == CAIRN__CLOSING)
        connection_shut(self);
}

void cairn__connection_flush(struct cairn__connection *self)
{
    struct iovec parts[3];
    if (self->state == CAIRN__DEAD)
        return;
    if (!connection_has_output(self)) {
        connection_drained(self);
        return;
    }
    ssize_t n;
    do {
        n = connection_send(self, parts, connection_parts(self, parts));
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno != EAGAIN) {
        self->worker->batch_length = 0;
        cairn__connection_die(self);
        return;
    }
    connection_sent(self, n < 0 ? 0 : (size_t)n);
    if (self->state == CAIRN__DEAD)
        return;
    if (connection_has_output(self))
        connection_await_room(self, n > 0);
    else
        connection_drained(self);
}

void cairn__connection_put(struct cairn__connection *self, const char *data, size_t length)
{
    struct cairn__worker *worker = self->worker;
    if (length > sizeof(worker->batch) - worker->batch_length)
        cairn__connection_flush(self);
    if (self->state == CAIRN__DEAD)
        return;
    if (length > sizeof(worker->batch)) {
        if (cairn__buffer_append(&self->queued, data, length) != 0)
            cairn__connection_die(self);
        return;
    }
    memcpy(worker->batch + worker->batch_length, data, length);
    worker->batch_length += length;
}

/* The response is written whole. */
static void connection_finish(struct cairn__connection *self)
{
    bool keep_alive = self->exchange->plan.keep_alive;
    struct cairn__exchange *exchange = self->exchange;
    self->exchange = NULL;
    self->worker->counters.responses++;
    cairn__exchange_free(exchange);
    if (!keep_alive) {
        self->state = CAIRN__CLOSING;
        return;
    }
    self->state = CAIRN__IDLE;
    cairn__connection_deadline(self, self->worker->options->limits.keep_alive_ms);
}

/* A response that cannot be completed is cut, so that the peer can tell. */
static void connection_abort(struct cairn__connection *self)
{
    self->worker->counters.cancelled++;
    cairn__connection_die(self);
}

static void connection_put_rest(struct cairn__connection *self, struct cairn_str bytes)
{
    if (bytes.length <= CAIRN__COPY_BYTES) {
        cairn__connection_put(self, bytes.data, bytes.length);
        return;
    }
    self->exchange->rest = bytes;
    cairn__connection_flush(self);
}

static void connection_end_chunk(struct cairn__connection *self)
{
    struct cairn__exchange *exchange = self->exchange;
    cairn_http_chunk_free(exchange->chunk);
    exchange->chunk = NULL;
    if (exchange->plan.is_chunked)
        cairn__connection_put(self, "\r\n", 2);
}

static void connection_begin_chunk(struct cairn__connection *self, struct cairn_http_chunk *chunk)
{
    struct cairn__exchange *exchange = self->exchange;
    char head[CAIRN_HTTP_CHUNK_HEAD_BYTES];
    if (chunk->bytes.length == 0) { /* would end a chunked body */
        cairn_http_chunk_free(chunk);
        return;
    }
    exchange->chunk = chunk;
    if (exchange->stream_left >= 0) {
        if (chunk->bytes.length > (uint64_t)exchange->stream_left) {
            connection_abort(self); /* more than was promised */
            return;
        }
        exchange->stream_left -= (int64_t)chunk->bytes.length;
    }
    if (exchange->plan.is_chunked)
        cairn__connection_put(self, head, cairn_http_encoder_chunk_head(chunk->bytes.length, head));
    if (self->state != CAIRN__DEAD)
        connection_put_rest(self, chunk->bytes);
}

static void connection_end_stream(struct cairn__connection *self)
{
    if (self->exchange->stream_left > 0) { /* less than was promised */
        connection_abort(self);
        return;
    }
    if (self->exchange->plan.is_chunked)
        cairn__connection_put(self, "0\r\n\r\n", 5);
    if (self->state != CAIRN__DEAD)
        connection_finish(self);
}

/* Takes the next chunk. Returns whether the stream may be asked again at once. */
static bool connection_next_chunk(struct cairn__connection *self)
{
    const struct cairn_context cx = cairn__connection_context(self);
    union cairn_outcome out;
    switch (cairn_stream_poll_next(&self->exchange->stream, &cx, &out)) {
    case CAIRN_PENDING:
        cairn__connection_flush(self);
        return false;
    case CAIRN_FAILED:
        cairn_error_unref(out.error);
        connection_abort(self);
        return false;
    case CAIRN_READY:
        break;
    }
    if (!out.value) {
        connection_end_stream(self);
        return false;
    }
    connection_begin_chunk(self, out.value);
    return true;
}

void cairn__connection_pump(struct cairn__connection *self)
{
    const struct cairn_http_limits *limits = &self->worker->options->limits;
    size_t mark = self->io.is_writing ? limits->output_low_bytes : limits->output_high_bytes;
    bool goes_on = true;
    while (goes_on && self->state == CAIRN__WRITE) {
        struct cairn__exchange *exchange = self->exchange;
        if (exchange->rest.length || cairn__buffer_length(&self->queued) > mark)
            return; /* the socket says when to go on */
        if (exchange->chunk)
            connection_end_chunk(self);
        if (self->state != CAIRN__WRITE)
            return;
        if (cairn_stream_is_empty(&exchange->stream))
            connection_end_stream(self);
        else
            goes_on = connection_next_chunk(self);
    }
}

/* Without memory for a response there still is this one. */
static void connection_respond_no_memory(struct cairn__connection *self)
{
    static const char text[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"
                               "Content-Length: 0\r\nConnection: close\r\n\r\n";
    self->exchange->plan.keep_alive = false;
    cairn__connection_put(self, text, sizeof(text) - 1);
    if (self->state != CAIRN__DEAD)
        connection_finish(self);
}

/* Writes the head into the batch. Returns its length; 0: it may not be sent. */
static size_t connection_put_head(
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

/* Sends the fixed answer for a response whose head cannot be written: a bug of the app, not the
 * peer's. */
static void connection_respond_broken(struct cairn__connection *self)
{
    static const char text[] = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n"
                               "Connection: close\r\n\r\n";
    self->exchange->plan.keep_alive = false;
    self->worker->counters.failed++;
    cairn__connection_put(self, text, sizeof(text) - 1);
    if (self->state != CAIRN__DEAD)
        connection_finish(self);
}

void cairn__connection_respond(struct cairn__connection *self, struct cairn_http_response *res)
{
    struct cairn__exchange *exchange = self->exchange;
    if (!res) {
        connection_respond_no_memory(self);
        return;
    }
    /* A drain ends the connection with the last request that was read. */
    if (self->worker->has_drained && !self->has_more)
        exchange->plan.keep_alive = false;
    cairn_http_encoder_plan(res, &exchange->plan);
    if (connection_put_head(self, res) == 0) {
        if (self->state != CAIRN__DEAD)
            connection_respond_broken(self);
        return;
    }
    self->state = CAIRN__WRITE;
    exchange->stream_left = -1;
    if (exchange->plan.has_body && !cairn_stream_is_empty(&res->stream)) {
        exchange->stream = res->stream;
        exchange->stream_left = res->stream_length;
        res->stream = (struct cairn_stream){0};
    } else if (exchange->plan.has_body) {
        connection_put_rest(self, res->body);
    }
    if (cairn_stream_is_empty(&exchange->stream) && !exchange->rest.length) {
        if (self->state != CAIRN__DEAD)
            connection_finish(self);
        return;
    }
    cairn__connection_pump(self);
}
