#include "kernel.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Beyond what the real kernel gives out, so that the two are never mistaken for each other. */
#define KERNEL_FIRST_FD 1000000
#define KERNEL_FDS 64
/* How soon the server may call accept4 again after it failed for want of descriptors. */
#define KERNEL_PATIENCE_MS 100

struct kernel kernel;

/* Descriptors are numbered in order and not used again: one that is used when it is closed shows.
 */
static struct {
    bool is_open;
    struct kernel_socket *socket; /* NULL: one that may listen */
} kernel_fds[KERNEL_FDS];
static size_t kernel_fd_count;
static const char *kernel_session = "";

void kernel_fail(const char *what)
{
    fprintf(stderr, "kernel: %s: %s (at %llu ms)\n", kernel_session, what,
        (unsigned long long)kernel.now_ms);
    abort();
}

void kernel_trace(const char *format, ...)
{
    static int is_wanted = -1;
    va_list arguments;
    if (is_wanted < 0)
        is_wanted = getenv("CAIRN_KERNEL_TRACE") != NULL;
    if (!is_wanted)
        return;
    fprintf(stderr, "%7llu  ", (unsigned long long)kernel.now_ms);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void kernel_name(const char *name)
{
    kernel_session = name;
}

static void kernel_clear_socket(struct kernel_socket *socket)
{
    struct bytes in = socket->in;
    struct bytes out = socket->out;
    bytes_clear(&in);
    bytes_clear(&out);
    *socket = (struct kernel_socket){.in = in, .out = out};
}

void kernel_begin(struct chance *chance)
{
    for (size_t i = 0; i < KERNEL_SOCKETS; i++)
        kernel_clear_socket(&kernel.sockets[i]);
    memset(kernel_fds, 0, sizeof(kernel_fds));
    kernel_fd_count = 0;
    kernel.is_on = true;
    kernel.chance = chance;
    kernel.faults = (struct kernel_faults){0};
    kernel.now_ms = 1000000;
    kernel.listen_fd = 0;
    kernel.is_listening = false;
    kernel.socket_count = kernel.backlog_count = kernel.accepted = kernel.open = 0;
    kernel.starved_ms = 0;
    kernel.is_draining = false;
    kernel.file_count = 0;
    kernel.progress = 0;
}

void kernel_end(void)
{
    for (size_t i = 0; i < kernel_fd_count; i++)
        KERNEL_CHECK(!kernel_fds[i].is_open, "a descriptor was not closed");
    KERNEL_CHECK(kernel.file_count == 0, "a file was not closed");
    KERNEL_CHECK(kernel_events() == 0, "an event was not freed");
    kernel.is_on = false;
}

static bool kernel_once_in(unsigned n)
{
    return chance_once_in(kernel.chance, n);
}

static int kernel_error(const char *call, int fd, int error_number)
{
    kernel_trace("%s(%d): %s", call, fd, strerror(error_number));
    errno = error_number;
    return -1;
}

static int kernel_open_fd(struct kernel_socket *socket)
{
    KERNEL_CHECK(kernel_fd_count < KERNEL_FDS, "too many descriptors");
    kernel_fds[kernel_fd_count].is_open = true;
    kernel_fds[kernel_fd_count].socket = socket;
    return KERNEL_FIRST_FD + (int)kernel_fd_count++;
}

static bool kernel_is_ours(int fd)
{
    return kernel.is_on && fd >= KERNEL_FIRST_FD;
}

bool kernel_is_open(int fd)
{
    return fd >= KERNEL_FIRST_FD && (size_t)(fd - KERNEL_FIRST_FD) < kernel_fd_count &&
           kernel_fds[fd - KERNEL_FIRST_FD].is_open;
}

static struct kernel_socket *kernel_socket_of(int fd)
{
    KERNEL_CHECK(kernel_is_open(fd), "a descriptor was used that is not open");
    struct kernel_socket *socket = kernel_fds[fd - KERNEL_FIRST_FD].socket;
    KERNEL_CHECK(socket, "a listening socket was used as a connection");
    return socket;
}

/* The peers' side. */

struct kernel_socket *kernel_connect(size_t in_room, size_t out_room)
{
    if (!kernel.is_listening || kernel.socket_count == KERNEL_SOCKETS)
        return NULL;
    size_t index = kernel.socket_count++;
    struct kernel_socket *socket = &kernel.sockets[index];
    socket->in_room = in_room;
    socket->out_room = out_room;
    kernel.backlog[kernel.backlog_count++] = index;
    kernel.progress++;
    kernel_trace("peer %zu connects", index);
    return socket;
}

static size_t kernel_number(const struct kernel_socket *socket)
{
    return (size_t)(socket - kernel.sockets);
}

static size_t kernel_room(const struct bytes *bytes, size_t room)
{
    return bytes_length(bytes) < room ? room - bytes_length(bytes) : 0;
}

/* The connection is gone; what the server had not read it still may read. */
static void kernel_lose(struct kernel_socket *socket)
{
    socket->is_reset = true;
    bytes_clear(&socket->out);
    kernel.progress++;
}

size_t kernel_peer_send(struct kernel_socket *socket, const char *data, size_t length)
{
    if (socket->is_reset || socket->is_peer_shut)
        return 0;
    if (socket->is_closed || socket->is_refused) { /* nobody takes it: a reset comes back */
        kernel_trace("peer %zu sends to nobody", kernel_number(socket));
        socket->is_sent_late = true;
        kernel_lose(socket);
        return 0;
    }
    size_t n = kernel_room(&socket->in, socket->in_room);
    if (n > length)
        n = length;
    if (!n)
        return 0;
    bytes_add(&socket->in, data, n);
    kernel.progress++;
    kernel_trace(
        "peer %zu sends %zu: %.*s", kernel_number(socket), n, (int)(n < 60 ? n : 60), data);
    return n;
}

size_t kernel_peer_receive(struct kernel_socket *socket, struct bytes *into, size_t most)
{
    size_t n = bytes_length(&socket->out);
    if (n > most)
        n = most;
    if (!n)
        return 0;
    bytes_add(into, bytes_front(&socket->out), n);
    bytes_take(&socket->out, NULL, n);
    kernel.progress++;
    kernel_trace("peer %zu receives %zu: %.*s", kernel_number(socket), n, (int)(n < 60 ? n : 60),
        bytes_front(into) + bytes_length(into) - n);
    return n;
}

void kernel_peer_shut(struct kernel_socket *socket)
{
    kernel_trace("peer %zu shuts its end", kernel_number(socket));
    socket->is_peer_shut = true;
    kernel.progress++;
}

void kernel_peer_close(struct kernel_socket *socket)
{
    kernel_trace("peer %zu closes", kernel_number(socket));
    /* Closed with something unread, it resets. */
    if (bytes_length(&socket->out))
        kernel_lose(socket);
    socket->is_peer_shut = socket->is_peer_closed = true;
    kernel.progress++;
}

void kernel_peer_reset(struct kernel_socket *socket)
{
    kernel_trace("peer %zu resets", kernel_number(socket));
    socket->is_peer_shut = socket->is_peer_closed = true;
    kernel_lose(socket);
}

bool kernel_peer_is_at_end(const struct kernel_socket *socket)
{
    return socket->is_reset || socket->is_refused ||
           ((socket->is_shut || socket->is_closed) && bytes_length(&socket->out) == 0);
}

int kernel_file(int fd)
{
    int copy = kernel_once_in(kernel.faults.setup) ? -1 : dup(fd);
    KERNEL_CHECK(kernel.file_count < KERNEL_FILES, "too many files are open");
    if (copy >= 0)
        kernel.files[kernel.file_count++] = copy;
    return copy;
}

/* What a descriptor is ready for. */

bool kernel_can_read(int fd)
{
    KERNEL_CHECK(kernel_is_open(fd), "a descriptor is watched that is not open");
    const struct kernel_socket *socket = kernel_fds[fd - KERNEL_FIRST_FD].socket;
    if (!socket)
        return fd == kernel.listen_fd && kernel.backlog_count > 0;
    return bytes_length(&socket->in) || socket->is_peer_shut || socket->is_reset;
}

/* What is shut in both directions, or reset, is ready for everything: EPOLLHUP. */
bool kernel_can_write(int fd)
{
    KERNEL_CHECK(kernel_is_open(fd), "a descriptor is watched that is not open");
    const struct kernel_socket *socket = kernel_fds[fd - KERNEL_FIRST_FD].socket;
    return socket && (kernel_room(&socket->out, socket->out_room) || socket->is_reset ||
                         socket->is_peer_closed || socket->is_shut);
}

/* The server's side: what the linker puts in place of the C library's. */

int __real_socket(int domain, int type, int protocol);
int __real_bind(int fd, const struct sockaddr *address, socklen_t length);
int __real_listen(int fd, int backlog);
int __real_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
int __real_getsockname(int fd, struct sockaddr *address, socklen_t *length);
int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t length);
ssize_t __real_recv(int fd, void *data, size_t length, int flags);
ssize_t __real_send(int fd, const void *data, size_t length, int flags);
ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __real_sendfile(int fd, int file, off_t *offset, size_t length);
int __real_shutdown(int fd, int how);
int __real_close(int fd);
int __real_clock_gettime(clockid_t clock, struct timespec *time);

