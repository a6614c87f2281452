#include <cairn/layers/cache_memory.h>

#include <string.h>

#include <cairn/layers/key_table.h>
#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/runtime.h>

#define CACHE_MEMORY_DEFAULT 1024
#define CACHE_MEMORY_MOST 16777216

struct cache_entry {
    struct cairn__key_entry key; /* first */
    struct cache_entry *newer;
    struct cache_entry *older;
    void *value;
    uint64_t fresh_until_ms;
    uint64_t stale_until_ms;
};

struct cache_memory {
    struct cairn_cache_store base;
    struct cairn__key_table table;
    struct cache_entry *newest; /* used most recently */
    struct cache_entry *oldest;
    size_t max_entries;
    uint64_t evicted;
    uint64_t expired;
};

static uint64_t cache_memory_now(void)
{
    struct cairn_runtime *runtime = cairn_runtime_current();
    CAIRN_ASSERT(runtime, "cache_memory", "used on a thread without a runtime");
    return cairn_runtime_now_ms(runtime);
}

static uint64_t cache_memory_later(uint64_t from, uint64_t ms)
{
    uint64_t at;
    return __builtin_add_overflow(from, ms, &at) ? UINT64_MAX : at;
}

static void cache_unlink(struct cache_memory *self, struct cache_entry *entry)
{
    if (entry->newer)
        entry->newer->older = entry->older;
    else
        self->newest = entry->older;
    if (entry->older)
        entry->older->newer = entry->newer;
    else
        self->oldest = entry->newer;
}

static void cache_link(struct cache_memory *self, struct cache_entry *entry)
{
    entry->newer = NULL;
    entry->older = self->newest;
    if (self->newest)
        self->newest->newer = entry;
    else
        self->oldest = entry;
    self->newest = entry;
}

/* Out of list and table; the entry can be used again. */
static void cache_detach(struct cache_memory *self, struct cache_entry *entry)
{
    cache_unlink(self, entry);
    cairn__key_table_remove(&self->table, &entry->key);
    cairn_type_drop(self->base.type, entry->value);
}

static void cache_entry_free(struct cache_entry *entry)
{
    cairn__key_entry_fini(&entry->key);
    cairn_free(entry);
}

static void cache_forget(struct cache_memory *self, struct cache_entry *entry)
{
    cache_detach(self, entry);
    cache_entry_free(entry);
}

static struct cache_entry *cache_find(
    const struct cache_memory *self, uint64_t hash, struct cairn_str key)
{
    return (struct cache_entry *)cairn__key_table_find(&self->table, hash, key);
}

static struct cairn_future cache_memory_get(
    struct cairn_cache_store *base, struct cairn_str key, bool is_stale_welcome)
{
    struct cache_memory *self = (struct cache_memory *)base;
    struct cache_entry *entry = cache_find(self, cairn__key_table_hash(&self->table, key), key);
    uint64_t now = cache_memory_now();
    if (!entry)
        return cairn_future_ready(NULL);
    if (now >= entry->stale_until_ms) {
        self->expired++;
        cache_forget(self, entry);
        return cairn_future_ready(NULL);
    }
    if (now >= entry->fresh_until_ms && !is_stale_welcome)
        return cairn_future_ready(NULL);
    cache_unlink(self, entry);
    cache_link(self, entry);
    return cairn_future_ready(base->type->clone(entry->value));
}

/* An entry for one more key, that of the least recently used if there is no room. */
static struct cache_entry *cache_make_room(
    struct cache_memory *self, uint64_t hash, struct cairn_str key)
{
    struct cache_entry *entry = self->oldest;
    if (self->table.count >= self->max_entries) {
        self->evicted++;
        cache_detach(self, entry);
    } else {
        entry = cairn_alloc_zero(sizeof(*entry));
    }
    if (!entry || cairn__key_entry_set(&entry->key, hash, key))
        return entry;
    cache_entry_free(entry);
    return NULL;
}

static void cache_memory_put(struct cairn_cache_store *base, struct cairn_str key,
    const void *response, uint64_t fresh_ms, uint64_t stale_ms)
{
    struct cache_memory *self = (struct cache_memory *)base;
    uint64_t hash = cairn__key_table_hash(&self->table, key);
    struct cache_entry *entry = cache_find(self, hash, key);
    void *copy = base->type->clone(response);
    if (!copy)
        return;
    if (entry) {
        cairn_type_drop(base->type, entry->value);
        cache_unlink(self, entry);
    } else {
        entry = cache_make_room(self, hash, key);
        if (!entry) {
            cairn_type_drop(base->type, copy);
            return;
        }
        cairn__key_table_insert(&self->table, &entry->key);
    }
    entry->value = copy;
    entry->fresh_until_ms = cache_memory_later(cache_memory_now(), fresh_ms);
    entry->stale_until_ms = cache_memory_later(entry->fresh_until_ms, stale_ms);
    cache_link(self, entry);
}

static void cache_memory_remove(struct cairn_cache_store *base, struct cairn_str key)
{
    struct cache_memory *self = (struct cache_memory *)base;
    struct cache_entry *entry = cache_find(self, cairn__key_table_hash(&self->table, key), key);
    if (entry)
        cache_forget(self, entry);
}

static void cache_memory_describe(const struct cairn_cache_store *base, struct cairn_describe *d)
{
    const struct cache_memory *self = (const struct cache_memory *)base;
    cairn_describe_parameter(d, "max_entries", self->max_entries, NULL);
    cairn_describe_gauge(d, "entries", self->table.count);
    cairn_describe_counter(d, "evicted", self->evicted);
    cairn_describe_counter(d, "expired", self->expired);
}

static void cache_memory_free(struct cairn_cache_store *base)
{
    struct cache_memory *self = (struct cache_memory *)base;
    while (self->newest)
        cache_forget(self, self->newest);
    cairn__key_table_fini(&self->table);
    cairn_free(self);
}

static const struct cairn_cache_store_ops cache_memory_ops = {
    .name = "memory",
    .get = cache_memory_get,
    .put = cache_memory_put,
    .remove = cache_memory_remove,
    .describe = cache_memory_describe,
    .free = cache_memory_free,
};

static struct cache_memory *cache_memory_alloc(void)
{
    struct cache_memory *self = cairn_alloc_zero(sizeof(*self));
    if (!self || cairn__key_table_init(&self->table))
        return self;
    cairn_free(self);
    return NULL;
}

struct cairn_cache_store *cairn_cache_memory_new(
    const struct cairn_cache_memory_options *options, struct cairn_error **error)
{
    struct cairn_cache_memory_options opts = {0};
    if (options)
        memcpy(&opts, options, options->size < sizeof(opts) ? options->size : sizeof(opts));
    if (!opts.type || !opts.type->clone) {
        *error = cairn_error_new(CAIRN_ERROR_INVALID, "cache_memory", NULL,
            "type must be one that can be cloned; %s cannot",
            opts.type ? opts.type->name : "a response without a type");
        return NULL;
    }
    if (opts.max_entries > CACHE_MEMORY_MOST) {
        *error = cairn_error_new(CAIRN_ERROR_INVALID, "cache_memory", NULL,
            "max_entries must be 1 to %d, got %zu", CACHE_MEMORY_MOST, opts.max_entries);
        return NULL;
    }
    struct cache_memory *self = cache_memory_alloc();
    if (!self) {
        *error = &cairn_error_no_memory;
        return NULL;
    }
    self->base.ops = &cache_memory_ops;
    self->base.references = 1;
    self->base.type = opts.type;
    self->max_entries = opts.max_entries ? opts.max_entries : CACHE_MEMORY_DEFAULT;
    return &self->base;
}
