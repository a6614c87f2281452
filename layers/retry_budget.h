/* retry_budget.h - how many retries the calls of late have paid for. Tower's TpsBudget, after
 * Finagle's. */
#ifndef CAIRN_LAYERS_RETRY_BUDGET_H
#define CAIRN_LAYERS_RETRY_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include <cairn/service/error.h>

CAIRN_BEGIN_DECLS

#define CAIRN_RETRY_BUDGET_DEFAULT_TTL_MS 10000
#define CAIRN_RETRY_BUDGET_DEFAULT_MIN_PER_SEC 10
#define CAIRN_RETRY_BUDGET_DEFAULT_RATIO 0.2

/*
 * Each call that succeeds deposits, each retry withdraws: when everything fails, retries stop and
 * add no load to what is down already. Deposits and withdrawals expire, a tenth of the time to live
 * at a time, no sooner than TTL_MS and no later than 1.1 times that. A reserve allows
 * MIN_PER_SEC retries a second without any deposit; unused, it does not grow.
 *
 * Counted, for one runtime; several layers may share one. Time is an argument, in milliseconds of
 * any clock that does not go back.
 */
struct cairn_retry_budget;

/*
 * TTL_MS: 1000 to 60000. MIN_PER_SEC: 0 to 1000000. RATIO: retries that one success pays for, 0 to
 * 1000; 0.2 is one retry for five successes, 2.0 two for each, 0 leaves the reserve alone.
 *
 * Returns a budget with one reference, the caller's, or NULL with *ERROR set: CAIRN_ERROR_INVALID
 * names the argument and its range, CAIRN_ERROR_MEMORY.
 */
CAIRN_API struct cairn_retry_budget *cairn_retry_budget_new(
    uint64_t ttl_ms, unsigned min_per_sec, double ratio, struct cairn_error **error);
CAIRN_API struct cairn_retry_budget *cairn_retry_budget_ref(struct cairn_retry_budget *budget);
CAIRN_API void cairn_retry_budget_unref(struct cairn_retry_budget *budget);

/* A call succeeded. */
CAIRN_API void cairn_retry_budget_deposit(struct cairn_retry_budget *budget, uint64_t now_ms);
/* Pays for one retry. Returns false, and takes nothing, when there is not enough. */
CAIRN_API bool cairn_retry_budget_withdraw(struct cairn_retry_budget *budget, uint64_t now_ms);
/* Retries that could be paid for now. */
CAIRN_API uint64_t cairn_retry_budget_left(struct cairn_retry_budget *budget, uint64_t now_ms);

CAIRN_END_DECLS

#endif
