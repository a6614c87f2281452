#include <cairn/layers/make_balance.h>

#include <string.h>

#include <cairn/service/alloc.h>

/* What copies and futures share; a future may outlive every copy. */
struct make_balance_shared {
    unsigned references;
    struct cairn_balance_options options;
    uint64_t made;
};

struct make_balance {
    struct cairn_service base;
    struct make_balance_shared *shared;
};

struct make_balance_future {
    struct cairn_future inner;
    struct make_balance_shared *shared;
};

static void make_balance_unref(struct make_balance_shared *shared)
{
    if (--shared->references == 0)
        cairn_free(shared);
}

static enum cairn_poll make_balance_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct make_balance_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p)
        return p;
    struct cairn_service *made =
        cairn_balance_new(cairn_discover_unbox(out->value), &self->shared->options);
    const struct cairn_error *reason = cairn_service_error(made);
    if (!reason) {
        self->shared->made++;
        out->value = made;
        return CAIRN_READY;
    }
    out->error = cairn_error_ref((struct cairn_error *)(size_t)reason);
    cairn_service_drop(made);
    return CAIRN_FAILED;
}

static void make_balance_future_drop(void *state)
{
    struct make_balance_future *self = state;
    cairn_future_drop(&self->inner);
    make_balance_unref(self->shared);
}

static const struct cairn_future_ops make_balance_future_ops = {
    .name = "make_balance",
    .size = sizeof(struct make_balance_future),
    .poll = make_balance_future_poll,
    .drop = make_balance_future_drop,
    .wraps = true,
    .type = &cairn_service_type,
};

static struct cairn_future make_balance_call(struct cairn_service *base, void *target)
{
    struct make_balance *self = (struct make_balance *)base;
    self->shared->references++;
    struct make_balance_future future = {cairn_service_call(base->inner, target), self->shared};
    return cairn_future_wrap(&make_balance_future_ops, &future);
}

static void make_balance_cloned(struct cairn_service *base)
{
    ((struct make_balance *)base)->shared->references++;
}

static void make_balance_drop(struct cairn_service *base)
{
    make_balance_unref(((struct make_balance *)base)->shared);
}

static void make_balance_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct make_balance_shared *shared = ((const struct make_balance *)base)->shared;
    const struct cairn_balance_pick *pick = shared->options.pick;
    cairn_describe_text(d, "pick", pick ? pick->name : cairn_balance_p2c.name);
    cairn_describe_counter(d, "made", shared->made);
}

static const struct cairn_service_ops make_balance_ops = {
    .name = "make_balance",
    .size = sizeof(struct make_balance),
    .call = make_balance_call,
    .cloned = make_balance_cloned,
    .drop = make_balance_drop,
    .describe = make_balance_describe,
};

static struct cairn_service *make_balance_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_balance_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!opts.request_type || !opts.response_type)
        return cairn_layer_invalid(layer, inner, "request_type and response_type must be set");
    if (!cairn_layer_types_fit(layer, inner, NULL, &cairn_discover_type, &broken))
        return broken;
    struct make_balance_shared *shared = cairn_alloc_zero(sizeof(*shared));
    struct make_balance *self = shared ? cairn_service_new(&make_balance_ops, inner) : NULL;
    if (!self) {
        cairn_free(shared);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    shared->references = 1;
    shared->options = opts;
    shared->options.size = sizeof(opts);
    self->shared = shared;
    self->base.response_type = &cairn_service_type;
    return &self->base;
}

struct cairn_layer cairn_make_balance_layer(const struct cairn_balance_options *options)
{
    return cairn_layer_of("make_balance", make_balance_apply, options, options->size);
}
