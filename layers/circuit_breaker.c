#include <cairn/layers/circuit_breaker.h>

#include <inttypes.h>
#include <string.h>

#include <cairn/layers/circuit.h>
#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/runtime.h>
#include <cairn/service/timer.h>

#define CIRCUIT_BREAKER_MAX_CALLS 1000000
#define CIRCUIT_BREAKER_MAX_WINDOW_MS 3600000
#define CIRCUIT_BREAKER_MAX_PROBES 1000

struct circuit_breaker_wait {
    struct circuit_breaker_wait *next;
    struct circuit_breaker_wait **link; /* what points to this one; NULL: it does not wait */
    struct cairn_waker waker;
};

/* What copies and futures share; a future may outlive every copy. */
struct circuit_breaker_shared {
    struct cairn_timer timer; /* the end of the open time, for those who wait */
    struct circuit_breaker_wait *waiting;
    struct circuit_breaker_wait **waiting_end;
    unsigned references;
    bool wait;
    enum cairn_circuit_verdict (*classify)(
        void *cx, const void *response, const struct cairn_error *error);
    void *classify_cx;
    struct cairn__circuit circuit;
    struct cairn_error *error; /* of the last opening: made once for all it refuses */
    uint64_t opened;
    uint64_t refused;
};

struct circuit_breaker {
    struct cairn_service base;
    struct circuit_breaker_shared *shared;
    bool is_ready; /* what was answered, and holds until the call */
    bool is_inner_ready;
    bool has_pass; /* with wait, readiness reserves the pass; else the call takes it */
    struct cairn__circuit_pass pass;
    struct circuit_breaker_wait wait;
};

struct circuit_breaker_future {
    struct cairn_future inner;
    struct circuit_breaker_shared *shared;
    struct cairn__circuit_pass pass;
    bool is_judged;
};

static struct cairn_error circuit_breaker_is_open =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_UNAVAILABLE, "circuit_breaker", "open");

enum cairn_circuit_verdict cairn_circuit_verdict_of(
    void *cx, const void *response, const struct cairn_error *error)
{
    (void)cx;
    (void)response;
    if (!error)
        return CAIRN_CIRCUIT_SUCCESS;
    switch ((unsigned)error->code) {
    case CAIRN_ERROR_MEMORY:
    case CAIRN_ERROR_INVALID:
    case CAIRN_ERROR_TYPE:
    case CAIRN_ERROR_LIMITED:
    case CAIRN_ERROR_CANCELLED:
    case CAIRN_ERROR_REJECTED:
    case CAIRN_ERROR_NOT_FOUND:
    case CAIRN_ERROR_CONFLICT:
    case CAIRN_ERROR_TOO_LARGE:
        return CAIRN_CIRCUIT_IGNORED;
    default:
        return CAIRN_CIRCUIT_FAILURE;
    }
}

static void circuit_breaker_shared_unref(struct circuit_breaker_shared *shared)
{
    if (--shared->references != 0)
        return;
    cairn_timer_cancel(&shared->timer);
    cairn_error_unref(shared->error);
    cairn_free(shared);
}

/* Each looks for itself whether there is a way in now, or another time to wait for. */
static void circuit_breaker_wake(struct circuit_breaker_shared *shared)
{
    for (struct circuit_breaker_wait *wait = shared->waiting; wait; wait = wait->next)
        cairn_wake(&wait->waker);
}

static void circuit_breaker_fire(struct cairn_timer *timer)
{
    circuit_breaker_wake((struct circuit_breaker_shared *)timer);
}

static void circuit_breaker_opens(struct circuit_breaker_shared *shared, struct cairn_error *source)
{
    char why[64];
    shared->opened++;
    cairn_error_unref(shared->error);
    shared->error = cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "circuit_breaker",
        source ? cairn_error_ref(source) : NULL, "open for %" PRIu64 " ms: %s",
        shared->circuit.open_ms, cairn__circuit_why(&shared->circuit, why, sizeof(why)));
    if (shared->error->code != CAIRN_ERROR_UNAVAILABLE)
        shared->error = &circuit_breaker_is_open;
}

