/* server.h - an HTTP/1.1 server: workers that share nothing, each with its own instance of the app.
 */
#ifndef CAIRN_HTTP_SERVER_H
#define CAIRN_HTTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <cairn/http/limits.h>
#include <cairn/http/message.h>
#include <cairn/service/service.h>

CAIRN_BEGIN_DECLS

struct cairn_http_server;

/* What the app's factory is told. Borrowed for the call. */
struct cairn_http_worker {
    unsigned index; /* 0 to count - 1 */
    unsigned count;
    struct cairn_runtime *runtime; /* the worker's own, running on this thread */
    struct cairn_http_server *server;
};

/*
 * Makes a worker's instance of the app, on the worker's thread: a service from http.request to
 * http.response, owned by the server from then on, and dropped on that thread. A broken one ends
 * cairn_http_server_run with its reason.
 */
typedef struct cairn_service *cairn_http_app(void *cx, const struct cairn_http_worker *worker);

struct cairn_http_server_options {
    size_t size;
    /* A numeric IPv4 or IPv6 address, or a Unix socket: "unix:/run/app.sock", whose file is made
     * with the umask and removed at the end, or "unix:@name" of the abstract space. A socket's file
     * that nobody listens on any more is replaced. NULL: "::", which takes IPv4 too. Sockets that
     * were handed to the process (LISTEN_FDS) and are bound to that address are taken, and none is
     * opened then.
     *
     * "systemd:": the sockets handed to the process, "systemd:NAME": those of that name
     * (FileDescriptorName=). "fd:N": the one listening socket with that number. */
    const char *host;
    uint16_t port;    /* 0: a free one, see cairn_http_server_port; only of a numeric address */
    unsigned workers; /* 1 to 256; 0: one for each CPU that the process may use */
    /* Only of cairn_http_serve: as many processes with as many workers each, so that a crash takes
     * one of them along. 1 to 256, 256 workers in all; 0: this process is the only one. With it
     * workers 0 means that they share the CPUs, and keep_signals is refused. */
    unsigned processes;
    unsigned backlog;  /* 1 to 65535; 0: 1024 */
    uint64_t drain_ms; /* how long a drain waits for running requests, 1 to 3600000; 0: 20 s */
    /* How long a drain goes on accepting, while who asks is told already that the server is not
     * ready, and every answer says `Connection: close`, 1 to 3600000. 0: 5 s if somebody has asked
     * (cairn_http_server_is_ready), else not. */
    uint64_t drain_delay_ms;
    /* A worker whose loop has not come round for so long hangs: see cairn_http_server_is_healthy.
     * 10 to 3600000; 0: 10 s. */
    uint64_t hang_ms;
    struct cairn_http_limits limits;
    /* An error that left the app becomes what this returns; NULL, or NULL returned: as
     * cairn_http_error_response does it. Called on the worker's thread; borrows all it is given. */
    struct cairn_http_response *(*error_response)(
        void *cx, const struct cairn_http_request *req, const struct cairn_error *error);
    void *error_cx;    /* borrowed until cairn_http_server_free */
    bool share_port;   /* other processes of this user may listen on the same port, for a restart
                        * without a gap; else a port that is taken is an error */
    bool keep_signals; /* leaves signals and the service manager to you; else see
                        * cairn_http_server_run */
    /* Called for HUP and USR1, soon and once for several, on the thread of cairn_http_server_run.
     * NULL: they do what they did before. Not with keep_signals. */
    void (*on_signal)(void *cx, struct cairn_http_server *server, int number);
    void *signal_cx;
    bool no_half_close; /* a peer that shuts its sending end is gone: its handler is cancelled; else
                         * what it had sent whole is answered */
    /* The proxies whose connections begin with a header of the PROXY protocol, version 1 or 2, as
     * cairn_trusted_peers_new reads them: there a connection without one is closed, and the peer of
     * its requests is the one that the header names. Others are served as they come. NULL: none. */
    const char *proxy_protocol;
    bool proxy_protocol_only; /* others are closed at once */
    bool no_watchdog;         /* nobody sees that a worker hangs; else a thread more does */
};

/*
 * Binds a listener for each worker (SO_REUSEPORT), so that a free port is known before anything
 * runs. Borrows CX until cairn_http_server_free; copies OPTIONS (NULL: all defaults), HOST too.
 *
 * Returns the server, owned by the caller, or NULL with *ERROR set: CAIRN_ERROR_INVALID names the
 * option, what it was and its range; CAIRN_ERROR_SYSTEM: the address cannot be bound;
 * CAIRN_ERROR_MEMORY.
 */
CAIRN_API struct cairn_http_server *cairn_http_server_new(cairn_http_app *app, void *cx,
    const struct cairn_http_server_options *options, struct cairn_error **error);
/* Not while it runs. NULL: nothing. */
CAIRN_API void cairn_http_server_free(struct cairn_http_server *server);

/* The port that is bound. */
CAIRN_API uint16_t cairn_http_server_port(const struct cairn_http_server *server);

/*
 * Serves until it has drained. Worker 0 runs on the calling thread, which must have no runtime; the
 * others on threads of their own. Once only.
 *
 * Unless options.keep_signals: TERM and INT drain, a second one stops at once; USR2 prints the
 * stacks with their live counters on standard error; PIPE is ignored; HUP and USR1 are
 * options.on_signal's. The service manager is told (cairn_notify) READY=1 when all workers listen,
 * and STOPPING=1 when a drain begins. With it PIPE is blocked on the calling thread while this
 * runs.
 *
 * Returns NULL, or an error owned by the caller: the reason of a broken app, CAIRN_ERROR_RUNTIME,
 * CAIRN_ERROR_SYSTEM, CAIRN_ERROR_MEMORY.
 */
