/* require_authorization.h - a function that may wait lets a request in, or answers it. tower-http's
 * AsyncRequireAuthorization. */
#ifndef CAIRN_HTTP_LAYERS_REQUIRE_AUTHORIZATION_H
#define CAIRN_HTTP_LAYERS_REQUIRE_AUTHORIZATION_H

#include <stddef.h>

#include <cairn/http/authorization.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * At each call `authorize` borrows the request until its future is complete or dropped, and may
 * leave something on it: the user (cairn_http_set_user), an extension, a field. Its value is
 *
 *     REQ itself   inner is called with it
 *     a response   is the answer (cairn_http_problem, cairn_http_bearer_challenge); inner is not
 *                  called
 *     NULL         there was no memory: the call fails, CAIRN_ERROR_MEMORY
 *
 * so that nothing but the request lets a request in. When it fails, the call fails with its error.
 *
 * While the function waits, the call keeps the reservation that inner has given it: the readied
 * inner service moves into the future, and a spare copy takes its place. A function that answers at
 * once allocates nothing here.
 *
 * Readiness, inner's errors and types are inner's, which must be http.request and http.response.
 * May be cloned. Refused (CAIRN_ERROR_TYPE): an inner service that cannot be cloned. Invalid: no
 * function. Counts, in all copies: `passed`, `refused` (answered), `failed`; gauge `waiting`.
 *
 * Place: inside of what logs and limits, outside of what costs something; around the routes that
 * need it. It keeps inner's room while it waits: put concurrency_limit inside of it only if its
 * wait is short.
 */
struct cairn_require_authorization_options {
    size_t size;
    struct cairn_future (*authorize)(void *cx, struct cairn_http_request *req); /* required */
    void *cx; /* the function's own; borrowed until the last copy and future are gone */
};

/* OPTIONS may be NULL, which is invalid: there is no function. */
CAIRN_API struct cairn_layer cairn_require_authorization_layer(
    const struct cairn_require_authorization_options *options);

/* cairn_require_authorization(.authorize = has_session, .cx = sessions) */
#define cairn_require_authorization(...)                                                   \
    cairn_require_authorization_layer(&(const struct cairn_require_authorization_options){ \
        .size = sizeof(struct cairn_require_authorization_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
