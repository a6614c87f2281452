#include <cairn/layers/timeout.h>

#include <inttypes.h>
#include <string.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>

#define TIMEOUT_DEFAULT_MS 30000
#define TIMEOUT_MAX_MS 86400000

/* What copies and futures share; a future may outlive every copy. The error is made once, so that
 * many calls that expire together ask for no memory. */
struct timeout_shared {
    unsigned references;
    uint64_t after_ms;
    uint64_t elapsed;
    struct cairn_error *error;
};

struct timeout {
    struct cairn_service base;
    struct timeout_shared *shared;
};

struct timeout_future {
    struct cairn_future inner;
    struct timeout_shared *shared;
    struct cairn_sleep_state sleep;
};

static struct timeout_shared *timeout_shared_new(uint64_t after_ms)
{
    struct timeout_shared *shared = cairn_alloc_zero(sizeof(*shared));
    if (!shared)
        return NULL;
    shared->references = 1;
    shared->after_ms = after_ms;
    shared->error =
        cairn_error_new(CAIRN_ERROR_ELAPSED, "timeout", NULL, "%" PRIu64 " ms passed", after_ms);
    if (shared->error->code == CAIRN_ERROR_ELAPSED)
        return shared;
    cairn_free(shared);
    return NULL;
}

static void timeout_shared_unref(struct timeout_shared *shared)
{
    if (--shared->references != 0)
        return;
    cairn_error_unref(shared->error);
    cairn_free(shared);
}

static enum cairn_poll timeout_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct timeout_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p != CAIRN_PENDING)
        return p;
    p = cairn_sleep_poll(&self->sleep, cx);
    if (p == CAIRN_PENDING)
        return p;
    self->shared->elapsed++;
    out->error = cairn_error_ref(self->shared->error);
    return CAIRN_FAILED;
}

static void timeout_future_drop(void *state)
{
    struct timeout_future *self = state;
    cairn_sleep_stop(&self->sleep);
    cairn_future_drop(&self->inner);
    timeout_shared_unref(self->shared);
}

static const struct cairn_future_ops timeout_future_ops = {
    .name = "timeout",
    .size = sizeof(struct timeout_future),
    .poll = timeout_future_poll,
    .drop = timeout_future_drop,
    .wraps = true,
};

static struct cairn_future timeout_call(struct cairn_service *base, void *req)
{
    struct timeout *self = (struct timeout *)base;
    struct cairn_future inner = cairn_service_call(base->inner, req);
    if (cairn_future_is_complete(&inner))
        return inner;
    struct cairn_runtime *runtime = cairn_runtime_current();
    CAIRN_ASSERT(runtime, "timeout", "called on a thread without a runtime");
    self->shared->references++;
    return cairn_future_wrap(&timeout_future_ops,
        &(struct timeout_future){.inner = inner,
            .shared = self->shared,
            .sleep.at_ms = cairn_runtime_deadline_ms(runtime, self->shared->after_ms)});
}

static void timeout_cloned(struct cairn_service *base)
{
    ((struct timeout *)base)->shared->references++;
}

static void timeout_drop(struct cairn_service *base)
{
    timeout_shared_unref(((struct timeout *)base)->shared);
}

static void timeout_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct timeout *self = (const struct timeout *)base;
    cairn_describe_parameter(d, "after", self->shared->after_ms, "ms");
    cairn_describe_counter(d, "elapsed", self->shared->elapsed);
}

static const struct cairn_service_ops timeout_ops = {
    .name = "timeout",
    .size = sizeof(struct timeout),
    .call = timeout_call,
    .cloned = timeout_cloned,
    .drop = timeout_drop,
    .describe = timeout_describe,
};

static struct cairn_service *timeout_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_timeout_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (opts.after_ms > TIMEOUT_MAX_MS)
        return cairn_layer_invalid(
            layer, inner, "after_ms must be 1 to %d, got %" PRIu64, TIMEOUT_MAX_MS, opts.after_ms);
    struct timeout_shared *shared =
        timeout_shared_new(opts.after_ms ? opts.after_ms : TIMEOUT_DEFAULT_MS);
    struct timeout *self = shared ? cairn_service_new(&timeout_ops, inner) : NULL;
    if (self) {
        self->shared = shared;
        return &self->base;
    }
    if (shared)
        timeout_shared_unref(shared);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

struct cairn_layer cairn_timeout_layer(const struct cairn_timeout_options *options)
{
    static const struct cairn_timeout_options defaults = {.size = sizeof(defaults)};
    const struct cairn_timeout_options *opts = options ? options : &defaults;
    return cairn_layer_of("timeout", timeout_apply, opts, opts->size);
}
