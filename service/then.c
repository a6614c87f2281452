#include <cairn/service/then.h>

#include <cairn/service/combine.h>

/* One struct for both: which function is set says which layer it is. */
struct then_options {
    const struct cairn_type *to;
    struct cairn_future (*then)(void *cx, enum cairn_poll p, union cairn_outcome out);
    struct cairn_future (*and_then)(void *cx, void *response);
    void *cx;
};

struct then {
    struct cairn_service base;
    struct then_options options;
};

static struct cairn_future then_call(struct cairn_service *base, void *req)
{
    const struct then_options *options = &((struct then *)base)->options;
    return cairn_future_then(cairn_service_call(base->inner, req), options->then, options->cx);
}

static const struct cairn_service_ops then_ops = {
    .name = "then",
    .size = sizeof(struct then),
    .call = then_call,
};

static struct cairn_future and_then_call(struct cairn_service *base, void *req)
{
    const struct then_options *options = &((struct then *)base)->options;
    return cairn_future_and_then(
        cairn_service_call(base->inner, req), options->and_then, options->cx);
}

static const struct cairn_service_ops and_then_ops = {
    .name = "and_then",
    .size = sizeof(struct then),
    .call = and_then_call,
};

static struct cairn_service *then_new(const struct cairn_service_ops *ops,
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    const struct then_options *options = (const void *)layer->options;
    if (!options->then && !options->and_then)
        return cairn_layer_invalid(layer, inner, "needs a function");
    struct then *self = cairn_service_new(ops, inner);
    if (!self)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    self->options = *options;
    if (options->to)
        self->base.response_type = options->to;
    return &self->base;
}

static struct cairn_service *then_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    return then_new(&then_ops, layer, inner);
}

struct cairn_layer cairn_then(const struct cairn_type *to,
    struct cairn_future (*f)(void *cx, enum cairn_poll p, union cairn_outcome out), void *cx)
{
    const struct then_options options = {.to = to, .then = f, .cx = cx};
    return cairn_layer_of("then", then_apply, &options, sizeof(options));
}

static struct cairn_service *and_then_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    return then_new(&and_then_ops, layer, inner);
}

struct cairn_layer cairn_and_then(
    const struct cairn_type *to, struct cairn_future (*f)(void *cx, void *response), void *cx)
{
    const struct then_options options = {.to = to, .and_then = f, .cx = cx};
    return cairn_layer_of("and_then", and_then_apply, &options, sizeof(options));
}
