/* future.h - a value that is not there yet. After Rust's Box<dyn Future>, pooled, inline when
 * ready. */
#ifndef CAIRN_SERVICE_FUTURE_H
#define CAIRN_SERVICE_FUTURE_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/service/api.h>
#include <cairn/service/error.h>
#include <cairn/service/poll.h>
#include <cairn/service/task.h>
#include <cairn/service/type.h>

CAIRN_BEGIN_DECLS

/* One kind of future. Static const data. */
struct cairn_future_ops {
    const char *name;
    size_t size; /* bytes of the state */

    /* Moves on as far as it can. READY and FAILED fill OUT and are final. PENDING has stored the
     * waker of CX somewhere that will fire. Errors go up as they are. NULL in a future that wraps:
     * what the inner one says. */
    enum cairn_poll (*poll)(void *state, const struct cairn_context *cx, union cairn_outcome *out);

    /* Gives back all that the state holds: permit, timer, wait-list node, inner future. The core
     * calls it exactly once, after completion or when the future is given up, and frees the state.
     * It cannot fail, must not block and calls no user code. NULL: nothing to give back but the
     * inner future of one that wraps. */
    void (*drop)(void *state);

    /* Whether the state may be polled and dropped by another runtime than the one that made it. */
    bool send;
    /* Whether the state begins with the struct cairn_future it wraps. */
    bool wraps;
    /* How a value is dropped that was there at once (cairn_future_start, cairn_future_wrap) and
     * that nobody polled. NULL: it needs no drop, or is the inner future's own. */
    const struct cairn_type *type;
};

/*
 * Passed by value, owned by one holder. Lazy: it moves only when it is polled. All zero is the
 * empty future, which may be dropped and not polled.
 */
struct cairn_future {
    const struct cairn_future_ops *ops;
    void *state;
};

/* The ops of futures that carry their outcome in `state`. Compare, don't use. */
CAIRN_API extern const struct cairn_future_ops cairn__future_ready_ops;
CAIRN_API extern const struct cairn_future_ops cairn__future_failed_ops;

/* A future that is READY with VALUE. Allocates nothing. VALUE is not dropped with it: for values
 * that are borrowed, static, or in an arena. */
static inline struct cairn_future cairn_future_ready(void *value)
{
    struct cairn_future f;
    f.ops = &cairn__future_ready_ops;
    f.state = value;
    return f;
}

/* A future that has FAILED with ERROR. Takes ERROR. Allocates nothing. */
static inline struct cairn_future cairn_future_failed(struct cairn_error *error)
{
    struct cairn_future f;
    f.ops = &cairn__future_failed_ops;
    f.state = error;
    return f;
}

/* Ready with VALUE; failed with no memory where it is NULL, as what could not be made. */
static inline struct cairn_future cairn_future_ready_or_no_memory(void *value)
{
    return value ? cairn_future_ready(value) : cairn_future_failed(&cairn_error_no_memory);
}

/* A future that is READY with VALUE and drops it as TYPE says if nobody polls. Takes VALUE. Costs a
 * box only where TYPE has a drop. Without memory VALUE is dropped and the future has failed. */
CAIRN_API struct cairn_future cairn_future_ready_of(const struct cairn_type *type, void *value);

/*
 * A future whose state is a copy of *STATE in a box of the running runtime's pool. Takes what STATE
 * holds: without memory it is dropped through ops->drop and the future has failed with
 * cairn_error_no_memory.
 */
CAIRN_API struct cairn_future cairn_future_box(
    const struct cairn_future_ops *ops, const void *state);

/*
 * The future of a layer: STATE begins with the inner future, and ops->wraps is set. When the inner
 * one is complete, the state is polled once where it stands and an inline future comes back,
 * without a box.
 *
 * That poll has a context without a task: it cannot wait. Everything of cairn that waits (sleep,
 * semaphore, channel, a boxed future) then answers PENDING and leaves its state alone, so that the
 * state can still move; the poll answers PENDING too, is boxed, and is polled again. A wait list of
 * your own asks cairn_context_can_wait first. Hence the one rule: arm timers and join wait lists in
 * poll, never in call.
 */
static inline struct cairn_future cairn_future_wrap(
    const struct cairn_future_ops *ops, void *state);

/*
 * The same for a state that may begin at once though it wraps no complete future: it is polled
 * where it stands, and boxed if it is PENDING. What async functions use.
 */
CAIRN_API struct cairn_future cairn_future_start(const struct cairn_future_ops *ops, void *state);

/* Whether a poll with CX may store a waker. */
static inline bool cairn_context_can_wait(const struct cairn_context *cx)
{
    return cx->task != 0;
}

static inline bool cairn_future_is_empty(const struct cairn_future *f)
{
    return f->ops == 0;
}

/* Whether the outcome is there without a poll. */
static inline bool cairn_future_is_complete(const struct cairn_future *f)
{
    return f->ops == &cairn__future_ready_ops || f->ops == &cairn__future_failed_ops;
}

CAIRN_API enum cairn_poll cairn__future_poll_box(
    struct cairn_future *f, const struct cairn_context *cx, union cairn_outcome *out);
CAIRN_API void cairn__future_drop_box(struct cairn_future *f);

/*
 * Polls F. On READY and FAILED its state has been dropped, its box is back in the pool and F is
 * empty before this returns; what was in OUT belongs to the caller. Polling an empty future is a
 * programming error, and so is polling on another runtime than the one that made it, unless
 * ops->send says that it may move.
 */
static inline enum cairn_poll cairn_future_poll(
    struct cairn_future *f, const struct cairn_context *cx, union cairn_outcome *out)
{
    if (f->ops == &cairn__future_ready_ops) {
        out->value = f->state;
        f->ops = 0;
        return CAIRN_READY;
    }
    return cairn__future_poll_box(f, cx, out);
}

/* Gives F up and empties it. An empty one: nothing. This is how everything is cancelled. */
static inline void cairn_future_drop(struct cairn_future *f)
{
    if (f->ops)
        cairn__future_drop_box(f);
}

/* Moves the future out, leaves F empty. */
static inline struct cairn_future cairn_future_take(struct cairn_future *f)
{
    struct cairn_future taken = *f;
    f->ops = 0;
    return taken;
}

CAIRN_API const struct cairn_context *cairn__future_spot(void) CAIRN_CONST;

/* In line, because there the compiler knows OPS: what a poll and a drop do with an inner future
 * that is complete is then a few instructions in the layer's call. */
static inline struct cairn_future cairn_future_wrap(const struct cairn_future_ops *ops, void *state)
{
    struct cairn_future *inner = (struct cairn_future *)state;
    union cairn_outcome out;
    enum cairn_poll p;
    if (!cairn_future_is_complete(inner))
        return cairn_future_box(ops, state);
    if (ops->poll)
        p = ops->poll(state, cairn__future_spot(), &out);
    else
        p = cairn_future_poll(inner, cairn__future_spot(), &out);
    if (p == CAIRN_PENDING)
        return cairn_future_box(ops, state);
    if (ops->drop)
        ops->drop(state);
    else
        cairn_future_drop(inner);
    if (p == CAIRN_FAILED)
        return cairn_future_failed(out.error);
    return ops->type ? cairn_future_ready_of(ops->type, out.value) : cairn_future_ready(out.value);
}

/* NULL when F may be polled by another runtime; else the name of the future inside it that may not.
 */
CAIRN_API const char *cairn_future_not_send(const struct cairn_future *f);

CAIRN_END_DECLS

#endif
