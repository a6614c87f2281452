#include <cairn/http/layers/propagate_header.h>

#include <string.h>

#include <cairn/http/layers/header_option.h>
#include <cairn/http/message.h>
#include <cairn/service/alloc.h>

/* What copies share. Futures need none of it: they have the field of their request. */
struct propagate_header_shared {
    unsigned references;
    size_t length;
    char name[];
};

struct propagate_header {
    struct cairn_service base;
    struct propagate_header_shared *shared;
};

struct propagate_header_future {
    struct cairn_future inner;
    struct cairn_http_field field;
};

static enum cairn_poll propagate_header_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct propagate_header_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p)
        return p;
    struct cairn_http_response *res = out->value;
    if (cairn_http_fields_set(&res->fields, self->field.name, self->field.value) == 0)
        return CAIRN_READY;
    cairn_type_drop(&cairn_http_response_type, res);
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static const struct cairn_future_ops propagate_header_future_ops = {
    .name = "propagate_header",
    .size = sizeof(struct propagate_header_future),
    .poll = propagate_header_future_poll,
    .wraps = true,
};

static const struct cairn_http_field *propagate_header_find(
    const struct cairn_http_fields *fields, struct cairn_str name)
{
    for (size_t i = 0; i < fields->count; i++) {
        if (cairn_str_equal_nocase(fields->items[i].name, name))
            return &fields->items[i];
    }
    return NULL;
}

static struct cairn_future propagate_header_call(struct cairn_service *base, void *req)
{
    const struct propagate_header_shared *shared = ((struct propagate_header *)base)->shared;
    const struct cairn_http_field *found =
        propagate_header_find(&((const struct cairn_http_request *)req)->fields,
            cairn_str_of(shared->name, shared->length));
    if (!found)
        return cairn_service_call(base->inner, req);
    struct propagate_header_future future = {.field = *found};
    future.inner = cairn_service_call(base->inner, req);
    return cairn_future_wrap(&propagate_header_future_ops, &future);
}

static void propagate_header_cloned(struct cairn_service *base)
{
    ((struct propagate_header *)base)->shared->references++;
}

static void propagate_header_drop(struct cairn_service *base)
{
    struct propagate_header_shared *shared = ((struct propagate_header *)base)->shared;
    if (--shared->references == 0)
        cairn_free(shared);
}

static void propagate_header_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    cairn_describe_text(d, "name", ((const struct propagate_header *)base)->shared->name);
}

static const struct cairn_service_ops propagate_header_ops = {
    .name = "propagate_header",
    .size = sizeof(struct propagate_header),
    .call = propagate_header_call,
    .cloned = propagate_header_cloned,
    .drop = propagate_header_drop,
    .describe = propagate_header_describe,
};

static struct cairn_service *propagate_header_new(
    const struct cairn_layer *layer, struct cairn_service *inner, const char *name)
{
    size_t length = strlen(name);
    struct propagate_header_shared *shared = cairn_alloc(sizeof(*shared) + length + 1);
    struct propagate_header *self = shared ? cairn_service_new(&propagate_header_ops, inner) : NULL;
    if (!self) {
        cairn_free(shared);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    shared->references = 1;
    shared->length = length;
    memcpy(shared->name, name, length + 1);
    self->shared = shared;
    return &self->base;
}

static struct cairn_service *propagate_header_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_propagate_header_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    const char *complaint = cairn__header_complaint(opts.name, false);
    if (complaint)
        return cairn__header_invalid(layer, inner, opts.name, complaint);
    return propagate_header_new(layer, inner, opts.name);
}

struct cairn_layer cairn_propagate_header_layer(
    const struct cairn_propagate_header_options *options)
{
    static const struct cairn_propagate_header_options defaults = {.size = sizeof(defaults)};
    const struct cairn_propagate_header_options *opts = options ? options : &defaults;
    return cairn_layer_of("propagate_header", propagate_header_apply, opts, opts->size);
}
