#include <cairn/service/service.h>

struct broken {
    struct cairn_service base;
    struct cairn_error *reason;
};

static enum cairn_poll broken_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    (void)cx;
    *error = cairn_error_ref(((struct broken *)base)->reason);
    return CAIRN_FAILED;
}

static struct cairn_future broken_call(struct cairn_service *base, void *request)
{
    cairn_service_drop_request(base, request);
    return cairn_future_failed(cairn_error_ref(((struct broken *)base)->reason));
}

static void broken_drop(struct cairn_service *base)
{
    cairn_error_unref(((struct broken *)base)->reason);
}

static const struct cairn_service_ops broken_ops = {
    .name = "broken",
    .size = sizeof(struct broken),
    .poll_ready = broken_poll_ready,
    .call = broken_call,
    .drop = broken_drop,
    .not_cloneable = true,
};

/* Size 0: static, never freed. */
static const struct cairn_service_ops broken_static_ops = {
    .name = "broken",
    .poll_ready = broken_poll_ready,
    .call = broken_call,
    .not_cloneable = true,
};

static struct broken broken_no_memory = {
    .base = {.ops = &broken_static_ops}, .reason = &cairn_error_no_memory};

struct cairn_service *cairn_service_broken(struct cairn_error *error)
{
    struct broken *self = cairn_service_new(&broken_ops, NULL);
    if (!self) {
        cairn_error_unref(error);
        return &broken_no_memory.base;
    }
    self->reason = error;
    return &self->base;
}

const struct cairn_error *cairn_service_error(const struct cairn_service *service)
{
    if (service->ops == &broken_ops || service->ops == &broken_static_ops)
        return ((const struct broken *)service)->reason;
    return NULL;
}
