/* sensitive_headers.h - marks header fields whose values logs must not show. tower-http's
 * SetSensitiveHeaders. */
#ifndef CAIRN_HTTP_LAYERS_SENSITIVE_HEADERS_H
#define CAIRN_HTTP_LAYERS_SENSITIVE_HEADERS_H

#include <stddef.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

#define CAIRN_SENSITIVE_HEADERS_MOST 64

enum cairn_sensitive_headers_of {
    CAIRN_SENSITIVE_HEADERS_BOTH,
    CAIRN_SENSITIVE_HEADERS_REQUEST,
    CAIRN_SENSITIVE_HEADERS_RESPONSE
};

/*
 * Marks the names on each request on its way in, and on each response on its way out: see
 * cairn_http_fields_is_sensitive. The mark stays with the message: logs outside of this layer
 * honour it too, and so a value that is set later. It changes nothing of what is sent.
 *
 * Authorization, Proxy-Authorization, Cookie and Set-Cookie need no mark, and no layer.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response. Without
 * memory the call fails with CAIRN_ERROR_MEMORY rather than to go on unmarked. May be cloned.
 * Invalid: names missing, 0 or more than 64 of them, one that is no name of a field, `of` unknown.
 * Counts: nothing.
 *
 * Place: outermost, so that nobody sees a message without its marks.
 */
struct cairn_sensitive_headers_options {
    size_t size;
    const char *const *names;           /* copied; ended by NULL; required */
    enum cairn_sensitive_headers_of of; /* 0: of requests and responses */
};

/* OPTIONS has no default for names: NULL is refused. */
CAIRN_API struct cairn_layer cairn_sensitive_headers_layer(
    const struct cairn_sensitive_headers_options *options);

/* cairn_sensitive_headers(.names = (const char *const[]){"X-Api-Key", NULL}) */
#define cairn_sensitive_headers(...)                                               \
    cairn_sensitive_headers_layer(&(const struct cairn_sensitive_headers_options){ \
        .size = sizeof(struct cairn_sensitive_headers_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