CAIRN_API struct cairn_error *cairn_http_server_run(struct cairn_http_server *server);

/*
 * The server is not ready from now on. After drain_delay_ms it stops accepting, answers every
 * request that has been read, with `Connection: close`, and closes what is idle; then
 * cairn_http_server_run returns. What still runs after a further drain_ms is cancelled. Any thread.
 */
CAIRN_API void cairn_http_server_drain(struct cairn_http_server *server);
/* Closes all connections now; handlers are cancelled. Any thread. */
CAIRN_API void cairn_http_server_stop(struct cairn_http_server *server);

/* Whether to send it requests: every worker listens, none hangs, and no drain was asked for. That
 * somebody asks gives a drain its delay. Any thread. */
CAIRN_API bool cairn_http_server_is_ready(struct cairn_http_server *server);

/*
 * Whether no worker hangs: a handler that blocks or spins keeps its worker, and all connections of
 * that worker, for so long. When one does, standard error says which, with its layers and, unless
 * options.keep_signals or SIGURG is caught already, where the thread stands; the other workers
 * accept in its place; the server is not ready (cairn_http_server_is_ready), and the service
 * manager does not hear WATCHDOG=1 any more, for which it may wait (WATCHDOG_USEC). All that ends
 * when the worker turns again. A process that stood still as a whole does not count. Any thread.
 */
CAIRN_API bool cairn_http_server_is_healthy(const struct cairn_http_server *server);

/*
 * Starts a program that takes this one's place without losing a connection: it gets the listening
 * sockets (LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES, all "cairn"), and a server in it that asks for
 * the same address takes them. When all its workers listen, the service manager is told MAINPID,
 * and this server accepts no more and drains: for drain_delay_ms (5 s if that is 0) clients that
 * stay are asked to leave. Until then both accept. A program that is not of cairn writes a byte
 * into the descriptor that CAIRN_READY_FD names.
 *
 * ARGV ends with NULL; ARGV[0] is a path, or a name to be found in PATH. The program gets the
 * environment, no signal blocked or ignored, and of the descriptors those that are not closed on
 * exec.
 *
 * Returns NULL: it was started. If it ends before it is ready, or is not within ready_ms (1 to
 * 3600000; 0: 30 s), when it is killed, standard error says so and this server goes on. Else an
 * error owned by the caller: CAIRN_ERROR_INVALID, CAIRN_ERROR_SYSTEM, CAIRN_ERROR_MEMORY, or
 * CAIRN_ERROR_CONFLICT: one is being started already, the server is not ready, or
 * one of several processes.
 *
 * While cairn_http_server_run runs, on its thread: from options.on_signal.
 */
CAIRN_API struct cairn_error *cairn_http_server_hand_over(
    struct cairn_http_server *server, char *const argv[], uint64_t ready_ms);

/* Prints each worker's counters and stack. While it runs each worker prints its own, soon, one
 * after the other; after cairn_http_server_run the last state is printed at once. Any thread. OUT
 * is borrowed until the workers have printed, or the server is freed. */
CAIRN_API void cairn_http_server_print(struct cairn_http_server *server, FILE *out);

/* The sum of the workers' counters. After cairn_http_server_run. What was passed to the app or
 * refused has been answered whole, or not: requests + refused = responses + cancelled + detached.
 */
struct cairn_http_counters {
    uint64_t accepted;      /* connections */
    uint64_t requests;      /* passed to the app */
    uint64_t responses;     /* written whole */
    uint64_t refused;       /* answered by the server itself: bad, too large, too slow */
    uint64_t failed;        /* errors of the app that the server made into answers */
    uint64_t cancelled;     /* of requests and refused, not answered whole: the peer was gone or too
                             * slow, the server stopped, or the answer broke */
    uint64_t detached;      /* of requests, went on without their peer */
    uint64_t timeouts;      /* connections closed by a deadline */
    uint64_t waited;        /* requests that had to wait at the gate */
    uint64_t accept_pauses; /* times it stopped accepting for want of descriptors or room */
    uint64_t shed;          /* idle connections that were closed to make room for new ones */
    uint64_t crowded;       /* connections closed at once: their address had too many */
    uint64_t retired;       /* connections that ended for their age */
    uint64_t hangs;         /* times a worker did not turn for hang_ms */
};
CAIRN_API struct cairn_http_counters cairn_http_server_counters(
    const struct cairn_http_server *server);

/*
 * The whole of main: makes a server, says on standard error where it listens, runs it. Returns the
 * exit status: 0 after a drain, 128 and the number of the signal that did not wait for its end, 1
 * with the error on standard error. return cairn_http_serve(app, NULL, .port = 8080);
 *
 * With options.processes this process opens the sockets and begins the others, before which the
 * caller must have started no thread. They exit when their server ends, and this function returns
 * only here. One that dies is replaced at once, and what waits at its socket is served by its
 * successor; one that hangs is killed. One that lived for less than 5 s has its successor wait,
 * 100 ms at first, 2 s in the end. TERM, INT, USR2, and HUP and USR1 with on_signal, are passed on
 * to all. The service manager hears of all as of one. When one ends before all were ready, they all
 * do, and the exit status is its.
 */
#define cairn_http_serve(app, cx, ...)             \
    cairn_http_serve_with(app, cx,                 \
        &(const struct cairn_http_server_options){ \
            .size = sizeof(struct cairn_http_server_options), __VA_ARGS__})
CAIRN_API int cairn_http_serve_with(
    cairn_http_app *app, void *cx, const struct cairn_http_server_options *options);

CAIRN_END_DECLS

#endif
