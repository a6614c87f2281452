/* set_header.h - sets header fields on every response. */
#ifndef CAIRN_HTTP_LAYERS_SET_HEADER_H
#define CAIRN_HTTP_LAYERS_SET_HEADER_H

#include <stddef.h>

#include <cairn/http/message.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

enum cairn_set_header_mode {
    CAIRN_SET_HEADER_OVERRIDE,       /* in place of all fields of that name */
    CAIRN_SET_HEADER_APPEND,         /* one more field of that name */
    CAIRN_SET_HEADER_IF_NOT_PRESENT, /* only where there is none */
    CAIRN_SET_HEADER_REMOVE          /* none of that name is left; takes no value */
};

#define CAIRN_SET_HEADER_MOST 64

/* One field, for several at once. The members are those of the options. */
struct cairn_set_header_field {
    const char *name;
    const char *value;
    enum cairn_set_header_mode mode;
    struct cairn_str (*make)(const struct cairn_http_response *res, void *state);
    void *state;
};

/*
 * The fields are set in order, the one of the options first. A value that `make` gives and that
 * HTTP does not allow (RFC 9110 section 5.5: a control character, a space at an end) is not set,
 * but counted: what it is made of may come from a stranger.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response; errors get
 * no field. Names and values are copied to the arena; without memory in it the call fails. May be
 * cloned.
 * Invalid: no field; name missing, no token, or one that the server writes itself (Connection,
 * Content-Length, Date, Transfer-Encoding); value missing, or with a control character, or a space
 * at an end; value and make together, or either with REMOVE; mode unknown; more than 64 fields.
 * Counts, in all copies, where there is a `make`: `refused`.
 *
 * Place: outside of error_to_response, if answers to errors shall have the field too.
 */
struct cairn_set_header_options {
    size_t size;
    const char *name;                /* copied; required without `fields` */
    const char *value;               /* copied; required without `make`; "" is allowed */
    enum cairn_set_header_mode mode; /* 0: override */
    /* Makes the value of each response in place of `value`: a literal, or text in its arena. The
     * absent string: this response's fields stay as they are. Not asked where the field is present
     * and the mode is IF_NOT_PRESENT. NULL: there is a `value`. */
    struct cairn_str (*make)(const struct cairn_http_response *res, void *state);
    void *state;                                 /* make's own; borrowed until the last call ends */
    const struct cairn_set_header_field *fields; /* more of them; NULL: none */
    size_t field_count;
};

/* OPTIONS has no defaults for name and value: NULL is refused. */
CAIRN_API struct cairn_layer cairn_set_header_layer(const struct cairn_set_header_options *options);

/* cairn_set_header(.name = "X-Content-Type-Options", .value = "nosniff") */
#define cairn_set_header(...)                                        \
    cairn_set_header_layer(&(const struct cairn_set_header_options){ \
        .size = sizeof(struct cairn_set_header_options), __VA_ARGS__})

/* cairn_set_headers({.name = "X-Frame-Options", .value = "DENY"}, {.name = "Server", …}) */
#define cairn_set_headers(...)                                                        \
    cairn_set_header(.fields = (const struct cairn_set_header_field[]){__VA_ARGS__},  \
        .field_count = sizeof((const struct cairn_set_header_field[]){__VA_ARGS__}) / \
                       sizeof(struct cairn_set_header_field))

CAIRN_END_DECLS

#endif
