/* uuid7.h - UUIDs that sort by their time. RFC 9562 section 5.7. Internal. */
#ifndef CAIRN_HTTP_LAYERS_UUID7_H
#define CAIRN_HTTP_LAYERS_UUID7_H

#include <stdint.h>

#include <cairn/service/random.h>

#define CAIRN__UUID_BYTES 36

/*
 * One maker's UUIDs ascend, also when the clock goes back: 48 bits of milliseconds, a counter of 12
 * bits that begins each millisecond at a random place in its lower half (section 6.2, method 1), 62
 * random bits. They are unique and guessable: names, no secrets.
 */
struct cairn__uuid7 {
    struct cairn_random random;
    uint64_t last_ms;
    unsigned counter;
};

/* SEED 0: from the system. */
void cairn__uuid7_init(struct cairn__uuid7 *maker, uint64_t seed);
/* Writes CAIRN__UUID_BYTES in lower case, without a terminator. */
void cairn__uuid7_next(struct cairn__uuid7 *maker, uint64_t unix_ms, char *out);

#endif
