#include <cairn/layers/keyed_table.h>

#include <cairn/service/alloc.h>

#define KEYED_FREE 0u
#define KEYED_CHANGING 1u
#define KEYED_NOWHERE CAIRN__KEYED_WAYS

/*
 * All orders are sequentially consistent. Two threads rely on it: one charges a time and then looks
 * at the tag; the other takes the tag away and then looks at the time. At least one sees the other.
 */
static inline uint64_t keyed_load(const uint64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the builtin writes it */
static inline void keyed_store(uint64_t *word, uint64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the builtin writes it */
static inline bool keyed_swap(uint64_t *word, uint64_t from, uint64_t to)
{
    return __atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

bool cairn__keyed_table_init(struct cairn__keyed_table *table, size_t keys)
{
    size_t sets = 1;
    while (sets * CAIRN__KEYED_WAYS < 2 * keys)
        sets *= 2;
    table->mask = sets - 1;
    table->evicted = 0;
    table->sets = cairn_alloc_zero(sets * sizeof(*table->sets));
    return table->sets;
}

void cairn__keyed_table_fini(struct cairn__keyed_table *table)
{
    cairn_free(table->sets);
}

size_t cairn__keyed_table_slots(const struct cairn__keyed_table *table)
{
    return (table->mask + 1) * CAIRN__KEYED_WAYS;
}

/* No hash is a mark. */
static inline uint64_t keyed_tag(uint64_t hash)
{
    return hash <= KEYED_CHANGING ? hash + 2 : hash;
}

static struct cairn__keyed_set *keyed_set(const struct cairn__keyed_table *table, uint64_t hash)
{
    return &table->sets[hash & table->mask];
}

/* The first slot of TAG, or KEYED_NOWHERE. */
static unsigned keyed_find(const struct cairn__keyed_set *set, uint64_t tag)
{
    unsigned slot = 0;
    while (slot < CAIRN__KEYED_WAYS && keyed_load(&set->tags[slot]) != tag)
        slot++;
    return slot;
}

static uint32_t keyed_stamp(uint64_t now)
{
    return (uint32_t)(now >> 20);
}

static void keyed_touch(struct cairn__keyed_set *set, unsigned slot, uint64_t now)
{
    uint32_t stamp = keyed_stamp(now);
    if (__atomic_load_n(&set->used[slot], __ATOMIC_RELAXED) != stamp)
        __atomic_store_n(&set->used[slot], stamp, __ATOMIC_RELAXED);
}

struct keyed_victim {
    unsigned slot;
    uint64_t tag; /* as it was seen */
    bool is_live;
};

/* A free slot, or one whose time has passed, or the one used least recently. */
static struct keyed_victim keyed_choose(const struct cairn__keyed_set *set, uint64_t now)
{
    struct keyed_victim victim = {KEYED_NOWHERE, KEYED_FREE, true};
    uint32_t oldest = 0;
    for (unsigned slot = 0; slot < CAIRN__KEYED_WAYS; slot++) {
        uint64_t tag = keyed_load(&set->tags[slot]);
        if (tag == KEYED_FREE)
            return (struct keyed_victim){slot, tag, false};
        if (tag == KEYED_CHANGING || !victim.is_live)
            continue;
        bool is_live = keyed_load(&set->times[slot]) > now;
        /* A clock that is a little behind may have stamped after this one was read. */
        int32_t age =
            (int32_t)(keyed_stamp(now) - __atomic_load_n(&set->used[slot], __ATOMIC_RELAXED));
        uint32_t unused = age < 0 ? 0 : (uint32_t)age;
        if (is_live && victim.slot != KEYED_NOWHERE && unused <= oldest)
            continue;
        victim = (struct keyed_victim){slot, tag, is_live};
        oldest = unused;
    }
    return victim;
}

static struct cairn__keyed_place keyed_place(
    struct cairn__keyed_table *table, struct cairn__keyed_set *set, uint64_t tag, uint64_t now);

static void keyed_owe(struct cairn__keyed_table *table, struct cairn__keyed_set *set, uint64_t tag,
    uint64_t debt, uint64_t now)
{
    struct cairn__keyed_place place;
    do {
        place = keyed_place(table, set, tag, now);
        uint64_t *time = &set->times[place.slot];
        uint64_t old = keyed_load(time);
        while (!keyed_swap(time, old, (old > now ? old : now) + debt))
            old = keyed_load(time);
    } while (keyed_load(&set->tags[place.slot]) != tag);
}

/* Frees the slot FROM of TAG, and adds what it owes to the one that is kept. */
static void keyed_merge(struct cairn__keyed_table *table, struct cairn__keyed_set *set,
    unsigned from, uint64_t tag, uint64_t now)
{
    if (!keyed_swap(&set->tags[from], tag, KEYED_CHANGING))
        return;
    uint64_t time = keyed_load(&set->times[from]);
    keyed_store(&set->times[from], 0);
    keyed_store(&set->tags[from], KEYED_FREE);
    if (time > now)
        keyed_owe(table, set, tag, time - now, now);
}

/* Two threads that meet a key at once may each make a slot for it: the first slot stays. What was
 * let through on account of the other is owed. */
static void keyed_settle(
    struct cairn__keyed_table *table, struct cairn__keyed_set *set, uint64_t tag, uint64_t now)
{
    for (unsigned slot = keyed_find(set, tag) + 1; slot < CAIRN__KEYED_WAYS; slot++)
        if (keyed_load(&set->tags[slot]) == tag)
            keyed_merge(table, set, slot, tag, now);
}

static void keyed_claim(struct cairn__keyed_table *table, struct cairn__keyed_set *set,
    struct keyed_victim victim, uint64_t tag, uint64_t now)
{
    uint64_t next = tag;
    if (!keyed_swap(&set->tags[victim.slot], victim.tag, KEYED_CHANGING))
        return;
    /* One that was charged after it had been looked at keeps its slot. Whoever charges it from here
     * on finds the tag changed, and does it again. */
    if (!victim.is_live && victim.tag != KEYED_FREE && keyed_load(&set->times[victim.slot]) > now)
        next = victim.tag;
    else
        keyed_store(&set->times[victim.slot], 0);
    if (next == tag && keyed_find(set, tag) != KEYED_NOWHERE) {
        keyed_store(&set->tags[victim.slot], KEYED_FREE); /* another thread was faster */
        return;
    }
    keyed_touch(set, victim.slot, now);
    keyed_store(&set->tags[victim.slot], next);
    if (victim.is_live)
        __atomic_fetch_add(&table->evicted, 1, __ATOMIC_RELAXED);
    keyed_settle(table, set, next, now);
}

static struct cairn__keyed_place keyed_place(
    struct cairn__keyed_table *table, struct cairn__keyed_set *set, uint64_t tag, uint64_t now)
{
    unsigned slot;
    while ((slot = keyed_find(set, tag)) == KEYED_NOWHERE) {
        struct keyed_victim victim = keyed_choose(set, now);
        if (victim.slot != KEYED_NOWHERE)
            keyed_claim(table, set, victim, tag, now);
    }
    keyed_touch(set, slot, now);
    return (struct cairn__keyed_place){set, slot};
}

struct cairn__keyed_place cairn__keyed_table_place(
    struct cairn__keyed_table *table, uint64_t hash, uint64_t now)
{
    return keyed_place(table, keyed_set(table, hash), keyed_tag(hash), now);
}

bool cairn__keyed_table_holds(struct cairn__keyed_place place, uint64_t hash)
{
    return keyed_load(&place.set->tags[place.slot]) == keyed_tag(hash);
}

uint64_t cairn__keyed_table_time(const struct cairn__keyed_table *table, uint64_t hash)
{
    const struct cairn__keyed_set *set = keyed_set(table, hash);
    unsigned slot = keyed_find(set, keyed_tag(hash));
    return slot == KEYED_NOWHERE ? 0 : keyed_load(&set->times[slot]);
}
