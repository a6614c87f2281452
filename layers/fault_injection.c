#include <cairn/layers/fault_injection.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <cairn/service/alloc.h>
#include <cairn/service/random.h>
#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>

#define FAULT_MAX_MS 3600000

/* What copies and futures share; a future may outlive every copy. */
struct fault_shared {
    unsigned references;
    struct cairn_fault_injection_options opts;
    const struct cairn_type *response_type;
    struct cairn_random random;
    uint64_t passed;
    uint64_t delayed;
    uint64_t failed;
    uint64_t dropped;
};

struct fault_injection {
    struct cairn_service base;
    struct fault_shared *shared;
};

struct fault_future {
    struct cairn_future inner; /* empty once it has ended */
    struct fault_shared *shared;
    uint64_t delay_ms;
    struct cairn_sleep_state sleep;
    enum cairn_poll p; /* what inner said; PENDING: nothing yet */
    union cairn_outcome out;
};

static struct cairn_error fault_injected =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_UNAVAILABLE, "fault_injection", "injected");

static void fault_shared_unref(struct fault_shared *shared)
{
    if (--shared->references != 0)
        return;
    cairn_error_unref(shared->opts.error);
    cairn_free(shared);
}

/* A late answer. */

static enum cairn_poll fault_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct fault_future *self = state;
    if (self->p == CAIRN_PENDING) {
        self->p = cairn_future_poll(&self->inner, cx, &self->out);
        if (self->p == CAIRN_PENDING)
            return CAIRN_PENDING;
        self->sleep.at_ms = cairn_runtime_deadline_ms(cx->runtime, self->delay_ms);
    }
    if (cairn_sleep_poll(&self->sleep, cx) == CAIRN_PENDING)
        return CAIRN_PENDING;
    enum cairn_poll p = self->p;
    *out = self->out;
    self->p = CAIRN_PENDING; /* moved out */
    return p;
}

static void fault_future_drop(void *state)
{
    struct fault_future *self = state;
    cairn_sleep_stop(&self->sleep);
    cairn_future_drop(&self->inner);
    if (self->p == CAIRN_READY)
        cairn_type_drop(self->shared->response_type, self->out.value);
    else if (self->p == CAIRN_FAILED)
        cairn_error_unref(self->out.error);
    fault_shared_unref(self->shared);
}

static const struct cairn_future_ops fault_future_ops = {
    .name = "fault_injection",
    .size = sizeof(struct fault_future),
    .poll = fault_future_poll,
    .drop = fault_future_drop,
    .wraps = true,
};

/* No answer. */

static enum cairn_poll fault_lost_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    (void)state;
    (void)cx;
    (void)out;
    return CAIRN_PENDING; /* and nobody will wake: that is the fault */
}

static struct cairn_future fault_lost(void)
{
    static const struct cairn_future_ops ops = {
        .name = "fault_injection", .size = sizeof(char), .poll = fault_lost_poll};
    return cairn_future_box(&ops, "");
}

/* The service. */

/* Drawn whether the share is 0 or not, so that a share that is changed leaves the others' fate. */
static bool fault_draw(struct fault_shared *shared, double percent)
{
    return cairn_random_next_double(&shared->random) * 100 < percent;
}

static uint64_t fault_draw_delay(struct fault_shared *shared)
{
    const struct cairn_fault_injection_options *opts = &shared->opts;
    return cairn_random_range(&shared->random, opts->delay_min_ms, opts->delay_max_ms + 1);
}

static struct cairn_future fault_call(struct cairn_service *base, void *req)
{
    struct fault_shared *shared = ((struct fault_injection *)base)->shared;
    bool is_dropped = fault_draw(shared, shared->opts.drop_percent);
    bool is_failed = fault_draw(shared, shared->opts.error_percent);
    bool is_delayed = fault_draw(shared, shared->opts.delay_percent);
    uint64_t delay_ms = fault_draw_delay(shared);
    if (is_dropped) {
        shared->dropped++;
        return cairn_service_bypass(base, req, fault_lost());
    }
    if (is_failed) {
        shared->failed++;
        return cairn_service_bypass(
            base, req, cairn_future_failed(cairn_error_ref(shared->opts.error)));
    }
    if (!is_delayed) {
        shared->passed++;
        return cairn_service_call(base->inner, req);
    }
    shared->delayed++;
    shared->references++;
    struct fault_future future = {.inner = cairn_service_call(base->inner, req),
        .shared = shared,
        .delay_ms = delay_ms,
        .p = CAIRN_PENDING};
    return cairn_future_box(&fault_future_ops, &future);
}

static void fault_cloned(struct cairn_service *base)
{
    ((struct fault_injection *)base)->shared->references++;
}

