#include <cairn/http/layers/http_cache.h>

#include <inttypes.h>
#include <string.h>

#include <cairn/http/layers/http_cache_fill.h>
#include <cairn/http/layers/share_key.h>
#include <cairn/layers/cache.h>
#include <cairn/service/alloc.h>
#include <cairn/service/siphash.h>

#define HTTP_CACHE_TTL_MS 10000
#define HTTP_CACHE_BODY_BYTES 65536
#define HTTP_CACHE_MOST_BODY_BYTES 1073741824
#define HTTP_CACHE_NAME "cairn"
/* Generations: what a key begins with. A change of one makes the cache forget all that has it. */
#define HTTP_CACHE_SLOTS 1024

/* What copies and futures share; a future may outlive every copy. */
struct http_cache_shared {
    struct cairn__http_cache_filling filling; /* its address is the key of the extension */
    unsigned references;
    bool is_silent;
    struct cairn__share_key *key;
    struct cairn__siphash_key secret;
    uint64_t bypassed;
    uint64_t invalidated;
    uint32_t generations[HTTP_CACHE_SLOTS];
    char name[];
};

/* Around the cache, around the filling, around inner. */
struct http_cache {
    struct cairn_service base;
    struct http_cache_shared *shared;
};

struct http_cache_future {
    struct cairn_future inner; /* first */
    struct http_cache_shared *shared;
    struct cairn__http_cache_call *call; /* NULL: another method, or no memory */
    uint32_t *generation;                /* to be changed by a success; NULL: it stays */
    enum cairn_http_method method;
};

static void http_cache_unref(struct http_cache_shared *shared)
{
    if (--shared->references != 0)
        return;
    cairn__share_key_unref(shared->key);
    cairn_free(shared);
}

/* Keys. */

static uint32_t *http_cache_generation(
    struct http_cache_shared *shared, const struct cairn_http_request *req)
{
    struct cairn_str host = cairn_http_request_field(req, "Host");
    struct cairn_str path = cairn_http_request_original_path(req);
    uint64_t hash = cairn__siphash(shared->secret, path.data, path.length);
    for (size_t i = 0; i < host.length; i++) /* without case; few hosts have many letters */
        hash = hash * 31 + (unsigned char)(host.data[i] | 0x20);
    return &shared->generations[hash % HTTP_CACHE_SLOTS];
}

static struct cairn_str http_cache_key(void *cx, const void *request)
{
    struct http_cache_shared *shared = cx;
    struct cairn__http_cache_call *call = cairn_http_extension_get(request, &shared->filling);
    if (!call)
        return (struct cairn_str){0};
    struct cairn_str key =
        cairn__share_key_of(shared->key, request, *http_cache_generation(shared, request));
    call->is_keyed = key.data != NULL;
    shared->bypassed += !call->is_keyed;
    return key;
}

static void http_cache_life(void *cx, const void *response, uint64_t *fresh_ms, uint64_t *stale_ms)
{
    struct cairn__cache_life life = {0};
    (void)cx;
    bool is_kept = cairn__cache_life_read(response, &life);
    *fresh_ms = is_kept ? life.fresh_ms : 0;
    *stale_ms = life.stale_ms;
}

/* What the client is told. */

static int http_cache_tell(
    const struct http_cache_shared *shared, struct cairn_http_response *res, const char *status)
{
    if (shared->is_silent)
        return 0;
    struct cairn_str value = cairn_arena_printf(res->arena, "%s; %s", shared->name, status);
    return value.data ? cairn_http_fields_add(&res->fields, CAIRN_STR("Cache-Status"), value) : -1;
}

/* RES comes from the store. */
static int http_cache_tell_kept(struct http_cache_shared *shared, struct cairn_http_response *res,
    const struct cairn__cache_life *life, const char *how)
{
    int64_t since_s = cairn__wall_clock_ms(&shared->filling.clock) / 1000 - life->stored_s;
    if (since_s < 0) /* the clock was put back */
        since_s = 0;
    int64_t ttl_s = (int64_t)(life->fresh_ms / 1000) - since_s;
    struct cairn_str age = cairn_arena_printf(res->arena, "%" PRId64, life->age_s + since_s);
    if (!age.data || cairn_http_fields_set(&res->fields, CAIRN_STR("Age"), age) != 0)
        return -1;
    struct cairn_str text = cairn_arena_printf(res->arena, "%s; ttl=%" PRId64, how, ttl_s);
    return text.data ? http_cache_tell(shared, res, text.data) : -1;
}

