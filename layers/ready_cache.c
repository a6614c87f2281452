#include <cairn/layers/ready_cache.h>

#include <string.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>

#define CACHE_FIRST_CAPACITY 8 /* a power of two, as are all that follow */

struct cache_list;

/* The key stands behind it, in the same block. */
struct cache_entry {
    struct cairn_ready_entry base; /* first */
    struct cache_list *list;       /* pending or ready; NULL: taken */
    size_t index;                  /* in its list */
    uint64_t hash;
    struct cache_entry *chain; /* the next in its bucket */
    struct cache_entry *newer; /* the next in the order of the pushes */
    struct cache_entry **link; /* who points here in that order */
};

struct cache_list {
    struct cairn_ready_entry **at;
    size_t count;
};

/* Lists and buckets have room for every service of the set, so that nothing but a push needs
 * memory. */
struct cairn_ready_cache {
    struct cache_list pending;
    struct cache_list ready;
    size_t taken; /* and not evicted */
    size_t capacity;
    struct cache_entry **buckets;
    struct cache_entry *oldest;
    struct cache_entry **end;
    uint64_t pushes;
    void (*failed)(void *cx, const char *key, struct cairn_error *error);
    void *cx;
};

static struct cache_entry *cache_entry_of(struct cairn_ready_entry *entry)
{
    return (struct cache_entry *)entry;
}

/* Fowler, Noll and Vo's, 1a. */
static uint64_t cache_hash(const char *key)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 0x100000001b3u;
    return hash;
}

static struct cache_entry **cache_bucket(const struct cairn_ready_cache *cache, uint64_t hash)
{
    return &cache->buckets[hash & (cache->capacity - 1)];
}

/* The one under KEY that is pending, or the one that is in use. */
static struct cache_entry *cache_find(
    const struct cairn_ready_cache *cache, const char *key, bool is_ready)
{
    uint64_t hash = cache_hash(key);
    struct cache_entry *at = cache->capacity ? *cache_bucket(cache, hash) : NULL;
    while (
        at && (at->base.is_ready != is_ready || at->hash != hash || strcmp(at->base.key, key) != 0))
        at = at->chain;
    return at;
}

static void cache_list_add(struct cache_list *list, struct cache_entry *entry)
{
    entry->list = list;
    entry->index = list->count;
    list->at[list->count++] = &entry->base;
}

static void cache_list_remove(struct cache_entry *entry)
{
    struct cache_list *list = entry->list;
    struct cairn_ready_entry *last = list->at[--list->count];
    list->at[entry->index] = last;
    cache_entry_of(last)->index = entry->index;
    entry->list = NULL;
}

static void cache_chain(struct cairn_ready_cache *cache, struct cache_entry *entry)
{
    struct cache_entry **bucket = cache_bucket(cache, entry->hash);
    entry->chain = *bucket;
    *bucket = entry;
}

static void cache_unchain(struct cairn_ready_cache *cache, struct cache_entry *entry)
{
    struct cache_entry **at = cache_bucket(cache, entry->hash);
    while (*at != entry)
        at = &(*at)->chain;
    *at = entry->chain;
}

/* Out of its list, or out of the hands of who has taken it. */
static void cache_detach(struct cairn_ready_cache *cache, struct cache_entry *entry)
{
    if (entry->list)
        cache_list_remove(entry);
    else if (!entry->base.is_evicted)
        cache->taken--;
}

/* Nothing finds it under its key any more. */
static void cache_evict(struct cairn_ready_cache *cache, struct cache_entry *entry)
{
    if (entry->base.is_evicted)
        return;
    cache_unchain(cache, entry);
    entry->base.is_evicted = true;
}

/* A detached one: frees it. */
static void cache_discard(struct cairn_ready_cache *cache, struct cache_entry *entry)
{
    cache_evict(cache, entry);
    *entry->link = entry->newer;
    if (entry->newer)
        entry->newer->link = entry->link;
    else
        cache->end = entry->link;
    cairn_service_drop(entry->base.service);
    cairn_free(entry);
}

static void cache_remove(struct cairn_ready_cache *cache, struct cache_entry *entry)
{
    cache_detach(cache, entry);
    cache_discard(cache, entry);
}

