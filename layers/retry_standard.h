/* retry_standard.h - the ready-made retry policy: attempts, back-off and a budget. */
#ifndef CAIRN_LAYERS_RETRY_STANDARD_H
#define CAIRN_LAYERS_RETRY_STANDARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/layers/backoff.h>
#include <cairn/layers/retry_budget.h>
#include <cairn/layers/retry_policy.h>

CAIRN_BEGIN_DECLS

#define CAIRN_RETRY_NO_HINT UINT64_MAX

/*
 * Tries again when `classify` says that the outcome is worth it, an attempt is left, and the budget
 * pays. A success that is not tried again deposits in the budget. Counts: `exhausted` (calls whose
 * attempts were used up), `unpaid` (retries that the budget refused), `put_off` (calls that were
 * asked to wait for longer than max_hint_ms), `budget_left`.
 */
struct cairn_retry_standard_options {
    size_t size;
    unsigned attempts; /* in all, the first included, 1 to 100; 0: 3 */
    /* Whether the outcome in ATTEMPT, which it only reads, is worth another attempt. CX is its own
     * pointer, borrowed for as long as the policy lives. NULL: cairn_retry_is_transient. */
    bool (*classify)(void *cx, const struct cairn_retry_attempt *attempt);
    void *classify_cx;
    struct cairn_backoff backoff; /* all zero: cairn_backoff_default; else as a whole */
    /* Who pays; one more reference is taken. NULL: a budget of its own, with the defaults. */
    struct cairn_retry_budget *budget;
    uint64_t seed; /* of the jitter, for tests; 0: a seed from the system */
    /* How many milliseconds the outcome in ATTEMPT, which it only reads, asks to wait (a response's
     * Retry-After, say): that, and nothing else, is then the wait before the next attempt. Or
     * CAIRN_RETRY_NO_HINT: the back-off. Asked about what `classify` finds worth another attempt.
     * CX is classify_cx. NULL: the back-off always. */
    uint64_t (*hint)(void *cx, const struct cairn_retry_attempt *attempt);
    /* A hint above this ends the call with the outcome at hand: to come back sooner than asked
     * would not help. 1 to 86400000 (a day); 0: 60000. */
    uint64_t max_hint_ms;
};

/* Returns a policy with one reference, the caller's, or NULL with *ERROR set: CAIRN_ERROR_INVALID
 * names the option, its range and what it was; CAIRN_ERROR_MEMORY. OPTIONS may be NULL. */
CAIRN_API struct cairn_retry_policy *cairn_retry_standard_new(
    const struct cairn_retry_standard_options *options, struct cairn_error **error);

/* Whether ATTEMPT failed with UNAVAILABLE, ELAPSED, CLOSED or OVERLOADED. CX is not used. */
CAIRN_API bool cairn_retry_is_transient(void *cx, const struct cairn_retry_attempt *attempt);

CAIRN_END_DECLS

#endif
