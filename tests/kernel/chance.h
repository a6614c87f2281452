/* chance.h - every decision of a session: from a seed, or from an input and then a seed. */
#ifndef CAIRN_TESTS_KERNEL_CHANCE_H
#define CAIRN_TESTS_KERNEL_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/service/random.h>

struct chance {
    struct cairn_random random;
    const uint8_t *data;
    size_t size;
    size_t at;
};

static inline struct chance chance_of_seed(uint64_t seed)
{
    return (struct chance){.random = {seed}};
}

static inline struct chance chance_of_bytes(const uint8_t *data, size_t size)
{
    return (struct chance){.data = data, .size = size};
}

/* 0 to N - 1. */
static inline size_t chance_below(struct chance *self, size_t n)
{
    if (n <= 1)
        return 0;
    if (self->at == self->size)
        return (size_t)(cairn_random_next_u64(&self->random) % n);
    size_t value = 0;
    for (size_t range = 1; range < n && self->at < self->size; range <<= 8)
        value = value << 8 | self->data[self->at++];
    return value % n;
}

static inline size_t chance_between(struct chance *self, size_t low, size_t high)
{
    return low + chance_below(self, high - low + 1);
}

/* Once in N; 0: never. */
static inline bool chance_once_in(struct chance *self, unsigned n)
{
    return n && chance_below(self, n) == n - 1;
}

/* Small mostly, at times as large as MOST. */
static inline size_t chance_size(struct chance *self, size_t most)
{
    size_t bound = most >> (chance_below(self, 4) * 3);
    return chance_below(self, bound + 1);
}

#endif
