/* csrf.h - refuses requests that a page of another site has a browser send. Tower's Csrf; Go's
 * CrossOriginProtection. */
#ifndef CAIRN_HTTP_LAYERS_CSRF_H
#define CAIRN_HTTP_LAYERS_CSRF_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/http/message.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

enum cairn_csrf_reason {
    CAIRN_CSRF_SITE,  /* Sec-Fetch-Site says that it comes from elsewhere */
    CAIRN_CSRF_ORIGIN /* there is no such field, and Origin is not this host */
};

/*
 * A browser sends a form, with the user's cookies, wherever a page wants it to go. It also tells
 * where the page is from, and no page can change that:
 *
 * 1. GET, HEAD and OPTIONS pass: they must change nothing (RFC 9110 section 9.2.1).
 * 2. Sec-Fetch-Site (W3C Fetch Metadata): "same-origin" passes, and "none", which is the user
 *    himself. With any other value the Origin must be a trusted one.
 * 3. Without that field: no Origin passes, since every browser of the last years sends one of the
 *    two, and so this is none; a trusted Origin passes; else its host and port must be those of
 *    Host. (Its scheme cannot be compared: TLS may have ended in front. HSTS closes that gap.)
 *
 * What is refused gets 403 as problem+json, or what `reject` makes, and never reaches inner. No
 * token, no cookie and no state is needed. It protects nothing that a GET changes.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response; what is
 * refused waits for inner's room, too. Without memory for the 403 the call fails. May be cloned.
 * Invalid: `trusted` with an element that no browser sends (it has a path, an upper-case letter, a
 * wildcard, the default port; "null").
 * Counts, in all copies: `refused`, `bypassed`.
 *
 * Place: outside of what reads bodies, inside of cors and of what sets Host right behind a proxy.
 */
struct cairn_csrf_options {
    size_t size;
    const char *trusted; /* origins, "https://a.example, https://b.example"; NULL: none */
    /* Asked for each request that would be refused: true lets it pass, a webhook say. NULL: none
     * passes. Whatever it lets through must not trust cookies. */
    bool (*bypass)(void *cx, const struct cairn_http_request *req);
    /* Makes the answer; NULL from it is out of memory. NULL: 403. */
    struct cairn_http_response *(*reject)(
        void *cx, const struct cairn_http_request *req, enum cairn_csrf_reason reason);
    void *cx; /* the functions' own, borrowed until the last copy is gone */
};

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_csrf_layer(const struct cairn_csrf_options *options);

/* cairn_csrf(.trusted = "https://app.example") */
#define cairn_csrf(...)                                  \
    cairn_csrf_layer(&(const struct cairn_csrf_options){ \
        .size = sizeof(struct cairn_csrf_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