static void fault_drop(struct cairn_service *base)
{
    fault_shared_unref(((struct fault_injection *)base)->shared);
}

static void fault_describe_share(struct cairn_describe *d, const char *key, double percent)
{
    char text[32];
    snprintf(text, sizeof(text), "%g%%", percent);
    cairn_describe_text(d, key, text);
}

static void fault_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct fault_shared *shared = ((const struct fault_injection *)base)->shared;
    fault_describe_share(d, "drop", shared->opts.drop_percent);
    fault_describe_share(d, "error", shared->opts.error_percent);
    fault_describe_share(d, "delay", shared->opts.delay_percent);
    cairn_describe_parameter(d, "delay_min", shared->opts.delay_min_ms, "ms");
    cairn_describe_parameter(d, "delay_max", shared->opts.delay_max_ms, "ms");
    cairn_describe_counter(d, "passed", shared->passed);
    cairn_describe_counter(d, "delayed", shared->delayed);
    cairn_describe_counter(d, "failed", shared->failed);
    cairn_describe_counter(d, "dropped", shared->dropped);
}

static const struct cairn_service_ops fault_injection_ops = {
    .name = "fault_injection",
    .size = sizeof(struct fault_injection),
    .call = fault_call,
    .cloned = fault_cloned,
    .drop = fault_drop,
    .describe = fault_describe,
};

/* The option that is out of range; NULL: none. */
static const char *fault_wrong_percent(
    const struct cairn_fault_injection_options *opts, double *percent)
{
    const struct {
        const char *name;
        double percent;
    } shares[] = {{"drop_percent", opts->drop_percent}, {"error_percent", opts->error_percent},
        {"delay_percent", opts->delay_percent}};
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        *percent = shares[i].percent;
        if (!(*percent >= 0 && *percent <= 100)) /* so that NaN is wrong, too */
            return shares[i].name;
    }
    return NULL;
}

/* NULL, or what stands in the place of the layer: INNER was dropped. */
static struct cairn_service *fault_refuse(const struct cairn_layer *layer,
    struct cairn_service *inner, const struct cairn_fault_injection_options *opts)
{
    double percent;
    const char *wrong = fault_wrong_percent(opts, &percent);
    if (wrong)
        return cairn_layer_invalid(layer, inner, "%s must be 0 to 100, got %g", wrong, percent);
    if (opts->delay_min_ms > FAULT_MAX_MS)
        return cairn_layer_invalid(layer, inner, "delay_min_ms must be 0 to %d, got %" PRIu64,
            FAULT_MAX_MS, opts->delay_min_ms);
    if (opts->delay_max_ms > FAULT_MAX_MS)
        return cairn_layer_invalid(layer, inner, "delay_max_ms must be 0 to %d, got %" PRIu64,
            FAULT_MAX_MS, opts->delay_max_ms);
    if (opts->delay_max_ms && opts->delay_max_ms < opts->delay_min_ms)
        return cairn_layer_invalid(layer, inner,
            "delay_max_ms must be at least delay_min_ms, %" PRIu64 ", got %" PRIu64,
            opts->delay_min_ms, opts->delay_max_ms);
    return NULL;
}

static struct fault_shared *fault_shared_new(
    const struct cairn_fault_injection_options *opts, const struct cairn_type *response_type)
{
    struct fault_shared *shared = cairn_alloc_zero(sizeof(*shared));
    if (!shared)
        return NULL;
    shared->references = 1;
    shared->opts = *opts;
    shared->opts.error = cairn_error_ref(opts->error ? opts->error : &fault_injected);
    if (!opts->delay_max_ms)
        shared->opts.delay_max_ms = opts->delay_min_ms;
    shared->response_type = response_type;
    cairn_random_init(&shared->random, opts->seed);
    return shared;
}

static struct cairn_service *fault_injection_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_fault_injection_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    struct cairn_service *broken = fault_refuse(layer, inner, &opts);
    if (broken)
        return broken;
    bool has_faults = opts.drop_percent > 0 || opts.error_percent > 0 || opts.delay_percent > 0;
    if (!opts.enabled || !has_faults)
        return inner;
    struct fault_shared *shared = fault_shared_new(&opts, inner->response_type);
    struct fault_injection *self = shared ? cairn_service_new(&fault_injection_ops, inner) : NULL;
    if (self) {
        self->shared = shared;
        return &self->base;
    }
    if (shared)
        fault_shared_unref(shared);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

struct cairn_layer cairn_fault_injection_layer(const struct cairn_fault_injection_options *options)
{
    static const struct cairn_fault_injection_options defaults = {.size = sizeof(defaults)};
    const struct cairn_fault_injection_options *opts = options ? options : &defaults;
    return cairn_layer_of("fault_injection", fault_injection_apply, opts, opts->size);
}