/* A taken one stays with who has taken it. */
static void cache_retire(struct cairn_ready_cache *cache, struct cache_entry *entry)
{
    if (entry->list) {
        cache_remove(cache, entry);
        return;
    }
    cache->taken--;
    cache_evict(cache, entry);
}

/* A detached one, which is not ready any more; a new one under its key takes its place. */
static void cache_suspend(struct cairn_ready_cache *cache, struct cache_entry *entry)
{
    if (entry->base.is_evicted || cache_find(cache, entry->base.key, false)) {
        cache_discard(cache, entry);
        return;
    }
    entry->base.is_ready = false;
    cache_list_add(&cache->pending, entry);
}

/* A detached one, which is ready; it takes the place of the one in use. */
static void cache_promote(struct cairn_ready_cache *cache, struct cache_entry *entry)
{
    struct cache_entry *older = cache_find(cache, entry->base.key, true);
    if (older)
        cache_retire(cache, older);
    entry->base.is_ready = true;
    cache_list_add(&cache->ready, entry);
}

/* A detached one, whose readiness has failed. */
static void cache_fail(
    struct cairn_ready_cache *cache, struct cache_entry *entry, struct cairn_error *error)
{
    cache->failed(cache->cx, entry->base.key, error);
    cache_discard(cache, entry);
}

struct cairn_ready_cache *cairn_ready_cache_new(
    void (*failed)(void *cx, const char *key, struct cairn_error *error), void *cx)
{
    struct cairn_ready_cache *cache = cairn_alloc_zero(sizeof(*cache));
    if (!cache)
        return NULL;
    cache->end = &cache->oldest;
    cache->failed = failed;
    cache->cx = cx;
    return cache;
}

void cairn_ready_cache_free(struct cairn_ready_cache *cache)
{
    if (!cache)
        return;
    while (cache->oldest)
        cache_remove(cache, cache->oldest);
    cairn_free(cache->pending.at);
    cairn_free(cache->ready.at);
    cairn_free(cache->buckets);
    cairn_free(cache);
}

static bool cache_list_grow(struct cache_list *list, size_t capacity)
{
    void *at = cairn_resize(list->at, capacity * sizeof(*list->at));
    if (at)
        list->at = at;
    return at;
}

static bool cache_grow(struct cairn_ready_cache *cache, size_t capacity)
{
    if (!cache_list_grow(&cache->pending, capacity) || !cache_list_grow(&cache->ready, capacity))
        return false;
    struct cache_entry **buckets = cairn_alloc_zero(capacity * sizeof(struct cache_entry *));
    if (!buckets)
        return false;
    cairn_free(cache->buckets);
    cache->buckets = buckets;
    cache->capacity = capacity;
    for (struct cache_entry *entry = cache->oldest; entry; entry = entry->newer) {
        if (!entry->base.is_evicted)
            cache_chain(cache, entry);
    }
    return true;
}

static struct cache_entry *cache_entry_new(struct cairn_ready_cache *cache, const char *key)
{
    size_t capacity = cache->capacity ? 2 * cache->capacity : CACHE_FIRST_CAPACITY;
    if (cairn_ready_cache_len(cache) == cache->capacity && !cache_grow(cache, capacity))
        return NULL;
    size_t length = strlen(key) + 1;
    struct cache_entry *entry = cairn_alloc_zero(sizeof(*entry) + length);
    if (!entry)
        return NULL;
    memcpy(entry + 1, key, length);
    entry->base.key = (const char *)(entry + 1);
    entry->hash = cache_hash(key);
    return entry;
}

bool cairn_ready_cache_push(struct cairn_ready_cache *cache, const char *key,
    struct cairn_service *service, unsigned weight)
{
    struct cache_entry *entry = cache_entry_new(cache, key);
    if (!entry) {
        cairn_service_drop(service);
        return false;
    }
    struct cache_entry *other = cache_find(cache, key, false);
    if (other)
        cache_remove(cache, other);
    entry->base.service = service;
    entry->base.weight = weight;
    entry->base.number = ++cache->pushes;
    entry->link = cache->end;
    *cache->end = entry;
    cache->end = &entry->newer;
    cache_chain(cache, entry);
    cache_list_add(&cache->pending, entry);
    return true;
}

