/* cookie.h - cookies: read from requests, set on responses. RFC 6265. */
#ifndef CAIRN_HTTP_COOKIE_H
#define CAIRN_HTTP_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/http/message.h>
#include <cairn/service/error.h>

CAIRN_BEGIN_DECLS

/* Parts of the request's fields, as they came: nothing is decoded. */
struct cairn_http_cookie {
    struct cairn_str name;
    struct cairn_str value;
};

/* Where a walk is. All zero: before the first. */
struct cairn_http_cookie_cursor {
    size_t field;
    struct cairn_str rest;
};

/*
 * Walks the cookies of REQ, over all of its Cookie fields. Returns false after the last.
 *
 *     while (cairn_http_cookie_next(req, &cursor, &cookie))
 *
 * What may stand between cookies is taken as browsers and proxies send it: spaces, tabs, none,
 * empty pieces. A pair itself counts only where nobody reads it in another way: a token that does
 * not begin with "$", "=", and the octets of section 4.1.1 (no space, quote, comma, semicolon,
 * backslash; ASCII only), or those in a pair of quotes, which are then not part of the value. Any
 * other pair is skipped. Where quotes are left open or escaped, old parsers run on over the next
 * semicolons: that pair and what follows it in the field is skipped.
 *
 * A name may be there more than once: browsers send cookies of other paths, of the parent domain,
 * and whatever a neighbour there has set.
 */
CAIRN_API bool cairn_http_cookie_next(const struct cairn_http_request *req,
    struct cairn_http_cookie_cursor *cursor, struct cairn_http_cookie *cookie);
/* The value of the first cookie of NAME, with case, or the absent string. */
CAIRN_API struct cairn_str cairn_http_cookie_get(
    const struct cairn_http_request *req, const char *name);

/* When other sites' requests carry the cookie. */
enum cairn_http_same_site {
    CAIRN_HTTP_SAME_SITE_LAX,    /* when the user follows a link */
    CAIRN_HTTP_SAME_SITE_STRICT, /* never */
    CAIRN_HTTP_SAME_SITE_NONE    /* always; needs Secure */
};

#define CAIRN_HTTP_COOKIE_MAX_AGE_S 34560000 /* 400 days: browsers keep none longer */
#define CAIRN_HTTP_COOKIE_BYTES 4096         /* name and value: browsers drop what is longer */

/*
 * A cookie that is not said more of is `Path=/; Secure; HttpOnly; SameSite=Lax`, for this host
 * alone and until the browser is closed.
 */
struct cairn_http_set_cookie_options {
    size_t size;
    const char *name;   /* required: a token that does not begin with "$" */
    const char *value;  /* octets as above; NULL: "". cairn_base64_encode makes them of any bytes */
    const char *path;   /* NULL: "/"; "": no such attribute, which is the request's folder */
    const char *domain; /* and what is below it; NULL: this host only */
    uint64_t max_age_s; /* 1 to 34560000 (400 days); 0: until the browser is closed */
    int64_t expires;    /* Unix seconds, for browsers of long ago: max_age_s wins; 0: not said */
    enum cairn_http_same_site same_site; /* 0: Lax */
    bool is_insecure;        /* no Secure: also over plain HTTP. Not for what must not be seen */
    bool is_script_readable; /* no HttpOnly: scripts of the page see it */
    bool is_partitioned;     /* one for each site that embeds this one; needs Secure */
};

/*
 * Adds a Set-Cookie field to RES. Copies all strings. Returns NULL, or a static error that needs no
 * unref: CAIRN_ERROR_MEMORY, or CAIRN_ERROR_INVALID, whose message names the option; RES then is as
 * it was. So a value from outside cannot become an attribute.
 *
 * Names that begin with "__Secure-" or "__Host-" (in any case) promise something that browsers hold
 * them to, and so does this function: the first Secure; the second Secure, Path=/ and no Domain.
 */
CAIRN_API struct cairn_error *cairn_http_set_cookie_with(
    struct cairn_http_response *res, const struct cairn_http_set_cookie_options *options);

/* cairn_http_set_cookie(res, .name = "theme", .value = "dark", .max_age_s = 86400) */
#define cairn_http_set_cookie(res, ...)                       \
    cairn_http_set_cookie_with(                               \
        (res), &(const struct cairn_http_set_cookie_options){ \
                   .size = sizeof(struct cairn_http_set_cookie_options), __VA_ARGS__})

/*
 * Has the browser forget a cookie: name, path and domain must be those it was set with. An empty
 * value, Max-Age=0 and a date long past; value, max_age_s and expires are not looked at. Returns
 * and errors are those of setting.
 */
CAIRN_API struct cairn_error *cairn_http_remove_cookie_with(
    struct cairn_http_response *res, const struct cairn_http_set_cookie_options *options);

/* cairn_http_remove_cookie(res, .name = "theme") */
#define cairn_http_remove_cookie(res, ...)                    \
    cairn_http_remove_cookie_with(                            \
        (res), &(const struct cairn_http_set_cookie_options){ \
                   .size = sizeof(struct cairn_http_set_cookie_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
