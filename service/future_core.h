/* future_core.h - futures that are complete, taken apart and put together. Internal.
 *
 * A layer whose inner service has answered at once does in call what its future would do, without
 * one:
 *
 *     struct cairn_future inner = cairn_service_call(base->inner, req);
 *     union cairn_outcome out;
 *     enum cairn_poll p = cairn__future_outcome(&inner, &out);
 *     if (p != CAIRN_PENDING)
 *         return cairn__future_of(x_settle(self, p, &out), &out);
 */
#ifndef CAIRN_SERVICE_FUTURE_CORE_H
#define CAIRN_SERVICE_FUTURE_CORE_H

#include <cairn/service/future.h>

/* Takes the outcome out of F if it is complete. PENDING: it is not, and stays as it is. */
static inline enum cairn_poll cairn__future_outcome(
    struct cairn_future *f, union cairn_outcome *out)
{
    if (f->ops == &cairn__future_ready_ops) {
        out->value = cairn_future_take(f).state;
        return CAIRN_READY;
    }
    if (f->ops == &cairn__future_failed_ops) {
        out->error = cairn_future_take(f).state;
        return CAIRN_FAILED;
    }
    return CAIRN_PENDING;
}

/* The future of READY or FAILED with OUT. A value is not dropped with it: see cairn_future_ready.
 */
static inline struct cairn_future cairn__future_of(
    enum cairn_poll p, const union cairn_outcome *out)
{
    return p == CAIRN_READY ? cairn_future_ready(out->value) : cairn_future_failed(out->error);
}

#endif
