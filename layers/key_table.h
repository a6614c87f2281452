/* key_table.h - from keys to the entries that embed them; no key a peer chooses makes it slow.
 * Internal. */
#ifndef CAIRN_LAYERS_KEY_TABLE_H
#define CAIRN_LAYERS_KEY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/service/siphash.h>
#include <cairn/service/str.h>

/* Embed one; zero is one without a key. It must not move while it is in a table. The memory of a
 * key is kept for the next one. */
struct cairn__key_entry {
    struct cairn__key_entry *next;
    struct cairn__key_entry **link; /* NULL: in no table */
    uint64_t hash;
    char *key;
    size_t length;
    size_t capacity;
};

struct cairn__key_table {
    struct cairn__siphash_key secret;
    struct cairn__key_entry **buckets;
    size_t mask; /* the number of buckets, a power of two, less one */
    size_t count;
};

/* False: without memory; fini is then allowed. */
bool cairn__key_table_init(struct cairn__key_table *table);
/* The entries are the caller's. */
void cairn__key_table_fini(struct cairn__key_table *table);

uint64_t cairn__key_table_hash(const struct cairn__key_table *table, struct cairn_str key);
struct cairn__key_entry *cairn__key_table_find(
    const struct cairn__key_table *table, uint64_t hash, struct cairn_str key);
/* ENTRY has a key. A table that cannot grow without memory takes it all the same. */
void cairn__key_table_insert(struct cairn__key_table *table, struct cairn__key_entry *entry);
/* In no table: nothing. */
void cairn__key_table_remove(struct cairn__key_table *table, struct cairn__key_entry *entry);

/* Copies KEY; ENTRY is in no table. False: without memory. */
bool cairn__key_entry_set(struct cairn__key_entry *entry, uint64_t hash, struct cairn_str key);
void cairn__key_entry_fini(struct cairn__key_entry *entry);

static inline struct cairn_str cairn__key_entry_key(const struct cairn__key_entry *entry)
{
    return cairn_str_of(entry->key, entry->length);
}

#endif
