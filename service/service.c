#include <cairn/service/service.h>

#include <string.h>

#include <cairn/service/alloc.h>

void *cairn_service_new(const struct cairn_service_ops *ops, struct cairn_service *inner)
{
    struct cairn_service *self = cairn_alloc_zero(ops->size);
    if (!self)
        return NULL;
    self->ops = ops;
    self->inner = inner;
    if (inner) {
        self->request_type = inner->request_type;
        self->response_type = inner->response_type;
    }
    return self;
}

void cairn_service_release(struct cairn_service *service)
{
    for (; service; service = service->inner) {
        if (service->ops->release)
            service->ops->release(service);
    }
}

void cairn_service_drop(struct cairn_service *service)
{
    cairn_service_release(service);
    while (service) {
        struct cairn_service *inner = service->inner;
        if (service->ops->drop)
            service->ops->drop(service);
        if (service->ops->size)
            cairn_free(service);
        service = inner;
    }
}

bool cairn_service_is_cloneable(const struct cairn_service *service)
{
    for (; service; service = service->inner) {
        if (service->ops->not_cloneable)
            return false;
    }
    return true;
}

/* From the outside in for the memory, from the inside out for `cloned`: a layer is told of its copy
 * only when nothing can fail any more. */
static struct cairn_service *service_copy(const struct cairn_service *service)
{
    struct cairn_service *copy = cairn_alloc(service->ops->size);
    if (!copy)
        return NULL;
    memcpy(copy, service, service->ops->size);
    if (service->inner && !(copy->inner = service_copy(service->inner))) {
        cairn_free(copy);
        return NULL;
    }
    return copy;
}

static void service_tell_cloned(struct cairn_service *copy)
{
    if (copy->inner)
        service_tell_cloned(copy->inner);
    if (copy->ops->cloned)
        copy->ops->cloned(copy);
}

struct cairn_service *cairn_service_clone(const struct cairn_service *service)
{
    struct cairn_service *copy = cairn_service_is_cloneable(service) ? service_copy(service) : NULL;
    if (copy)
        service_tell_cloned(copy);
    return copy;
}

struct cairn_service *cairn_service_take(struct cairn_service **slot)
{
    struct cairn_service *fresh = cairn_service_clone(*slot);
    if (!fresh)
        return NULL;
    struct cairn_service *taken = *slot;
    *slot = fresh;
    return taken;
}
