/* session.h - the life of one server on the played kernel, with all its peers, out of one seed or
 * one input; checked in itself and at its end. */
#ifndef CAIRN_TESTS_KERNEL_SESSION_H
#define CAIRN_TESTS_KERNEL_SESSION_H

#include <cairn/http/server.h>

#include "peer.h"

#define SESSION_PEERS 6

enum session_phase {
    SESSION_PLAYS,  /* the peers act */
    SESSION_WAITS,  /* they are done: what is open is closed by its deadline */
    SESSION_DRAINS, /* it was told to drain, or to stop */
};

struct session {
    struct chance *chance;
    enum peer_level level;
    struct app app;
    struct cairn_http_server_options options;
    struct cairn_http_server *server;
    struct peer peers[SESSION_PEERS];
    size_t peer_count;
    enum session_phase phase;
    uint64_t since_ms; /* of the phase */
    bool is_hungry;    /* allocations fail, now and then */
    bool waits;        /* for deadlines, before it drains */
    bool is_unkind;    /* a stop, and not a drain, ends it; or a drain begins at any time */
};

/* What they were, in all; for the report of a run. */
struct session_sums {
    unsigned long sessions;
    unsigned long connections;
    unsigned long requests;
    unsigned long responses;
    unsigned long refused;
    unsigned long failed;
    unsigned long cancelled;
    unsigned long timeouts;
    unsigned long waited;
    unsigned long pauses;
};
extern struct session_sums session_sums;

/* Plays a whole session. Ends the program when anything is wrong. */
void session_run(struct chance *chance, const char *name);

#endif
