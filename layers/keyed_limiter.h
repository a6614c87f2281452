/* keyed_limiter.h - how much each of many keys may do in a time: GCRA in a table of fixed size. */
#ifndef CAIRN_LAYERS_KEYED_LIMITER_H
#define CAIRN_LAYERS_KEYED_LIMITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/service/describe.h>
#include <cairn/service/error.h>
#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

/*
 * What one key may do: NUM in PER_MS, evenly, and up to BURST of them at once. This is the generic
 * cell rate algorithm (ITU-T I.371): a token bucket of BURST that refills steadily, kept as the one
 * time at which it would be full. There are no windows, and no edge around which twice as much
 * passes.
 */
struct cairn_keyed_rate {
    uint64_t num;
    uint64_t per_ms;
    uint64_t burst;
};

/* As `num` of a rate: no limit at all. A rate of 0 lets nothing through. */
#define CAIRN_KEYED_UNLIMITED UINT64_MAX

/* Times count from now and are rounded up to a whole millisecond. */
struct cairn_keyed_answer {
    bool is_allowed;
    uint64_t limit;     /* what may come at once: the burst; UINT64_MAX: no limit */
    uint64_t remaining; /* of it, now */
    uint64_t reset_ms;  /* until all of it is there again */
    /* Allowed: how long it must wait before it begins. Refused: until one would be let through at
     * once; UINT64_MAX: never. */
    uint64_t wait_ms;
};

/*
 * For all threads, without a lock: a key's state is one word, changed by compare-and-swap. Counted
 * by atomic references.
 *
 * The memory is fixed when it is made: two slots for each of KEYS, 20 bytes each. A key whose burst
 * is all there again needs no slot. When sixteen keys that share a set of slots all need theirs,
 * the one used least recently is forgotten, which gives it its burst back; with KEYS keys at a time
 * one in some hundred sets is that full. Keys are told apart by a 64-bit SipHash under a key of
 * this object, so that peers who choose keys cannot choose which ones share a set.
 *
 * Each call that is let through is charged, so that the rate holds for all threads together, but
 * for what was forgotten. In the moment in which several threads meet a key that has no slot, a
 * call more than the burst may pass, or one be charged twice.
 */
struct cairn_keyed_limiter;

struct cairn_keyed_limiter_options {
    size_t size;
    uint64_t num;    /* 1 to 1000000000; 0: 100 */
    uint64_t per_ms; /* 1 to 86400000 (a day); 0: 1000 */
    uint64_t burst;  /* 1 to 1000000000, and not more than 366 days are worth; 0: num */
    size_t keys;     /* at a time, 1 to 16777216; 0: 16384 */
    uint64_t seed;   /* of the hash, for tests; 0: from the system */
};

/* Returns a limiter with one reference, the caller's, or NULL with *ERROR set: CAIRN_ERROR_INVALID
 * names the option, its range and what it was; CAIRN_ERROR_MEMORY. OPTIONS may be NULL. */
CAIRN_API struct cairn_keyed_limiter *cairn_keyed_limiter_new(
    const struct cairn_keyed_limiter_options *options, struct cairn_error **error);
CAIRN_API struct cairn_keyed_limiter *cairn_keyed_limiter_ref(struct cairn_keyed_limiter *limiter);
/* NULL: nothing. */
CAIRN_API void cairn_keyed_limiter_unref(struct cairn_keyed_limiter *limiter);

/* The rate of its options. */
CAIRN_API struct cairn_keyed_rate cairn_keyed_limiter_rate(
    const struct cairn_keyed_limiter *limiter);

/*
 * Charges KEY for one call at NOW_NS, of the monotonic clock that all users share, under RATE
 * (NULL: the limiter's own; any other one, its fields taken as near as the algorithm can). A call
 * that could begin within MAX_WAIT_MS is allowed, with the wait in the answer; each in turn, as
 * they came. A refusal charges nothing.
 */
CAIRN_API struct cairn_keyed_answer cairn_keyed_limiter_take(struct cairn_keyed_limiter *limiter,
    struct cairn_str key, const struct cairn_keyed_rate *rate, uint64_t max_wait_ms,
    uint64_t now_ns);

/* What the answer for one more call would be, without a charge: for header fields. */
CAIRN_API struct cairn_keyed_answer cairn_keyed_limiter_peek(
    const struct cairn_keyed_limiter *limiter, struct cairn_str key,
    const struct cairn_keyed_rate *rate, uint64_t now_ns);

/* Rate and size, and `evicted`: keys that were forgotten while they had a charge. */
CAIRN_API void cairn_keyed_limiter_describe(
    const struct cairn_keyed_limiter *limiter, struct cairn_describe *d);

CAIRN_END_DECLS

#endif
