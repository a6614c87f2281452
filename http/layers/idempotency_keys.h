/* idempotency_keys.h - a request that is sent twice is carried out once.
 * draft-ietf-httpapi-idempotency-key-header. */
#ifndef CAIRN_HTTP_LAYERS_IDEMPOTENCY_KEYS_H
#define CAIRN_HTTP_LAYERS_IDEMPOTENCY_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/http/layers/idempotency_memory.h>
#include <cairn/http/layers/idempotency_store.h>
#include <cairn/http/message.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * A client names each operation by a key of its own, in the field Idempotency-Key: 1 to 255
 * characters, quoted ("8e03978e-40d5") or not. The first request under a key is carried out, and
 * its answer kept: status, fields, body. The same request again, which has the same method, target
 * and body, gets that answer, with `Idempotent-Replayed: true`, and inner does not see it.
 *
 *     400  no key where one is required; a key that is none, or two
 *     409  the first is still being carried out; Retry-After: 1
 *     422  the key was used for another request
 *
 * each as problem+json. To compare it, the body is collected before inner is called; handlers see
 * it as before. Over the limit the call fails with CAIRN_ERROR_TOO_LARGE.
 *
 * What is not kept can be tried again under its key: failed calls, calls that were given up,
 * answers that `keep` does not want, streams, files and upgrades, which pass as they are, and
 * bodies over `max_response_bytes`. Mind that a call is given up when its client goes away: what
 * must not be carried out by halves goes on in a task of its own (cairn_spawn).
 *
 * Keys of two clients must not meet: they are told apart by `scope`.
 *
 * Readiness and types are inner's, which must be http.request and http.response. Errors are inner's
 * and the store's. May be cloned; copies share the store. A request without a key costs nothing.
 * Refused: a service that cannot be cloned. Invalid: an option out of range.
 * Counts, in all copies: `first`, `replayed`, `conflicts` (409), `mismatches` (422), `rejected`
 * (400), `unkept` (answers that were not kept), `store_errors`; and what the store counts.
 *
 * Place: around what has effects; inside of what authenticates and limits, for a refusal would be
 * kept too; inside of access_log. Outside of retry and timeout.
 */
struct cairn_idempotency_keys_options {
    size_t size;
    /* Where answers are kept. Each service counts as an owner. Workers must share one: make it
     * before them. NULL: in memory, for each application. */
    struct cairn_idempotency_store *store;
    /* Whose key it is: the authenticated user, a tenant; an absent string is one of its own. NULL:
     * the value of Authorization, which is right as long as a client retries with the same one. */
    struct cairn_str (*scope)(void *cx, const struct cairn_http_request *req);
    /* Whether to keep RES, whose body is whole. NULL: a status below 500, but not 408, 425 and 429.
     */
    bool (*keep)(void *cx, const struct cairn_http_response *res);
    void *cx;                   /* for both; borrowed until the last copy and future are dropped */
    const char *header;         /* copied; NULL: "Idempotency-Key" */
    bool required;              /* of the methods below; false: what has no key passes */
    unsigned methods;           /* 1u << CAIRN_HTTP_POST | …; 0: POST and PATCH */
    uint64_t keep_ms;           /* 1000 to 2592000000 (30 days); 0: 86400000 (a day) */
    uint64_t claim_ms;          /* after which who carries it out is taken for dead; 1 to 86400000;
                                   0: 300000 */
    size_t max_response_bytes;  /* of a body that is kept; 0: 65536 */
    uint64_t max_request_bytes; /* of a body that is collected; 0: the request's own limit */
};

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_idempotency_keys_layer(
    const struct cairn_idempotency_keys_options *options);

/* cairn_idempotency_keys(.store = store, .scope = user_of) */
#define cairn_idempotency_keys(...)                                              \
    cairn_idempotency_keys_layer(&(const struct cairn_idempotency_keys_options){ \
        .size = sizeof(struct cairn_idempotency_keys_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
