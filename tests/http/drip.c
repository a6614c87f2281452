/*
 * drip.c - with CAIRN_DRIP in its environment, a program that links this file with --wrap for the
 * four calls has them take and give one byte at a time in every thread but the first: the server's,
 * while the test is the client. Now and then a stretch goes faster, or megabytes would take
 * minutes.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t __real_recv(int fd, void *data, size_t length, int flags);
ssize_t __real_send(int fd, const void *data, size_t length, int flags);
ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __real_sendfile(int fd, int file, off_t *offset, size_t length);
ssize_t __wrap_recv(int fd, void *data, size_t length, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t length, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendfile(int fd, int file, off_t *offset, size_t length);

#define STRETCH_CALLS 4096
#define FAST_CALLS 512 /* of them, at the end */
#define FAST_BYTES 1021

static size_t drip(size_t length)
{
    static _Thread_local unsigned calls;
    static _Thread_local enum { UNKNOWN, WHOLE, DRIPS } how;
    if (how == UNKNOWN)
        how = getenv("CAIRN_DRIP") && syscall(SYS_gettid) != getpid() ? DRIPS : WHOLE;
    if (how == WHOLE)
        return length;
    size_t most = calls++ % STRETCH_CALLS < STRETCH_CALLS - FAST_CALLS ? 1 : FAST_BYTES;
    return length < most ? length : most;
}

ssize_t __wrap_recv(int fd, void *data, size_t length, int flags)
{
    return __real_recv(fd, data, drip(length), flags);
}

ssize_t __wrap_send(int fd, const void *data, size_t length, int flags)
{
    return __real_send(fd, data, drip(length), flags);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
    for (size_t i = 0; i < message->msg_iovlen; i++) {
        size_t length = message->msg_iov[i].iov_len;
        size_t most = drip(length);
        if (most < length)
            return __real_send(fd, message->msg_iov[i].iov_base, most, flags);
        if (length)
            break;
    }
    return __real_sendmsg(fd, message, flags);
}

ssize_t __wrap_sendfile(int fd, int file, off_t *offset, size_t length)
{
    return __real_sendfile(fd, file, offset, drip(length));
}
