/* shared.h - a make service that hands out copies of one service. Tower's Shared. */
#ifndef CAIRN_SERVICE_SHARED_H
#define CAIRN_SERVICE_SHARED_H

#include <cairn/service/make_service.h>

CAIRN_BEGIN_DECLS

/*
 * Answers each call with a copy of SERVICE, whatever the target, which is of type TARGET and
 * dropped. The copies share what limits, as copies do, and nothing else. Takes SERVICE, which is
 * itself never polled.
 *
 * Always ready, even where SERVICE is not: each copy waits for itself. A call fails only for want
 * of memory. May be cloned. Refused (CAIRN_ERROR_TYPE): a SERVICE that cannot be cloned. Never
 * NULL.
 */
CAIRN_API struct cairn_service *cairn_shared(
    const struct cairn_type *target, struct cairn_service *service);

CAIRN_END_DECLS

#endif
