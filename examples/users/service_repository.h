/* service_repository.h - a user repository on top of a service: who uses it need not know. */
#ifndef USERS_SERVICE_REPOSITORY_H
#define USERS_SERVICE_REPOSITORY_H

#include <cairn/service/service.h>

#include "user_repository.h"

/*
 * Each operation becomes a user.query for a copy of SERVICE; errors are the service's. For the
 * runtime of SERVICE alone.
 *
 * Takes SERVICE, also on failure. Returns the repository, owned by the caller, or NULL with *ERROR
 * set: the reason of a broken service, CAIRN_ERROR_MEMORY.
 */
struct user_repository *service_repository_new(
    struct cairn_service *service, struct cairn_error **error);

#endif
