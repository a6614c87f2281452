#include <cairn/service/shared.h>

static enum cairn_poll shared_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    (void)base;
    (void)cx;
    (void)error;
    return CAIRN_READY;
}

static struct cairn_future shared_call(struct cairn_service *base, void *target)
{
    cairn_service_drop_request(base, target);
    struct cairn_service *copy = cairn_service_clone(base->inner);
    if (!copy)
        return cairn_future_failed(&cairn_error_no_memory);
    return cairn_future_ready_of(&cairn_service_type, copy);
}

static const struct cairn_service_ops shared_ops = {
    .name = "shared",
    .size = sizeof(struct cairn_service),
    .poll_ready = shared_poll_ready,
    .call = shared_call,
};

static struct cairn_service *shared_refuse(struct cairn_service *service)
{
    const struct cairn_service *s = service;
    while (!s->ops->not_cloneable)
        s = s->inner;
    struct cairn_error *error = cairn_error_new(CAIRN_ERROR_TYPE, "shared", NULL,
        "needs a service that can be cloned; %s cannot", s->ops->name);
    cairn_service_drop(service);
    return cairn_service_broken(error);
}

struct cairn_service *cairn_shared(const struct cairn_type *target, struct cairn_service *service)
{
    if (cairn_service_error(service))
        return service;
    if (!cairn_service_is_cloneable(service))
        return shared_refuse(service);
    struct cairn_service *self = cairn_service_new(&shared_ops, service);
    if (!self) {
        cairn_service_drop(service);
        return cairn_service_broken(&cairn_error_no_memory);
    }
    self->request_type = target;
    self->response_type = &cairn_service_type;
    return self;
}
