#include <cairn/http/layers/replay_body.h>

#include <string.h>

#include <cairn/http/body.h>

#define REPLAY_BODY_BYTES ((size_t)64 * 1024)
#define REPLAY_BODY_MOST ((size_t)64 * 1024 * 1024)

struct replay_body {
    struct cairn_service base;
    size_t max_bytes;
};

static struct cairn_future replay_body_call(struct cairn_service *base, void *req)
{
    if (cairn_http_body_replay(req, ((struct replay_body *)base)->max_bytes) == 0)
        return cairn_service_call(base->inner, req);
    return cairn_service_bypass(base, req, cairn_future_failed(&cairn_error_no_memory));
}

static void replay_body_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    cairn_describe_parameter(d, "max", ((const struct replay_body *)base)->max_bytes, "B");
}

static const struct cairn_service_ops replay_body_ops = {
    .name = "replay_body",
    .size = sizeof(struct replay_body),
    .call = replay_body_call,
    .describe = replay_body_describe,
};

static struct cairn_service *replay_body_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_replay_body_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    if (opts.max_bytes > REPLAY_BODY_MOST)
        return cairn_layer_invalid(
            layer, inner, "max_bytes must be 1 to %zu, got %zu", REPLAY_BODY_MOST, opts.max_bytes);
    struct replay_body *self = cairn_service_new(&replay_body_ops, inner);
    if (!self)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    self->max_bytes = opts.max_bytes ? opts.max_bytes : REPLAY_BODY_BYTES;
    return &self->base;
}

struct cairn_layer cairn_replay_body_layer(const struct cairn_replay_body_options *options)
{
    static const struct cairn_replay_body_options defaults = {.size = sizeof(defaults)};
    const struct cairn_replay_body_options *opts = options ? options : &defaults;
    return cairn_layer_of("replay_body", replay_body_apply, opts, opts->size);
}