int __wrap_socket(int domain, int type, int protocol);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t length);
int __wrap_listen(int fd, int backlog);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *length);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t length);
ssize_t __wrap_recv(int fd, void *data, size_t length, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t length, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendfile(int fd, int file, off_t *offset, size_t length);
int __wrap_shutdown(int fd, int how);
int __wrap_close(int fd);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);

int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
    if (!kernel.is_on)
        return __real_clock_gettime(clock, time);
    time->tv_sec = (time_t)(kernel.now_ms / 1000);
    time->tv_nsec = (long)(kernel.now_ms % 1000) * 1000000;
    return 0;
}

int __wrap_socket(int domain, int type, int protocol)
{
    if (!kernel.is_on)
        return __real_socket(domain, type, protocol);
    KERNEL_CHECK(type == (SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC), "a socket that may block");
    if (kernel_once_in(kernel.faults.setup))
        return kernel_error("socket", -1, EMFILE);
    return kernel_open_fd(NULL);
}

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t length)
{
    if (!kernel_is_ours(fd))
        return __real_bind(fd, address, length);
    KERNEL_CHECK(kernel_is_open(fd), "bind: not open");
    return kernel_once_in(kernel.faults.setup) ? kernel_error("bind", fd, EADDRINUSE) : 0;
}

