/* user_repository.h - where users are kept, whatever keeps them. */
#ifndef USERS_USER_REPOSITORY_H
#define USERS_USER_REPOSITORY_H

#include <cairn/service/describe.h>
#include <cairn/service/future.h>

#include "user.h"

struct user_repository;

#define USER_REPOSITORY_MAX_LIST 100

/*
 * The operations start at once and give a future that may be dropped at any time: a read is then
 * given up; a save or a delete may be done or not. Repositories are used from the thread of the
 * runtime that polls their futures; those that say so may be shared by several.
 *
 * Any of them may fail with
 *   CAIRN_ERROR_UNAVAILABLE  the store is busy or cannot be reached; nothing was changed, so that
 *                            the same operation may be tried again
 *   CAIRN_ERROR_OVERLOADED   too many operations wait for the store; nothing was changed
 *   CAIRN_ERROR_ELAPSED      no answer in time; a save or a delete may have been done
 *   CAIRN_ERROR_MEMORY       nothing was changed
 *   CAIRN_ERROR_SYSTEM       the store is broken: a full disk, a damaged file
 */
struct user_repository_ops {
    const char *name;

    /* READY with the struct user of ID, owned by who polled; CAIRN_ERROR_NOT_FOUND. */
    struct cairn_future (*find_by_id)(struct user_repository *self, int64_t id);

    /* Stores a new user where USER's id is 0, with an id and a time of creation that the repository
     * gives; else replaces name and email of the user of that id. Copies USER, alone. READY with
     * the struct user as it is stored, owned by who polled; CAIRN_ERROR_NOT_FOUND: no user has the
     * id; CAIRN_ERROR_CONFLICT: another user has the email, which is compared without case. */
    struct cairn_future (*save)(struct user_repository *self, const struct user *user);

    /* READY with the users whose id is above AFTER, in order of ids, LIMIT (1 to
     * USER_REPOSITORY_MAX_LIST) at most: the first of a list owned by who polled, or NULL. */
    struct cairn_future (*list)(struct user_repository *self, int64_t after, size_t limit);

    /* READY with NULL when the user of ID is gone; CAIRN_ERROR_NOT_FOUND. */
    struct cairn_future (*delete_by_id)(struct user_repository *self, int64_t id);

    /* Parameters and counters, for the printed stack. */
    void (*describe)(const struct user_repository *self, struct cairn_describe *d);

    /* After the last of its futures has ended or been dropped. */
    void (*close)(struct user_repository *self);
};

/* Embed it first. Every slot of ops is there. */
struct user_repository {
    const struct user_repository_ops *ops;
};

static inline struct cairn_future user_repository_find_by_id(
    struct user_repository *self, int64_t id)
{
    return self->ops->find_by_id(self, id);
}

static inline struct cairn_future user_repository_save(
    struct user_repository *self, const struct user *user)
{
    return self->ops->save(self, user);
}

static inline struct cairn_future user_repository_list(
    struct user_repository *self, int64_t after, size_t limit)
{
    return self->ops->list(self, after, limit);
}

static inline struct cairn_future user_repository_delete_by_id(
    struct user_repository *self, int64_t id)
{
    return self->ops->delete_by_id(self, id);
}

static inline void user_repository_describe(
    const struct user_repository *self, struct cairn_describe *d)
{
    self->ops->describe(self, d);
}

/* NULL: nothing. */
static inline void user_repository_close(struct user_repository *self)
{
    if (self)
        self->ops->close(self);
}

/* What every implementation gives for a user that is not there, and for an email that is. */
extern struct cairn_error user_error_not_found;
extern struct cairn_error user_error_conflict;

#endif
