#include <cairn/layers/gate.h>

#include <string.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>

/* A copy's place in the queue: idle, queued (it has a link), or let in and not told yet. */
struct gate_wait {
    struct gate_wait *next;
    struct gate_wait **link;
    struct cairn_waker waker;
    bool is_admitted;
};

/* While it has room nobody waits: whoever makes room lets them in. */
struct cairn_gate {
    unsigned references;
    enum cairn_gate_state state;
    size_t limit;
    size_t inside;
    size_t waiting;
    struct gate_wait *first;
    struct gate_wait **end;
};

struct gate {
    struct cairn_service base;
    struct cairn_gate *gate;
    bool is_inside;
    struct gate_wait wait;
};

struct gate_future {
    struct cairn_future inner;
    struct cairn_gate *gate;
};

struct cairn_gate *cairn_gate_new(void)
{
    struct cairn_gate *gate = cairn_alloc_zero(sizeof(*gate));
    if (!gate)
        return NULL;
    gate->references = 1;
    gate->end = &gate->first;
    return gate;
}

struct cairn_gate *cairn_gate_ref(struct cairn_gate *gate)
{
    gate->references++;
    return gate;
}

void cairn_gate_unref(struct cairn_gate *gate)
{
    if (gate && --gate->references == 0)
        cairn_free(gate);
}

static bool gate_has_room(const struct cairn_gate *gate)
{
    return gate->state == CAIRN_GATE_OPEN ||
           (gate->state == CAIRN_GATE_LIMITED && gate->inside < gate->limit);
}

static void gate_unlink(struct cairn_gate *gate, struct gate_wait *wait)
{
    *wait->link = wait->next;
    if (wait->next)
        wait->next->link = wait->link;
    else
        gate->end = wait->link;
    wait->link = NULL;
    wait->next = NULL;
    gate->waiting--;
}

static void gate_admit(struct cairn_gate *gate)
{
    while (gate->first && gate_has_room(gate)) {
        struct gate_wait *first = gate->first;
        gate_unlink(gate, first);
        first->is_admitted = true;
        gate->inside++;
        cairn_wake(&first->waker);
    }
}

static void gate_switch(struct cairn_gate *gate, enum cairn_gate_state state, size_t limit)
{
    gate->state = state;
    gate->limit = limit;
    gate_admit(gate);
}

void cairn_gate_open(struct cairn_gate *gate)
{
    gate_switch(gate, CAIRN_GATE_OPEN, 0);
}

void cairn_gate_limit(struct cairn_gate *gate, size_t max)
{
    gate_switch(gate, CAIRN_GATE_LIMITED, max);
}

void cairn_gate_shut(struct cairn_gate *gate)
{
    gate_switch(gate, CAIRN_GATE_SHUT, 0);
}

enum cairn_gate_state cairn_gate_state(const struct cairn_gate *gate)
{
    return gate->state;
}

size_t cairn_gate_inside(const struct cairn_gate *gate)
{
    return gate->inside;
}

size_t cairn_gate_waiting(const struct cairn_gate *gate)
{
    return gate->waiting;
}

static void gate_leave(struct cairn_gate *gate)
{
    gate->inside--;
    gate_admit(gate);
}

static enum cairn_poll gate_enter(
    struct cairn_gate *gate, struct gate_wait *wait, const struct cairn_context *cx)
{
    if (wait->is_admitted) {
        wait->is_admitted = false;
        return CAIRN_READY;
    }
    if (!wait->link && gate_has_room(gate)) {
        gate->inside++;
        return CAIRN_READY;
    }
    if (!cairn_context_can_wait(cx))
        return CAIRN_PENDING;
    cairn_waker_set(&wait->waker, cx);
    if (wait->link)
        return CAIRN_PENDING;
    wait->link = gate->end;
    *gate->end = wait;
    gate->end = &wait->next;
    gate->waiting++;
    return CAIRN_PENDING;
}

static void gate_future_drop(void *state)
{
    struct gate_future *self = state;
    /* Inner first: whoever is let in finds its room empty. */
    cairn_future_drop(&self->inner);
    gate_leave(self->gate);
    cairn_gate_unref(self->gate);
}

static const struct cairn_future_ops gate_future_ops = {
    .name = "gate",
    .size = sizeof(struct gate_future),
    .drop = gate_future_drop,
    .wraps = true,
};

static void gate_release(struct cairn_service *base)
{
    struct gate *self = (struct gate *)base;
    bool was_inside = self->is_inside || self->wait.is_admitted;
    self->is_inside = false;
    self->wait.is_admitted = false;
    cairn_waker_clear(&self->wait.waker);
    if (self->wait.link)
        gate_unlink(self->gate, &self->wait);
    if (was_inside)
        gate_leave(self->gate);
}

static enum cairn_poll gate_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    struct gate *self = (struct gate *)base;
    if (!self->is_inside) {
        enum cairn_poll p = gate_enter(self->gate, &self->wait, cx);
        if (p)
            return p;
        self->is_inside = true;
    }
    enum cairn_poll p = cairn_service_poll_ready(base->inner, cx, error);
    if (p == CAIRN_FAILED)
        gate_release(base);
    return p;
}

static struct cairn_future gate_call(struct cairn_service *base, void *req)
{
    struct gate *self = (struct gate *)base;
    CAIRN_ASSERT(self->is_inside, "gate", "called without having been ready");
    self->is_inside = false;
    struct cairn_future inner = cairn_service_call(base->inner, req);
    if (cairn_future_is_complete(&inner)) {
        gate_leave(self->gate);
        return inner;
    }
    return cairn_future_wrap(
        &gate_future_ops, &(struct gate_future){inner, cairn_gate_ref(self->gate)});
}

static void gate_cloned(struct cairn_service *base)
{
    struct gate *self = (struct gate *)base;
    cairn_gate_ref(self->gate);
    self->is_inside = false;
    self->wait = (struct gate_wait){0};
}

static void gate_drop(struct cairn_service *base)
{
    cairn_gate_unref(((struct gate *)base)->gate);
}

static void gate_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    static const char *const names[] = {"open", "limited", "shut"};
    const struct cairn_gate *gate = ((const struct gate *)base)->gate;
    cairn_describe_text(d, "state", names[gate->state]);
    if (gate->state == CAIRN_GATE_LIMITED)
        cairn_describe_gauge(d, "limit", gate->limit);
    cairn_describe_gauge(d, "inside", gate->inside);
    cairn_describe_gauge(d, "waiting", gate->waiting);
}

static const struct cairn_service_ops gate_ops = {
    .name = "gate",
    .size = sizeof(struct gate),
    .poll_ready = gate_poll_ready,
    .call = gate_call,
    .release = gate_release,
    .cloned = gate_cloned,
    .drop = gate_drop,
    .describe = gate_describe,
};

static struct cairn_service *gate_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_gate_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!opts.gate)
        return cairn_layer_invalid(layer, inner, "gate must be set");
    struct gate *self = cairn_service_new(&gate_ops, inner);
    if (!self)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    self->gate = cairn_gate_ref(opts.gate);
    return &self->base;
}

struct cairn_layer cairn_gate_layer(const struct cairn_gate_options *options)
{
    static const struct cairn_gate_options defaults = {.size = sizeof(defaults)};
    const struct cairn_gate_options *opts = options ? options : &defaults;
    return cairn_layer_of("gate", gate_apply, opts, opts->size);
}
