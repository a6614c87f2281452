#include <cairn/layers/hedge.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <cairn/layers/histogram.h>
#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>

#define HEDGE_PERCENTILE 0.95
#define HEDGE_MIN_DATA_POINTS 20
#define HEDGE_PERIOD_MS 10000
#define HEDGE_MAX_PERIOD_MS 3600000

/* What copies and futures share; a future may outlive every copy. */
struct hedge_shared {
    unsigned references;
    struct cairn_hedge_options opts; /* with the defaults filled in */
    struct cairn_histogram *histogram;
    struct cairn_service *prototype; /* never polled: what second copies clone */
    uint64_t hedges;
    uint64_t won;
};

struct hedge {
    struct cairn_service base;
    struct hedge_shared *shared;
};

/* What a call needs from the moment on at which its second copy is due. */
struct hedge_second {
    struct cairn_service *service;
    struct cairn_future future; /* empty until it was sent */
};

struct hedge_future {
    struct cairn_future inner; /* the original */
    struct hedge_shared *shared;
    uint64_t began_ns;
    void *request; /* the copy; NULL: it was sent, or there will be none */
    struct cairn_sleep_state sleep;
    struct hedge_second *second;
};

static void hedge_shared_unref(struct hedge_shared *shared)
{
    if (--shared->references != 0)
        return;
    cairn_service_drop(shared->prototype);
    cairn_histogram_free(shared->histogram);
    cairn_free(shared);
}

static struct hedge_shared *hedge_shared_new(
    const struct cairn_hedge_options *opts, const struct cairn_service *inner)
{
    struct hedge_shared *shared = cairn_alloc_zero(sizeof(*shared));
    if (!shared)
        return NULL;
    shared->references = 1;
    shared->opts = *opts;
    shared->histogram = cairn_histogram_new(opts->period_ms);
    shared->prototype = shared->histogram ? cairn_service_clone(inner) : NULL;
    if (shared->prototype)
        return shared;
    hedge_shared_unref(shared);
    return NULL;
}

static uint64_t hedge_delay_ms(const struct hedge_shared *shared, uint64_t now_ms)
{
    if (cairn_histogram_count(shared->histogram, now_ms) < shared->opts.min_data_points)
        return 0;
    return cairn_histogram_percentile(shared->histogram, now_ms, shared->opts.percentile);
}

static void hedge_record(
    const struct hedge_shared *shared, struct cairn_runtime *runtime, uint64_t began_ns)
{
    cairn_histogram_record(
        shared->histogram, cairn_runtime_now_ms(runtime), cairn_runtime_now_ns(runtime) - began_ns);
}

static void hedge_second_free(struct hedge_second *second)
{
    if (!second)
        return;
    cairn_future_drop(&second->future);
    cairn_service_drop(second->service);
    cairn_free(second);
}

static struct hedge_second *hedge_second_new(const struct cairn_service *prototype)
{
    struct hedge_second *second = cairn_alloc_zero(sizeof(*second));
    if (!second)
        return NULL;
    second->service = cairn_service_clone(prototype);
    if (second->service)
        return second;
    cairn_free(second);
    return NULL;
}

/* There will be no second copy. */
static void hedge_give_up(struct hedge_future *self)
{
    void *req = self->request;
    hedge_second_free(self->second);
    self->second = NULL;
    self->request = NULL;
    cairn_type_drop(self->shared->prototype->request_type, req);
}

static bool hedge_is_allowed(const struct hedge_future *self)
{
    const struct cairn_hedge_options *opts = &self->shared->opts;
    if (cairn_type_is_spent(self->shared->prototype->request_type, self->request))
        return false;
    return !opts->can_retry || opts->can_retry(opts->policy_cx, self->request);
}

/* The original is pending: moves the second copy on as far as it can. */
static enum cairn_poll hedge_poll_second(
    struct hedge_future *self, const struct cairn_context *cx, union cairn_outcome *out)
{
    if (!self->second) {
        if (!self->request || cairn_sleep_poll(&self->sleep, cx) == CAIRN_PENDING)
            return CAIRN_PENDING;
        if (hedge_is_allowed(self))
            self->second = hedge_second_new(self->shared->prototype);
        if (!self->second) {
            hedge_give_up(self);
            return CAIRN_PENDING;
        }
    }
    if (cairn_future_is_empty(&self->second->future)) {
        enum cairn_poll p = cairn_service_poll_ready(self->second->service, cx, &out->error);
        if (p == CAIRN_FAILED) {
            cairn_error_unref(out->error);
            hedge_give_up(self);
        }
        if (p)
            return CAIRN_PENDING;
        void *req = self->request;
        self->request = NULL;
        self->shared->hedges++;
        self->second->future = cairn_service_call(self->second->service, req);
    }
    return cairn_future_poll(&self->second->future, cx, out);
}

static enum cairn_poll hedge_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct hedge_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p == CAIRN_PENDING && (self->request || self->second)) {
        p = hedge_poll_second(self, cx, out);
        self->shared->won += p != CAIRN_PENDING;
    }
    if (p == CAIRN_READY)
        hedge_record(self->shared, cx->runtime, self->began_ns);
    return p;
}

