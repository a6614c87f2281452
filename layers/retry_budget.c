#include <cairn/layers/retry_budget.h>

#include <inttypes.h>
#include <stddef.h>

#include <cairn/service/alloc.h>

/*
 * Units: a deposit is worth 1000, a retry costs 1000 / ratio. The slot being filled and ten full
 * ones make a ring, so that nothing expires before its time.
 */
#define BUDGET_FULL_SLOTS 10
#define BUDGET_SLOTS (BUDGET_FULL_SLOTS + 1)
#define BUDGET_DEPOSIT 1000
#define BUDGET_MAX_COST 1000000000 /* a reserve of the largest rate and time still fits */
#define BUDGET_MAX_MIN_PER_SEC 1000000

struct cairn_retry_budget {
    unsigned references;
    unsigned slot; /* the one being filled */
    uint64_t slot_ms;
    uint64_t slot_end_ms; /* 0: nothing has happened yet */
    int64_t deposit;
    int64_t cost;
    int64_t balance; /* the reserve and all slots */
    int64_t slots[BUDGET_SLOTS];
};

static struct cairn_error *budget_check(uint64_t ttl_ms, unsigned min_per_sec, double ratio)
{
    if (ttl_ms < 1000 || ttl_ms > 60000)
        return cairn_error_new(CAIRN_ERROR_INVALID, "retry_budget", NULL,
            "ttl_ms must be 1000 to 60000, got %" PRIu64, ttl_ms);
    if (min_per_sec > BUDGET_MAX_MIN_PER_SEC)
        return cairn_error_new(CAIRN_ERROR_INVALID, "retry_budget", NULL,
            "min_per_sec must be 0 to %d, got %u", BUDGET_MAX_MIN_PER_SEC, min_per_sec);
    /* Written so that a NaN is refused too. */
    if (!(ratio >= 0 && ratio <= 1000))
        return cairn_error_new(
            CAIRN_ERROR_INVALID, "retry_budget", NULL, "ratio must be 0 to 1000, got %g", ratio);
    return NULL;
}

static int64_t budget_cost(double ratio)
{
    double cost = BUDGET_DEPOSIT / ratio + 0.5;
    return cost > BUDGET_MAX_COST ? BUDGET_MAX_COST : (int64_t)cost;
}

struct cairn_retry_budget *cairn_retry_budget_new(
    uint64_t ttl_ms, unsigned min_per_sec, double ratio, struct cairn_error **error)
{
    *error = budget_check(ttl_ms, min_per_sec, ratio);
    if (*error)
        return NULL;
    struct cairn_retry_budget *self = cairn_alloc_zero(sizeof(*self));
    if (!self) {
        *error = &cairn_error_no_memory;
        return NULL;
    }
    self->references = 1;
    self->slot_ms = ttl_ms / BUDGET_FULL_SLOTS;
    self->deposit = ratio > 0 ? BUDGET_DEPOSIT : 0;
    self->cost = ratio > 0 ? budget_cost(ratio) : 1;
    self->balance = (int64_t)(min_per_sec * ttl_ms / 1000) * self->cost;
    return self;
}

struct cairn_retry_budget *cairn_retry_budget_ref(struct cairn_retry_budget *budget)
{
    budget->references++;
    return budget;
}

void cairn_retry_budget_unref(struct cairn_retry_budget *budget)
{
    if (budget && --budget->references == 0)
        cairn_free(budget);
}

static void budget_next_slot(struct cairn_retry_budget *self)
{
    self->slot = (self->slot + 1) % BUDGET_SLOTS;
    self->balance -= self->slots[self->slot];
    self->slots[self->slot] = 0;
}

static void budget_expire(struct cairn_retry_budget *self, uint64_t now_ms)
{
    if (now_ms < self->slot_end_ms)
        return;
    uint64_t passed = (now_ms - self->slot_end_ms) / self->slot_ms + 1;
    self->slot_end_ms += passed * self->slot_ms;
    for (uint64_t n = passed < BUDGET_SLOTS ? passed : BUDGET_SLOTS; n > 0; n--)
        budget_next_slot(self);
}

static void budget_add(struct cairn_retry_budget *self, int64_t amount)
{
    self->slots[self->slot] += amount;
    self->balance += amount;
}

void cairn_retry_budget_deposit(struct cairn_retry_budget *budget, uint64_t now_ms)
{
    budget_expire(budget, now_ms);
    budget_add(budget, budget->deposit);
}

bool cairn_retry_budget_withdraw(struct cairn_retry_budget *budget, uint64_t now_ms)
{
    budget_expire(budget, now_ms);
    if (budget->balance < budget->cost)
        return false;
    budget_add(budget, -budget->cost);
    return true;
}

uint64_t cairn_retry_budget_left(struct cairn_retry_budget *budget, uint64_t now_ms)
{
    budget_expire(budget, now_ms);
    return budget->balance > 0 ? (uint64_t)(budget->balance / budget->cost) : 0;
}
