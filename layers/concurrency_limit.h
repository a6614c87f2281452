/* concurrency_limit.h - bounds the calls that run at a time. Tower's ConcurrencyLimit. */
#ifndef CAIRN_LAYERS_CONCURRENCY_LIMIT_H
#define CAIRN_LAYERS_CONCURRENCY_LIMIT_H

#include <stddef.h>

#include <cairn/layers/call_end.h>
#include <cairn/service/layer.h>
#include <cairn/service/semaphore.h>

CAIRN_BEGIN_DECLS

/*
 * Not ready while `max` permits are out. It waits, first come first served, and never refuses: one
 * permit that comes back wakes one waiter. Readiness takes the permit, then polls inner, and keeps
 * the permit while inner is pending; a failure of inner's readiness gives it back. The call moves
 * it into the response future, and it is back when that future completes or is dropped. So an
 * answer that nobody collects keeps its permit. With `until` an answer keeps it until its call has
 * ended as that knows it: for HTTP until the body has ended. A call that fails, or is given up, has
 * ended then.
 *
 * Copies share the limit, but not a permit: a handle that is ready and does not call keeps one from
 * the others until it is released or dropped.
 *
 * Errors and types are inner's; with `until` an answer for which there is no memory is dropped, and
 * the call fails with CAIRN_ERROR_MEMORY. Works on any type; may be cloned.
 * Invalid: max out of range, or max and semaphore both set. Refused: `until` around a service of
 * other responses.
 * Counts: `in_flight` (permits out: calls, and handles that are ready), `waiting`. With a semaphore
 * of yours `available` takes the place of `in_flight`.
 *
 * Place: inside of load_shed, which turns the wait into a refusal; outside of what it protects.
 * With `until` outside of retry: an answer that retry throws away has ended only with its exchange.
 */
struct cairn_concurrency_limit_options {
    size_t size;
    size_t max; /* 1 to 1048576; 0: 1024 */
    /* Permits to take in place of `max` of its own, for one limit over several services of one
     * runtime; one with no permits is never ready. Borrowed until the last application; each
     * service then counts as an owner. NULL: every application makes its own. */
    struct cairn_semaphore *semaphore;
    const struct cairn_call_end *until; /* NULL: with the response. &cairn_http_body_end */
};

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_concurrency_limit_layer(
    const struct cairn_concurrency_limit_options *options);

/* cairn_concurrency_limit(.max = 64) */
#define cairn_concurrency_limit(...)                                               \
    cairn_concurrency_limit_layer(&(const struct cairn_concurrency_limit_options){ \
        .size = sizeof(struct cairn_concurrency_limit_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