int __wrap_listen(int fd, int backlog)
{
    if (!kernel_is_ours(fd))
        return __real_listen(fd, backlog);
    KERNEL_CHECK(kernel_is_open(fd), "listen: not open");
    if (kernel_once_in(kernel.faults.setup))
        return kernel_error("listen", fd, EADDRINUSE);
    kernel.listen_fd = fd;
    kernel.is_listening = true;
    return 0;
}

int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *length)
{
    if (!kernel_is_ours(fd))
        return __real_getsockname(fd, address, length);
    KERNEL_CHECK(kernel_is_open(fd), "getsockname: not open");
    if (kernel_once_in(kernel.faults.setup))
        return kernel_error("getsockname", fd, ENOBUFS);
    const struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(8080)};
    memcpy(address, &name, *length < sizeof(name) ? *length : sizeof(name));
    *length = sizeof(name);
    return 0;
}

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
    if (!kernel_is_ours(fd))
        return __real_setsockopt(fd, level, name, value, length);
    KERNEL_CHECK(kernel_is_open(fd), "setsockopt: not open");
    if (level == SOL_SOCKET && name == SO_LINGER)
        kernel_socket_of(fd)->is_torn = true;
    return kernel_once_in(kernel.faults.setup) ? kernel_error("setsockopt", fd, EINVAL) : 0;
}

