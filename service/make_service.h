/* make_service.h - a service whose response is a service: one for each target. Tower's MakeService.
 */
#ifndef CAIRN_SERVICE_MAKE_SERVICE_H
#define CAIRN_SERVICE_MAKE_SERVICE_H

#include <cairn/service/service.h>

CAIRN_BEGIN_DECLS

/*
 * The response type of a make service: the values are struct cairn_service *, owned by who polled.
 * Its request is the target: an address, a name, the key of a shard. Any service that gives this
 * type is a make service, and all layers go around it: a timeout bounds the making, a concurrency
 * limit the makings at a time.
 */
CAIRN_API extern const struct cairn_type cairn_service_type;

/*
 * A make service of a function: F takes the target and returns its service. A broken one fails the
 * call with the reason, NULL fails it for want of memory. Always ready, may be cloned; CX is the
 * function's own pointer, borrowed until the last copy is dropped. Where the making has to wait,
 * use cairn_service_async_fn with cairn_service_type as its response. Never NULL: without memory it
 * is broken.
 */
CAIRN_API struct cairn_service *cairn_make_service(const char *name,
    const struct cairn_type *target, struct cairn_service *(*f)(void *cx, void *target), void *cx);

/*
 * A make service as the plain service that it is: MAKE itself, once it is checked to be one. Takes
 * MAKE; a service with another response is refused (CAIRN_ERROR_TYPE). Never NULL.
 */
CAIRN_API struct cairn_service *cairn_make_into_service(struct cairn_service *make);
/* The same by reference, as cairn_lend: borrows MAKE until the service is dropped. */
CAIRN_API struct cairn_service *cairn_make_as_service(struct cairn_service *make);

CAIRN_END_DECLS

#endif
