/* signals.h - what a server does on TERM, INT, USR2, and on HUP and USR1 for its user.
 * Internal. */
#ifndef CAIRN_HTTP_SIGNALS_H
#define CAIRN_HTTP_SIGNALS_H

#include <signal.h>

#include <cairn/http/server.h>
#include <cairn/service/io.h>

/* TERM, INT, USR2, and those that the user may have. */
#define CAIRN__SIGNALS 5

struct cairn__signals {
    struct cairn__signal_entry {
        struct cairn_signal signal;
        struct cairn__signals *all;
    } entries[CAIRN__SIGNALS];
    struct cairn_http_server *server;
    const struct cairn_http_server_options *options;
    bool is_draining;
};

/* Holds the signals back from the calling thread until open lets them come: one that arrives while
 * the workers begin is neither lost nor deadly. MASK gets what was before, for the end of the run.
 */
void cairn__signals_hold(const struct cairn_http_server_options *options, sigset_t *mask);
/* The same for PIPE alone: sendfile raises it when the peer has gone, and cannot be told not to. */
void cairn__signals_hold_pipe(sigset_t *mask);
/* The end of the run: MASK holds again, and no PIPE of ours is left to come. */
void cairn__signals_restore(const sigset_t *mask);

/* On the running runtime's thread. Returns NULL or an error owned by the caller; close it either
 * way. */
struct cairn_error *cairn__signals_open(struct cairn__signals *self,
    struct cairn_http_server *server, const struct cairn_http_server_options *options,
    struct cairn_runtime *runtime);
void cairn__signals_close(struct cairn__signals *self);

#endif
