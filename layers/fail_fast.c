#include <cairn/layers/fail_fast.h>

#include <inttypes.h>
#include <string.h>

#include <cairn/layers/unready.h>
#include <cairn/service/alloc.h>

#define FAIL_FAST_DEFAULT_MS 3000
#define FAIL_FAST_MAX_MS 3600000

struct fail_fast;

/* What copies and the task share. */
struct fail_fast_shared {
    unsigned references;
    unsigned copies;
    struct cairn__unready unready;
    bool is_failing; /* the task polls */
    struct cairn_waker task;
    struct fail_fast *only;      /* the one service there is, where inner cannot be cloned */
    struct cairn_error *death;   /* of its inner, seen by the task */
    struct cairn_error *refusal; /* made once, so that many refusals ask for no memory */
    uint64_t trips;
    uint64_t refused;
};

struct fail_fast {
    struct cairn_service base;
    struct fail_fast_shared *shared;
    struct cairn__unready_wait wait;
    bool is_refusing; /* is ready, and the call will fail */
};

/* The task: polls its own copy of inner, or the only one where it stands. */
struct fail_fast_driver {
    struct cairn_service *service;
    struct fail_fast_shared *shared;
};

static struct fail_fast_shared *fail_fast_shared_new(uint64_t after_ms)
{
    struct fail_fast_shared *shared = cairn_alloc_zero(sizeof(*shared));
    if (!shared)
        return NULL;
    shared->references = 1;
    shared->copies = 1;
    shared->unready.after_ms = after_ms;
    shared->refusal = cairn_error_new(
        CAIRN_ERROR_UNAVAILABLE, "fail_fast", NULL, "not ready for %" PRIu64 " ms", after_ms);
    if (shared->refusal->code == CAIRN_ERROR_UNAVAILABLE)
        return shared;
    cairn_free(shared);
    return NULL;
}

static void fail_fast_shared_unref(struct fail_fast_shared *shared)
{
    if (--shared->references != 0)
        return;
    cairn_error_unref(shared->refusal);
    cairn_error_unref(shared->death);
    cairn_free(shared);
}

/* The only inner belongs to the handle again. What nobody was promised is not kept. */
static void fail_fast_hand_back(
    struct fail_fast *self, enum cairn_poll p, struct cairn_error *error)
{
    if (p == CAIRN_FAILED)
        self->shared->death = error;
    else if (!self->is_refusing)
        cairn_service_release(self->base.inner);
    self->is_refusing = false;
}

static enum cairn_poll fail_fast_drive(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct fail_fast_driver *self = state;
    struct fail_fast_shared *shared = self->shared;
    struct cairn_error *error = NULL;
    out->value = NULL;
    if (shared->copies == 0)
        return CAIRN_READY;
    cairn_waker_set(&shared->task, cx);
    enum cairn_poll p = cairn_service_poll_ready(
        self->service ? self->service : shared->only->base.inner, cx, &error);
    if (p == CAIRN_PENDING)
        return p;
    if (!self->service)
        fail_fast_hand_back(shared->only, p, error);
    else if (p == CAIRN_FAILED)
        cairn_error_unref(error); /* each copy of inner speaks for itself */
    return CAIRN_READY;
}

static void fail_fast_driver_drop(void *state)
{
    struct fail_fast_driver *self = state;
    cairn_waker_clear(&self->shared->task);
    self->shared->is_failing = false;
    cairn_service_drop(self->service);
    fail_fast_shared_unref(self->shared);
}

static const struct cairn_future_ops fail_fast_driver_ops = {
    .name = "fail_fast",
    .size = sizeof(struct fail_fast_driver),
    .poll = fail_fast_drive,
    .drop = fail_fast_driver_drop,
};

/* False without memory. */
static bool fail_fast_trip(struct fail_fast *self, struct cairn_runtime *runtime)
{
    struct fail_fast_shared *shared = self->shared;
    struct fail_fast_driver driver = {NULL, shared};
    if (!shared->only && !(driver.service = cairn_service_clone(self->base.inner)))
        return false;
    shared->references++;
    shared->is_failing = true;
    struct cairn_future future = cairn_future_box(&fail_fast_driver_ops, &driver);
    if (cairn_future_is_complete(&future)) {
        cairn_future_drop(&future);
        return false;
    }
    struct cairn_error *error = cairn_spawn(runtime, future, NULL);
    cairn_error_unref(error);
    if (error)
        return false;
    shared->trips++;
    return true;
}

static enum cairn_poll fail_fast_refuse(struct fail_fast *self)
{
    bool is_queued = self->wait.is_waiting && !self->shared->only;
    cairn__unready_leave(&self->shared->unready, &self->wait);
    if (is_queued)
        cairn_service_release(self->base.inner);
    self->is_refusing = true;
    return CAIRN_READY;
}

