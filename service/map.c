#include <cairn/service/map.h>

/* One struct for the three: which function is set says which layer it is. */
struct map_options {
    const struct cairn_type *type;
    void *(*value)(void *cx, void *value);
    struct cairn_error *(*error)(void *cx, struct cairn_error *error);
    void *cx;
};

struct map {
    struct cairn_service base;
    struct map_options options;
};

struct map_response_future {
    struct cairn_future inner;
    void *(*value)(void *cx, void *value);
    void *cx;
};

struct map_error_future {
    struct cairn_future inner;
    struct cairn_error *(*error)(void *cx, struct cairn_error *error);
    void *cx;
};

static struct cairn_future map_request_call(struct cairn_service *base, void *request)
{
    struct map *self = (struct map *)base;
    void *mapped = self->options.value(self->options.cx, request);
    if (mapped)
        return cairn_service_call(base->inner, mapped);
    cairn_service_release(base->inner);
    return cairn_future_failed(&cairn_error_no_memory);
}

static const struct cairn_service_ops map_request_ops = {
    .name = "map_request",
    .size = sizeof(struct map),
    .call = map_request_call,
};

static enum cairn_poll map_response_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct map_response_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p)
        return p;
    out->value = self->value(self->cx, out->value);
    return CAIRN_READY;
}

static const struct cairn_future_ops map_response_future_ops = {
    .name = "map_response",
    .size = sizeof(struct map_response_future),
    .poll = map_response_poll,
    .wraps = true,
};

static struct cairn_future map_response_call(struct cairn_service *base, void *request)
{
    const struct map_options *options = &((struct map *)base)->options;
    struct map_response_future future = {
        cairn_service_call(base->inner, request), options->value, options->cx};
    struct cairn_future mapped = cairn_future_wrap(&map_response_future_ops, &future);
    /* A new value, which may need a drop that the old one did not. */
    if (mapped.ops == &cairn__future_ready_ops)
        return cairn_future_ready_of(base->response_type, mapped.state);
    return mapped;
}

static const struct cairn_service_ops map_response_ops = {
    .name = "map_response",
    .size = sizeof(struct map),
    .call = map_response_call,
};

static enum cairn_poll map_error_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct map_error_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p == CAIRN_FAILED)
        out->error = self->error(self->cx, out->error);
    return p;
}

static const struct cairn_future_ops map_error_future_ops = {
    .name = "map_error",
    .size = sizeof(struct map_error_future),
    .poll = map_error_poll,
    .wraps = true,
};

static enum cairn_poll map_error_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    struct map *self = (struct map *)base;
    enum cairn_poll p = cairn_service_poll_ready(base->inner, cx, error);
    if (p == CAIRN_FAILED)
        *error = self->options.error(self->options.cx, *error);
    return p;
}

static struct cairn_future map_error_call(struct cairn_service *base, void *request)
{
    const struct map_options *options = &((struct map *)base)->options;
    struct map_error_future future = {
        cairn_service_call(base->inner, request), options->error, options->cx};
    return cairn_future_wrap(&map_error_future_ops, &future);
}

static const struct cairn_service_ops map_error_ops = {
    .name = "map_error",
    .size = sizeof(struct map),
    .poll_ready = map_error_poll_ready,
    .call = map_error_call,
};

static struct cairn_service *map_new(const struct cairn_service_ops *ops,
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    const struct map_options *options = (const void *)layer->options;
    if (!options->value && !options->error)
        return cairn_layer_invalid(layer, inner, "needs a function");
    struct map *self = cairn_service_new(ops, inner);
    if (!self)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    self->options = *options;
    return &self->base;
}

static struct cairn_service *map_request_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *self = map_new(&map_request_ops, layer, inner);
    const struct map_options *options = (const void *)layer->options;
    if (options->type && !cairn_service_error(self))
        self->request_type = options->type;
    return self;
}

struct cairn_layer cairn_map_request(
    const struct cairn_type *from, void *(*f)(void *cx, void *request), void *cx)
{
    const struct map_options options = {.type = from, .value = f, .cx = cx};
    return cairn_layer_of("map_request", map_request_apply, &options, sizeof(options));
}

static struct cairn_service *map_response_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *self = map_new(&map_response_ops, layer, inner);
    const struct map_options *options = (const void *)layer->options;
    if (options->type && !cairn_service_error(self))
        self->response_type = options->type;
    return self;
}

struct cairn_layer cairn_map_response(
    const struct cairn_type *to, void *(*f)(void *cx, void *response), void *cx)
{
    const struct map_options options = {.type = to, .value = f, .cx = cx};
    return cairn_layer_of("map_response", map_response_apply, &options, sizeof(options));
}

static struct cairn_service *map_error_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    return map_new(&map_error_ops, layer, inner);
}

struct cairn_layer cairn_map_error(
    struct cairn_error *(*f)(void *cx, struct cairn_error *error), void *cx)
{
    const struct map_options options = {.error = f, .cx = cx};
    return cairn_layer_of("map_error", map_error_apply, &options, sizeof(options));
}

struct boxed_options {
    const struct cairn_type *request;
    const struct cairn_type *response;
};

static struct cairn_service *boxed_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    const struct boxed_options *options = (const void *)layer->options;
    struct cairn_service *broken;
    bool is_fit = cairn_layer_types_fit(layer, inner, options->request, options->response, &broken);
    return is_fit ? inner : broken;
}

struct cairn_layer cairn_boxed(const struct cairn_type *request, const struct cairn_type *response)
{
    const struct boxed_options options = {request, response};
    return cairn_layer_of("boxed", boxed_apply, &options, sizeof(options));
}
