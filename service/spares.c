#include <cairn/service/spares.h>

struct cairn_service *cairn__spares_copy(
    struct cairn__spares *spares, const struct cairn_service *service)
{
    if (spares->count == 0)
        return cairn_service_clone(service);
    return spares->services[--spares->count];
}

struct cairn_service *cairn__spares_take(struct cairn__spares *spares, struct cairn_service **slot)
{
    struct cairn_service *copy = cairn__spares_copy(spares, *slot);
    if (!copy)
        return NULL;
    struct cairn_service *taken = *slot;
    *slot = copy;
    return taken;
}

void cairn__spares_give_back(struct cairn__spares *spares, struct cairn_service *service)
{
    cairn_service_release(service);
    if (spares->count < CAIRN__SPARES_MOST)
        spares->services[spares->count++] = service;
    else
        cairn_service_drop(service);
}

void cairn__spares_fini(struct cairn__spares *spares)
{
    while (spares->count > 0)
        cairn_service_drop(spares->services[--spares->count]);
}
