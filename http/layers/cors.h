/* cors.h - which pages of other origins may read the answers, and ask for more than a form could.
 * Fetch section 3.2; Tower's Cors. */
#ifndef CAIRN_HTTP_LAYERS_CORS_H
#define CAIRN_HTTP_LAYERS_CORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/http/message.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/* What is allowed because the request asks for it. */
enum cairn_cors_mirror {
    CAIRN_CORS_MIRROR_ORIGIN = 1,
    CAIRN_CORS_MIRROR_METHODS = 2,
    CAIRN_CORS_MIRROR_HEADERS = 4
};

#define CAIRN_CORS_MAX_AGE_S 86400

/*
 * A browser shows the answer to a page of another origin only if Access-Control-Allow-Origin says
 * so, and asks beforehand, by a preflight, for what is not simple. Nothing is refused here: who is
 * no browser reads what he likes, and a request of an origin that is not allowed runs all the same.
 * Against that there is csrf.
 *
 * A preflight (OPTIONS with Origin and Access-Control-Request-Method) is answered by this layer, by
 * an empty 200, and never reaches inner; another OPTIONS does. An answer of inner loses the fields
 * Access-Control-Allow-Origin, -Allow-Credentials and -Expose-Headers that it had, and gets those
 * of this layer, unless its origin is not allowed. "*" and a single origin are sent whatever the
 * request says; all else depends on its Origin, which Vary then tells, in answers to requests
 * without one, too. A preflight's Vary also names the fields that are mirrored.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response; errors get
 * no field, and a preflight waits for inner's room, too. Without memory in the arena the call
 * fails. May be cloned. Invalid: not exactly one way to choose an origin; an element of `origins`
 * that no browser sends (it has a path, an upper-case letter, a wildcard, the default port;
 * "null"); `methods`, `headers`, `expose` empty or with what is no token, or `methods` or `headers`
 * with their mirror; "*" in a list of several, or together with `credentials`, which a browser
 * would refuse; max_age_s out of range, or together with `max_age`. Counts, in all copies:
 * `preflights`; `refused`, requests whose origin was not allowed; `failed`, those among them of
 * which `allows_later` failed.
 *
 * Place: outside of error_to_response, so that pages may read answers to errors, too; outside of
 * what asks for authorization, which no preflight carries.
 */
struct cairn_cors_options {
    size_t size;
    /* Exactly one of the next three, or CAIRN_CORS_MIRROR_ORIGIN. */
    const char *origins; /* "*", or "https://a.example, http://localhost:3000" */
    /* Whether ORIGIN is allowed. It is borrowed for the call. */
    bool (*allows)(void *cx, struct cairn_str origin, const struct cairn_http_request *req);
    /* The same, later: a future whose value is NULL for no; one that fails is a no, too. Inner is
     * called at once, and polled when the answer is there. ORIGIN lives as long as the exchange. */
    struct cairn_future (*allows_later)(
        void *cx, struct cairn_str origin, const struct cairn_http_request *req);
    void *cx; /* the functions' own, borrowed until the last call ends */

    const char *methods; /* "*", or "PUT, DELETE"; NULL: those of a form, GET, HEAD and POST */
    const char *headers; /* "*" (not Authorization), or "Content-Type"; NULL: only simple ones */
    const char *expose;  /* "*", or "ETag, X-Total": what a page may read; NULL: only simple ones */
    unsigned mirror;     /* of enum cairn_cors_mirror */
    bool credentials;    /* cookies and the like are sent, and answers to them shown */
    bool private_network; /* pages of public networks may ask a server in a private one */
    /* Seconds that a browser may keep the answer to a preflight: 1 to 86400 (no browser keeps it
     * longer), or -1: none. 0: it is not told, which is 5 s. */
    int64_t max_age_s;
    /* The same, computed; a value out of range is the nearest one. */
    int64_t (*max_age)(void *cx, struct cairn_str origin, const struct cairn_http_request *req);
};

/* OPTIONS has no default for the origins: NULL is refused. */
CAIRN_API struct cairn_layer cairn_cors_layer(const struct cairn_cors_options *options);

/* cairn_cors(.origins = "https://app.example", .methods = "PUT, DELETE", .credentials = true) */
#define cairn_cors(...)                                  \
    cairn_cors_layer(&(const struct cairn_cors_options){ \
        .size = sizeof(struct cairn_cors_options), __VA_ARGS__})

/* Every origin, method and header, all of the answer; but no credentials. */
CAIRN_API struct cairn_layer cairn_cors_permissive(void);
/* The same with credentials: every page acts as the user who looks at it. For development. */
CAIRN_API struct cairn_layer cairn_cors_very_permissive(void);

CAIRN_END_DECLS

#endif
