#include <cairn/layers/idle_cache.h>

#include <inttypes.h>
#include <string.h>

#include <cairn/layers/idle_entry.h>
#include <cairn/layers/key_table.h>
#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/runtime.h>
#include <cairn/service/timer.h>

#define IDLE_DEFAULT_MS 60000
#define IDLE_MAX_MS 86400000
#define IDLE_DEFAULT_KEYS 1024
#define IDLE_MOST_KEYS 16777216
#define IDLE_SPARE 8

struct cairn__idle_entry {
    struct cairn__key_entry key; /* first */
    struct cairn_idle_cache *cache;
    struct cairn_service *service; /* never polled: what is cloned */
    size_t users;
    bool is_buried;
    struct cairn__idle_entry *later; /* among the idle ones */
    struct cairn__idle_entry *earlier;
    uint64_t until_ms;
    size_t spare_count;
    struct cairn_service *spare[IDLE_SPARE];
};

/* An entry that is in use holds a reference. */
struct cairn_idle_cache {
    struct cairn_timer timer; /* first; for the first of the idle ones */
    unsigned references;
    struct cairn_idle_cache_options opts;
    struct cairn__key_table table;
    struct cairn__idle_entry *first; /* idle for longest */
    struct cairn__idle_entry *last;
    size_t in_use;
    uint64_t made;
    uint64_t idled;
    uint64_t evicted;
    uint64_t refused;
};

/* Entries. */

static void idle_entry_free(struct cairn__idle_entry *entry)
{
    cairn__key_table_remove(&entry->cache->table, &entry->key);
    while (entry->spare_count > 0)
        cairn_service_drop(entry->spare[--entry->spare_count]);
    cairn_service_drop(entry->service);
    cairn__key_entry_fini(&entry->key);
    cairn_free(entry);
}

static void idle_unlink(struct cairn_idle_cache *cache, struct cairn__idle_entry *entry)
{
    if (entry->earlier)
        entry->earlier->later = entry->later;
    else
        cache->first = entry->later;
    if (entry->later)
        entry->later->earlier = entry->earlier;
    else
        cache->last = entry->earlier;
}

static void idle_link(struct cairn_idle_cache *cache, struct cairn__idle_entry *entry)
{
    entry->later = NULL;
    entry->earlier = cache->last;
    if (cache->last)
        cache->last->later = entry;
    else
        cache->first = entry;
    cache->last = entry;
}

/* The timer is the cache's first member. */
static void idle_fire(struct cairn_timer *timer)
{
    struct cairn_idle_cache *cache = (struct cairn_idle_cache *)timer;
    struct cairn_runtime *runtime = cairn_runtime_current();
    uint64_t now = cairn_runtime_now_ms(runtime);
    while (cache->first && cache->first->until_ms <= now) {
        struct cairn__idle_entry *entry = cache->first;
        idle_unlink(cache, entry);
        cache->idled++;
        idle_entry_free(entry);
    }
    if (cache->first && !cairn_timer_is_armed(timer))
        cairn_timer_arm(runtime, timer, cache->first->until_ms, idle_fire);
}

static void idle_begin(struct cairn__idle_entry *entry)
{
    struct cairn_idle_cache *cache = entry->cache;
    struct cairn_runtime *runtime = cairn_runtime_current();
    CAIRN_ASSERT(runtime, "idle_cache", "used on a thread without a runtime");
    entry->until_ms = cairn_runtime_deadline_ms(runtime, cache->opts.idle_ms);
    idle_link(cache, entry);
    if (!cairn_timer_is_armed(&cache->timer))
        cairn_timer_arm(runtime, &cache->timer, entry->until_ms, idle_fire);
}

static void idle_use(struct cairn__idle_entry *entry)
{
    if (entry->users++ == 0) {
        cairn_idle_cache_ref(entry->cache);
        entry->cache->in_use++;
    }
}

void cairn__idle_entry_leave(struct cairn__idle_entry *entry)
{
    struct cairn_idle_cache *cache = entry->cache;
    if (--entry->users > 0)
        return;
    cache->in_use--;
    if (entry->is_buried)
        idle_entry_free(entry);
    else
        idle_begin(entry);
    cairn_idle_cache_unref(cache);
}

void cairn__idle_entry_bury(struct cairn__idle_entry *entry)
{
    entry->is_buried = true;
    cairn__key_table_remove(&entry->cache->table, &entry->key);
}

