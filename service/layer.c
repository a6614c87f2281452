#include <cairn/service/layer.h>

#include <string.h>

#include <cairn/service/assert.h>

struct cairn_layer cairn_layer_of(const char *name,
    struct cairn_service *(*apply)(const struct cairn_layer *, struct cairn_service *),
    const void *options, size_t size)
{
    struct cairn_layer layer = {.name = name, .apply = apply};
    CAIRN_ASSERT(size <= sizeof(layer.options), name,
        "the options are larger than CAIRN_LAYER_OPTIONS_BYTES; keep them behind a pointer");
    if (options)
        memcpy(layer.options, options, size);
    return layer;
}

static struct cairn_service *layer_none_apply(
    const struct cairn_layer *self, struct cairn_service *inner)
{
    (void)self;
    return inner;
}

struct cairn_layer cairn_layer_none(void)
{
    return cairn_layer_of("none", layer_none_apply, NULL, 0);
}

struct cairn_layer cairn_layer_if(bool condition, struct cairn_layer layer)
{
    return condition ? layer : cairn_layer_none();
}

struct layer_fn {
    struct cairn_service *(*apply)(void *cx, struct cairn_service *inner);
    void *cx;
};

static struct cairn_service *layer_fn_apply(
    const struct cairn_layer *self, struct cairn_service *inner)
{
    const struct layer_fn *fn = (const void *)self->options;
    return fn->apply(fn->cx, inner);
}

struct cairn_layer cairn_layer_fn(const char *name,
    struct cairn_service *(*apply)(void *cx, struct cairn_service *inner), void *cx)
{
    const struct layer_fn fn = {apply, cx};
    return cairn_layer_of(name, layer_fn_apply, &fn, sizeof(fn));
}

struct cairn_service *cairn_layer_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    if (cairn_service_error(inner))
        return inner;
    struct cairn_service *outer = layer->apply(layer, inner);
    CAIRN_ASSERT(outer, layer->name, "apply returned NULL instead of a broken service");
    return outer;
}

static struct cairn_service *layer_refuse(const struct cairn_layer *layer,
    struct cairn_service *inner, enum cairn_error_code code, const char *format, va_list arguments)
    CAIRN_PRINTF(4, 0);

static struct cairn_service *layer_refuse(const struct cairn_layer *layer,
    struct cairn_service *inner, enum cairn_error_code code, const char *format, va_list arguments)
{
    /* Before the drop: the arguments may point into INNER. */
    struct cairn_error *error = cairn_error_newv(code, layer->name, NULL, format, arguments);
    cairn_service_drop(inner);
    return cairn_service_broken(error);
}

struct cairn_service *cairn_layer_invalid(
    const struct cairn_layer *layer, struct cairn_service *inner, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct cairn_service *broken =
        layer_refuse(layer, inner, CAIRN_ERROR_INVALID, format, arguments);
    va_end(arguments);
    return broken;
}

struct cairn_service *cairn_layer_refuse(const struct cairn_layer *layer,
    struct cairn_service *inner, enum cairn_error_code code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct cairn_service *broken = layer_refuse(layer, inner, code, format, arguments);
    va_end(arguments);
    return broken;
}

static const char *layer_type_name(const struct cairn_type *type)
{
    return type ? type->name : "anything";
}

/* What a user calls SERVICE: a checking layer in front of it goes unmentioned. */
static const char *layer_service_name(const struct cairn_service *service)
{
    while (service->ops->is_hidden && service->inner)
        service = service->inner;
    return service->ops->name;
}

bool cairn_layer_types_fit(const struct cairn_layer *layer, struct cairn_service *inner,
    const struct cairn_type *request, const struct cairn_type *response,
    struct cairn_service **broken)
{
    if ((!request || request == inner->request_type) &&
        (!response || response == inner->response_type))
        return true;
    *broken = cairn_layer_refuse(layer, inner, CAIRN_ERROR_TYPE,
        "needs a service from %s to %s, got one from %s to %s (%s)", layer_type_name(request),
        layer_type_name(response), layer_type_name(inner->request_type),
        layer_type_name(inner->response_type), layer_service_name(inner));
    return false;
}
