#include <cairn/http/connection/connection.h>

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cairn/http/server/worker.h>

/* A turn's share of a file, and how much is asked for at once. */
#define FILE_STEPS 4
#define FILE_STEP_BYTES 262144
#define TRAILER_BYTES 4096
/* The same of a body in memory. */
#define MEMORY_STEP_BYTES 1048576
/* A turn's share of a stream among many connections: what the kernel takes of an answer that its
 * peer has no room for, for more would wait in our memory. Few have more each, as a turn has its
 * price. And what a chunk counts beside its bytes. */
#define TURN_BYTES 131072
#define TURN_MOST_BYTES 1048576
#define TURN_ALL_BYTES 8388608
#define TURN_CHUNK_BYTES 512

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

/* The parts of the output in their order: what the socket did not take before, what was written
 * since, and the large body that is sent from where it is. */
static int connection_parts(struct cairn__connection *self, struct iovec parts[3])
{
    struct cairn__worker *worker = self->worker;
    struct cairn__exchange *exchange = self->exchange;
    int count = 0;
    if (cairn__buffer_length(&self->queued))
        parts[count++] = (struct iovec){(char *)(size_t)cairn__buffer_bytes(&self->queued),
            cairn__buffer_length(&self->queued)};
    if (worker->batch_length)
        parts[count++] = (struct iovec){worker->batch, worker->batch_length};
    if (exchange && exchange->rest.length) {
        size_t left = exchange->rest.length;
        size_t share = left < MEMORY_STEP_BYTES ? left : MEMORY_STEP_BYTES;
        parts[count++] = (struct iovec){(char *)(size_t)exchange->rest.data, share};
    }
    return count;
}

static bool connection_has_file(const struct cairn__connection *self)
{
    return self->exchange && self->exchange->file.length;
}

static ssize_t connection_send_parts(struct cairn__connection *self, int flags)
{
    struct iovec parts[3];
    struct msghdr message = {.msg_iov = parts};
    message.msg_iovlen = (size_t)connection_parts(self, parts);
    return sendmsg(self->io.fd, &message, flags);
}

/* Mostly there is the batch alone. */
static ssize_t connection_send(struct cairn__connection *self)
{
    struct cairn__worker *worker = self->worker;
    int flags = connection_has_file(self) ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL;
    if (cairn__buffer_length(&self->queued) || (self->exchange && self->exchange->rest.length))
        return connection_send_parts(self, flags);
    return send(self->io.fd, worker->batch, worker->batch_length, flags);
}

/* Takes N sent bytes off the parts, front to back. What is left of the batch must be kept: the
 * batch is the worker's, and the next connection's. */
static void connection_sent(struct cairn__connection *self, size_t n)
{
    struct cairn__worker *worker = self->worker;
    size_t queued = cairn__buffer_length(&self->queued);
    if (queued == 0 && n == worker->batch_length) {
        worker->batch_length = 0;
        return;
    }
    size_t part = n < queued ? n : queued;
    if (part)
        cairn__buffer_consume(&self->queued, part);
    n -= part;
    size_t batch = worker->batch_length;
    worker->batch_length = 0;
    part = n < batch ? n : batch;
    n -= part;
    if (cairn__buffer_append(&self->queued, worker->batch + part, batch - part) != 0)
        cairn__connection_die(self, CAIRN_HTTP_BROKEN);
    if (self->exchange && n) {
        self->exchange->rest.data += n;
        self->exchange->rest.length -= n;
    }
}

/* Before a file there is something else to be sent. */
static bool connection_has_bytes(const struct cairn__connection *self)
{
    return cairn__buffer_length(&self->queued) || self->worker->batch_length ||
           (self->exchange && self->exchange->rest.length);
}

static bool connection_has_output(const struct cairn__connection *self)
{
    return connection_has_bytes(self) || connection_has_file(self);
}

/* Everything is answered and has gone out. */
static void connection_shut(struct cairn__connection *self)
{
    self->must_reset = false;
    if (self->is_peer_closed || shutdown(self->io.fd, SHUT_WR) != 0) {
        cairn__connection_die(self, CAIRN_HTTP_PEER_GONE);
        return;
    }
    self->state = CAIRN__LINGER;
    cairn__buffer_free(&self->input);
    cairn__linger_begin(self);
    if (cairn_io_want_read(&self->io, true) != 0)
        cairn__connection_die(self, CAIRN_HTTP_BROKEN);
}

