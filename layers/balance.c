#include <cairn/layers/balance.h>

#include <string.h>

#include <cairn/layers/load.h>
#include <cairn/layers/pending_requests.h>
#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>

struct balance;

/* What copies share. */
struct balance_core {
    unsigned references;
    unsigned interested; /* copies that have chosen, or wait */
    struct cairn_ready_cache *endpoints;
    struct cairn_stream changes;
    const struct cairn_type *request_type;
    const struct cairn_type *response_type;
    const struct cairn_balance_pick *pick;
    struct cairn_picker picker;
    struct cairn_error *failure; /* of discovery: the balancer is dead */
    struct cairn_error *last_ejected;
    uint64_t picks;
    uint64_t ejected;
    struct balance *waiting; /* copies */
    struct balance **waiting_end;
};

/*
 * Endpoints and discovery wake the task that polled last. So that no other waits in vain, whoever
 * does not wait any more, whatever the reason, wakes the first of those that do: it polls, and
 * theirs is the task to be woken from then on.
 */
struct balance {
    struct cairn_service base;
    struct balance_core *core;
    struct cairn_ready_entry *chosen; /* taken out of the set; NULL: none */
    bool is_interested;
    struct balance *next;
    struct balance **link; /* NULL: is not in the list */
    struct cairn_waker waker;
};

static void balance_eject(void *cx, const char *key, struct cairn_error *error)
{
    struct balance_core *core = cx;
    core->ejected++;
    cairn_error_unref(core->last_ejected);
    core->last_ejected = cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "balance", error, "%s", key);
}

static void balance_core_unref(struct balance_core *core)
{
    if (--core->references != 0)
        return;
    cairn_ready_cache_free(core->endpoints);
    cairn_stream_drop(&core->changes);
    cairn_error_unref(core->failure);
    cairn_error_unref(core->last_ejected);
    cairn_free(core);
}

static void balance_leave(struct balance *self)
{
    if (!self->link)
        return;
    *self->link = self->next;
    if (self->next)
        self->next->link = self->link;
    else
        self->core->waiting_end = self->link;
    self->link = NULL;
    cairn_waker_clear(&self->waker);
}

static void balance_wait(struct balance *self, const struct cairn_context *cx)
{
    if (!cairn_context_can_wait(cx))
        return;
    cairn_waker_set(&self->waker, cx);
    if (self->link)
        return;
    self->next = NULL;
    self->link = self->core->waiting_end;
    *self->core->waiting_end = self;
    self->core->waiting_end = &self->next;
}

static void balance_wake_next(struct balance_core *core)
{
    struct balance *first = core->waiting;
    if (!first)
        return;
    struct cairn_waker waker = cairn_waker_take(&first->waker);
    balance_leave(first);
    cairn_wake(&waker);
}

static void balance_release(struct cairn_service *base)
{
    struct balance *self = (struct balance *)base;
    if (!self->is_interested)
        return;
    balance_leave(self);
    if (self->chosen)
        cairn_ready_cache_release(self->core->endpoints, self->chosen);
    self->chosen = NULL;
    self->is_interested = false;
    if (--self->core->interested == 0)
        cairn_ready_cache_release_all(self->core->endpoints);
    else
        balance_wake_next(self->core);
}

static bool balance_fits(const struct balance_core *core, const struct cairn_service *service)
{
    return cairn_service_error(service) || (service->request_type == core->request_type &&
                                               service->response_type == core->response_type);
}

/* An endpoint of which a load is wanted, and that tells none, gets one. NULL: out of memory. */
static struct cairn_service *balance_endpoint(
    const struct balance_core *core, struct cairn_service *service)
{
    if (!core->pick->by_load || cairn_load_is_told(service) || cairn_service_error(service))
        return service;
    const struct cairn_layer layer = cairn_pending_requests_layer(NULL);
    struct cairn_service *told = cairn_layer_apply(&layer, service);
    if (!cairn_service_error(told))
        return told;
    cairn_service_drop(told);
    return NULL;
}