static int http_cache_finish(struct http_cache_future *self, struct cairn_http_response *res)
{
    const struct cairn__http_cache_call *call = self->call;
    struct cairn__cache_life life = {0};
    bool is_get = self->method == CAIRN_HTTP_GET || self->method == CAIRN_HTTP_HEAD;
    if (!call || !call->is_keyed)
        return http_cache_tell(self->shared, res, is_get ? "fwd=bypass" : "fwd=method");
    bool is_marked = cairn__cache_life_read(res, &life);
    cairn__cache_life_write(res, NULL);
    if (is_marked && !call->was_answered)
        return http_cache_tell_kept(
            self->shared, res, &life, call->was_forwarded ? "fwd=stale" : "hit");
    return http_cache_tell(self->shared, res, call->is_kept ? "fwd=miss; stored" : "fwd=miss");
}

/* The future. */

static void http_cache_invalidate(
    const struct http_cache_future *self, const struct cairn_http_response *res)
{
    if (!self->generation || res->status < 200 || res->status > 399)
        return;
    ++*self->generation;
    self->shared->invalidated++;
}

/* The answer that was to give way to a stale one, which there is not. */
static bool http_cache_take_failed(struct http_cache_future *self, union cairn_outcome *out)
{
    if (!self->call || !self->call->failed)
        return false;
    cairn_error_unref(out->error);
    out->value = self->call->failed;
    self->call->failed = NULL;
    return true;
}

static enum cairn_poll http_cache_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct http_cache_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p == CAIRN_PENDING || (p == CAIRN_FAILED && !http_cache_take_failed(self, out)))
        return p;
    struct cairn_http_response *res = out->value;
    if (!res)
        return CAIRN_READY;
    http_cache_invalidate(self, res);
    if (http_cache_finish(self, res) == 0)
        return CAIRN_READY;
    cairn_type_drop(&cairn_http_response_type, res);
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static void http_cache_future_drop(void *state)
{
    struct http_cache_future *self = state;
    cairn_future_drop(&self->inner);
    if (self->call)
        cairn_type_drop(&cairn_http_response_type, self->call->failed);
    http_cache_unref(self->shared);
}

static const struct cairn_future_ops http_cache_future_ops = {
    .name = "http_cache",
    .size = sizeof(struct http_cache_future),
    .poll = http_cache_future_poll,
    .drop = http_cache_future_drop,
    .wraps = true,
};

/* The service. */

static bool http_cache_may_change(enum cairn_http_method method)
{
    return method != CAIRN_HTTP_GET && method != CAIRN_HTTP_HEAD && method != CAIRN_HTTP_OPTIONS &&
           method != CAIRN_HTTP_TRACE;
}

/* Without memory for it the request is not looked up. */
static struct cairn__http_cache_call *http_cache_begin(
    struct http_cache_shared *shared, struct cairn_http_request *req)
{
    struct cairn__http_cache_call *call = NULL;
    if (req->method == CAIRN_HTTP_GET || req->method == CAIRN_HTTP_HEAD)
        call = cairn_arena_alloc(req->arena, sizeof(*call));
    if (!call)
        return NULL;
    *call = (struct cairn__http_cache_call){0};
    return cairn_http_extension_set(req, &shared->filling, call) == 0 ? call : NULL;
}

static struct cairn_future http_cache_call(struct cairn_service *base, void *request)
{
    struct http_cache_shared *shared = ((struct http_cache *)base)->shared;
    struct cairn_http_request *req = request;
    struct http_cache_future future = {
        .shared = shared, .call = http_cache_begin(shared, req), .method = req->method};
    if (http_cache_may_change(req->method))
        future.generation = http_cache_generation(shared, req);
    shared->bypassed += !future.call;
    shared->references++;
    future.inner = cairn_service_call(base->inner, req);
    return cairn_future_wrap(&http_cache_future_ops, &future);
}

static void http_cache_cloned(struct cairn_service *base)
{
    ((struct http_cache *)base)->shared->references++;
}

static void http_cache_drop(struct cairn_service *base)
{
    http_cache_unref(((struct http_cache *)base)->shared);
}

static void http_cache_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct http_cache_shared *shared = ((const struct http_cache *)base)->shared;
    cairn__share_key_describe(shared->key, d);
    cairn_describe_parameter(d, "max_body", shared->filling.rules.max_body_bytes, "bytes");
    cairn_describe_counter(d, "bypassed", shared->bypassed);
    cairn_describe_counter(d, "invalidated", shared->invalidated);
}

