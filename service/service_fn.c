#include <cairn/service/service_fn.h>

struct service_fn {
    struct cairn_service base;
    const char *name;
    void *(*f)(void *cx, void *request, struct cairn_error **error);
    struct cairn_future (*async_f)(void *cx, void *request);
    void *cx;
};

static struct cairn_future service_fn_call(struct cairn_service *base, void *request)
{
    struct service_fn *self = (struct service_fn *)base;
    struct cairn_error *error = NULL;
    void *response = self->f(self->cx, request, &error);
    if (error)
        return cairn_future_failed(error);
    return cairn_future_ready_of(base->response_type, response);
}

static struct cairn_future service_async_fn_call(struct cairn_service *base, void *request)
{
    struct service_fn *self = (struct service_fn *)base;
    return self->async_f(self->cx, request);
}

static void service_fn_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    cairn_describe_text(d, "name", ((const struct service_fn *)base)->name);
}

static const struct cairn_service_ops service_fn_ops = {
    .name = "service_fn",
    .size = sizeof(struct service_fn),
    .call = service_fn_call,
    .describe = service_fn_describe,
};

static const struct cairn_service_ops service_async_fn_ops = {
    .name = "service_fn",
    .size = sizeof(struct service_fn),
    .call = service_async_fn_call,
    .describe = service_fn_describe,
};

static struct service_fn *service_fn_new(const struct cairn_service_ops *ops, const char *name,
    const struct cairn_type *request, const struct cairn_type *response, void *cx)
{
    struct service_fn *self = cairn_service_new(ops, NULL);
    if (!self)
        return NULL;
    self->base.request_type = request;
    self->base.response_type = response;
    self->name = name;
    self->cx = cx;
    return self;
}

struct cairn_service *cairn_service_fn(const char *name, const struct cairn_type *request,
    const struct cairn_type *response,
    void *(*f)(void *cx, void *request, struct cairn_error **error), void *cx)
{
    struct service_fn *self = service_fn_new(&service_fn_ops, name, request, response, cx);
    if (!self)
        return cairn_service_broken(&cairn_error_no_memory);
    self->f = f;
    return &self->base;
}

struct cairn_service *cairn_service_async_fn(const char *name, const struct cairn_type *request,
    const struct cairn_type *response, struct cairn_future (*f)(void *cx, void *request), void *cx)
{
    struct service_fn *self = service_fn_new(&service_async_fn_ops, name, request, response, cx);
    if (!self)
        return cairn_service_broken(&cairn_error_no_memory);
    self->async_f = f;
    return &self->base;
}
