#include <cairn/layers/adaptive_limit.h>

#include <inttypes.h>
#include <string.h>

#include <cairn/layers/limit_gradient.h>
#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/runtime.h>
#include <cairn/service/semaphore.h>

#define ADAPTIVE_LIMIT_MOST 1048576
#define ADAPTIVE_LIMIT_MAX 1000
#define ADAPTIVE_LIMIT_INITIAL 20
#define ADAPTIVE_LIMIT_WINDOW_MS 100
#define ADAPTIVE_LIMIT_MAX_WINDOW_MS 60000
#define ADAPTIVE_LIMIT_SAMPLES 10
#define ADAPTIVE_LIMIT_MAX_SAMPLES 1000000

struct adaptive_limit_window {
    uint64_t end_ms; /* 0: no outcome yet */
    uint64_t sum_ns;
    uint64_t count;
    uint64_t in_flight;
    bool is_overloaded;
};

/* What copies and futures share; a future may outlive every copy. */
struct adaptive_limit_shared {
    unsigned references;
    struct cairn_semaphore *semaphore;
    size_t permits; /* that there are: free, out, and owed */
    size_t owed;    /* permits above the limit that are still out */
    size_t running;
    double limit;
    double memory[CAIRN_LIMIT_MEMORY];
    struct adaptive_limit_window window;
    struct cairn_adaptive_limit_options options;
    uint64_t rtt_ns;
    uint64_t overloads;
    uint64_t refused;
};

struct adaptive_limit {
    struct cairn_service base;
    struct adaptive_limit_shared *shared;
    bool is_ready;
    bool has_permit;
    struct cairn_semaphore_wait wait;
};

struct adaptive_limit_future {
    struct cairn_future inner;
    struct adaptive_limit_shared *shared;
    uint64_t begin_ns;
};

static struct cairn_error adaptive_limit_refused =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_OVERLOADED, "adaptive_limit", "the limit is reached");

enum cairn_limit_verdict cairn_limit_verdict_of(
    void *cx, const void *response, const struct cairn_error *error)
{
    (void)cx;
    (void)response;
    if (!error)
        return CAIRN_LIMIT_MEASURED;
    switch ((unsigned)error->code) {
    case CAIRN_ERROR_ELAPSED:
    case CAIRN_ERROR_OVERLOADED:
    case CAIRN_ERROR_UNAVAILABLE:
        return CAIRN_LIMIT_OVERLOAD;
    default:
        return CAIRN_LIMIT_IGNORED;
    }
}

static void adaptive_limit_shared_unref(struct adaptive_limit_shared *shared)
{
    if (--shared->references != 0)
        return;
    cairn_semaphore_unref(shared->semaphore);
    cairn_free(shared);
}

/* A place in the queue that is left may have made a permit free that is owed. */
static void adaptive_limit_pay(struct adaptive_limit_shared *shared)
{
    while (shared->owed && cairn_semaphore_try_acquire(shared->semaphore)) {
        shared->owed--;
        shared->permits--;
    }
}

static void adaptive_limit_give_back(struct adaptive_limit_shared *shared)
{
    if (!shared->owed) {
        cairn_semaphore_release(shared->semaphore);
        return;
    }
    shared->owed--;
    shared->permits--;
}

static void adaptive_limit_set(struct adaptive_limit_shared *shared, double limit)
{
    const struct cairn_adaptive_limit_options *opts = &shared->options;
    /* Written so that a NaN is no limit. */
    if (!(limit >= (double)opts->min))
        limit = (double)opts->min;
    if (limit > (double)opts->max)
        limit = (double)opts->max;
    shared->limit = limit;
    size_t wanted = (size_t)limit;
    size_t kept = shared->permits - shared->owed;
    for (; kept < wanted; kept++) {
        if (shared->owed) {
            shared->owed--;
            continue;
        }
        shared->permits++;
        cairn_semaphore_release(shared->semaphore);
    }
    shared->owed += kept - wanted;
    adaptive_limit_pay(shared);
}

