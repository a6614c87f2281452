/* set_status.h - gives every response the same status. */
#ifndef CAIRN_HTTP_LAYERS_SET_STATUS_H
#define CAIRN_HTTP_LAYERS_SET_STATUS_H

#include <stddef.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * Fields and body stay as they are; with 204, 205 and 304 the server sends no body (RFC 9110
 * section 15.3.5). After Tower's SetStatus.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response. May be
 * cloned. Invalid: status not 200 to 599. Counts: nothing.
 *
 * Place: around what answers as if all were well where it is not: a page for 404, say, that a
 * handler makes. Outside of error_to_response it would hide what went wrong.
 */
struct cairn_set_status_options {
    size_t size;
    int status; /* 200 to 599; required */
};

/* OPTIONS has no default for status: NULL is refused. */
CAIRN_API struct cairn_layer cairn_set_status_layer(const struct cairn_set_status_options *options);

/* cairn_set_status(.status = 404) */
#define cairn_set_status(...)                                        \
    cairn_set_status_layer(&(const struct cairn_set_status_options){ \
        .size = sizeof(struct cairn_set_status_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
