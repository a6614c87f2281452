#include <cairn/http/layers/map_message.h>

#include <string.h>

#include <cairn/service/future_core.h>

/* One struct for both: which function is set says which layer it is. */
struct map_message_options {
    struct cairn_http_request *(*request)(struct cairn_http_request *req, void *state);
    struct cairn_http_response *(*response)(struct cairn_http_response *res, void *state);
    void *state;
};

struct map_message {
    struct cairn_service base;
    struct map_message_options options;
};

struct map_message_future {
    struct cairn_future inner;
    struct map_message_options options;
};

static struct cairn_future map_message_request_call(struct cairn_service *base, void *req)
{
    const struct map_message_options *options = &((struct map_message *)base)->options;
    struct cairn_http_request *mapped = options->request(req, options->state);
    if (mapped)
        return cairn_service_call(base->inner, mapped);
    cairn_service_release(base->inner);
    return cairn_future_failed(&cairn_error_no_memory);
}

static const struct cairn_service_ops map_message_request_ops = {
    .name = "map_request",
    .size = sizeof(struct map_message),
    .call = map_message_request_call,
};

static enum cairn_poll map_message_settle(
    const struct map_message_options *options, enum cairn_poll p, union cairn_outcome *out)
{
    if (p)
        return p;
    struct cairn_http_response *mapped = options->response(out->value, options->state);
    if (!mapped) {
        out->error = &cairn_error_no_memory;
        return CAIRN_FAILED;
    }
    out->value = mapped;
    return CAIRN_READY;
}

static enum cairn_poll map_message_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct map_message_future *self = state;
    return map_message_settle(&self->options, cairn_future_poll(&self->inner, cx, out), out);
}

static const struct cairn_future_ops map_message_future_ops = {
    .name = "map_response",
    .size = sizeof(struct map_message_future),
    .poll = map_message_future_poll,
    .wraps = true,
};

static struct cairn_future map_message_response_call(struct cairn_service *base, void *req)
{
    const struct map_message_options *options = &((struct map_message *)base)->options;
    struct cairn_future inner = cairn_service_call(base->inner, req);
    union cairn_outcome out;
    enum cairn_poll p = cairn__future_outcome(&inner, &out);
    if (p != CAIRN_PENDING)
        return cairn__future_of(map_message_settle(options, p, &out), &out);
    return cairn_future_box(&map_message_future_ops, &(struct map_message_future){inner, *options});
}

static const struct cairn_service_ops map_message_response_ops = {
    .name = "map_response",
    .size = sizeof(struct map_message),
    .call = map_message_response_call,
};

static struct cairn_service *map_message_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct map_message_options options;
    memcpy(&options, layer->options, sizeof(options));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    if (!options.request && !options.response)
        return cairn_layer_invalid(layer, inner, "needs a function");
    struct map_message *self = cairn_service_new(
        options.request ? &map_message_request_ops : &map_message_response_ops, inner);
    if (!self)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    self->options = options;
    return &self->base;
}

struct cairn_layer cairn_http_map_request(
    struct cairn_http_request *(*f)(struct cairn_http_request *req, void *state), void *state)
{
    const struct map_message_options options = {.request = f, .state = state};
    return cairn_layer_of("map_request", map_message_apply, &options, sizeof(options));
}

struct cairn_layer cairn_http_map_response(
    struct cairn_http_response *(*f)(struct cairn_http_response *res, void *state), void *state)
{
    const struct map_message_options options = {.response = f, .state = state};
    return cairn_layer_of("map_response", map_message_apply, &options, sizeof(options));
}
