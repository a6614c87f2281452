#include <cairn/http/layers/compression.h>

#include <string.h>

#include <cairn/http/accept.h>
#include <cairn/http/body.h>
#include <cairn/http/compress/encoded_body.h>
#include <cairn/http/etag.h>
#include <cairn/http/vary.h>
#include <cairn/service/alloc.h>

#define COMPRESSION_MIN_BYTES 32
#define COMPRESSION_MAX_STREAMS 64
#define COMPRESSION_LIMIT_STREAMS 65536
#define COMPRESSION_LEVEL_MOST 22
/* The index of no coding. */
#define COMPRESSION_IDENTITY CAIRN__CODECS

/* What copies and futures share; bodies have the pool only. */
struct compression_shared {
    unsigned references;
    struct cairn__coder_pool *pool;
    const char *offers[CAIRN__CODECS + 1]; /* the last is identity */
    unsigned codings[CAIRN__CODECS + 1];   /* their indices */
    size_t offer_count;
    size_t min_bytes;
    unsigned max_streams;
    bool (*predicate)(
        const struct cairn_http_request *req, const struct cairn_http_response *res, void *state);
    void *state;
    uint64_t compressed;
    uint64_t not_acceptable;
    uint64_t busy;
};

struct compression {
    struct cairn_service base;
    struct compression_shared *shared;
};

struct compression_future {
    struct cairn_future inner;
    struct compression_shared *shared;
    const struct cairn_http_request *req;
    unsigned coding;
};

static void compression_unref(struct compression_shared *shared)
{
    if (--shared->references > 0)
        return;
    cairn__coder_pool_unref(shared->pool);
    cairn_free(shared);
}

static bool compression_by_type(
    const struct cairn_http_request *req, const struct cairn_http_response *res, void *state)
{
    (void)req;
    (void)state;
    return cairn_http_is_compressible(res);
}

static bool compression_has(const struct cairn_http_response *res, struct cairn_str name)
{
    return cairn_http_fields_get(&res->fields, name).data != NULL;
}

/* Whether it depends on Accept-Encoding how RES is sent. */
static bool compression_may(const struct compression_shared *shared,
    const struct cairn_http_request *req, const struct cairn_http_response *res)
{
    if (res->status < 200 || (res->status >= 204 && res->status <= 206) ||
        compression_has(res, CAIRN_STR("Content-Encoding")) ||
        compression_has(res, CAIRN_STR("Content-Range")) ||
        cairn_http_fields_has_token(
            &res->fields, CAIRN_STR("Cache-Control"), CAIRN_STR("no-transform")))
        return false;
    if (res->status == 304)
        return true;
    int64_t length = cairn_http_response_length(res);
    return length != 0 && (length < 0 || (uint64_t)length >= shared->min_bytes) &&
           shared->predicate(req, res, shared->state);
}

/* Returns 0, or -1 without memory. */
static int compression_weaken(struct cairn_http_response *res)
{
    const struct cairn_str name = CAIRN_STR("ETag");
    struct cairn_http_etag tag;
    struct cairn_str value = cairn_http_fields_get(&res->fields, name);
    if (!value.data || !cairn_http_etag_parse(value, &tag) || tag.is_weak)
        return 0;
    char *text = cairn_arena_alloc_text(res->arena, value.length + 2);
    if (!text)
        return -1;
    memcpy(text, "W/", 2);
    memcpy(text + 2, value.data, value.length);
    return cairn_http_fields_set(&res->fields, name, cairn_str_of(text, value.length + 2));
}

static bool compression_is_whole(const struct cairn_http_response *res)
{
    return cairn_stream_is_empty(&res->stream) && !res->file &&
           res->body.length <= CAIRN__CODER_TURN_BYTES;
}

/* Returns 0, or -1 without memory. */
static int compression_encode(
    struct compression_shared *shared, struct cairn_http_response *res, unsigned coding)
{
    if (compression_is_whole(res)) {
        res->body = cairn__encode_whole(shared->pool, coding, res->body, res->arena);
        return res->body.data ? 0 : -1;
    }
    struct cairn__coder *coder = cairn__coder_pool_take(shared->pool, coding);
    if (!coder)
        return -1;
    struct cairn_stream body = cairn_http_response_take_body(res);
    return cairn_http_response_set_body(res, cairn__encoded_body(body, shared->pool, coder), -1);
}

