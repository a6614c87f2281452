/* set_request_header.h - sets header fields on every request. */
#ifndef CAIRN_HTTP_LAYERS_SET_REQUEST_HEADER_H
#define CAIRN_HTTP_LAYERS_SET_REQUEST_HEADER_H

#include <stddef.h>

#include <cairn/http/layers/set_header.h>

CAIRN_BEGIN_DECLS

/* One field, for several at once. The members are those of the options. */
struct cairn_set_request_header_field {
    const char *name;
    const char *value;
    enum cairn_set_header_mode mode;
    struct cairn_str (*make)(const struct cairn_http_request *req, void *state);
    void *state;
};

/*
 * As set_header, for requests: at each call, before inner is called.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response. Names and
 * values are copied to the arena; without memory in it the call fails, and inner is not called. May
 * be cloned. Invalid: as set_header, but the names that are refused are those that frame the
 * message (Connection, Content-Length, Transfer-Encoding).
 * Counts, in all copies, where there is a `make`: `refused`.
 *
 * Place: around a client, inside of retry if the value changes from one attempt to the next; in a
 * server outside of who reads it. What a proxy in front sets is to be removed or overridden here,
 * if strangers can call without it.
 */
struct cairn_set_request_header_options {
    size_t size;
    const char *name;                /* copied; required without `fields` */
    const char *value;               /* copied; required without `make`; "" is allowed */
    enum cairn_set_header_mode mode; /* 0: override */
    /* Makes the value of each request in place of `value`, as set_header's does. */
    struct cairn_str (*make)(const struct cairn_http_request *req, void *state);
    void *state; /* make's own; borrowed until the last copy is gone */
    const struct cairn_set_request_header_field *fields; /* more of them; NULL: none */
    size_t field_count;
};

/* OPTIONS has no defaults for name and value: NULL is refused. */
CAIRN_API struct cairn_layer cairn_set_request_header_layer(
    const struct cairn_set_request_header_options *options);

/* cairn_set_request_header(.name = "User-Agent", .value = "shop/1.0") */
#define cairn_set_request_header(...)                                                \
    cairn_set_request_header_layer(&(const struct cairn_set_request_header_options){ \
        .size = sizeof(struct cairn_set_request_header_options), __VA_ARGS__})

/* cairn_set_request_headers({.name = "Accept", .value = "application/json"}, {…}) */
#define cairn_set_request_headers(...)                                                         \
    cairn_set_request_header(.fields =                                                         \
                                 (const struct cairn_set_request_header_field[]){__VA_ARGS__}, \
        .field_count = sizeof((const struct cairn_set_request_header_field[]){__VA_ARGS__}) /  \
                       sizeof(struct cairn_set_request_header_field))

CAIRN_END_DECLS

#endif