static void connection_await_room(struct cairn__connection *self, bool is_moving)
{
    if (!self->io.is_writing) {
        cairn__wait_begin(self);
    } else if (is_moving && !cairn__wait_progress(self)) {
        self->worker->counters.timeouts++;
        cairn__connection_die(self, CAIRN_HTTP_PEER_SLOW);
        return;
    }
    if (cairn_io_want_write(&self->io, true) != 0)
        cairn__connection_die(self, CAIRN_HTTP_BROKEN);
}

/* The time that a connection has from here on whose output was the only thing it waited for. */
static uint64_t connection_drained_ms(const struct cairn__connection *self)
{
    const struct cairn_http_limits *limits = &self->worker->options->limits;
    if (self->state == CAIRN__HEAD)
        return limits->head_ms;
    return self->state == CAIRN__IDLE ? limits->keep_alive_ms : 0;
}

static void connection_drained(struct cairn__connection *self)
{
    if (self->io.is_writing && !self->is_yielding) {
        cairn_io_want_write(&self->io, false);
        cairn__connection_deadline(self, connection_drained_ms(self));
    }
    if (self->state == CAIRN__CLOSING)
        connection_shut(self);
}

/* Sends what stands in memory. Returns whether the socket took some of it. */
static bool connection_flush_bytes(struct cairn__connection *self)
{
    ssize_t n;
    do {
        n = connection_send(self);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno != EAGAIN) {
        self->worker->batch_length = 0;
        cairn__connection_die(self, CAIRN_HTTP_PEER_GONE);
        return false;
    }
    size_t taken = n < 0 ? 0 : (size_t)n;
    self->wait.moved_bytes += taken;
    connection_sent(self, taken);
    return n > 0;
}

/* Has the kernel send of the file what the socket takes now, but no more than a turn's share. */
static bool connection_flush_file(struct cairn__connection *self)
{
    struct cairn_http_file *file = &self->exchange->file;
    bool is_moving = false;
    for (int i = 0; i < FILE_STEPS && file->length; i++) {
        size_t wanted = file->length < FILE_STEP_BYTES ? (size_t)file->length : FILE_STEP_BYTES;
        off_t offset = file->offset;
        ssize_t n = sendfile(self->io.fd, file->fd, &offset, wanted);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n < 0) {
            cairn__connection_die(self, CAIRN_HTTP_PEER_GONE);
            return is_moving;
        }
        if (n == 0) { /* the file is shorter than it was */
            self->exchange->stream_left = file->length;
            file->length = 0;
            return is_moving;
        }
        file->offset += n;
        file->length -= n;
        self->exchange->base.end.sent += (uint64_t)n;
        self->wait.moved_bytes += (uint64_t)n;
        is_moving = true;
    }
    return is_moving;
}

void cairn__connection_flush(struct cairn__connection *self)
{
    bool is_moving = false;
    if (self->state == CAIRN__DEAD)
        return;
    if (connection_has_bytes(self))
        is_moving = connection_flush_bytes(self);
    if (self->state != CAIRN__DEAD && !connection_has_bytes(self) && connection_has_file(self))
        is_moving |= connection_flush_file(self);
    if (self->state == CAIRN__DEAD)
        return;
    if (connection_has_output(self))
        connection_await_room(self, is_moving);
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
    if (length > sizeof(worker->batch) - worker->batch_length) {
        if (cairn__buffer_append(&self->queued, data, length) != 0)
            cairn__connection_die(self, CAIRN_HTTP_BROKEN);
        return;
    }
    memcpy(worker->batch + worker->batch_length, data, length);
    worker->batch_length += length;
}

int cairn__connection_say(struct cairn__connection *self, const char *text, size_t length)
{
    if (self->state >= CAIRN__DETACHED)
        return -1;
    if (self->is_entered) {
        cairn__connection_put(self, text, length);
        cairn__connection_flush(self);
        return self->state == CAIRN__DEAD ? -1 : 0;
    }
    /* The worker's batch is somebody else's now. */
    if (cairn__buffer_append(&self->queued, text, length) != 0)
        return -1;
    connection_await_room(self, false);
    return self->state == CAIRN__DEAD ? -1 : 0;
}

/* The response is written whole. */
static void connection_finish(struct cairn__connection *self)
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

/* A response that cannot be completed is cut, so that the peer can tell: behind all that was
 * written before, or by a reset where the end of the connection is all that would end it. */
static void connection_abort(struct cairn__connection *self)
{
    cairn__connection_flush(self);
    if (self->state != CAIRN__DEAD && self->must_reset)
        cairn__connection_die(self, CAIRN_HTTP_BROKEN);
    if (self->state == CAIRN__DEAD)
        return;
    cairn__connection_give_up(self, CAIRN_HTTP_BROKEN);
    self->state = CAIRN__CLOSING;
}

