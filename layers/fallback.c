#include <cairn/layers/fallback.h>

#include <inttypes.h>
#include <string.h>

#include <cairn/layers/unready.h>
#include <cairn/service/alloc.h>

#define FALLBACK_DEFAULT_MS 3000
#define FALLBACK_MAX_MS 3600000

/* What copies and futures share; a future may outlive every copy. */
struct fallback_shared {
    unsigned references;
    struct cairn__unready unready;
    bool is_away; /* the time is over, and the first service has not been ready since */
    struct cairn_service *prototype; /* never polled: what copies and futures clone */
    bool (*on_error)(void *cx, const struct cairn_error *error);
    void *cx;
    uint64_t switches;
    uint64_t diverted;
    uint64_t rescued;
};

struct fallback {
    struct cairn_service base;
    struct fallback_shared *shared;
    struct cairn_service *second; /* NULL until it is needed */
    struct cairn__unready_wait wait;
    bool is_second_ready; /* the call goes there */
    bool is_first_dead;
    bool is_second_dead;
};

/* Of a call that may be sent again. `second` is NULL while the first service works on it. */
struct fallback_future {
    struct cairn_future inner;
    struct fallback_shared *shared;
    void *request; /* for the second service; NULL once that has it */
    struct cairn_service *second;
};

static void fallback_shared_unref(struct fallback_shared *shared)
{
    if (--shared->references != 0)
        return;
    cairn_service_drop(shared->prototype);
    cairn_free(shared);
}

static bool fallback_chooses(const struct fallback_shared *shared, const struct cairn_error *error)
{
    return shared->on_error && shared->on_error(shared->cx, error);
}

/* The future of a call. */

static enum cairn_poll fallback_poll_first(
    struct fallback_future *self, const struct cairn_context *cx, union cairn_outcome *out)
{
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p != CAIRN_FAILED || !fallback_chooses(self->shared, out->error))
        return p;
    self->second = cairn_service_clone(self->shared->prototype);
    if (self->second)
        cairn_error_unref(out->error);
    return p;
}

static enum cairn_poll fallback_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct fallback_future *self = state;
    if (!self->second) {
        enum cairn_poll p = fallback_poll_first(self, cx, out);
        if (!self->second)
            return p;
    }
    if (self->request) {
        enum cairn_poll p = cairn_service_poll_ready(self->second, cx, &out->error);
        if (p)
            return p;
        void *req = self->request;
        self->request = NULL;
        self->shared->rescued++;
        self->inner = cairn_service_call(self->second, req);
    }
    return cairn_future_poll(&self->inner, cx, out);
}

static void fallback_future_drop(void *state)
{
    struct fallback_future *self = state;
    cairn_future_drop(&self->inner);
    cairn_service_drop(self->second);
    cairn_type_drop(self->shared->prototype->request_type, self->request);
    fallback_shared_unref(self->shared);
}

static const struct cairn_future_ops fallback_future_ops = {
    .name = "fallback",
    .size = sizeof(struct fallback_future),
    .poll = fallback_future_poll,
    .drop = fallback_future_drop,
    .wraps = true,
};

/* Readiness. */

static enum cairn_poll fallback_first_is_ready(
    struct fallback *self, const struct cairn_context *cx)
{
    cairn__unready_pass(&self->shared->unready, &self->wait, cx);
    self->shared->is_away = false;
    cairn_service_release(self->second); /* the place it may have in a queue */
    return CAIRN_READY;
}

static enum cairn_poll fallback_first_has_failed(struct fallback *self, struct cairn_error *error)
{
    cairn__unready_leave(&self->shared->unready, &self->wait);
    if (!fallback_chooses(self->shared, error))
        return CAIRN_FAILED;
    cairn_error_unref(error);
    self->is_first_dead = true;
    return CAIRN_PENDING;
}

static bool fallback_is_time_over(struct fallback *self, const struct cairn_context *cx)
{
    struct fallback_shared *shared = self->shared;
    if (self->is_first_dead || shared->is_away)
        return true;
    if (cairn__unready_poll(&shared->unready, &self->wait, cx) == CAIRN_PENDING)
        return false;
    shared->is_away = true;
    shared->switches++;
    return true;
}

/* There is no second service to be had now: another time of waiting for the first. */
static enum cairn_poll fallback_without_memory(
    struct fallback *self, const struct cairn_context *cx, struct cairn_error **error)
{
    struct cairn__unready *unready = &self->shared->unready;
    *error = &cairn_error_no_memory;
    if (self->is_first_dead)
        return CAIRN_FAILED;
    self->shared->is_away = false;
    cairn__unready_restart(unready, cx->runtime);
    return cairn__unready_poll(unready, &self->wait, cx);
}

static enum cairn_poll fallback_poll_second(
    struct fallback *self, const struct cairn_context *cx, struct cairn_error **error)
{
    if (self->is_second_dead)
        return CAIRN_PENDING;
    if (!self->second && !(self->second = cairn_service_clone(self->shared->prototype)))
        return fallback_without_memory(self, cx, error);
    cairn__unready_leave(&self->shared->unready, &self->wait);
    enum cairn_poll p = cairn_service_poll_ready(self->second, cx, error);
    self->is_second_ready = p == CAIRN_READY;
    if (p == CAIRN_READY)
        cairn_service_release(self->base.inner);
    if (p != CAIRN_FAILED || self->is_first_dead)
        return p;
    cairn_error_unref(*error);
    self->is_second_dead = true;
    return CAIRN_PENDING;
}

