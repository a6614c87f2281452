/* error_to_response.h - makes each failure of a call a response. Axum's HandleError. */
#ifndef CAIRN_HTTP_LAYERS_ERROR_TO_RESPONSE_H
#define CAIRN_HTTP_LAYERS_ERROR_TO_RESPONSE_H

#include <stddef.h>

#include <cairn/http/error_response.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * A call that fails gets the response that `map` makes of its error; the error is let go of. Where
 * `map` returns NULL it is cairn_http_error_response's, and where that returns NULL too, without
 * memory, the error passes through as it is.
 *
 * A failure of readiness passes too: that service is dead, and a response would hide it.
 *
 * Readiness and types are inner's, which must be http.request and http.response. May be cloned.
 * Counts, in all copies: `errors_4xx` and `errors_5xx`, by the status of the response.
 *
 * Place: outside of what may fail, inside of what wants to see responses only (set_header,
 * request_id, metrics). The server does the same with errors that reach it; this layer does it
 * where other layers can still add to the answer.
 */
struct cairn_error_to_response_options {
    size_t size;
    /* Borrows all it is given; NULL: cairn_http_error_response. */
    struct cairn_http_response *(*map)(
        void *cx, const struct cairn_http_request *req, const struct cairn_error *error);
    void *cx; /* borrowed until the last copy and the last future are gone */
};

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_error_to_response_layer(
    const struct cairn_error_to_response_options *options);

/* cairn_error_to_response(.map = my_answer) */
#define cairn_error_to_response(...)                                               \
    cairn_error_to_response_layer(&(const struct cairn_error_to_response_options){ \
        .size = sizeof(struct cairn_error_to_response_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