/* What is not true any more of the body in its coding. Returns 0, or -1 without memory. */
static int compression_describe_body(struct cairn_http_response *res, unsigned coding)
{
    static const char *const names[] = {"Content-Length", "Accept-Ranges", "Content-Digest",
        "Repr-Digest", "Digest", "Content-MD5"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        cairn_http_fields_remove(&res->fields, cairn_str_from(names[i]));
    return cairn_http_fields_add(
        &res->fields, CAIRN_STR("Content-Encoding"), cairn_str_from(cairn__codecs[coding]->name));
}

/* Returns 0, or -1 without memory. */
static int compression_edit(struct compression_future *self, struct cairn_http_response *res)
{
    struct compression_shared *shared = self->shared;
    if (!compression_may(shared, self->req, res))
        return 0;
    if (cairn_http_vary_add(&res->fields, CAIRN_STR("Accept-Encoding")) != 0)
        return -1;
    if (self->coding == COMPRESSION_IDENTITY)
        return 0;
    bool is_sent = self->req->method != CAIRN_HTTP_HEAD && res->status != 304;
    if (is_sent && shared->pool->busy >= shared->max_streams && !compression_is_whole(res)) {
        shared->busy++;
        return 0;
    }
    if (compression_weaken(res) != 0)
        return -1;
    if (!is_sent)
        return 0;
    if (compression_encode(shared, res, self->coding) != 0)
        return -1;
    shared->compressed++;
    return compression_describe_body(res, self->coding);
}

static enum cairn_poll compression_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct compression_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p || compression_edit(self, out->value) == 0)
        return p;
    cairn_type_drop(&cairn_http_response_type, out->value);
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static void compression_future_drop(void *state)
{
    struct compression_future *self = state;
    cairn_future_drop(&self->inner);
    compression_unref(self->shared);
}

static const struct cairn_future_ops compression_future_ops = {
    .name = "compression",
    .size = sizeof(struct compression_future),
    .poll = compression_future_poll,
    .drop = compression_future_drop,
    .wraps = true,
};

/* 406, without a body: none would be in a coding that the client takes. */
static struct cairn_future compression_refuse(
    struct compression *self, struct cairn_http_request *req)
{
    struct cairn_http_response *res = cairn_http_response_new(req, 406);
    bool is_made = res && cairn_http_vary_add(&res->fields, CAIRN_STR("Accept-Encoding")) == 0;
    self->shared->not_acceptable++;
    return cairn_service_bypass(&self->base, req,
        is_made ? cairn_future_ready(res) : cairn_future_failed(&cairn_error_no_memory));
}

static struct cairn_future compression_call(struct cairn_service *base, void *request)
{
    struct compression *self = (struct compression *)base;
    struct compression_shared *shared = self->shared;
    struct cairn_http_request *req = request;
    int offer = cairn_http_accept_encoding(&req->fields, shared->offers, shared->offer_count);
    if (offer < 0)
        return compression_refuse(self, req);
    shared->references++;
    struct compression_future future = {
        cairn_service_call(base->inner, request), shared, req, shared->codings[offer]};
    return cairn_future_wrap(&compression_future_ops, &future);
}

static void compression_cloned(struct cairn_service *base)
{
    ((struct compression *)base)->shared->references++;
}

static void compression_drop(struct cairn_service *base)
{
    compression_unref(((struct compression *)base)->shared);
}

static void compression_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct compression_shared *shared = ((const struct compression *)base)->shared;
    cairn_describe_parameter(d, "min", shared->min_bytes, "bytes");
    cairn_describe_counter(d, "compressed", shared->compressed);
    cairn_describe_counter(d, "not_acceptable", shared->not_acceptable);
    cairn_describe_counter(d, "busy", shared->busy);
    cairn_describe_counter(d, "bytes_in", shared->pool->bytes_in);
    cairn_describe_counter(d, "bytes_out", shared->pool->bytes_out);
}

