#include <cairn/service/make_service.h>

#include <cairn/service/layer.h>
#include <cairn/service/lend.h>

static void *make_clone_service(const void *service)
{
    return cairn_service_clone(service);
}

static void make_drop_service(void *service)
{
    cairn_service_drop(service);
}

const struct cairn_type cairn_service_type = {
    .name = "service",
    .clone = make_clone_service,
    .drop = make_drop_service,
};

struct make_service {
    struct cairn_service base;
    const char *name;
    struct cairn_service *(*f)(void *cx, void *target);
    void *cx;
};

static struct cairn_future make_service_call(struct cairn_service *base, void *target)
{
    struct make_service *self = (struct make_service *)base;
    struct cairn_service *made = self->f(self->cx, target);
    if (!made)
        return cairn_future_failed(&cairn_error_no_memory);
    struct cairn_error *reason = (struct cairn_error *)(size_t)cairn_service_error(made);
    if (!reason)
        return cairn_future_ready_of(&cairn_service_type, made);
    cairn_error_ref(reason);
    cairn_service_drop(made);
    return cairn_future_failed(reason);
}

static void make_service_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    cairn_describe_text(d, "name", ((const struct make_service *)base)->name);
}

static const struct cairn_service_ops make_service_ops = {
    .name = "make_service",
    .size = sizeof(struct make_service),
    .call = make_service_call,
    .describe = make_service_describe,
};

struct cairn_service *cairn_make_service(const char *name, const struct cairn_type *target,
    struct cairn_service *(*f)(void *cx, void *target), void *cx)
{
    struct make_service *self = cairn_service_new(&make_service_ops, NULL);
    if (!self)
        return cairn_service_broken(&cairn_error_no_memory);
    self->base.request_type = target;
    self->base.response_type = &cairn_service_type;
    self->name = name;
    self->f = f;
    self->cx = cx;
    return &self->base;
}

struct cairn_service *cairn_make_into_service(struct cairn_service *make)
{
    const struct cairn_layer name = {.name = "make_into_service"};
    struct cairn_service *broken;
    if (cairn_service_error(make) ||
        cairn_layer_types_fit(&name, make, NULL, &cairn_service_type, &broken))
        return make;
    return broken;
}

struct cairn_service *cairn_make_as_service(struct cairn_service *make)
{
    return cairn_make_into_service(cairn_lend(make));
}
