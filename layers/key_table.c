#include <cairn/layers/key_table.h>

#include <string.h>

#include <cairn/service/alloc.h>

#define KEY_TABLE_FIRST 16
#define KEY_TABLE_LEAST_KEY 32

bool cairn__key_table_init(struct cairn__key_table *table)
{
    *table = (struct cairn__key_table){.mask = KEY_TABLE_FIRST - 1};
    table->secret = cairn__siphash_key_new(0);
    table->buckets = cairn_alloc_zero(KEY_TABLE_FIRST * sizeof(struct cairn__key_entry *));
    return table->buckets != NULL;
}

void cairn__key_table_fini(struct cairn__key_table *table)
{
    cairn_free(table->buckets);
    table->buckets = NULL;
}

uint64_t cairn__key_table_hash(const struct cairn__key_table *table, struct cairn_str key)
{
    return cairn__siphash(table->secret, key.data, key.length);
}

struct cairn__key_entry *cairn__key_table_find(
    const struct cairn__key_table *table, uint64_t hash, struct cairn_str key)
{
    struct cairn__key_entry *entry = table->buckets[hash & table->mask];
    while (entry && !(entry->hash == hash && cairn_str_equal(cairn__key_entry_key(entry), key)))
        entry = entry->next;
    return entry;
}

static void key_table_put(struct cairn__key_table *table, struct cairn__key_entry *entry)
{
    struct cairn__key_entry **bucket = &table->buckets[entry->hash & table->mask];
    entry->next = *bucket;
    if (entry->next)
        entry->next->link = &entry->next;
    entry->link = bucket;
    *bucket = entry;
}

static void key_table_grow(struct cairn__key_table *table)
{
    struct cairn__key_entry **old = table->buckets;
    size_t count = table->mask + 1;
    struct cairn__key_entry **buckets =
        cairn_alloc_zero(2 * count * sizeof(struct cairn__key_entry *));
    if (!buckets)
        return;
    table->buckets = buckets;
    table->mask = 2 * count - 1;
    for (size_t i = 0; i < count; i++) {
        while (old[i]) {
            struct cairn__key_entry *entry = old[i];
            old[i] = entry->next;
            key_table_put(table, entry);
        }
    }
    cairn_free(old);
}

void cairn__key_table_insert(struct cairn__key_table *table, struct cairn__key_entry *entry)
{
    if (table->count > table->mask)
        key_table_grow(table);
    key_table_put(table, entry);
    table->count++;
}

void cairn__key_table_remove(struct cairn__key_table *table, struct cairn__key_entry *entry)
{
    if (!entry->link)
        return;
    *entry->link = entry->next;
    if (entry->next)
        entry->next->link = entry->link;
    entry->link = NULL;
    table->count--;
}

bool cairn__key_entry_set(struct cairn__key_entry *entry, uint64_t hash, struct cairn_str key)
{
    if (!entry->key || entry->capacity < key.length) {
        size_t capacity = key.length > KEY_TABLE_LEAST_KEY ? key.length : KEY_TABLE_LEAST_KEY;
        char *data = cairn_alloc(capacity);
        if (!data)
            return false;
        cairn_free(entry->key);
        entry->key = data;
        entry->capacity = capacity;
    }
    if (key.length)
        memcpy(entry->key, key.data, key.length);
    entry->length = key.length;
    entry->hash = hash;
    return true;
}

void cairn__key_entry_fini(struct cairn__key_entry *entry)
{
    cairn_free(entry->key);
    entry->key = NULL;
}
