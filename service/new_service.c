#include <cairn/service/new_service.h>

const void *cairn_target_param(const struct cairn_target *target, const struct cairn_param *param)
{
    return target->stack->param ? target->stack->param(target, param) : NULL;
}

struct cairn_service *cairn_new_service_make(
    const struct cairn_new_service *self, const void *target)
{
    const struct cairn_target view = {self, target};
    struct cairn_service *service = self->leaf(&view);
    if (!service)
        return cairn_service_broken(&cairn_error_no_memory);
    for (size_t i = self->layer_count; i > 0; i--) {
        struct cairn_layer layer = self->layers[i - 1].of(&view);
        service = cairn_layer_apply(&layer, service);
    }
    return service;
}

static struct cairn_service *new_service_of(void *definition, void *target)
{
    const struct cairn_new_service *self = definition;
    struct cairn_service *service = cairn_new_service_make(self, target);
    cairn_type_drop(self->target_type, target);
    return service;
}

struct cairn_service *cairn_new_service_maker(const struct cairn_new_service *self)
{
    return cairn_make_service(self->name, self->target_type, new_service_of, (void *)(size_t)self);
}
