/* json_plain.h - text that needs no escape in a JSON string. Internal. */
#ifndef CAIRN_HTTP_JSON_PLAIN_H
#define CAIRN_HTTP_JSON_PLAIN_H

#include <cairn/http/codec/blocks.h>
#include <cairn/service/str.h>

/* Ones in each byte that is not plain. */
static inline cairn__block cairn__json_not_plain(cairn__block block)
{
    return (cairn__block)((block - ' ' > '~' - ' ') | (block == '"') | (block == '\\'));
}

/* Fewer than eight bytes. Where they lie over each other they are the same. */
static inline void cairn__json_put_few(char *to, struct cairn_str s, cairn__block *marks)
{
    uint64_t word = 0x2020202020202020u;
    if (s.length >= 4) {
        uint32_t first, last;
        memcpy(&first, s.data, 4);
        memcpy(&last, s.data + s.length - 4, 4);
        memcpy(to, &first, 4);
        memcpy(to + s.length - 4, &last, 4);
        word = first | (uint64_t)last << 32;
    } else if (s.length > 0) {
        unsigned char first = (unsigned char)s.data[0];
        unsigned char middle = (unsigned char)s.data[s.length / 2];
        unsigned char last = (unsigned char)s.data[s.length - 1];
        to[0] = (char)first;
        to[s.length / 2] = (char)middle;
        to[s.length - 1] = (char)last;
        word = word << 24 | (unsigned)(first | middle << 8 | last << 16);
    }
    *marks |= cairn__json_not_plain(cairn__block_of(word, word));
}

/* Copies S and returns where it ends. What it copied is of use while *MARKS has no ones: all of it
 * was plain then. */
static inline char *cairn__json_put_plain(char *to, struct cairn_str s, cairn__block *marks)
{
    char *end = to + s.length;
    cairn__block block;
    if (s.length >= sizeof(block)) {
        const char *last = s.data + s.length - sizeof(block);
        for (const char *from = s.data; from < last; from += sizeof(block), to += sizeof(block)) {
            memcpy(&block, from, sizeof(block));
            memcpy(to, &block, sizeof(block));
            *marks |= cairn__json_not_plain(block);
        }
        memcpy(&block, last, sizeof(block));
        memcpy(end - sizeof(block), &block, sizeof(block));
        *marks |= cairn__json_not_plain(block);
    } else if (s.length >= 8) {
        uint64_t first = cairn__word(s.data);
        uint64_t last = cairn__word(s.data + s.length - 8);
        memcpy(to, &first, 8);
        memcpy(end - 8, &last, 8);
        *marks |= cairn__json_not_plain(cairn__block_of(first, last));
    } else {
        cairn__json_put_few(to, s, marks);
    }
    return end;
}

#endif
