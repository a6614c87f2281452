/* propagate_header.h - copies a header field of the request to its response. */
#ifndef CAIRN_HTTP_LAYERS_PROPAGATE_HEADER_H
#define CAIRN_HTTP_LAYERS_PROPAGATE_HEADER_H

#include <stddef.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * The response gets the first field of that name that the request came with, in place of all of its
 * own. What inner does to the request's fields meanwhile changes nothing. A request without the
 * field: the response stays as it is. After Tower's PropagateHeader.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response; errors get
 * no field. The value is borrowed, not copied: both messages live in one arena. Without memory in
 * it the call fails. May be cloned.
 * Invalid: name missing, no token, or one that the server writes itself (Connection,
 * Content-Length, Date, Transfer-Encoding). Counts: nothing.
 *
 * Place: outside of error_to_response, if answers to errors shall have the field too. For ids of
 * requests there is request_id, which looks at what comes in.
 */
struct cairn_propagate_header_options {
    size_t size;
    const char *name; /* copied; required */
};

/* OPTIONS has no default for name: NULL is refused. */
CAIRN_API struct cairn_layer cairn_propagate_header_layer(
    const struct cairn_propagate_header_options *options);

/* cairn_propagate_header(.name = "X-Correlation-Id") */
#define cairn_propagate_header(...)                                              \
    cairn_propagate_header_layer(&(const struct cairn_propagate_header_options){ \
        .size = sizeof(struct cairn_propagate_header_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
