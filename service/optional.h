/* optional.h - a service that may be absent. Tower's Optional. */
#ifndef CAIRN_SERVICE_OPTIONAL_H
#define CAIRN_SERVICE_OPTIONAL_H

#include <cairn/service/service.h>

CAIRN_BEGIN_DECLS

/*
 * SERVICE as it is; or, where SERVICE is NULL, one that is always ready and fails each call with
 * CAIRN_ERROR_NOT_FOUND, layer "optional", message "there is no service". Takes SERVICE. A failure
 * allocates nothing.
 *
 * It takes REQUEST and gives RESPONSE in both cases, so that a stack is checked with the service
 * absent as it is with the service there: one of other types is refused (CAIRN_ERROR_TYPE). May be
 * cloned if SERVICE may. Never NULL.
 */
CAIRN_API struct cairn_service *cairn_optional(struct cairn_service *service,
    const struct cairn_type *request, const struct cairn_type *response);

CAIRN_END_DECLS

#endif
