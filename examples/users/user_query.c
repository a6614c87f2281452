#include "user_query.h"

#include <cairn/service/alloc.h>

static void *user_query_clone(const void *value)
{
    struct user_query copy = *(const struct user_query *)value;
    if (copy.user) {
        copy.user = user_copy(copy.user);
        if (!copy.user)
            return NULL;
    }
    return user_query_new(copy);
}

static void user_query_drop(void *value)
{
    user_query_fini(value);
    cairn_free(value);
}

const struct cairn_type user_query_type = {
    .name = "user.query", .clone = user_query_clone, .drop = user_query_drop};

struct user_query *user_query_new(struct user_query query)
{
    struct user_query *self = cairn_alloc(sizeof(*self));
    if (self)
        *self = query;
    else
        user_query_fini(&query);
    return self;
}

void user_query_fini(struct user_query *query)
{
    user_drop(query->user);
    query->user = NULL;
}

bool user_query_is_read(const struct user_query *query)
{
    return query->operation == USER_FIND || query->operation == USER_LIST;
}

const char *user_query_name(const struct user_query *query)
{
    static const char *const names[] = {
        [USER_FIND] = "find_by_id",
        [USER_LIST] = "list",
        [USER_SAVE] = "save",
        [USER_DELETE] = "delete_by_id",
    };
    return names[query->operation];
}

struct cairn_future user_query_run(
    const struct user_query *query, struct user_repository *repository)
{
    switch (query->operation) {
    case USER_FIND:
        return user_repository_find_by_id(repository, query->id);
    case USER_LIST:
        return user_repository_list(repository, query->id, query->limit);
    case USER_SAVE:
        return user_repository_save(repository, query->user);
    default:
        return user_repository_delete_by_id(repository, query->id);
    }
}
