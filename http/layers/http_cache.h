/* http_cache.h - answers requests from what was answered before: a shared cache, RFC 9111. */
#ifndef CAIRN_HTTP_LAYERS_HTTP_CACHE_H
#define CAIRN_HTTP_LAYERS_HTTP_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/layers/cache_store.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * layers/cache.h for HTTP. GET and HEAD requests are answered by what answered one with the same
 * method, Host, target and values of the fields in `vary`, while that is fresh. Not looked up is a
 * request with a body; one with Authorization or Cookie, unless that is in `vary` or ignored; one
 * for a part (Range), with If-Match, If-Unmodified-Since or If-Range, for an upgrade, or with
 * Cache-Control: no-store. What else a request asks of caches is not heeded. If-None-Match and
 * If-Modified-Since are answered in full: the layer conditional outside makes them 304.
 *
 * A response is kept unless it has Cache-Control: no-store, private or no-cache, a Set-Cookie, a
 * Vary with a name that is not in `vary`, or status 206 or 304; unless its body is a stream, a file
 * or over max_body_bytes. It is fresh for its s-maxage, else max-age, else up to its Expires, less
 * its Age; if it has none of them, for ttl_ms, where its status allows that (RFC 9110 section 15.1:
 * 200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501). No more than 30 days.
 *
 * With stale_ms, an error, or a response with 500, 502, 503 or 504, gives way to a kept response
 * that is at most so long past its time; stale-if-error says how long for one (RFC 5861), and
 * must-revalidate, proxy-revalidate or s-maxage that it is not to be.
 *
 * An answer of 2xx or 3xx to another method than GET, HEAD, OPTIONS and TRACE makes the cache
 * forget what it has for that host and path (RFC 9111 section 4.4), with any query; and now and
 * then for another one, too.
 *
 * Answers from the cache have an Age. All have a Cache-Status (RFC 9211): `cairn; hit; ttl=30`,
 * `cairn; fwd=miss; stored`, `fwd=stale; ttl=-5`, `fwd=bypass` for requests that are not looked up,
 * `fwd=method`.
 *
 * Readiness is inner's, or as layers/cache.h has it with hits_while_unready. Errors and types are
 * inner's, which must be http.request and http.response; without memory for a field the call fails.
 * May be cloned, and copies share the store. Invalid: more than 16 names in `vary`, or one that is
 * none; times, max_entries, max_body_bytes or name out of range; what layers/cache.h refuses.
 * Counts: `bypassed` (not looked up), `invalidated` (calls that made it forget), and those of
 * cache, which is described as what is inside.
 *
 * Place: outside of http_coalesce, which has one request fetch what has expired. Inside of what
 * looks at who asks, of conditional, and of layers whose fields shall not be kept, as request_id.
 */
struct cairn_http_cache_options {
    size_t size;
    const char *const *vary;    /* names of fields, ended by NULL; copied; NULL: none */
    bool ignores_authorization; /* answers do not depend on it: all who get here may have them */
    bool ignores_cookies;       /* nor on cookies */
    bool only_explicit;         /* keeps only what says how long it is fresh; ttl_ms has no use */
    bool is_silent;             /* no Cache-Status */
    bool hits_while_unready;    /* see layers/cache.h */
    uint64_t ttl_ms;            /* 1 to 2592000000 (30 days); 0: 10000 */
    uint64_t stale_ms;          /* up to 2592000000; 0: an error is an error */
    size_t max_entries;         /* of a store of its own; 1 to 16777216; 0: 1024 */
    size_t max_body_bytes;      /* of a response that is kept; 1 to 1073741824; 0: 65536 */
    struct cairn_cache_store *store; /* as layers/cache.h has it; NULL: in memory */
    const char *name;                /* in Cache-Status: a token; copied; NULL: "cairn" */
};

/* NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_http_cache_layer(const struct cairn_http_cache_options *options);

/* cairn_http_cache(.ttl_ms = 5000) */
#define cairn_http_cache(...)                                        \
    cairn_http_cache_layer(&(const struct cairn_http_cache_options){ \
        .size = sizeof(struct cairn_http_cache_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