static void circuit_breaker_leave(struct circuit_breaker_shared *shared,
    struct cairn__circuit_pass pass, enum cairn_circuit_verdict verdict, uint64_t now_ms,
    struct cairn_error *error)
{
    bool has_opened =
        cairn__circuit_leave(&shared->circuit, pass, (enum cairn__circuit_outcome)verdict, now_ms);
    if (has_opened)
        circuit_breaker_opens(shared, error);
    if (has_opened || pass.is_probe)
        circuit_breaker_wake(shared);
}

static enum cairn_poll circuit_breaker_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct circuit_breaker_future *self = state;
    struct circuit_breaker_shared *shared = self->shared;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p == CAIRN_PENDING)
        return p;
    CAIRN_ASSERT(cx->runtime, "circuit_breaker", "polled without a runtime");
    const void *response = p == CAIRN_READY ? out->value : NULL;
    struct cairn_error *error = p == CAIRN_READY ? NULL : out->error;
    self->is_judged = true;
    circuit_breaker_leave(shared, self->pass,
        shared->classify(shared->classify_cx, response, error), cairn_runtime_now_ms(cx->runtime),
        error);
    return p;
}

static void circuit_breaker_future_drop(void *state)
{
    struct circuit_breaker_future *self = state;
    cairn_future_drop(&self->inner);
    if (!self->is_judged)
        circuit_breaker_leave(self->shared, self->pass, CAIRN_CIRCUIT_IGNORED, 0, NULL);
    circuit_breaker_shared_unref(self->shared);
}

static const struct cairn_future_ops circuit_breaker_future_ops = {
    .name = "circuit_breaker",
    .size = sizeof(struct circuit_breaker_future),
    .poll = circuit_breaker_future_poll,
    .drop = circuit_breaker_future_drop,
    .wraps = true,
};

static void circuit_breaker_queue_leave(struct circuit_breaker *self)
{
    struct circuit_breaker_wait *wait = &self->wait;
    if (!wait->link)
        return;
    *wait->link = wait->next;
    if (wait->next)
        wait->next->link = wait->link;
    else
        self->shared->waiting_end = wait->link;
    cairn_waker_clear(&wait->waker);
    *wait = (struct circuit_breaker_wait){0};
}

/* For the circuit to change; who waits for inner waits for that too. */
static void circuit_breaker_queue(
    struct circuit_breaker *self, const struct cairn_context *cx, uint64_t now_ms)
{
    struct circuit_breaker_shared *shared = self->shared;
    struct circuit_breaker_wait *wait = &self->wait;
    if (!cairn_context_can_wait(cx))
        return;
    if (!wait->link) {
        wait->link = shared->waiting_end;
        *shared->waiting_end = wait;
        shared->waiting_end = &wait->next;
    }
    cairn_waker_set(&wait->waker, cx);
    /* While probes are out, their outcome is what wakes. */
    if (cairn__circuit_state_at(&shared->circuit, now_ms) == CAIRN__CIRCUIT_OPEN)
        cairn_timer_arm(
            cx->runtime, &shared->timer, shared->circuit.until_ms, circuit_breaker_fire);
}

static void circuit_breaker_release(struct cairn_service *base)
{
    struct circuit_breaker *self = (struct circuit_breaker *)base;
    circuit_breaker_queue_leave(self);
    if (self->has_pass)
        circuit_breaker_leave(self->shared, self->pass, CAIRN_CIRCUIT_IGNORED, 0, NULL);
    self->has_pass = false;
    self->is_inner_ready = false;
    self->is_ready = false;
}

