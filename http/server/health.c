#include <cairn/http/health.h>

#include <pthread.h>
#include <string.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>

#define HEALTH_NAME_MAX 64

struct health_check {
    struct health_check *next;
    enum cairn_http_health_kind kind;
    bool (*is_well)(void *cx); /* NULL: a latch */
    void *cx;
    bool latch;
    char name[HEALTH_NAME_MAX + 1];
};

struct cairn_http_health {
    unsigned references; /* atomic */
    pthread_mutex_t mutex;
    struct health_check *first;
    struct health_check **last;
};

struct cairn_http_health *cairn_http_health_new(void)
{
    struct cairn_http_health *self = cairn_alloc_zero(sizeof(*self));
    if (!self)
        return NULL;
    self->references = 1;
    self->last = &self->first;
    pthread_mutex_init(&self->mutex, NULL);
    return self;
}

struct cairn_http_health *cairn_http_health_ref(struct cairn_http_health *health)
{
    __atomic_fetch_add(&health->references, 1, __ATOMIC_RELAXED);
    return health;
}

void cairn_http_health_unref(struct cairn_http_health *health)
{
    if (!health || __atomic_sub_fetch(&health->references, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    while (health->first) {
        struct health_check *next = health->first->next;
        cairn_free(health->first);
        health->first = next;
    }
    pthread_mutex_destroy(&health->mutex);
    cairn_free(health);
}

static bool health_name_is_valid(const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./";
    size_t length = name ? strlen(name) : 0;
    return length >= 1 && length <= HEALTH_NAME_MAX && strspn(name, letters) == length;
}

/* Under the mutex. */
static struct health_check *health_find(const struct cairn_http_health *self, const char *name)
{
    struct health_check *check = self->first;
    while (check && strcmp(check->name, name) != 0)
        check = check->next;
    return check;
}

/* Takes CHECK. */
static struct cairn_error *health_append(struct cairn_http_health *self, struct health_check *check)
{
    pthread_mutex_lock(&self->mutex);
    bool is_there = health_find(self, check->name) != NULL;
    if (!is_there) {
        *self->last = check;
        self->last = &check->next;
    }
    pthread_mutex_unlock(&self->mutex);
    if (!is_there)
        return NULL;
    struct cairn_error *error = cairn_error_new(
        CAIRN_ERROR_CONFLICT, "health", NULL, "there is a check \"%s\" already", check->name);
    cairn_free(check);
    return error;
}

struct cairn_error *cairn_http_health_add_check(struct cairn_http_health *health,
    enum cairn_http_health_kind kind, const char *name, bool (*is_well)(void *cx), void *cx)
{
    if (!health_name_is_valid(name))
        return cairn_error_new(CAIRN_ERROR_INVALID, "health", NULL,
            "the name of a check must be 1 to %d letters, digits, -, _, . and /, got \"%s\"",
            HEALTH_NAME_MAX, name ? name : "");
    struct health_check *check = cairn_alloc_zero(sizeof(*check));
    if (!check)
        return &cairn_error_no_memory;
    check->kind = kind;
    check->is_well = is_well;
    check->cx = cx;
    memcpy(check->name, name, strlen(name) + 1);
    return health_append(health, check);
}

struct cairn_error *cairn_http_health_add_latch(
    struct cairn_http_health *health, enum cairn_http_health_kind kind, const char *name)
{
    return cairn_http_health_add_check(health, kind, name, NULL, NULL);
}

void cairn_http_health_set(struct cairn_http_health *health, const char *name, bool is_well)
{
    pthread_mutex_lock(&health->mutex);
    struct health_check *check = health_find(health, name);
    bool is_latch = check && !check->is_well;
    if (is_latch)
        check->latch = is_well;
    pthread_mutex_unlock(&health->mutex);
    CAIRN_ASSERT(is_latch, "health", "there is no latch of that name");
}

void cairn_http_health_each(struct cairn_http_health *health, enum cairn_http_health_kind kind,
    void (*each)(void *cx, const char *name, bool is_well), void *cx)
{
    pthread_mutex_lock(&health->mutex);
    for (struct health_check *check = health->first; check; check = check->next) {
        if (check->kind == kind)
            each(cx, check->name, check->is_well ? check->is_well(check->cx) : check->latch);
    }
    pthread_mutex_unlock(&health->mutex);
}

static void health_note(void *cx, const char *name, bool is_well)
{
    bool *all = cx;
    (void)name;
    *all = *all && is_well;
}

bool cairn_http_health_is_well(struct cairn_http_health *health, enum cairn_http_health_kind kind)
{
    bool all = true;
    cairn_http_health_each(health, kind, health_note, &all);
    return all;
}
