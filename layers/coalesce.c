#include <cairn/layers/coalesce.h>

#include <string.h>

#include <cairn/layers/key_table.h>
#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/runtime.h>
#include <cairn/service/spares.h>

#define COALESCE_MAX_SPARE 64

struct flight;

/* What copies and flights share. */
struct coalesce_shared {
    unsigned references;
    struct cairn__key_table flights;
    struct flight *spare;
    size_t spare_count;
    struct cairn_coalesce_options opts;
    const struct cairn_type *request_type;
    const struct cairn_type *response_type;
    struct cairn_service *prototype; /* never polled; NULL: inner cannot be cloned */
    struct cairn__spares services;
    uint64_t calls;
    uint64_t joined;
    uint64_t alone;
};

struct coalesce {
    struct cairn_service base;
    struct coalesce_shared *shared;
};

/* One call of inner, and the task that drives it. */
struct flight {
    struct cairn_task task; /* first */
    struct cairn__key_entry entry;
    struct coalesce_shared *shared;
    struct cairn_future inner;
    bool is_started;
    enum cairn_poll p; /* PENDING until it has ended */
    union cairn_outcome out;
    bool is_taken;   /* the response, by one who was given no copy */
    bool has_leader; /* who made the call still waits for it */
    size_t interest; /* futures that want it */
    struct waiter *waiting;
    struct flight *next_spare;
};

/* A call of one who could not be given a copy. */
struct lone_call {
    struct coalesce_shared *shared;
    struct cairn_service *service; /* NULL: it was called, or is dead */
    struct cairn_future future;    /* empty until then */
};

/* The future of each caller. */
struct waiter {
    struct flight *flight; /* NULL: it goes alone */
    struct waiter *next;   /* in the flight's list, once it has been polled */
    struct waiter **link;
    struct cairn_waker waker;
    bool is_leader;
    void *request; /* of one who joined, for a call of its own; NULL: it has none, or it was sent */
    struct lone_call *lone;
};

static struct cairn_error coalesce_uncopied = CAIRN_ERROR_STATIC(
    CAIRN_ERROR_UNAVAILABLE, "coalesce", "the shared response could not be copied");

/* Flights. */

static void flight_advance(struct flight *self)
{
    const struct cairn_context cx = {&self->task, self->task.runtime};
    self->is_started = true;
    self->p = cairn_future_poll(&self->inner, &cx, &self->out);
    if (self->p == CAIRN_PENDING)
        return;
    cairn__key_table_remove(&self->shared->flights, &self->entry);
    for (struct waiter *waiter = self->waiting; waiter; waiter = waiter->next)
        cairn_wake(&waiter->waker);
}

static void flight_run(struct cairn_task *task)
{
    struct flight *self = (struct flight *)task;
    if (!cairn_future_is_empty(&self->inner)) /* else a late wake */
        flight_advance(self);
}

static void flight_free(struct cairn_task *task)
{
    struct flight *self = (struct flight *)task;
    cairn__key_entry_fini(&self->entry);
    cairn_free(self);
}

static struct flight *flight_alloc(struct cairn_runtime *runtime)
{
    static const struct cairn_task_ops ops = {
        .name = "coalesce", .run = flight_run, .free = flight_free};
    struct flight *self = cairn_alloc_zero(sizeof(*self));
    if (self)
        cairn_task_init(&self->task, &ops, runtime);
    return self;
}

static struct flight *flight_take_spare(struct coalesce_shared *shared)
{
    struct flight *self = shared->spare;
    if (!self)
        return NULL;
    shared->spare = self->next_spare;
    shared->spare_count--;
    return self;
}

/* A wake that is still on its way holds the task, which is then no good for another call. */
static void flight_retire(struct coalesce_shared *shared, struct flight *self)
{
    if (shared->spare_count >= COALESCE_MAX_SPARE ||
        __atomic_load_n(&self->task.references, __ATOMIC_RELAXED) != 1) {
        cairn_task_unref(&self->task);
        return;
    }
    self->next_spare = shared->spare;
    shared->spare = self;
    shared->spare_count++;
}

static struct flight *flight_new(
    struct coalesce_shared *shared, uint64_t hash, struct cairn_str key)
{
    struct cairn_runtime *runtime = cairn_runtime_current();
    CAIRN_ASSERT(runtime, "coalesce", "called on a thread without a runtime");
    struct flight *self = flight_take_spare(shared);
    if (self && self->task.runtime != runtime) {
        cairn_task_unref(&self->task);
        self = NULL;
    }
    if (!self)
        self = flight_alloc(runtime);
    if (!self)
        return NULL;
    if (!cairn__key_entry_set(&self->entry, hash, key)) {
        flight_retire(shared, self);
        return NULL;
    }
    self->shared = shared;
    self->is_started = false;
    self->is_taken = false;
    self->has_leader = true;
    self->p = CAIRN_PENDING;
    self->interest = 0;
    self->waiting = NULL;
    return self;
}

