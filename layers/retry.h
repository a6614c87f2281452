/* retry.h - tries a call again when a policy says so. Tower's Retry. */
#ifndef CAIRN_LAYERS_RETRY_H
#define CAIRN_LAYERS_RETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/layers/retry_standard.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * The call copies the request and sends the original to inner. When the attempt has ended, the
 * policy decides: its outcome goes to the caller as it is, or is dropped and the copy is sent,
 * after a wait, through a clone of inner that has been polled ready, itself copied before. Without
 * a copy there is no next attempt and the policy is not asked. Inner is cloned once for a call, at
 * its first retry. Without memory for that, the outcome at hand is the caller's; a failure of the
 * clone's readiness ends the call with it.
 *
 * The policy's session begins anew for each call. Readiness, errors and types are inner's. May be
 * cloned; copies share the policy, and with it the budget.
 *
 * Refused when the stack is built: a request type that cannot be cloned, unless the policy copies
 * requests itself; an inner service that cannot be cloned. Invalid: attempts or backoff out of
 * range, both a policy and options of the standard one, a session over CAIRN_RETRY_SESSION_BYTES.
 * Counts: `retries`, and what the policy counts (the standard one: `exhausted`, `unpaid`,
 * `put_off`, `budget_left`).
 *
 * Place: outside of the client and of a timeout for each attempt, inside of the timeout for the
 * whole. Only for requests that may be carried out twice.
 */
struct cairn_retry_options {
    size_t size;
    /* Who decides. Borrowed until the last application; each service then counts as an owner (a
     * static one must outlive them). NULL: the standard policy, which the rest is for. */
    struct cairn_retry_policy *policy;
    unsigned attempts; /* these as in struct cairn_retry_standard_options */
    bool (*classify)(void *cx, const struct cairn_retry_attempt *attempt);
    void *classify_cx;
    struct cairn_backoff backoff;
    struct cairn_retry_budget *budget;
    uint64_t seed;
    uint64_t (*hint)(void *cx, const struct cairn_retry_attempt *attempt);
    uint64_t max_hint_ms;
};

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_retry_layer(const struct cairn_retry_options *options);

/* cairn_retry(.attempts = 5), cairn_retry(.policy = &mine.base) */
#define cairn_retry(...)                                   \
    cairn_retry_layer(&(const struct cairn_retry_options){ \
        .size = sizeof(struct cairn_retry_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
