/* sqlite_connection.h - one connection to a database of users, with its statements. */
#ifndef USERS_SQLITE_CONNECTION_H
#define USERS_SQLITE_CONNECTION_H

#include <sqlite3.h>

#include "user_query.h"

#define STATEMENTS 5

/* Zero is a closed one. For one thread at a time; every call blocks. */
struct sqlite_connection {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
};

/*
 * Opens FILE (":memory:": a database of this connection's own, which ends with it), makes what is
 * missing of the schema unless IS_READER, and prepares the statements. A reader can change nothing.
 * When another connection or process holds a lock, an operation waits BUSY_MS for it before it
 * fails.
 *
 * Returns NULL, or an error owned by the caller, CONNECTION then being closed.
 */
struct cairn_error *sqlite_connection_open(
    struct sqlite_connection *connection, const char *file, unsigned busy_ms, bool is_reader);
/* Closed already: nothing. */
void sqlite_connection_close(struct sqlite_connection *connection);

/* Carries QUERY out, as user_repository.h says. Returns NULL with *OUT set, owned by the caller, or
 * an error owned by the caller. */
struct cairn_error *sqlite_connection_run(
    struct sqlite_connection *connection, const struct user_query *query, struct user **out);

#endif
