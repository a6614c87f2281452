/* blocks.h - short texts by many bytes at once: what they are made of, and copies of them.
 * Internal.
 *
 * Nothing is read or written outside of a text: its last part lies over bytes already seen.
 */
#ifndef CAIRN_HTTP_BLOCKS_H
#define CAIRN_HTTP_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Sixteen bytes, all compared or added at once; a comparison gives bytes of ones and of zeros. */
typedef uint8_t cairn__block __attribute__((vector_size(16)));
typedef uint64_t cairn__halves __attribute__((vector_size(16)));

static inline uint64_t cairn__word(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return word;
}

static inline cairn__block cairn__block_of(uint64_t first, uint64_t second)
{
    return (cairn__block)(cairn__halves){first, second};
}

static inline bool cairn__block_is_zero(cairn__block block)
{
    cairn__halves halves = (cairn__halves)block;
    return (halves[0] | halves[1]) == 0;
}

/* Ones in each byte that may not stand in a field value, and in TAB. */
static inline cairn__block cairn__block_invisible(cairn__block block)
{
    return (cairn__block)((block < 0x20) | (block == 0x7f));
}

/* Ones in each byte that is neither a letter nor a hyphen: nearly none of a field name. */
static inline cairn__block cairn__block_unusual(cairn__block block)
{
    return (cairn__block)(((block | 0x20) - 'a' >= 26) & (block != '-'));
}

/* Ones in each byte that is neither a letter, nor a digit, nor one of "-.": nearly none of a host.
 */
static inline cairn__block cairn__block_no_host(cairn__block block)
{
    return (
        cairn__block)(((block | 0x20) - 'a' >= 26) & ((block - '-' > '9' - '-') | (block == '/')));
}

/* Whether MARK marks none of the LENGTH bytes at TEXT, at least eight. */
static inline bool cairn__blocks_are(
    const char *text, size_t length, cairn__block (*mark)(cairn__block block))
{
    cairn__block block;
    if (length < sizeof(block)) {
        block = cairn__block_of(cairn__word(text), cairn__word(text + length - 8));
        return cairn__block_is_zero(mark(block));
    }
    const char *last = text + length - sizeof(block);
    memcpy(&block, last, sizeof(block));
    cairn__block marks = mark(block);
    for (; text < last; text += sizeof(block)) {
        memcpy(&block, text, sizeof(block));
        marks |= mark(block);
    }
    return cairn__block_is_zero(marks);
}

/* Copies LENGTH bytes, which are few, and returns where they end. */
static inline char *cairn__put(char *to, const char *from, size_t length)
{
    char *end = to + length;
    if (length > 64) {
        memcpy(to, from, length);
    } else if (length > 32) {
        memcpy(to, from, 16);
        memcpy(to + 16, from + 16, 16);
        memcpy(end - 32, from + length - 32, 16);
        memcpy(end - 16, from + length - 16, 16);
    } else if (length >= 16) {
        memcpy(to, from, 16);
        memcpy(end - 16, from + length - 16, 16);
    } else if (length >= 8) {
        memcpy(to, from, 8);
        memcpy(end - 8, from + length - 8, 8);
    } else if (length >= 4) {
        memcpy(to, from, 4);
        memcpy(end - 4, from + length - 4, 4);
    } else {
        while (to < end)
            *to++ = *from++;
    }
    return end;
}

/* Whether the LENGTH bytes, which are few, are the same. */
static inline bool cairn__same(const char *a, const char *b, size_t length)
{
    uint64_t differs = 0;
    if (length > 64)
        return memcmp(a, b, length) == 0;
    for (; length >= 8; a += 8, b += 8, length -= 8)
        differs |= cairn__word(a) ^ cairn__word(b);
    while (length-- > 0)
        differs |= (uint64_t)(a[length] ^ b[length]);
    return differs == 0;
}

#endif
