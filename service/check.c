#include <cairn/service/stack.h>

#include <cairn/service/assert.h>
#include <cairn/service/runtime.h>

/* Stands in front of a service and holds it, and whoever calls it, to the service contract. */
struct check {
    struct cairn_service base;
    struct cairn_runtime *home; /* where it was built; NULL: outside of any */
    bool is_ready;
    bool is_dead;
};

/* The layer to blame: the first that a user has put there. */
static const char *check_subject(const struct check *self)
{
    const struct cairn_service *service = self->base.inner;
    while (service->ops->is_hidden && service->inner)
        service = service->inner;
    return service->ops->name;
}

static void check_home(const struct check *self)
{
    struct cairn_runtime *here = cairn_runtime_current();
    CAIRN_ASSERT(!self->home || !here || self->home == here, check_subject(self),
        "used on another runtime than the one that built it");
}

/* Who chooses among services may find that the chosen one is gone. */
static bool check_keeps_ready(const struct cairn_service *service)
{
    while (service && !service->ops->may_lose_ready)
        service = service->inner;
    return !service;
}

static enum cairn_poll check_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    struct check *self = (struct check *)base;
    check_home(self);
    CAIRN_ASSERT(
        !self->is_dead, check_subject(self), "polled for readiness after its readiness had failed");
    struct cairn_error *raised = NULL;
    enum cairn_poll p = cairn_service_poll_ready(base->inner, cx, &raised);
    CAIRN_ASSERT(p != CAIRN_PENDING || !self->is_ready || !check_keeps_ready(base->inner),
        check_subject(self), "was ready and went back to pending before the call");
    CAIRN_ASSERT(
        p != CAIRN_FAILED || raised, check_subject(self), "readiness failed without an error");
    if (p == CAIRN_FAILED)
        *error = raised;
    self->is_ready = p == CAIRN_READY;
    self->is_dead = p == CAIRN_FAILED;
    return p;
}

static struct cairn_future check_call(struct cairn_service *base, void *request)
{
    struct check *self = (struct check *)base;
    check_home(self);
    CAIRN_ASSERT(self->is_ready, check_subject(self), "called without a reservation");
    self->is_ready = false;
    struct cairn_future future = cairn_service_call(base->inner, request);
    CAIRN_ASSERT(
        !cairn_future_is_empty(&future), check_subject(self), "a call returned an empty future");
    return future;
}

static void check_release(struct cairn_service *base)
{
    ((struct check *)base)->is_ready = false;
}

static void check_cloned(struct cairn_service *base)
{
    struct check *self = (struct check *)base;
    check_home(self);
    self->is_ready = false;
    self->is_dead = false;
}

static const struct cairn_service_ops check_ops = {
    .name = "check",
    .size = sizeof(struct check),
    .poll_ready = check_poll_ready,
    .call = check_call,
    .release = check_release,
    .cloned = check_cloned,
    .is_hidden = true,
};

static struct cairn_service *check_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct check *self = cairn_service_new(&check_ops, inner);
    if (!self)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    self->home = cairn_runtime_current();
    return &self->base;
}

struct cairn_layer cairn_check(void)
{
    return cairn_layer_of("check", check_apply, NULL, 0);
}
