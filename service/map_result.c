#include <cairn/service/map.h>

#include <cairn/service/assert.h>

struct map_result_options {
    const struct cairn_type *to;
    enum cairn_poll (*f)(void *cx, enum cairn_poll p, union cairn_outcome *out);
    void *cx;
};

struct map_result {
    struct cairn_service base;
    struct map_result_options options;
};

struct map_result_future {
    struct cairn_future inner;
    struct map_result_options options;
};

static enum cairn_poll map_result_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct map_result_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p == CAIRN_PENDING)
        return p;
    p = self->options.f(self->options.cx, p, out);
    CAIRN_ASSERT(p != CAIRN_PENDING, "map_result", "the function returned CAIRN_PENDING");
    return p;
}

static void map_result_drop(void *state)
{
    cairn_future_drop(state);
}

static const struct cairn_future_ops map_result_future_ops = {
    .name = "map_result",
    .size = sizeof(struct map_result_future),
    .poll = map_result_poll,
    .drop = map_result_drop,
    .wraps = true,
};

static struct cairn_future map_result_call(struct cairn_service *base, void *req)
{
    struct map_result_future future = {
        cairn_service_call(base->inner, req), ((struct map_result *)base)->options};
    struct cairn_future mapped = cairn_future_wrap(&map_result_future_ops, &future);
    /* A new value, which may need a drop that the old one did not. */
    if (mapped.ops == &cairn__future_ready_ops)
        return cairn_future_ready_of(base->response_type, mapped.state);
    return mapped;
}

static const struct cairn_service_ops map_result_ops = {
    .name = "map_result",
    .size = sizeof(struct map_result),
    .call = map_result_call,
};

static struct cairn_service *map_result_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    const struct map_result_options *options = (const void *)layer->options;
    if (!options->f)
        return cairn_layer_invalid(layer, inner, "needs a function");
    struct map_result *self = cairn_service_new(&map_result_ops, inner);
    if (!self)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    self->options = *options;
    if (options->to)
        self->base.response_type = options->to;
    return &self->base;
}

struct cairn_layer cairn_map_result(const struct cairn_type *to,
    enum cairn_poll (*f)(void *cx, enum cairn_poll p, union cairn_outcome *out), void *cx)
{
    const struct map_result_options options = {to, f, cx};
    return cairn_layer_of("map_result", map_result_apply, &options, sizeof(options));
}
