/* hedge.h - sends a second copy of a call that takes long. Tower's Hedge. */
#ifndef CAIRN_LAYERS_HEDGE_H
#define CAIRN_LAYERS_HEDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * The call is sent at once, and a copy of its request is kept. When it has not been answered after
 * the time in which `percentile` of the calls of the last period were, the copy is sent as well,
 * through a clone of inner that has been polled ready. Whichever is complete first, value or error,
 * is the outcome, the original when both are; the other is dropped. So a few calls that hit
 * something slow cost no more than a few percent of calls made twice.
 *
 * The delay comes from a histogram of the calls that succeeded: of the time from the call to its
 * answer, whichever of the two gave it, rounded up to a millisecond. There is no second copy while
 * the last full period has fewer than `min_data_points` of them, when the policy can make no copy
 * of the request, when it says no after the delay, when the clone's readiness fails, or when there
 * is no memory for it: the call then goes on as it is.
 *
 * Readiness, errors and types are inner's. Room inside is taken for the second copy only when it is
 * sent. May be cloned; copies share the histogram.
 *
 * Refused when the stack is built: a request type that cannot be cloned, unless `clone_request` is
 * set; an inner service that cannot be cloned. Invalid: percentile or period_ms out of range.
 * Counts: `hedges` (second copies sent), `won` (second copies that answered first), `delay` (what a
 * call would now wait, 0: no second copy), `data_points` (of the last full period).
 *
 * Place: outside of the balancer, so that the second copy may go somewhere else; inside of retry.
 * Only for requests that may be carried out twice. An error from either side is the outcome, so
 * what sheds does not belong inside.
 */
struct cairn_hedge_options {
    size_t size;
    double percentile;        /* above 0, to 1; 0: 0.95 */
    uint64_t min_data_points; /* 0: 20 */
    uint64_t period_ms;       /* 1 to 3600000 (an hour); 0: 10000 */
    /* The policy. CX is its own pointer, borrowed until the last copy and the last call are gone.
     *
     * A copy of REQUEST to send later, or NULL: none. NULL here: TYPE's clone. */
    void *(*clone_request)(void *cx, const struct cairn_type *type, const void *request);
    /* Asked after the delay whether to send REQUEST, the copy. NULL: always. */
    bool (*can_retry)(void *cx, const void *request);
    void *policy_cx;
};

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_hedge_layer(const struct cairn_hedge_options *options);

/* cairn_hedge(.percentile = 0.99) */
#define cairn_hedge(...)                                   \
    cairn_hedge_layer(&(const struct cairn_hedge_options){ \
        .size = sizeof(struct cairn_hedge_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
