/* lend.h - a service by reference: for code that takes a service, where the owner wants it back. */
#ifndef CAIRN_SERVICE_LEND_H
#define CAIRN_SERVICE_LEND_H

#include <cairn/service/service.h>

CAIRN_BEGIN_DECLS

/*
 * A service that passes everything on to SERVICE. Borrows SERVICE until it is dropped; dropping it
 * gives a reservation back, and SERVICE is then the owner's as it was before. Meanwhile the owner
 * leaves SERVICE alone: the two would share one reservation.
 *
 * Readiness, errors and types are SERVICE's. It cannot be cloned; layers that need clones take
 * cairn_service_clone(SERVICE). The futures of calls do not borrow anything. Never NULL: without
 * memory, and where SERVICE is broken, it is broken.
 */
CAIRN_API struct cairn_service *cairn_lend(struct cairn_service *service);

CAIRN_END_DECLS

#endif
