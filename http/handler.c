#include <cairn/http/handler.h>

struct handler {
    struct cairn_service base;
    struct cairn_http_response *(*f)(struct cairn_http_request *req, void *state);
    void *state;
};

static struct cairn_future handler_call(struct cairn_service *base, void *req)
{
    struct handler *self = (struct handler *)base;
    struct cairn_http_response *res = self->f(req, self->state);
    return res ? cairn_future_ready(res) : cairn_future_failed(&cairn_error_no_memory);
}

static const struct cairn_service_ops handler_ops = {
    .name = "handler",
    .size = sizeof(struct handler),
    .call = handler_call,
};

struct async_handler {
    struct cairn_service base;
    struct cairn_future (*f)(struct cairn_http_request *req, void *state);
    void *state;
};

/* NULL is out of memory here too: layers outside get a response or an error. */
static enum cairn_poll async_handler_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    enum cairn_poll p = cairn_future_poll(state, cx, out);
    if (p != CAIRN_READY || out->value)
        return p;
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static void async_handler_drop(void *state)
{
    cairn_future_drop(state);
}

static const struct cairn_future_ops async_handler_future_ops = {
    .name = "async_handler",
    .size = sizeof(struct cairn_future),
    .poll = async_handler_poll,
    .drop = async_handler_drop,
    .wraps = true,
};

static struct cairn_future async_handler_call(struct cairn_service *base, void *req)
{
    struct async_handler *self = (struct async_handler *)base;
    struct cairn_future inner = self->f(req, self->state);
    return cairn_future_wrap(&async_handler_future_ops, &inner);
}

static const struct cairn_service_ops async_handler_ops = {
    .name = "async_handler",
    .size = sizeof(struct async_handler),
    .call = async_handler_call,
};

static struct cairn_service *handler_typed(struct cairn_service *base)
{
    base->request_type = &cairn_http_request_type;
    base->response_type = &cairn_http_response_type;
    return base;
}

struct cairn_service *cairn_http_handler(
    struct cairn_http_response *(*f)(struct cairn_http_request *req, void *state), void *state)
{
    struct handler *self = cairn_service_new(&handler_ops, NULL);
    if (!self)
        return cairn_service_broken(&cairn_error_no_memory);
    self->f = f;
    self->state = state;
    return handler_typed(&self->base);
}

struct cairn_service *cairn_http_async_handler(
    struct cairn_future (*f)(struct cairn_http_request *req, void *state), void *state)
{
    struct async_handler *self = cairn_service_new(&async_handler_ops, NULL);
    if (!self)
        return cairn_service_broken(&cairn_error_no_memory);
    self->f = f;
    self->state = state;
    return handler_typed(&self->base);
}
