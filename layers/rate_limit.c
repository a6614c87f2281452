#include <cairn/layers/rate_limit.h>

#include <inttypes.h>
#include <string.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/runtime_core.h>
#include <cairn/service/semaphore.h>
#include <cairn/service/timer.h>

#define RATE_LIMIT_DEFAULT_NUM 100
#define RATE_LIMIT_MAX_NUM 1000000000
#define RATE_LIMIT_DEFAULT_PER_MS 1000
#define RATE_LIMIT_MAX_PER_MS 86400000

/*
 * What copies share. `used` and `reserved` together are at most `num`, and exactly `num` while
 * somebody waits. The queue has no permits of its own: it hands reservations from one to the next,
 * which stay counted on the way.
 */
struct rate_limit_shared {
    struct cairn_timer timer; /* the end of the window, for those who wait */
    struct cairn_runtime *runtime;
    struct cairn_semaphore *queue;
    unsigned references;
    uint64_t num;
    uint64_t per_ms;
    uint64_t window_end_ms;
    uint64_t used;     /* calls made in this window */
    uint64_t reserved; /* handles that may call */
    uint64_t limited;
};

struct rate_limit {
    struct cairn_service base;
    struct rate_limit_shared *shared;
    bool is_reserved;
    bool is_waiting;
    struct cairn_semaphore_wait wait;
};

static struct rate_limit_shared *rate_limit_shared_new(uint64_t num, uint64_t per_ms)
{
    struct rate_limit_shared *shared = cairn_alloc_zero(sizeof(*shared));
    if (!shared)
        return NULL;
    shared->references = 1;
    shared->num = num;
    shared->per_ms = per_ms;
    shared->queue = cairn_semaphore_new(0);
    if (shared->queue)
        return shared;
    cairn_free(shared);
    return NULL;
}

static void rate_limit_shared_unref(struct rate_limit_shared *shared)
{
    if (--shared->references != 0)
        return;
    cairn_timer_cancel(&shared->timer);
    cairn_semaphore_unref(shared->queue);
    cairn_free(shared);
}

static bool rate_limit_is_full(const struct rate_limit_shared *shared)
{
    return shared->used + shared->reserved >= shared->num;
}

static void rate_limit_open_window(struct rate_limit_shared *shared, uint64_t now_ms)
{
    shared->used = 0;
    shared->window_end_ms = now_ms + shared->per_ms;
    while (!rate_limit_is_full(shared) && cairn_semaphore_waiting(shared->queue)) {
        shared->reserved++;
        cairn_semaphore_release(shared->queue);
    }
}

static void rate_limit_fire(struct cairn_timer *timer);

/* Without a call in the window its end brings nothing: a release or a call goes on then. */
static void rate_limit_arm(struct rate_limit_shared *shared)
{
    if (shared->used && !cairn_timer_is_armed(&shared->timer) &&
        cairn_semaphore_waiting(shared->queue))
        cairn_timer_arm(shared->runtime, &shared->timer, shared->window_end_ms, rate_limit_fire);
}

static void rate_limit_fire(struct cairn_timer *timer)
{
    struct rate_limit_shared *shared = (struct rate_limit_shared *)timer;
    uint64_t now_ms = cairn__runtime_now_ms(shared->runtime);
    if (now_ms >= shared->window_end_ms && cairn_semaphore_waiting(shared->queue))
        rate_limit_open_window(shared, now_ms);
    rate_limit_arm(shared); /* a call after its end has moved the window */
}

static enum cairn_poll rate_limit_wait(struct rate_limit *self, const struct cairn_context *cx)
{
    struct rate_limit_shared *shared = self->shared;
    enum cairn_poll p = cairn_semaphore_poll(shared->queue, &self->wait, cx);
    if (p == CAIRN_PENDING && cairn_context_can_wait(cx)) {
        shared->limited += !self->is_waiting;
        self->is_waiting = true;
        rate_limit_arm(shared);
    }
    return p;
}

static enum cairn_poll rate_limit_reserve(struct rate_limit *self, const struct cairn_context *cx)
{
    struct rate_limit_shared *shared = self->shared;
    CAIRN_ASSERT(cx->runtime, "rate_limit", "polled without a runtime");
    shared->runtime = cx->runtime;
    if (rate_limit_is_full(shared) && shared->used) {
        uint64_t now_ms = cairn_runtime_now_ms(cx->runtime);
        if (now_ms >= shared->window_end_ms)
            rate_limit_open_window(shared, now_ms);
    }
    if (self->is_waiting || rate_limit_is_full(shared)) {
        enum cairn_poll p = rate_limit_wait(self, cx);
        if (p)
            return p;
    } else {
        shared->reserved++;
    }
    self->is_waiting = false;
    self->is_reserved = true;
    return CAIRN_READY;
}

