#include <cairn/service/lend.h>

struct lend {
    struct cairn_service base;
    struct cairn_service *service; /* not `inner`, which the core would drop */
};

static enum cairn_poll lend_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    return cairn_service_poll_ready(((struct lend *)base)->service, cx, error);
}

static struct cairn_future lend_call(struct cairn_service *base, void *req)
{
    return cairn_service_call(((struct lend *)base)->service, req);
}

static void lend_release(struct cairn_service *base)
{
    cairn_service_release(((struct lend *)base)->service);
}

static void lend_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    cairn_describe_service(d, ((const struct lend *)base)->service);
}

static const struct cairn_service_ops lend_ops = {
    .name = "lend",
    .size = sizeof(struct lend),
    .poll_ready = lend_poll_ready,
    .call = lend_call,
    .release = lend_release,
    .describe = lend_describe,
    .not_cloneable = true,
};

struct cairn_service *cairn_lend(struct cairn_service *service)
{
    const struct cairn_error *error = cairn_service_error(service);
    if (error)
        return cairn_service_broken(cairn_error_ref((struct cairn_error *)(size_t)error));
    struct lend *self = cairn_service_new(&lend_ops, NULL);
    if (!self)
        return cairn_service_broken(&cairn_error_no_memory);
    self->base.request_type = service->request_type;
    self->base.response_type = service->response_type;
    self->service = service;
    return &self->base;
}
