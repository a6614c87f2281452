/* map_body.h - puts another body in place of each request's, or each response's. After Tower's
 * MapRequestBody, MapResponseBody. */
#ifndef CAIRN_HTTP_LAYERS_MAP_BODY_H
#define CAIRN_HTTP_LAYERS_MAP_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/http/body.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * The function gets the body as a stream of struct cairn_http_chunk, whichever kind it is, and
 * gives a stream: usually one that wraps it, such as cairn_http_body_map's of a function for each
 * chunk. A message without a body stays as it is. A request that was whole is a stream then, which
 * handlers collect as ever.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response. Without
 * memory the call fails: before inner is called, or in place of its response. A body that has been
 * mapped cannot be read again: inside of retry, each attempt maps its own; outside, a request with
 * a body is not tried again. May be cloned. Invalid: f missing. Counts: nothing.
 *
 * Place: as the bytes change: of responses, what compresses is outside of what reads text.
 */
struct cairn_map_body_options {
    size_t size;
    /* Takes BODY, and returns a stream; one that fails, if it must. */
    struct cairn_stream (*f)(struct cairn_stream body, void *state);
    void *state;      /* f's own, borrowed until the last exchange is gone */
    bool keeps_bytes; /* as many bytes come out as go in: what is known of the length still holds.
                       * false: the length is not known, and is sent chunked */
};

/* OPTIONS may be NULL, which is invalid: there is no function. */
CAIRN_API struct cairn_layer cairn_map_request_body_layer(
    const struct cairn_map_body_options *options);
CAIRN_API struct cairn_layer cairn_map_response_body_layer(
    const struct cairn_map_body_options *options);

/* cairn_map_response_body(.f = upper_case, .keeps_bytes = true) */
#define cairn_map_request_body(...)                                      \
    cairn_map_request_body_layer(&(const struct cairn_map_body_options){ \
        .size = sizeof(struct cairn_map_body_options), __VA_ARGS__})
#define cairn_map_response_body(...)                                      \
    cairn_map_response_body_layer(&(const struct cairn_map_body_options){ \
        .size = sizeof(struct cairn_map_body_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
