#include <cairn/http/layers/decompression.h>

#include <stdio.h>
#include <string.h>

#include <cairn/http/body.h>
#include <cairn/http/codec/list.h>
#include <cairn/http/compress/decoded_body.h>
#include <cairn/http/error_response.h>
#include <cairn/service/alloc.h>

#define DECOMPRESSION_MAX_RATIO 100
#define DECOMPRESSION_LIMIT_RATIO 1000000

/* What a request's Content-Encoding says, if it is no index. */
enum {
    DECOMPRESSION_PASS = CAIRN__CODECS, /* there is nothing to be decoded */
    DECOMPRESSION_UNKNOWN
};

/* What copies share; bodies have the pool only. */
struct decompression_shared {
    unsigned references;
    struct cairn__coder_pool *pool;
    unsigned codings;
    bool passes_unknown;
    unsigned max_ratio;
    uint64_t max_bytes;
    uint64_t decoded;
    uint64_t unsupported;
};

struct decompression {
    struct cairn_service base;
    struct decompression_shared *shared;
};

static void decompression_unref(struct decompression_shared *shared)
{
    if (--shared->references > 0)
        return;
    cairn__coder_pool_unref(shared->pool);
    cairn_free(shared);
}

static unsigned decompression_coding(
    const struct decompression_shared *shared, struct cairn_str name)
{
    if (cairn_str_equal_nocase(name, CAIRN_STR("identity")))
        return DECOMPRESSION_PASS;
    if (cairn_str_equal_nocase(name, CAIRN_STR("x-gzip")))
        name = CAIRN_STR("gzip");
    for (unsigned i = 0; i < CAIRN__CODECS; i++) {
        if ((shared->codings & 1u << i) &&
            cairn_str_equal_nocase(name, cairn_str_from(cairn__codecs[i]->name)))
            return i;
    }
    return DECOMPRESSION_UNKNOWN;
}

/* Cuts the next member off *LIST, which is empty after the last one. */
/* An index, or one of the above. */
static unsigned decompression_read(
    const struct decompression_shared *shared, const struct cairn_http_fields *fields)
{
    unsigned coding = DECOMPRESSION_PASS;
    size_t cursor = 0;
    size_t count = 0;
    struct cairn_str line;
    struct cairn_str member;
    while (cairn_http_fields_next(fields, CAIRN_STR("Content-Encoding"), &cursor, &line)) {
        while (cairn__list_next(&line, &member)) {
            if (member.length == 0)
                continue;
            coding = decompression_coding(shared, member);
            count++;
        }
    }
    return count > 1 ? DECOMPRESSION_UNKNOWN : coding;
}

/* NULL without memory. */
static struct cairn_http_response *decompression_answer(
    const struct decompression_shared *shared, const struct cairn_http_request *req)
{
    struct cairn_http_response *res = cairn_http_problem(req, 415, NULL);
    char text[32] = "";
    size_t length = 0;
    for (unsigned i = 0; i < CAIRN__CODECS; i++) {
        if (shared->codings & 1u << i)
            length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
                length ? ", " : "", cairn__codecs[i]->name);
    }
    return res && cairn_http_response_set(res, "Accept-Encoding", text) == 0 ? res : NULL;
}

static struct cairn_future decompression_stop(
    struct cairn_service *base, struct cairn_http_request *req, struct cairn_http_response *res)
{
    return cairn_service_bypass(base, req, cairn_future_ready_or_no_memory(res));
}

/* Returns 0, or -1 without memory. */
static int decompression_decode(
    struct decompression_shared *shared, struct cairn_http_request *req, unsigned coding)
{
    uint64_t max_bytes = shared->max_bytes;
    if (!max_bytes)
        max_bytes = req->body_limit ? req->body_limit : CAIRN_HTTP_BODY_BYTES;
    struct cairn__coder *coder = cairn__coder_pool_take(shared->pool, coding);
    if (!coder)
        return -1;
    shared->decoded++;
    cairn_http_fields_remove(&req->fields, CAIRN_STR("Content-Encoding"));
    cairn_http_fields_remove(&req->fields, CAIRN_STR("Content-Length"));
    struct cairn_stream body = cairn_http_request_take_body(req);
    const struct cairn__decoded_limits limits = {max_bytes, shared->max_ratio};
    return cairn_http_request_set_body(
        req, cairn__decoded_body(body, shared->pool, coder, limits), -1);
}

