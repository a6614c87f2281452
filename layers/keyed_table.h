/* keyed_table.h - a table of fixed size from hashes to times, for several threads, without a lock.
 * Internal. */
#ifndef CAIRN_LAYERS_KEYED_TABLE_H
#define CAIRN_LAYERS_KEYED_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A hash chooses a set of sixteen slots and lives in one of them. A time that has passed is the
 * same as none, so that such a slot can be taken over and nothing is lost; in a set full of times
 * still to come, the slot that was used least recently is taken over, and forgotten.
 *
 * The time of a slot is changed by compare-and-swap alone. Whoever has changed it looks whether the
 * slot is still that of its hash (cairn__keyed_table_holds), and does it again if it is not.
 */
#define CAIRN__KEYED_WAYS 16

struct cairn__keyed_set {
    uint64_t tags[CAIRN__KEYED_WAYS]; /* hashes; 0: free, 1: changing hands */
    uint64_t times[CAIRN__KEYED_WAYS];
    uint32_t used[CAIRN__KEYED_WAYS]; /* when, in units of about a millisecond; wraps */
};

struct cairn__keyed_table {
    size_t mask; /* the number of sets, a power of two, less one */
    struct cairn__keyed_set *sets;
    uint64_t evicted; /* times still to come that were forgotten */
};

struct cairn__keyed_place {
    struct cairn__keyed_set *set;
    unsigned slot;
};

/* For KEYS keys and as many slots again. False: without memory. */
bool cairn__keyed_table_init(struct cairn__keyed_table *table, size_t keys);
void cairn__keyed_table_fini(struct cairn__keyed_table *table);
size_t cairn__keyed_table_slots(const struct cairn__keyed_table *table);

/* The slot of HASH, made if need be, with a time that has passed. */
struct cairn__keyed_place cairn__keyed_table_place(
    struct cairn__keyed_table *table, uint64_t hash, uint64_t now);
bool cairn__keyed_table_holds(struct cairn__keyed_place place, uint64_t hash);
/* The time of HASH; 0: it has none. */
uint64_t cairn__keyed_table_time(const struct cairn__keyed_table *table, uint64_t hash);

#endif
