#include <cairn/service/siphash.h>

#include <cairn/service/random.h>

struct siphash {
    uint64_t v0, v1, v2, v3;
};

struct cairn__siphash_key cairn__siphash_key_new(uint64_t seed)
{
    struct cairn__siphash_key key;
    struct cairn_random random;
    cairn_random_init(&random, seed);
    key.k0 = cairn_random_next_u64(&random);
    /* The system gives 64 bits at a time: each half of the key has bits of its own. */
    if (!seed)
        cairn_random_init(&random, 0);
    key.k1 = cairn_random_next_u64(&random);
    return key;
}

static inline uint64_t siphash_rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void siphash_round(struct siphash *s)
{
    s->v0 += s->v1;
    s->v1 = siphash_rotate(s->v1, 13) ^ s->v0;
    s->v0 = siphash_rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = siphash_rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = siphash_rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = siphash_rotate(s->v1, 17) ^ s->v2;
    s->v2 = siphash_rotate(s->v2, 32);
}

static inline void siphash_word(struct siphash *s, uint64_t word)
{
    s->v3 ^= word;
    siphash_round(s);
    s->v0 ^= word;
}

/* COUNT bytes, the first of them lowest, on every machine. */
static inline uint64_t siphash_read(const unsigned char *bytes, size_t count)
{
    uint64_t word = 0;
    for (size_t i = 0; i < count; i++)
        word |= (uint64_t)bytes[i] << (8 * i);
    return word;
}

uint64_t cairn__siphash(struct cairn__siphash_key key, const void *data, size_t length)
{
    const unsigned char *at = data;
    struct siphash s = {key.k0 ^ 0x736f6d6570736575u, key.k1 ^ 0x646f72616e646f6du,
        key.k0 ^ 0x6c7967656e657261u, key.k1 ^ 0x7465646279746573u};
    size_t left = length;
    for (; left >= 8; at += 8, left -= 8)
        siphash_word(&s, siphash_read(at, 8));
    siphash_word(&s, siphash_read(at, left) | (uint64_t)length << 56);
    s.v2 ^= 0xff;
    for (int i = 0; i < 3; i++)
        siphash_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
