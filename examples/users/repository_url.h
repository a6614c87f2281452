/* repository_url.h - the repository that a URL names. */
#ifndef USERS_REPOSITORY_URL_H
#define USERS_REPOSITORY_URL_H

#include <stddef.h>

#include "user_repository.h"

/*
 * memory: a memory_repository. sqlite::memory: a database in memory. sqlite:FILE one in a file,
 * which is made if need be; THREADS of it read (0: the default).
 *
 * Returns the repository, owned by the caller, or NULL with *ERROR set: CAIRN_ERROR_INVALID for any
 * other URL, and what sqlite_repository_new gives.
 */
struct user_repository *repository_url_open(
    const char *url, size_t threads, struct cairn_error **error);

#endif
