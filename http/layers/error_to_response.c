#include <cairn/http/layers/error_to_response.h>

#include <stdint.h>
#include <string.h>

#include <cairn/service/alloc.h>

/* What copies and futures share. */
struct error_to_response_shared {
    unsigned references;
    struct cairn_error_to_response_options opts;
    uint64_t errors_4xx;
    uint64_t errors_5xx;
};

struct error_to_response {
    struct cairn_service base;
    struct error_to_response_shared *shared;
};

struct error_to_response_future {
    struct cairn_future inner;
    struct error_to_response_shared *shared;
    const struct cairn_http_request *req;
};

static void error_to_response_unref(struct error_to_response_shared *shared)
{
    if (--shared->references == 0)
        cairn_free(shared);
}

static struct cairn_http_response *error_to_response_map(
    const struct error_to_response_shared *shared, const struct cairn_http_request *req,
    const struct cairn_error *error)
{
    struct cairn_http_response *res = NULL;
    if (shared->opts.map)
        res = shared->opts.map(shared->opts.cx, req, error);
    return res ? res : cairn_http_error_response(req, error);
}

static void error_to_response_count(struct error_to_response_shared *shared, int status)
{
    if (status >= 500)
        shared->errors_5xx++;
    else if (status >= 400)
        shared->errors_4xx++;
}

static enum cairn_poll error_to_response_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct error_to_response_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p != CAIRN_FAILED)
        return p;
    struct cairn_error *error = out->error;
    struct cairn_http_response *res = error_to_response_map(self->shared, self->req, error);
    if (!res)
        return p;
    error_to_response_count(self->shared, res->status);
    cairn_error_unref(error);
    out->value = res;
    return CAIRN_READY;
}

static void error_to_response_future_drop(void *state)
{
    struct error_to_response_future *self = state;
    cairn_future_drop(&self->inner);
    error_to_response_unref(self->shared);
}

static const struct cairn_future_ops error_to_response_future_ops = {
    .name = "error_to_response",
    .size = sizeof(struct error_to_response_future),
    .poll = error_to_response_future_poll,
    .drop = error_to_response_future_drop,
    .wraps = true,
};

static struct cairn_future error_to_response_call(struct cairn_service *base, void *req)
{
    struct error_to_response_shared *shared = ((struct error_to_response *)base)->shared;
    shared->references++;
    return cairn_future_wrap(&error_to_response_future_ops,
        &(struct error_to_response_future){cairn_service_call(base->inner, req), shared, req});
}

static void error_to_response_cloned(struct cairn_service *base)
{
    ((struct error_to_response *)base)->shared->references++;
}

static void error_to_response_drop(struct cairn_service *base)
{
    error_to_response_unref(((struct error_to_response *)base)->shared);
}

static void error_to_response_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct error_to_response_shared *shared =
        ((const struct error_to_response *)base)->shared;
    cairn_describe_counter(d, "errors_4xx", shared->errors_4xx);
    cairn_describe_counter(d, "errors_5xx", shared->errors_5xx);
}

static const struct cairn_service_ops error_to_response_ops = {
    .name = "error_to_response",
    .size = sizeof(struct error_to_response),
    .call = error_to_response_call,
    .cloned = error_to_response_cloned,
    .drop = error_to_response_drop,
    .describe = error_to_response_describe,
};

static struct cairn_service *error_to_response_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    struct error_to_response_shared *shared = cairn_alloc_zero(sizeof(*shared));
    struct error_to_response *self =
        shared ? cairn_service_new(&error_to_response_ops, inner) : NULL;
    if (!self) {
        cairn_free(shared);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    shared->references = 1;
    memcpy(&shared->opts, layer->options, sizeof(shared->opts));
    self->shared = shared;
    return &self->base;
}

struct cairn_layer cairn_error_to_response_layer(
    const struct cairn_error_to_response_options *options)
{
    static const struct cairn_error_to_response_options defaults = {.size = sizeof(defaults)};
    const struct cairn_error_to_response_options *opts = options ? options : &defaults;
    return cairn_layer_of("error_to_response", error_to_response_apply, opts, opts->size);
}
