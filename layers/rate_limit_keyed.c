#include <cairn/layers/rate_limit_keyed.h>

#include <inttypes.h>
#include <string.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>

#define RATE_LIMIT_KEYED_MAX_WAIT_MS 86400000

/* What copies share. */
struct rate_limit_keyed_shared {
    unsigned references;
    struct cairn_rate_limit_keyed_options options;
    struct cairn_keyed_limiter *limiter;
    uint64_t refused;
    uint64_t waited;
    uint64_t unkeyed;
};

struct rate_limit_keyed {
    struct cairn_service base;
    struct rate_limit_keyed_shared *shared;
};

/* A call that waits for its turn. While `inner` is empty the request is not sent. */
struct rate_limit_keyed_future {
    struct cairn_future inner;
    struct cairn_service *service; /* NULL: the request was sent */
    void *request;
    struct cairn_sleep_state sleep;
};

static struct cairn_error rate_limit_keyed_refused =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_LIMITED, "rate_limit_keyed", "the share of this key is used up");

static void rate_limit_keyed_shared_unref(struct rate_limit_keyed_shared *shared)
{
    if (--shared->references != 0)
        return;
    cairn_keyed_limiter_unref(shared->limiter);
    cairn_free(shared);
}

static enum cairn_poll rate_limit_keyed_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct rate_limit_keyed_future *self = state;
    if (self->service) {
        if (cairn_sleep_poll(&self->sleep, cx) == CAIRN_PENDING)
            return CAIRN_PENDING;
        enum cairn_poll p = cairn_service_poll_ready(self->service, cx, &out->error);
        if (p)
            return p;
        void *req = self->request;
        self->request = NULL;
        self->inner = cairn_service_call(self->service, req);
        cairn_service_drop(self->service);
        self->service = NULL;
    }
    return cairn_future_poll(&self->inner, cx, out);
}

static void rate_limit_keyed_future_drop(void *state)
{
    struct rate_limit_keyed_future *self = state;
    cairn_sleep_stop(&self->sleep);
    cairn_future_drop(&self->inner);
    if (!self->service)
        return;
    cairn_type_drop(self->service->request_type, self->request);
    cairn_service_drop(self->service);
}

static const struct cairn_future_ops rate_limit_keyed_future_ops = {
    .name = "rate_limit_keyed",
    .size = sizeof(struct rate_limit_keyed_future),
    .poll = rate_limit_keyed_future_poll,
    .drop = rate_limit_keyed_future_drop,
    .wraps = true,
};

static struct cairn_future rate_limit_keyed_wait(
    struct rate_limit_keyed *self, struct cairn_runtime *runtime, void *req, uint64_t wait_ms)
{
    struct cairn_service *service = cairn_service_clone(self->base.inner);
    if (!service)
        return cairn_service_bypass(&self->base, req, cairn_future_failed(&cairn_error_no_memory));
    self->shared->waited++;
    cairn_service_release(self->base.inner);
    return cairn_future_box(&rate_limit_keyed_future_ops,
        &(struct rate_limit_keyed_future){.service = service,
            .request = req,
            .sleep.at_ms = cairn_runtime_deadline_ms(runtime, wait_ms)});
}

static struct cairn_future rate_limit_keyed_call(struct cairn_service *base, void *req)
{
    struct rate_limit_keyed *self = (struct rate_limit_keyed *)base;
    struct rate_limit_keyed_shared *shared = self->shared;
    const struct cairn_rate_limit_keyed_options *opts = &shared->options;
    struct cairn_runtime *runtime = cairn_runtime_current();
    CAIRN_ASSERT(runtime, "rate_limit_keyed", "called on a thread without a runtime");
    struct cairn_str key = opts->key(opts->cx, req);
    if (!key.data) {
        shared->unkeyed++;
        return cairn_service_call(base->inner, req);
    }
    struct cairn_keyed_rate rate = cairn_keyed_limiter_rate(shared->limiter);
    if (opts->rate)
        opts->rate(opts->cx, req, key, &rate);
    struct cairn_keyed_answer answer = cairn_keyed_limiter_take(shared->limiter, key,
        opts->rate ? &rate : NULL, opts->max_wait_ms, cairn_runtime_now_ns(runtime));
    if (opts->report)
        opts->report(opts->cx, req, &answer);
    if (!answer.is_allowed) {
        shared->refused++;
        return cairn_service_bypass(base, req, cairn_future_failed(&rate_limit_keyed_refused));
    }
    if (answer.wait_ms)
        return rate_limit_keyed_wait(self, runtime, req, answer.wait_ms);
    return cairn_service_call(base->inner, req);
}

