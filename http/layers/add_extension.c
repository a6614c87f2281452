#include <cairn/http/layers/add_extension.h>

#include <string.h>

#include <cairn/http/message.h>

struct add_extension {
    struct cairn_service base;
    const void *key;
    void *value;
};

static struct cairn_future add_extension_call(struct cairn_service *base, void *req)
{
    struct add_extension *self = (struct add_extension *)base;
    if (cairn_http_extension_set(req, self->key, self->value) == 0)
        return cairn_service_call(base->inner, req);
    return cairn_service_bypass(base, req, cairn_future_failed(&cairn_error_no_memory));
}

static const struct cairn_service_ops add_extension_ops = {
    .name = "add_extension",
    .size = sizeof(struct add_extension),
    .call = add_extension_call,
};

static struct cairn_service *add_extension_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_add_extension_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    if (!opts.key || !opts.value)
        return cairn_layer_invalid(layer, inner, "%s must be set", opts.key ? "value" : "key");
    struct add_extension *self = cairn_service_new(&add_extension_ops, inner);
    if (!self)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    self->key = opts.key;
    self->value = opts.value;
    return &self->base;
}

struct cairn_layer cairn_add_extension_layer(const struct cairn_add_extension_options *options)
{
    static const struct cairn_add_extension_options defaults = {.size = sizeof(defaults)};
    const struct cairn_add_extension_options *opts = options ? options : &defaults;
    return cairn_layer_of("add_extension", add_extension_apply, opts, opts->size);
}
