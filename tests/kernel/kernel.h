/*
 * kernel.h - a kernel that a test plays: sockets, their events and the clock of one server.
 *
 * A program with kernel.c, loop.c and the linker's --wrap for the calls that kernel.c names has a
 * server whose every system call comes here. loop.c stands in place of service/loop.c: it asks the
 * test what happens next instead of asking epoll. All else is the library as it is. Any misuse of
 * the kernel (a descriptor closed twice, used when it is closed, watched while it is closed, an
 * event loop that turns without getting anywhere) ends the program.
 *
 * One session at a time; between begin and end the clock is virtual, and outside of them all calls
 * are the real ones.
 */
#ifndef CAIRN_TESTS_KERNEL_KERNEL_H
#define CAIRN_TESTS_KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "chance.h"

#define KERNEL_SOCKETS 16
#define KERNEL_FILES 64

/* What goes wrong: each once in so many calls; 0: never. */
struct kernel_faults {
    unsigned interrupted; /* EINTR */
    unsigned again;       /* EAGAIN though there is something */
    unsigned partial;     /* fewer bytes than there are, or than there is room for */
    unsigned broken;      /* a connection is lost: ECONNRESET, EPIPE, ETIMEDOUT */
    unsigned accept;   /* accept4 fails for reasons of one connection: ECONNABORTED, EINTR, … */
    unsigned setup;    /* socket, bind, listen, setsockopt, getsockname, shutdown, sendfile */
    unsigned watch;    /* an event cannot be added */
    unsigned spurious; /* an event that was none */
    bool is_starved;   /* no descriptors or memory are left for accept4 */
};

/* One connection, from both ends. */
struct kernel_socket {
    int fd;           /* the server's; 0: not accepted yet */
    struct bytes in;  /* to the server */
    struct bytes out; /* to the peer */
    size_t in_room;   /* what each may hold */
    size_t out_room;
    size_t received;     /* bytes the server has read before it shut its end */
    bool is_peer_shut;   /* the peer sends no more */
    bool is_peer_closed; /* and reads no more: what comes is answered with a reset */
    bool is_reset;       /* gone */
    bool is_reset_told;  /* the server knows from an error */
    bool is_shut;        /* the server sends no more */
    bool is_closed;      /* the server has closed it */
    bool is_refused;     /* the listener went while it waited */
    bool is_sent_late;   /* the peer has sent something to who had closed */
    bool is_torn;        /* the server closes it by a reset, and means to */
};

struct kernel {
    bool is_on;
    struct chance *chance;
    struct kernel_faults faults;
    uint64_t now_ms;

    int listen_fd; /* 0: none, or closed */
    bool is_listening;
    struct kernel_socket sockets[KERNEL_SOCKETS];
    size_t socket_count;
    size_t backlog[KERNEL_SOCKETS]; /* sockets that wait to be accepted, oldest first */
    size_t backlog_count;
    size_t accepted;
    size_t open;         /* accepted and not closed */
    uint64_t starved_ms; /* when accept4 last failed for want of descriptors; 0: it has not */
    bool is_draining;    /* the server accepts what waits, whatever was before */

    int files[KERNEL_FILES]; /* real descriptors that are to be closed */
    size_t file_count;

    unsigned long progress; /* counts what gets a session on: bytes, time, connections, wakes */
};

extern struct kernel kernel;

/* Says WHAT is wrong, with the name of the session, and aborts. */
_Noreturn void kernel_fail(const char *what);
#define KERNEL_CHECK(condition, what) \
    do {                              \
        if (!(condition))             \
            kernel_fail(what);        \
    } while (0)
/* On standard error, when the variable CAIRN_KERNEL_TRACE is set. */
void kernel_trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What kernel_fail calls the session. Borrowed. */
void kernel_name(const char *name);

/* CHANCE is borrowed until the end. */
void kernel_begin(struct chance *chance);
/* Checks that nothing is open. */
void kernel_end(void);

/* The peers' side. */

/* Joins the queue of the listener; NULL: nobody listens, or there are no more sockets. */
struct kernel_socket *kernel_connect(size_t in_room, size_t out_room);
/* Returns how many bytes found room. */
size_t kernel_peer_send(struct kernel_socket *socket, const char *data, size_t length);
/* Appends at most MOST bytes to INTO. Returns how many. */
size_t kernel_peer_receive(struct kernel_socket *socket, struct bytes *into, size_t most);
void kernel_peer_shut(struct kernel_socket *socket);
void kernel_peer_close(struct kernel_socket *socket);
void kernel_peer_reset(struct kernel_socket *socket);
/* Whether nothing more will come: an end, or a reset. */
bool kernel_peer_is_at_end(const struct kernel_socket *socket);

/* A copy of FD, a real descriptor, that is to be closed within the session. -1: none. */
int kernel_file(int fd);

/* For loop.c: what FD is ready for. */
bool kernel_can_read(int fd);
bool kernel_can_write(int fd);
/* Whether FD is a descriptor of this kernel that is open. */
bool kernel_is_open(int fd);

/* The loop. */

/*
 * What happens beside the server: called before each look at the events. IS_IDLE: the server waits,
 * and nothing will happen unless it is here (a byte, the time). Returns false when there is nothing
 * left to be done, which in an idle session that does not end is a failure: the server is stuck.
 */
struct kernel_world {
    bool (*step)(void *cx, bool is_idle);
    void *cx;
};
void kernel_set_world(struct kernel_world world);
/* When the server's clock is to wake it; UINT64_MAX: it is not. */
uint64_t kernel_alarm_ms(void);
/* The process gets signal NUMBER. Returns whether it is caught. */
bool kernel_raise(int number);
/* Events that exist. */
size_t kernel_events(void);

#endif
