#include <cairn/http/connection/connection_output.h>

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cairn/http/server/worker.h>

#define TRAILER_BYTES 4096
/* What a chunk counts beside its bytes. */
#define TURN_CHUNK_BYTES 512

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
    cairn__connection_put_rest(self, cairn_str_of(bytes.data, bytes.length - tail));
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
        cairn__connection_finish(self);
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
    cairn__connection_await_room(self, true);
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
        if (cairn__connection_turn_is_over(self)) {
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
