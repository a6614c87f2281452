#include <cairn/layers/load_constant.h>

#include <stdio.h>
#include <string.h>

struct load_constant {
    struct cairn_service base;
    double load;
};

static double load_constant_load(const struct cairn_service *base)
{
    return ((const struct load_constant *)base)->load;
}

static void load_constant_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    char text[32];
    snprintf(text, sizeof(text), "%g", load_constant_load(base));
    cairn_describe_text(d, "load", text);
}

static const struct cairn_service_ops load_constant_ops = {
    .name = "load_constant",
    .size = sizeof(struct load_constant),
    .describe = load_constant_describe,
    .load = load_constant_load,
};

static struct cairn_service *load_constant_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct load_constant *self = cairn_service_new(&load_constant_ops, inner);
    if (!self)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    memcpy(&self->load, layer->options, sizeof(self->load));
    return &self->base;
}

struct cairn_layer cairn_load_constant(double load)
{
    return cairn_layer_of("load_constant", load_constant_apply, &load, sizeof(load));
}
