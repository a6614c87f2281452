#include <cairn/layers/load_shed.h>

#include <cairn/service/alloc.h>

/* What copies share: the counters. */
struct load_shed_shared {
    unsigned references;
    uint64_t passed;
    uint64_t shed;
};

struct load_shed {
    struct cairn_service base;
    struct load_shed_shared *shared;
    bool is_inner_ready; /* what the last poll said; used up by a call */
};

static struct cairn_error load_shed_overloaded =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_OVERLOADED, "load_shed", "the service is overloaded");

static enum cairn_poll load_shed_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    struct load_shed *self = (struct load_shed *)base;
    enum cairn_poll p = cairn_service_poll_ready(base->inner, cx, error);
    if (p == CAIRN_FAILED)
        return p;
    self->is_inner_ready = p == CAIRN_READY;
    /* A place in a queue, or half of the permits it takes, would be kept by nobody who uses it. */
    if (p == CAIRN_PENDING)
        cairn_service_release(base->inner);
    return CAIRN_READY;
}

static struct cairn_future load_shed_call(struct cairn_service *base, void *req)
{
    struct load_shed *self = (struct load_shed *)base;
    if (!self->is_inner_ready) {
        self->shared->shed++;
        cairn_service_drop_request(base, req);
        return cairn_future_failed(&load_shed_overloaded);
    }
    self->is_inner_ready = false;
    self->shared->passed++;
    return cairn_service_call(base->inner, req);
}

static void load_shed_release(struct cairn_service *base)
{
    ((struct load_shed *)base)->is_inner_ready = false;
}

static void load_shed_cloned(struct cairn_service *base)
{
    struct load_shed *self = (struct load_shed *)base;
    self->is_inner_ready = false;
    self->shared->references++;
}

static void load_shed_drop(struct cairn_service *base)
{
    struct load_shed *self = (struct load_shed *)base;
    if (--self->shared->references == 0)
        cairn_free(self->shared);
}

static void load_shed_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct load_shed *self = (const struct load_shed *)base;
    cairn_describe_counter(d, "passed", self->shared->passed);
    cairn_describe_counter(d, "shed", self->shared->shed);
}

static const struct cairn_service_ops load_shed_ops = {
    .name = "load_shed",
    .size = sizeof(struct load_shed),
    .poll_ready = load_shed_poll_ready,
    .call = load_shed_call,
    .release = load_shed_release,
    .cloned = load_shed_cloned,
    .drop = load_shed_drop,
    .describe = load_shed_describe,
};

static struct cairn_service *load_shed_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct load_shed_shared *shared = cairn_alloc_zero(sizeof(*shared));
    struct load_shed *self = shared ? cairn_service_new(&load_shed_ops, inner) : NULL;
    if (!self) {
        cairn_free(shared);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    shared->references = 1;
    self->shared = shared;
    return &self->base;
}

struct cairn_layer cairn_load_shed_layer(const struct cairn_load_shed_options *options)
{
    static const struct cairn_load_shed_options defaults = {.size = sizeof(defaults)};
    const struct cairn_load_shed_options *opts = options ? options : &defaults;
    return cairn_layer_of("load_shed", load_shed_apply, opts, opts->size);
}
