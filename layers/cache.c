#include <cairn/layers/cache.h>

#include <inttypes.h>
#include <string.h>

#include <cairn/service/alloc.h>

#define CACHE_DEFAULT_TTL_MS 10000
#define CACHE_MAX_MS 2592000000
#define CACHE_KEY_BYTES 64

/* What copies and futures share; a future may outlive every copy. */
struct cache_shared {
    unsigned references;
    struct cairn_cache_options opts; /* with a store, and no zeros that mean a default */
    const struct cairn_type *request_type;
    const struct cairn_type *response_type;
    uint64_t hits;
    uint64_t misses;
    uint64_t stale;
    uint64_t refused;
    uint64_t store_errors;
};

struct cache {
    struct cairn_service base;
    struct cache_shared *shared;
    bool is_inner_ready;
};

enum cache_stage {
    CACHE_LOOKUP, /* `inner` is the store's */
    CACHE_CALL,   /* `inner` is the service's */
    CACHE_RESCUE, /* `inner` is the store's, asked after `error` */
};

/* It may move: so a short key has no pointer. */
struct cache_future {
    struct cairn_future inner; /* first */
    struct cache_shared *shared;
    enum cache_stage stage;
    struct cairn_service *service; /* readied, for after the lookup; NULL: inner was not ready */
    void *request;                 /* for `service` */
    struct cairn_error *error;
    void *value; /* a stale answer that has not been given yet */
    size_t key_length;
    char *long_key;
    char key[CACHE_KEY_BYTES];
};

static struct cairn_error cache_unready = CAIRN_ERROR_STATIC(
    CAIRN_ERROR_OVERLOADED, "cache", "not in the cache, and the service is not ready");

static void cache_shared_unref(struct cache_shared *shared)
{
    if (--shared->references != 0)
        return;
    cairn_cache_store_unref(shared->opts.store);
    cairn_free(shared);
}

/* The future of a call that has to be waited for. */

static bool cache_future_set_key(struct cache_future *self, struct cairn_str key)
{
    char *to = self->key;
    self->key_length = key.length;
    if (key.length > CACHE_KEY_BYTES)
        to = self->long_key = cairn_alloc(key.length);
    if (to && key.length)
        memcpy(to, key.data, key.length);
    return to != NULL;
}

static struct cairn_str cache_future_key(const struct cache_future *self)
{
    return cairn_str_of(self->long_key ? self->long_key : self->key, self->key_length);
}

/* A failure of the store is as if it had nothing. */
static enum cairn_poll cache_poll_store(struct cache_shared *shared, struct cairn_future *lookup,
    const struct cairn_context *cx, void **value)
{
    union cairn_outcome out;
    enum cairn_poll p = cairn_future_poll(lookup, cx, &out);
    if (p == CAIRN_PENDING)
        return p;
    *value = p == CAIRN_READY ? out.value : NULL;
    if (p == CAIRN_FAILED) {
        shared->store_errors++;
        cairn_error_unref(out.error);
    }
    return CAIRN_READY;
}

static struct cairn_future cache_send(struct cache_future *self)
{
    void *req = self->request;
    self->request = NULL;
    if (self->service)
        return cairn_service_call(self->service, req);
    self->shared->refused++;
    cairn_type_drop(self->shared->request_type, req);
    return cairn_future_failed(&cache_unready);
}

static enum cairn_poll cache_poll_lookup(
    struct cache_future *self, const struct cairn_context *cx, union cairn_outcome *out)
{
    void *value;
    if (cache_poll_store(self->shared, &self->inner, cx, &value) == CAIRN_PENDING)
        return CAIRN_PENDING;
    if (value) {
        self->shared->hits++;
        out->value = value;
        return CAIRN_READY;
    }
    self->shared->misses++;
    self->stage = CACHE_CALL;
    self->inner = cache_send(self);
    return CAIRN_PENDING;
}

static void cache_keep(struct cache_future *self, const void *value)
{
    const struct cairn_cache_options *opts = &self->shared->opts;
    uint64_t fresh_ms = opts->ttl_ms;
    uint64_t stale_ms = opts->stale_ms;
    if (!value || (opts->keep && !opts->keep(opts->cx, value)))
        return;
    if (opts->life)
        opts->life(opts->cx, value, &fresh_ms, &stale_ms);
    if (fresh_ms)
        opts->store->ops->put(opts->store, cache_future_key(self), value, fresh_ms, stale_ms);
}

static enum cairn_poll cache_poll_call(
    struct cache_future *self, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct cairn_cache_store *store = self->shared->opts.store;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p == CAIRN_READY)
        cache_keep(self, out->value);
    if (p != CAIRN_FAILED || !self->shared->opts.stale_ms)
        return p;
    self->error = out->error;
    self->stage = CACHE_RESCUE;
    self->inner = store->ops->get(store, cache_future_key(self), true);
    return CAIRN_PENDING;
}

