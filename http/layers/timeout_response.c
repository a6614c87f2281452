#include <cairn/http/layers/timeout_response.h>

#include <inttypes.h>
#include <string.h>

#include <cairn/http/error_response.h>
#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>

#define TIMEOUT_RESPONSE_DEFAULT_MS 30000
#define TIMEOUT_RESPONSE_MAX_MS 86400000
#define TIMEOUT_RESPONSE_DEFAULT_STATUS 503

/* What copies and futures share. */
struct timeout_response_shared {
    unsigned references;
    struct cairn_timeout_response_options opts;
    uint64_t elapsed;
};

struct timeout_response {
    struct cairn_service base;
    struct timeout_response_shared *shared;
};

struct timeout_response_future {
    struct cairn_future inner;
    struct timeout_response_shared *shared;
    const struct cairn_http_request *req;
    struct cairn_sleep_state sleep;
};

static void timeout_response_unref(struct timeout_response_shared *shared)
{
    if (--shared->references == 0)
        cairn_free(shared);
}

static struct cairn_http_response *timeout_response_answer(
    const struct cairn_timeout_response_options *opts, const struct cairn_http_request *req)
{
    return opts->body == CAIRN_TIMEOUT_RESPONSE_PROBLEM
               ? cairn_http_problem(req, opts->status, NULL)
               : cairn_http_response_new(req, opts->status);
}

static enum cairn_poll timeout_response_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct timeout_response_future *self = state;
    if (cairn_sleep_poll(&self->sleep, cx) == CAIRN_PENDING)
        return cairn_future_poll(&self->inner, cx, out);
    self->shared->elapsed++;
    out->value = timeout_response_answer(&self->shared->opts, self->req);
    if (out->value)
        return CAIRN_READY;
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static void timeout_response_future_drop(void *state)
{
    struct timeout_response_future *self = state;
    cairn_sleep_stop(&self->sleep);
    cairn_future_drop(&self->inner);
    timeout_response_unref(self->shared);
}

static const struct cairn_future_ops timeout_response_future_ops = {
    .name = "timeout_response",
    .size = sizeof(struct timeout_response_future),
    .poll = timeout_response_future_poll,
    .drop = timeout_response_future_drop,
    .wraps = true,
};

static struct cairn_future timeout_response_call(struct cairn_service *base, void *req)
{
    struct timeout_response_shared *shared = ((struct timeout_response *)base)->shared;
    struct cairn_future inner = cairn_service_call(base->inner, req);
    if (cairn_future_is_complete(&inner))
        return inner;
    struct cairn_runtime *runtime = cairn_runtime_current();
    CAIRN_ASSERT(runtime, "timeout_response", "called on a thread without a runtime");
    shared->references++;
    return cairn_future_wrap(&timeout_response_future_ops,
        &(struct timeout_response_future){.inner = inner,
            .shared = shared,
            .req = req,
            .sleep.at_ms = cairn_runtime_deadline_ms(runtime, shared->opts.after_ms)});
}

static void timeout_response_cloned(struct cairn_service *base)
{
    ((struct timeout_response *)base)->shared->references++;
}

static void timeout_response_drop(struct cairn_service *base)
{
    timeout_response_unref(((struct timeout_response *)base)->shared);
}

static void timeout_response_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct timeout_response_shared *shared = ((const struct timeout_response *)base)->shared;
    cairn_describe_parameter(d, "after", shared->opts.after_ms, "ms");
    cairn_describe_parameter(d, "status", (uint64_t)shared->opts.status, NULL);
    cairn_describe_counter(d, "elapsed", shared->elapsed);
}

static const struct cairn_service_ops timeout_response_ops = {
    .name = "timeout_response",
    .size = sizeof(struct timeout_response),
    .call = timeout_response_call,
    .cloned = timeout_response_cloned,
    .drop = timeout_response_drop,
    .describe = timeout_response_describe,
};

static struct cairn_service *timeout_response_build(const struct cairn_layer *layer,
    struct cairn_service *inner, const struct cairn_timeout_response_options *opts)
{
    struct timeout_response_shared *shared = cairn_alloc_zero(sizeof(*shared));
    struct timeout_response *self = shared ? cairn_service_new(&timeout_response_ops, inner) : NULL;
    if (!self) {
        cairn_free(shared);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    shared->references = 1;
    shared->opts = *opts;
    self->shared = shared;
    return &self->base;
}

static struct cairn_service *timeout_response_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_timeout_response_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    if (opts.after_ms == 0)
        opts.after_ms = TIMEOUT_RESPONSE_DEFAULT_MS;
    if (opts.status == 0)
        opts.status = TIMEOUT_RESPONSE_DEFAULT_STATUS;
    if (opts.after_ms > TIMEOUT_RESPONSE_MAX_MS)
        return cairn_layer_invalid(layer, inner, "after_ms must be 1 to %d, got %" PRIu64,
            TIMEOUT_RESPONSE_MAX_MS, opts.after_ms);
    if (opts.status < 400 || opts.status > 599)
        return cairn_layer_invalid(layer, inner, "status must be 400 to 599, got %d", opts.status);
    if ((unsigned)opts.body > CAIRN_TIMEOUT_RESPONSE_PROBLEM)
        return cairn_layer_invalid(
            layer, inner, "body must be one of enum cairn_timeout_response_body");
    return timeout_response_build(layer, inner, &opts);
}

struct cairn_layer cairn_timeout_response_layer(
    const struct cairn_timeout_response_options *options)
{
    static const struct cairn_timeout_response_options defaults = {.size = sizeof(defaults)};
    const struct cairn_timeout_response_options *opts = options ? options : &defaults;
    return cairn_layer_of("timeout_response", timeout_response_apply, opts, opts->size);
}
