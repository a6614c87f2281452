/* jwt.h - lets in who has a signed token. RFC 7519, 7515, 6750. Component jwt. */
#ifndef CAIRN_HTTP_LAYERS_JWT_H
#define CAIRN_HTTP_LAYERS_JWT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/http/authorization.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

struct json_t; /* jansson's: include <jansson.h> and link jansson to look into one */

/* There is no "none". */
enum cairn_jwt_algorithm {
    CAIRN_JWT_HS256 = 1, /* HMAC with SHA-2: who can check a token can make one */
    CAIRN_JWT_HS384,
    CAIRN_JWT_HS512,
    CAIRN_JWT_RS256, /* RSA, PKCS #1 1.5 */
    CAIRN_JWT_RS384,
    CAIRN_JWT_RS512,
    CAIRN_JWT_ES256, /* ECDSA with P-256 */
    CAIRN_JWT_ES384, /* with P-384 */
    CAIRN_JWT_ES512  /* with P-521 */
};

/*
 * A key, and the one algorithm it is for: a token does not choose how it is checked. One whose
 * `alg` no key is for is refused, and a public key is never the secret of an HMAC.
 */
struct cairn_jwt_key {
    enum cairn_jwt_algorithm algorithm;
    struct cairn_str key; /* HS: the secret, as long as the hash (32, 48, 64 bytes) or longer. Else
                             a public key in PEM: RSA of 2048 bits or more, EC on the right curve */
    const char *id;       /* a token with another `kid` is not checked with it; NULL: any */
};

#define CAIRN_JWT_KEYS 16
#define CAIRN_JWT_SCOPES 32
#define CAIRN_JWT_NO_LEEWAY UINT64_MAX

/*
 * The token is that of the Authorization field (Bearer), or else, with `cookie`, that of the
 * cookie. Good is one that
 *
 *     is a JWS in its compact form, each part the one base64url text of its bytes, of `max_bytes`
 * at most, with JSON objects in it that have no name twice, and no `crit` is signed with one of the
 * keys, by that key's algorithm has exp, and it is not reached; nbf and iat, if it has them, are
 * (all three: give or take `leeway_s`) has iss, and it is `issuer`, if that is set has aud, and
 * `audience` is in it, if that is set; has no aud, if not (RFC 7519 section 4.1.3) has all of
 * `scopes`, in scope (a text with spaces) or scp (the same, or an array)
 *
 * The request then goes to inner, which sees the claims, and a user named by sub (cairn_http_user).
 * Any other is answered as RFC 6750 section 3 says, as application/problem+json: no token 401; a
 * malformed Authorization 400 invalid_request; a bad one 401 invalid_token, with a description if
 * it is signed well; without the scopes 403 insufficient_scope.
 *
 * Tokens and keys never appear in errors or in what describe prints. A token that was taken back
 * before its time is good until then: keep such times short.
 *
 * A check costs what its signature costs (5 µs for HS, 30 for RS, 100 for ES256) on the worker's
 * thread, and memory of libcrypto's and jansson's.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response;
 * CAIRN_ERROR_MEMORY without memory. May be cloned.
 * Invalid: keys missing, or more than 16; a key that is not one of its algorithm, or too short;
 * more than 32 scopes, or one with a space, quote or backslash; an empty issuer, audience, cookie;
 * leeway_s over 3600; max_bytes under 64 or over 65536; a realm that could not be sent.
 * Counts, in all copies: `passed`, `refused`.
 *
 * Place: inside of what logs and limits. With a cookie other sites' pages can send requests in the
 * user's name: SameSite and a CSRF check are against that.
 */
struct cairn_jwt_options {
    size_t size;
    const struct cairn_jwt_key *keys; /* required; copied, with all they point to */
    size_t key_count;                 /* 1 to 16 */
    const char *issuer;               /* copied; NULL: any or none */
    const char *audience;             /* copied; NULL: a token with aud is refused */
    const char *const *scopes;        /* copied; ended by NULL; NULL: none is needed */
    const char *cookie;               /* copied: a name; NULL: no cookie is looked at */
    const char *realm;                /* copied; NULL: "restricted" */
    uint64_t leeway_s;                /* 0: 30; CAIRN_JWT_NO_LEEWAY: none */
    size_t max_bytes;                 /* of a token; 0: 8192 */
    bool is_exp_optional;             /* a token without exp is good for ever */
    int64_t (*now)(void *cx);         /* Unix seconds, for tests; NULL: the system's clock */
    void *cx;                         /* for now; borrowed until the last copy is gone */
};

/* OPTIONS may be NULL, which is invalid: there is no key. */
CAIRN_API struct cairn_layer cairn_jwt_layer(const struct cairn_jwt_options *options);

/* cairn_jwt(.keys = keys, .key_count = 1, .issuer = "https://id.example.org", .audience = "orders")
 */
#define cairn_jwt(...) \
    cairn_jwt_layer(   \
        &(const struct cairn_jwt_options){.size = sizeof(struct cairn_jwt_options), __VA_ARGS__})

/*
 * For handlers inside of it. Texts are borrowed until the exchange ends. Outside of the layer there
 * are no claims.
 */

/* All of them, a JSON object; NULL: none. Change nothing in it. */
CAIRN_API const struct json_t *cairn_jwt_claims(const struct cairn_http_request *req);
/* The text of the claim NAME; the absent string when there is none, or it is no text. */
CAIRN_API struct cairn_str cairn_jwt_claim(const struct cairn_http_request *req, const char *name);
/* The same for a whole number. Returns false, and leaves *NUMBER alone, when there is none. */
CAIRN_API bool cairn_jwt_claim_number(
    const struct cairn_http_request *req, const char *name, int64_t *number);
/* sub. */
CAIRN_API struct cairn_str cairn_jwt_subject(const struct cairn_http_request *req);
CAIRN_API bool cairn_jwt_has_scope(const struct cairn_http_request *req, const char *scope);

CAIRN_END_DECLS

#endif
