/* notify.h - tells the service manager how the process does (sd_notify(3) of systemd). */
#ifndef CAIRN_SERVICE_NOTIFY_H
#define CAIRN_SERVICE_NOTIFY_H

#include <cairn/service/api.h>

CAIRN_BEGIN_DECLS

/*
 * Sends STATE, one or more assignments with a line each ("READY=1\nSTATUS=serving"), as a datagram
 * to the Unix socket that the environment names in NOTIFY_SOCKET: a path, or with `@` in front a
 * name of the abstract space. Does not wait.
 *
 * Returns 1 when it was sent, 0 when nobody asked for it, -1 with errno set when it could not be
 * sent. Any thread, while none changes the environment.
 */
CAIRN_API int cairn_notify(const char *state);

CAIRN_END_DECLS

#endif