static void adaptive_limit_decide(struct adaptive_limit_shared *shared)
{
    const struct cairn_limit_algorithm *algorithm = shared->options.algorithm;
    const struct adaptive_limit_window *window = &shared->window;
    struct cairn_limit_sample sample = {
        .limit = shared->limit,
        .in_flight = window->in_flight,
        .is_overloaded = window->is_overloaded,
    };
    if (window->count) {
        sample.rtt_ns = window->sum_ns / window->count;
        sample.rtt_ns += sample.rtt_ns == 0;
        shared->rtt_ns = sample.rtt_ns;
    }
    adaptive_limit_set(shared, algorithm->next(algorithm, shared->memory, &sample));
    shared->window = (struct adaptive_limit_window){.in_flight = shared->running};
}

static void adaptive_limit_measure(struct adaptive_limit_shared *shared,
    enum cairn_limit_verdict verdict, uint64_t begin_ns, struct cairn_runtime *runtime)
{
    const struct cairn_adaptive_limit_options *opts = &shared->options;
    struct adaptive_limit_window *window = &shared->window;
    uint64_t now_ms = cairn_runtime_now_ms(runtime);
    if (verdict == CAIRN_LIMIT_IGNORED)
        return;
    if (!window->end_ms)
        window->end_ms = now_ms + opts->window_ms;
    if (verdict == CAIRN_LIMIT_OVERLOAD) {
        shared->overloads++;
        window->is_overloaded = true;
    } else {
        window->sum_ns += cairn_runtime_now_ns(runtime) - begin_ns;
        window->count++;
    }
    if (now_ms >= window->end_ms && (window->is_overloaded || window->count >= opts->min_samples))
        adaptive_limit_decide(shared);
}

static enum cairn_poll adaptive_limit_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct adaptive_limit_future *self = state;
    const struct cairn_adaptive_limit_options *opts = &self->shared->options;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p == CAIRN_PENDING)
        return p;
    CAIRN_ASSERT(cx->runtime, "adaptive_limit", "polled without a runtime");
    const void *response = p == CAIRN_READY ? out->value : NULL;
    const struct cairn_error *error = p == CAIRN_READY ? NULL : out->error;
    adaptive_limit_measure(self->shared, opts->classify(opts->classify_cx, response, error),
        self->begin_ns, cx->runtime);
    return p;
}

static void adaptive_limit_future_drop(void *state)
{
    struct adaptive_limit_future *self = state;
    /* Inner first: whoever gets the permit finds its room empty. */
    cairn_future_drop(&self->inner);
    self->shared->running--;
    adaptive_limit_give_back(self->shared);
    adaptive_limit_shared_unref(self->shared);
}

static const struct cairn_future_ops adaptive_limit_future_ops = {
    .name = "adaptive_limit",
    .size = sizeof(struct adaptive_limit_future),
    .poll = adaptive_limit_future_poll,
    .drop = adaptive_limit_future_drop,
    .wraps = true,
};

static void adaptive_limit_release(struct cairn_service *base)
{
    struct adaptive_limit *self = (struct adaptive_limit *)base;
    cairn_semaphore_leave(&self->wait);
    if (self->has_permit)
        adaptive_limit_give_back(self->shared);
    adaptive_limit_pay(self->shared);
    self->has_permit = false;
    self->is_ready = false;
}

/* READY without a permit: ready to refuse. */
static enum cairn_poll adaptive_limit_reserve(
    struct adaptive_limit *self, const struct cairn_context *cx)
{
    struct adaptive_limit_shared *shared = self->shared;
    if (self->has_permit)
        return CAIRN_READY;
    if (shared->options.reject) {
        self->has_permit = cairn_semaphore_try_acquire(shared->semaphore);
        return CAIRN_READY;
    }
    enum cairn_poll p = cairn_semaphore_poll(shared->semaphore, &self->wait, cx);
    self->has_permit = p == CAIRN_READY;
    return p;
}

