#include <cairn/layers/retry_standard.h>

#include <inttypes.h>
#include <string.h>

#include <cairn/service/alloc.h>
#include <cairn/service/random.h>
#include <cairn/service/runtime.h>

#define RETRY_STANDARD_ATTEMPTS 3
#define RETRY_STANDARD_MAX_ATTEMPTS 100
#define RETRY_STANDARD_MAX_HINT_MS 60000
#define RETRY_STANDARD_MOST_HINT_MS 86400000

struct retry_standard {
    struct cairn_retry_policy base;
    unsigned attempts;
    bool (*classify)(void *cx, const struct cairn_retry_attempt *attempt);
    uint64_t (*hint)(void *cx, const struct cairn_retry_attempt *attempt);
    void *cx; /* of both */
    uint64_t max_hint_ms;
    struct cairn_backoff backoff;
    struct cairn_retry_budget *budget;
    struct cairn_random random;
    uint64_t exhausted; /* calls whose attempts were used up */
    uint64_t unpaid;    /* retries that the budget did not pay for */
    uint64_t put_off;   /* calls that were asked to wait for too long */
};

struct retry_standard_session {
    unsigned retries;
};

bool cairn_retry_is_transient(void *cx, const struct cairn_retry_attempt *attempt)
{
    (void)cx;
    if (attempt->p != CAIRN_FAILED)
        return false;
    switch ((unsigned)attempt->out.error->code) {
    case CAIRN_ERROR_UNAVAILABLE:
    case CAIRN_ERROR_ELAPSED:
    case CAIRN_ERROR_CLOSED:
    case CAIRN_ERROR_OVERLOADED:
        return true;
    default:
        return false;
    }
}

static bool retry_standard_retry(
    struct cairn_retry_policy *base, void *session, struct cairn_retry_attempt *attempt)
{
    struct retry_standard *self = (struct retry_standard *)base;
    struct retry_standard_session *call = session;
    if (!self->classify(self->cx, attempt)) {
        if (attempt->p == CAIRN_READY)
            cairn_retry_budget_deposit(self->budget, attempt->now_ms);
        return false;
    }
    if (call->retries + 1 >= self->attempts) {
        self->exhausted++;
        return false;
    }
    uint64_t hint_ms = self->hint ? self->hint(self->cx, attempt) : CAIRN_RETRY_NO_HINT;
    if (hint_ms != CAIRN_RETRY_NO_HINT && hint_ms > self->max_hint_ms) {
        self->put_off++;
        return false;
    }
    if (!cairn_retry_budget_withdraw(self->budget, attempt->now_ms)) {
        self->unpaid++;
        return false;
    }
    attempt->delay_ms = hint_ms != CAIRN_RETRY_NO_HINT
                            ? hint_ms
                            : cairn_backoff_delay_ms(&self->backoff, call->retries, &self->random);
    call->retries++;
    return true;
}

static void retry_standard_describe(const struct cairn_retry_policy *base, struct cairn_describe *d)
{
    const struct retry_standard *self = (const struct retry_standard *)base;
    struct cairn_runtime *runtime = cairn_runtime_current();
    cairn_describe_parameter(d, "attempts", self->attempts, NULL);
    cairn_describe_counter(d, "exhausted", self->exhausted);
    cairn_describe_counter(d, "unpaid", self->unpaid);
    cairn_describe_counter(d, "put_off", self->put_off);
    if (runtime)
        cairn_describe_gauge(
            d, "budget_left", cairn_retry_budget_left(self->budget, cairn_runtime_now_ms(runtime)));
}

static void retry_standard_free(struct cairn_retry_policy *base)
{
    cairn_retry_budget_unref(((struct retry_standard *)base)->budget);
    cairn_free(base);
}

static const struct cairn_retry_policy_ops retry_standard_ops = {
    .name = "standard",
    .session_size = sizeof(struct retry_standard_session),
    .retry = retry_standard_retry,
    .describe = retry_standard_describe,
    .free = retry_standard_free,
};

static struct cairn_backoff retry_standard_backoff(const struct cairn_backoff *chosen)
{
    bool is_chosen = chosen->min_ms || chosen->max_ms || chosen->jitter != 0;
    return is_chosen ? *chosen : cairn_backoff_default();
}

static struct cairn_retry_budget *retry_standard_budget(
    struct cairn_retry_budget *chosen, struct cairn_error **error)
{
    if (chosen)
        return cairn_retry_budget_ref(chosen);
    return cairn_retry_budget_new(CAIRN_RETRY_BUDGET_DEFAULT_TTL_MS,
        CAIRN_RETRY_BUDGET_DEFAULT_MIN_PER_SEC, CAIRN_RETRY_BUDGET_DEFAULT_RATIO, error);
}

struct cairn_retry_policy *cairn_retry_standard_new(
    const struct cairn_retry_standard_options *options, struct cairn_error **error)
{
    struct cairn_retry_standard_options opts = {.size = sizeof(opts)};
    if (options)
        memcpy(&opts, options, options->size < sizeof(opts) ? options->size : sizeof(opts));
    if (opts.attempts > RETRY_STANDARD_MAX_ATTEMPTS) {
        *error = cairn_error_new(CAIRN_ERROR_INVALID, "retry", NULL,
            "attempts must be 1 to %d, got %u", RETRY_STANDARD_MAX_ATTEMPTS, opts.attempts);
        return NULL;
    }
    if (opts.max_hint_ms > RETRY_STANDARD_MOST_HINT_MS) {
        *error = cairn_error_new(CAIRN_ERROR_INVALID, "retry", NULL,
            "max_hint_ms must be 1 to %d, got %" PRIu64, RETRY_STANDARD_MOST_HINT_MS,
            opts.max_hint_ms);
        return NULL;
    }
    struct cairn_backoff backoff = retry_standard_backoff(&opts.backoff);
    *error = cairn_backoff_check(&backoff);
    if (*error)
        return NULL;
    struct cairn_retry_budget *budget = retry_standard_budget(opts.budget, error);
    if (!budget)
        return NULL;
    struct retry_standard *self = cairn_alloc(sizeof(*self));
    if (!self) {
        cairn_retry_budget_unref(budget);
        *error = &cairn_error_no_memory;
        return NULL;
    }
    *self = (struct retry_standard){
        .base = {&retry_standard_ops, 1},
        .attempts = opts.attempts ? opts.attempts : RETRY_STANDARD_ATTEMPTS,
        .classify = opts.classify ? opts.classify : cairn_retry_is_transient,
        .hint = opts.hint,
        .cx = opts.classify_cx,
        .max_hint_ms = opts.max_hint_ms ? opts.max_hint_ms : RETRY_STANDARD_MAX_HINT_MS,
        .backoff = backoff,
        .budget = budget,
    };
    cairn_random_init(&self->random, opts.seed);
    return &self->base;
}