bool cairn_ready_cache_evict(struct cairn_ready_cache *cache, const char *key)
{
    struct cache_entry *pending = cache_find(cache, key, false);
    struct cache_entry *ready = cache_find(cache, key, true);
    if (pending)
        cache_remove(cache, pending);
    if (ready)
        cache_retire(cache, ready);
    return pending || ready;
}

size_t cairn_ready_cache_len(const struct cairn_ready_cache *cache)
{
    return cache->pending.count + cache->ready.count + cache->taken;
}

size_t cairn_ready_cache_ready_len(const struct cairn_ready_cache *cache)
{
    return cache->ready.count;
}

size_t cairn_ready_cache_pending_len(const struct cairn_ready_cache *cache)
{
    return cache->pending.count;
}

bool cairn_ready_cache_is_pending(const struct cairn_ready_cache *cache, const char *key)
{
    return cache_find(cache, key, false);
}

enum cairn_poll cairn_ready_cache_poll_pending(
    struct cairn_ready_cache *cache, const struct cairn_context *cx)
{
    for (size_t i = 0; i < cache->pending.count;) {
        struct cache_entry *entry = cache_entry_of(cache->pending.at[i]);
        struct cairn_error *error = NULL;
        enum cairn_poll p = cairn_service_poll_ready(entry->base.service, cx, &error);
        if (p == CAIRN_PENDING) {
            i++;
            continue;
        }
        /* The last one takes its place in the list. */
        cache_detach(cache, entry);
        if (p == CAIRN_READY)
            cache_promote(cache, entry);
        else
            cache_fail(cache, entry, error);
    }
    return cache->pending.count ? CAIRN_PENDING : CAIRN_READY;
}

struct cairn_ready_entry *const *cairn_ready_cache_ready(
    const struct cairn_ready_cache *cache, size_t *count)
{
    *count = cache->ready.count;
    return cache->ready.at;
}

struct cairn_ready_entry *cairn_ready_cache_find_ready(
    const struct cairn_ready_cache *cache, const char *key)
{
    struct cache_entry *entry = cache_find(cache, key, true);
    return entry && entry->list ? &entry->base : NULL;
}

void cairn_ready_cache_take(struct cairn_ready_cache *cache, struct cairn_ready_entry *entry)
{
    struct cache_entry *self = cache_entry_of(entry);
    CAIRN_ASSERT(self->list == &cache->ready, "ready_cache", "took what is not ready");
    cache_list_remove(self);
    cache->taken++;
}

enum cairn_poll cairn_ready_cache_check(struct cairn_ready_cache *cache,
    struct cairn_ready_entry *entry, const struct cairn_context *cx)
{
    struct cairn_error *error = NULL;
    enum cairn_poll p = cairn_service_poll_ready(entry->service, cx, &error);
    if (p == CAIRN_READY)
        return p;
    cache_detach(cache, cache_entry_of(entry));
    if (p == CAIRN_PENDING)
        cache_suspend(cache, cache_entry_of(entry));
    else
        cache_fail(cache, cache_entry_of(entry), error);
    return p;
}

struct cairn_future cairn_ready_cache_call(
    struct cairn_ready_cache *cache, struct cairn_ready_entry *entry, void *request)
{
    CAIRN_ASSERT(entry->is_ready, "ready_cache", "called what is not ready");
    struct cairn_future future = cairn_service_call(entry->service, request);
    entry->picks++;
    cache_detach(cache, cache_entry_of(entry));
    cache_suspend(cache, cache_entry_of(entry));
    return future;
}

void cairn_ready_cache_release(struct cairn_ready_cache *cache, struct cairn_ready_entry *entry)
{
    cairn_service_release(entry->service);
    cache_detach(cache, cache_entry_of(entry));
    cache_suspend(cache, cache_entry_of(entry));
}

void cairn_ready_cache_release_all(struct cairn_ready_cache *cache)
{
    for (size_t i = 0; i < cache->pending.count; i++)
        cairn_service_release(cache->pending.at[i]->service);
    while (cache->ready.count > 0)
        cairn_ready_cache_release(cache, cache->ready.at[cache->ready.count - 1]);
}

void cairn_ready_cache_each(const struct cairn_ready_cache *cache,
    void (*see)(void *cx, const struct cairn_ready_entry *entry), void *cx)
{
    for (struct cache_entry *entry = cache->oldest; entry; entry = entry->newer) {
        if (!entry->base.is_evicted)
            see(cx, &entry->base);
    }
}
