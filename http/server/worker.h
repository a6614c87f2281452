/* worker.h - one thread of a server: runtime, listener, app, gate, connections. Internal. */
#ifndef CAIRN_HTTP_WORKER_H
#define CAIRN_HTTP_WORKER_H

#include <pthread.h>

#include <cairn/http/connection/connection.h>
#include <cairn/http/encoder.h>
#include <cairn/http/server.h>
#include <cairn/http/server/address_table.h>
#include <cairn/http/trusted_peers.h>
#include <cairn/service/io.h>
#include <cairn/service/random.h>
#include <cairn/service/runtime.h>
#include <cairn/service/timer.h>

struct cairn__rescue;
struct cairn__watchdog;

#define CAIRN__SCRATCH_BYTES 65536
#define CAIRN__BATCH_BYTES 65536

/* Accepts from a listening socket; pauses when descriptors or room run out. */
struct cairn__listener {
    struct cairn_io io;
    struct cairn_timer retry; /* armed while accepting pauses for want of descriptors */
    struct cairn__worker *worker;
    int fd;         /* -1: closed */
    bool is_shared; /* other processes may accept from it */
};

/* Requests that wait for the app to be ready, oldest first; a task, so that readiness can wake it.
 */
struct cairn__gate {
    struct cairn_task task;
    struct cairn__connection *first;
    struct cairn__connection **last;
    struct cairn_error *dead; /* what the app's readiness has failed with: it is not asked again */
};

/* The turn of the loop in which a stream went on last. See connection_turn.c. */
struct cairn__streams_turn {
    uint64_t begin_ns;
    uint64_t end_ns; /* when no other may begin; 0: none has begun */
    size_t seen;     /* streams that would go on */
    size_t first;    /* how many of them have to let others go first */
    size_t stop;     /* the place of the first that was too late; 0: none was */
};

struct cairn__worker {
    struct cairn_http_server *server;
    const struct cairn_http_server_options *options; /* limits resolved */
    const struct cairn_trusted_peers *proxy_peers;   /* NULL: no PROXY protocol */
    unsigned index;
    pthread_t thread;
    struct cairn_runtime *runtime;
    struct cairn_service *app;
    struct cairn_task control; /* woken to look at the flags below */
    bool is_running;           /* under the server's mutex: control may be woken */
    int listen_fd;             /* under it too: the listener's while it accepts; -1: none */
    bool is_leaving;  /* a drain was asked for, and waits for its delay: answers say close */
    bool has_drained; /* and has begun: nothing is accepted any more */
    struct cairn__listener listener;
    struct cairn__rescue *rescues; /* listeners of workers that hang */
    struct cairn__gate gate;
    struct cairn__connection *connections;
    size_t connection_count;
    uint64_t last_connection; /* its number */
    size_t connection_max;
    uint64_t shed_again_ms;                /* there is nothing to shed before then */
    struct cairn__address_table addresses; /* counts nothing unless that is limited */
    struct cairn_timer drain_timer;
    struct cairn_arena_cache *arenas;
    struct cairn_random random;
    struct cairn_http_counters counters;
    uint64_t date_second; /* of the loop's clock */
    char date[CAIRN_HTTP_DATE_BYTES];
    struct cairn__streams_turn streams_turn;
    size_t turn_bytes;   /* what a stream of the connection that runs has had of this turn */
    size_t batch_length; /* of the connection that runs; empty between two */
    char batch[CAIRN__BATCH_BYTES];
    char scratch[CAIRN__SCRATCH_BYTES];
};

/* worker.c */

/* Runs the worker on the calling thread until it has drained. LISTEN_FD is taken. Returns NULL, or
 * why it could not begin. */
struct cairn_error *cairn__worker_run(struct cairn__worker *self, int listen_fd);
/* A connection is gone: room to accept, and perhaps the end of a drain. */
void cairn__worker_connection_gone(struct cairn__worker *self);
/* The Date field's value, made once a second. */
const char *cairn__worker_date(struct cairn__worker *self);
/* What the app's error becomes: the user's mapping, or the default. */
struct cairn_http_response *cairn__worker_error_response(struct cairn__worker *self,
    const struct cairn_http_request *req, const struct cairn_error *error);
void cairn__worker_print(struct cairn__worker *self, FILE *out);

/* listener_bind.c */

/* A bound, listening, non-blocking socket; -1 with *ERROR set. PORT 0 is replaced by the one that
 * was got. FIRST_FD is the first one of the server; -1: this is the first, and makes sure that
 * nobody else has the port. */
int cairn__listener_bind(const struct cairn_http_server_options *options, int first_fd,
    uint16_t *port, struct cairn_error **error);
/* Removes the file of a Unix socket. */
void cairn__listener_unbind(const struct cairn_http_server_options *options);
bool cairn__listener_is_unix(const char *host);
/* Whether FD, which listens, does so where OPTIONS says; port 0 is any. */
bool cairn__listener_is_bound_to(int fd, const struct cairn_http_server_options *options);
/* The port that FD is bound to, 0 for a Unix socket. Returns 0, or -1 with errno set. */
int cairn__listener_port(int fd, uint16_t *port);

