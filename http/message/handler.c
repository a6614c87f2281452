#include <cairn/http/handler.h>

#include <cairn/http/body.h>

/* What a handler answers with: one of the two, at once or later. */
struct handler_fn {
    struct cairn_http_response *(*now)(struct cairn_http_request *req, void *state);
    struct cairn_future (*later)(struct cairn_http_request *req, void *state);
    void *state;
};

struct handler {
    struct cairn_service base;
    struct handler_fn fn;
};

/* NULL is out of memory here too: layers outside get a response or an error. */
static enum cairn_poll handler_later_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    enum cairn_poll p = cairn_future_poll(state, cx, out);
    if (p != CAIRN_READY || out->value)
        return p;
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static const struct cairn_future_ops handler_later_ops = {
    .name = "async_handler",
    .size = sizeof(struct cairn_future),
    .poll = handler_later_poll,
    .wraps = true,
};

/* Not in line, so that what answers now is. */
static __attribute__((noinline)) struct cairn_future handler_answer_later(
    const struct handler_fn *fn, struct cairn_http_request *req)
{
    struct cairn_future inner = fn->later(req, fn->state);
    return cairn_future_wrap(&handler_later_ops, &inner);
}

static struct cairn_future handler_answer(
    const struct handler_fn *fn, struct cairn_http_request *req)
{
    if (fn->later)
        return handler_answer_later(fn, req);
    struct cairn_http_response *res = fn->now(req, fn->state);
    return cairn_future_ready_or_no_memory(res);
}

/* While its request is collected; the service may be gone when that is done. */
struct handler_collecting {
    struct cairn_future inner; /* of the request; then of the response */
    struct handler_fn fn;
    bool has_answered;
};

static enum cairn_poll handler_collecting_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct handler_collecting *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p || self->has_answered)
        return p;
    self->has_answered = true;
    self->inner = handler_answer(&self->fn, out->value);
    return cairn_future_poll(&self->inner, cx, out);
}

static const struct cairn_future_ops handler_collecting_ops = {
    .name = "handler",
    .size = sizeof(struct handler_collecting),
    .poll = handler_collecting_poll,
    .wraps = true,
};

/* What is whole, as most requests are, is answered without a detour. */
static struct cairn_future handler_call(struct cairn_service *base, void *req)
{
    const struct handler_fn *fn = &((struct handler *)base)->fn;
    if (cairn_http_request_length(req) == 0)
        return handler_answer(fn, req);
    struct cairn_future collected = cairn_http_collect(req, 0);
    if (collected.ops == &cairn__future_ready_ops)
        return handler_answer(fn, req);
    if (cairn_future_is_complete(&collected))
        return collected;
    return cairn_future_wrap(
        &handler_collecting_ops, &(struct handler_collecting){collected, *fn, false});
}

static struct cairn_future handler_call_stream(struct cairn_service *base, void *req)
{
    return handler_answer(&((struct handler *)base)->fn, req);
}

static const struct cairn_service_ops handler_ops = {
    .name = "handler", .size = sizeof(struct handler), .call = handler_call};
static const struct cairn_service_ops async_handler_ops = {
    .name = "async_handler", .size = sizeof(struct handler), .call = handler_call};
static const struct cairn_service_ops stream_handler_ops = {
    .name = "stream_handler", .size = sizeof(struct handler), .call = handler_call_stream};

static struct cairn_service *handler_new(
    const struct cairn_service_ops *ops, const struct handler_fn *fn)
{
    struct handler *self = cairn_service_new(ops, NULL);
    if (!self)
        return cairn_service_broken(&cairn_error_no_memory);
    self->fn = *fn;
    self->base.request_type = &cairn_http_request_type;
    self->base.response_type = &cairn_http_response_type;
    return &self->base;
}

struct cairn_service *cairn_http_handler(
    struct cairn_http_response *(*f)(struct cairn_http_request *req, void *state), void *state)
{
    return handler_new(&handler_ops, &(struct handler_fn){.now = f, .state = state});
}

struct cairn_service *cairn_http_async_handler(
    struct cairn_future (*f)(struct cairn_http_request *req, void *state), void *state)
{
    return handler_new(&async_handler_ops, &(struct handler_fn){.later = f, .state = state});
}

struct cairn_service *cairn_http_stream_handler(
    struct cairn_future (*f)(struct cairn_http_request *req, void *state), void *state)
{
    return handler_new(&stream_handler_ops, &(struct handler_fn){.later = f, .state = state});
}
