/* spares.h - copies of a service that have done their part and are kept for the next call.
 * Internal.
 */
#ifndef CAIRN_SERVICE_SPARES_H
#define CAIRN_SERVICE_SPARES_H

#include <cairn/service/service.h>

CAIRN_BEGIN_DECLS

#define CAIRN__SPARES_MOST 16

/*
 * For layers whose calls keep a service of their own while they wait. A spare is as good as a fresh
 * copy: it was released, and what limits is shared by copies anyway. All zero is empty. Holds no
 * more than CAIRN__SPARES_MOST.
 */
struct cairn__spares {
    unsigned count;
    struct cairn_service *services[CAIRN__SPARES_MOST];
};

/* A copy of SERVICE, not ready, owned by the caller; NULL without memory. */
struct cairn_service *cairn__spares_copy(
    struct cairn__spares *spares, const struct cairn_service *service);
/* cairn_service_take with a spare, if there is one, in place of a fresh copy. */
struct cairn_service *cairn__spares_take(struct cairn__spares *spares, struct cairn_service **slot);
/* Takes SERVICE, which is not dead, and releases it. */
void cairn__spares_give_back(struct cairn__spares *spares, struct cairn_service *service);
/* Drops all of them. */
void cairn__spares_fini(struct cairn__spares *spares);

CAIRN_END_DECLS

#endif
