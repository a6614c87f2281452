/* async.h - async functions: a frame that stops at an await and goes on from there. The one header
 * with control-flow macros. */
#ifndef CAIRN_SERVICE_ASYNC_H
#define CAIRN_SERVICE_ASYNC_H

#include <cairn/service/assert.h>
#include <cairn/service/future.h>

CAIRN_BEGIN_DECLS

/*
 * An async function is a frame (a struct of your locals that begins with struct cairn_async), a
 * body, and a static const struct cairn_future_ops that names both:
 *
 *     struct greet { struct cairn_async async; const char *id; struct user *user; };
 *
 *     static enum cairn_poll greet_poll(void *state, const struct cairn_context *cx,
 *         union cairn_outcome *out)
 *     {
 *         struct greet *self = state;
 *         CAIRN_ASYNC_BEGIN(self, cx, out);
 *         CAIRN_AWAIT(find_user(self->id), self->user);
 *         CAIRN_ASYNC_RETURN(greeting_of(self->user));
 *         CAIRN_ASYNC_END();
 *     }
 *
 *     static void greet_drop(void *state)
 *     {
 *         struct greet *self = state;
 *         cairn_async_drop(&self->async);
 *         user_free(self->user);
 *     }
 *
 *     return cairn_future_start(&greet_ops, &(struct greet){.id = id});
 *
 * The rules:
 * - Locals do not survive an await: what must is a field of the frame.
 * - ops->drop is the one place for clean-up. It runs exactly once: after a return, a failure, or
 * when the future is dropped while it waits. It calls cairn_async_drop first.
 * - An await stands at statement level, one to a line, and not inside a switch of your own.
 * - A frame that cairn_future_start runs at once may move until its first wait: keep no pointer
 * into it before that. One that awaits what borrows a field of its own (cairn_stream_next of a
 * stream in it) is made by cairn_future_box, and does not move.
 */
struct cairn_async {
    struct cairn_future awaited;
    int line;                 /* where to go on; 0: at the beginning */
    enum cairn_poll p;        /* how the last CAIRN_AWAIT_CATCH ended */
    union cairn_outcome last; /* and with what */
    const char *guard;        /* the guard that is held, for the check below; NULL: none */
};

/* Drops the future that is being awaited. For ops->drop. */
CAIRN_API void cairn_async_drop(struct cairn_async *async);

/*
 * Guards. Between hold and unhold the function holds something, say a lock, that must not be kept
 * over a wait: to wait then is a programming error, and the assertion names the guard. One at a
 * time.
 */
CAIRN_API void cairn_async_hold(struct cairn_async *async, const char *guard);
CAIRN_API void cairn_async_unhold(struct cairn_async *async);
CAIRN_API void cairn__async_check(const struct cairn_async *async);

#if defined(__GNUC__) && !defined(__clang__)
#define CAIRN__FALLTHROUGH __attribute__((fallthrough))
#elif defined(__clang__)
#define CAIRN__FALLTHROUGH __attribute__((fallthrough))
#else
#define CAIRN__FALLTHROUGH ((void)0)
#endif

/* The body begins. SELF, CX and OUT are evaluated once each. */
#define CAIRN_ASYNC_BEGIN(self, cx, out)                     \
    struct cairn_async *const cairn__async = &(self)->async; \
    const struct cairn_context *const cairn__cx = (cx);      \
    union cairn_outcome *const cairn__out = (out);           \
    switch (cairn__async->line) {                            \
    case 0:

/* The body ends; falling off it is READY with no value. */
#define CAIRN_ASYNC_END()  \
    }                      \
    cairn__out->value = 0; \
    return CAIRN_READY

/* Ends with a value, or with an error, which it gives away. */
#define CAIRN_ASYNC_RETURN(result)    \
    do {                              \
        cairn__out->value = (result); \
        return CAIRN_READY;           \
    } while (0)
#define CAIRN_ASYNC_FAIL(failure)      \
    do {                               \
        cairn__out->error = (failure); \
        return CAIRN_FAILED;           \
    } while (0)

/* Awaits FUTURE whatever its outcome: self->async.p is READY or FAILED, self->async.last what came.
 */
#define CAIRN_AWAIT_CATCH(future)                                                      \
    do {                                                                               \
        cairn__async->awaited = (future);                                              \
        cairn__async->line = __LINE__;                                                 \
        CAIRN__FALLTHROUGH;                                                            \
    case __LINE__:                                                                     \
        cairn__async->p =                                                              \
            cairn_future_poll(&cairn__async->awaited, cairn__cx, &cairn__async->last); \
        if (cairn__async->p == CAIRN_PENDING) {                                        \
            cairn__async_check(cairn__async);                                          \
            return CAIRN_PENDING;                                                      \
        }                                                                              \
    } while (0)

/* Awaits FUTURE and stores its value in LVALUE, a pointer. Its failure ends the function with it.
 */
#define CAIRN_AWAIT(future, lvalue)                     \
    do {                                                \
        CAIRN_AWAIT_CATCH(future);                      \
        if (cairn__async->p == CAIRN_FAILED)            \
            CAIRN_ASYNC_FAIL(cairn__async->last.error); \
        (lvalue) = cairn__async->last.value;            \
    } while (0)

/* The same where the value is not wanted. */
#define CAIRN_AWAIT_DONE(future)                        \
    do {                                                \
        CAIRN_AWAIT_CATCH(future);                      \
        if (cairn__async->p == CAIRN_FAILED)            \
            CAIRN_ASYNC_FAIL(cairn__async->last.error); \
    } while (0)

CAIRN_END_DECLS

#endif
