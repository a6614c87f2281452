/* validate_header.h - lets in requests whose fields are as they should be. Tower's
 * ValidateRequestHeader. */
#ifndef CAIRN_HTTP_LAYERS_VALIDATE_HEADER_H
#define CAIRN_HTTP_LAYERS_VALIDATE_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/http/message.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

#define CAIRN_VALIDATE_HEADER_MOST 64

/*
 * Makes those of three checks that are set, in this order. The first one that fails is the answer,
 * and inner is not called.
 *
 * 1. `name` and `value`: the field must be there, once, with this value, byte for byte; else 403.
 *    How long it takes does not tell how much of it was right (http/secret.h): the value may be a
 *    secret, and is wiped when the last copy goes. Tokens and passwords of users have
 * require_bearer and require_basic.
 * 2. `accept`: the Accept of the request must allow one of these media types, as
 *    cairn_http_accept_media has it; else 406, which names them, with `Vary: Accept` (RFC 9110
 *    section 15.5.7). No Accept allows all.
 * 3. `validate`: a function.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response; what is
 * refused waits for inner's room, too. Without memory for the answer the call fails. May be cloned.
 * Invalid: no check; name without value or the other way round; a name that is no token, a value
 * that may not stand in a field, or is empty; accept empty, with more than 64 types, or with what
 * is no media type (a wildcard, say). Counts, in all copies: `forbidden` (403), `not_acceptable`
 * (406), `answered` by the function.
 *
 * Place: inside of cors, whose preflights carry none of these fields; outside of what does work.
 */
struct cairn_validate_header_options {
    size_t size;
    const char *name;   /* copied; NULL: no such check */
    const char *value;  /* copied */
    const char *accept; /* "application/json, text/html"; copied. NULL: no such check */
    /* Returns true for a request that passes, which it may change. Else *ANSWER is what is sent;
     * NULL is out of memory. NULL: no such check. */
    bool (*validate)(void *cx, struct cairn_http_request *req, struct cairn_http_response **answer);
    void *cx; /* the function's own, borrowed until the last copy is gone */
};

/* OPTIONS has no default: NULL is refused. */
CAIRN_API struct cairn_layer cairn_validate_header_layer(
    const struct cairn_validate_header_options *options);

/* cairn_validate_header(.accept = "application/json") */
#define cairn_validate_header(...)                                             \
    cairn_validate_header_layer(&(const struct cairn_validate_header_options){ \
        .size = sizeof(struct cairn_validate_header_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