static void coalesce_shared_unref(struct coalesce_shared *shared)
{
    struct flight *flight;
    if (--shared->references != 0)
        return;
    while ((flight = flight_take_spare(shared)))
        cairn_task_unref(&flight->task);
    cairn__spares_fini(&shared->services);
    cairn_service_drop(shared->prototype);
    cairn__key_table_fini(&shared->flights);
    cairn_free(shared);
}

/* Nobody wants it any more. */
static void flight_end(struct flight *self)
{
    struct coalesce_shared *shared = self->shared;
    cairn__key_table_remove(&shared->flights, &self->entry);
    cairn_future_drop(&self->inner);
    if (self->p == CAIRN_READY)
        cairn_type_drop(shared->response_type, self->out.value);
    else if (self->p == CAIRN_FAILED)
        cairn_error_unref(self->out.error);
    flight_retire(shared, self);
    coalesce_shared_unref(shared);
}

/* Whether WAITER may have the response itself, of which there is no copy. */
static bool flight_is_for(const struct flight *self, const struct waiter *waiter)
{
    return !self->is_taken && (waiter->is_leader || !self->has_leader);
}

/* One more of the same; to the last who wants it, itself. PENDING: there is none for this one. */
static enum cairn_poll flight_share(
    struct flight *self, const struct waiter *waiter, union cairn_outcome *out)
{
    if (self->p == CAIRN_FAILED) {
        out->error = cairn_error_ref(self->out.error);
        return CAIRN_FAILED;
    }
    out->value = self->out.value;
    if (!out->value && !self->is_taken) /* nothing needs no copies */
        return CAIRN_READY;
    if (!self->is_taken && self->interest > 1) {
        out->value = self->shared->response_type->clone(self->out.value);
        if (out->value)
            return CAIRN_READY;
    }
    if (!flight_is_for(self, waiter))
        return CAIRN_PENDING;
    out->value = self->out.value;
    self->out.value = NULL;
    self->is_taken = true;
    return CAIRN_READY;
}

/* Futures. */

static void waiter_enlist(struct waiter *self, const struct cairn_context *cx)
{
    struct flight *flight = self->flight;
    cairn_waker_set(&self->waker, cx);
    if (self->link)
        return;
    self->next = flight->waiting;
    if (self->next)
        self->next->link = &self->next;
    self->link = &flight->waiting;
    flight->waiting = self;
}

static void waiter_leave(struct waiter *self)
{
    struct flight *flight = self->flight;
    self->flight = NULL;
    cairn_waker_clear(&self->waker);
    if (self->link) {
        *self->link = self->next;
        if (self->next)
            self->next->link = self->link;
    }
    if (self->is_leader)
        flight->has_leader = false;
    if (--flight->interest == 0)
        flight_end(flight);
}

/* No response is left for SELF: leaves the group for a call of its own, if it can make one. */
static bool waiter_go_alone(struct waiter *self)
{
    struct coalesce_shared *shared = self->flight->shared;
    struct lone_call *lone = self->request ? cairn_alloc_zero(sizeof(*lone)) : NULL;
    if (!lone)
        return false;
    lone->service = cairn__spares_copy(&shared->services, shared->prototype);
    if (!lone->service) {
        cairn_free(lone);
        return false;
    }
    lone->shared = shared;
    shared->references++;
    self->lone = lone;
    waiter_leave(self);
    return true;
}

static enum cairn_poll waiter_poll_alone(
    struct waiter *self, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct lone_call *lone = self->lone;
    if (lone->service) {
        struct cairn_service *service = lone->service;
        enum cairn_poll p = cairn_service_poll_ready(service, cx, &out->error);
        if (p == CAIRN_PENDING)
            return p;
        lone->service = NULL;
        if (p == CAIRN_FAILED) {
            cairn_service_drop(service);
            return p;
        }
        void *req = self->request;
        self->request = NULL;
        lone->shared->calls++;
        lone->shared->alone++;
        lone->future = cairn_service_call(service, req);
        cairn__spares_give_back(&lone->shared->services, service);
    }
    return cairn_future_poll(&lone->future, cx, out);
}

static enum cairn_poll waiter_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct waiter *self = state;
    struct flight *flight = self->flight;
    if (self->lone)
        return waiter_poll_alone(self, cx, out);
    if (!flight->is_started)
        flight_advance(flight);
    if (flight->p == CAIRN_PENDING) {
        if (cairn_context_can_wait(cx))
            waiter_enlist(self, cx);
        return CAIRN_PENDING;
    }
    enum cairn_poll p = flight_share(flight, self, out);
    if (p != CAIRN_PENDING)
        return p;
    if (waiter_go_alone(self))
        return waiter_poll_alone(self, cx, out);
    out->error = self->request ? &cairn_error_no_memory : &coalesce_uncopied;
    return CAIRN_FAILED;
}

static void lone_call_free(struct lone_call *lone)
{
    cairn_future_drop(&lone->future);
    if (lone->service)
        cairn__spares_give_back(&lone->shared->services, lone->service);
    coalesce_shared_unref(lone->shared);
    cairn_free(lone);
}

