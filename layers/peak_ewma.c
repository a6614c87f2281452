#include <cairn/layers/peak_ewma.h>

#include <inttypes.h>
#include <string.h>

#include <cairn/layers/ewma.h>
#include <cairn/layers/load_meter.h>
#include <cairn/service/alloc.h>
#include <cairn/service/runtime.h>

#define PEAK_EWMA_DEFAULT_RTT_MS 30
#define PEAK_EWMA_MAX_RTT_MS 3600000
#define PEAK_EWMA_DEFAULT_DECAY_MS 10000
#define PEAK_EWMA_MAX_DECAY_MS 86400000
#define PEAK_EWMA_MS 1000000 /* in nanoseconds */

struct peak_ewma_meter {
    struct cairn__load_meter base;
    struct cairn__ewma ewma;
    uint64_t default_rtt_ms;
    uint64_t decay_ms;
};

static struct peak_ewma_meter *peak_ewma_meter_of(const struct cairn_service *base)
{
    return (struct peak_ewma_meter *)((const struct cairn__load_metered *)base)->meter;
}

/* Without a runtime no time passes. */
static double peak_ewma_estimate(const struct peak_ewma_meter *meter)
{
    struct cairn_runtime *runtime = cairn_runtime_current();
    uint64_t now = runtime ? cairn_runtime_now_ns(runtime) : meter->ewma.updated_ns;
    return cairn__ewma_value(&meter->ewma, now);
}

static double peak_ewma_load(const struct cairn_service *base)
{
    const struct peak_ewma_meter *meter = peak_ewma_meter_of(base);
    return peak_ewma_estimate(meter) * (double)(meter->base.pending + 1);
}

static void peak_ewma_ended(struct cairn__load_meter *base, uint64_t since_ns, uint64_t now_ns)
{
    struct peak_ewma_meter *self = (struct peak_ewma_meter *)base;
    cairn__ewma_observe(&self->ewma, now_ns > since_ns ? now_ns - since_ns : 0, now_ns);
}

static void peak_ewma_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct peak_ewma_meter *meter = peak_ewma_meter_of(base);
    cairn_describe_parameter(d, "default_rtt", meter->default_rtt_ms, "ms");
    cairn_describe_parameter(d, "decay", meter->decay_ms, "ms");
    cairn_describe_gauge(d, "pending", meter->base.pending);
    cairn_describe_gauge(d, "estimate_us", (uint64_t)(peak_ewma_estimate(meter) / 1000.0));
}

static const struct cairn_service_ops peak_ewma_ops = {
    .name = "peak_ewma",
    .size = sizeof(struct cairn__load_metered),
    .call = cairn__load_metered_call,
    .cloned = cairn__load_metered_cloned,
    .drop = cairn__load_metered_drop,
    .describe = peak_ewma_describe,
    .load = peak_ewma_load,
};

static struct cairn__load_meter *peak_ewma_meter_new(uint64_t default_rtt_ms, uint64_t decay_ms)
{
    struct cairn_runtime *runtime = cairn_runtime_current();
    struct peak_ewma_meter *self = cairn_alloc_zero(sizeof(*self));
    if (!self)
        return NULL;
    self->base.ended = peak_ewma_ended;
    self->default_rtt_ms = default_rtt_ms ? default_rtt_ms : PEAK_EWMA_DEFAULT_RTT_MS;
    self->decay_ms = decay_ms ? decay_ms : PEAK_EWMA_DEFAULT_DECAY_MS;
    self->ewma.estimate_ns = cairn__ewma_ns(self->default_rtt_ms * PEAK_EWMA_MS);
    self->ewma.decay_ns = cairn__ewma_ns(self->decay_ms * PEAK_EWMA_MS);
    self->ewma.updated_ns = runtime ? cairn_runtime_now_ns(runtime) : 0;
    return &self->base;
}

static struct cairn_service *peak_ewma_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_peak_ewma_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (opts.default_rtt_ms > PEAK_EWMA_MAX_RTT_MS)
        return cairn_layer_invalid(layer, inner, "default_rtt_ms must be 1 to %d, got %" PRIu64,
            PEAK_EWMA_MAX_RTT_MS, opts.default_rtt_ms);
    if (opts.decay_ms > PEAK_EWMA_MAX_DECAY_MS)
        return cairn_layer_invalid(layer, inner, "decay_ms must be 1 to %d, got %" PRIu64,
            PEAK_EWMA_MAX_DECAY_MS, opts.decay_ms);
    return cairn__load_metered_new(layer, inner, &peak_ewma_ops,
        peak_ewma_meter_new(opts.default_rtt_ms, opts.decay_ms), &opts.completion);
}

struct cairn_layer cairn_peak_ewma_layer(const struct cairn_peak_ewma_options *options)
{
    static const struct cairn_peak_ewma_options defaults = {.size = sizeof(defaults)};
    const struct cairn_peak_ewma_options *opts = options ? options : &defaults;
    return cairn_layer_of("peak_ewma", peak_ewma_apply, opts, opts->size);
}
