/* activation.h - listening sockets that another process has opened: LISTEN_FDS of systemd's
 * sd_listen_fds(3), or one descriptor by its number. Internal. */
#ifndef CAIRN_HTTP_ACTIVATION_H
#define CAIRN_HTTP_ACTIVATION_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/http/server.h>

/* The most that are taken; further ones stay as they are. */
#define CAIRN__ACTIVATION_MAX 256

/* Names a descriptor into which to write a byte when all workers listen: of the process that this
 * one is to replace, with LISTEN_PID. */
#define CAIRN__READY_FD "CAIRN_READY_FD"

/* "systemd:", "systemd:NAME" or "fd:N": a host that is no address. */
bool cairn__activation_is_host(const char *host);

/*
 * Takes the sockets that OPTIONS asks for, by its host, or because they are bound to its address
 * already. They are the caller's then, non-blocking and closed on exec; that they are closed on
 * exec is also how one that is taken is known. FDS has room for CAIRN__ACTIVATION_MAX.
 *
 * Returns how many: 0 without *ERROR set when there are none and they are not needed; with it,
 * CAIRN_ERROR_INVALID or CAIRN_ERROR_SYSTEM, nothing is taken.
 */
size_t cairn__activation_take(
    const struct cairn_http_server_options *options, int *fds, struct cairn_error **error);

/* Says so there; once, and only where somebody waits for it. */
void cairn__activation_say_ready(void);

#endif
