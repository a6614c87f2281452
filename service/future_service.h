/* future_service.h - a service that a future produces. Tower's FutureService. */
#ifndef CAIRN_SERVICE_FUTURE_SERVICE_H
#define CAIRN_SERVICE_FUTURE_SERVICE_H

#include <cairn/service/service.h>

CAIRN_BEGIN_DECLS

/*
 * Stands for a service that is not there yet: a connection that is being opened, a stack that waits
 * for its settings. Readiness drives FUTURE, whose value is a struct cairn_service *, and then that
 * service, to which everything passes from there on at no cost. A future that is complete already
 * is not waited for. Takes FUTURE.
 *
 * Its readiness fails, and it is dead, when FUTURE fails (with that error), gives NULL (out of
 * memory), or gives a service that is broken or is not from REQUEST to RESPONSE
 * (CAIRN_ERROR_TYPE). Releasing it does not give FUTURE up, dropping it does.
 *
 * It can be cloned once it has its service, if that can be: what needs clones of it before, as
 * retry does, refuses it. Printed, it says `state=future` or `state=service`. Never NULL: without
 * memory it is broken.
 */
CAIRN_API struct cairn_service *cairn_future_service(struct cairn_future future,
    const struct cairn_type *request, const struct cairn_type *response);

CAIRN_END_DECLS

#endif
