/* async_filter.h - a filter whose predicate may wait. Tower's AsyncFilter. */
#ifndef CAIRN_LAYERS_ASYNC_FILTER_H
#define CAIRN_LAYERS_ASYNC_FILTER_H

#include <stddef.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * At each call the predicate takes the request and returns a future. Its value is the request that
 * inner gets, the same or another, and NULL is out of memory; when it fails the call fails with
 * that error, and inner is not called.
 *
 * While the predicate waits, the call keeps the reservation that inner has given it: the readied
 * inner service moves into the future, and a fresh copy takes its place. It is released when the
 * predicate rejects and when the call is given up. A few of the services that have done their part
 * are kept, so that calls that wait need no memory at steady state; a predicate that answers at
 * once needs none at all.
 *
 * Readiness, inner's errors and its response are inner's. Works on any type; may be cloned. Refused
 * (CAIRN_ERROR_TYPE): an inner service that cannot be cloned.
 * Invalid: no predicate. Counts: `passed` and `rejected`, in all copies; gauge `waiting`, calls
 * whose predicate is not complete.
 *
 * Place: as filter. A predicate that waits long keeps inner's room all that time: put what limits
 * outside of it, or around the predicate. A timeout outside of it bounds the predicate too.
 */
struct cairn_async_filter_options {
    size_t size;
    struct cairn_future (*predicate)(void *cx, void *request);
    void *cx;                      /* the predicate's own, borrowed until the last copy is gone */
    const struct cairn_type *from; /* of the requests it takes; NULL: inner's */
};

/* OPTIONS may be NULL, which is invalid: there is no predicate. */
CAIRN_API struct cairn_layer cairn_async_filter_layer(
    const struct cairn_async_filter_options *options);

/* cairn_async_filter(.predicate = may_enter, .cx = sessions) */
#define cairn_async_filter(...)                                          \
    cairn_async_filter_layer(&(const struct cairn_async_filter_options){ \
        .size = sizeof(struct cairn_async_filter_options), __VA_ARGS__})

/* The predicate alone: of SERVICE, whose outermost layer is an async_filter (else an assertion).
 * Takes REQUEST. It is not counted. */
CAIRN_API struct cairn_future cairn_async_filter_check(
    const struct cairn_service *service, void *request);

CAIRN_END_DECLS

#endif
