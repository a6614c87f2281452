#include <cairn/service/future_service.h>

#include <cairn/service/assert.h>
#include <cairn/service/layer.h>

struct future_service {
    struct cairn_service base; /* `inner` is the produced service, and NULL until then */
    struct cairn_future future;
};

static void future_service_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    cairn_describe_text(d, "state", base->inner ? "service" : "future");
}

/* The ops from the moment when the service is there: all but the name is inner's. */
static const struct cairn_service_ops future_service_whole_ops = {
    .name = "future_service",
    .size = sizeof(struct future_service),
    .describe = future_service_describe,
};

/* Takes SERVICE. What is wrong with it is told by the readiness of a broken one. */
static void future_service_settle(struct future_service *self, struct cairn_service *service)
{
    const struct cairn_layer name = {.name = "future_service"};
    if (!service)
        service = cairn_service_broken(&cairn_error_no_memory);
    if (!cairn_service_error(service))
        (void)cairn_layer_types_fit(
            &name, service, self->base.request_type, self->base.response_type, &service);
    self->base.inner = service;
    self->base.ops = &future_service_whole_ops;
}

static enum cairn_poll future_service_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    struct future_service *self = (struct future_service *)base;
    union cairn_outcome out;
    enum cairn_poll p = cairn_future_poll(&self->future, cx, &out);
    if (p == CAIRN_FAILED)
        *error = out.error;
    if (p)
        return p;
    future_service_settle(self, out.value);
    return cairn_service_poll_ready(base->inner, cx, error);
}

static struct cairn_future future_service_call(struct cairn_service *base, void *req)
{
    CAIRN_ASSERT(base->inner, "future_service", "called without having been ready");
    return cairn_service_call(base->inner, req);
}

static void future_service_drop(struct cairn_service *base)
{
    cairn_future_drop(&((struct future_service *)base)->future);
}

static const struct cairn_service_ops future_service_ops = {
    .name = "future_service",
    .size = sizeof(struct future_service),
    .poll_ready = future_service_poll_ready,
    .call = future_service_call,
    .drop = future_service_drop,
    .describe = future_service_describe,
    .not_cloneable = true,
};

/* A service that is there inline is the future's, though nobody has polled for it. */
static struct cairn_service *future_service_refuse(struct cairn_future future)
{
    if (future.ops == &cairn__future_ready_ops)
        cairn_service_drop(future.state);
    cairn_future_drop(&future);
    return cairn_service_broken(&cairn_error_no_memory);
}

struct cairn_service *cairn_future_service(
    struct cairn_future future, const struct cairn_type *request, const struct cairn_type *response)
{
    struct future_service *self = cairn_service_new(&future_service_ops, NULL);
    if (!self)
        return future_service_refuse(future);
    self->base.request_type = request;
    self->base.response_type = response;
    if (future.ops == &cairn__future_ready_ops)
        future_service_settle(self, future.state);
    else
        self->future = future;
    return &self->base;
}