/* listener.c */

/* Takes FD. */
struct cairn_error *cairn__listener_open(
    struct cairn__listener *self, struct cairn__worker *worker, int fd);
/* No more clients are let in, but those that are half in: soon they are all there. */
void cairn__listener_admit_nobody(struct cairn__listener *self);
/* Accepts what waits already, then closes: a client that was let in is served. */
void cairn__listener_drain(struct cairn__listener *self);
void cairn__listener_close(struct cairn__listener *self);
/* There is room again. */
void cairn__listener_resume(struct cairn__listener *self);

/* shed.c */

/* Closes some of the connections that have been idle longest. Returns how many. */
size_t cairn__worker_shed(struct cairn__worker *self);

/* serve.c */

/* What a shell says of a command that a signal has ended: this and the signal. */
#define CAIRN__SERVE_SIGNALLED 128

/* Runs SERVER, takes it, and returns the exit status. */
int cairn__serve_run(struct cairn_http_server *server);

/* gate.c */

void cairn__gate_init(struct cairn__gate *self, struct cairn_runtime *runtime);
void cairn__gate_fini(struct cairn__gate *self);
/* READY: the app is reserved for this connection, which calls it now. PENDING: it waits in line and
 * will be admitted. FAILED: the app is dead, *ERROR says why. */
enum cairn_poll cairn__gate_pass(struct cairn__gate *self, struct cairn__worker *worker,
    struct cairn__connection *connection, struct cairn_error **error);
/* The connection is gone. */
void cairn__gate_leave(
    struct cairn__gate *self, struct cairn__worker *worker, struct cairn__connection *connection);

/* server.c */

struct cairn_service *cairn__server_make_app(
    struct cairn_http_server *server, const struct cairn_http_worker *about);
/* The worker has ended, its app still stands: its last state is kept for printing. */
void cairn__server_worker_ended(struct cairn_http_server *server, struct cairn__worker *worker);

bool cairn__server_is_draining(const struct cairn_http_server *server);
bool cairn__server_is_stopping(const struct cairn_http_server *server);
/* How long it is served on when a drain is asked for. */
uint64_t cairn__server_drain_delay_ms(const struct cairn_http_server *server);
/* One more worker accepts. */
void cairn__server_worker_listens(struct cairn_http_server *server);
/* The descriptor from which WORKER accepts; -1: it does no more. */
void cairn__server_set_listening(
    struct cairn_http_server *server, struct cairn__worker *worker, int fd);
/* Copies of those of all workers, each above where they are handed over; FDS has room for
 * CAIRN__ACTIVATION_MAX. Returns how many, or -1 with errno set. */
int cairn__server_copy_listeners(struct cairn_http_server *server, int *fds);
/* A copy of the one of worker INDEX, or -1. */
int cairn__server_copy_listener(struct cairn_http_server *server, unsigned index);
const struct cairn_http_server_options *cairn__server_options(
    const struct cairn_http_server *server);
/* Leaves the server COUNT workers from FIRST on, in a process of its own: what the others have, the
 * file of a Unix socket as well, belongs to the one that has begun it. */
void cairn__server_keep(struct cairn_http_server *server, unsigned first, unsigned count);
/* Those that no worker has taken. */
void cairn__server_close_listeners(struct cairn_http_server *server);
/* One that was never opened when there is none. */
struct cairn__watchdog *cairn__server_watchdog(struct cairn_http_server *server);
/* Has every worker that runs look at what is asked of it. */
void cairn__server_wake_workers(struct cairn_http_server *server);
/* Every worker accepts, and no drain was asked for. */
bool cairn__server_is_listening(const struct cairn_http_server *server);
struct cairn__hand_over *cairn__server_hand_over(struct cairn_http_server *server);
/* Another process serves from the same sockets: drains, and leaves it what it needs. */
void cairn__server_replaced(struct cairn_http_server *server);
bool cairn__server_is_replaced(const struct cairn_http_server *server);
/* The signal that ended the drain at once; 0: none. */
void cairn__server_set_ended_by(struct cairn_http_server *server, int number);
int cairn__server_ended_by(const struct cairn_http_server *server);
/* Whether workers on other threads have not ended yet. */
bool cairn__server_has_threads(const struct cairn_http_server *server);
/* Where the stacks are to be printed; NULL: nowhere. Once for each time a print was asked for. */
FILE *cairn__server_take_print(struct cairn_http_server *server, unsigned index);
/* One worker prints at a time. */
void cairn__server_lock_print(struct cairn_http_server *server);
void cairn__server_unlock_print(struct cairn_http_server *server);
/* Makes the control task of WORKER known, or unknown. */
void cairn__server_set_running(
    struct cairn_http_server *server, struct cairn__worker *worker, bool is_running);

#endif