static enum cairn_poll fallback_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    struct fallback *self = (struct fallback *)base;
    if (self->is_second_ready)
        return CAIRN_READY;
    if (!self->is_first_dead) {
        enum cairn_poll p = cairn_service_poll_ready(base->inner, cx, error);
        if (p == CAIRN_READY)
            return fallback_first_is_ready(self, cx);
        if (p == CAIRN_FAILED && fallback_first_has_failed(self, *error) == CAIRN_FAILED)
            return CAIRN_FAILED;
    }
    if (!fallback_is_time_over(self, cx))
        return CAIRN_PENDING;
    return fallback_poll_second(self, cx, error);
}

static struct cairn_future fallback_call(struct cairn_service *base, void *req)
{
    struct fallback *self = (struct fallback *)base;
    struct fallback_shared *shared = self->shared;
    if (self->is_second_ready) {
        self->is_second_ready = false;
        shared->diverted++;
        return cairn_service_call(self->second, req);
    }
    void *copy = shared->on_error ? base->request_type->clone(req) : NULL;
    struct cairn_future inner = cairn_service_call(base->inner, req);
    if (!copy)
        return inner;
    shared->references++;
    return cairn_future_wrap(&fallback_future_ops,
        &(struct fallback_future){.inner = inner, .shared = shared, .request = copy});
}

static void fallback_release(struct cairn_service *base)
{
    struct fallback *self = (struct fallback *)base;
    cairn__unready_leave(&self->shared->unready, &self->wait);
    cairn_service_release(self->second);
    self->is_second_ready = false;
}

static void fallback_cloned(struct cairn_service *base)
{
    struct fallback *self = (struct fallback *)base;
    self->shared->references++;
    self->second = NULL;
    self->wait = (struct cairn__unready_wait){0};
    self->is_second_ready = false;
    self->is_first_dead = false;
    self->is_second_dead = false;
}

static void fallback_drop(struct cairn_service *base)
{
    struct fallback *self = (struct fallback *)base;
    cairn_service_drop(self->second);
    fallback_shared_unref(self->shared);
}

static void fallback_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct fallback_shared *shared = ((const struct fallback *)base)->shared;
    cairn_describe_parameter(d, "after", shared->unready.after_ms, "ms");
    cairn_describe_gauge(d, "away", shared->is_away);
    cairn_describe_counter(d, "switches", shared->switches);
    cairn_describe_counter(d, "diverted", shared->diverted);
    cairn_describe_counter(d, "rescued", shared->rescued);
    cairn_describe_service(d, shared->prototype);
}

static const struct cairn_service_ops fallback_ops = {
    .name = "fallback",
    .size = sizeof(struct fallback),
    .poll_ready = fallback_poll_ready,
    .call = fallback_call,
    .release = fallback_release,
    .cloned = fallback_cloned,
    .drop = fallback_drop,
    .describe = fallback_describe,
};

static const char *fallback_type_name(const struct cairn_type *type)
{
    return type ? type->name : "anything";
}

/* NULL, or what stands in the place of the layer: INNER was dropped. */
static struct cairn_service *fallback_refuse(const struct cairn_layer *layer,
    struct cairn_service *inner, const struct cairn_fallback_options *opts)
{
    const struct cairn_service *second = opts->service;
    if (!second)
        return cairn_layer_invalid(layer, inner, "service must be set");
    if (opts->after_ms > FALLBACK_MAX_MS)
        return cairn_layer_invalid(layer, inner, "after_ms must be 1 to %d, got %" PRIu64,
            FALLBACK_MAX_MS, opts->after_ms);
    const struct cairn_error *broken = cairn_service_error(second);
    if (broken)
        return cairn_layer_refuse(
            layer, inner, broken->code, "%s: %s", broken->layer, broken->message);
    if (!cairn_service_is_cloneable(second))
        return cairn_layer_refuse(
            layer, inner, CAIRN_ERROR_TYPE, "needs a second service that can be cloned");
    if (second->request_type != inner->request_type ||
        second->response_type != inner->response_type)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_TYPE,
            "needs a second service from %s to %s, got one from %s to %s",
            fallback_type_name(inner->request_type), fallback_type_name(inner->response_type),
            fallback_type_name(second->request_type), fallback_type_name(second->response_type));
    if (opts->on_error && !(inner->request_type && inner->request_type->clone))
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_TYPE,
            "needs a request that can be cloned for on_error; %s cannot",
            inner->request_type ? inner->request_type->name : "a request without a type");
    return NULL;
}

static struct fallback_shared *fallback_shared_new(const struct cairn_fallback_options *opts)
{
    struct fallback_shared *shared = cairn_alloc_zero(sizeof(*shared));
    if (!shared)
        return NULL;
    shared->references = 1;
    shared->unready.after_ms = opts->after_ms ? opts->after_ms : FALLBACK_DEFAULT_MS;
    shared->on_error = opts->on_error;
    shared->cx = opts->cx;
    shared->prototype = cairn_service_clone(opts->service);
    if (shared->prototype)
        return shared;
    cairn_free(shared);
    return NULL;
}

static struct cairn_service *fallback_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_fallback_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    struct cairn_service *broken = fallback_refuse(layer, inner, &opts);
    if (broken)
        return broken;
    struct fallback_shared *shared = fallback_shared_new(&opts);
    struct fallback *self = shared ? cairn_service_new(&fallback_ops, inner) : NULL;
    if (self) {
        self->shared = shared;
        return &self->base;
    }
    if (shared)
        fallback_shared_unref(shared);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

struct cairn_layer cairn_fallback_layer(const struct cairn_fallback_options *options)
{
    static const struct cairn_fallback_options defaults = {.size = sizeof(defaults)};
    const struct cairn_fallback_options *opts = options ? options : &defaults;
    return cairn_layer_of("fallback", fallback_apply, opts, opts->size);
}