static void balance_insert(struct balance_core *core, struct cairn_change *change)
{
    CAIRN_ASSERT(change->service && balance_fits(core, change->service), "balance",
        "an endpoint takes or gives another type than the balancer");
    struct cairn_service *service = balance_endpoint(core, cairn_change_take_service(change));
    if (!service || !cairn_ready_cache_push(core->endpoints, change->key, service, change->weight))
        core->failure = &cairn_error_no_memory;
}

static void balance_apply_change(struct balance_core *core, struct cairn_change *change)
{
    if (change->kind == CAIRN_CHANGE_INSERT)
        balance_insert(core, change);
    else
        cairn_ready_cache_evict(core->endpoints, change->key);
    cairn_change_drop(change);
}

/* Takes in what discovery has to say now. */
static void balance_discover(struct balance_core *core, const struct cairn_context *cx)
{
    while (!core->failure && !cairn_stream_is_empty(&core->changes)) {
        union cairn_outcome out;
        enum cairn_poll p = cairn_stream_poll_next(&core->changes, cx, &out);
        if (p == CAIRN_PENDING)
            return;
        if (p == CAIRN_FAILED)
            core->failure = cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "discover", out.error,
                "the endpoints are not known any more");
        else if (out.value)
            balance_apply_change(core, out.value);
    }
}

/* What was chosen may have been removed, or lost its readiness, since. */
static bool balance_keeps_choice(struct balance *self, const struct cairn_context *cx)
{
    struct cairn_ready_entry *chosen = self->chosen;
    self->chosen = NULL;
    if (!chosen)
        return false;
    if (chosen->is_evicted)
        cairn_ready_cache_release(self->core->endpoints, chosen);
    else if (cairn_ready_cache_check(self->core->endpoints, chosen, cx) == CAIRN_READY)
        self->chosen = chosen;
    return self->chosen;
}

static bool balance_choose(struct balance *self, const struct cairn_context *cx)
{
    struct balance_core *core = self->core;
    while (!balance_keeps_choice(self, cx)) {
        size_t count;
        struct cairn_ready_entry *const *ready = cairn_ready_cache_ready(core->endpoints, &count);
        if (count == 0)
            return false;
        size_t index = core->pick->pick(&core->picker, ready, count);
        CAIRN_ASSERT(index < count, core->pick->name, "picked what is not there");
        self->chosen = ready[index];
        cairn_ready_cache_take(core->endpoints, self->chosen);
    }
    return true;
}

static enum cairn_poll balance_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    struct balance *self = (struct balance *)base;
    struct balance_core *core = self->core;
    if (!self->is_interested) {
        self->is_interested = true;
        core->interested++;
    }
    balance_discover(core, cx);
    if (core->failure) {
        balance_release(base);
        *error = cairn_error_ref(core->failure);
        return CAIRN_FAILED;
    }
    cairn_ready_cache_poll_pending(core->endpoints, cx);
    if (!balance_choose(self, cx)) {
        balance_wait(self, cx);
        return CAIRN_PENDING;
    }
    balance_leave(self);
    balance_wake_next(core);
    return CAIRN_READY;
}

static struct cairn_future balance_call(struct cairn_service *base, void *req)
{
    struct balance *self = (struct balance *)base;
    struct balance_core *core = self->core;
    struct cairn_ready_entry *chosen = self->chosen;
    CAIRN_ASSERT(chosen, "balance", "called without having been ready");
    self->chosen = NULL;
    self->is_interested = false;
    core->interested--;
    core->picks++;
    struct cairn_future future = cairn_ready_cache_call(core->endpoints, chosen, req);
    balance_wake_next(core);
    return future;
}

static void balance_cloned(struct cairn_service *base)
{
    struct balance *self = (struct balance *)base;
    self->core->references++;
    self->chosen = NULL;
    self->is_interested = false;
    self->next = NULL;
    self->link = NULL;
    self->waker = (struct cairn_waker){0};
}

static void balance_drop(struct cairn_service *base)
{
    balance_core_unref(((struct balance *)base)->core);
}

