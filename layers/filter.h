/* filter.h - lets a predicate look at each request, change it, or reject it. Tower's Filter. */
#ifndef CAIRN_LAYERS_FILTER_H
#define CAIRN_LAYERS_FILTER_H

#include <stddef.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * At each call the predicate takes the request and returns the one that inner gets, the same or
 * another; or NULL with *ERROR set, which it gives away: the call then fails with that error, and
 * inner is not called but released, so that its room is there for the next call of this copy or
 * another. NULL without an error is out of memory. The predicate must not block; one that has to
 * wait is async_filter's.
 *
 * Readiness, inner's errors and its response are inner's. Works on any type; may be cloned. Nothing
 * is allocated at a call.
 * Invalid: no predicate. Counts: `passed` and `rejected`, in all copies.
 *
 * Place: inside of what shall see the rejections (access_log, error_to_response), outside of what a
 * rejected request shall not use up: retry, rate_limit. What limits inside has no room taken by
 * rejected requests, but they wait for it as all do.
 */
struct cairn_filter_options {
    size_t size;
    void *(*predicate)(void *cx, void *request, struct cairn_error **error);
    void *cx;                      /* the predicate's own, borrowed until the last copy is gone */
    const struct cairn_type *from; /* of the requests it takes; NULL: inner's */
};

/* OPTIONS may be NULL, which is invalid: there is no predicate. */
CAIRN_API struct cairn_layer cairn_filter_layer(const struct cairn_filter_options *options);

/* cairn_filter(.predicate = is_known) */
#define cairn_filter(...)                                    \
    cairn_filter_layer(&(const struct cairn_filter_options){ \
        .size = sizeof(struct cairn_filter_options), __VA_ARGS__})

/* Runs the predicate alone: of SERVICE, whose outermost layer is a filter (else an assertion).
 * Takes REQUEST. Returns the request that inner would get, owned by the caller, or NULL with *ERROR
 * set. It is not counted. */
CAIRN_API void *cairn_filter_check(
    const struct cairn_service *service, void *request, struct cairn_error **error);

CAIRN_END_DECLS

#endif
