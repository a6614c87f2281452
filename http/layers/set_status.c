#include <cairn/http/layers/set_status.h>

#include <string.h>

#include <cairn/http/message.h>

struct set_status {
    struct cairn_service base;
    int status;
};

struct set_status_future {
    struct cairn_future inner;
    int status;
};

static enum cairn_poll set_status_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct set_status_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p == CAIRN_READY)
        ((struct cairn_http_response *)out->value)->status = self->status;
    return p;
}

static const struct cairn_future_ops set_status_future_ops = {
    .name = "set_status",
    .size = sizeof(struct set_status_future),
    .poll = set_status_future_poll,
    .wraps = true,
};

static struct cairn_future set_status_call(struct cairn_service *base, void *req)
{
    struct set_status_future future = {
        cairn_service_call(base->inner, req), ((struct set_status *)base)->status};
    return cairn_future_wrap(&set_status_future_ops, &future);
}

static void set_status_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    int status = ((const struct set_status *)base)->status;
    cairn_describe_parameter(d, "status", (uint64_t)status, NULL);
}

static const struct cairn_service_ops set_status_ops = {
    .name = "set_status",
    .size = sizeof(struct set_status),
    .call = set_status_call,
    .describe = set_status_describe,
};

static struct cairn_service *set_status_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_set_status_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    if (opts.status < 200 || opts.status > 599)
        return cairn_layer_invalid(layer, inner, "status must be 200 to 599, got %d", opts.status);
    struct set_status *self = cairn_service_new(&set_status_ops, inner);
    if (!self)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    self->status = opts.status;
    return &self->base;
}

struct cairn_layer cairn_set_status_layer(const struct cairn_set_status_options *options)
{
    static const struct cairn_set_status_options defaults = {.size = sizeof(defaults)};
    const struct cairn_set_status_options *opts = options ? options : &defaults;
    return cairn_layer_of("set_status", set_status_apply, opts, opts->size);
}
