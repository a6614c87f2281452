/* watchdog.h - a thread that sees when a worker's loop does not turn any more. Internal. */
#ifndef CAIRN_HTTP_WATCHDOG_H
#define CAIRN_HTTP_WATCHDOG_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <cairn/service/error.h>

/* What a process that hangs says to its supervisor, in words of sd_notify(3). */
#define CAIRN__WATCHDOG_TRIGGER "WATCHDOG=trigger"

struct cairn_http_server;
struct cairn_runtime;
struct cairn_service;

/* The names of a worker's layers, outermost first, as far as they fit. */
#define CAIRN__WATCHED_LAYERS 256

/* One worker. All but the atomics is under the watchdog's mutex. */
struct cairn__watched {
    struct cairn_runtime *runtime; /* NULL: it does not run */
    pthread_t thread;
    uint64_t beat;     /* of the runtime when it was looked at last */
    uint64_t since_ns; /* when it was seen so first */
    bool is_quiet;     /* it slept then, and had slept since the look before */
    uint64_t hangs;    /* atomic, as the next */
    bool is_hung;
    char layers[CAIRN__WATCHED_LAYERS];
};

/* Zero is one that was never opened. */
struct cairn__watchdog {
    struct cairn_http_server *server;
    struct cairn__watched *workers;
    unsigned count;
    bool is_supervised; /* by a process that is to replace this one when it hangs */
    bool traces;        /* the stuck thread is asked where it stands */
    uint64_t hang_ns;
    uint64_t period_ns; /* between two looks */
    uint64_t notify_ns; /* between two notifications; 0: nobody waits for them */
    uint64_t looked_ns; /* when it last did */
    bool naps;          /* all workers sleep, and each tells when it turns */
    uint64_t notified_ns;
    unsigned hung; /* workers that hang now; atomic */
    bool is_running;
    bool is_stopping; /* atomic */
    int wake_fd;
    pthread_t thread;
    pthread_mutex_t mutex;
};

/* Returns NULL, or an error owned by the caller; close it either way. */
struct cairn_error *cairn__watchdog_open(
    struct cairn__watchdog *self, struct cairn_http_server *server, unsigned count);
void cairn__watchdog_close(struct cairn__watchdog *self);

/* For the time in which the server runs. HANG_MS as in the options. KEEP_SIGNALS: no thread is sent
 * one, and the service manager hears nothing. Returns NULL, or an error owned by the caller. */
struct cairn_error *cairn__watchdog_start(
    struct cairn__watchdog *self, uint64_t hang_ms, bool keep_signals);
void cairn__watchdog_stop(struct cairn__watchdog *self);

/* What the thread does: the periods out of the options and the environment, then a turn for each
 * period, and none while it naps. */
void cairn__watchdog_plan(struct cairn__watchdog *self, uint64_t hang_ms, bool keep_signals);
void cairn__watchdog_turn(struct cairn__watchdog *self, uint64_t now_ns);

/* How long the service manager goes without a word from this process; 0: for ever. */
uint64_t cairn__watchdog_granted_ns(void);

/* On the worker's thread, when its loop begins, and before it ends. */
void cairn__watchdog_watch(struct cairn__watchdog *self, unsigned index,
    struct cairn_runtime *runtime, const struct cairn_service *app);
void cairn__watchdog_unwatch(struct cairn__watchdog *self, unsigned index);

/* Any thread. */
bool cairn__watchdog_is_hung(const struct cairn__watchdog *self, unsigned index);
bool cairn__watchdog_is_well(const struct cairn__watchdog *self);
uint64_t cairn__watchdog_hangs(const struct cairn__watchdog *self, unsigned index);

/* backtrace.c: where a thread stands, on standard error, by a signal (SIGURG) to it. */

/* Returns false when somebody else has the signal. */
bool cairn__backtrace_open(void);
/* Lets the signal come to the calling thread. */
void cairn__backtrace_allow(void);
/* Waits a moment for it to be written. */
void cairn__backtrace_ask(pthread_t thread);

#endif
