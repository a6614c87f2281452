/* require_bearer.h - lets in who has a token. RFC 6750. */
#ifndef CAIRN_HTTP_LAYERS_REQUIRE_BEARER_H
#define CAIRN_HTTP_LAYERS_REQUIRE_BEARER_H

#include <stddef.h>

#include <cairn/http/authorization.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

#define CAIRN_REQUIRE_BEARER_TOKENS 64

struct cairn_bearer_token {
    const char *token; /* copied; of the characters of a token: A-Z a-z 0-9 - . _ ~ + / and = */
    const char *user;  /* whose it is (cairn_http_user); copied; NULL: "" */
};

/*
 * Answers as RFC 6750 section 3 says, as application/problem+json with `WWW-Authenticate: Bearer
 * realm="…"`:
 *
 *     no bearer token                   401
 *     a malformed one, or two           400  error="invalid_request"
 *     one that is not let in            401  error="invalid_token"
 *     `check` says CAIRN_ERROR_REJECTED 403  error="insufficient_scope", scope="…" if there is one
 *
 * A request with a right token goes to inner, which sees the user (cairn_http_user). Right is a
 * token of the list, all of which are compared, in a time that does not depend on their bytes; or
 * `check` decides. For signed tokens there is the layer jwt.
 *
 * Tokens never appear in errors or in what describe prints, the copies are overwritten when the
 * last copy of the layer is dropped, and header logs hide the field (cairn_http_field_for_log).
 * Only the Authorization field is looked at: tokens in a query end up in logs.
 *
 * Readiness, inner's errors and types are inner's, which must be http.request and http.response;
 * CAIRN_ERROR_MEMORY without memory. May be cloned. With `check`, refused (CAIRN_ERROR_TYPE): an
 * inner service that cannot be cloned. Invalid: none or more than one of token, tokens and check;
 * token_count not 1 to 64; a token that could not be sent; realm or scope empty or with a control
 * character. Counts, in all copies: `passed`, `refused` (answered), `failed`; with `check`, gauge
 * `waiting`.
 *
 * Place: inside of what logs and limits.
 */
struct cairn_require_bearer_options {
    size_t size;
    const char *realm;                       /* copied; NULL: "restricted" */
    const char *token;                       /* copied: the only one */
    const struct cairn_bearer_token *tokens; /* or several: 1 to 64 */
    size_t token_count;
    /*
     * Or a future whose value is the user (cairn_http_user_new), or NULL, which refuses. When it
     * fails with CAIRN_ERROR_REJECTED the token is good, but not for this; with any other error the
     * call fails. Borrows all it is given until the future is complete or dropped.
     */
    struct cairn_future (*check)(void *cx, struct cairn_http_request *req, struct cairn_str token);
    void *cx;          /* for check; borrowed until the last copy and future are gone */
    const char *scope; /* copied: what a rejected token would need; NULL: not said */
};

/* OPTIONS may be NULL, which is invalid: there is nobody to let in. */
CAIRN_API struct cairn_layer cairn_require_bearer_layer(
    const struct cairn_require_bearer_options *options);

/* cairn_require_bearer(.token = getenv("API_TOKEN")) */
#define cairn_require_bearer(...)                                            \
    cairn_require_bearer_layer(&(const struct cairn_require_bearer_options){ \
        .size = sizeof(struct cairn_require_bearer_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
