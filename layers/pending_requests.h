/* pending_requests.h - tells as load how many calls are pending. Tower's PendingRequests. */
#ifndef CAIRN_LAYERS_PENDING_REQUESTS_H
#define CAIRN_LAYERS_PENDING_REQUESTS_H

#include <stddef.h>

#include <cairn/layers/load.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * The load is the number of calls, of all copies, that have begun and not ended. It changes
 * nothing else: readiness, errors and types are inner's, but for the response type where
 * `completion` says so. Works on any type; may be cloned. A call that is answered at once costs
 * nothing. Gauge: `pending`.
 *
 * Place: around one endpoint of a balancer, which adds it to those that tell no load.
 */
struct cairn_pending_requests_options {
    size_t size;
    struct cairn_load_completion completion; /* when a call has ended; zero: with its response */
};

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_pending_requests_layer(
    const struct cairn_pending_requests_options *options);

/* cairn_pending_requests() */
#define cairn_pending_requests(...)                                              \
    cairn_pending_requests_layer(&(const struct cairn_pending_requests_options){ \
        .size = sizeof(struct cairn_pending_requests_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