static void waiter_drop(void *state)
{
    struct waiter *self = state;
    const struct coalesce_shared *shared = self->lone ? self->lone->shared : self->flight->shared;
    cairn_type_drop(shared->request_type, self->request);
    if (self->lone)
        lone_call_free(self->lone);
    else
        waiter_leave(self);
}

static const struct cairn_future_ops waiter_ops = {
    .name = "coalesce",
    .size = sizeof(struct waiter),
    .poll = waiter_poll,
    .drop = waiter_drop,
};

/* REQUEST: NULL for who makes the call. */
static struct cairn_future coalesce_join(struct flight *flight, void *request, bool is_leader)
{
    flight->interest++;
    return cairn_future_box(&waiter_ops,
        &(struct waiter){.flight = flight, .request = request, .is_leader = is_leader});
}

/* The service. */

static struct cairn_future coalesce_begin(
    struct cairn_service *base, void *req, uint64_t hash, struct cairn_str key)
{
    struct coalesce_shared *shared = ((struct coalesce *)base)->shared;
    /* Before the call, which takes the request and with it the key. */
    struct flight *flight = flight_new(shared, hash, key);
    shared->calls++;
    if (!flight)
        return cairn_service_call(base->inner, req);
    struct cairn_future inner = shared->opts.call
                                    ? shared->opts.call(shared->opts.cx, base->inner, req)
                                    : cairn_service_call(base->inner, req);
    if (cairn_future_is_complete(&inner)) {
        flight_retire(shared, flight);
        return inner;
    }
    flight->inner = inner;
    shared->references++;
    cairn__key_table_insert(&shared->flights, &flight->entry);
    return coalesce_join(flight, NULL, true);
}

static struct cairn_future coalesce_call(struct cairn_service *base, void *req)
{
    struct coalesce_shared *shared = ((struct coalesce *)base)->shared;
    struct cairn_str key = shared->opts.key(shared->opts.cx, req);
    if (!key.data) {
        shared->calls++;
        return cairn_service_call(base->inner, req);
    }
    uint64_t hash = cairn__key_table_hash(&shared->flights, key);
    struct cairn__key_entry *entry = cairn__key_table_find(&shared->flights, hash, key);
    if (!entry)
        return coalesce_begin(base, req, hash, key);
    shared->joined++;
    cairn_service_release(base->inner);
    if (!shared->prototype) { /* there will be no use for it */
        cairn_service_drop_request(base, req);
        req = NULL;
    }
    return coalesce_join(
        (struct flight *)(void *)((char *)entry - offsetof(struct flight, entry)), req, false);
}

static void coalesce_cloned(struct cairn_service *base)
{
    ((struct coalesce *)base)->shared->references++;
}

static void coalesce_drop(struct cairn_service *base)
{
    coalesce_shared_unref(((struct coalesce *)base)->shared);
}

static void coalesce_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct coalesce_shared *shared = ((const struct coalesce *)base)->shared;
    cairn_describe_counter(d, "calls", shared->calls);
    cairn_describe_counter(d, "joined", shared->joined);
    cairn_describe_counter(d, "alone", shared->alone);
    cairn_describe_gauge(d, "in_flight", shared->flights.count);
}

static const struct cairn_service_ops coalesce_ops = {
    .name = "coalesce",
    .size = sizeof(struct coalesce),
    .call = coalesce_call,
    .cloned = coalesce_cloned,
    .drop = coalesce_drop,
    .describe = coalesce_describe,
};

static struct coalesce_shared *coalesce_shared_new(
    const struct cairn_coalesce_options *opts, const struct cairn_service *inner)
{
    bool is_cloneable = cairn_service_is_cloneable(inner);
    struct coalesce_shared *shared = cairn_alloc_zero(sizeof(*shared));
    if (!shared)
        return NULL;
    shared->references = 1;
    shared->opts = *opts;
    shared->request_type = inner->request_type;
    shared->response_type = inner->response_type;
    if (!cairn__key_table_init(&shared->flights)) {
        cairn_free(shared);
        return NULL;
    }
    shared->prototype = is_cloneable ? cairn_service_clone(inner) : NULL;
    if (shared->prototype || !is_cloneable)
        return shared;
    coalesce_shared_unref(shared);
    return NULL;
}

static struct cairn_service *coalesce_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    const struct cairn_type *type = inner->response_type;
    struct cairn_coalesce_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!opts.key)
        return cairn_layer_invalid(layer, inner, "key must be set");
    if (!(type && type->clone))
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_TYPE,
            "needs a response that can be cloned; %s cannot",
            type ? type->name : "a response without a type");
    struct coalesce_shared *shared = coalesce_shared_new(&opts, inner);
    struct coalesce *self = shared ? cairn_service_new(&coalesce_ops, inner) : NULL;
    if (self) {
        self->shared = shared;
        return &self->base;
    }
    if (shared)
        coalesce_shared_unref(shared);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

struct cairn_layer cairn_coalesce_layer(const struct cairn_coalesce_options *options)
{
    static const struct cairn_coalesce_options defaults = {.size = sizeof(defaults)};
    const struct cairn_coalesce_options *opts = options ? options : &defaults;
    return cairn_layer_of("coalesce", coalesce_apply, opts, opts->size);
}
