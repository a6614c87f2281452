/* redirect_origin.h - sends clients to the one host, and to https, where the service lives. */
#ifndef CAIRN_HTTP_LAYERS_REDIRECT_ORIGIN_H
#define CAIRN_HTTP_LAYERS_REDIRECT_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/http/message.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * A request whose Host is not that of `origin` (without case; with its port, if it has one), or
 * that has none, is answered with a redirect to the same path and query at `origin`. With
 * `scheme_header` so is one whose scheme is another, as a proxy in front tells it: the first word
 * of that field. Where it is missing the scheme is another, too.
 *
 * The answer is the same whoever asks, and its host is ours: a forged Host or field leads nowhere.
 * `OPTIONS *` passes.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response; what is
 * redirected waits for inner's room, too. Without memory for the answer the call fails. May be
 * cloned.
 * Invalid: origin missing, or none that a browser would write (a path, upper case, the default
 * port); a scheme_header that is no token; another status.
 * Counts, in all copies: `redirected`.
 *
 * Place: outside of the router, and of all that does work.
 */
struct cairn_redirect_origin_options {
    size_t size;
    const char *origin;        /* "https://www.example.org"; required; copied */
    const char *scheme_header; /* "X-Forwarded-Proto"; copied. NULL: the scheme is not looked at */
    int status;                /* 301, 302, 303, 307 or 308; 0: 308 */
    /* Whether REQ passes all the same: a probe that asks by address, say. NULL: none does. */
    bool (*except)(void *cx, const struct cairn_http_request *req);
    void *cx; /* the function's own, borrowed until the last copy is gone */
};

/* OPTIONS has no default for the origin: NULL is refused. */
CAIRN_API struct cairn_layer cairn_redirect_origin_layer(
    const struct cairn_redirect_origin_options *options);

/* cairn_redirect_origin(.origin = "https://www.example.org") */
#define cairn_redirect_origin(...)                                             \
    cairn_redirect_origin_layer(&(const struct cairn_redirect_origin_options){ \
        .size = sizeof(struct cairn_redirect_origin_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
