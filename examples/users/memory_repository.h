/* memory_repository.h - users in memory: for tests, and to try the service without a database. */
#ifndef USERS_MEMORY_REPOSITORY_H
#define USERS_MEMORY_REPOSITORY_H

#include "user_repository.h"

/*
 * One repository for all threads: a mutex, held for the time of one look-up, stands around it.
 * Finding is a binary search; a save looks at every email, which is what an index would be for. Its
 * futures are complete at once. Returns NULL without memory; owned by the caller.
 */
struct user_repository *memory_repository_new(void);

#endif
