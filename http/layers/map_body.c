#include <cairn/http/layers/map_body.h>

#include <string.h>

struct map_body_fn {
    struct cairn_stream (*f)(struct cairn_stream body, void *state);
    void *state;
    bool keeps_bytes;
};

struct map_body {
    struct cairn_service base;
    struct map_body_fn fn;
};

struct map_body_future {
    struct cairn_future inner;
    struct map_body_fn fn;
};

/* Returns 0, or -1 without memory. */
static int map_body_of_request(const struct map_body_fn *fn, struct cairn_http_request *req)
{
    int64_t length = cairn_http_request_length(req);
    if (length == 0)
        return 0;
    struct cairn_stream mapped = fn->f(cairn_http_request_take_body(req), fn->state);
    return cairn_http_request_set_body(req, mapped, fn->keeps_bytes ? length : -1);
}

static int map_body_of_response(const struct map_body_fn *fn, struct cairn_http_response *res)
{
    int64_t length = cairn_http_response_length(res);
    if (length == 0)
        return 0;
    struct cairn_stream mapped = fn->f(cairn_http_response_take_body(res), fn->state);
    return cairn_http_response_set_body(res, mapped, fn->keeps_bytes ? length : -1);
}

static struct cairn_future map_body_request_call(struct cairn_service *base, void *req)
{
    if (map_body_of_request(&((struct map_body *)base)->fn, req) == 0)
        return cairn_service_call(base->inner, req);
    return cairn_service_bypass(base, req, cairn_future_failed(&cairn_error_no_memory));
}

static const struct cairn_service_ops map_body_request_ops = {
    .name = "map_request_body",
    .size = sizeof(struct map_body),
    .call = map_body_request_call,
};

static enum cairn_poll map_body_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct map_body_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p || map_body_of_response(&self->fn, out->value) == 0)
        return p;
    cairn_type_drop(&cairn_http_response_type, out->value);
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static const struct cairn_future_ops map_body_future_ops = {
    .name = "map_response_body",
    .size = sizeof(struct map_body_future),
    .poll = map_body_future_poll,
    .wraps = true,
};

static struct cairn_future map_body_response_call(struct cairn_service *base, void *req)
{
    struct map_body_future future = {
        cairn_service_call(base->inner, req), ((struct map_body *)base)->fn};
    return cairn_future_wrap(&map_body_future_ops, &future);
}

static const struct cairn_service_ops map_body_response_ops = {
    .name = "map_response_body",
    .size = sizeof(struct map_body),
    .call = map_body_response_call,
};

static struct cairn_service *map_body_new(const struct cairn_service_ops *ops,
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_map_body_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    if (!opts.f)
        return cairn_layer_invalid(layer, inner, "f must be set");
    struct map_body *self = cairn_service_new(ops, inner);
    if (!self)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    self->fn = (struct map_body_fn){opts.f, opts.state, opts.keeps_bytes};
    return &self->base;
}

static struct cairn_service *map_body_request_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    return map_body_new(&map_body_request_ops, layer, inner);
}

static struct cairn_service *map_body_response_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    return map_body_new(&map_body_response_ops, layer, inner);
}

static const struct cairn_map_body_options *map_body_options(
    const struct cairn_map_body_options *options)
{
    static const struct cairn_map_body_options defaults = {.size = sizeof(defaults)};
    return options ? options : &defaults;
}

struct cairn_layer cairn_map_request_body_layer(const struct cairn_map_body_options *options)
{
    const struct cairn_map_body_options *opts = map_body_options(options);
    return cairn_layer_of("map_request_body", map_body_request_apply, opts, opts->size);
}

struct cairn_layer cairn_map_response_body_layer(const struct cairn_map_body_options *options)
{
    const struct cairn_map_body_options *opts = map_body_options(options);
    return cairn_layer_of("map_response_body", map_body_response_apply, opts, opts->size);
}