static void connection_put_rest(struct cairn__connection *self, struct cairn_str bytes)
{
    self->exchange->base.end.sent += bytes.length;
    if (bytes.length <= CAIRN__COPY_BYTES) {
        cairn__connection_put(self, bytes.data, bytes.length);
        return;
    }
    self->exchange->rest = bytes;
    cairn__connection_flush(self);
}

/* What TCP sends at a time; 1 where there is no such thing. It grows with the peer's window. */
static size_t connection_segment(const struct cairn__connection *self)
{
    int segment = 0;
    socklen_t size = sizeof(segment);
    bool is_known =
        getsockopt(self->io.fd, IPPROTO_TCP, TCP_MAXSEG, &segment, &size) == 0 && segment > 0;
    return is_known ? (size_t)segment : 1;
}

/* How much of LENGTH bytes would go out as a segment that is not full. */
static size_t connection_tail(const struct cairn__connection *self, size_t length)
{
    size_t before = cairn__buffer_length(&self->queued) + self->worker->batch_length;
    size_t tail = (before + length) % connection_segment(self);
    return tail < length && tail <= CAIRN__COPY_BYTES ? tail : 0;
}

/* A segment that is not full costs the peer a wake-up as a full one does; with 64 KiB of 65,483
 * bytes each on loopback, that is every second one. So the end of a large chunk waits for the next
 * one, unless the socket is full anyway. */
static void connection_put_chunk(struct cairn__connection *self, struct cairn_str bytes)
{
    struct cairn__exchange *exchange = self->exchange;
    bool is_large = bytes.length > CAIRN__COPY_BYTES && !self->io.is_writing;
    size_t tail = is_large ? connection_tail(self, bytes.length) : 0;
    connection_put_rest(self, cairn_str_of(bytes.data, bytes.length - tail));
    if (self->state == CAIRN__DEAD || tail == 0)
        return;
    exchange->base.end.sent += tail;
    if (exchange->rest.length)
        exchange->rest.length += tail;
    else
        cairn__connection_put(self, bytes.data + bytes.length - tail, tail);
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
    self->worker->turn_bytes += chunk->bytes.length + TURN_CHUNK_BYTES;
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
        connection_put_chunk(self, chunk->bytes);
}

/* RFC 9110 section 6.5.1: trailers only for who has said that it takes them. */
static void connection_put_end(struct cairn__connection *self)
{
    const struct cairn__exchange *exchange = self->exchange;
    char end[TRAILER_BYTES];
    if (!exchange->res->trailers || !cairn_http_fields_has_token(&exchange->req->fields,
                                        CAIRN_STR("te"), CAIRN_STR("trailers"))) {
        cairn__connection_put(self, "0\r\n\r\n", 5);
        return;
    }
    cairn__connection_put(self, end, cairn_http_encoder_end(exchange->res, end, sizeof(end)));
}

static void connection_end_stream(struct cairn__connection *self)
{
    if (self->exchange->stream_left > 0) { /* less than was promised */
        connection_abort(self);
        return;
    }
    if (self->exchange->plan.is_chunked)
        connection_put_end(self);
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

/* The others have their turn first. */
static void connection_yield(struct cairn__connection *self)
{
    self->is_yielding = true;
    connection_await_room(self, true);
}

static size_t connection_turn(const struct cairn__connection *self)
{
    size_t share = TURN_ALL_BYTES / (self->worker->connection_count + 1);
    if (share < TURN_BYTES)
        return TURN_BYTES;
    return share < TURN_MOST_BYTES ? share : TURN_MOST_BYTES;
}

void cairn__connection_pump(struct cairn__connection *self)
{
    const struct cairn_http_limits *limits = &self->worker->options->limits;
    size_t mark = self->io.is_writing ? limits->output_low_bytes : limits->output_high_bytes;
    bool goes_on = true;
    self->is_yielding = false;
    while (goes_on && self->state == CAIRN__WRITE) {
        struct cairn__exchange *exchange = self->exchange;
        exchange->is_paused = exchange->rest.length || exchange->file.length ||
                              cairn__buffer_length(&self->queued) > mark;
        if (exchange->is_paused)
            return; /* the socket says when to go on */
        if (self->worker->turn_bytes > connection_turn(self)) {
            connection_yield(self);
            return;
        }
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
    self->exchange->base.end.status = 503;
    cairn__connection_put(self, text, sizeof(text) - 1);
    if (self->state != CAIRN__DEAD)
        connection_finish(self);
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
        connection_finish(self);
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
        connection_put_rest(self, res->body);
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
        connection_finish(self);
    else
        cairn__connection_pump(self);
}
