#include "memory_repository.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include <cairn/service/alloc.h>

struct memory_repository {
    struct user_repository base;
    pthread_mutex_t mutex;
    struct user **users; /* in order of ids, which only grow */
    size_t count;
    size_t capacity;
    int64_t last_id;
};

/* Where the first user with an id above AFTER stands, or would. */
static size_t memory_position(const struct memory_repository *self, int64_t after)
{
    size_t low = 0;
    size_t high = self->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (self->users[middle]->id > after)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* The place of the user of ID, or NULL. */
static struct user **memory_place(const struct memory_repository *self, int64_t id)
{
    size_t i = memory_position(self, id - 1);
    return i < self->count && self->users[i]->id == id ? &self->users[i] : NULL;
}

static bool memory_has_email(
    const struct memory_repository *self, struct cairn_str email, int64_t except_id)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->users[i]->id != except_id && cairn_str_equal_nocase(self->users[i]->email, email))
            return true;
    return false;
}

static bool memory_make_room(struct memory_repository *self)
{
    if (self->count < self->capacity)
        return true;
    size_t capacity = self->capacity ? self->capacity * 2 : 16;
    struct user **users = cairn_resize(self->users, capacity * sizeof(struct user *));
    if (!users)
        return false;
    self->users = users;
    self->capacity = capacity;
    return true;
}

static struct cairn_error *memory_insert(
    struct memory_repository *self, const struct user *user, struct user **out)
{
    struct user *stored = user_new(self->last_id + 1, user->name, user->email, time(NULL));
    *out = stored ? user_copy(stored) : NULL;
    if (!*out || !memory_make_room(self)) {
        user_drop(stored);
        user_drop(*out);
        return &cairn_error_no_memory;
    }
    self->users[self->count++] = stored;
    self->last_id++;
    return NULL;
}

static struct cairn_error *memory_update(
    struct memory_repository *self, const struct user *user, struct user **out)
{
    struct user **place = memory_place(self, user->id);
    if (!place)
        return &user_error_not_found;
    struct user *stored = user_new(user->id, user->name, user->email, (*place)->created_at);
    *out = stored ? user_copy(stored) : NULL;
    if (!*out) {
        user_drop(stored);
        return &cairn_error_no_memory;
    }
    user_drop(*place);
    *place = stored;
    return NULL;
}

static struct cairn_error *memory_store(
    struct memory_repository *self, const struct user *user, struct user **out)
{
    if (user->id != 0 && !memory_place(self, user->id))
        return &user_error_not_found;
    if (memory_has_email(self, user->email, user->id))
        return &user_error_conflict;
    return user->id == 0 ? memory_insert(self, user, out) : memory_update(self, user, out);
}

static struct cairn_error *memory_copy_list(
    const struct memory_repository *self, int64_t after, size_t limit, struct user **out)
{
    struct user **end = out;
    *out = NULL;
    for (size_t i = memory_position(self, after); i < self->count && limit > 0; i++, limit--) {
        *end = user_copy(self->users[i]);
        if (!*end) {
            user_drop(*out);
            return &cairn_error_no_memory;
        }
        end = &(*end)->next;
    }
    return NULL;
}

static struct cairn_future memory_answer(struct cairn_error *error, struct user *user)
{
    return error ? cairn_future_failed(error) : cairn_future_ready_of(&user_type, user);
}

static struct cairn_future memory_find_by_id(struct user_repository *base, int64_t id)
{
    struct memory_repository *self = (struct memory_repository *)base;
    pthread_mutex_lock(&self->mutex);
    struct user **place = memory_place(self, id);
    struct user *user = place ? user_copy(*place) : NULL;
    pthread_mutex_unlock(&self->mutex);
    if (!place)
        return cairn_future_failed(&user_error_not_found);
    return memory_answer(user ? NULL : &cairn_error_no_memory, user);
}

static struct cairn_future memory_save(struct user_repository *base, const struct user *user)
{
    struct memory_repository *self = (struct memory_repository *)base;
    struct user *stored = NULL;
    pthread_mutex_lock(&self->mutex);
    struct cairn_error *error = memory_store(self, user, &stored);
    pthread_mutex_unlock(&self->mutex);
    return memory_answer(error, stored);
}

static struct cairn_future memory_list(struct user_repository *base, int64_t after, size_t limit)
{
    struct memory_repository *self = (struct memory_repository *)base;
    struct user *first = NULL;
    pthread_mutex_lock(&self->mutex);
    struct cairn_error *error = memory_copy_list(self, after, limit, &first);
    pthread_mutex_unlock(&self->mutex);
    return memory_answer(error, first);
}

static struct cairn_future memory_delete_by_id(struct user_repository *base, int64_t id)
{
    struct memory_repository *self = (struct memory_repository *)base;
    struct user *gone = NULL;
    pthread_mutex_lock(&self->mutex);
    struct user **place = memory_place(self, id);
    if (place) {
        gone = *place;
        size_t behind = self->count - (size_t)(place - self->users) - 1;
        memmove(place, place + 1, behind * sizeof(*place));
        self->count--;
    }
    pthread_mutex_unlock(&self->mutex);
    if (!gone)
        return cairn_future_failed(&user_error_not_found);
    user_drop(gone);
    return cairn_future_ready(NULL);
}

static void memory_describe(const struct user_repository *base, struct cairn_describe *d)
{
    struct memory_repository *self = (struct memory_repository *)base;
    pthread_mutex_lock(&self->mutex);
    size_t count = self->count;
    pthread_mutex_unlock(&self->mutex);
    cairn_describe_gauge(d, "users", count);
}

static void memory_close(struct user_repository *base)
{
    struct memory_repository *self = (struct memory_repository *)base;
    for (size_t i = 0; i < self->count; i++)
        user_drop(self->users[i]);
    pthread_mutex_destroy(&self->mutex);
    cairn_free(self->users);
    cairn_free(self);
}

struct user_repository *memory_repository_new(void)
{
    static const struct user_repository_ops ops = {
        .name = "memory",
        .find_by_id = memory_find_by_id,
        .save = memory_save,
        .list = memory_list,
        .delete_by_id = memory_delete_by_id,
        .describe = memory_describe,
        .close = memory_close,
    };
    struct memory_repository *self = cairn_alloc_zero(sizeof(*self));
    if (!self)
        return NULL;
    self->base.ops = &ops;
    pthread_mutex_init(&self->mutex, NULL);
    return &self->base;
}
