/* http_rate_limit.h - bounds the requests of each client, user or route, and tells them. */
#ifndef CAIRN_HTTP_LAYERS_HTTP_RATE_LIMIT_H
#define CAIRN_HTTP_LAYERS_HTTP_RATE_LIMIT_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/http/message.h>
#include <cairn/http/rate_limit_fields.h>
#include <cairn/layers/keyed_limiter.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/* Whose requests are counted together. Added up: those that agree in all of it. */
enum cairn_http_rate_limit_by {
    CAIRN_RATE_BY_PEER = 1,   /* the client's address; of IPv6 the first 64 bits */
    CAIRN_RATE_BY_HEADER = 2, /* the value of a header field */
    CAIRN_RATE_BY_USER = 4,   /* what a function of yours says: an authenticated user, a tenant */
    CAIRN_RATE_BY_ROUTE = 8   /* the router's pattern */
};

/*
 * rate_limit_keyed for HTTP. A request over the rate of its key is answered with 429 (RFC 6585) at
 * once, as problem+json; inner does not see it. Every answer, also of one that passes, tells what
 * is left, with the fields of cairn_http_rate_limit_fields; errors have no fields.
 *
 * A request without the header field, or without a user, is counted under its peer's address
 * instead: leaving a key out is no way around the limit. One whose peer has no address either (a
 * Unix socket, a request made by hand) passes, unless it has another key. Behind a proxy the peer
 * is the proxy, unless client_address, outside of this, says who the client is. The route is there
 * inside of the router only: in the layers of a group.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response. May be
 * cloned. Copies share the limiter; `limiter` shares one between stacks and workers. No lock, and
 * no memory but in the request's arena: without any the call fails with CAIRN_ERROR_MEMORY, a
 * refused one with CAIRN_ERROR_LIMITED, and an answer that passes does without the fields.
 * Invalid: an option out of range; `header` or `user` without its bit in `by`, or the other way
 * round; a limiter together with options of its own one.
 * Counts, in all copies: `refused`, `unkeyed`; `evicted` of the limiter.
 *
 * Place: outside of all that costs something; inside of access_log and set_header.
 */
struct cairn_http_rate_limit_options {
    size_t size;
    unsigned by;        /* some of enum cairn_http_rate_limit_by; 0: the peer */
    unsigned fields;    /* some of enum cairn_http_rate_limit_fields; 0: those of the draft */
    const char *header; /* copied */
    /* An absent string: no user. Borrowed until the request is changed or gone. */
    struct cairn_str (*user)(void *cx, const struct cairn_http_request *req);
    /* Changes RATE, which is the limiter's own, to that of this request; num
     * CAIRN_KEYED_UNLIMITED: no limit. NULL: the same for all. */
    void (*rate)(void *cx, const struct cairn_http_request *req, struct cairn_keyed_rate *rate);
    void *cx;             /* for both; borrowed until the last copy of the service is dropped */
    const char *policy;   /* its name in the fields; copied; NULL: "default" */
    unsigned ipv6_prefix; /* bits of an IPv6 address that count, 1 to 128; 0: 64 */
    /* One to share. Borrowed until the last application; each service then counts as an owner. The
     * rest must then be 0. NULL: every application makes its own. */
    struct cairn_keyed_limiter *limiter;
    uint64_t num; /* these as in struct cairn_keyed_limiter_options: 100 in 1000 ms */
    uint64_t per_ms;
    uint64_t burst;
    size_t keys;
};

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_http_rate_limit_layer(
    const struct cairn_http_rate_limit_options *options);

/* cairn_http_rate_limit(.num = 100, .per_ms = 60000) */
#define cairn_http_rate_limit(...)                                             \
    cairn_http_rate_limit_layer(&(const struct cairn_http_rate_limit_options){ \
        .size = sizeof(struct cairn_http_rate_limit_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