static void balance_describe_endpoint(void *cx, const struct cairn_ready_entry *endpoint)
{
    struct cairn_describe *d = cx;
    double load = cairn_load_of(endpoint->service);
    if (d->ops->begin)
        d->ops->begin(d->cx, "endpoint");
    cairn_describe_text(d, "key", endpoint->key);
    cairn_describe_parameter(d, "weight", endpoint->weight, NULL);
    cairn_describe_gauge(d, "ready", endpoint->is_ready);
    if (load >= 0 && load < 0x1p64)
        cairn_describe_gauge(d, "load", (uint64_t)load);
    cairn_describe_counter(d, "picks", endpoint->picks);
    cairn_describe_service(d, endpoint->service);
    if (d->ops->end)
        d->ops->end(d->cx);
}

static void balance_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct balance_core *core = ((const struct balance *)base)->core;
    char text[256];
    cairn_describe_text(d, "pick", core->pick->name);
    if (core->last_ejected)
        cairn_describe_text(
            d, "last_ejected", cairn_error_format(core->last_ejected, text, sizeof(text)));
    size_t endpoints = cairn_ready_cache_len(core->endpoints);
    cairn_describe_gauge(d, "endpoints", endpoints);
    cairn_describe_gauge(d, "ready", endpoints - cairn_ready_cache_pending_len(core->endpoints));
    cairn_describe_counter(d, "picks", core->picks);
    cairn_describe_counter(d, "ejected", core->ejected);
    cairn_ready_cache_each(core->endpoints, balance_describe_endpoint, d);
}

static const struct cairn_service_ops balance_ops = {
    .name = "balance",
    .size = sizeof(struct balance),
    .poll_ready = balance_poll_ready,
    .call = balance_call,
    .release = balance_release,
    .cloned = balance_cloned,
    .drop = balance_drop,
    .describe = balance_describe,
    .may_lose_ready = true,
};

static struct balance_core *balance_core_new(const struct cairn_balance_options *opts)
{
    struct balance_core *core = cairn_alloc_zero(sizeof(*core));
    if (!core)
        return NULL;
    core->endpoints = cairn_ready_cache_new(balance_eject, core);
    if (!core->endpoints) {
        cairn_free(core);
        return NULL;
    }
    core->references = 1;
    core->request_type = opts->request_type;
    core->response_type = opts->response_type;
    core->pick = opts->pick ? opts->pick : &cairn_balance_p2c;
    core->picker.cx = opts->pick_cx;
    cairn_random_init(&core->picker.random, opts->seed);
    core->waiting_end = &core->waiting;
    return core;
}

static struct balance *balance_new(const struct cairn_balance_options *opts)
{
    struct balance_core *core = balance_core_new(opts);
    struct balance *self = core ? cairn_service_new(&balance_ops, NULL) : NULL;
    if (!self) {
        if (core)
            balance_core_unref(core);
        return NULL;
    }
    self->core = core;
    self->base.request_type = core->request_type;
    self->base.response_type = core->response_type;
    return self;
}

struct cairn_service *cairn_balance_new(
    struct cairn_stream changes, const struct cairn_balance_options *options)
{
    struct cairn_balance_options opts = {0};
    memcpy(&opts, options, options->size < sizeof(opts) ? options->size : sizeof(opts));
    if (!opts.request_type || !opts.response_type) {
        cairn_stream_drop(&changes);
        return cairn_service_broken(cairn_error_new(
            CAIRN_ERROR_INVALID, "balance", NULL, "request_type and response_type must be set"));
    }
    struct balance *self = balance_new(&opts);
    if (!self) {
        cairn_stream_drop(&changes);
        return cairn_service_broken(&cairn_error_no_memory);
    }
    self->core->changes = changes;
    return &self->base;
}

size_t cairn_balance_len(const struct cairn_service *service)
{
    while (service && service->ops != &balance_ops)
        service = service->inner;
    CAIRN_ASSERT(service, "cairn_balance_len", "there is no balancer in the stack");
    return cairn_ready_cache_len(((const struct balance *)service)->core->endpoints);
}
