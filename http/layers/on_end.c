#include <cairn/http/layers/on_end.h>

#include <string.h>

struct on_end {
    struct cairn_service base;
    struct cairn_on_end_options options;
};

/* In the arena of the exchange, which may outlive every copy of the layer. */
struct on_end_hook {
    struct cairn_on_end_options options;
    const struct cairn_http_request *req;
};

static void on_end_ended(void *value, const struct cairn_http_end *end)
{
    const struct on_end_hook *hook = value;
    hook->options.ended(hook->options.cx, hook->req, end);
}

static int on_end_hook(const struct cairn_on_end_options *options, struct cairn_http_request *req)
{
    struct on_end_hook *hook = cairn_arena_alloc(req->arena, sizeof(*hook));
    if (!hook)
        return -1;
    *hook = (struct on_end_hook){*options, req};
    return cairn_http_on_end(req, on_end_ended, hook);
}

static struct cairn_future on_end_call(struct cairn_service *base, void *req)
{
    if (on_end_hook(&((struct on_end *)base)->options, req) == 0)
        return cairn_service_call(base->inner, req);
    return cairn_service_bypass(base, req, cairn_future_failed(&cairn_error_no_memory));
}

static const struct cairn_service_ops on_end_ops = {
    .name = "on_end", .size = sizeof(struct on_end), .call = on_end_call};

static struct cairn_service *on_end_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_on_end_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    if (!opts.ended)
        return cairn_layer_invalid(layer, inner, "ended is missing");
    struct on_end *self = cairn_service_new(&on_end_ops, inner);
    if (!self)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    self->options = opts;
    return &self->base;
}

struct cairn_layer cairn_on_end_layer(const struct cairn_on_end_options *options)
{
    static const struct cairn_on_end_options defaults = {.size = sizeof(defaults)};
    const struct cairn_on_end_options *opts = options ? options : &defaults;
    return cairn_layer_of("on_end", on_end_apply, opts, opts->size);
}
