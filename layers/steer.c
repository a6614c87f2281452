#include <cairn/layers/steer.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>

#define STEER_MAX 1024

struct steer_branch {
    struct cairn_service *prototype; /* never polled: what copies clone; NULL: cannot be cloned */
    uint64_t picked;
};

/* What copies share. */
struct steer_shared {
    unsigned references;
    size_t count;
    size_t (*pick)(void *cx, const void *request, size_t count);
    void *cx;
    struct steer_branch branches[];
};

struct steer {
    struct cairn_service base;
    struct steer_shared *shared;
    struct cairn_service **services; /* NULL in a copy that was never asked */
    bool is_ready;                   /* what the last poll said; used up by a call */
};

static void steer_services_free(struct cairn_service **services, size_t count)
{
    for (size_t i = 0; services && i < count; i++)
        cairn_service_drop(services[i]);
    cairn_free(services);
}

/* A copy cannot be made in `cloned`, which must not fail. */
static struct cairn_service **steer_services_new(const struct steer_shared *shared)
{
    struct cairn_service **services = cairn_alloc(shared->count * sizeof(struct cairn_service *));
    if (!services)
        return NULL;
    for (size_t i = 0; i < shared->count; i++) {
        services[i] = cairn_service_clone(shared->branches[i].prototype);
        if (!services[i]) {
            steer_services_free(services, i);
            return NULL;
        }
    }
    return services;
}

static void steer_shared_unref(struct steer_shared *shared)
{
    if (--shared->references != 0)
        return;
    for (size_t i = 0; i < shared->count; i++)
        cairn_service_drop(shared->branches[i].prototype);
    cairn_free(shared);
}

static void steer_release(struct cairn_service *base)
{
    struct steer *self = (struct steer *)base;
    for (size_t i = 0; self->services && i < self->shared->count; i++)
        cairn_service_release(self->services[i]);
    self->is_ready = false;
}

static enum cairn_poll steer_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    struct steer *self = (struct steer *)base;
    if (CAIRN_UNLIKELY(!self->services)) {
        self->services = steer_services_new(self->shared);
        if (!self->services) {
            *error = &cairn_error_no_memory;
            return CAIRN_FAILED;
        }
    }
    for (size_t i = 0; i < self->shared->count; i++) {
        enum cairn_poll p = cairn_service_poll_ready(self->services[i], cx, error);
        /* This service is dead; what the others hold is not, and may be shared. */
        if (p == CAIRN_FAILED)
            steer_release(base);
        if (p)
            return p;
    }
    self->is_ready = true;
    return CAIRN_READY;
}

static struct cairn_future steer_call(struct cairn_service *base, void *req)
{
    struct steer *self = (struct steer *)base;
    struct steer_shared *shared = self->shared;
    CAIRN_ASSERT(self->is_ready, "steer", "called without having been ready");
    size_t index = shared->pick(shared->cx, req, shared->count);
    CAIRN_ASSERT(index < shared->count, "steer", "the function picked an index out of range");
    shared->branches[index].picked++;
    self->is_ready = false;
    for (size_t i = 0; i < shared->count; i++)
        if (i != index)
            cairn_service_release(self->services[i]);
    return cairn_service_call(self->services[index], req);
}

static void steer_cloned(struct cairn_service *base)
{
    struct steer *self = (struct steer *)base;
    self->shared->references++;
    self->services = NULL;
    self->is_ready = false;
}

static void steer_drop(struct cairn_service *base)
{
    struct steer *self = (struct steer *)base;
    steer_services_free(self->services, self->shared->count);
    steer_shared_unref(self->shared);
}

static void steer_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct steer *self = (const struct steer *)base;
    for (size_t i = 0; i < self->shared->count; i++) {
        const struct steer_branch *branch = &self->shared->branches[i];
        if (d->ops->begin)
            d->ops->begin(d->cx, "branch");
        cairn_describe_counter(d, "picked", branch->picked);
        cairn_describe_service(d, self->services ? self->services[i] : branch->prototype);
        if (d->ops->end)
            d->ops->end(d->cx);
    }
}