static void rate_limit_release(struct cairn_service *base)
{
    struct rate_limit *self = (struct rate_limit *)base;
    struct rate_limit_shared *shared = self->shared;
    cairn_semaphore_leave(&self->wait);
    if (self->is_reserved)
        cairn_semaphore_release(shared->queue);
    self->is_waiting = false;
    self->is_reserved = false;
    /* What nobody waited for is free again. */
    while (cairn_semaphore_try_acquire(shared->queue))
        shared->reserved--;
}

static enum cairn_poll rate_limit_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    struct rate_limit *self = (struct rate_limit *)base;
    enum cairn_poll p;
    if (!self->is_reserved) {
        p = rate_limit_reserve(self, cx);
        if (p)
            return p;
    }
    p = cairn_service_poll_ready(base->inner, cx, error);
    /* The service is dead; what it holds is not, and others may share it. */
    if (p == CAIRN_FAILED)
        rate_limit_release(base);
    return p;
}

static struct cairn_future rate_limit_call(struct cairn_service *base, void *req)
{
    struct rate_limit *self = (struct rate_limit *)base;
    struct rate_limit_shared *shared = self->shared;
    CAIRN_ASSERT(self->is_reserved, "rate_limit", "called without having been ready");
    uint64_t now_ms = cairn__runtime_now_ms(shared->runtime);
    if (now_ms >= shared->window_end_ms)
        rate_limit_open_window(shared, now_ms);
    self->is_reserved = false;
    shared->reserved--;
    shared->used++;
    if (rate_limit_is_full(shared))
        rate_limit_arm(shared);
    return cairn_service_call(base->inner, req);
}

static void rate_limit_cloned(struct cairn_service *base)
{
    struct rate_limit *self = (struct rate_limit *)base;
    self->shared->references++;
    self->is_reserved = false;
    self->is_waiting = false;
    self->wait = (struct cairn_semaphore_wait){0};
}

static void rate_limit_drop(struct cairn_service *base)
{
    rate_limit_shared_unref(((struct rate_limit *)base)->shared);
}

static void rate_limit_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct rate_limit_shared *shared = ((const struct rate_limit *)base)->shared;
    /* Not shared->runtime: a stack may be printed when that has ended. */
    struct cairn_runtime *runtime = cairn_runtime_current();
    bool is_over = runtime && cairn_runtime_now_ms(runtime) >= shared->window_end_ms;
    cairn_describe_parameter(d, "num", shared->num, NULL);
    cairn_describe_parameter(d, "per", shared->per_ms, "ms");
    cairn_describe_counter(d, "limited", shared->limited);
    cairn_describe_gauge(d, "left", shared->num - shared->reserved - (is_over ? 0 : shared->used));
    cairn_describe_gauge(d, "waiting", cairn_semaphore_waiting(shared->queue));
}

static const struct cairn_service_ops rate_limit_ops = {
    .name = "rate_limit",
    .size = sizeof(struct rate_limit),
    .poll_ready = rate_limit_poll_ready,
    .call = rate_limit_call,
    .release = rate_limit_release,
    .cloned = rate_limit_cloned,
    .drop = rate_limit_drop,
    .describe = rate_limit_describe,
};

static struct cairn_service *rate_limit_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_rate_limit_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (opts.num > RATE_LIMIT_MAX_NUM)
        return cairn_layer_invalid(
            layer, inner, "num must be 1 to %d, got %" PRIu64, RATE_LIMIT_MAX_NUM, opts.num);
    if (opts.per_ms > RATE_LIMIT_MAX_PER_MS)
        return cairn_layer_invalid(layer, inner, "per_ms must be 1 to %d, got %" PRIu64,
            RATE_LIMIT_MAX_PER_MS, opts.per_ms);
    struct rate_limit_shared *shared =
        rate_limit_shared_new(opts.num ? opts.num : RATE_LIMIT_DEFAULT_NUM,
            opts.per_ms ? opts.per_ms : RATE_LIMIT_DEFAULT_PER_MS);
    struct rate_limit *self = shared ? cairn_service_new(&rate_limit_ops, inner) : NULL;
    if (self) {
        self->shared = shared;
        return &self->base;
    }
    if (shared)
        rate_limit_shared_unref(shared);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

struct cairn_layer cairn_rate_limit_layer(const struct cairn_rate_limit_options *options)
{
    static const struct cairn_rate_limit_options defaults = {.size = sizeof(defaults)};
    const struct cairn_rate_limit_options *opts = options ? options : &defaults;
    return cairn_layer_of("rate_limit", rate_limit_apply, opts, opts->size);
}
