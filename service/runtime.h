/* runtime.h - one thread with its loop: run queue, timers, box pool. */
#ifndef CAIRN_SERVICE_RUNTIME_H
#define CAIRN_SERVICE_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include <cairn/service/api.h>
#include <cairn/service/error.h>
#include <cairn/service/future.h>

CAIRN_BEGIN_DECLS

struct event_base;
struct cairn_runtime;

/* Where time comes from; monotonic nanoseconds. Read once a turn of the loop. */
struct cairn_clock {
    uint64_t (*now_ns)(const struct cairn_clock *self);
};

struct cairn_runtime_options {
    /* An event base of yours to live on: its loop drives the runtime, and cairn_runtime_run is not
     * used. Borrowed until cairn_runtime_free. NULL: a base of its own. */
    struct event_base *base;
    /* NULL: CLOCK_MONOTONIC. With another clock no time passes by itself: timers fire in
     * cairn_runtime_turn. Borrowed until cairn_runtime_free. */
    const struct cairn_clock *clock;
};

/*
 * Makes the runtime of the calling thread. OPTIONS may be NULL. Returns it, owned by the caller, or
 * NULL with *ERROR set: CAIRN_ERROR_RUNTIME when this thread has a runtime already,
 * CAIRN_ERROR_MEMORY, CAIRN_ERROR_SYSTEM.
 */
CAIRN_API struct cairn_runtime *cairn_runtime_new(
    const struct cairn_runtime_options *options, struct cairn_error **error);
/* Drops what was spawned and has not ended, then all else. On its own thread. NULL: nothing. */
CAIRN_API void cairn_runtime_free(struct cairn_runtime *runtime);

/* The runtime of the calling thread, or NULL. */
CAIRN_API struct cairn_runtime *cairn_runtime_current(void);
/* The base it runs on, owned by the runtime or by whoever lent it. */
CAIRN_API struct event_base *cairn_runtime_base(struct cairn_runtime *runtime);

/* The time of this turn of the loop: one clock read a turn, however often it is asked for. */
CAIRN_API uint64_t cairn_runtime_now_ns(struct cairn_runtime *runtime);
CAIRN_API uint64_t cairn_runtime_now_ms(struct cairn_runtime *runtime);
/* The first whole millisecond of its clock at which AFTER_MS have passed: for timers that must not
 * be early. */
CAIRN_API uint64_t cairn_runtime_deadline_ms(struct cairn_runtime *runtime, uint64_t after_ms);

/* Runs until cairn_runtime_stop. */
CAIRN_API void cairn_runtime_run(struct cairn_runtime *runtime);
/* Makes cairn_runtime_run return after the running turn. Any thread. */
CAIRN_API void cairn_runtime_stop(struct cairn_runtime *runtime);
/* One turn without waiting: ready events, due timers, woken tasks. Returns whether tasks or due
 * timers are left for the next one: a turn runs 1024 tasks and fires 256 timers at most. */
CAIRN_API bool cairn_runtime_turn(struct cairn_runtime *runtime);

/*
 * Drives FUTURE to its end on the calling thread's runtime and returns READY or FAILED with OUT
 * filled. Takes FUTURE. Not from within a task: that is a programming error.
 */
CAIRN_API enum cairn_poll cairn_block_on(
    struct cairn_runtime *runtime, struct cairn_future future, union cairn_outcome *out);

/*
 * Spawns FUTURE as a task of RUNTIME, which may be another thread's. Takes FUTURE, also on failure.
 * Its value is dropped as TYPE says (NULL: no drop), its error is let go.
 *
 * Returns NULL, or an error owned by the caller: CAIRN_ERROR_SEND when RUNTIME is another thread's
 * and the future may not move, naming the part that may not; CAIRN_ERROR_MEMORY.
 */
CAIRN_API struct cairn_error *cairn_spawn(
    struct cairn_runtime *runtime, struct cairn_future future, const struct cairn_type *type);

/*
 * The same, and a future that gives the outcome: READY with the value, or FAILED. It may be polled
 * on any one runtime. Dropping it aborts the task: the spawned future is dropped on its own thread,
 * soon. It fails with CAIRN_ERROR_CANCELLED when RUNTIME ends first.
 */
CAIRN_API struct cairn_future cairn_spawn_join(
    struct cairn_runtime *runtime, struct cairn_future future, const struct cairn_type *type);

/* Tasks spawned on RUNTIME that have not ended. Own thread only. */
CAIRN_API unsigned cairn_runtime_tasks(const struct cairn_runtime *runtime);

CAIRN_END_DECLS

#endif