/* A pass from before the circuit opened is good for a handle that was ready, and for no other. */
static bool circuit_breaker_reserve(
    struct circuit_breaker *self, const struct cairn_context *cx, uint64_t now_ms)
{
    struct cairn__circuit *circuit = &self->shared->circuit;
    if (self->is_ready)
        return true;
    if (self->has_pass && self->pass.epoch == circuit->epoch)
        return true;
    self->has_pass = cairn__circuit_enter(circuit, now_ms, &self->pass);
    if (self->has_pass)
        return true;
    cairn_service_release(self->base.inner);
    circuit_breaker_queue(self, cx, now_ms);
    return false;
}

static enum cairn_poll circuit_breaker_poll_inner(struct circuit_breaker *self,
    const struct cairn_context *cx, struct cairn_error **error, uint64_t now_ms)
{
    enum cairn_poll p = cairn_service_poll_ready(self->base.inner, cx, error);
    if (p == CAIRN_FAILED) {
        circuit_breaker_release(&self->base);
        return p;
    }
    self->is_inner_ready = p == CAIRN_READY;
    if (p == CAIRN_PENDING && !self->is_ready) {
        circuit_breaker_queue(self, cx, now_ms);
        return p;
    }
    /* Who was ready to refuse stays so: no place in a queue is kept. */
    if (p == CAIRN_PENDING)
        cairn_service_release(self->base.inner);
    circuit_breaker_queue_leave(self);
    self->is_ready = true;
    return CAIRN_READY;
}

static enum cairn_poll circuit_breaker_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    struct circuit_breaker *self = (struct circuit_breaker *)base;
    CAIRN_ASSERT(cx->runtime, "circuit_breaker", "polled without a runtime");
    uint64_t now_ms = cairn_runtime_now_ms(cx->runtime);
    if (self->shared->wait) {
        if (!circuit_breaker_reserve(self, cx, now_ms))
            return CAIRN_PENDING;
    } else if (!cairn__circuit_admits(&self->shared->circuit, now_ms)) {
        if (!self->is_inner_ready)
            cairn_service_release(base->inner);
        circuit_breaker_queue_leave(self);
        self->is_ready = true;
        return CAIRN_READY;
    }
    return circuit_breaker_poll_inner(self, cx, error, now_ms);
}

static struct cairn_future circuit_breaker_refuse(struct circuit_breaker *self, void *req)
{
    struct circuit_breaker_shared *shared = self->shared;
    shared->refused++;
    return cairn_service_bypass(&self->base, req,
        cairn_future_failed(
            shared->error ? cairn_error_ref(shared->error) : &circuit_breaker_is_open));
}

/* The last probe shuts the way in for those who wait for inner: they fail at once. */
static bool circuit_breaker_enter(struct circuit_breaker *self, uint64_t now_ms)
{
    struct circuit_breaker_shared *shared = self->shared;
    if (!cairn__circuit_enter(&shared->circuit, now_ms, &self->pass))
        return false;
    if (self->pass.is_probe)
        circuit_breaker_wake(shared);
    return true;
}

static struct cairn_future circuit_breaker_call(struct cairn_service *base, void *req)
{
    struct circuit_breaker *self = (struct circuit_breaker *)base;
    struct circuit_breaker_shared *shared = self->shared;
    struct cairn_runtime *runtime = cairn_runtime_current();
    CAIRN_ASSERT(self->is_ready, "circuit_breaker", "called without having been ready");
    CAIRN_ASSERT(runtime, "circuit_breaker", "called on a thread without a runtime");
    bool may_pass = self->has_pass && self->pass.epoch == shared->circuit.epoch;
    if (!may_pass && self->is_inner_ready)
        may_pass = circuit_breaker_enter(self, cairn_runtime_now_ms(runtime));
    self->has_pass = false;
    self->is_inner_ready = false;
    self->is_ready = false;
    if (!may_pass)
        return circuit_breaker_refuse(self, req);
    shared->references++;
    return cairn_future_wrap(&circuit_breaker_future_ops,
        &(struct circuit_breaker_future){
            cairn_service_call(base->inner, req), shared, self->pass, false});
}

