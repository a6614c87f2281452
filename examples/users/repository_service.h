/* repository_service.h - a user repository as a service, so that layers can stand around it. */
#ifndef USERS_REPOSITORY_SERVICE_H
#define USERS_REPOSITORY_SERVICE_H

#include <cairn/service/service.h>

#include "user_query.h"

/* The service itself: from user.query to user (NULL where the operation gives none), always ready,
 * clonable. Borrows REPOSITORY until the last copy is dropped. Broken without memory. */
struct cairn_service *repository_service_new(struct user_repository *repository);

struct repository_stack_options {
    unsigned attempts;   /* in all, the first included, 1 to 100; 0: 3 */
    uint64_t timeout_ms; /* of one attempt, 1 to 86400000; 0: 500 */
};

/*
 * The same with what makes a store bearable: retry, and inside of it a timeout for each attempt.
 * What failed with CAIRN_ERROR_UNAVAILABLE changed nothing, and is tried again; so is a read that
 * was not answered in time. A write that was not may have been done, and is not.
 *
 * For one runtime, as every service: each worker builds its own around the one repository. OPTIONS
 * may be NULL. Broken when an option is out of range, and without memory.
 */
struct cairn_service *repository_stack_new(
    struct user_repository *repository, const struct repository_stack_options *options);

#endif
