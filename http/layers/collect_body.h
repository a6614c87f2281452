/* collect_body.h - reads the body of a request before inner is asked for room. */
#ifndef CAIRN_HTTP_LAYERS_COLLECT_BODY_H
#define CAIRN_HTTP_LAYERS_COLLECT_BODY_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * A handler collects its request while the call holds all the permits around it: a client that
 * sends slowly, or not at all, then holds them too. This layer takes the call first, reads the
 * body, and only then asks inner for room and calls it, with a request whose body is whole.
 *
 * Always ready: it does not ask inner when it is asked. A call waits for inner in its future; what
 * inner's readiness fails with fails the call. So load_shed outside of it sees no wait, and belongs
 * inside. Fails with CAIRN_ERROR_TOO_LARGE over `max_bytes`, before a byte is read where the length
 * is known; and as the stream of the body does (_PROTOCOL, _SLOW: body.h). Inner is not called
 * then.
 *
 * Types are inner's, which must be http.request and http.response. May be cloned. Each call has an
 * inner service of its own from beginning to end of its wait; a few of those that have done their
 * part are kept, so that at steady state a call whose body is there, and for which there is room,
 * allocates nothing. Refused (CAIRN_ERROR_TYPE): an inner service that cannot be cloned. Invalid:
 * max_bytes out of range.
 * Counts, in all copies: `failed`, bodies that did not come whole; gauges `collecting`, calls whose
 * body is being read, and `waiting`, those whose body is whole and that wait for room.
 *
 * Place: outside of concurrency_limit, adaptive_limit and all that limits; inside of
 * error_to_response, body_limit and request_body_timeout. What it holds is bounded by the
 * connections and max_bytes alone.
 */
struct cairn_collect_body_options {
    size_t size;
    uint64_t max_bytes; /* 1 to 2^63-1; 0: the request's body_limit, 2 MiB unless it was set */
};

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_collect_body_layer(
    const struct cairn_collect_body_options *options);

/* cairn_collect_body(.max_bytes = 64 * 1024) */
#define cairn_collect_body(...)                                          \
    cairn_collect_body_layer(&(const struct cairn_collect_body_options){ \
        .size = sizeof(struct cairn_collect_body_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
