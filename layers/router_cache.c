#include <cairn/layers/router_cache.h>

#include <string.h>

#include <cairn/layers/idle_entry.h>
#include <cairn/service/alloc.h>

/* Lives as long as the cache, which copies and calls keep. */
struct router_shared {
    struct cairn_idle_cache *cache;
    struct cairn_router_cache_options opts;
};

struct router_cache {
    struct cairn_service base;
    struct router_shared *shared;
};

struct router_future {
    struct cairn_future inner; /* empty until it is called */
    struct cairn__idle_entry *entry;
    struct cairn_service *service; /* borrowed from the entry */
    void *request;
    bool is_called;
};

static struct cairn_error router_no_key =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_NOT_FOUND, "router_cache", "the request has no key");

static const char *router_type_name(const struct cairn_type *type)
{
    return type ? type->name : "anything";
}

static struct cairn_service *router_make(void *cx, struct cairn_str key)
{
    const struct cairn_router_cache_options *opts = &((struct router_shared *)cx)->opts;
    struct cairn_service *service = opts->make(opts->cx, key);
    if (!service || cairn_service_error(service) ||
        (service->request_type == opts->request_type &&
            service->response_type == opts->response_type))
        return service;
    struct cairn_error *error = cairn_error_new(CAIRN_ERROR_TYPE, "router_cache", NULL,
        "needs a service from %s to %s, got one from %s to %s (%s)",
        router_type_name(opts->request_type), router_type_name(opts->response_type),
        router_type_name(service->request_type), router_type_name(service->response_type),
        service->ops->name);
    cairn_service_drop(service);
    return cairn_service_broken(error);
}

static void router_shared_drop(void *cx)
{
    struct router_shared *shared = cx;
    if (shared->opts.cx_drop)
        shared->opts.cx_drop(shared->opts.cx);
    cairn_free(shared);
}

/* The future of a call. */

static enum cairn_poll router_send(
    struct router_future *self, const struct cairn_context *cx, struct cairn_error **error)
{
    enum cairn_poll p = cairn_service_poll_ready(self->service, cx, error);
    if (p == CAIRN_FAILED)
        cairn__idle_entry_bury(self->entry);
    if (p)
        return p;
    self->is_called = true;
    self->inner = cairn_service_call(self->service, self->request);
    return CAIRN_READY;
}

static enum cairn_poll router_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct router_future *self = state;
    if (!self->is_called) {
        enum cairn_poll p = router_send(self, cx, &out->error);
        if (p)
            return p;
    }
    return cairn_future_poll(&self->inner, cx, out);
}

static void router_future_drop(void *state)
{
    struct router_future *self = state;
    cairn_future_drop(&self->inner);
    if (!self->is_called)
        cairn_service_drop_request(self->service, self->request);
    cairn__idle_entry_give_back(self->entry, self->service);
    cairn__idle_entry_leave(self->entry);
}

static const struct cairn_future_ops router_future_ops = {
    .name = "router_cache",
    .size = sizeof(struct router_future),
    .poll = router_future_poll,
    .drop = router_future_drop,
};

/* The service. */

static struct cairn_future router_cache_call(struct cairn_service *base, void *req)
{
    const struct router_shared *shared = ((struct router_cache *)base)->shared;
    struct cairn_str key = shared->opts.key(shared->opts.cx, req);
    struct cairn_error *error = &router_no_key;
    struct cairn__idle_entry *entry =
        key.data ? cairn__idle_cache_enter(shared->cache, key, &error) : NULL;
    if (!entry) {
        cairn_service_drop_request(base, req);
        return cairn_future_failed(error);
    }
    struct router_future future = {
        .entry = entry, .service = cairn__idle_entry_borrow(entry), .request = req};
    if (future.service)
        return cairn_future_start(&router_future_ops, &future);
    cairn_service_drop_request(base, req);
    cairn__idle_entry_leave(entry);
    return cairn_future_failed(&cairn_error_no_memory);
}

static void router_cache_cloned(struct cairn_service *base)
{
    cairn_idle_cache_ref(((struct router_cache *)base)->shared->cache);
}

static void router_cache_drop(struct cairn_service *base)
{
    cairn_idle_cache_unref(((struct router_cache *)base)->shared->cache);
}

static void router_cache_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    cairn_idle_cache_describe(((const struct router_cache *)base)->shared->cache, d);
}

static const struct cairn_service_ops router_cache_ops = {
    .name = "router_cache",
    .size = sizeof(struct router_cache),
    .call = router_cache_call,
    .cloned = router_cache_cloned,
    .drop = router_cache_drop,
    .describe = router_cache_describe,
};

static struct router_shared *router_shared_new(
    const struct cairn_router_cache_options *opts, struct cairn_error **error)
{
    struct router_shared *shared = cairn_alloc_zero(sizeof(*shared));
    *error = &cairn_error_no_memory;
    if (!shared)
        return NULL;
    shared->opts = *opts;
    shared->cache = cairn_idle_cache_new(
        &(struct cairn_idle_cache_options){.size = sizeof(struct cairn_idle_cache_options),
            .make = router_make,
            .cx = shared,
            .cx_drop = router_shared_drop,
            .idle_ms = opts->idle_ms,
            .max_keys = opts->max_keys},
        error);
    if (shared->cache)
        return shared;
    cairn_free(shared);
    return NULL;
}

static struct cairn_service *router_cache_refuse(
    const struct cairn_router_cache_options *opts, struct cairn_error *error)
{
    if (opts->cx_drop)
        opts->cx_drop(opts->cx);
    return cairn_service_broken(error);
}

struct cairn_service *cairn_router_cache_new(const struct cairn_router_cache_options *options)
{
    struct cairn_router_cache_options opts = {0};
    struct cairn_error *error;
    if (options)
        memcpy(&opts, options, options->size < sizeof(opts) ? options->size : sizeof(opts));
    if (!opts.key || !opts.make)
        return router_cache_refuse(&opts, cairn_error_new(CAIRN_ERROR_INVALID, "router_cache", NULL,
                                              "%s must be set", opts.key ? "make" : "key"));
    struct router_shared *shared = router_shared_new(&opts, &error);
    if (!shared)
        return router_cache_refuse(&opts, error);
    struct router_cache *self = cairn_service_new(&router_cache_ops, NULL);
    if (!self) {
        cairn_idle_cache_unref(shared->cache);
        return cairn_service_broken(&cairn_error_no_memory);
    }
    self->shared = shared;
    self->base.request_type = opts.request_type;
    self->base.response_type = opts.response_type;
    return &self->base;
}
