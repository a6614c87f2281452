#include <cairn/layers/limit_aimd.h>

#define LIMIT_AIMD_FACTOR 0.9
#define LIMIT_AIMD_NS_PER_MS 1000000u

const struct cairn_limit_aimd cairn_limit_aimd = {.base = CAIRN_LIMIT_AIMD};

double cairn_limit_aimd_next(const struct cairn_limit_algorithm *base,
    double memory[CAIRN_LIMIT_MEMORY], /* NOLINT(readability-non-const-parameter) */
    const struct cairn_limit_sample *sample)
{
    const struct cairn_limit_aimd *self = (const struct cairn_limit_aimd *)base;
    bool is_slow = self->latency_ms && sample->rtt_ns / LIMIT_AIMD_NS_PER_MS >= self->latency_ms;
    (void)memory;
    if (sample->is_overloaded || is_slow)
        return sample->limit * (self->factor > 0 ? self->factor : LIMIT_AIMD_FACTOR);
    bool is_used = 2 * (double)sample->in_flight >= sample->limit;
    return is_used ? sample->limit + 1 : sample->limit;
}
