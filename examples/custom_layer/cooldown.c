#include "cooldown.h"

#include <inttypes.h>
#include <string.h>

#include <cairn/service/alloc.h>
#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>

#define COOLDOWN_DEFAULT_FAILURES 5
#define COOLDOWN_MAX_FAILURES 1000
#define COOLDOWN_DEFAULT_REST_MS 1000
#define COOLDOWN_MAX_REST_MS 3600000

/* [state] */
/* What copies and futures share; a future may outlive every copy. */
struct cooldown_shared {
    unsigned references;
    unsigned failures;
    uint64_t rest_ms;
    unsigned in_a_row;
    uint64_t rests;
    uint64_t until_ms; /* the end of the last rest, on the runtime's clock */
};

struct cooldown {
    struct cairn_service base; /* first */
    struct cooldown_shared *shared;
    struct cairn_sleep_state sleep; /* this copy's own wait for the end of a rest */
    bool is_past;                   /* the rest is over, or there was none: the way in is free */
};

struct cooldown_future {
    struct cairn_future inner; /* first */
    struct cooldown_shared *shared;
};
/* [/state] */

/* [shared] */
static struct cooldown_shared *cooldown_shared_new(unsigned failures, uint64_t rest_ms)
{
    struct cooldown_shared *shared = cairn_alloc_zero(sizeof(*shared));
    if (!shared)
        return NULL;
    shared->references = 1;
    shared->failures = failures;
    shared->rest_ms = rest_ms;
    return shared;
}

static void cooldown_shared_unref(struct cooldown_shared *shared)
{
    if (shared && --shared->references == 0)
        cairn_free(shared);
}

static void cooldown_note_failure(struct cooldown_shared *shared, struct cairn_runtime *runtime)
{
    if (++shared->in_a_row < shared->failures)
        return;
    shared->in_a_row = 0;
    shared->rests++;
    shared->until_ms = cairn_runtime_deadline_ms(runtime, shared->rest_ms);
}
/* [/shared] */

/* [future] */
static enum cairn_poll cooldown_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct cooldown_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p == CAIRN_READY)
        self->shared->in_a_row = 0;
    else if (p == CAIRN_FAILED)
        cooldown_note_failure(self->shared, cx->runtime);
    return p;
}

static void cooldown_future_drop(void *state)
{
    struct cooldown_future *self = state;
    cairn_future_drop(&self->inner);
    cooldown_shared_unref(self->shared);
}

static const struct cairn_future_ops cooldown_future_ops = {
    .name = "cooldown",
    .size = sizeof(struct cooldown_future),
    .poll = cooldown_future_poll,
    .drop = cooldown_future_drop,
    .wraps = true,
};
/* [/future] */

/* [ready] */
static enum cairn_poll cooldown_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    struct cooldown *self = (struct cooldown *)base;
    if (!self->is_past) {
        self->sleep.at_ms = self->shared->until_ms;
        if (cairn_sleep_poll(&self->sleep, cx) == CAIRN_PENDING)
            return CAIRN_PENDING;
        self->is_past = true;
    }
    return cairn_service_poll_ready(base->inner, cx, error);
}

static void cooldown_release(struct cairn_service *base)
{
    struct cooldown *self = (struct cooldown *)base;
    cairn_sleep_stop(&self->sleep);
    self->is_past = false;
}
/* [/ready] */

/* [call] */
static struct cairn_future cooldown_call(struct cairn_service *base, void *req)
{
    struct cooldown *self = (struct cooldown *)base;
    self->is_past = false;
    self->shared->references++;
    struct cooldown_future future = {cairn_service_call(base->inner, req), self->shared};
    return cairn_future_wrap(&cooldown_future_ops, &future);
}
/* [/call] */

/* [rest] */
static void cooldown_cloned(struct cairn_service *base)
{
    struct cooldown *self = (struct cooldown *)base;
    self->shared->references++;
    self->sleep = (struct cairn_sleep_state){0};
    self->is_past = false;
}

static void cooldown_drop(struct cairn_service *base)
{
    cooldown_shared_unref(((struct cooldown *)base)->shared);
}

static void cooldown_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct cooldown_shared *shared = ((const struct cooldown *)base)->shared;
    cairn_describe_parameter(d, "failures", shared->failures, NULL);
    cairn_describe_parameter(d, "rest", shared->rest_ms, "ms");
    cairn_describe_counter(d, "rests", shared->rests);
    cairn_describe_gauge(d, "in_a_row", shared->in_a_row);
}

static const struct cairn_service_ops cooldown_ops = {
    .name = "cooldown",
    .size = sizeof(struct cooldown),
    .poll_ready = cooldown_poll_ready,
    .call = cooldown_call,
    .release = cooldown_release,
    .cloned = cooldown_cloned,
    .drop = cooldown_drop,
    .describe = cooldown_describe,
};
/* [/rest] */

/* [apply] */
static struct cairn_service *cooldown_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cooldown_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (opts.failures > COOLDOWN_MAX_FAILURES)
        return cairn_layer_invalid(
            layer, inner, "failures must be 1 to %d, got %u", COOLDOWN_MAX_FAILURES, opts.failures);
    if (opts.rest_ms > COOLDOWN_MAX_REST_MS)
        return cairn_layer_invalid(layer, inner, "rest_ms must be 1 to %d, got %" PRIu64,
            COOLDOWN_MAX_REST_MS, opts.rest_ms);
    struct cooldown_shared *shared =
        cooldown_shared_new(opts.failures ? opts.failures : COOLDOWN_DEFAULT_FAILURES,
            opts.rest_ms ? opts.rest_ms : COOLDOWN_DEFAULT_REST_MS);
    struct cooldown *self = shared ? cairn_service_new(&cooldown_ops, inner) : NULL;
    if (!self) {
        cooldown_shared_unref(shared);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    self->shared = shared;
    return &self->base;
}

struct cairn_layer cooldown_layer(const struct cooldown_options *options)
{
    static const struct cooldown_options defaults = {.size = sizeof(defaults)};
    const struct cooldown_options *opts = options ? options : &defaults;
    return cairn_layer_of("cooldown", cooldown_apply, opts, opts->size);
}
/* [/apply] */
