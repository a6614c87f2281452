/* socket.h - a non-blocking socket, and who waits for it. Internal. */
#ifndef CAIRN_SERVICE_SOCKET_H
#define CAIRN_SERVICE_SOCKET_H

#include <stdbool.h>

#include <cairn/service/address.h>
#include <cairn/service/byte_stream.h>
#include <cairn/service/io.h>
#include <cairn/service/task.h>

struct cairn__socket {
    struct cairn_io io; /* first; its descriptor is ours */
    struct cairn_waker reader;
    struct cairn_waker writer;
    bool was_writable; /* since somebody last waited for that */
    int broken;        /* errno of what ended it; 0: nothing has */
};

extern const struct cairn_byte_stream_ops cairn__socket_ops;

/* Takes FD, which is non-blocking, also on failure. NULL without memory. */
struct cairn__socket *cairn__socket_new(struct cairn_runtime *runtime, int fd);
/* Closes the descriptor too. NULL: nothing. */
void cairn__socket_free(struct cairn__socket *self);

/* Has the task of CX woken, if it can wait, when SELF can be written. PENDING, or FAILED without
 * memory. */
enum cairn_poll cairn__socket_await_write(
    struct cairn__socket *self, const struct cairn_context *cx, struct cairn_error **error);

/* Whether a TCP socket is connected to itself: on loopback, to a port that nobody listens on, it
 * may happen to get that port as its own. */
bool cairn__socket_is_own_peer(int fd);

#endif