static const struct cairn_service_ops compression_ops = {
    .name = "compression",
    .size = sizeof(struct compression),
    .call = compression_call,
    .cloned = compression_cloned,
    .drop = compression_drop,
    .describe = compression_describe,
};

static int compression_level(
    const struct cairn_compression_options *opts, const struct cairn__codec *coding)
{
    switch (opts->level) {
    case CAIRN_COMPRESSION_FASTEST:
        return coding->fastest;
    case CAIRN_COMPRESSION_BEST:
        return coding->best;
    case CAIRN_COMPRESSION_PRECISE:
        return opts->precise < coding->most ? opts->precise : coding->most;
    default:
        return coding->normal;
    }
}

static void compression_offer(
    struct compression_shared *shared, const struct cairn_compression_options *opts)
{
    unsigned codings = opts->codings ? opts->codings : CAIRN_CODING_ALL;
    for (unsigned i = 0; i < CAIRN__CODECS; i++) {
        if (!(codings & 1u << i))
            continue;
        shared->pool->levels[i] = compression_level(opts, cairn__codecs[i]);
        shared->codings[shared->offer_count] = i;
        shared->offers[shared->offer_count++] = cairn__codecs[i]->name;
    }
    shared->codings[shared->offer_count] = COMPRESSION_IDENTITY;
    shared->offers[shared->offer_count++] = "identity";
}

/* NULL without memory. */
static struct compression_shared *compression_share(const struct cairn_compression_options *opts)
{
    struct compression_shared *shared = cairn_alloc_zero(sizeof(*shared));
    if (!shared)
        return NULL;
    shared->pool = cairn__coder_pool_new(false);
    if (!shared->pool) {
        cairn_free(shared);
        return NULL;
    }
    shared->references = 1;
    shared->min_bytes = opts->min_bytes ? opts->min_bytes : COMPRESSION_MIN_BYTES;
    shared->max_streams = opts->max_streams ? opts->max_streams : COMPRESSION_MAX_STREAMS;
    shared->predicate = opts->predicate ? opts->predicate : compression_by_type;
    shared->state = opts->state;
    compression_offer(shared, opts);
    return shared;
}

/* NULL: the options are good. */
static struct cairn_service *compression_check(const struct cairn_layer *layer,
    struct cairn_service *inner, const struct cairn_compression_options *opts)
{
    if (opts->codings > CAIRN_CODING_ALL)
        return cairn_layer_invalid(
            layer, inner, "codings must be of enum cairn_coding, got %u", opts->codings);
    if ((unsigned)opts->level > CAIRN_COMPRESSION_PRECISE)
        return cairn_layer_invalid(layer, inner, "level must be of enum cairn_compression_level");
    if (opts->level == CAIRN_COMPRESSION_PRECISE &&
        (opts->precise < 1 || opts->precise > COMPRESSION_LEVEL_MOST))
        return cairn_layer_invalid(
            layer, inner, "precise must be 1 to %d, got %d", COMPRESSION_LEVEL_MOST, opts->precise);
    if (opts->max_streams > COMPRESSION_LIMIT_STREAMS)
        return cairn_layer_invalid(layer, inner, "max_streams must be 1 to %d, got %u",
            COMPRESSION_LIMIT_STREAMS, opts->max_streams);
    return NULL;
}

static struct cairn_service *compression_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_compression_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    broken = compression_check(layer, inner, &opts);
    if (broken)
        return broken;
    struct compression_shared *shared = compression_share(&opts);
    struct compression *self = shared ? cairn_service_new(&compression_ops, inner) : NULL;
    if (!self) {
        if (shared)
            compression_unref(shared);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    self->shared = shared;
    return &self->base;
}

struct cairn_layer cairn_compression_layer(const struct cairn_compression_options *options)
{
    static const struct cairn_compression_options defaults = {.size = sizeof(defaults)};
    const struct cairn_compression_options *opts = options ? options : &defaults;
    return cairn_layer_of("compression", compression_apply, opts, opts->size);
}
