/* sqlite_repository.h - users in an SQLite database, whose calls block, on threads of their own. */
#ifndef USERS_SQLITE_REPOSITORY_H
#define USERS_SQLITE_REPOSITORY_H

#include "user_repository.h"

/*
 * One repository for all threads. A thread that writes and `readers` threads that read, each with a
 * connection: SQLite lets one connection write at a time, and so writes take turns here in order,
 * instead of failing or sleeping over each other's locks. In memory there is one thread with one
 * connection, for such a database is seen by no other.
 *
 * CAIRN_ERROR_UNAVAILABLE: another process kept the database locked for `busy_ms`.
 */
struct sqlite_repository_options {
    const char *file;  /* NULL or ":memory:": a database in memory */
    size_t readers;    /* 1 to 64; 0: 2 */
    unsigned busy_ms;  /* 1 to 60000; 0: 100 */
    size_t max_queued; /* operations that wait for a thread, of reads and of writes; 0: 1024 */
};

/* OPTIONS may be NULL. Creates the file and the schema if need be. Returns the repository, owned by
 * the caller, or NULL with *ERROR set: CAIRN_ERROR_INVALID, CAIRN_ERROR_SYSTEM (the file cannot be
 * opened, or is no database), CAIRN_ERROR_UNAVAILABLE, CAIRN_ERROR_MEMORY. */
struct user_repository *sqlite_repository_new(
    const struct sqlite_repository_options *options, struct cairn_error **error);

#endif