static const struct cairn_service_ops http_cache_ops = {
    .name = "http_cache",
    .size = sizeof(struct http_cache),
    .call = http_cache_call,
    .cloned = http_cache_cloned,
    .drop = http_cache_drop,
    .describe = http_cache_describe,
};

/* Building. */

/* Takes KEY. NULL without memory. */
static struct http_cache_shared *http_cache_shared_new(
    const struct cairn_http_cache_options *opts, struct cairn__share_key *key)
{
    size_t length = strlen(opts->name);
    struct http_cache_shared *shared = cairn_alloc_zero(sizeof(*shared) + length + 1);
    if (!shared) {
        cairn__share_key_unref(key);
        return NULL;
    }
    shared->references = 1;
    shared->is_silent = opts->is_silent;
    shared->key = key;
    shared->secret = cairn__siphash_key_new(0);
    shared->filling.rules = (struct cairn__cache_life_rules){.key = key,
        .ttl_ms = opts->only_explicit ? 0 : opts->ttl_ms,
        .stale_ms = opts->stale_ms,
        .max_body_bytes = opts->max_body_bytes};
    memcpy(shared->name, opts->name, length + 1);
    return shared;
}

/* The cache around the filling around INNER, or a broken service. */
static struct cairn_service *http_cache_inside(const struct cairn_http_cache_options *opts,
    const struct cairn_layer *layer, struct cairn_service *inner, struct http_cache_shared *shared)
{
    struct cairn_service *filled = cairn__http_cache_fill_new(&shared->filling, inner);
    if (!filled)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    struct cairn_layer cache =
        cairn_cache(.key = http_cache_key, .life = http_cache_life, .cx = shared,
            .ttl_ms = opts->ttl_ms, .stale_ms = opts->stale_ms, .max_entries = opts->max_entries,
            .store = opts->store, .hits_while_unready = opts->hits_while_unready);
    cache.name = layer->name; /* who refuses */
    return cairn_layer_apply(&cache, filled);
}

static struct cairn_service *http_cache_new(const struct cairn_http_cache_options *opts,
    const struct cairn_layer *layer, struct cairn_service *inner, struct cairn__share_key *key)
{
    struct http_cache_shared *shared = http_cache_shared_new(opts, key);
    if (!shared)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    struct cairn_service *inside = http_cache_inside(opts, layer, inner, shared);
    struct http_cache *self =
        cairn_service_error(inside) ? NULL : cairn_service_new(&http_cache_ops, inside);
    if (self) {
        self->shared = shared;
        return &self->base;
    }
    if (!cairn_service_error(inside))
        inside = cairn_layer_refuse(layer, inside, CAIRN_ERROR_MEMORY, "out of memory");
    http_cache_unref(shared);
    return inside;
}

static struct cairn_service *http_cache_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_http_cache_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    opts.name = opts.name ? opts.name : HTTP_CACHE_NAME;
    opts.ttl_ms = opts.ttl_ms ? opts.ttl_ms : HTTP_CACHE_TTL_MS;
    if (!cairn_http_is_token(cairn_str_from(opts.name)))
        return cairn_layer_invalid(layer, inner, "name must be a token, got \"%s\"", opts.name);
    if (opts.max_body_bytes > HTTP_CACHE_MOST_BODY_BYTES)
        return cairn_layer_invalid(layer, inner, "max_body_bytes must be 1 to %d, got %zu",
            HTTP_CACHE_MOST_BODY_BYTES, opts.max_body_bytes);
    if (opts.max_body_bytes == 0)
        opts.max_body_bytes = HTTP_CACHE_BODY_BYTES;
    const struct cairn__share_key_options key_opts = {.vary = opts.vary,
        .ignores_authorization = opts.ignores_authorization,
        .ignores_cookies = opts.ignores_cookies,
        .takes_validators = true};
    struct cairn__share_key *key = cairn__share_key_new(&key_opts, layer, inner, &broken);
    return key ? http_cache_new(&opts, layer, inner, key) : broken;
}

struct cairn_layer cairn_http_cache_layer(const struct cairn_http_cache_options *options)
{
    static const struct cairn_http_cache_options defaults = {.size = sizeof(defaults)};
    const struct cairn_http_cache_options *opts = options ? options : &defaults;
    return cairn_layer_of("http_cache", http_cache_apply, opts, opts->size);
}