static void rate_limit_keyed_cloned(struct cairn_service *base)
{
    ((struct rate_limit_keyed *)base)->shared->references++;
}

static void rate_limit_keyed_drop(struct cairn_service *base)
{
    rate_limit_keyed_shared_unref(((struct rate_limit_keyed *)base)->shared);
}

static void rate_limit_keyed_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct rate_limit_keyed_shared *shared = ((const struct rate_limit_keyed *)base)->shared;
    cairn_describe_parameter(d, "max_wait", shared->options.max_wait_ms, "ms");
    cairn_keyed_limiter_describe(shared->limiter, d);
    cairn_describe_counter(d, "refused", shared->refused);
    cairn_describe_counter(d, "waited", shared->waited);
    cairn_describe_counter(d, "unkeyed", shared->unkeyed);
}

static const struct cairn_service_ops rate_limit_keyed_ops = {
    .name = "rate_limit_keyed",
    .size = sizeof(struct rate_limit_keyed),
    .call = rate_limit_keyed_call,
    .cloned = rate_limit_keyed_cloned,
    .drop = rate_limit_keyed_drop,
    .describe = rate_limit_keyed_describe,
};

static struct cairn_keyed_limiter *rate_limit_keyed_limiter(
    const struct cairn_rate_limit_keyed_options *opts, struct cairn_error **error)
{
    if (opts->limiter)
        return cairn_keyed_limiter_ref(opts->limiter);
    return cairn_keyed_limiter_new(
        &(struct cairn_keyed_limiter_options){
            .size = sizeof(struct cairn_keyed_limiter_options),
            .num = opts->num,
            .per_ms = opts->per_ms,
            .burst = opts->burst,
            .keys = opts->keys,
        },
        error);
}

/* Takes LIMITER. */
static struct cairn_service *rate_limit_keyed_build(const struct cairn_layer *layer,
    struct cairn_service *inner, const struct cairn_rate_limit_keyed_options *opts,
    struct cairn_keyed_limiter *limiter)
{
    struct rate_limit_keyed_shared *shared = cairn_alloc_zero(sizeof(*shared));
    struct rate_limit_keyed *self = shared ? cairn_service_new(&rate_limit_keyed_ops, inner) : NULL;
    if (!self) {
        cairn_free(shared);
        cairn_keyed_limiter_unref(limiter);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    shared->references = 1;
    shared->options = *opts;
    shared->limiter = limiter;
    self->shared = shared;
    return &self->base;
}

static struct cairn_service *rate_limit_keyed_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_rate_limit_keyed_options opts;
    struct cairn_error *error = NULL;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!opts.key)
        return cairn_layer_invalid(layer, inner, "key must be a function, got none");
    if (opts.max_wait_ms > RATE_LIMIT_KEYED_MAX_WAIT_MS)
        return cairn_layer_invalid(layer, inner, "max_wait_ms must be 0 to %d, got %" PRIu64,
            RATE_LIMIT_KEYED_MAX_WAIT_MS, opts.max_wait_ms);
    if (opts.limiter && (opts.num || opts.per_ms || opts.burst || opts.keys))
        return cairn_layer_invalid(layer, inner,
            "num, per_ms, burst and keys must be 0 with a limiter, which has its own");
    if (opts.max_wait_ms && !cairn_service_is_cloneable(inner))
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_TYPE,
            "needs a service that can be cloned to wait with max_wait_ms");
    struct cairn_keyed_limiter *limiter = rate_limit_keyed_limiter(&opts, &error);
    if (!error)
        return rate_limit_keyed_build(layer, inner, &opts, limiter);
    struct cairn_service *broken =
        cairn_layer_refuse(layer, inner, error->code, "%s", error->message);
    cairn_error_unref(error);
    return broken;
}

struct cairn_layer cairn_rate_limit_keyed_layer(
    const struct cairn_rate_limit_keyed_options *options)
{
    static const struct cairn_rate_limit_keyed_options defaults = {.size = sizeof(defaults)};
    const struct cairn_rate_limit_keyed_options *opts = options ? options : &defaults;
    return cairn_layer_of("rate_limit_keyed", rate_limit_keyed_apply, opts, opts->size);
}
