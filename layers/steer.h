/* steer.h - one service of several: a function picks which of them gets a request. Tower's Steer.
 */
#ifndef CAIRN_LAYERS_STEER_H
#define CAIRN_LAYERS_STEER_H

#include <stddef.h>

#include <cairn/service/service.h>

CAIRN_BEGIN_DECLS

/*
 * At each call PICK looks at the request, which it borrows, and returns the index of the service of
 * SERVICES[0..COUNT) that gets it; an index out of range is an assertion.
 *
 * Ready only when all services are, since it is not known which the next request goes to: one that
 * has no room holds up the requests for all others. Put load_shed around a service that shall not.
 * They are asked in the order of SERVICES, so that copies that need room in the same two never wait
 * for each other; those that the request does not go to are released at the call. When the
 * readiness of one fails this fails with that error.
 *
 * Copies the array, takes the services, also on failure. CX is borrowed until the last copy is
 * dropped. Errors are those of the service. May be cloned if all of them may; a copy makes its own
 * services at its first readiness, which fails for want of memory.
 *
 * Never NULL. Broken where a service is (with its reason), where types differ (CAIRN_ERROR_TYPE),
 * where COUNT is not 1 to 1024 or PICK is NULL (CAIRN_ERROR_INVALID), and without memory. Counts
 * `picked` for each service, in all copies.
 */
CAIRN_API struct cairn_service *cairn_steer(struct cairn_service *const *services, size_t count,
    size_t (*pick)(void *cx, const void *request, size_t count), void *cx);

CAIRN_END_DECLS

#endif