static enum cairn_poll adaptive_limit_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    struct adaptive_limit *self = (struct adaptive_limit *)base;
    enum cairn_poll p = adaptive_limit_reserve(self, cx);
    if (p)
        return p;
    if (!self->has_permit) {
        self->is_ready = true;
        return p;
    }
    p = cairn_service_poll_ready(base->inner, cx, error);
    if (p == CAIRN_FAILED)
        adaptive_limit_release(base);
    if (p == CAIRN_PENDING && self->is_ready) {
        /* It was ready to refuse, and stays so. */
        adaptive_limit_release(base);
        cairn_service_release(base->inner);
        p = CAIRN_READY;
    }
    self->is_ready = p == CAIRN_READY;
    return p;
}

static struct cairn_future adaptive_limit_call(struct cairn_service *base, void *req)
{
    struct adaptive_limit *self = (struct adaptive_limit *)base;
    struct adaptive_limit_shared *shared = self->shared;
    struct cairn_runtime *runtime = cairn_runtime_current();
    CAIRN_ASSERT(self->is_ready, "adaptive_limit", "called without having been ready");
    CAIRN_ASSERT(runtime, "adaptive_limit", "called on a thread without a runtime");
    self->is_ready = false;
    if (!self->has_permit) {
        shared->refused++;
        cairn_service_drop_request(base, req);
        return cairn_future_failed(&adaptive_limit_refused);
    }
    self->has_permit = false;
    shared->references++;
    if (++shared->running > shared->window.in_flight)
        shared->window.in_flight = shared->running;
    uint64_t begin_ns = cairn_runtime_now_ns(runtime);
    return cairn_future_wrap(&adaptive_limit_future_ops,
        &(struct adaptive_limit_future){cairn_service_call(base->inner, req), shared, begin_ns});
}

static void adaptive_limit_cloned(struct cairn_service *base)
{
    struct adaptive_limit *self = (struct adaptive_limit *)base;
    self->shared->references++;
    self->is_ready = false;
    self->has_permit = false;
    self->wait = (struct cairn_semaphore_wait){0};
}

static void adaptive_limit_drop(struct cairn_service *base)
{
    adaptive_limit_shared_unref(((struct adaptive_limit *)base)->shared);
}

static void adaptive_limit_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct adaptive_limit_shared *shared = ((const struct adaptive_limit *)base)->shared;
    cairn_describe_parameter(d, "min", shared->options.min, NULL);
    cairn_describe_parameter(d, "max", shared->options.max, NULL);
    cairn_describe_text(d, "algorithm", shared->options.algorithm->name);
    cairn_describe_gauge(d, "limit", (uint64_t)shared->limit);
    cairn_describe_gauge(d, "in_flight", shared->running);
    cairn_describe_gauge(d, "waiting", cairn_semaphore_waiting(shared->semaphore));
    cairn_describe_gauge(d, "rtt", shared->rtt_ns / 1000);
    cairn_describe_counter(d, "overloads", shared->overloads);
    cairn_describe_counter(d, "refused", shared->refused);
}

static const struct cairn_service_ops adaptive_limit_ops = {
    .name = "adaptive_limit",
    .size = sizeof(struct adaptive_limit),
    .poll_ready = adaptive_limit_poll_ready,
    .call = adaptive_limit_call,
    .release = adaptive_limit_release,
    .cloned = adaptive_limit_cloned,
    .drop = adaptive_limit_drop,
    .describe = adaptive_limit_describe,
};

static size_t adaptive_limit_between(size_t value, size_t min, size_t max)
{
    if (value < min)
        return min;
    return value > max ? max : value;
}