static int kernel_accept_error(void)
{
    static const int passing[] = {ECONNABORTED, EINTR, EPROTO, EPERM, EHOSTUNREACH};
    static const int lasting[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM};
    KERNEL_CHECK(!kernel.starved_ms || kernel.is_draining ||
                     kernel.now_ms >= kernel.starved_ms + KERNEL_PATIENCE_MS,
        "accept4 again, though there were no descriptors a moment ago");
    kernel.starved_ms = 0;
    if (kernel.faults.is_starved) {
        kernel.starved_ms = kernel.now_ms;
        return lasting[chance_below(kernel.chance, 4)];
    }
    if (kernel.backlog_count == 0)
        return EAGAIN;
    if (!kernel_once_in(kernel.faults.accept))
        return 0;
    return passing[chance_below(kernel.chance, 5)];
}

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    if (!kernel_is_ours(fd))
        return __real_accept4(fd, address, length, flags);
    KERNEL_CHECK(fd == kernel.listen_fd, "accept4: not the listening socket");
    KERNEL_CHECK(flags == (SOCK_NONBLOCK | SOCK_CLOEXEC), "accept4: a socket that may block");
    int error_number = kernel_accept_error();
    if (error_number)
        return kernel_error("accept4", fd, error_number);
    size_t index = kernel.backlog[0];
    kernel.backlog_count--;
    memmove(kernel.backlog, kernel.backlog + 1, kernel.backlog_count * sizeof(kernel.backlog[0]));
    struct kernel_socket *socket = &kernel.sockets[index];
    socket->fd = kernel_open_fd(socket);
    const struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(40000)};
    memcpy(address, &peer, *length < sizeof(peer) ? *length : sizeof(peer));
    *length = sizeof(peer);
    kernel.accepted++;
    kernel.open++;
    kernel.progress++;
    kernel_trace("accept4: peer %zu is %d", index, socket->fd);
    return socket->fd;
}

static size_t kernel_part(size_t length)
{
    if (length < 2 || !kernel_once_in(kernel.faults.partial))
        return length;
    return 1 + chance_size(kernel.chance, length - 1);
}

/* A fault of a transfer; 0: none. */
static int kernel_transfer_error(struct kernel_socket *socket, int lost)
{
    if (kernel_once_in(kernel.faults.interrupted))
        return EINTR;
    if (kernel_once_in(kernel.faults.again))
        return EAGAIN;
    if (kernel_once_in(kernel.faults.broken)) {
        bytes_clear(&socket->in);
        kernel_lose(socket);
        socket->is_reset_told = true;
        return chance_below(kernel.chance, 2) ? ETIMEDOUT : lost;
    }
    return 0;
}

ssize_t __wrap_recv(int fd, void *data, size_t length, int flags)
{
    if (!kernel_is_ours(fd))
        return __real_recv(fd, data, length, flags);
    struct kernel_socket *socket = kernel_socket_of(fd);
    int error_number = kernel_transfer_error(socket, ECONNRESET);
    if (error_number)
        return kernel_error("recv", fd, error_number);
    size_t n = bytes_length(&socket->in) < length ? bytes_length(&socket->in) : length;
    if (n) {
        n = kernel_part(n);
        bytes_take(&socket->in, data, n);
        socket->received += socket->is_shut ? 0 : n;
        kernel.progress++;
        kernel_trace("recv(%d): %zu", fd, n);
        return (ssize_t)n;
    }
    if (socket->is_reset && !socket->is_reset_told) {
        socket->is_reset_told = true;
        return kernel_error("recv", fd, ECONNRESET);
    }
    if (socket->is_peer_shut || socket->is_reset) {
        kernel_trace("recv(%d): the end", fd);
        return 0;
    }
    return kernel_error("recv", fd, EAGAIN);
}

/* Why nothing can be sent now; 0: it can. */
static int kernel_send_error(struct kernel_socket *socket)
{
    KERNEL_CHECK(!socket->is_shut, "bytes were sent after the end");
    int error_number = kernel_transfer_error(socket, EPIPE);
    if (error_number)
        return error_number;
    if (socket->is_reset) {
        error_number = socket->is_reset_told ? EPIPE : ECONNRESET;
        socket->is_reset_told = true;
        return error_number;
    }
    return kernel_room(&socket->out, socket->out_room) ? 0 : EAGAIN;
}

