/* runtime_core.h - what the files of the runtime share. Internal. */
#ifndef CAIRN_SERVICE_RUNTIME_CORE_H
#define CAIRN_SERVICE_RUNTIME_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include <cairn/service/box.h>
#include <cairn/service/loop.h>
#include <cairn/service/runtime.h>
#include <cairn/service/wheel.h>

/* Tasks run, and timers fired, in one turn before input and output get their chance again. A timer
 * of a connection closes it, which costs more than most tasks. */
#define CAIRN__TURN_BUDGET 1024
#define CAIRN__TIMER_BUDGET 256

/* A loop that is late by this much has stood still: the process was stopped, its machine was, or a
 * task did not come back. All that was to happen meanwhile is due at once then, and what came in
 * goes before what has run out, for as many turns at most. */
#define CAIRN__LATE_MS 100
#define CAIRN__LATE_TURNS 16

struct cairn__spawned;

/* Counted: tasks keep the struct alive, so that a wake from another thread never meets freed
 * memory. */
struct cairn_runtime {
    unsigned references;
    uint64_t beat;   /* odd while a turn runs, one more at each begin and end; atomic */
    bool tells_turn; /* the next turn is told of when it begins, once; atomic */
    void (*turn_begins)(void *cx);
    void *turn_cx;
    bool is_running; /* tasks and timers, now */
    bool is_stopping;
    bool has_io;         /* something could be read or written in this turn */
    unsigned late_turns; /* in which timers that are late were held back */
    uint64_t now_ns;
    const struct cairn_clock *clock;
    struct cairn_task *queue; /* woken tasks, oldest first */
    struct cairn_task **queue_end;
    struct cairn_task *inbox; /* tasks woken by other threads, latest first; atomic */
    struct cairn__spawned *spawned;
    unsigned spawned_count;
    struct cairn__wheel wheel;
    struct cairn__box_pool boxes;
    struct cairn__loop loop;
};

/* The runtime of this thread. initial-exec: read in one instruction, also from the shared library.
 */
extern _Thread_local struct cairn_runtime *cairn__current
    __attribute__((tls_model("initial-exec")));

/* The context of a poll that cannot wait, on this thread. */
extern _Thread_local struct cairn_context cairn__spot __attribute__((tls_model("initial-exec")));

/* Boxes of this thread's runtime. */
static inline void *cairn__state_new(size_t size)
{
    struct cairn_runtime *runtime = cairn__current;
    return cairn__box_new(runtime, runtime ? &runtime->boxes : NULL, size);
}

static inline void cairn__state_free(void *state, size_t size)
{
    struct cairn_runtime *runtime = cairn__current;
    cairn__box_free(runtime ? &runtime->boxes : NULL, state, size);
}

struct cairn_runtime *cairn__runtime_ref(struct cairn_runtime *runtime);
void cairn__runtime_unref(struct cairn_runtime *runtime);

/* How far the loop is, for a watchdog on another thread: one that does not change while it is of a
 * turn means that the turn does not come to its end. */
static inline uint64_t cairn__runtime_beat(const struct cairn_runtime *runtime)
{
    return __atomic_load_n(&runtime->beat, __ATOMIC_RELAXED);
}
static inline bool cairn__runtime_beat_is_turn(uint64_t beat)
{
    return beat & 1;
}
/* Before the loop runs: whom cairn__runtime_tell_turn has told. TURN_BEGINS is called on the
 * runtime's thread. */
static inline void cairn__runtime_set_teller(
    struct cairn_runtime *runtime, void (*turn_begins)(void *cx), void *cx)
{
    runtime->turn_begins = turn_begins;
    runtime->turn_cx = cx;
}
/* Has the next turn told of, from any thread. One that begins in this moment may not be. */
static inline void cairn__runtime_tell_turn(struct cairn_runtime *runtime, bool is_wanted)
{
    __atomic_store_n(&runtime->tells_turn, is_wanted, __ATOMIC_RELAXED);
}
static inline bool cairn__runtime_tells_turn(const struct cairn_runtime *runtime)
{
    return __atomic_load_n(&runtime->tells_turn, __ATOMIC_RELAXED);
}
static inline bool cairn__runtime_is_in_turn(const struct cairn_runtime *runtime)
{
    return cairn__runtime_beat_is_turn(runtime->beat);
}

/* Begins a turn of the loop, unless one is running: reads the clock, and has the end of the turn
 * run the woken tasks. Every callback of the loop calls it first. */
void cairn__runtime_enter(struct cairn_runtime *runtime);
/* cairn_runtime_now_ns, in line. */
static inline uint64_t cairn__runtime_now_ns(struct cairn_runtime *runtime)
{
    if (CAIRN_UNLIKELY(!cairn__runtime_is_in_turn(runtime)))
        cairn__runtime_enter(runtime);
    return runtime->now_ns;
}
static inline uint64_t cairn__runtime_now_ms(struct cairn_runtime *runtime)
{
    return cairn__runtime_now_ns(runtime) / 1000000;
}
/* The same, because a descriptor can be read or written. */
static inline void cairn__runtime_enter_io(struct cairn_runtime *runtime)
{
    runtime->has_io = true;
    cairn__runtime_enter(runtime);
}

/* Queues a task, of which it takes one reference. From the runtime's own thread, and from others.
 */
void cairn__runtime_push(struct cairn_runtime *runtime, struct cairn_task *task);
/* Returns false, and takes nothing, when the runtime has ended. */
bool cairn__runtime_send(struct cairn_runtime *runtime, struct cairn_task *task);

/* Lists a task that another thread has spawned and that was never run; any other task: nothing. */
void cairn__spawned_adopt(struct cairn_task *task);
/* Drops every listed future that has not ended. */
void cairn__spawned_abort_all(struct cairn_runtime *runtime);

#endif
