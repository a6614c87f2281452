#include <cairn/service/random.h>

#include <sys/random.h>
#include <time.h>

#include <cairn/service/assert.h>

/* 2^64 divided by the golden ratio, made odd: successive counters differ in about half of their
 * bits. */
#define RANDOM_STEP 0x9e3779b97f4a7c15u

static uint64_t random_system_seed(const struct cairn_random *random)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) == (long)sizeof(seed))
        return seed;
    /* Early at boot, or in a sandbox: time and address keep processes and generators apart. */
    return (uint64_t)time(NULL) ^ (uint64_t)clock() << 32 ^ (uint64_t)(uintptr_t)random;
}

void cairn_random_init(struct cairn_random *random, uint64_t seed)
{
    random->counter = seed ? seed : random_system_seed(random);
}

uint64_t cairn_random_next_u64(struct cairn_random *random)
{
    uint64_t x = random->counter += RANDOM_STEP;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

double cairn_random_next_double(struct cairn_random *random)
{
    return (double)(cairn_random_next_u64(random) >> 11) * 0x1p-53;
}

/* The high half of next * span is the number. The few products with a low half below 2^64 mod span
 * would make some numbers likelier and are drawn again (Lemire, 2019). */
uint64_t cairn_random_range(struct cairn_random *random, uint64_t start, uint64_t end)
{
    CAIRN_ASSERT(start < end, "random", "range is empty");
    uint64_t span = end - start;
    __extension__ unsigned __int128 product;
    do {
        product = cairn_random_next_u64(random);
        product *= span;
    } while (CAIRN_UNLIKELY((uint64_t)product < span) && (uint64_t)product < -span % span);
    return start + (uint64_t)(product >> 64);
}
