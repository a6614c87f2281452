#include <cairn/layers/deadline.h>

#include <inttypes.h>
#include <string.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/sleep.h>

#define DEADLINE_MAX_MS 86400000

/* What copies and futures share; a future may outlive every copy. */
struct deadline_shared {
    unsigned references;
    struct cairn_deadline_options options;
    uint64_t expired;
    uint64_t late;
};

struct deadline {
    struct cairn_service base;
    struct deadline_shared *shared;
};

struct deadline_future {
    struct cairn_future inner;
    struct deadline_shared *shared;
    struct cairn_sleep_state sleep;
};

/* Of the thread; it is all there is to read for who has no deadline. */
static _Thread_local uint64_t deadline_current __attribute__((tls_model("initial-exec"))) =
    CAIRN_DEADLINE_NONE;

static struct cairn_error deadline_passed =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_ELAPSED, "deadline", "the deadline has passed");

uint64_t cairn_deadline_ms(void)
{
    return deadline_current;
}

uint64_t cairn_deadline_left_ms(struct cairn_runtime *runtime)
{
    uint64_t now_ms;
    if (deadline_current == CAIRN_DEADLINE_NONE)
        return CAIRN_DEADLINE_NONE;
    now_ms = cairn_runtime_now_ms(runtime);
    return deadline_current > now_ms ? deadline_current - now_ms : 0;
}

uint64_t cairn_deadline_swap(uint64_t at_ms)
{
    uint64_t before = deadline_current;
    deadline_current = at_ms;
    return before;
}

static void deadline_shared_unref(struct deadline_shared *shared)
{
    if (--shared->references == 0)
        cairn_free(shared);
}

static enum cairn_poll deadline_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct deadline_future *self = state;
    uint64_t before = cairn_deadline_swap(self->sleep.at_ms);
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    cairn_deadline_swap(before);
    if (p != CAIRN_PENDING)
        return p;
    p = cairn_sleep_poll(&self->sleep, cx);
    if (p == CAIRN_PENDING)
        return p;
    self->shared->expired++;
    out->error = &deadline_passed;
    return CAIRN_FAILED;
}

static void deadline_future_drop(void *state)
{
    struct deadline_future *self = state;
    cairn_sleep_stop(&self->sleep);
    cairn_future_drop(&self->inner);
    deadline_shared_unref(self->shared);
}

static const struct cairn_future_ops deadline_future_ops = {
    .name = "deadline",
    .size = sizeof(struct deadline_future),
    .poll = deadline_future_poll,
    .drop = deadline_future_drop,
    .wraps = true,
};

static uint64_t deadline_least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* CAIRN_DEADLINE_NONE where nothing sets one. */
static uint64_t deadline_of(
    const struct cairn_deadline_options *opts, struct cairn_runtime *runtime, const void *req)
{
    uint64_t after_ms = opts->after_ms ? opts->after_ms : CAIRN_DEADLINE_NONE;
    if (opts->read)
        after_ms = deadline_least(after_ms, opts->read(opts->read_cx, req));
    if (after_ms == CAIRN_DEADLINE_NONE)
        return deadline_current;
    if (after_ms == 0)
        return 0; /* the part of a millisecond that is left of this one is no time */
    return deadline_least(deadline_current,
        cairn_runtime_deadline_ms(runtime, deadline_least(after_ms, DEADLINE_MAX_MS)));
}

static struct cairn_future deadline_call(struct cairn_service *base, void *req)
{
    struct deadline_shared *shared = ((struct deadline *)base)->shared;
    struct cairn_runtime *runtime = cairn_runtime_current();
    CAIRN_ASSERT(runtime, "deadline", "called on a thread without a runtime");
    uint64_t at_ms = deadline_of(&shared->options, runtime, req);
    if (at_ms == CAIRN_DEADLINE_NONE)
        return cairn_service_call(base->inner, req);
    if (at_ms <= cairn_runtime_now_ms(runtime)) {
        shared->late++;
        return cairn_service_bypass(base, req, cairn_future_failed(&deadline_passed));
    }
    uint64_t before = cairn_deadline_swap(at_ms);
    struct cairn_future inner = cairn_service_call(base->inner, req);
    cairn_deadline_swap(before);
    if (cairn_future_is_complete(&inner))
        return inner;
    shared->references++;
    return cairn_future_wrap(&deadline_future_ops,
        &(struct deadline_future){.inner = inner, .shared = shared, .sleep.at_ms = at_ms});
}

static void deadline_cloned(struct cairn_service *base)
{
    ((struct deadline *)base)->shared->references++;
}

static void deadline_drop(struct cairn_service *base)
{
    deadline_shared_unref(((struct deadline *)base)->shared);
}

static void deadline_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct deadline_shared *shared = ((const struct deadline *)base)->shared;
    if (shared->options.after_ms)
        cairn_describe_parameter(d, "after", shared->options.after_ms, "ms");
    cairn_describe_counter(d, "expired", shared->expired);
    cairn_describe_counter(d, "late", shared->late);
}

static const struct cairn_service_ops deadline_ops = {
    .name = "deadline",
    .size = sizeof(struct deadline),
    .call = deadline_call,
    .cloned = deadline_cloned,
    .drop = deadline_drop,
    .describe = deadline_describe,
};

static struct cairn_service *deadline_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_deadline_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (opts.after_ms > DEADLINE_MAX_MS)
        return cairn_layer_invalid(
            layer, inner, "after_ms must be 1 to %d, got %" PRIu64, DEADLINE_MAX_MS, opts.after_ms);
    struct deadline_shared *shared = cairn_alloc_zero(sizeof(*shared));
    struct deadline *self = shared ? cairn_service_new(&deadline_ops, inner) : NULL;
    if (!self) {
        cairn_free(shared);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    shared->references = 1;
    shared->options = opts;
    self->shared = shared;
    return &self->base;
}

struct cairn_layer cairn_deadline_layer(const struct cairn_deadline_options *options)
{
    static const struct cairn_deadline_options defaults = {.size = sizeof(defaults)};
    const struct cairn_deadline_options *opts = options ? options : &defaults;
    return cairn_layer_of("deadline", deadline_apply, opts, opts->size);
}
