/* secure_cookie.h - cookies that the client cannot change, or cannot even read. Component
 * secure_cookies. */
#ifndef CAIRN_HTTP_SECURE_COOKIE_H
#define CAIRN_HTTP_SECURE_COOKIE_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/http/cookie.h>

CAIRN_BEGIN_DECLS

/*
 * The keys, made of secrets. A secret is 32 bytes or more that nobody can guess, from
 * `openssl rand` or a vault, and no password; HKDF (RFC 5869) makes of each a key for signing and
 * another for encrypting. The first secret signs and encrypts, all are tried on what comes back: to
 * change it, put the new one in front, and drop the old one when the last cookie of it is over.
 *
 * An object of one thread: each worker makes its own, of the same secrets.
 */
struct cairn_cookie_keys;

#define CAIRN_COOKIE_SECRET_BYTES 32
#define CAIRN_COOKIE_SECRETS 16

struct cairn_cookie_keys_options {
    size_t size;
    const struct cairn_str *secrets; /* required; not kept */
    size_t secret_count;             /* 1 to 16 */
    int64_t (*now)(void *cx);        /* Unix seconds, for tests; NULL: the system's clock */
    void *cx;                        /* for now; borrowed until the keys are freed */
};

/* Owned by the caller. NULL, and *ERROR, which the caller owns: CAIRN_ERROR_INVALID (no secret, too
 * many, one that is too short), MEMORY, or SYSTEM (a libcrypto without HMAC-SHA-256, HKDF or
 * AES-256-GCM). */
CAIRN_API struct cairn_cookie_keys *cairn_cookie_keys_new_with(
    const struct cairn_cookie_keys_options *options, struct cairn_error **error);
/* Overwrites the keys. NULL: nothing. */
CAIRN_API void cairn_cookie_keys_free(struct cairn_cookie_keys *keys);

/* cairn_cookie_keys_new(&error, .secrets = secrets, .secret_count = 2) */
#define cairn_cookie_keys_new(error, ...)                                   \
    cairn_cookie_keys_new_with(                                             \
        &(const struct cairn_cookie_keys_options){                          \
            .size = sizeof(struct cairn_cookie_keys_options), __VA_ARGS__}, \
        (error))

/*
 * Sets a cookie as cairn_http_set_cookie does, with a value that says who made it: signed
 * (HMAC-SHA-256), which the client can read, or encrypted (AES-256-GCM), which it cannot. `value`
 * may be any text; about 3000 bytes of it fit. `name` is bound in: the value is worth nothing under
 * another. So is `max_age_s`: after that time nobody takes it any more, whatever the browser does
 * with it; without one it is good for as long as its secret is.
 *
 * Whose it is and whether it was given back already, a value cannot say: a cookie that was copied
 * is as good as the first.
 *
 * Returns as cairn_http_set_cookie; also CAIRN_ERROR_SYSTEM: no memory, or libcrypto failed.
 */
CAIRN_API struct cairn_error *cairn_http_set_signed_cookie_with(struct cairn_http_response *res,
    struct cairn_cookie_keys *keys, const struct cairn_http_set_cookie_options *options);
CAIRN_API struct cairn_error *cairn_http_set_encrypted_cookie_with(struct cairn_http_response *res,
    struct cairn_cookie_keys *keys, const struct cairn_http_set_cookie_options *options);

/* cairn_http_set_signed_cookie(res, keys, .name = "__Host-sid", .value = "7", .max_age_s = 3600) */
#define cairn_http_set_signed_cookie(res, keys, ...)   \
    cairn_http_set_signed_cookie_with((res), (keys),   \
        &(const struct cairn_http_set_cookie_options){ \
            .size = sizeof(struct cairn_http_set_cookie_options), __VA_ARGS__})
#define cairn_http_set_encrypted_cookie(res, keys, ...) \
    cairn_http_set_encrypted_cookie_with((res), (keys), \
        &(const struct cairn_http_set_cookie_options){  \
            .size = sizeof(struct cairn_http_set_cookie_options), __VA_ARGS__})

enum cairn_cookie_verdict {
    CAIRN_COOKIE_GOOD,
    CAIRN_COOKIE_NONE,    /* no cookie of that name */
    CAIRN_COOKIE_BAD,     /* not made with one of the keys, or not for this name */
    CAIRN_COOKIE_EXPIRED, /* made with one of them, and older than its max_age_s */
    CAIRN_COOKIE_FAILED   /* no memory, or libcrypto failed */
};

/*
 * The value of the cookie NAME, if it is good: in REQ's arena, with a NUL behind it. *VALUE is left
 * alone with any other verdict. Where a name is there more than once, the first good one of the
 * first eight counts: a neighbour's cookie of the same name does no harm.
 */
CAIRN_API enum cairn_cookie_verdict cairn_http_signed_cookie(const struct cairn_http_request *req,
    struct cairn_cookie_keys *keys, const char *name, struct cairn_str *value);
CAIRN_API enum cairn_cookie_verdict cairn_http_encrypted_cookie(
    const struct cairn_http_request *req, struct cairn_cookie_keys *keys, const char *name,
    struct cairn_str *value);

/*
 * The same without HTTP, for links and hidden fields of forms: VALUE, any bytes, as text of
 * A-Z a-z 0-9 - _, which is good for NAME only, and for MAX_AGE_S seconds (0: no end). In ARENA
 * with a NUL behind it; data NULL without memory, or when libcrypto failed.
 */
CAIRN_API struct cairn_str cairn_cookie_sign(struct cairn_cookie_keys *keys,
    struct cairn_arena *arena, struct cairn_str name, struct cairn_str value, uint64_t max_age_s);
CAIRN_API struct cairn_str cairn_cookie_encrypt(struct cairn_cookie_keys *keys,
    struct cairn_arena *arena, struct cairn_str name, struct cairn_str value, uint64_t max_age_s);
/* What was made of: *VALUE is in ARENA with a NUL behind it, and left alone unless the verdict is
 * GOOD. */
CAIRN_API enum cairn_cookie_verdict cairn_cookie_verify(struct cairn_cookie_keys *keys,
    struct cairn_arena *arena, struct cairn_str name, struct cairn_str text,
    struct cairn_str *value);
CAIRN_API enum cairn_cookie_verdict cairn_cookie_decrypt(struct cairn_cookie_keys *keys,
    struct cairn_arena *arena, struct cairn_str name, struct cairn_str text,
    struct cairn_str *value);

CAIRN_END_DECLS

#endif
