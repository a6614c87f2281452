#include <cairn/layers/histogram.h>

#include <stdbool.h>
#include <string.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>

/* Each doubling of the time has 2^7 buckets of the same width; below 2^8 the width is one. */
#define HISTOGRAM_BITS 7
#define HISTOGRAM_MAX_BITS 22
#define HISTOGRAM_BUCKETS ((HISTOGRAM_MAX_BITS - HISTOGRAM_BITS + 1) << HISTOGRAM_BITS)

struct histogram_half {
    uint64_t total;
    uint32_t counts[HISTOGRAM_BUCKETS];
};

struct cairn_histogram {
    uint64_t period_ms;
    uint64_t began_ms; /* the period that is written */
    bool has_begun;
    unsigned written; /* which half */
    double share;     /* the last one asked for in this period; 0: none */
    uint64_t value_ms;
    struct histogram_half halves[2];
};

static unsigned histogram_bucket(uint64_t ms)
{
    if (ms < 2u << HISTOGRAM_BITS)
        return (unsigned)ms;
    unsigned shift = 63 - (unsigned)__builtin_clzll(ms) - HISTOGRAM_BITS;
    return (shift << HISTOGRAM_BITS) + (unsigned)(ms >> shift);
}

/* The largest time that falls into BUCKET. */
static uint64_t histogram_upper_ms(unsigned bucket)
{
    if (bucket < 2u << HISTOGRAM_BITS)
        return bucket;
    unsigned shift = (bucket >> HISTOGRAM_BITS) - 1;
    return ((uint64_t)(bucket - (shift << HISTOGRAM_BITS) + 1) << shift) - 1;
}

struct cairn_histogram *cairn_histogram_new(uint64_t period_ms)
{
    struct cairn_histogram *self = cairn_alloc_zero(sizeof(*self));
    if (self)
        self->period_ms = period_ms;
    return self;
}

void cairn_histogram_free(struct cairn_histogram *histogram)
{
    cairn_free(histogram);
}

static void histogram_rotate(struct cairn_histogram *self, uint64_t now_ms)
{
    if (!self->has_begun) {
        self->has_begun = true;
        self->began_ms = now_ms;
    }
    if (now_ms - self->began_ms < self->period_ms)
        return;
    CAIRN_ASSERT(self->period_ms, "histogram", "the period must be 1 ms or more");
    uint64_t periods = (now_ms - self->began_ms) / self->period_ms;
    self->began_ms += periods * self->period_ms;
    self->share = 0;
    self->written ^= 1;
    memset(&self->halves[self->written], 0, sizeof(self->halves[0]));
    if (periods >= 2)
        memset(&self->halves[self->written ^ 1], 0, sizeof(self->halves[0]));
}

void cairn_histogram_record(struct cairn_histogram *histogram, uint64_t now_ms, uint64_t elapsed_ns)
{
    uint64_t ms = elapsed_ns / 1000000 + (elapsed_ns % 1000000 != 0);
    if (ms < 1)
        ms = 1;
    if (ms > CAIRN_HISTOGRAM_MAX_MS)
        ms = CAIRN_HISTOGRAM_MAX_MS;
    histogram_rotate(histogram, now_ms);
    struct histogram_half *half = &histogram->halves[histogram->written];
    uint32_t *count = &half->counts[histogram_bucket(ms)];
    if (*count == UINT32_MAX)
        return;
    ++*count;
    half->total++;
}

uint64_t cairn_histogram_count(struct cairn_histogram *histogram, uint64_t now_ms)
{
    histogram_rotate(histogram, now_ms);
    return histogram->halves[histogram->written ^ 1].total;
}

static uint64_t histogram_find_ms(const struct histogram_half *half, double share)
{
    /* The product may be a hair above the whole number that is meant. */
    uint64_t rank = (uint64_t)((double)half->total * share + 0.999999);
    uint64_t seen = 0;
    unsigned last = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (half->counts[i] == 0)
            continue;
        last = i;
        seen += half->counts[i];
        if (seen >= rank)
            break;
    }
    return histogram_upper_ms(last);
}

uint64_t cairn_histogram_percentile(
    struct cairn_histogram *histogram, uint64_t now_ms, double share)
{
    histogram_rotate(histogram, now_ms);
    if (histogram->share != share) {
        histogram->share = share;
        histogram->value_ms = histogram_find_ms(&histogram->halves[histogram->written ^ 1], share);
    }
    return histogram->value_ms;
}
