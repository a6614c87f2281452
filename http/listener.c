#include <cairn/http/worker.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Connections taken in one go, so that those that are served already get their turn. */
#define LISTENER_BURST 64
#define LISTENER_RETRY_MIN_MS 100
#define LISTENER_RETRY_MAX_MS 1000

union listener_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static socklen_t listener_address(const char *host, uint16_t port, union listener_address *address)
{
    memset(address, 0, sizeof(*address));
    if (inet_pton(AF_INET, host, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons(port);
        return sizeof(address->v4);
    }
    if (inet_pton(AF_INET6, host, &address->v6.sin6_addr) == 1) {
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_port = htons(port);
        return sizeof(address->v6);
    }
    return 0;
}

/* A bound socket; -1 with errno set. */
static int listener_socket(const union listener_address *address, socklen_t length, int shares_port)
{
    const int on = 1;
    const int off = 0;
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &shares_port, sizeof(shares_port)) != 0 ||
        (address->any.sa_family == AF_INET6 &&
            setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0) ||
        bind(fd, &address->any, length) != 0) {
        int error_number = errno;
        close(fd);
        errno = error_number;
        return -1;
    }
    return fd;
}

/* Workers share the port with each other, and so would any process of this user: one that is in use
 * already shows when we ask for it alone. Returns 0, or -1 with errno set. */
static int listener_probe(const union listener_address *address, socklen_t length)
{
    int fd = listener_socket(address, length, 0);
    if (fd < 0)
        return -1;
    int rc = listen(fd, 1);
    close(fd);
    return rc;
}

static int listener_listen(const union listener_address *address, socklen_t length, bool is_first,
    const struct cairn_http_server_options *options)
{
    if (is_first && !options->share_port && listener_probe(address, length) != 0)
        return -1;
    int fd = listener_socket(address, length, 1);
    if (fd < 0 || listen(fd, (int)options->backlog) == 0)
        return fd;
    close(fd);
    return -1;
}

static int listener_port(int fd, uint16_t *port)
{
    union listener_address address = {0};
    socklen_t length = sizeof(address);
    if (getsockname(fd, &address.any, &length) != 0)
        return -1;
    *port = ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
    return 0;
}

int cairn__listener_bind(const struct cairn_http_server_options *options, bool is_first,
    uint16_t *port, struct cairn_error **error)
{
    const char *host = options->host ? options->host : "::";
    union listener_address address;
    char where[128];
    socklen_t length = listener_address(host, *port, &address);
    if (length == 0) {
        *error = cairn_error_new(CAIRN_ERROR_INVALID, "http_server", NULL,
            "host must be a numeric IPv4 or IPv6 address, got \"%s\"", host);
        return -1;
    }
    int fd = listener_listen(&address, length, is_first, options);
    if (fd < 0 && errno == EAFNOSUPPORT && !options->host) {
        /* A machine without IPv6. */
        length = listener_address("0.0.0.0", *port, &address);
        fd = listener_listen(&address, length, is_first, options);
    }
    if (fd >= 0 && listener_port(fd, port) == 0)
        return fd;
    snprintf(where, sizeof(where), "listening on %s port %u", host, (unsigned)*port);
    *error = cairn_error_system("http_server", where, errno);
    if (fd >= 0)
        close(fd);
    return -1;
}

static void listener_on_retry(struct cairn_timer *timer)
{
    struct cairn__listener *self =
        (struct cairn__listener *)((char *)timer - offsetof(struct cairn__listener, retry));
    cairn_io_want_read(&self->io, true);
}

/* Accepting cannot succeed now, and the listener would be reported again at once: look away for a
 * while. */
static void listener_pause(struct cairn__listener *self)
{
    struct cairn_runtime *runtime = self->worker->runtime;
    self->worker->counters.accept_pauses++;
    cairn_io_want_read(&self->io, false);
    cairn_timer_arm(runtime, &self->retry, cairn_runtime_deadline_ms(runtime, self->retry_ms),
        listener_on_retry);
    self->retry_ms *= 2;
    if (self->retry_ms > LISTENER_RETRY_MAX_MS)
        self->retry_ms = LISTENER_RETRY_MAX_MS;
}

/* Errors of one connection, which is gone; the next may be fine. */
static bool listener_error_is_passing(int error_number)
{
    return error_number == ECONNABORTED || error_number == EINTR || error_number == EPROTO ||
           error_number == ENETDOWN || error_number == ENOPROTOOPT || error_number == EHOSTDOWN ||
           error_number == ENONET || error_number == EHOSTUNREACH || error_number == EOPNOTSUPP ||
           error_number == ENETUNREACH || error_number == EPERM;
}

/* Returns false when there is nothing more to accept now. */
static bool listener_accept(struct cairn__listener *self)
{
    const int on = 1;
    struct cairn__worker *worker = self->worker;
    union listener_address peer;
    socklen_t length = sizeof(peer);
    memset(&peer, 0, sizeof(peer));
    if (worker->connection_count >= worker->connection_max) {
        worker->counters.accept_pauses++;
        cairn_io_want_read(&self->io, false); /* until a connection is gone */
        return false;
    }
    int fd = accept4(self->fd, &peer.any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == EAGAIN)
            return false;
        if (listener_error_is_passing(errno))
            return true;
        listener_pause(self);
        return false;
    }
    self->retry_ms = LISTENER_RETRY_MIN_MS;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    worker->counters.accepted++;
    cairn__connection_open(worker, fd, &peer.v6);
    return true;
}

static void listener_ready(struct cairn_io *io, bool can_read, bool can_write)
{
    struct cairn__listener *self = (struct cairn__listener *)io;
    (void)can_read;
    (void)can_write;
    for (int i = 0; i < LISTENER_BURST && listener_accept(self); i++)
        ;
}

struct cairn_error *cairn__listener_open(
    struct cairn__listener *self, struct cairn__worker *worker, int fd)
{
    self->worker = worker;
    self->fd = fd;
    self->retry_ms = LISTENER_RETRY_MIN_MS;
    struct cairn_error *error = cairn_io_open(&self->io, worker->runtime, fd, listener_ready);
    if (!error && cairn_io_want_read(&self->io, true) != 0)
        error = &cairn_error_no_memory;
    return error;
}

void cairn__listener_drain(struct cairn__listener *self)
{
    if (self->fd < 0)
        return;
    while (listener_accept(self))
        ;
    cairn__listener_close(self);
}

void cairn__listener_close(struct cairn__listener *self)
{
    cairn_timer_cancel(&self->retry);
    cairn_io_close(&self->io);
    if (self->fd >= 0)
        close(self->fd);
    self->fd = -1;
}

void cairn__listener_resume(struct cairn__listener *self)
{
    if (self->fd >= 0 && !self->io.is_reading && !cairn_timer_is_armed(&self->retry))
        cairn_io_want_read(&self->io, true);
}