/* It was ready to refuse, and is asked again before the call: better, if that is over. */
static enum cairn_poll fail_fast_poll_again(
    struct fail_fast *self, const struct cairn_context *cx, struct cairn_error **error)
{
    if (self->shared->is_failing)
        return CAIRN_READY;
    enum cairn_poll p = cairn_service_poll_ready(self->base.inner, cx, error);
    self->is_refusing = p == CAIRN_PENDING;
    if (p == CAIRN_FAILED)
        return p;
    if (p == CAIRN_PENDING)
        cairn_service_release(self->base.inner);
    return CAIRN_READY;
}

static enum cairn_poll fail_fast_poll_inner(
    struct fail_fast *self, const struct cairn_context *cx, struct cairn_error **error)
{
    struct cairn__unready *unready = &self->shared->unready;
    for (;;) {
        enum cairn_poll p = cairn_service_poll_ready(self->base.inner, cx, error);
        if (p == CAIRN_READY)
            cairn__unready_pass(unready, &self->wait, cx);
        else if (p == CAIRN_FAILED)
            cairn__unready_leave(unready, &self->wait);
        if (p != CAIRN_PENDING)
            return p;
        if (cairn__unready_poll(unready, &self->wait, cx) == CAIRN_PENDING)
            return CAIRN_PENDING;
        if (fail_fast_trip(self, cx->runtime))
            return fail_fast_refuse(self);
        cairn__unready_restart(unready, cx->runtime);
    }
}

static enum cairn_poll fail_fast_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    struct fail_fast *self = (struct fail_fast *)base;
    if (self->shared->death) {
        *error = cairn_error_ref(self->shared->death);
        return CAIRN_FAILED;
    }
    if (self->is_refusing)
        return fail_fast_poll_again(self, cx, error);
    if (self->shared->is_failing)
        return fail_fast_refuse(self);
    return fail_fast_poll_inner(self, cx, error);
}

static struct cairn_future fail_fast_call(struct cairn_service *base, void *req)
{
    struct fail_fast *self = (struct fail_fast *)base;
    if (!self->is_refusing)
        return cairn_service_call(base->inner, req);
    self->is_refusing = false;
    self->shared->refused++;
    cairn_service_drop_request(base, req);
    return cairn_future_failed(cairn_error_ref(self->shared->refusal));
}

static void fail_fast_release(struct cairn_service *base)
{
    struct fail_fast *self = (struct fail_fast *)base;
    self->is_refusing = false;
    cairn__unready_leave(&self->shared->unready, &self->wait);
    /* The inner it polls is about to lose its place in a queue: it takes a new one. */
    if (self->shared->only)
        cairn_wake(&self->shared->task);
}

static void fail_fast_cloned(struct cairn_service *base)
{
    struct fail_fast *self = (struct fail_fast *)base;
    self->shared->references++;
    self->shared->copies++;
    self->wait = (struct cairn__unready_wait){0};
    self->is_refusing = false;
}

static void fail_fast_drop(struct cairn_service *base)
{
    struct fail_fast_shared *shared = ((struct fail_fast *)base)->shared;
    shared->only = NULL;
    if (--shared->copies == 0)
        cairn_wake(&shared->task);
    fail_fast_shared_unref(shared);
}

static void fail_fast_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct fail_fast_shared *shared = ((const struct fail_fast *)base)->shared;
    cairn_describe_parameter(d, "after", shared->unready.after_ms, "ms");
    cairn_describe_gauge(d, "failing", shared->is_failing);
    cairn_describe_counter(d, "trips", shared->trips);
    cairn_describe_counter(d, "refused", shared->refused);
}

static const struct cairn_service_ops fail_fast_ops = {
    .name = "fail_fast",
    .size = sizeof(struct fail_fast),
    .poll_ready = fail_fast_poll_ready,
    .call = fail_fast_call,
    .release = fail_fast_release,
    .cloned = fail_fast_cloned,
    .drop = fail_fast_drop,
    .describe = fail_fast_describe,
};

static struct cairn_service *fail_fast_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_fail_fast_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (opts.after_ms > FAIL_FAST_MAX_MS)
        return cairn_layer_invalid(layer, inner, "after_ms must be 1 to %d, got %" PRIu64,
            FAIL_FAST_MAX_MS, opts.after_ms);
    struct fail_fast_shared *shared =
        fail_fast_shared_new(opts.after_ms ? opts.after_ms : FAIL_FAST_DEFAULT_MS);
    struct fail_fast *self = shared ? cairn_service_new(&fail_fast_ops, inner) : NULL;
    if (!self) {
        if (shared)
            fail_fast_shared_unref(shared);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    self->shared = shared;
    if (!cairn_service_is_cloneable(inner))
        shared->only = self;
    return &self->base;
}

struct cairn_layer cairn_fail_fast_layer(const struct cairn_fail_fast_options *options)
{
    static const struct cairn_fail_fast_options defaults = {.size = sizeof(defaults)};
    const struct cairn_fail_fast_options *opts = options ? options : &defaults;
    return cairn_layer_of("fail_fast", fail_fast_apply, opts, opts->size);
}