static void adaptive_limit_defaults(struct cairn_adaptive_limit_options *opts)
{
    if (!opts->min)
        opts->min = 1;
    if (!opts->max)
        opts->max = adaptive_limit_between(ADAPTIVE_LIMIT_MAX, opts->min, ADAPTIVE_LIMIT_MOST);
    if (!opts->initial)
        opts->initial = adaptive_limit_between(ADAPTIVE_LIMIT_INITIAL, opts->min, opts->max);
    if (!opts->algorithm)
        opts->algorithm = &cairn_limit_gradient.base;
    if (!opts->window_ms)
        opts->window_ms = ADAPTIVE_LIMIT_WINDOW_MS;
    if (!opts->min_samples)
        opts->min_samples = ADAPTIVE_LIMIT_SAMPLES;
    if (!opts->classify)
        opts->classify = cairn_limit_verdict_of;
}

/* NULL, or the broken service that says what is out of range. Takes INNER then. */
static struct cairn_service *adaptive_limit_check(const struct cairn_layer *layer,
    struct cairn_service *inner, const struct cairn_adaptive_limit_options *opts)
{
    if (opts->min > ADAPTIVE_LIMIT_MOST)
        return cairn_layer_invalid(
            layer, inner, "min must be 1 to %d, got %zu", ADAPTIVE_LIMIT_MOST, opts->min);
    if (opts->max < opts->min || opts->max > ADAPTIVE_LIMIT_MOST)
        return cairn_layer_invalid(layer, inner, "max must be min (%zu) to %d, got %zu", opts->min,
            ADAPTIVE_LIMIT_MOST, opts->max);
    if (opts->initial < opts->min || opts->initial > opts->max)
        return cairn_layer_invalid(layer, inner, "initial must be min (%zu) to max (%zu), got %zu",
            opts->min, opts->max, opts->initial);
    if (opts->window_ms > ADAPTIVE_LIMIT_MAX_WINDOW_MS)
        return cairn_layer_invalid(layer, inner, "window_ms must be 1 to %d, got %" PRIu64,
            ADAPTIVE_LIMIT_MAX_WINDOW_MS, opts->window_ms);
    if (opts->min_samples > ADAPTIVE_LIMIT_MAX_SAMPLES)
        return cairn_layer_invalid(layer, inner, "min_samples must be 1 to %d, got %" PRIu64,
            ADAPTIVE_LIMIT_MAX_SAMPLES, opts->min_samples);
    return NULL;
}

static struct adaptive_limit_shared *adaptive_limit_shared_new(
    const struct cairn_adaptive_limit_options *opts)
{
    struct adaptive_limit_shared *shared = cairn_alloc_zero(sizeof(*shared));
    if (!shared)
        return NULL;
    shared->references = 1;
    shared->options = *opts;
    shared->permits = opts->initial;
    shared->limit = (double)opts->initial;
    shared->semaphore = cairn_semaphore_new(opts->initial);
    if (shared->semaphore)
        return shared;
    cairn_free(shared);
    return NULL;
}

static struct cairn_service *adaptive_limit_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_adaptive_limit_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    adaptive_limit_defaults(&opts);
    struct cairn_service *broken = adaptive_limit_check(layer, inner, &opts);
    if (broken)
        return broken;
    struct adaptive_limit_shared *shared = adaptive_limit_shared_new(&opts);
    struct adaptive_limit *self = shared ? cairn_service_new(&adaptive_limit_ops, inner) : NULL;
    if (self) {
        self->shared = shared;
        return &self->base;
    }
    if (shared)
        adaptive_limit_shared_unref(shared);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

struct cairn_layer cairn_adaptive_limit_layer(const struct cairn_adaptive_limit_options *options)
{
    static const struct cairn_adaptive_limit_options defaults = {.size = sizeof(defaults)};
    const struct cairn_adaptive_limit_options *opts = options ? options : &defaults;
    return cairn_layer_of("adaptive_limit", adaptive_limit_apply, opts, opts->size);
}