struct cairn_service *cairn__idle_entry_borrow(struct cairn__idle_entry *entry)
{
    if (entry->spare_count > 0)
        return entry->spare[--entry->spare_count];
    return cairn_service_clone(entry->service);
}

void cairn__idle_entry_give_back(struct cairn__idle_entry *entry, struct cairn_service *service)
{
    if (!service)
        return;
    if (entry->is_buried || entry->spare_count == IDLE_SPARE) {
        cairn_service_drop(service);
        return;
    }
    cairn_service_release(service);
    entry->spare[entry->spare_count++] = service;
}

static bool idle_make_room(struct cairn_idle_cache *cache)
{
    struct cairn__idle_entry *entry = cache->first;
    if (cache->table.count < cache->opts.max_keys)
        return true;
    if (!entry)
        return false;
    idle_unlink(cache, entry);
    cache->evicted++;
    idle_entry_free(entry);
    return true;
}

static struct cairn_error *idle_error_of(const struct cairn_error *reason)
{
    /* Borrowed from the service; one more owner changes nothing that its owner sees. */
    return cairn_error_ref((struct cairn_error *)(uintptr_t)reason);
}

/* Whether SERVICE will do; else *ERROR says why not. */
static bool idle_accepts(const struct cairn_service *service, struct cairn_error **error)
{
    const struct cairn_error *broken = cairn_service_error(service);
    if (broken)
        *error = idle_error_of(broken);
    else if (!cairn_service_is_cloneable(service))
        *error = cairn_error_new(CAIRN_ERROR_TYPE, "idle_cache", NULL,
            "needs services that can be cloned; %s cannot", service->ops->name);
    else
        return true;
    return false;
}

static struct cairn__idle_entry *idle_entry_new(
    struct cairn_idle_cache *cache, uint64_t hash, struct cairn_str key, struct cairn_error **error)
{
    struct cairn__idle_entry *entry = cairn_alloc_zero(sizeof(*entry));
    *error = &cairn_error_no_memory;
    if (!entry)
        return NULL;
    entry->cache = cache;
    if (!cairn__key_entry_set(&entry->key, hash, key))
        goto failed;
    /* Of the copy: whatever make does, KEY may be in it. */
    entry->service = cache->opts.make(cache->opts.cx, cairn__key_entry_key(&entry->key));
    CAIRN_ASSERT(entry->service, "idle_cache", "make returned NULL instead of a broken service");
    if (!idle_accepts(entry->service, error))
        goto failed;
    cache->made++;
    cairn__key_table_insert(&cache->table, &entry->key);
    return entry;
failed:
    idle_entry_free(entry);
    return NULL;
}

struct cairn__idle_entry *cairn__idle_cache_enter(
    struct cairn_idle_cache *cache, struct cairn_str key, struct cairn_error **error)
{
    uint64_t hash = cairn__key_table_hash(&cache->table, key);
    struct cairn__idle_entry *entry =
        (struct cairn__idle_entry *)cairn__key_table_find(&cache->table, hash, key);
    if (entry) {
        if (entry->users == 0)
            idle_unlink(cache, entry);
    } else if (!idle_make_room(cache)) {
        cache->refused++;
        *error = cairn_error_new(CAIRN_ERROR_OVERLOADED, "idle_cache", NULL,
            "all %zu keys are in use", cache->opts.max_keys);
        return NULL;
    } else {
        entry = idle_entry_new(cache, hash, key, error);
        if (!entry)
            return NULL;
    }
    idle_use(entry);
    return entry;
}

/* What is handed out: keeps the entry in use, and so do its calls. */

struct idle_handle {
    struct cairn_service base;
    struct cairn__idle_entry *entry;
};

struct idle_future {
    struct cairn_future inner;
    struct cairn__idle_entry *entry;
};

static void idle_future_drop(void *state)
{
    struct idle_future *self = state;
    cairn_future_drop(&self->inner);
    cairn__idle_entry_leave(self->entry);
}

static const struct cairn_future_ops idle_future_ops = {
    .name = "idle_cache",
    .size = sizeof(struct idle_future),
    .drop = idle_future_drop,
    .wraps = true,
};

static struct cairn_future idle_handle_call(struct cairn_service *base, void *req)
{
    struct cairn__idle_entry *entry = ((struct idle_handle *)base)->entry;
    struct cairn_future inner = cairn_service_call(base->inner, req);
    if (cairn_future_is_complete(&inner))
        return inner;
    idle_use(entry);
    return cairn_future_wrap(&idle_future_ops, &(struct idle_future){inner, entry});
}

