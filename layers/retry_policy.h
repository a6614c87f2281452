/* retry_policy.h - who decides whether a call is tried again. Tower's Policy. */
#ifndef CAIRN_LAYERS_RETRY_POLICY_H
#define CAIRN_LAYERS_RETRY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/service/describe.h>
#include <cairn/service/future.h>
#include <cairn/service/type.h>

CAIRN_BEGIN_DECLS

struct cairn_retry_policy;

/* Bytes of a session: what a policy remembers of one call. */
#define CAIRN_RETRY_SESSION_BYTES 32

/* An attempt that has ended. The policy may change each of the first three fields: it then takes
 * what was there and gives what it puts there. */
struct cairn_retry_attempt {
    void *request;           /* the copy that was kept: what the next attempt sends */
    enum cairn_poll p;       /* READY or FAILED */
    union cairn_outcome out; /* what the caller gets if there is no next one */
    const struct cairn_type *request_type;
    const struct cairn_type *response_type;
    uint64_t now_ms; /* of the runtime's clock */
    /* Filled in for a next attempt: what to wait for first, then how long. Empty and 0: nothing.
     * The value of `wait` is not used; its failure is the call's. */
    struct cairn_future wait;
    uint64_t delay_ms;
};

/*
 * One kind of policy. Static const data. SESSION is aligned for any type, zero before begin, begun
 * and ended once for each call, and may be moved in between.
 */
struct cairn_retry_policy_ops {
    const char *name;
    size_t session_size; /* at most CAIRN_RETRY_SESSION_BYTES */
    /* NULL: nothing. */
    void (*begin)(struct cairn_retry_policy *self, void *session);
    void (*end)(struct cairn_retry_policy *self, void *session);
    /* Returns a copy of REQUEST to keep for a next attempt. NULL: none, the attempt is the last and
     * the policy is not asked about it. No function here: TYPE's clone. */
    void *(*clone_request)(struct cairn_retry_policy *self, void *session,
        const struct cairn_type *type, const void *request);
    /* Whether to try again; asked after a success too. What is in ATTEMPT's outcome is dropped
     * then, and given to the caller otherwise. */
    bool (*retry)(
        struct cairn_retry_policy *self, void *session, struct cairn_retry_attempt *attempt);
    /* Its parameters and counters, among those of the layer. NULL: none. */
    void (*describe)(const struct cairn_retry_policy *self, struct cairn_describe *d);
    /* The last reference is gone. NULL: nothing. */
    void (*free)(struct cairn_retry_policy *self);
};

/* Embed it first. For one runtime. `references` is 0 for a static policy, which is never freed. */
struct cairn_retry_policy {
    const struct cairn_retry_policy_ops *ops;
    unsigned references;
};

/* One more owner. Returns POLICY. */
static inline struct cairn_retry_policy *cairn_retry_policy_ref(struct cairn_retry_policy *policy)
{
    policy->references += policy->references != 0;
    return policy;
}

/* One owner less; the last one frees it. NULL and static policies: nothing. */
static inline void cairn_retry_policy_unref(struct cairn_retry_policy *policy)
{
    if (policy && policy->references != 0 && --policy->references == 0 && policy->ops->free)
        policy->ops->free(policy);
}

CAIRN_END_DECLS

#endif
