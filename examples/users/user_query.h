/* user_query.h - one operation of a user repository, as a value that can be passed on. */
#ifndef USERS_USER_QUERY_H
#define USERS_USER_QUERY_H

#include <stdbool.h>

#include "user_repository.h"

enum user_operation { USER_FIND, USER_LIST, USER_SAVE, USER_DELETE };

struct user_query {
    enum user_operation operation;
    int64_t id;        /* of find and delete; of list: after which */
    size_t limit;      /* of list */
    struct user *user; /* of save, owned */
};

/* Clonable; named "user.query". Each value is a block of its own. */
extern const struct cairn_type user_query_type;

/* A copy of QUERY in a block of its own, owned by the caller. Takes QUERY's user, also on failure.
 * NULL without memory. */
struct user_query *user_query_new(struct user_query query);

/* Lets go of what QUERY holds, not of QUERY. */
void user_query_fini(struct user_query *query);

/* Whether the operation changes nothing, so that it does no harm to carry it out twice. */
bool user_query_is_read(const struct user_query *query);
/* "find_by_id", "list", "save", "delete_by_id". */
const char *user_query_name(const struct user_query *query);

/* Has REPOSITORY carry QUERY out. Borrows QUERY for the call. */
struct cairn_future user_query_run(
    const struct user_query *query, struct user_repository *repository);

#endif
