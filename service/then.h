/* then.h - layers that go on with another future once the call is complete. Tower's Then and
 * AndThen. */
#ifndef CAIRN_SERVICE_THEN_H
#define CAIRN_SERVICE_THEN_H

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * Readiness passes through with its errors, and inner's room is free again when its own call is
 * complete: F's future is not part of it. TO is the type of the response that F's future gives
 * (NULL: the same). CX is the function's own pointer, borrowed until the last copy of the service
 * and the last of its futures are gone. F must not block. Its future drops a value that nobody
 * polls for: make it with cairn_future_ready_of where TO has a drop.
 *
 * Both work on any type and may be cloned. A call that is answered at once, and whose F gives a
 * complete future, allocates nothing. Invalid: no function. They count nothing.
 */

/* Goes on with F(p, outcome), whatever the outcome: p is READY or FAILED. F takes what OUT holds.
 */
CAIRN_API struct cairn_layer cairn_then(const struct cairn_type *to,
    struct cairn_future (*f)(void *cx, enum cairn_poll p, union cairn_outcome out), void *cx);

/* Goes on with F(response); an error passes. F takes the response. */
CAIRN_API struct cairn_layer cairn_and_then(
    const struct cairn_type *to, struct cairn_future (*f)(void *cx, void *response), void *cx);

CAIRN_END_DECLS

#endif
