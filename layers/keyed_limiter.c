#include <cairn/layers/keyed_limiter.h>

#include <inttypes.h>
#include <string.h>

#include <cairn/layers/keyed_table.h>
#include <cairn/service/alloc.h>
#include <cairn/service/siphash.h>

#define KEYED_MAX_NUM 1000000000
#define KEYED_MAX_PER_MS 86400000
#define KEYED_MAX_KEYS 16777216
#define KEYED_NS_PER_MS 1000000u
/* A whole burst takes no longer than this to refill: sums of times then fit in a word. */
#define KEYED_MAX_BURST_NS ((uint64_t)366 * 86400 * 1000 * KEYED_NS_PER_MS)

/* A rate as the algorithm has it. */
struct keyed_gcra {
    uint64_t burst;
    uint64_t interval_ns; /* what one call costs */
    uint64_t burst_ns;    /* what a whole burst costs */
};

struct cairn_keyed_limiter {
    unsigned references; /* atomic */
    struct cairn_keyed_rate rate;
    struct keyed_gcra gcra; /* of that rate */
    struct cairn__siphash_key key;
    struct cairn__keyed_table table;
};

static uint64_t keyed_least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t keyed_or(uint64_t value, uint64_t or_else)
{
    return value ? value : or_else;
}

static struct keyed_gcra keyed_gcra_of(const struct cairn_keyed_rate *rate)
{
    uint64_t per_ns = keyed_least(rate->per_ms, KEYED_MAX_PER_MS) * KEYED_NS_PER_MS;
    struct keyed_gcra gcra = {.interval_ns = keyed_or(per_ns / rate->num, 1)};
    gcra.burst =
        keyed_least(keyed_or(rate->burst, rate->num), KEYED_MAX_BURST_NS / gcra.interval_ns);
    gcra.burst_ns = gcra.burst * gcra.interval_ns;
    return gcra;
}

static struct cairn_error *keyed_check(const struct cairn_keyed_limiter_options *opts)
{
    struct cairn_keyed_rate rate = {opts->num, opts->per_ms, opts->burst};
    if (opts->num > KEYED_MAX_NUM || opts->num == 0)
        return cairn_error_new(CAIRN_ERROR_INVALID, "keyed_limiter", NULL,
            "num must be 1 to %d, got %" PRIu64, KEYED_MAX_NUM, opts->num);
    if (opts->per_ms > KEYED_MAX_PER_MS)
        return cairn_error_new(CAIRN_ERROR_INVALID, "keyed_limiter", NULL,
            "per_ms must be 1 to %d, got %" PRIu64, KEYED_MAX_PER_MS, opts->per_ms);
    if (opts->burst > KEYED_MAX_NUM || keyed_gcra_of(&rate).burst < opts->burst)
        return cairn_error_new(CAIRN_ERROR_INVALID, "keyed_limiter", NULL,
            "burst must be 1 to %d and take at most 366 days, got %" PRIu64, KEYED_MAX_NUM,
            opts->burst);
    if (opts->keys > KEYED_MAX_KEYS)
        return cairn_error_new(CAIRN_ERROR_INVALID, "keyed_limiter", NULL,
            "keys must be 1 to %d, got %zu", KEYED_MAX_KEYS, opts->keys);
    return NULL;
}

struct cairn_keyed_limiter *cairn_keyed_limiter_new(
    const struct cairn_keyed_limiter_options *options, struct cairn_error **error)
{
    struct cairn_keyed_limiter_options opts = {.size = sizeof(opts)};
    if (options)
        memcpy(&opts, options, options->size < sizeof(opts) ? options->size : sizeof(opts));
    opts.num = keyed_or(opts.num, 100);
    opts.per_ms = keyed_or(opts.per_ms, 1000);
    opts.burst = keyed_or(opts.burst, opts.num);
    *error = keyed_check(&opts);
    if (*error)
        return NULL;
    struct cairn_keyed_limiter *self = cairn_alloc_zero(sizeof(*self));
    if (!self || !cairn__keyed_table_init(&self->table, opts.keys ? opts.keys : 16384)) {
        cairn_free(self);
        *error = &cairn_error_no_memory;
        return NULL;
    }
    self->references = 1;
    self->rate = (struct cairn_keyed_rate){opts.num, opts.per_ms, opts.burst};
    self->gcra = keyed_gcra_of(&self->rate);
    self->key = cairn__siphash_key_new(opts.seed);
    return self;
}

struct cairn_keyed_limiter *cairn_keyed_limiter_ref(struct cairn_keyed_limiter *limiter)
{
    __atomic_fetch_add(&limiter->references, 1, __ATOMIC_RELAXED);
    return limiter;
}

