#include "sqlite_connection.h"

#include <string.h>
#include <time.h>

enum { STATEMENT_FIND, STATEMENT_LIST, STATEMENT_ADD, STATEMENT_CHANGE, STATEMENT_REMOVE };

#define STATEMENT_COLUMNS "id, created_at, name, email"

/* Each gives the rows that it reads or has touched, so that one function runs them all. */
static const char *const sqlite_texts[STATEMENTS] = {
    [STATEMENT_FIND] = ("SELECT " STATEMENT_COLUMNS " FROM users WHERE id = ?1"),
    [STATEMENT_LIST] =
        ("SELECT " STATEMENT_COLUMNS " FROM users WHERE id > ?1 ORDER BY id LIMIT ?2"),
    [STATEMENT_ADD] = ("INSERT INTO users (created_at, name, email) VALUES (?1, ?3, ?4)"
                       " RETURNING " STATEMENT_COLUMNS),
    [STATEMENT_CHANGE] = ("UPDATE users SET name = ?3, email = ?4 WHERE id = ?1"
                          " RETURNING " STATEMENT_COLUMNS),
    [STATEMENT_REMOVE] = ("DELETE FROM users WHERE id = ?1 RETURNING " STATEMENT_COLUMNS),
};

/* With a write-ahead log readers and the writer do not wait for each other. */
static const char sqlite_schema[] = "PRAGMA journal_mode = WAL;"
                                    "PRAGMA synchronous = NORMAL;"
                                    "CREATE TABLE IF NOT EXISTS users ("
                                    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
                                    " created_at INTEGER NOT NULL,"
                                    " name TEXT NOT NULL,"
                                    " email TEXT NOT NULL COLLATE NOCASE UNIQUE"
                                    ") STRICT;";
static const char sqlite_reader[] = "PRAGMA query_only = ON;";

static struct cairn_error *sqlite_error(sqlite3 *db, int rc)
{
    switch (rc & 0xff) {
    case SQLITE_CONSTRAINT:
        return &user_error_conflict; /* the email: nothing else here can clash */
    case SQLITE_NOMEM:
        return &cairn_error_no_memory;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "sqlite", NULL, "%s", sqlite3_errmsg(db));
    default:
        return cairn_error_new(CAIRN_ERROR_SYSTEM, "sqlite", NULL, "%s", sqlite3_errmsg(db));
    }
}

static int sqlite_prepare(struct sqlite_connection *connection)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; i < STATEMENTS && rc == SQLITE_OK; i++)
        rc = sqlite3_prepare_v3(connection->db, sqlite_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
            &connection->statements[i], NULL);
    return rc;
}

struct cairn_error *sqlite_connection_open(
    struct sqlite_connection *connection, const char *file, unsigned busy_ms, bool is_reader)
{
    /* No mutex inside: a connection is used by one thread at a time. */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    *connection = (struct sqlite_connection){0};
    int rc = sqlite3_open_v2(file, &connection->db, flags, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(connection->db, (int)busy_ms);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(
            connection->db, is_reader ? sqlite_reader : sqlite_schema, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite_prepare(connection);
    if (rc == SQLITE_OK)
        return NULL;
    struct cairn_error *error = sqlite_error(connection->db, rc);
    sqlite_connection_close(connection);
    return error;
}

void sqlite_connection_close(struct sqlite_connection *connection)
{
    for (size_t i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(connection->statements[i]);
    sqlite3_close(connection->db);
    *connection = (struct sqlite_connection){0};
}

static struct cairn_str sqlite_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return cairn_str_of(text, (size_t)sqlite3_column_bytes(statement, column));
}

static struct user *sqlite_user(sqlite3_stmt *statement)
{
    return user_new(sqlite3_column_int64(statement, 0), sqlite_text(statement, 2),
        sqlite_text(statement, 3), sqlite3_column_int64(statement, 1));
}

/* Runs STATEMENT to its end and makes it ready for the next use. */
static int sqlite_rows(sqlite3_stmt *statement, struct user **out)
{
    struct user **end = out;
    int rc;
    *out = NULL;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        *end = sqlite_user(statement);
        if (!*end) {
            rc = SQLITE_NOMEM;
            break;
        }
        end = &(*end)->next;
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return rc;
}

static int sqlite_statement_of(const struct user_query *query)
{
    switch (query->operation) {
    case USER_FIND:
        return STATEMENT_FIND;
    case USER_LIST:
        return STATEMENT_LIST;
    case USER_SAVE:
        return query->user->id == 0 ? STATEMENT_ADD : STATEMENT_CHANGE;
    default:
        return STATEMENT_REMOVE;
    }
}

static void sqlite_bind(sqlite3_stmt *statement, const struct user_query *query)
{
    const struct user *user = query->user;
    sqlite3_bind_int64(statement, 1, query->id);
    if (query->operation == USER_LIST)
        sqlite3_bind_int64(statement, 2, (sqlite3_int64)query->limit);
    if (query->operation != USER_SAVE)
        return;
    sqlite3_bind_int64(statement, 1, user->id == 0 ? (sqlite3_int64)time(NULL) : user->id);
    sqlite3_bind_text(statement, 3, user->name.data, (int)user->name.length, SQLITE_STATIC);
    sqlite3_bind_text(statement, 4, user->email.data, (int)user->email.length, SQLITE_STATIC);
}

struct cairn_error *sqlite_connection_run(
    struct sqlite_connection *connection, const struct user_query *query, struct user **out)
{
    sqlite3_stmt *statement = connection->statements[sqlite_statement_of(query)];
    sqlite_bind(statement, query);
    int rc = sqlite_rows(statement, out);
    if (rc != SQLITE_DONE) {
        user_drop(*out);
        return sqlite_error(connection->db, rc);
    }
    if (!*out && query->operation != USER_LIST)
        return &user_error_not_found;
    if (query->operation == USER_DELETE) {
        user_drop(*out);
        *out = NULL;
    }
    return NULL;
}
