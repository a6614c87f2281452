/* blocking.h - a bounded pool of threads for work that blocks; the result is a future. */
#ifndef CAIRN_SERVICE_BLOCKING_H
#define CAIRN_SERVICE_BLOCKING_H

#include <stddef.h>

#include <cairn/service/future.h>

CAIRN_BEGIN_DECLS

struct cairn_blocking_pool;

struct cairn_blocking_options {
    size_t size;
    size_t threads;   /* 1 to 1024; 0: 4. Started as work comes, kept until the pool is freed. */
    size_t max_queue; /* work that waits for a thread, 1 to 1048576; 0: 1024 */
};

/* Returns a pool owned by the caller, which any runtime may use, or NULL with *ERROR set
 * (CAIRN_ERROR_INVALID names the option and its range, CAIRN_ERROR_MEMORY). */
CAIRN_API struct cairn_blocking_pool *cairn_blocking_pool_new(
    const struct cairn_blocking_options *options, struct cairn_error **error);
/* Cancels what is queued, waits for what runs, ends the threads. NULL: nothing. */
CAIRN_API void cairn_blocking_pool_free(struct cairn_blocking_pool *pool);

/* One kind of work. Static const data. */
struct cairn_blocking_ops {
    const char *name;
    size_t size; /* bytes of the state */
    /* On a thread of the pool. Returns READY or FAILED and fills OUT. */
    enum cairn_poll (*run)(void *state, union cairn_outcome *out);
    /* Exactly once: after run, or in its place when the work was cancelled before it began. On the
     * pool's thread or the caller's. NULL: nothing. */
    void (*drop)(void *state);
    /* How a value is dropped that nobody takes. NULL: no drop. */
    const struct cairn_type *type;
};

/*
 * A future of what ops->run gives for a copy of *STATE. Takes what STATE holds. The work is queued
 * now. Dropping the future cancels: queued work never runs; work that runs is left to end, and its
 * value is dropped. It fails with CAIRN_ERROR_OVERLOADED when the queue is full, CAIRN_ERROR_CLOSED
 * when the pool is being freed, CAIRN_ERROR_MEMORY.
 */
CAIRN_API struct cairn_future cairn_blocking(
    struct cairn_blocking_pool *pool, const struct cairn_blocking_ops *ops, const void *state);

/* How many wait for a thread, and how many run now. Any thread. */
CAIRN_API size_t cairn_blocking_pool_queued(struct cairn_blocking_pool *pool);
CAIRN_API size_t cairn_blocking_pool_running(struct cairn_blocking_pool *pool);

CAIRN_END_DECLS

#endif