static enum cairn_poll cache_poll_rescue(
    struct cache_future *self, const struct cairn_context *cx, union cairn_outcome *out)
{
    if (!self->value && !cairn_future_is_empty(&self->inner) &&
        cache_poll_store(self->shared, &self->inner, cx, &self->value) == CAIRN_PENDING)
        return CAIRN_PENDING;
    if (self->value && !cairn_context_can_wait(cx))
        return CAIRN_PENDING; /* a future that is complete without a box would not drop the copy */
    if (self->value) {
        self->shared->stale++;
        out->value = self->value;
        self->value = NULL;
        return CAIRN_READY;
    }
    out->error = self->error;
    self->error = NULL;
    return CAIRN_FAILED;
}

static enum cairn_poll cache_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct cache_future *self = state;
    enum cairn_poll p = CAIRN_PENDING;
    if (self->stage == CACHE_LOOKUP)
        p = cache_poll_lookup(self, cx, out);
    if (p == CAIRN_PENDING && self->stage == CACHE_CALL)
        p = cache_poll_call(self, cx, out);
    if (p == CAIRN_PENDING && self->stage == CACHE_RESCUE)
        p = cache_poll_rescue(self, cx, out);
    return p;
}

static void cache_future_drop(void *state)
{
    struct cache_future *self = state;
    cairn_future_drop(&self->inner);
    cairn_type_drop(self->shared->request_type, self->request);
    cairn_type_drop(self->shared->response_type, self->value);
    cairn_error_unref(self->error);
    cairn_service_drop(self->service);
    cairn_free(self->long_key);
    cache_shared_unref(self->shared);
}

static const struct cairn_future_ops cache_future_ops = {
    .name = "cache",
    .size = sizeof(struct cache_future),
    .poll = cache_future_poll,
    .drop = cache_future_drop,
    .wraps = true,
};

/* The service. */

static enum cairn_poll cache_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    struct cache *self = (struct cache *)base;
    enum cairn_poll p = cairn_service_poll_ready(base->inner, cx, error);
    self->is_inner_ready = p == CAIRN_READY;
    if (p != CAIRN_PENDING || !self->shared->opts.hits_while_unready)
        return p;
    /* A place in a queue would be kept by nobody who uses it. */
    cairn_service_release(base->inner);
    return CAIRN_READY;
}

/* What is not looked up, or cannot be. */
static struct cairn_future cache_pass(struct cache *self, bool is_ready, void *req)
{
    if (is_ready)
        return cairn_service_call(self->base.inner, req);
    self->shared->refused++;
    cairn_service_drop_request(&self->base, req);
    return cairn_future_failed(&cache_unready);
}

/* The store answers later: the readied service goes with the future. */
static struct cairn_future cache_wait(
    struct cache *self, bool is_ready, void *req, struct cache_future *f)
{
    if (is_ready && !(f->service = cairn_service_take(&self->base.inner))) {
        cache_future_drop(f);
        return cache_pass(self, is_ready, req);
    }
    f->request = req;
    return cairn_future_box(&cache_future_ops, f);
}

static struct cairn_future cache_look_up(
    struct cache *self, bool is_ready, void *req, struct cache_future *f)
{
    const struct cairn_context spot = {0};
    struct cache_shared *shared = self->shared;
    struct cairn_cache_store *store = shared->opts.store;
    void *value;
    f->inner = store->ops->get(store, cache_future_key(f), false);
    if (cache_poll_store(shared, &f->inner, &spot, &value) == CAIRN_PENDING)
        return cache_wait(self, is_ready, req, f);
    if (value) {
        shared->hits++;
        cairn_service_release(self->base.inner);
        cairn_service_drop_request(&self->base, req);
        cache_future_drop(f);
        return cairn_future_ready_of(self->base.response_type, value);
    }
    shared->misses++;
    f->stage = CACHE_CALL;
    f->inner = cache_pass(self, is_ready, req);
    return cairn_future_wrap(&cache_future_ops, f);
}

static struct cairn_future cache_call(struct cairn_service *base, void *req)
{
    struct cache *self = (struct cache *)base;
    struct cache_shared *shared = self->shared;
    bool is_ready = self->is_inner_ready;
    self->is_inner_ready = false;
    struct cairn_str key = shared->opts.key(shared->opts.cx, req);
    struct cache_future f = {.shared = shared};
    if (!key.data || !cache_future_set_key(&f, key))
        return cache_pass(self, is_ready, req);
    shared->references++;
    return cache_look_up(self, is_ready, req, &f);
}

static void cache_release(struct cairn_service *base)
{
    ((struct cache *)base)->is_inner_ready = false;
}

static void cache_cloned(struct cairn_service *base)
{
    struct cache *self = (struct cache *)base;
    self->shared->references++;
    self->is_inner_ready = false;
}

