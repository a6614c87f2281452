/* body_limit.h - refuses requests whose body is too large. After Tower's RequestBodyLimit. */
#ifndef CAIRN_HTTP_LAYERS_BODY_LIMIT_H
#define CAIRN_HTTP_LAYERS_BODY_LIMIT_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * A request whose length is known (a Content-Length, or a body that is there already) and over the
 * limit fails with CAIRN_ERROR_TOO_LARGE (413) before anything is read or inner is called. A body
 * of unknown length (chunked) goes on, and its stream fails with the same code when it crosses the
 * limit. req->body_limit, which bounds what handlers collect, becomes max_bytes: this is how a
 * route takes more than the server's limits.body_bytes, or less. Two of these, one within the
 * other: no body passes that is over either.
 *
 * Readiness and types are inner's, which must be http.request and http.response; errors are passed
 * on. May be cloned. What it costs a body that is whole or of known length: nothing; a chunked one:
 * two boxes. Invalid: max_bytes out of range.
 * Counts, in all copies: `refused`, by their length; `cut`, chunked ones that crossed the limit.
 *
 * Place: around a route, or the whole app; outside of collect_body, and inside of
 * error_to_response.
 */
struct cairn_body_limit_options {
    size_t size;
    uint64_t max_bytes; /* 1 to 2^63-1; 0: 2 MiB */
};

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_body_limit_layer(const struct cairn_body_limit_options *options);

/* cairn_body_limit(.max_bytes = 64 * 1024) */
#define cairn_body_limit(...)                                        \
    cairn_body_limit_layer(&(const struct cairn_body_limit_options){ \
        .size = sizeof(struct cairn_body_limit_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
