#include <cairn/layers/async_filter.h>

#include <string.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/spares.h>

/* What copies and futures share; a future may outlive every copy. */
struct async_filter_shared {
    unsigned references;
    uint64_t passed;
    uint64_t rejected;
    uint64_t waiting;
    struct cairn__spares spares;
};

struct async_filter {
    struct cairn_service base;
    struct cairn_future (*predicate)(void *cx, void *request);
    void *cx;
    struct async_filter_shared *shared;
};

/* `inner` is the predicate's future while there is a service, then the answer's. */
struct async_filter_future {
    struct cairn_future inner;
    struct cairn_service *service;
    struct async_filter_shared *shared;
};

static void async_filter_shared_unref(struct async_filter_shared *shared)
{
    if (--shared->references != 0)
        return;
    cairn__spares_fini(&shared->spares);
    cairn_free(shared);
}

static void async_filter_give_back(
    struct async_filter_shared *shared, struct cairn_service *service)
{
    shared->waiting--;
    cairn__spares_give_back(&shared->spares, service);
}

/* What follows from the predicate's outcome P: the answer's future. SERVICE is called, or released.
 */
static struct cairn_future async_filter_go_on(struct async_filter_shared *shared,
    struct cairn_service *service, enum cairn_poll p, union cairn_outcome out)
{
    if (p == CAIRN_READY && out.value) {
        shared->passed++;
        return cairn_service_call(service, out.value);
    }
    shared->rejected++;
    cairn_service_release(service);
    return cairn_future_failed(p == CAIRN_FAILED ? out.error : &cairn_error_no_memory);
}

static enum cairn_poll async_filter_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct async_filter_future *self = state;
    if (self->service) {
        union cairn_outcome verdict;
        enum cairn_poll p = cairn_future_poll(&self->inner, cx, &verdict);
        if (p == CAIRN_PENDING)
            return p;
        struct cairn_service *service = self->service;
        self->service = NULL;
        self->inner = async_filter_go_on(self->shared, service, p, verdict);
        async_filter_give_back(self->shared, service);
    }
    return cairn_future_poll(&self->inner, cx, out);
}

static void async_filter_future_drop(void *state)
{
    struct async_filter_future *self = state;
    cairn_future_drop(&self->inner);
    if (self->service)
        async_filter_give_back(self->shared, self->service);
    async_filter_shared_unref(self->shared);
}

static const struct cairn_future_ops async_filter_future_ops = {
    .name = "async_filter",
    .size = sizeof(struct async_filter_future),
    .poll = async_filter_future_poll,
    .drop = async_filter_future_drop,
    .wraps = true,
};

static struct cairn_future async_filter_at_once(
    struct async_filter *self, struct cairn_future *verdict)
{
    const struct cairn_context spot = {NULL, NULL};
    union cairn_outcome out;
    enum cairn_poll p = cairn_future_poll(verdict, &spot, &out);
    return async_filter_go_on(self->shared, self->base.inner, p, out);
}

static struct cairn_future async_filter_call(struct cairn_service *base, void *req)
{
    struct async_filter *self = (struct async_filter *)base;
    struct cairn_future verdict = self->predicate(self->cx, req);
    if (cairn_future_is_complete(&verdict))
        return async_filter_at_once(self, &verdict);
    struct cairn_service *service = cairn__spares_take(&self->shared->spares, &base->inner);
    if (!service) {
        cairn_future_drop(&verdict);
        cairn_service_release(base->inner);
        return cairn_future_failed(&cairn_error_no_memory);
    }
    self->shared->references++;
    self->shared->waiting++;
    return cairn_future_box(
        &async_filter_future_ops, &(struct async_filter_future){verdict, service, self->shared});
}

static void async_filter_cloned(struct cairn_service *base)
{
    ((struct async_filter *)base)->shared->references++;
}

static void async_filter_drop(struct cairn_service *base)
{
    async_filter_shared_unref(((struct async_filter *)base)->shared);
}

static void async_filter_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct async_filter_shared *shared = ((const struct async_filter *)base)->shared;
    cairn_describe_counter(d, "passed", shared->passed);
    cairn_describe_counter(d, "rejected", shared->rejected);
    cairn_describe_gauge(d, "waiting", shared->waiting);
}

static const struct cairn_service_ops async_filter_ops = {
    .name = "async_filter",
    .size = sizeof(struct async_filter),
    .call = async_filter_call,
    .cloned = async_filter_cloned,
    .drop = async_filter_drop,
    .describe = async_filter_describe,
};

static struct cairn_service *async_filter_new(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct async_filter_shared *shared = cairn_alloc_zero(sizeof(*shared));
    struct async_filter *self = shared ? cairn_service_new(&async_filter_ops, inner) : NULL;
    struct cairn_async_filter_options opts;
    if (!self) {
        cairn_free(shared);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    memcpy(&opts, layer->options, sizeof(opts));
    shared->references = 1;
    self->shared = shared;
    self->predicate = opts.predicate;
    self->cx = opts.cx;
    if (opts.from)
        self->base.request_type = opts.from;
    return &self->base;
}

static struct cairn_service *async_filter_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_async_filter_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!opts.predicate)
        return cairn_layer_invalid(layer, inner, "predicate must be set");
    for (const struct cairn_service *s = inner; s; s = s->inner)
        if (s->ops->not_cloneable)
            return cairn_layer_refuse(layer, inner, CAIRN_ERROR_TYPE,
                "needs a service that can be cloned; %s cannot", s->ops->name);
    return async_filter_new(layer, inner);
}

struct cairn_layer cairn_async_filter_layer(const struct cairn_async_filter_options *options)
{
    static const struct cairn_async_filter_options defaults = {.size = sizeof(defaults)};
    const struct cairn_async_filter_options *opts = options ? options : &defaults;
    return cairn_layer_of("async_filter", async_filter_apply, opts, opts->size);
}

struct cairn_future cairn_async_filter_check(const struct cairn_service *service, void *request)
{
    while (service->ops->is_hidden && service->inner)
        service = service->inner;
    CAIRN_ASSERT(service->ops == &async_filter_ops, "async_filter_check",
        "the outermost layer is no async_filter");
    const struct async_filter *self = (const struct async_filter *)service;
    return self->predicate(self->cx, request);
}