static void hedge_future_drop(void *state)
{
    struct hedge_future *self = state;
    cairn_future_drop(&self->inner);
    cairn_sleep_stop(&self->sleep);
    hedge_give_up(self);
    hedge_shared_unref(self->shared);
}

static const struct cairn_future_ops hedge_future_ops = {
    .name = "hedge",
    .size = sizeof(struct hedge_future),
    .poll = hedge_future_poll,
    .drop = hedge_future_drop,
    .wraps = true,
};

static void *hedge_clone(const struct hedge_shared *shared, const void *req)
{
    const struct cairn_type *type = shared->prototype->request_type;
    if (shared->opts.clone_request)
        return shared->opts.clone_request(shared->opts.policy_cx, type, req);
    return type->clone(req);
}

static struct cairn_future hedge_call(struct cairn_service *base, void *req)
{
    struct hedge_shared *shared = ((struct hedge *)base)->shared;
    struct cairn_runtime *runtime = cairn_runtime_current();
    CAIRN_ASSERT(runtime, "hedge", "called on a thread without a runtime");
    struct hedge_future f = {.shared = shared, .began_ns = cairn_runtime_now_ns(runtime)};
    uint64_t delay_ms = hedge_delay_ms(shared, cairn_runtime_now_ms(runtime));
    if (delay_ms) {
        f.request = hedge_clone(shared, req);
        f.sleep.at_ms = cairn_runtime_deadline_ms(runtime, delay_ms);
    }
    shared->references++;
    f.inner = cairn_service_call(base->inner, req);
    return cairn_future_wrap(&hedge_future_ops, &f);
}

static void hedge_cloned(struct cairn_service *base)
{
    ((struct hedge *)base)->shared->references++;
}

static void hedge_drop(struct cairn_service *base)
{
    hedge_shared_unref(((struct hedge *)base)->shared);
}

static void hedge_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct hedge_shared *shared = ((const struct hedge *)base)->shared;
    struct cairn_runtime *runtime = cairn_runtime_current();
    char percentile[32];
    snprintf(percentile, sizeof(percentile), "%g", shared->opts.percentile);
    cairn_describe_text(d, "percentile", percentile);
    cairn_describe_parameter(d, "min_data_points", shared->opts.min_data_points, NULL);
    cairn_describe_parameter(d, "period", shared->opts.period_ms, "ms");
    cairn_describe_counter(d, "hedges", shared->hedges);
    cairn_describe_counter(d, "won", shared->won);
    if (!runtime)
        return;
    uint64_t now_ms = cairn_runtime_now_ms(runtime);
    cairn_describe_gauge(d, "delay", hedge_delay_ms(shared, now_ms));
    cairn_describe_gauge(d, "data_points", cairn_histogram_count(shared->histogram, now_ms));
}

static const struct cairn_service_ops hedge_ops = {
    .name = "hedge",
    .size = sizeof(struct hedge),
    .call = hedge_call,
    .cloned = hedge_cloned,
    .drop = hedge_drop,
    .describe = hedge_describe,
};

/* NULL: they will do. */
static struct cairn_service *hedge_check(const struct cairn_layer *layer,
    const struct cairn_hedge_options *opts, struct cairn_service *inner)
{
    const struct cairn_type *type = inner->request_type;
    /* Written so that a NaN is refused too. */
    if (!(opts->percentile > 0 && opts->percentile <= 1))
        return cairn_layer_invalid(
            layer, inner, "percentile must be above 0, to 1, got %g", opts->percentile);
    if (opts->period_ms > HEDGE_MAX_PERIOD_MS)
        return cairn_layer_invalid(layer, inner, "period_ms must be 1 to %d, got %" PRIu64,
            HEDGE_MAX_PERIOD_MS, opts->period_ms);
    if (!opts->clone_request && !(type && type->clone))
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_TYPE,
            "needs a request that can be cloned; %s cannot",
            type ? type->name : "a request without a type");
    for (const struct cairn_service *s = inner; s; s = s->inner)
        if (s->ops->not_cloneable)
            return cairn_layer_refuse(layer, inner, CAIRN_ERROR_TYPE,
                "needs a service that can be cloned; %s cannot", s->ops->name);
    return NULL;
}

static struct cairn_service *hedge_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_hedge_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (opts.percentile == 0)
        opts.percentile = HEDGE_PERCENTILE;
    if (opts.min_data_points == 0)
        opts.min_data_points = HEDGE_MIN_DATA_POINTS;
    if (opts.period_ms == 0)
        opts.period_ms = HEDGE_PERIOD_MS;
    struct cairn_service *refused = hedge_check(layer, &opts, inner);
    if (refused)
        return refused;
    struct hedge_shared *shared = hedge_shared_new(&opts, inner);
    struct hedge *self = shared ? cairn_service_new(&hedge_ops, inner) : NULL;
    if (self) {
        self->shared = shared;
        return &self->base;
    }
    if (shared)
        hedge_shared_unref(shared);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

struct cairn_layer cairn_hedge_layer(const struct cairn_hedge_options *options)
{
    static const struct cairn_hedge_options defaults = {.size = sizeof(defaults)};
    const struct cairn_hedge_options *opts = options ? options : &defaults;
    return cairn_layer_of("hedge", hedge_apply, opts, opts->size);
}
