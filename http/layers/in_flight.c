#include <cairn/http/layers/in_flight.h>

#include <string.h>

#include <cairn/http/body_end.h>
#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/future_core.h>
#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>

#define IN_FLIGHT_MAX_EVERY_MS 86400000

/* Both are atomic. */
struct cairn_in_flight {
    unsigned references;
    uint64_t count;
};

struct in_flight {
    struct cairn_service base;
    struct cairn_in_flight *counter;
};

struct in_flight_future {
    struct cairn_future inner;
    struct cairn_in_flight *counter; /* NULL: the body of the response has it */
};

struct in_flight_emitter {
    struct cairn_in_flight *counter;
    uint64_t every_ms;
    void (*emit)(void *cx, uint64_t count);
    void *cx;
    struct cairn_sleep_state sleep;
};

struct cairn_in_flight *cairn_in_flight_new(void)
{
    struct cairn_in_flight *counter = cairn_alloc_zero(sizeof(*counter));
    if (counter)
        counter->references = 1;
    return counter;
}

struct cairn_in_flight *cairn_in_flight_ref(struct cairn_in_flight *counter)
{
    __atomic_fetch_add(&counter->references, 1, __ATOMIC_RELAXED);
    return counter;
}

void cairn_in_flight_unref(struct cairn_in_flight *counter)
{
    if (counter && __atomic_sub_fetch(&counter->references, 1, __ATOMIC_ACQ_REL) == 0)
        cairn_free(counter);
}

uint64_t cairn_in_flight_count(const struct cairn_in_flight *counter)
{
    return __atomic_load_n(&counter->count, __ATOMIC_RELAXED);
}

static struct cairn_in_flight *in_flight_enter(struct cairn_in_flight *counter)
{
    __atomic_fetch_add(&counter->count, 1, __ATOMIC_RELAXED);
    return cairn_in_flight_ref(counter);
}

static void in_flight_leave(void *value)
{
    struct cairn_in_flight *counter = value;
    __atomic_fetch_sub(&counter->count, 1, __ATOMIC_RELAXED);
    cairn_in_flight_unref(counter);
}

/* Due at its first poll: a sleep without a time is over. */
static enum cairn_poll in_flight_emitter_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct in_flight_emitter *self = state;
    (void)out;
    while (cairn_sleep_poll(&self->sleep, cx) == CAIRN_READY) {
        self->emit(self->cx, cairn_in_flight_count(self->counter));
        self->sleep.at_ms = cairn_runtime_deadline_ms(cx->runtime, self->every_ms);
    }
    return CAIRN_PENDING;
}

static void in_flight_emitter_drop(void *state)
{
    struct in_flight_emitter *self = state;
    cairn_sleep_stop(&self->sleep);
    cairn_in_flight_unref(self->counter);
}

static const struct cairn_future_ops in_flight_emitter_ops = {
    .name = "in_flight_emitter",
    .size = sizeof(struct in_flight_emitter),
    .poll = in_flight_emitter_poll,
    .drop = in_flight_emitter_drop,
};

struct cairn_future cairn_in_flight_emitter(struct cairn_in_flight *counter, uint64_t every_ms,
    void (*emit)(void *cx, uint64_t count), void *cx)
{
    CAIRN_ASSERT(every_ms >= 1 && every_ms <= IN_FLIGHT_MAX_EVERY_MS, "cairn_in_flight_emitter",
        "every_ms is 1 to 86400000");
    return cairn_future_box(&in_flight_emitter_ops,
        &(struct in_flight_emitter){
            .counter = cairn_in_flight_ref(counter), .every_ms = every_ms, .emit = emit, .cx = cx});
}

/* Whether the body of the response has the counter now. */
static bool in_flight_hand_over(
    struct cairn_in_flight *counter, enum cairn_poll p, const union cairn_outcome *out)
{
    return p == CAIRN_READY && cairn_http_on_body_end(out->value, in_flight_leave, counter) == 0;
}

static enum cairn_poll in_flight_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct in_flight_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (in_flight_hand_over(self->counter, p, out))
        self->counter = NULL;
    return p;
}

static void in_flight_future_drop(void *state)
{
    struct in_flight_future *self = state;
    cairn_future_drop(&self->inner);
    if (self->counter)
        in_flight_leave(self->counter);
}

static const struct cairn_future_ops in_flight_future_ops = {
    .name = "in_flight",
    .size = sizeof(struct in_flight_future),
    .poll = in_flight_future_poll,
    .drop = in_flight_future_drop,
    .wraps = true,
};

static struct cairn_future in_flight_call(struct cairn_service *base, void *req)
{
    struct cairn_in_flight *counter = in_flight_enter(((struct in_flight *)base)->counter);
    struct cairn_future inner = cairn_service_call(base->inner, req);
    union cairn_outcome out;
    enum cairn_poll p = cairn__future_outcome(&inner, &out);
    if (p == CAIRN_PENDING)
        return cairn_future_box(&in_flight_future_ops, &(struct in_flight_future){inner, counter});
    if (!in_flight_hand_over(counter, p, &out))
        in_flight_leave(counter);
    return cairn__future_of(p, &out);
}

static void in_flight_cloned(struct cairn_service *base)
{
    cairn_in_flight_ref(((struct in_flight *)base)->counter);
}

static void in_flight_drop(struct cairn_service *base)
{
    cairn_in_flight_unref(((struct in_flight *)base)->counter);
}

static void in_flight_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct in_flight *self = (const struct in_flight *)base;
    cairn_describe_gauge(d, "in_flight", cairn_in_flight_count(self->counter));
}

static const struct cairn_service_ops in_flight_ops = {
    .name = "in_flight",
    .size = sizeof(struct in_flight),
    .call = in_flight_call,
    .cloned = in_flight_cloned,
    .drop = in_flight_drop,
    .describe = in_flight_describe,
};

static struct cairn_service *in_flight_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_in_flight_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    struct cairn_in_flight *counter =
        opts.counter ? cairn_in_flight_ref(opts.counter) : cairn_in_flight_new();
    struct in_flight *self = counter ? cairn_service_new(&in_flight_ops, inner) : NULL;
    if (self) {
        self->counter = counter;
        return &self->base;
    }
    cairn_in_flight_unref(counter);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

struct cairn_layer cairn_in_flight_layer(const struct cairn_in_flight_options *options)
{
    static const struct cairn_in_flight_options defaults = {.size = sizeof(defaults)};
    const struct cairn_in_flight_options *opts = options ? options : &defaults;
    return cairn_layer_of("in_flight", in_flight_apply, opts, opts->size);
}
