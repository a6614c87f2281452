/* io.h - tells when a descriptor can be read or written, and when a signal came. */
#ifndef CAIRN_SERVICE_IO_H
#define CAIRN_SERVICE_IO_H

#include <stdbool.h>

#include <cairn/service/api.h>
#include <cairn/service/error.h>

CAIRN_BEGIN_DECLS

struct event;
struct cairn_runtime;

/* Embed one; zero is a closed one. Level-triggered. The fields are the core's. */
struct cairn_io {
    struct cairn_runtime *runtime;
    struct event *read_event;
    struct event *write_event;
    void (*ready)(struct cairn_io *self, bool can_read, bool can_write);
    int fd;
    bool is_reading;
    bool is_writing;
};

/*
 * Watches FD, which stays the caller's and must be non-blocking, from RUNTIME; nothing is asked for
 * yet. READY is called on RUNTIME's thread, and may close IO. Returns NULL or an error owned by the
 * caller.
 */
CAIRN_API struct cairn_error *cairn_io_open(struct cairn_io *io, struct cairn_runtime *runtime,
    int fd, void (*ready)(struct cairn_io *self, bool can_read, bool can_write));
/* Stops watching. FD remains open. Closed already: nothing. */
CAIRN_API void cairn_io_close(struct cairn_io *io);

/* Interest in reading and in writing; each costs a system call when it changes, and none when not.
 * Returns 0, or -1 without memory. */
CAIRN_API int cairn_io_want_read(struct cairn_io *io, bool wanted);
CAIRN_API int cairn_io_want_write(struct cairn_io *io, bool wanted);

/* Calls CAUGHT on RUNTIME's thread each time the process gets signal NUMBER. One runtime of a
 * process. */
struct cairn_signal {
    struct event *event;
    void (*caught)(struct cairn_signal *self, int number);
};
CAIRN_API struct cairn_error *cairn_signal_open(struct cairn_signal *signal_,
    struct cairn_runtime *runtime, int number,
    void (*caught)(struct cairn_signal *self, int number));
CAIRN_API void cairn_signal_close(struct cairn_signal *signal_);

CAIRN_END_DECLS

#endif
