#include <cairn/service/map.h>

struct map_future_options {
    const struct cairn_type *to;
    struct cairn_future (*f)(void *cx, struct cairn_future future);
    void *cx;
};

struct map_future {
    struct cairn_service base;
    struct map_future_options options;
};

static struct cairn_future map_future_call(struct cairn_service *base, void *req)
{
    const struct map_future_options *options = &((struct map_future *)base)->options;
    return options->f(options->cx, cairn_service_call(base->inner, req));
}

static const struct cairn_service_ops map_future_ops = {
    .name = "map_future",
    .size = sizeof(struct map_future),
    .call = map_future_call,
};

static struct cairn_service *map_future_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    const struct map_future_options *options = (const void *)layer->options;
    if (!options->f)
        return cairn_layer_invalid(layer, inner, "needs a function");
    struct map_future *self = cairn_service_new(&map_future_ops, inner);
    if (!self)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    self->options = *options;
    if (options->to)
        self->base.response_type = options->to;
    return &self->base;
}

struct cairn_layer cairn_map_future(const struct cairn_type *to,
    struct cairn_future (*f)(void *cx, struct cairn_future future), void *cx)
{
    const struct map_future_options options = {to, f, cx};
    return cairn_layer_of("map_future", map_future_apply, &options, sizeof(options));
}