static void circuit_breaker_cloned(struct cairn_service *base)
{
    struct circuit_breaker *self = (struct circuit_breaker *)base;
    self->shared->references++;
    self->is_ready = false;
    self->is_inner_ready = false;
    self->has_pass = false;
    self->wait = (struct circuit_breaker_wait){0};
}

static void circuit_breaker_drop(struct cairn_service *base)
{
    circuit_breaker_shared_unref(((struct circuit_breaker *)base)->shared);
}

static void circuit_breaker_describe_state(
    const struct circuit_breaker_shared *shared, struct cairn_describe *d)
{
    static const char *const names[] = {"closed", "open", "half_open"};
    const struct cairn__circuit *circuit = &shared->circuit;
    struct cairn_runtime *runtime = cairn_runtime_current();
    uint64_t now_ms = runtime ? cairn_runtime_now_ms(runtime) : 0;
    enum cairn__circuit_state state = cairn__circuit_state_at(circuit, now_ms);
    cairn_describe_text(d, "state", names[state]);
    if (state != CAIRN__CIRCUIT_CLOSED && shared->error)
        cairn_describe_text(d, "reason", shared->error->message);
    if (state == CAIRN__CIRCUIT_OPEN)
        cairn_describe_gauge(d, "open_left", circuit->until_ms - now_ms);
    if (state != CAIRN__CIRCUIT_CLOSED)
        return;
    cairn_describe_gauge(d, "in_a_row", circuit->in_a_row);
    cairn_describe_gauge(d, "requests", circuit->window.requests);
    cairn_describe_gauge(d, "failures", circuit->window.failures);
}

static void circuit_breaker_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct circuit_breaker_shared *shared = ((const struct circuit_breaker *)base)->shared;
    const struct cairn__circuit_config *config = &shared->circuit.config;
    if (config->failures)
        cairn_describe_parameter(d, "max_in_a_row", config->failures, NULL);
    if (config->failure_rate > 0) {
        uint64_t percent = (uint64_t)(config->failure_rate * 100 + 0.5);
        cairn_describe_parameter(d, "max_rate", percent, "%");
        cairn_describe_parameter(d, "min_requests", config->min_requests, NULL);
        cairn_describe_parameter(d, "window", config->window_ms, "ms");
    }
    cairn_describe_parameter(d, "probes", config->probes, NULL);
    circuit_breaker_describe_state(shared, d);
    cairn_describe_counter(d, "opened", shared->opened);
    cairn_describe_counter(d, "refused", shared->refused);
}

static const struct cairn_service_ops circuit_breaker_ops = {
    .name = "circuit_breaker",
    .size = sizeof(struct circuit_breaker),
    .poll_ready = circuit_breaker_poll_ready,
    .call = circuit_breaker_call,
    .release = circuit_breaker_release,
    .cloned = circuit_breaker_cloned,
    .drop = circuit_breaker_drop,
    .describe = circuit_breaker_describe,
};

static struct cairn__circuit_config circuit_breaker_config(
    const struct cairn_circuit_breaker_options *opts)
{
    const struct cairn_backoff *backoff = &opts->backoff;
    bool is_chosen = backoff->min_ms || backoff->max_ms || backoff->jitter != 0;
    uint64_t failures = opts->failure_rate > 0 ? 0 : 5;
    return (struct cairn__circuit_config){
        .failures = opts->failures ? opts->failures : failures,
        .failure_rate = opts->failure_rate,
        .min_requests = opts->min_requests ? opts->min_requests : 20,
        .window_ms = opts->window_ms ? opts->window_ms : 10000,
        .probes = opts->probes ? opts->probes : 1,
        .backoff = is_chosen ? *backoff : (struct cairn_backoff){1000, 60000, 0.5},
    };
}

