#include <cairn/layers/backoff.h>

#include <inttypes.h>
#include <stddef.h>

struct cairn_backoff cairn_backoff_default(void)
{
    return (struct cairn_backoff){
        CAIRN_BACKOFF_DEFAULT_MIN_MS, CAIRN_BACKOFF_NO_MAX, CAIRN_BACKOFF_DEFAULT_JITTER};
}

struct cairn_error *cairn_backoff_check(const struct cairn_backoff *backoff)
{
    if (backoff->max_ms == 0)
        return cairn_error_new(
            CAIRN_ERROR_INVALID, "backoff", NULL, "backoff.max_ms must be 1 or more, got 0");
    if (backoff->min_ms > backoff->max_ms)
        return cairn_error_new(CAIRN_ERROR_INVALID, "backoff", NULL,
            "backoff.min_ms must be 0 to max_ms (%" PRIu64 "), got %" PRIu64, backoff->max_ms,
            backoff->min_ms);
    /* Written so that a NaN is refused too. */
    if (!(backoff->jitter >= 0 && backoff->jitter <= 100))
        return cairn_error_new(CAIRN_ERROR_INVALID, "backoff", NULL,
            "backoff.jitter must be 0 to 100, got %g", backoff->jitter);
    return NULL;
}

uint64_t cairn_backoff_base_ms(const struct cairn_backoff *backoff, unsigned n)
{
    if (backoff->min_ms == 0)
        return 0;
    if (n >= 64 || backoff->min_ms > backoff->max_ms >> n)
        return backoff->max_ms;
    return backoff->min_ms << n;
}

uint64_t cairn_backoff_jitter_ms(
    const struct cairn_backoff *backoff, uint64_t base_ms, struct cairn_random *random)
{
    uint64_t room = backoff->max_ms - base_ms;
    if (base_ms == 0 || room == 0 || backoff->jitter <= 0)
        return 0;
    double jitter = (double)base_ms * backoff->jitter * cairn_random_next_double(random);
    if (jitter >= (double)room)
        return room;
    uint64_t whole = (uint64_t)jitter;
    return whole == 0 || (double)whole < jitter ? whole + 1 : whole;
}

uint64_t cairn_backoff_delay_ms(
    const struct cairn_backoff *backoff, unsigned n, struct cairn_random *random)
{
    uint64_t base_ms = cairn_backoff_base_ms(backoff, n);
    return base_ms + cairn_backoff_jitter_ms(backoff, base_ms, random);
}
