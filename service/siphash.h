/* siphash.h - SipHash-1-3 (Aumasson and Bernstein): a hash whose collisions nobody finds who does
 * not know the key. For tables whose keys a peer chooses. Internal. */
#ifndef CAIRN_SERVICE_SIPHASH_H
#define CAIRN_SERVICE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct cairn__siphash_key {
    uint64_t k0;
    uint64_t k1;
};

/* A key from SEED, always the same; 0: from the system, another one each time. */
struct cairn__siphash_key cairn__siphash_key_new(uint64_t seed);

uint64_t cairn__siphash(struct cairn__siphash_key key, const void *data, size_t length);

#endif
