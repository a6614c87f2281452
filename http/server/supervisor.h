/* supervisor.h - runs the workers of a server in processes of their own. Internal. */
#ifndef CAIRN_HTTP_SUPERVISOR_H
#define CAIRN_HTTP_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct cairn_http_server;

/* The shortest and the longest wait before a process that dies again and again is replaced; how
 * long one must have lived for its death to be the first. */
#define CAIRN__PROCESS_WAIT_MIN_MS 100
#define CAIRN__PROCESS_WAIT_MAX_MS 2000
#define CAIRN__PROCESS_STEADY_MS 5000

/*
 * Runs SERVER, which was made with the workers of all, as COUNT processes with an equal part of
 * them, until they have ended after TERM or INT. Returns the exit status. Does not return in a
 * process that it began: that one exits.
 */
int cairn__supervise(struct cairn_http_server *server, unsigned count);

/* supervisor_notify.c: what processes say, as to a service manager. */

/* A socket on which the processes are heard, and its name as NOTIFY_SOCKET has it; -1 with errno
 * set. */
int cairn__processes_listen(char *name, size_t size);
/* One thing that was said, and by whom: 0 when there is none. TEXT gets a NUL. */
pid_t cairn__processes_hear(int fd, char *text, size_t size);
/* Whether TEXT, lines of assignments, has LINE among them. */
bool cairn__processes_said(const char *text, const char *line);

#endif
