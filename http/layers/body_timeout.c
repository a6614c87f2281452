#include <cairn/http/layers/body_timeout.h>

#include <inttypes.h>
#include <string.h>

#include <cairn/http/body.h>
#include <cairn/service/alloc.h>

#define BODY_TIMEOUT_MOST_MS 86400000

/* What copies, futures and bodies share; a body may outlive every copy. */
struct body_timeout_shared {
    unsigned references;
    enum cairn_error_code code;
    uint64_t idle_ms;
    uint64_t after_ms;
    uint64_t elapsed;
};

struct body_timeout {
    struct cairn_service base;
    struct body_timeout_shared *shared;
};

struct body_timeout_future {
    struct cairn_future inner;
    struct body_timeout_shared *shared;
};

static void body_timeout_unref(struct body_timeout_shared *shared)
{
    if (--shared->references == 0)
        cairn_free(shared);
}

static void body_timeout_see_end(void *cx, const struct cairn_error *error)
{
    struct body_timeout_shared *shared = cx;
    if (error && error->code == shared->code)
        shared->elapsed++;
    body_timeout_unref(shared);
}

static struct cairn_stream body_timeout_wrap(
    struct body_timeout_shared *shared, struct cairn_stream body)
{
    if (shared->idle_ms)
        body = cairn_http_body_idle_timeout(body, shared->idle_ms, shared->code);
    if (shared->after_ms)
        body = cairn_http_body_deadline(body, shared->after_ms, shared->code);
    shared->references++;
    return cairn_http_body_on_end(body, body_timeout_see_end, shared);
}

static struct cairn_future body_timeout_request_call(struct cairn_service *base, void *req)
{
    struct body_timeout_shared *shared = ((struct body_timeout *)base)->shared;
    if (cairn_http_is_collected(req))
        return cairn_service_call(base->inner, req);
    int64_t length = cairn_http_request_length(req);
    struct cairn_stream body = cairn_http_request_take_body(req);
    if (cairn_http_request_set_body(req, body_timeout_wrap(shared, body), length) == 0)
        return cairn_service_call(base->inner, req);
    return cairn_service_bypass(base, req, cairn_future_failed(&cairn_error_no_memory));
}

static enum cairn_poll body_timeout_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct body_timeout_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    struct cairn_http_response *res = out->value;
    if (p || cairn_stream_is_empty(&res->stream))
        return p;
    int64_t length = cairn_http_response_length(res);
    struct cairn_stream body = cairn_http_response_take_body(res);
    if (cairn_http_response_set_body(res, body_timeout_wrap(self->shared, body), length) == 0)
        return CAIRN_READY;
    cairn_type_drop(&cairn_http_response_type, res);
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static void body_timeout_future_drop(void *state)
{
    struct body_timeout_future *self = state;
    cairn_future_drop(&self->inner);
    body_timeout_unref(self->shared);
}

static const struct cairn_future_ops body_timeout_future_ops = {
    .name = "response_body_timeout",
    .size = sizeof(struct body_timeout_future),
    .poll = body_timeout_future_poll,
    .drop = body_timeout_future_drop,
    .wraps = true,
};

static struct cairn_future body_timeout_response_call(struct cairn_service *base, void *req)
{
    struct body_timeout_shared *shared = ((struct body_timeout *)base)->shared;
    shared->references++;
    return cairn_future_wrap(&body_timeout_future_ops,
        &(struct body_timeout_future){cairn_service_call(base->inner, req), shared});
}

static void body_timeout_cloned(struct cairn_service *base)
{
    ((struct body_timeout *)base)->shared->references++;
}

static void body_timeout_drop(struct cairn_service *base)
{
    body_timeout_unref(((struct body_timeout *)base)->shared);
}

static void body_timeout_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct body_timeout_shared *shared = ((const struct body_timeout *)base)->shared;
    if (shared->idle_ms)
        cairn_describe_parameter(d, "idle", shared->idle_ms, "ms");
    if (shared->after_ms)
        cairn_describe_parameter(d, "after", shared->after_ms, "ms");
    cairn_describe_counter(d, "elapsed", shared->elapsed);
}

static const struct cairn_service_ops body_timeout_request_ops = {
    .name = "request_body_timeout",
    .size = sizeof(struct body_timeout),
    .call = body_timeout_request_call,
    .cloned = body_timeout_cloned,
    .drop = body_timeout_drop,
    .describe = body_timeout_describe,
};

static const struct cairn_service_ops body_timeout_response_ops = {
    .name = "response_body_timeout",
    .size = sizeof(struct body_timeout),
    .call = body_timeout_response_call,
    .cloned = body_timeout_cloned,
    .drop = body_timeout_drop,
    .describe = body_timeout_describe,
};

static struct cairn_service *body_timeout_new(const struct cairn_service_ops *ops,
    const struct cairn_layer *layer, struct cairn_service *inner,
    const struct body_timeout_shared *values)
{
    struct body_timeout_shared *shared = cairn_alloc(sizeof(*shared));
    struct body_timeout *self = shared ? cairn_service_new(ops, inner) : NULL;
    if (!self) {
        cairn_free(shared);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    *shared = *values;
    self->shared = shared;
    return &self->base;
}

static struct cairn_service *body_timeout_apply(const struct cairn_service_ops *ops,
    const struct cairn_layer *layer, struct cairn_service *inner, enum cairn_error_code code)
{
    struct cairn_service *broken;
    struct cairn_body_timeout_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    if (!opts.idle_ms && !opts.after_ms)
        return cairn_layer_invalid(layer, inner, "idle_ms or after_ms must be set");
    if (opts.idle_ms > BODY_TIMEOUT_MOST_MS)
        return cairn_layer_invalid(layer, inner, "idle_ms must be 1 to %d, got %" PRIu64,
            BODY_TIMEOUT_MOST_MS, opts.idle_ms);
    if (opts.after_ms > BODY_TIMEOUT_MOST_MS)
        return cairn_layer_invalid(layer, inner, "after_ms must be 1 to %d, got %" PRIu64,
            BODY_TIMEOUT_MOST_MS, opts.after_ms);
    const struct body_timeout_shared values = {
        .references = 1, .code = code, .idle_ms = opts.idle_ms, .after_ms = opts.after_ms};
    return body_timeout_new(ops, layer, inner, &values);
}

static struct cairn_service *body_timeout_request_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    return body_timeout_apply(&body_timeout_request_ops, layer, inner, CAIRN_ERROR_SLOW);
}

static struct cairn_service *body_timeout_response_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    return body_timeout_apply(&body_timeout_response_ops, layer, inner, CAIRN_ERROR_ELAPSED);
}

static const struct cairn_body_timeout_options *body_timeout_options(
    const struct cairn_body_timeout_options *options)
{
    static const struct cairn_body_timeout_options defaults = {.size = sizeof(defaults)};
    return options ? options : &defaults;
}

struct cairn_layer cairn_request_body_timeout_layer(
    const struct cairn_body_timeout_options *options)
{
    const struct cairn_body_timeout_options *opts = body_timeout_options(options);
    return cairn_layer_of("request_body_timeout", body_timeout_request_apply, opts, opts->size);
}

struct cairn_layer cairn_response_body_timeout_layer(
    const struct cairn_body_timeout_options *options)
{
    const struct cairn_body_timeout_options *opts = body_timeout_options(options);
    return cairn_layer_of("response_body_timeout", body_timeout_response_apply, opts, opts->size);
}
