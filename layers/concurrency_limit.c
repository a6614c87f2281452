#include <cairn/layers/concurrency_limit.h>

#include <string.h>

#include <cairn/service/assert.h>

#define CONCURRENCY_LIMIT_DEFAULT 1024
#define CONCURRENCY_LIMIT_MOST 1048576

struct concurrency_limit {
    struct cairn_service base;
    struct cairn_semaphore *semaphore;
    size_t max; /* 0: the semaphore is the user's */
    const struct cairn_call_end *until;
    bool has_permit;
    struct cairn_semaphore_wait wait;
};

struct concurrency_limit_future {
    struct cairn_future inner;
    struct cairn_semaphore *semaphore;
};

/* A call that has not ended with its response; then without a semaphore. */
struct concurrency_limit_until {
    struct concurrency_limit_future call;
    const struct cairn_call_end *until;
};

static void concurrency_limit_give_back(void *semaphore)
{
    cairn_semaphore_release(semaphore);
    cairn_semaphore_unref(semaphore);
}

static void concurrency_limit_future_drop(void *state)
{
    struct concurrency_limit_future *self = state;
    /* Inner first: whoever gets the permit finds its room empty. */
    cairn_future_drop(&self->inner);
    if (self->semaphore)
        concurrency_limit_give_back(self->semaphore);
}

static const struct cairn_future_ops concurrency_limit_future_ops = {
    .name = "concurrency_limit",
    .size = sizeof(struct concurrency_limit_future),
    .drop = concurrency_limit_future_drop,
    .wraps = true,
};

static enum cairn_poll concurrency_limit_until_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct concurrency_limit_until *self = state;
    enum cairn_poll p = cairn_future_poll(&self->call.inner, cx, out);
    if (p)
        return p;
    if (self->until->on_end(out->value, concurrency_limit_give_back, self->call.semaphore) != 0) {
        cairn_type_drop(self->until->type, out->value);
        out->error = &cairn_error_no_memory;
        return CAIRN_FAILED;
    }
    self->call.semaphore = NULL;
    return CAIRN_READY;
}

static const struct cairn_future_ops concurrency_limit_until_ops = {
    .name = "concurrency_limit",
    .size = sizeof(struct concurrency_limit_until),
    .poll = concurrency_limit_until_poll,
    .drop = concurrency_limit_future_drop,
    .wraps = true,
};

static void concurrency_limit_release(struct cairn_service *base)
{
    struct concurrency_limit *self = (struct concurrency_limit *)base;
    cairn_semaphore_leave(&self->wait);
    if (self->has_permit)
        cairn_semaphore_release(self->semaphore);
    self->has_permit = false;
}

static enum cairn_poll concurrency_limit_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    struct concurrency_limit *self = (struct concurrency_limit *)base;
    enum cairn_poll p;
    if (!self->has_permit) {
        p = cairn_semaphore_poll(self->semaphore, &self->wait, cx);
        if (p)
            return p;
        self->has_permit = true;
    }
    p = cairn_service_poll_ready(base->inner, cx, error);
    /* The service is dead; what it holds is not, and others may share it. */
    if (p == CAIRN_FAILED)
        concurrency_limit_release(base);
    return p;
}

static struct cairn_future concurrency_limit_call(struct cairn_service *base, void *req)
{
    struct concurrency_limit *self = (struct concurrency_limit *)base;
    CAIRN_ASSERT(self->has_permit, "concurrency_limit", "called without having been ready");
    self->has_permit = false;
    struct cairn_future inner = cairn_service_call(base->inner, req);
    if (self->until)
        return cairn_future_wrap(&concurrency_limit_until_ops,
            &(struct concurrency_limit_until){
                {inner, cairn_semaphore_ref(self->semaphore)}, self->until});
    if (cairn_future_is_complete(&inner)) {
        cairn_semaphore_release(self->semaphore);
        return inner;
    }
    return cairn_future_wrap(&concurrency_limit_future_ops,
        &(struct concurrency_limit_future){inner, cairn_semaphore_ref(self->semaphore)});
}

static void concurrency_limit_cloned(struct cairn_service *base)
{
    struct concurrency_limit *self = (struct concurrency_limit *)base;
    cairn_semaphore_ref(self->semaphore);
    self->has_permit = false;
    self->wait = (struct cairn_semaphore_wait){0};
}

static void concurrency_limit_drop(struct cairn_service *base)
{
    cairn_semaphore_unref(((struct concurrency_limit *)base)->semaphore);
}

static void concurrency_limit_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct concurrency_limit *self = (const struct concurrency_limit *)base;
    size_t available = cairn_semaphore_available(self->semaphore);
    if (self->max) {
        cairn_describe_parameter(d, "max", self->max, NULL);
        cairn_describe_gauge(d, "in_flight", self->max - available);
    } else {
        cairn_describe_gauge(d, "available", available);
    }
    cairn_describe_gauge(d, "waiting", cairn_semaphore_waiting(self->semaphore));
}

static const struct cairn_service_ops concurrency_limit_ops = {
    .name = "concurrency_limit",
    .size = sizeof(struct concurrency_limit),
    .poll_ready = concurrency_limit_poll_ready,
    .call = concurrency_limit_call,
    .release = concurrency_limit_release,
    .cloned = concurrency_limit_cloned,
    .drop = concurrency_limit_drop,
    .describe = concurrency_limit_describe,
};

static struct cairn_service *concurrency_limit_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_concurrency_limit_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (opts.max > CONCURRENCY_LIMIT_MOST)
        return cairn_layer_invalid(
            layer, inner, "max must be 1 to %d, got %zu", CONCURRENCY_LIMIT_MOST, opts.max);
    if (opts.max && opts.semaphore)
        return cairn_layer_invalid(layer, inner,
            "max must be 0 with a semaphore, which has its own number of permits, got %zu",
            opts.max);
    struct cairn_service *broken;
    if (opts.until && !cairn_layer_types_fit(layer, inner, NULL, opts.until->type, &broken))
        return broken;
    size_t max = opts.max || opts.semaphore ? opts.max : CONCURRENCY_LIMIT_DEFAULT;
    struct cairn_semaphore *semaphore =
        opts.semaphore ? cairn_semaphore_ref(opts.semaphore) : cairn_semaphore_new(max);
    struct concurrency_limit *self =
        semaphore ? cairn_service_new(&concurrency_limit_ops, inner) : NULL;
    if (!self) {
        cairn_semaphore_unref(semaphore);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    self->semaphore = semaphore;
    self->max = max;
    self->until = opts.until;
    return &self->base;
}

struct cairn_layer cairn_concurrency_limit_layer(
    const struct cairn_concurrency_limit_options *options)
{
    static const struct cairn_concurrency_limit_options defaults = {.size = sizeof(defaults)};
    const struct cairn_concurrency_limit_options *opts = options ? options : &defaults;
    return cairn_layer_of("concurrency_limit", concurrency_limit_apply, opts, opts->size);
}
