/* task.h - what is polled and can be woken: task, waker, context. After Rust's core::task. */
#ifndef CAIRN_SERVICE_TASK_H
#define CAIRN_SERVICE_TASK_H

#include <stdbool.h>

#include <cairn/service/api.h>

CAIRN_BEGIN_DECLS

struct cairn_runtime;
struct cairn_task;

/*
 * A task is a unit of work with one runtime: it is run when it was woken, and at no other time.
 * Spawned futures and HTTP connections are tasks; embed one to make another kind.
 *
 * It is counted. While it waits in a run queue, and for each waker that points to it, it stays
 * alive.
 */
struct cairn_task_ops {
    const char *name;
    /* On the task's own runtime, once for one or more wakes. */
    void (*run)(struct cairn_task *self);
    /* The last reference is gone: frees what embeds the task. May be called on any thread that held
     * a waker. NULL: nothing to free. */
    void (*free)(struct cairn_task *self);
    /* In place of the run queue, for a task without a runtime (a test harness): the task was woken,
     * on whatever thread. NULL: it is queued. */
    void (*woken)(struct cairn_task *self);
};

/* The fields are the core's. */
struct cairn_task {
    const struct cairn_task_ops *ops;
    struct cairn_runtime *runtime;
    struct cairn_task *next;
    unsigned references;
    unsigned is_queued;
};

/* What a poll is given. `task` is NULL in a poll that cannot wait (see cairn_future_wrap). */
struct cairn_context {
    struct cairn_task *task;
    struct cairn_runtime *runtime;
};

/* Begins with one reference, the caller's. RUNTIME may be NULL where ops->woken is set. */
CAIRN_API void cairn_task_init(
    struct cairn_task *task, const struct cairn_task_ops *ops, struct cairn_runtime *runtime);
CAIRN_API struct cairn_task *cairn_task_ref(struct cairn_task *task);
CAIRN_API void cairn_task_unref(struct cairn_task *task);

/* Has the task run soon: at the end of the running turn of its loop on its own thread, or as soon
 * as its loop wakes from any other. Waking a task that is queued already does nothing. */
CAIRN_API void cairn_task_wake(struct cairn_task *task);

/*
 * Whom to wake. Zero is an empty one. Each keeps its task alive; set, wake and clear of one waker
 * must not overlap, but may be on different threads.
 */
struct cairn_waker {
    struct cairn_task *task;
};

/* Stores the task of CX in place of what was there. Cheap when it is the same task again. */
CAIRN_API void cairn_waker_set(struct cairn_waker *waker, const struct cairn_context *cx);
/* Wakes the task, if there is one, and empties the waker. Returns whether there was one. */
CAIRN_API bool cairn_wake(struct cairn_waker *waker);
/* Empties the waker without a wake. */
CAIRN_API void cairn_waker_clear(struct cairn_waker *waker);
/* Moves the task out, leaves the waker empty: for waking outside a lock. */
static inline struct cairn_waker cairn_waker_take(struct cairn_waker *waker)
{
    struct cairn_waker taken = *waker;
    waker->task = 0;
    return taken;
}

CAIRN_END_DECLS

#endif
