/* call.h - waiting for readiness: ready and oneshot. Tower's ServiceExt. */
#ifndef CAIRN_SERVICE_CALL_H
#define CAIRN_SERVICE_CALL_H

#include <cairn/service/service.h>

CAIRN_BEGIN_DECLS

/* READY, with SERVICE as its value, once SERVICE is ready; FAILED when it is dead. Borrows SERVICE
 * until the future is dropped. Dropping it does not release: the next poll_ready is ready sooner.
 */
CAIRN_API struct cairn_future cairn_service_ready(struct cairn_service *service);

/* Polls SERVICE until it is ready, calls it with REQUEST and gives the outcome. Takes SERVICE and
 * REQUEST; both are dropped with the future. */
CAIRN_API struct cairn_future cairn_service_oneshot(struct cairn_service *service, void *request);

CAIRN_END_DECLS

#endif