void cairn_keyed_limiter_unref(struct cairn_keyed_limiter *limiter)
{
    if (!limiter || __atomic_sub_fetch(&limiter->references, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    cairn__keyed_table_fini(&limiter->table);
    cairn_free(limiter);
}

struct cairn_keyed_rate cairn_keyed_limiter_rate(const struct cairn_keyed_limiter *limiter)
{
    return limiter->rate;
}

static uint64_t keyed_ms(uint64_t ns)
{
    return ns / KEYED_NS_PER_MS + (ns % KEYED_NS_PER_MS != 0);
}

/*
 * TIME is when the burst is all there again. One more call moves it by its cost, and may begin when
 * that leaves it no further ahead than a whole burst: the answer, and the time as it then is.
 */
static struct cairn_keyed_answer keyed_decide(const struct keyed_gcra *gcra, uint64_t max_wait_ms,
    uint64_t now_ns, uint64_t time, uint64_t *charged)
{
    uint64_t owed_ns = time > now_ns ? time - now_ns : 0;
    uint64_t after_ns = owed_ns + gcra->interval_ns;
    uint64_t wait_ms = after_ns > gcra->burst_ns ? keyed_ms(after_ns - gcra->burst_ns) : 0;
    struct cairn_keyed_answer answer = {
        .is_allowed = wait_ms <= max_wait_ms, .limit = gcra->burst, .wait_ms = wait_ms};
    if (answer.is_allowed)
        owed_ns = after_ns;
    *charged = now_ns + owed_ns;
    if (owed_ns < gcra->burst_ns)
        answer.remaining = (gcra->burst_ns - owed_ns) / gcra->interval_ns;
    answer.reset_ms = keyed_ms(owed_ns);
    return answer;
}

/* The rates that need no time to be kept. */
static bool keyed_is_fixed(const struct cairn_keyed_rate *rate, struct cairn_keyed_answer *answer)
{
    if (rate->num == CAIRN_KEYED_UNLIMITED) {
        *answer = (struct cairn_keyed_answer){
            .is_allowed = true, .limit = UINT64_MAX, .remaining = UINT64_MAX};
        return true;
    }
    *answer = (struct cairn_keyed_answer){.wait_ms = UINT64_MAX};
    return rate->num == 0;
}

static struct cairn_keyed_answer keyed_charge(struct cairn_keyed_limiter *self, uint64_t hash,
    const struct keyed_gcra *gcra, uint64_t max_wait_ms, uint64_t now_ns)
{
    for (;;) {
        struct cairn__keyed_place place = cairn__keyed_table_place(&self->table, hash, now_ns);
        uint64_t *word = &place.set->times[place.slot];
        uint64_t time = __atomic_load_n(word, __ATOMIC_SEQ_CST);
        struct cairn_keyed_answer answer;
        uint64_t charged;
        do
            answer = keyed_decide(gcra, max_wait_ms, now_ns, time, &charged);
        while (answer.is_allowed && !__atomic_compare_exchange_n(word, &time, charged, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
        if (cairn__keyed_table_holds(place, hash))
            return answer;
    }
}

struct cairn_keyed_answer cairn_keyed_limiter_take(struct cairn_keyed_limiter *limiter,
    struct cairn_str key, const struct cairn_keyed_rate *rate, uint64_t max_wait_ms,
    uint64_t now_ns)
{
    struct cairn_keyed_answer answer;
    if (rate && keyed_is_fixed(rate, &answer))
        return answer;
    struct keyed_gcra gcra = rate ? keyed_gcra_of(rate) : limiter->gcra;
    uint64_t hash = cairn__siphash(limiter->key, key.data, key.length);
    return keyed_charge(limiter, hash, &gcra, keyed_least(max_wait_ms, KEYED_MAX_PER_MS), now_ns);
}

struct cairn_keyed_answer cairn_keyed_limiter_peek(const struct cairn_keyed_limiter *limiter,
    struct cairn_str key, const struct cairn_keyed_rate *rate, uint64_t now_ns)
{
    struct cairn_keyed_answer answer;
    if (rate && keyed_is_fixed(rate, &answer))
        return answer;
    struct keyed_gcra gcra = rate ? keyed_gcra_of(rate) : limiter->gcra;
    uint64_t hash = cairn__siphash(limiter->key, key.data, key.length);
    uint64_t time = cairn__keyed_table_time(&limiter->table, hash);
    uint64_t owed_ns = time > now_ns ? time - now_ns : 0;
    uint64_t charged;
    answer = keyed_decide(&gcra, 0, now_ns, time, &charged);
    /* As it is, not as it would be after the call. */
    answer.remaining = owed_ns < gcra.burst_ns ? (gcra.burst_ns - owed_ns) / gcra.interval_ns : 0;
    answer.reset_ms = keyed_ms(owed_ns);
    return answer;
}

void cairn_keyed_limiter_describe(
    const struct cairn_keyed_limiter *limiter, struct cairn_describe *d)
{
    cairn_describe_parameter(d, "num", limiter->rate.num, NULL);
    cairn_describe_parameter(d, "per", limiter->rate.per_ms, "ms");
    cairn_describe_parameter(d, "burst", limiter->rate.burst, NULL);
    cairn_describe_parameter(d, "keys", cairn__keyed_table_slots(&limiter->table) / 2, NULL);
    cairn_describe_counter(
        d, "evicted", __atomic_load_n(&limiter->table.evicted, __ATOMIC_RELAXED));
}
