/* set_header.h - sets a header field on every response. */
#ifndef CAIRN_HTTP_LAYERS_SET_HEADER_H
#define CAIRN_HTTP_LAYERS_SET_HEADER_H

#include <stddef.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

enum cairn_set_header_mode {
    CAIRN_SET_HEADER_OVERRIDE,      /* in place of all fields of that name */
    CAIRN_SET_HEADER_APPEND,        /* one more field of that name */
    CAIRN_SET_HEADER_IF_NOT_PRESENT /* only where there is none */
};

/*
 * Readiness, errors and types are inner's, which must be http.request and http.response; errors get
 * no field. May be cloned.
 * Invalid: name missing, no token, or one that the server writes itself (Connection,
 * Content-Length, Date, Transfer-Encoding); value missing, or with a control character, or a space
 * at an end; mode unknown. Counts: nothing.
 *
 * Place: outside of error_to_response, if answers to errors shall have the field too.
 */
struct cairn_set_header_options {
    size_t size;
    const char *name;                /* copied; required */
    const char *value;               /* copied; required, "" is allowed */
    enum cairn_set_header_mode mode; /* 0: override */
};

/* OPTIONS has no defaults for name and value: NULL is refused. */
CAIRN_API struct cairn_layer cairn_set_header_layer(const struct cairn_set_header_options *options);

/* cairn_set_header(.name = "X-Content-Type-Options", .value = "nosniff") */
#define cairn_set_header(...)                                        \
    cairn_set_header_layer(&(const struct cairn_set_header_options){ \
        .size = sizeof(struct cairn_set_header_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
