#include <cairn/service/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <cairn/service/alloc.h>
#include <cairn/service/socket_stream.h>

/* An event that nobody waits for is switched off; reading stays on as long as somebody does, so
 * that a busy connection makes no system call but its reads. */
static void socket_ready(struct cairn_io *io, bool can_read, bool can_write)
{
    struct cairn__socket *self = (struct cairn__socket *)io;
    if (can_read && !cairn_wake(&self->reader))
        cairn_io_want_read(io, false);
    if (can_write) {
        self->was_writable = true;
        cairn_io_want_write(io, false);
        cairn_wake(&self->writer);
    }
}

struct cairn__socket *cairn__socket_new(struct cairn_runtime *runtime, int fd)
{
    struct cairn__socket *self = cairn_alloc_zero(sizeof(*self));
    if (self && !cairn_io_open(&self->io, runtime, fd, socket_ready))
        return self;
    cairn_free(self);
    close(fd);
    return NULL;
}

void cairn__socket_free(struct cairn__socket *self)
{
    if (!self)
        return;
    cairn_io_close(&self->io);
    close(self->io.fd);
    cairn_waker_clear(&self->reader);
    cairn_waker_clear(&self->writer);
    cairn_free(self);
}

bool cairn__socket_is_own_peer(int fd)
{
    struct sockaddr_storage own = {0};
    struct sockaddr_storage peer = {0};
    socklen_t own_length = sizeof(own);
    socklen_t peer_length = sizeof(peer);
    return getsockname(fd, (struct sockaddr *)&own, &own_length) == 0 && own.ss_family != AF_UNIX &&
           getpeername(fd, (struct sockaddr *)&peer, &peer_length) == 0 &&
           own_length == peer_length && memcmp(&own, &peer, own_length) == 0;
}

static enum cairn_poll socket_fail(
    struct cairn__socket *self, const char *what, int number, struct cairn_error **error)
{
    static struct cairn_error reset =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_CLOSED, "socket", "connection reset by peer");
    static struct cairn_error silent =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_CLOSED, "socket", "connection timed out");
    self->broken = number;
    if (number == ECONNRESET || number == EPIPE)
        *error = &reset;
    else if (number == ETIMEDOUT || number == EHOSTUNREACH)
        *error = &silent;
    else
        *error = cairn_error_system("socket", what, number);
    return CAIRN_FAILED;
}

static enum cairn_poll socket_no_memory(struct cairn_error **error)
{
    *error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static enum cairn_poll socket_await_read(
    struct cairn__socket *self, const struct cairn_context *cx, struct cairn_error **error)
{
    if (!cairn_context_can_wait(cx))
        return CAIRN_PENDING;
    cairn_waker_set(&self->reader, cx);
    return cairn_io_want_read(&self->io, true) == 0 ? CAIRN_PENDING : socket_no_memory(error);
}

enum cairn_poll cairn__socket_await_write(
    struct cairn__socket *self, const struct cairn_context *cx, struct cairn_error **error)
{
    if (!cairn_context_can_wait(cx))
        return CAIRN_PENDING;
    self->was_writable = false;
    cairn_waker_set(&self->writer, cx);
    return cairn_io_want_write(&self->io, true) == 0 ? CAIRN_PENDING : socket_no_memory(error);
}

static enum cairn_poll socket_poll_read(void *state, const struct cairn_context *cx, char *buffer,
    size_t size, size_t *count, struct cairn_error **error)
{
    struct cairn__socket *self = state;
    ssize_t n = -1;
    if (self->broken)
        return socket_fail(self, "read", self->broken, error);
    do
        n = recv(self->io.fd, buffer, size, 0);
    while (n < 0 && errno == EINTR);
    if (n >= 0) {
        *count = (size_t)n;
        return CAIRN_READY;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return socket_await_read(self, cx, error);
    return socket_fail(self, "read", errno, error);
}

static enum cairn_poll socket_poll_write(void *state, const struct cairn_context *cx,
    const char *data, size_t length, size_t *count, struct cairn_error **error)
{
    struct cairn__socket *self = state;
    ssize_t n = -1;
    if (self->broken)
        return socket_fail(self, "write", self->broken, error);
    do
        n = send(self->io.fd, data, length, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n >= 0) {
        *count = (size_t)n;
        return CAIRN_READY;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return cairn__socket_await_write(self, cx, error);
    return socket_fail(self, "write", errno, error);
}

/* What was written is the kernel's already. */
static enum cairn_poll socket_poll_shutdown(
    void *state, const struct cairn_context *cx, struct cairn_error **error)
{
    struct cairn__socket *self = state;
    (void)cx;
    if (self->broken)
        return socket_fail(self, "shutdown", self->broken, error);
    if (shutdown(self->io.fd, SHUT_WR) == 0)
        return CAIRN_READY;
    /* The peer was quicker, and all is gone. */
    return socket_fail(self, "shutdown", errno == ENOTCONN ? ECONNRESET : errno, error);
}

static void socket_drop(void *state)
{
    cairn__socket_free(state);
}

const struct cairn_byte_stream_ops cairn__socket_ops = {
    .name = "socket",
    .poll_read = socket_poll_read,
    .poll_write = socket_poll_write,
    .poll_shutdown = socket_poll_shutdown,
    .drop = socket_drop,
};

struct cairn_error *cairn_socket_stream(
    struct cairn_runtime *runtime, int fd, struct cairn_byte_stream *stream)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
        struct cairn_error *error = cairn_error_system("socket", "fcntl", errno);
        close(fd);
        return error;
    }
    struct cairn__socket *self = cairn__socket_new(runtime, fd);
    if (!self)
        return &cairn_error_no_memory;
    *stream = (struct cairn_byte_stream){&cairn__socket_ops, self};
    return NULL;
}
