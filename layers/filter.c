#include <cairn/layers/filter.h>

#include <string.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>

/* What copies share: the counters. */
struct filter_shared {
    unsigned references;
    uint64_t passed;
    uint64_t rejected;
};

struct filter {
    struct cairn_service base;
    void *(*predicate)(void *cx, void *request, struct cairn_error **error);
    void *cx;
    struct filter_shared *shared;
};

static void *filter_ask(const struct filter *self, void *req, struct cairn_error **error)
{
    *error = NULL;
    req = self->predicate(self->cx, req, error);
    if (!req && !*error)
        *error = &cairn_error_no_memory;
    return req;
}

static struct cairn_future filter_call(struct cairn_service *base, void *req)
{
    struct filter *self = (struct filter *)base;
    struct cairn_error *error;
    req = filter_ask(self, req, &error);
    if (req) {
        self->shared->passed++;
        return cairn_service_call(base->inner, req);
    }
    self->shared->rejected++;
    cairn_service_release(base->inner);
    return cairn_future_failed(error);
}

static void filter_cloned(struct cairn_service *base)
{
    ((struct filter *)base)->shared->references++;
}

static void filter_drop(struct cairn_service *base)
{
    struct filter *self = (struct filter *)base;
    if (--self->shared->references == 0)
        cairn_free(self->shared);
}

static void filter_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct filter *self = (const struct filter *)base;
    cairn_describe_counter(d, "passed", self->shared->passed);
    cairn_describe_counter(d, "rejected", self->shared->rejected);
}

static const struct cairn_service_ops filter_ops = {
    .name = "filter",
    .size = sizeof(struct filter),
    .call = filter_call,
    .cloned = filter_cloned,
    .drop = filter_drop,
    .describe = filter_describe,
};

static struct cairn_service *filter_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_filter_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!opts.predicate)
        return cairn_layer_invalid(layer, inner, "predicate must be set");
    struct filter_shared *shared = cairn_alloc_zero(sizeof(*shared));
    struct filter *self = shared ? cairn_service_new(&filter_ops, inner) : NULL;
    if (!self) {
        cairn_free(shared);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    shared->references = 1;
    self->shared = shared;
    self->predicate = opts.predicate;
    self->cx = opts.cx;
    if (opts.from)
        self->base.request_type = opts.from;
    return &self->base;
}

struct cairn_layer cairn_filter_layer(const struct cairn_filter_options *options)
{
    static const struct cairn_filter_options defaults = {.size = sizeof(defaults)};
    const struct cairn_filter_options *opts = options ? options : &defaults;
    return cairn_layer_of("filter", filter_apply, opts, opts->size);
}

void *cairn_filter_check(
    const struct cairn_service *service, void *request, struct cairn_error **error)
{
    while (service->ops->is_hidden && service->inner)
        service = service->inner;
    CAIRN_ASSERT(service->ops == &filter_ops, "filter_check", "the outermost layer is no filter");
    return filter_ask((const struct filter *)service, request, error);
}
