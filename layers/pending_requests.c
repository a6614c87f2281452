#include <cairn/layers/pending_requests.h>

#include <string.h>

#include <cairn/layers/load_meter.h>
#include <cairn/service/alloc.h>

static double pending_requests_load(const struct cairn_service *base)
{
    return (double)((const struct cairn__load_metered *)base)->meter->pending;
}

static void pending_requests_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    cairn_describe_gauge(d, "pending", ((const struct cairn__load_metered *)base)->meter->pending);
}

static const struct cairn_service_ops pending_requests_ops = {
    .name = "pending_requests",
    .size = sizeof(struct cairn__load_metered),
    .call = cairn__load_metered_call,
    .cloned = cairn__load_metered_cloned,
    .drop = cairn__load_metered_drop,
    .describe = pending_requests_describe,
    .load = pending_requests_load,
};

static struct cairn_service *pending_requests_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_pending_requests_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    return cairn__load_metered_new(layer, inner, &pending_requests_ops,
        cairn_alloc_zero(sizeof(struct cairn__load_meter)), &opts.completion);
}

struct cairn_layer cairn_pending_requests_layer(
    const struct cairn_pending_requests_options *options)
{
    static const struct cairn_pending_requests_options defaults = {.size = sizeof(defaults)};
    const struct cairn_pending_requests_options *opts = options ? options : &defaults;
    return cairn_layer_of("pending_requests", pending_requests_apply, opts, opts->size);
}
