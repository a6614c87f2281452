#include <cairn/http/layers/conditional.h>

#include <string.h>

#include <cairn/http/body/body_hash.h>
#include <cairn/http/conditional.h>
#include <cairn/http/date.h>
#include <cairn/http/layers/wall_clock.h>
#include <cairn/http/message.h>
#include <cairn/service/alloc.h>

#define CONDITIONAL_MAX_BYTES (1024u * 1024)
#define CONDITIONAL_LIMIT_BYTES (1024u * 1024 * 1024)

/* What copies and futures share. */
struct conditional_shared {
    unsigned references;
    size_t max_bytes;
    uint64_t seed;
    bool is_weak;
    uint64_t tagged;
    uint64_t not_modified;
    uint64_t failed;
    struct cairn__wall_clock clock;
};

struct conditional_layer {
    struct cairn_service base;
    struct conditional_shared *shared;
};

struct conditional_future {
    struct cairn_future inner;
    struct conditional_shared *shared;
    const struct cairn_http_request *req;
};

static void conditional_unref(struct conditional_shared *shared)
{
    if (--shared->references == 0)
        cairn_free(shared);
}

/* HEAD may have been answered without the body that its tag would be of. */
static bool conditional_can_tag(const struct conditional_shared *shared,
    const struct cairn_http_request *req, const struct cairn_http_response *res)
{
    return cairn_stream_is_empty(&res->stream) && !res->file &&
           res->body.length <= shared->max_bytes &&
           (res->body.length > 0 || req->method == CAIRN_HTTP_GET);
}

/* W/"…", or without the first two. */
static int conditional_tag(struct conditional_shared *shared, struct cairn_http_response *res)
{
    const size_t length = 2 + 1 + CAIRN__BODY_HASH_DIGITS + 1;
    char *text = cairn_arena_alloc_text(res->arena, length);
    if (!text)
        return -1;
    memcpy(text, "W/\"", 3);
    cairn__body_hash(res->body, shared->seed, text + 3);
    text[length - 1] = '"';
    shared->tagged++;
    size_t skip = shared->is_weak ? 0 : 2;
    return cairn_http_fields_add(
        &res->fields, CAIRN_STR("ETag"), cairn_str_of(text + skip, length - skip));
}

static struct cairn_http_validators conditional_validators(
    const struct cairn_http_fields *fields, int64_t now)
{
    struct cairn_http_validators v = {0};
    struct cairn_str etag = cairn_http_fields_get(fields, CAIRN_STR("etag"));
    struct cairn_str modified = cairn_http_fields_get(fields, CAIRN_STR("last-modified"));
    if (etag.data)
        cairn_http_etag_parse(etag, &v.etag);
    v.has_modified = modified.data && cairn_http_date_parse(modified, now, &v.modified);
    return v;
}

/* Without its body, RES says nothing of one. Its validators stay, and what is not about the body.
 */
static void conditional_strip(struct cairn_http_response *res, int status)
{
    static const char *const names[] = {
        "content-type", "content-encoding", "content-language", "content-range"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        cairn_http_fields_remove(&res->fields, cairn_str_from(names[i]));
    cairn_stream_drop(&res->stream);
    res->file = NULL;
    res->body = cairn_str_of(NULL, 0);
    res->status = status;
}

static int conditional_edit(struct conditional_shared *shared, const struct cairn_http_request *req,
    struct cairn_http_response *res)
{
    int64_t now = cairn__wall_clock_ms(&shared->clock) / 1000;
    if (!cairn_http_fields_get(&res->fields, CAIRN_STR("etag")).data &&
        conditional_can_tag(shared, req, res) && conditional_tag(shared, res) != 0)
        return -1;
    struct cairn_http_validators v = conditional_validators(&res->fields, now);
    if (!v.etag.opaque.data && !v.has_modified)
        return 0;
    int status = cairn_http_conditional(req, &v, now).status;
    if (!status)
        return 0;
    conditional_strip(res, status);
    shared->not_modified += status == 304;
    shared->failed += status == 412;
    return 0;
}

static enum cairn_poll conditional_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct conditional_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p)
        return p;
    struct cairn_http_response *res = out->value;
    if (res->status != 200 || conditional_edit(self->shared, self->req, res) == 0)
        return CAIRN_READY;
    cairn_type_drop(&cairn_http_response_type, res);
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static void conditional_future_drop(void *state)
{
    struct conditional_future *self = state;
    cairn_future_drop(&self->inner);
    conditional_unref(self->shared);
}

static const struct cairn_future_ops conditional_future_ops = {
    .name = "conditional",
    .size = sizeof(struct conditional_future),
    .poll = conditional_future_poll,
    .drop = conditional_future_drop,
    .wraps = true,
};

static struct cairn_future conditional_call(struct cairn_service *base, void *request)
{
    struct conditional_shared *shared = ((struct conditional_layer *)base)->shared;
    const struct cairn_http_request *req = request;
    if (req->method != CAIRN_HTTP_GET && req->method != CAIRN_HTTP_HEAD)
        return cairn_service_call(base->inner, request);
    shared->references++;
    return cairn_future_wrap(&conditional_future_ops,
        &(struct conditional_future){cairn_service_call(base->inner, request), shared, req});
}

static void conditional_cloned(struct cairn_service *base)
{
    ((struct conditional_layer *)base)->shared->references++;
}

static void conditional_drop(struct cairn_service *base)
{
    conditional_unref(((struct conditional_layer *)base)->shared);
}

static void conditional_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct conditional_shared *shared = ((const struct conditional_layer *)base)->shared;
    cairn_describe_parameter(d, "max", shared->max_bytes, "bytes");
    cairn_describe_counter(d, "tagged", shared->tagged);
    cairn_describe_counter(d, "not_modified", shared->not_modified);
    cairn_describe_counter(d, "failed", shared->failed);
}

static const struct cairn_service_ops conditional_ops = {
    .name = "conditional",
    .size = sizeof(struct conditional_layer),
    .call = conditional_call,
    .cloned = conditional_cloned,
    .drop = conditional_drop,
    .describe = conditional_describe,
};

static struct cairn_service *conditional_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_conditional_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    if (opts.max_bytes > CONDITIONAL_LIMIT_BYTES)
        return cairn_layer_invalid(layer, inner, "max_bytes must be 1 to %u, got %zu",
            CONDITIONAL_LIMIT_BYTES, opts.max_bytes);
    struct conditional_shared *shared = cairn_alloc_zero(sizeof(*shared));
    struct conditional_layer *self = shared ? cairn_service_new(&conditional_ops, inner) : NULL;
    if (!self) {
        cairn_free(shared);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    shared->references = 1;
    shared->max_bytes = opts.max_bytes ? opts.max_bytes : CONDITIONAL_MAX_BYTES;
    shared->seed = opts.seed;
    shared->is_weak = opts.is_weak;
    self->shared = shared;
    return &self->base;
}

struct cairn_layer cairn_conditional_layer(const struct cairn_conditional_options *options)
{
    static const struct cairn_conditional_options defaults = {.size = sizeof(defaults)};
    const struct cairn_conditional_options *opts = options ? options : &defaults;
    return cairn_layer_of("conditional", conditional_apply, opts, opts->size);
}