static void cache_drop(struct cairn_service *base)
{
    cache_shared_unref(((struct cache *)base)->shared);
}

static void cache_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct cache_shared *shared = ((const struct cache *)base)->shared;
    const struct cairn_cache_store *store = shared->opts.store;
    cairn_describe_text(d, "store", store->ops->name);
    cairn_describe_parameter(d, "ttl", shared->opts.ttl_ms, "ms");
    cairn_describe_parameter(d, "stale_for", shared->opts.stale_ms, "ms");
    if (store->ops->describe) /* its parameters before all counters */
        store->ops->describe(store, d);
    cairn_describe_counter(d, "hits", shared->hits);
    cairn_describe_counter(d, "misses", shared->misses);
    cairn_describe_counter(d, "stale", shared->stale);
    cairn_describe_counter(d, "refused", shared->refused);
    cairn_describe_counter(d, "store_errors", shared->store_errors);
}

static const struct cairn_service_ops cache_ops = {
    .name = "cache",
    .size = sizeof(struct cache),
    .poll_ready = cache_poll_ready,
    .call = cache_call,
    .release = cache_release,
    .cloned = cache_cloned,
    .drop = cache_drop,
    .describe = cache_describe,
};

/* NULL, or what stands in the place of the layer: INNER was dropped. */
static struct cairn_service *cache_refuse(const struct cairn_layer *layer,
    struct cairn_service *inner, const struct cairn_cache_options *opts)
{
    const struct cairn_type *type = inner->response_type;
    if (!opts->key)
        return cairn_layer_invalid(layer, inner, "key must be set");
    if (opts->ttl_ms > CACHE_MAX_MS)
        return cairn_layer_invalid(
            layer, inner, "ttl_ms must be 1 to 2592000000, got %" PRIu64, opts->ttl_ms);
    if (opts->stale_ms > CACHE_MAX_MS)
        return cairn_layer_invalid(
            layer, inner, "stale_ms must be 0 to 2592000000, got %" PRIu64, opts->stale_ms);
    if (opts->store && opts->max_entries)
        return cairn_layer_invalid(layer, inner,
            "max_entries must be 0 with a store, which has its own bounds, got %zu",
            opts->max_entries);
    if (!(type && type->clone))
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_TYPE,
            "needs a response that can be cloned; %s cannot",
            type ? type->name : "a response without a type");
    if (opts->store && opts->store->type && opts->store->type != type)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_TYPE,
            "needs a store of %s, got one of %s (%s)", type->name, opts->store->type->name,
            opts->store->ops->name);
    if (opts->store && opts->store->ops->waits && !cairn_service_is_cloneable(inner))
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_TYPE,
            "needs a service that can be cloned for a store that waits (%s)",
            opts->store->ops->name);
    return NULL;
}

static struct cairn_cache_store *cache_store(const struct cairn_cache_options *opts,
    const struct cairn_type *type, struct cairn_error **error)
{
    if (opts->store)
        return cairn_cache_store_ref(opts->store);
    return cairn_cache_memory_new(
        &(struct cairn_cache_memory_options){.size = sizeof(struct cairn_cache_memory_options),
            .type = type,
            .max_entries = opts->max_entries},
        error);
}

/* Takes STORE. NULL without memory. */
static struct cairn_service *cache_new(const struct cairn_cache_options *opts,
    struct cairn_service *inner, struct cairn_cache_store *store)
{
    struct cache_shared *shared = cairn_alloc_zero(sizeof(*shared));
    struct cache *self = shared ? cairn_service_new(&cache_ops, inner) : NULL;
    if (!self) {
        cairn_cache_store_unref(store);
        cairn_free(shared);
        return NULL;
    }
    shared->references = 1;
    shared->opts = *opts;
    shared->opts.store = store;
    if (!opts->ttl_ms)
        shared->opts.ttl_ms = CACHE_DEFAULT_TTL_MS;
    shared->request_type = inner->request_type;
    shared->response_type = inner->response_type;
    self->shared = shared;
    return &self->base;
}

static struct cairn_service *cache_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_cache_options opts;
    struct cairn_error *error = NULL;
    memcpy(&opts, layer->options, sizeof(opts));
    struct cairn_service *outer = cache_refuse(layer, inner, &opts);
    if (outer)
        return outer;
    struct cairn_cache_store *store = cache_store(&opts, inner->response_type, &error);
    if (!store) {
        outer = cairn_layer_refuse(layer, inner, error->code, "%s", error->message);
        cairn_error_unref(error);
        return outer;
    }
    outer = cache_new(&opts, inner, store);
    return outer ? outer : cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

struct cairn_layer cairn_cache_layer(const struct cairn_cache_options *options)
{
    static const struct cairn_cache_options defaults = {.size = sizeof(defaults)};
    const struct cairn_cache_options *opts = options ? options : &defaults;
    return cairn_layer_of("cache", cache_apply, opts, opts->size);
}
