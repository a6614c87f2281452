#include <cairn/layers/discover.h>

#include <stdio.h>
#include <string.h>

#include <cairn/service/alloc.h>

/* The key stands behind the change, in the same block. */
static struct cairn_change *change_new(enum cairn_change_kind kind, const char *key)
{
    size_t length = strlen(key) + 1;
    struct cairn_change *self = cairn_alloc(sizeof(*self) + length);
    if (!self)
        return NULL;
    memcpy(self + 1, key, length);
    *self = (struct cairn_change){.kind = kind, .key = (const char *)(self + 1)};
    return self;
}

struct cairn_change *cairn_change_insert(
    const char *key, struct cairn_service *service, unsigned weight)
{
    struct cairn_change *self = change_new(CAIRN_CHANGE_INSERT, key);
    if (!self) {
        cairn_service_drop(service);
        return NULL;
    }
    self->service = service;
    self->weight = weight ? weight : 1;
    return self;
}

struct cairn_change *cairn_change_remove(const char *key)
{
    return change_new(CAIRN_CHANGE_REMOVE, key);
}

void cairn_change_drop(void *change)
{
    struct cairn_change *self = change;
    if (!self)
        return;
    cairn_service_drop(self->service);
    cairn_free(self);
}

const struct cairn_type cairn_change_type = {.name = "change", .drop = cairn_change_drop};

/* The reason of the first broken one, which the caller owns; NULL: all are whole. */
static struct cairn_error *discover_broken(struct cairn_service *const *services, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct cairn_error *reason = cairn_service_error(services[i]);
        if (reason)
            return cairn_error_ref((struct cairn_error *)(size_t)reason);
    }
    return NULL;
}

static struct cairn_stream discover_give_up(
    struct cairn_service *const *services, size_t count, struct cairn_error *error)
{
    for (size_t i = 0; i < count; i++)
        cairn_service_drop(services[i]);
    return cairn_stream_failed(error);
}

/* Takes the services. Returns how many inserts could be made, all or less. */
static size_t discover_inserts(struct cairn_service *const *services, size_t count, void **changes)
{
    size_t made = 0;
    for (size_t i = 0; i < count; i++) {
        char key[24];
        snprintf(key, sizeof(key), "%zu", i);
        void *change = cairn_change_insert(key, services[i], 1);
        if (change)
            changes[made++] = change;
    }
    return made;
}

struct cairn_stream cairn_discover_list(struct cairn_service *const *services, size_t count)
{
    struct cairn_error *error = discover_broken(services, count);
    if (error)
        return discover_give_up(services, count, error);
    size_t bytes;
    bool is_huge = __builtin_mul_overflow(count ? count : 1, sizeof(void *), &bytes);
    void **changes = is_huge ? NULL : cairn_alloc(bytes);
    if (!changes)
        return discover_give_up(services, count, &cairn_error_no_memory);
    size_t made = discover_inserts(services, count, changes);
    struct cairn_stream list = cairn_stream_from_array(changes, made, &cairn_change_type);
    cairn_free(changes);
    if (made == count)
        return list;
    cairn_stream_drop(&list);
    return cairn_stream_failed(&cairn_error_no_memory);
}

static void discover_drop(void *value)
{
    cairn_stream_drop(value);
    cairn_free(value);
}

const struct cairn_type cairn_discover_type = {.name = "discover", .drop = discover_drop};

struct cairn_stream *cairn_discover_box(struct cairn_stream changes)
{
    struct cairn_stream *box = cairn_alloc(sizeof(*box));
    if (box)
        *box = changes;
    else
        cairn_stream_drop(&changes);
    return box;
}

struct cairn_stream cairn_discover_unbox(struct cairn_stream *box)
{
    struct cairn_stream changes = *box;
    cairn_free(box);
    return changes;
}