static struct cairn_future decompression_call(struct cairn_service *base, void *request)
{
    struct decompression_shared *shared = ((struct decompression *)base)->shared;
    struct cairn_http_request *req = request;
    unsigned coding = DECOMPRESSION_PASS;
    if (cairn_http_request_length(req) != 0)
        coding = decompression_read(shared, &req->fields);
    if (coding == DECOMPRESSION_UNKNOWN && !shared->passes_unknown) {
        shared->unsupported++;
        return decompression_stop(base, req, decompression_answer(shared, req));
    }
    if (coding < CAIRN__CODECS && decompression_decode(shared, req, coding) != 0)
        return decompression_stop(base, req, NULL);
    return cairn_service_call(base->inner, request);
}

static void decompression_cloned(struct cairn_service *base)
{
    ((struct decompression *)base)->shared->references++;
}

static void decompression_drop(struct cairn_service *base)
{
    decompression_unref(((struct decompression *)base)->shared);
}

static void decompression_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct decompression_shared *shared = ((const struct decompression *)base)->shared;
    cairn_describe_parameter(d, "max_ratio", shared->max_ratio, "");
    cairn_describe_counter(d, "decoded", shared->decoded);
    cairn_describe_counter(d, "unsupported", shared->unsupported);
    cairn_describe_counter(d, "bad", shared->pool->bad);
    cairn_describe_counter(d, "too_large", shared->pool->too_large);
    cairn_describe_counter(d, "bytes_in", shared->pool->bytes_in);
    cairn_describe_counter(d, "bytes_out", shared->pool->bytes_out);
}

static const struct cairn_service_ops decompression_ops = {
    .name = "decompression",
    .size = sizeof(struct decompression),
    .call = decompression_call,
    .cloned = decompression_cloned,
    .drop = decompression_drop,
    .describe = decompression_describe,
};

/* NULL without memory. */
static struct decompression_shared *decompression_share(
    const struct cairn_decompression_options *opts)
{
    struct decompression_shared *shared = cairn_alloc_zero(sizeof(*shared));
    if (!shared)
        return NULL;
    shared->pool = cairn__coder_pool_new(true);
    if (!shared->pool) {
        cairn_free(shared);
        return NULL;
    }
    shared->references = 1;
    shared->codings = opts->codings ? opts->codings : CAIRN_CODING_ALL;
    shared->passes_unknown = opts->passes_unknown;
    shared->max_ratio = opts->max_ratio ? opts->max_ratio : DECOMPRESSION_MAX_RATIO;
    shared->max_bytes = opts->max_bytes;
    return shared;
}

static struct cairn_service *decompression_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_decompression_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    if (opts.codings > CAIRN_CODING_ALL)
        return cairn_layer_invalid(
            layer, inner, "codings must be of enum cairn_coding, got %u", opts.codings);
    if (opts.max_ratio > DECOMPRESSION_LIMIT_RATIO)
        return cairn_layer_invalid(layer, inner, "max_ratio must be 1 to %d, got %u",
            DECOMPRESSION_LIMIT_RATIO, opts.max_ratio);
    struct decompression_shared *shared = decompression_share(&opts);
    struct decompression *self = shared ? cairn_service_new(&decompression_ops, inner) : NULL;
    if (!self) {
        if (shared)
            decompression_unref(shared);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    self->shared = shared;
    return &self->base;
}

struct cairn_layer cairn_decompression_layer(const struct cairn_decompression_options *options)
{
    static const struct cairn_decompression_options defaults = {.size = sizeof(defaults)};
    const struct cairn_decompression_options *opts = options ? options : &defaults;
    return cairn_layer_of("decompression", decompression_apply, opts, opts->size);
}
