/* request_id.h - gives each request a name that it keeps on its way through all services. */
#ifndef CAIRN_HTTP_LAYERS_REQUEST_ID_H
#define CAIRN_HTTP_LAYERS_REQUEST_ID_H

#include <stddef.h>

#include <cairn/http/message.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

enum cairn_request_id_trust {
    CAIRN_REQUEST_ID_TRUST,   /* a valid id that comes with the request is taken */
    CAIRN_REQUEST_ID_DISTRUST /* every request gets a new one, whatever it brings */
};

/*
 * An id is 1 to 128 of [A-Za-z0-9._-]. A request that brings none, or none that is valid, gets what
 * `make` makes, and where that is none or not valid either, a UUID of version 7 (RFC 9562), which
 * sorts by time. The id is set on the request, as the one field
 * of that name, for services behind, and as an extension, for cairn_http_request_id; and on the
 * response unless it has such a field already. An error has no fields: what shall become an answer
 * with an id must become one inside.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response. May be
 * cloned. Invalid: header no token, trust unknown.
 * Counts, in all copies: `taken` and `made`; `rejected`, ids that came in and were not valid.
 *
 * Place: outermost, outside of error_to_response.
 */
struct cairn_request_id_options {
    size_t size;
    const char *header;                /* copied; NULL: "X-Request-Id" */
    enum cairn_request_id_trust trust; /* 0: trust. Distrust where strangers call */
    /* Makes an id for REQ: text in its arena, or a literal. The absent string: none; the layer then
     * makes one. NULL: it makes all. */
    struct cairn_str (*make)(const struct cairn_http_request *req, void *state);
    void *state; /* make's own, borrowed until the last copy is gone */
};

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_request_id_layer(const struct cairn_request_id_options *options);

/* cairn_request_id(.trust = CAIRN_REQUEST_ID_DISTRUST) */
#define cairn_request_id(...)                                        \
    cairn_request_id_layer(&(const struct cairn_request_id_options){ \
        .size = sizeof(struct cairn_request_id_options), __VA_ARGS__})

/* The id that the layer gave REQ, in its arena, or the absent string. */
CAIRN_API struct cairn_str cairn_http_request_id(const struct cairn_http_request *req);

CAIRN_END_DECLS

#endif
