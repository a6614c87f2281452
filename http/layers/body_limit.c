#include <cairn/http/layers/body_limit.h>

#include <inttypes.h>
#include <string.h>

#include <cairn/http/body.h>
#include <cairn/http/error_response.h>
#include <cairn/service/alloc.h>

/* What copies and bodies share; a body may outlive every copy. */
struct body_limit_shared {
    unsigned references;
    uint64_t max_bytes;
    uint64_t refused;
    uint64_t cut;
};

struct body_limit {
    struct cairn_service base;
    struct body_limit_shared *shared;
};

static struct cairn_error body_limit_over =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_TOO_LARGE, "body_limit", "the body is larger than is taken");

static void body_limit_unref(struct body_limit_shared *shared)
{
    if (--shared->references == 0)
        cairn_free(shared);
}

static void body_limit_see_end(void *cx, const struct cairn_error *error)
{
    struct body_limit_shared *shared = cx;
    if (error && cairn_http_error_status(error) == 413) /* its trailers may be too large as well */
        shared->cut++;
    body_limit_unref(shared);
}

/* Returns 0, or -1 without memory. */
static int body_limit_wrap(struct body_limit_shared *shared, struct cairn_http_request *req)
{
    struct cairn_stream body = cairn_http_request_take_body(req);
    shared->references++;
    return cairn_http_request_set_body(req,
        cairn_http_body_on_end(
            cairn_http_body_limit(body, shared->max_bytes), body_limit_see_end, shared),
        -1);
}

static struct cairn_error *body_limit_check(
    struct body_limit_shared *shared, struct cairn_http_request *req)
{
    int64_t length = cairn_http_request_length(req);
    if (length > 0 && (uint64_t)length > shared->max_bytes) {
        shared->refused++;
        return &body_limit_over;
    }
    if (length < 0 && body_limit_wrap(shared, req) != 0)
        return &cairn_error_no_memory;
    req->body_limit = shared->max_bytes;
    return NULL;
}

static struct cairn_future body_limit_call(struct cairn_service *base, void *req)
{
    struct cairn_error *error = body_limit_check(((struct body_limit *)base)->shared, req);
    if (!error)
        return cairn_service_call(base->inner, req);
    return cairn_service_bypass(base, req, cairn_future_failed(error));
}

static void body_limit_cloned(struct cairn_service *base)
{
    ((struct body_limit *)base)->shared->references++;
}

static void body_limit_drop(struct cairn_service *base)
{
    body_limit_unref(((struct body_limit *)base)->shared);
}

static void body_limit_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct body_limit_shared *shared = ((const struct body_limit *)base)->shared;
    cairn_describe_parameter(d, "max", shared->max_bytes, "bytes");
    cairn_describe_counter(d, "refused", shared->refused);
    cairn_describe_counter(d, "cut", shared->cut);
}

static const struct cairn_service_ops body_limit_ops = {
    .name = "body_limit",
    .size = sizeof(struct body_limit),
    .call = body_limit_call,
    .cloned = body_limit_cloned,
    .drop = body_limit_drop,
    .describe = body_limit_describe,
};

static struct cairn_service *body_limit_new(
    const struct cairn_layer *layer, struct cairn_service *inner, uint64_t max_bytes)
{
    struct body_limit_shared *shared = cairn_alloc_zero(sizeof(*shared));
    struct body_limit *self = shared ? cairn_service_new(&body_limit_ops, inner) : NULL;
    if (!self) {
        cairn_free(shared);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    shared->references = 1;
    shared->max_bytes = max_bytes;
    self->shared = shared;
    return &self->base;
}

static struct cairn_service *body_limit_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_body_limit_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    if (opts.max_bytes > INT64_MAX)
        return cairn_layer_invalid(
            layer, inner, "max_bytes must be 1 to 2^63-1, got %" PRIu64, opts.max_bytes);
    return body_limit_new(layer, inner, opts.max_bytes ? opts.max_bytes : CAIRN_HTTP_BODY_BYTES);
}

struct cairn_layer cairn_body_limit_layer(const struct cairn_body_limit_options *options)
{
    static const struct cairn_body_limit_options defaults = {.size = sizeof(defaults)};
    const struct cairn_body_limit_options *opts = options ? options : &defaults;
    return cairn_layer_of("body_limit", body_limit_apply, opts, opts->size);
}
