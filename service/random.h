/* random.h - a small random generator: fast, repeatable from a seed, and no good for secrets. */
#ifndef CAIRN_SERVICE_RANDOM_H
#define CAIRN_SERVICE_RANDOM_H

#include <stdint.h>

#include <cairn/service/api.h>

CAIRN_BEGIN_DECLS

/*
 * SplitMix64 (Steele, Lea and Flood, 2014): a counter whose every value is scrambled. It has no bad
 * state: any value of `counter`, zero too, is a good one. Embed one; it is not for several threads.
 */
struct cairn_random {
    uint64_t counter;
};

/* The same SEED gives the same numbers for ever, on every machine. 0: a seed from the system. Never
 * fails. */
CAIRN_API void cairn_random_init(struct cairn_random *random, uint64_t seed);

/* Any of the 2^64 numbers. */
CAIRN_API uint64_t cairn_random_next_u64(struct cairn_random *random);
/* From 0 up to and without 1, in steps of 2^-53. */
CAIRN_API double cairn_random_next_double(struct cairn_random *random);
/* From START up to and without END, each as likely as any other. START must be below END. */
CAIRN_API uint64_t cairn_random_range(struct cairn_random *random, uint64_t start, uint64_t end);

CAIRN_END_DECLS

#endif
