/* idempotency_store.h - where idempotency_keys keeps what it has answered: memory, or what you make
 * of it. */
#ifndef CAIRN_HTTP_LAYERS_IDEMPOTENCY_STORE_H
#define CAIRN_HTTP_LAYERS_IDEMPOTENCY_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/http/message.h>
#include <cairn/service/describe.h>
#include <cairn/service/future.h>
#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

struct cairn_idempotency_store;

/* What tells two requests under one key apart: 128 bits of method, target and body. */
struct cairn_idempotency_fingerprint {
    uint64_t words[2];
};

enum cairn_idempotency_found {
    CAIRN_IDEMPOTENCY_CLAIMED,   /* nobody had the key: the caller has it now, and ends it */
    CAIRN_IDEMPOTENCY_RUNNING,   /* another one has it, with this fingerprint */
    CAIRN_IDEMPOTENCY_DIFFERENT, /* it is or was another's, with another fingerprint */
    CAIRN_IDEMPOTENCY_ANSWERED   /* it was answered */
};

struct cairn_idempotency_claim {
    enum cairn_idempotency_found found;
    uint64_t token;                     /* CLAIMED: of this claim and no other; not 0 */
    struct cairn_http_response *answer; /* ANSWERED: as it was, for this request */
};

/*
 * One kind of store. Static const data. What is passed is borrowed for the call, unless said
 * otherwise; what a store wants to keep it copies. Keys are at most 1 KiB.
 */
struct cairn_idempotency_store_ops {
    const char *name;
    /*
     * Looks KEY up, and claims it if nobody has it, in one step. A claim lasts until it is ended;
     * CLAIM_MS at most, for its owner may be dead. READY, with *CLAIM filled in; an answer lives in
     * REQ's arena. Both are borrowed until the future is complete or dropped; one that is dropped
     * leaves no claim. A failure fails the request. A complete future (cairn_future_ready) costs no
     * box.
     */
    struct cairn_future (*begin)(struct cairn_idempotency_store *self, struct cairn_str key,
        const struct cairn_idempotency_fingerprint *fingerprint, uint64_t claim_ms,
        const struct cairn_http_request *req, struct cairn_idempotency_claim *claim);
    /*
     * Ends the claim TOKEN with RES, whose body is whole, to be kept for KEEP_MS. READY when it is
     * kept; the client gets its answer then. RES is borrowed until the future is complete or
     * dropped. A failure is counted: the client gets its answer, the key is free. A claim that is
     * not there any more: nothing.
     */
    struct cairn_future (*answer)(struct cairn_idempotency_store *self, struct cairn_str key,
        uint64_t token, const struct cairn_http_response *res, uint64_t keep_ms);
    /* Ends the claim TOKEN: the key is free. One that is not there any more, or was answered:
     * nothing. */
    void (*abandon)(struct cairn_idempotency_store *self, struct cairn_str key, uint64_t token);
    /* Its parameters, then its counters, among those of the layer. NULL: none. */
    void (*describe)(const struct cairn_idempotency_store *self, struct cairn_describe *d);
    /* The last reference is gone. NULL: nothing. */
    void (*free)(struct cairn_idempotency_store *self);
};

/* Embed it first. Counted by atomic references; whether it is for several threads its maker says.
 */
struct cairn_idempotency_store {
    const struct cairn_idempotency_store_ops *ops;
    unsigned references;
};

/* One more owner. Returns STORE. */
CAIRN_API struct cairn_idempotency_store *cairn_idempotency_store_ref(
    struct cairn_idempotency_store *store);
/* One owner less; the last one frees it. NULL: nothing. */
CAIRN_API void cairn_idempotency_store_unref(struct cairn_idempotency_store *store);

CAIRN_END_DECLS

#endif
