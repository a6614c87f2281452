#include <cairn/http/connection/connection_output.h>

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cairn/http/server/worker.h>

/* A turn's share of a file, and how much is asked for at once. */
#define FILE_STEPS 4
#define FILE_STEP_BYTES 262144
/* The same of a body in memory. */
#define MEMORY_STEP_BYTES 1048576

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

void cairn__connection_await_room(struct cairn__connection *self, bool is_moving)
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
        cairn__connection_await_room(self, is_moving);
    else
        connection_drained(self);
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
    cairn__connection_await_room(self, false);
    return self->state == CAIRN__DEAD ? -1 : 0;
}
