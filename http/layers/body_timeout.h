/* body_timeout.h - bounds the time that a body takes, from one chunk to the next and in all. After
 * Tower's RequestBodyTimeout, ResponseBodyTimeout. */
#ifndef CAIRN_HTTP_LAYERS_BODY_TIMEOUT_H
#define CAIRN_HTTP_LAYERS_BODY_TIMEOUT_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * For bodies that are streams; one that is whole, or a file, takes no time that could be bounded
 * here. `idle_ms` runs while a chunk is waited for, and begins anew with each; while nobody asks
 * for the next one, it does not run. `after_ms` runs from the call (requests) or from the response
 * (responses) on, whoever asks, and is found out when the body is asked for its next chunk.
 *
 * request_body_timeout: the stream of a request fails with CAIRN_ERROR_SLOW (408).
 * response_body_timeout: that of a response fails with CAIRN_ERROR_ELAPSED; the head has been sent
 * by then, so the server closes the connection, and the peer sees that the answer is not whole.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response. Without
 * memory the call fails: before inner is called, or in place of its response. A wrapped stream
 * costs a box for each of the two and one to count; it cannot be read again, so in a client this
 * belongs inside of retry. May be cloned. Invalid: both 0; either over 86400000 (a day).
 * Counts, in all copies: `elapsed`, bodies that failed with that code.
 *
 * Place: outside of who reads the body: collect_body, handlers. A server bounds what comes from its
 * peers by itself (limits.body_idle_ms, write_ms); these are for one route, and for clients.
 */
struct cairn_body_timeout_options {
    size_t size;
    uint64_t idle_ms;  /* 1 to 86400000: for each chunk; 0: not bounded */
    uint64_t after_ms; /* 1 to 86400000: for the whole body; 0: not bounded */
};

/* OPTIONS may be NULL, which is invalid: there is no bound. */
CAIRN_API struct cairn_layer cairn_request_body_timeout_layer(
    const struct cairn_body_timeout_options *options);
CAIRN_API struct cairn_layer cairn_response_body_timeout_layer(
    const struct cairn_body_timeout_options *options);

/* cairn_request_body_timeout(.idle_ms = 2000, .after_ms = 60000) */
#define cairn_request_body_timeout(...)                                          \
    cairn_request_body_timeout_layer(&(const struct cairn_body_timeout_options){ \
        .size = sizeof(struct cairn_body_timeout_options), __VA_ARGS__})
#define cairn_response_body_timeout(...)                                          \
    cairn_response_body_timeout_layer(&(const struct cairn_body_timeout_options){ \
        .size = sizeof(struct cairn_body_timeout_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
