#include <cairn/http/layers/uuid7.h>

#include <cairn/http/text/hex.h>

#define UUID7_COUNTER_END 0x1000u

void cairn__uuid7_init(struct cairn__uuid7 *maker, uint64_t seed)
{
    cairn_random_init(&maker->random, seed);
    maker->last_ms = 0;
    maker->counter = 0;
}

/* A counter that is used up borrows the next millisecond. */
static void uuid7_step(struct cairn__uuid7 *maker, uint64_t unix_ms)
{
    if (unix_ms <= maker->last_ms && ++maker->counter < UUID7_COUNTER_END)
        return;
    maker->last_ms = unix_ms > maker->last_ms ? unix_ms : maker->last_ms + 1;
    maker->counter =
        (unsigned)(cairn_random_next_u64(&maker->random) & (UUID7_COUNTER_END / 2 - 1));
}

/* The low BYTES of VALUE. */
static inline char *uuid7_hex(char *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = bytes; i > 0; i--)
        out = cairn__hex_put(out, (unsigned char)(value >> (8 * (i - 1))));
    return out;
}

void cairn__uuid7_next(struct cairn__uuid7 *maker, uint64_t unix_ms, char *out)
{
    uuid7_step(maker, unix_ms);
    uint64_t random = cairn_random_next_u64(&maker->random);
    out = uuid7_hex(out, maker->last_ms >> 16, 4);
    *out++ = '-';
    out = uuid7_hex(out, maker->last_ms, 2);
    *out++ = '-';
    out = uuid7_hex(out, 0x7000 | maker->counter, 2);
    *out++ = '-';
    out = uuid7_hex(out, 0x8000 | (random >> 48 & 0x3fff), 2);
    *out++ = '-';
    uuid7_hex(out, random, 6);
}