/* NULL when the options can be used; else what is wrong, owned by the caller. */
static struct cairn_error *circuit_breaker_check(const struct cairn__circuit_config *config)
{
    struct cairn_error *error = cairn_backoff_check(&config->backoff);
    if (error)
        return error;
    if (config->backoff.min_ms == 0)
        return cairn_error_new(CAIRN_ERROR_INVALID, "circuit_breaker", NULL,
            "backoff.min_ms must be 1 or more, got 0");
    if (config->failures > CIRCUIT_BREAKER_MAX_CALLS)
        return cairn_error_new(CAIRN_ERROR_INVALID, "circuit_breaker", NULL,
            "failures must be 1 to %d, got %" PRIu64, CIRCUIT_BREAKER_MAX_CALLS, config->failures);
    /* Written so that a NaN is refused too. */
    if (!(config->failure_rate >= 0 && config->failure_rate <= 1))
        return cairn_error_new(CAIRN_ERROR_INVALID, "circuit_breaker", NULL,
            "failure_rate must be 0 to 1, got %g", config->failure_rate);
    if (config->min_requests > CIRCUIT_BREAKER_MAX_CALLS)
        return cairn_error_new(CAIRN_ERROR_INVALID, "circuit_breaker", NULL,
            "min_requests must be 1 to %d, got %" PRIu64, CIRCUIT_BREAKER_MAX_CALLS,
            config->min_requests);
    if (config->window_ms < CAIRN__CIRCUIT_BUCKETS ||
        config->window_ms > CIRCUIT_BREAKER_MAX_WINDOW_MS)
        return cairn_error_new(CAIRN_ERROR_INVALID, "circuit_breaker", NULL,
            "window_ms must be %d to %d, got %" PRIu64, CAIRN__CIRCUIT_BUCKETS,
            CIRCUIT_BREAKER_MAX_WINDOW_MS, config->window_ms);
    if (config->probes > CIRCUIT_BREAKER_MAX_PROBES)
        return cairn_error_new(CAIRN_ERROR_INVALID, "circuit_breaker", NULL,
            "probes must be 1 to %d, got %u", CIRCUIT_BREAKER_MAX_PROBES, config->probes);
    return NULL;
}

static struct circuit_breaker_shared *circuit_breaker_shared_new(
    const struct cairn_circuit_breaker_options *opts, const struct cairn__circuit_config *config)
{
    struct circuit_breaker_shared *shared = cairn_alloc_zero(sizeof(*shared));
    if (!shared)
        return NULL;
    shared->references = 1;
    shared->waiting_end = &shared->waiting;
    shared->wait = opts->wait;
    shared->classify = opts->classify ? opts->classify : cairn_circuit_verdict_of;
    shared->classify_cx = opts->classify_cx;
    cairn__circuit_init(&shared->circuit, config, opts->seed);
    return shared;
}

static struct cairn_service *circuit_breaker_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_circuit_breaker_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    struct cairn__circuit_config config = circuit_breaker_config(&opts);
    struct cairn_error *error = circuit_breaker_check(&config);
    if (error) {
        struct cairn_service *broken =
            cairn_layer_refuse(layer, inner, error->code, "%s", error->message);
        cairn_error_unref(error);
        return broken;
    }
    struct circuit_breaker_shared *shared = circuit_breaker_shared_new(&opts, &config);
    struct circuit_breaker *self = shared ? cairn_service_new(&circuit_breaker_ops, inner) : NULL;
    if (self) {
        self->shared = shared;
        return &self->base;
    }
    if (shared)
        circuit_breaker_shared_unref(shared);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

struct cairn_layer cairn_circuit_breaker_layer(const struct cairn_circuit_breaker_options *options)
{
    static const struct cairn_circuit_breaker_options defaults = {.size = sizeof(defaults)};
    const struct cairn_circuit_breaker_options *opts = options ? options : &defaults;
    return cairn_layer_of("circuit_breaker", circuit_breaker_apply, opts, opts->size);
}