static const struct cairn_service_ops steer_ops = {
    .name = "steer",
    .size = sizeof(struct steer),
    .poll_ready = steer_poll_ready,
    .call = steer_call,
    .release = steer_release,
    .cloned = steer_cloned,
    .drop = steer_drop,
    .describe = steer_describe,
};

/* One of the services cannot be cloned. */
static const struct cairn_service_ops steer_fixed_ops = {
    .name = "steer",
    .size = sizeof(struct steer),
    .poll_ready = steer_poll_ready,
    .call = steer_call,
    .release = steer_release,
    .drop = steer_drop,
    .describe = steer_describe,
    .not_cloneable = true,
};

/* Why no steer can be made of them; NULL: it can. */
static struct cairn_error *steer_find_error(
    struct cairn_service *const *services, size_t count, bool has_pick)
{
    if (count < 1 || count > STEER_MAX)
        return cairn_error_new(
            CAIRN_ERROR_INVALID, "steer", NULL, "count must be 1 to %d, got %zu", STEER_MAX, count);
    if (!has_pick)
        return cairn_error_new(CAIRN_ERROR_INVALID, "steer", NULL, "pick must be set");
    for (size_t i = 0; i < count; i++) {
        const struct cairn_error *error = cairn_service_error(services[i]);
        if (error)
            return cairn_error_ref((struct cairn_error *)(size_t)error);
    }
    for (size_t i = 1; i < count; i++)
        if (services[i]->request_type != services[0]->request_type ||
            services[i]->response_type != services[0]->response_type)
            return cairn_error_new(CAIRN_ERROR_TYPE, "steer", NULL,
                "needs services of one kind, and number %zu is not of that of number 0", i);
    return NULL;
}

static bool steer_can_clone(struct cairn_service *const *services, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!cairn_service_is_cloneable(services[i]))
            return false;
    return true;
}

static bool steer_add_prototypes(struct steer_shared *shared, struct cairn_service *const *services)
{
    for (size_t i = 0; i < shared->count; i++) {
        shared->branches[i].prototype = cairn_service_clone(services[i]);
        if (!shared->branches[i].prototype)
            return false;
    }
    return true;
}

static struct steer_shared *steer_shared_new(
    struct cairn_service *const *services, size_t count, bool can_clone)
{
    struct steer_shared *shared =
        cairn_alloc_zero(sizeof(*shared) + count * sizeof(struct steer_branch));
    if (!shared)
        return NULL;
    shared->references = 1;
    shared->count = count;
    if (!can_clone || steer_add_prototypes(shared, services))
        return shared;
    steer_shared_unref(shared);
    return NULL;
}

/* NULL without memory; SERVICES are then the caller's still. */
static struct steer *steer_new(struct cairn_service *const *services, size_t count)
{
    bool can_clone = steer_can_clone(services, count);
    struct cairn_service **copy = cairn_alloc(count * sizeof(struct cairn_service *));
    struct steer_shared *shared = copy ? steer_shared_new(services, count, can_clone) : NULL;
    struct steer *self =
        shared ? cairn_service_new(can_clone ? &steer_ops : &steer_fixed_ops, NULL) : NULL;
    if (!self) {
        cairn_free(copy);
        if (shared)
            steer_shared_unref(shared);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        copy[i] = services[i];
    self->base.request_type = services[0]->request_type;
    self->base.response_type = services[0]->response_type;
    self->shared = shared;
    self->services = copy;
    return self;
}

struct cairn_service *cairn_steer(struct cairn_service *const *services, size_t count,
    size_t (*pick)(void *cx, const void *request, size_t count), void *cx)
{
    struct cairn_error *error = steer_find_error(services, count, pick != NULL);
    struct steer *self = error ? NULL : steer_new(services, count);
    if (self) {
        self->shared->pick = pick;
        self->shared->cx = cx;
        return &self->base;
    }
    for (size_t i = 0; i < count; i++)
        cairn_service_drop(services[i]);
    return cairn_service_broken(error ? error : &cairn_error_no_memory);
}
