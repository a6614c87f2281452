/* ewma.h - the arithmetic of peak_ewma: an estimate of a round trip that follows peaks at once.
 * Internal. */
#ifndef CAIRN_LAYERS_EWMA_H
#define CAIRN_LAYERS_EWMA_H

#include <math.h>
#include <stdint.h>

/* Nanoseconds, as doubles: the largest time there is, 2^64 ns, is one more number. */
struct cairn__ewma {
    double estimate_ns;
    double decay_ns;
    uint64_t updated_ns; /* the last observation; 0: none, and time does not count yet */
};

static inline double cairn__ewma_ns(uint64_t ns)
{
    return (double)ns;
}

/* What is left of a weight of 1 that was given at FROM_NS. */
static inline double cairn__ewma_weight(const struct cairn__ewma *self, uint64_t now_ns)
{
    if (self->updated_ns == 0 || now_ns <= self->updated_ns)
        return 1.0;
    return exp(-cairn__ewma_ns(now_ns - self->updated_ns) / self->decay_ns);
}

/* Without news the estimate decays towards nothing, so that who was slow is tried again. */
static inline double cairn__ewma_value(const struct cairn__ewma *self, uint64_t now_ns)
{
    return self->estimate_ns * cairn__ewma_weight(self, now_ns);
}

/* A round trip over the estimate becomes the estimate; any other moves it, the more the older it
 * is. */
static inline void cairn__ewma_observe(struct cairn__ewma *self, uint64_t rtt_ns, uint64_t now_ns)
{
    double rtt = cairn__ewma_ns(rtt_ns);
    double weight = rtt < self->estimate_ns ? cairn__ewma_weight(self, now_ns) : 0.0;
    self->estimate_ns = self->estimate_ns * weight + rtt * (1.0 - weight);
    self->updated_ns = now_ns;
}

#endif
