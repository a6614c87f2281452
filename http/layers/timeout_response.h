/* timeout_response.h - answers a request that takes too long. tower-http's Timeout. */
#ifndef CAIRN_HTTP_LAYERS_TIMEOUT_RESPONSE_H
#define CAIRN_HTTP_LAYERS_TIMEOUT_RESPONSE_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

enum cairn_timeout_response_body {
    CAIRN_TIMEOUT_RESPONSE_EMPTY,
    CAIRN_TIMEOUT_RESPONSE_PROBLEM /* application/problem+json (RFC 9457), as cairn_http_problem */
};

/*
 * The time counts from the call to the response: waiting for readiness is not counted, nor is the
 * body. When it has passed, the inner future is dropped, which cancels its work, and the call is
 * READY with an answer of `status`: 503, or 408 (RFC 9110 section 15.5.9) or 504 as you see it.
 *
 * The time is looked at before inner: a response that is there in the poll in which the time is
 * over comes too late. (timeout, which fails the call, does it the other way round.) A call that is
 * answered at once costs nothing.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response. Without
 * memory for the answer the call fails with CAIRN_ERROR_MEMORY. May be cloned.
 * Invalid: after_ms, status or body out of range. Counts: `elapsed`, answers given in all copies.
 *
 * Place: as timeout, where those outside want to see a response: inside of access_log and
 * set_header. retry outside of it sees a response too.
 */
struct cairn_timeout_response_options {
    size_t size;
    uint64_t after_ms;                     /* 1 to 86400000 (a day); 0: 30000 */
    int status;                            /* 400 to 599; 0: 503 */
    enum cairn_timeout_response_body body; /* 0: empty */
};

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_timeout_response_layer(
    const struct cairn_timeout_response_options *options);

/* cairn_timeout_response(.after_ms = 500, .status = 504) */
#define cairn_timeout_response(...)                                              \
    cairn_timeout_response_layer(&(const struct cairn_timeout_response_options){ \
        .size = sizeof(struct cairn_timeout_response_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