static void idle_handle_cloned(struct cairn_service *base)
{
    idle_use(((struct idle_handle *)base)->entry);
}

static void idle_handle_drop(struct cairn_service *base)
{
    cairn__idle_entry_leave(((struct idle_handle *)base)->entry);
}

static const struct cairn_service_ops idle_handle_ops = {
    .name = "idle_cache",
    .size = sizeof(struct idle_handle),
    .call = idle_handle_call,
    .cloned = idle_handle_cloned,
    .drop = idle_handle_drop,
    .is_hidden = true,
};

struct cairn_service *cairn_idle_cache_get(struct cairn_idle_cache *cache, struct cairn_str key)
{
    struct cairn_error *error = NULL;
    struct cairn__idle_entry *entry = cairn__idle_cache_enter(cache, key, &error);
    if (!entry)
        return cairn_service_broken(error);
    struct cairn_service *inner = cairn__idle_entry_borrow(entry);
    struct idle_handle *self = inner ? cairn_service_new(&idle_handle_ops, inner) : NULL;
    if (self) {
        self->entry = entry;
        return &self->base;
    }
    cairn__idle_entry_give_back(entry, inner);
    cairn__idle_entry_leave(entry);
    return cairn_service_broken(&cairn_error_no_memory);
}

/* The cache. */

static bool idle_options_fit(
    const struct cairn_idle_cache_options *opts, struct cairn_error **error)
{
    if (!opts->make)
        *error = cairn_error_new(CAIRN_ERROR_INVALID, "idle_cache", NULL, "make must be set");
    else if (opts->idle_ms > IDLE_MAX_MS)
        *error = cairn_error_new(CAIRN_ERROR_INVALID, "idle_cache", NULL,
            "idle_ms must be 1 to %d, got %" PRIu64, IDLE_MAX_MS, opts->idle_ms);
    else if (opts->max_keys > IDLE_MOST_KEYS)
        *error = cairn_error_new(CAIRN_ERROR_INVALID, "idle_cache", NULL,
            "max_keys must be 1 to %d, got %zu", IDLE_MOST_KEYS, opts->max_keys);
    else
        return true;
    return false;
}

struct cairn_idle_cache *cairn_idle_cache_new(
    const struct cairn_idle_cache_options *options, struct cairn_error **error)
{
    struct cairn_idle_cache_options opts = {0};
    if (options)
        memcpy(&opts, options, options->size < sizeof(opts) ? options->size : sizeof(opts));
    if (!idle_options_fit(&opts, error))
        return NULL;
    struct cairn_idle_cache *cache = cairn_alloc_zero(sizeof(*cache));
    if (!cache || !cairn__key_table_init(&cache->table)) {
        cairn_free(cache);
        *error = &cairn_error_no_memory;
        return NULL;
    }
    cache->references = 1;
    cache->opts = opts;
    if (!opts.idle_ms)
        cache->opts.idle_ms = IDLE_DEFAULT_MS;
    if (!opts.max_keys)
        cache->opts.max_keys = IDLE_DEFAULT_KEYS;
    return cache;
}

struct cairn_idle_cache *cairn_idle_cache_ref(struct cairn_idle_cache *cache)
{
    cache->references++;
    return cache;
}

void cairn_idle_cache_unref(struct cairn_idle_cache *cache)
{
    if (!cache || --cache->references != 0)
        return;
    cairn_timer_cancel(&cache->timer);
    while (cache->first) {
        struct cairn__idle_entry *entry = cache->first;
        idle_unlink(cache, entry);
        idle_entry_free(entry);
    }
    cairn__key_table_fini(&cache->table);
    if (cache->opts.cx_drop)
        cache->opts.cx_drop(cache->opts.cx);
    cairn_free(cache);
}

void cairn_idle_cache_describe(const struct cairn_idle_cache *cache, struct cairn_describe *d)
{
    cairn_describe_parameter(d, "idle", cache->opts.idle_ms, "ms");
    cairn_describe_parameter(d, "max_keys", cache->opts.max_keys, NULL);
    cairn_describe_gauge(d, "keys", cache->table.count);
    cairn_describe_gauge(d, "in_use", cache->in_use);
    cairn_describe_counter(d, "made", cache->made);
    cairn_describe_counter(d, "idled", cache->idled);
    cairn_describe_counter(d, "evicted", cache->evicted);
    cairn_describe_counter(d, "refused", cache->refused);
}
