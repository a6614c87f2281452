/* require_basic.h - lets in who knows user and password. RFC 7617. */
#ifndef CAIRN_HTTP_LAYERS_REQUIRE_BASIC_H
#define CAIRN_HTTP_LAYERS_REQUIRE_BASIC_H

#include <stddef.h>

#include <cairn/http/authorization.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * A request without Basic credentials, with malformed or with wrong ones is answered 401, as
 * application/problem+json, with `WWW-Authenticate: Basic realm="…", charset="UTF-8"`. One with the
 * right ones goes to inner, which sees the user (cairn_http_user).
 *
 * The right ones are `user` and `password`, compared in a time that does not depend on their bytes;
 * or `check` decides. Both are bytes: two spellings of "é" are two passwords.
 *
 * The credentials travel as good as in the clear: have TLS in front. They never appear in errors or
 * in what describe prints, the copies are overwritten when the last copy of the layer is dropped,
 * and header logs hide the field (cairn_http_field_for_log).
 *
 * Readiness, inner's errors and types are inner's, which must be http.request and http.response;
 * CAIRN_ERROR_MEMORY without memory. May be cloned. With `check`, refused (CAIRN_ERROR_TYPE): an
 * inner service that cannot be cloned. Invalid: neither user and password nor check, or both; user
 * empty, with a colon or a control character; password empty or with a control character; realm
 * empty or with a control character. Counts, in all copies: `passed`, `refused` (answered),
 * `failed`; with `check`, gauge `waiting`.
 *
 * Place: inside of what logs and limits, rate_limit_keyed above all, which bounds the guesses.
 */
struct cairn_require_basic_options {
    size_t size;
    const char *realm;    /* copied; NULL: "restricted" */
    const char *user;     /* copied */
    const char *password; /* copied */
    /*
     * In place of both: a future whose value is the user (cairn_http_user_new), or NULL, which
     * refuses. When it fails, the call fails with its error. Borrows all it is given until the
     * future is complete or dropped. Hashing passwords takes long by design: do it in a
     * cairn_blocking_pool.
     */
    struct cairn_future (*check)(
        void *cx, struct cairn_http_request *req, struct cairn_str user, struct cairn_str password);
    void *cx; /* for check; borrowed until the last copy and future are gone */
};

/* OPTIONS may be NULL, which is invalid: there is nobody to let in. */
CAIRN_API struct cairn_layer cairn_require_basic_layer(
    const struct cairn_require_basic_options *options);

/* cairn_require_basic(.user = "admin", .password = getenv("ADMIN_PASSWORD")) */
#define cairn_require_basic(...)                                           \
    cairn_require_basic_layer(&(const struct cairn_require_basic_options){ \
        .size = sizeof(struct cairn_require_basic_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