/* Returns how much of LENGTH is sent; a peer that has closed answers with a reset. */
static size_t kernel_send(struct kernel_socket *socket, const char *data, size_t length)
{
    size_t n = kernel_room(&socket->out, socket->out_room);
    if (n > length)
        n = length;
    if (socket->is_peer_closed)
        kernel_lose(socket);
    else
        bytes_add(&socket->out, data, n);
    kernel.progress++;
    return n;
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (!kernel_is_ours(fd))
        return __real_sendmsg(fd, message, flags);
    struct kernel_socket *socket = kernel_socket_of(fd);
    size_t left = 0;
    size_t sent = 0;
    KERNEL_CHECK(flags & MSG_NOSIGNAL, "sending could raise SIGPIPE");
    for (size_t i = 0; i < message->msg_iovlen; i++)
        left += message->msg_iov[i].iov_len;
    KERNEL_CHECK(left, "nothing was sent");
    int error_number = kernel_send_error(socket);
    if (error_number)
        return kernel_error("send", fd, error_number);
    left = kernel_part(left);
    for (size_t i = 0; i < message->msg_iovlen && left && !socket->is_reset; i++) {
        size_t length = message->msg_iov[i].iov_len < left ? message->msg_iov[i].iov_len : left;
        size_t n = kernel_send(socket, message->msg_iov[i].iov_base, length);
        sent += n;
        left = n < length ? 0 : left - n;
    }
    kernel_trace("send(%d): %zu", fd, sent);
    return (ssize_t)sent;
}

ssize_t __wrap_send(int fd, const void *data, size_t length, int flags)
{
    if (!kernel_is_ours(fd))
        return __real_send(fd, data, length, flags);
    struct iovec part = {(void *)(size_t)data, length};
    const struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    return __wrap_sendmsg(fd, &message, flags);
}

ssize_t __wrap_sendfile(int fd, int file, off_t *offset, size_t length)
{
    static char page[65536];
    if (!kernel_is_ours(fd))
        return __real_sendfile(fd, file, offset, length);
    struct kernel_socket *socket = kernel_socket_of(fd);
    int error_number = kernel_send_error(socket);
    if (!error_number && kernel_once_in(kernel.faults.setup))
        error_number = EIO;
    if (error_number)
        return kernel_error("sendfile", fd, error_number);
    if (length > sizeof(page))
        length = sizeof(page);
    ssize_t there = pread(file, page, length, *offset);
    KERNEL_CHECK(there >= 0, "sendfile of what is no file");
    if (there == 0)
        return 0;
    size_t n = kernel_send(socket, page, kernel_part((size_t)there));
    *offset += (off_t)n;
    kernel_trace("sendfile(%d): %zu", fd, n);
    return (ssize_t)n;
}

int __wrap_shutdown(int fd, int how)
{
    if (!kernel_is_ours(fd))
        return __real_shutdown(fd, how);
    struct kernel_socket *socket = kernel_socket_of(fd);
    KERNEL_CHECK(how == SHUT_WR, "shutdown in another direction");
    if (socket->is_reset || kernel_once_in(kernel.faults.setup))
        return kernel_error("shutdown", fd, ENOTCONN);
    socket->is_shut = true;
    kernel.progress++;
    kernel_trace("shutdown(%d)", fd);
    return 0;
}

static void kernel_close_listener(void)
{
    for (size_t i = 0; i < kernel.backlog_count; i++)
        kernel.sockets[kernel.backlog[i]].is_refused = true;
    kernel.backlog_count = 0;
    kernel.listen_fd = 0;
    kernel.is_listening = false;
}

static void kernel_close_socket(struct kernel_socket *socket)
{
    socket->is_closed = true;
    kernel.open--;
    /* What was not read answers with a reset, which may overtake what was sent. */
    if (bytes_length(&socket->in) || socket->is_torn)
        kernel_lose(socket);
}

static int kernel_close_file(int fd)
{
    size_t i = 0;
    while (i < kernel.file_count && kernel.files[i] != fd)
        i++;
    if (i < kernel.file_count)
        kernel.files[i] = kernel.files[--kernel.file_count];
    int rc = __real_close(fd);
    KERNEL_CHECK(rc == 0, "a file was closed that is not open");
    return rc;
}

int __wrap_close(int fd)
{
    if (!kernel.is_on)
        return __real_close(fd);
    if (fd < KERNEL_FIRST_FD)
        return kernel_close_file(fd);
    KERNEL_CHECK(kernel_is_open(fd), "a descriptor was closed twice");
    kernel_trace("close(%d)", fd);
    struct kernel_socket *socket = kernel_fds[fd - KERNEL_FIRST_FD].socket;
    kernel_fds[fd - KERNEL_FIRST_FD].is_open = false;
    kernel.progress++;
    kernel.starved_ms = 0; /* who gives one back may ask for one */
    if (socket)
        kernel_close_socket(socket);
    else if (fd == kernel.listen_fd)
        kernel_close_listener();
    return 0;
}
