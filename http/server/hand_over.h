/* hand_over.h - a new process that takes over the listening sockets. Internal. */
#ifndef CAIRN_HTTP_HAND_OVER_H
#define CAIRN_HTTP_HAND_OVER_H

#include <sys/types.h>

#include <cairn/http/server.h>
#include <cairn/service/io.h>
#include <cairn/service/timer.h>

/* The first descriptor that is handed over (SD_LISTEN_FDS_START). */
#define CAIRN__HAND_OVER_FD 3

/* Zero: none is going on. */
struct cairn__hand_over {
    struct cairn_io io;       /* the pipe into which the new process says that it is ready */
    struct cairn_timer timer; /* until when it must have */
    struct cairn_http_server *server;
    pid_t pid; /* 0: none */
    int fd;    /* of io */
};

/* The server ends before the new process is ready: it is asked to end, too. */
void cairn__hand_over_end(struct cairn__hand_over *self);

/* hand_over_spawn.c */

/* Starts ARGV with the COUNT sockets of FDS. *READY gets a descriptor from which a byte is read
 * when it is ready, and the end when it will not be. Returns its number, or -1 with errno set, also
 * when the program cannot be run. */
pid_t cairn__hand_over_spawn(char *const argv[], const int *fds, int count, int *ready);

#endif
