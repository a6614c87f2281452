/* str.h - a borrowed run of bytes: pointer and length, no terminator. */
#ifndef CAIRN_SERVICE_STR_H
#define CAIRN_SERVICE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cairn/service/api.h>

CAIRN_BEGIN_DECLS

/* Borrows DATA; whoever hands one out says until when. An absent string has data NULL. */
struct cairn_str {
    const char *data;
    size_t length;
};

/* A string literal as a cairn_str, its length known at compile time. */
#define CAIRN_STR(literal) cairn_str_of("" literal, sizeof(literal) - 1)
#define CAIRN_STR_INIT(literal)         \
    {                                   \
        "" literal, sizeof(literal) - 1 \
    }

static inline struct cairn_str cairn_str_of(const char *data, size_t length)
{
    struct cairn_str s;
    s.data = data;
    s.length = length;
    return s;
}

/* NULL gives the absent string. */
static inline struct cairn_str cairn_str_from(const char *text)
{
    return cairn_str_of(text, text ? strlen(text) : 0);
}

static inline bool cairn_str_equal(struct cairn_str a, struct cairn_str b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/* ASCII letters compare without case, every other byte exactly: HTTP's rule for field names. */
CAIRN_API bool cairn_str_equal_nocase(struct cairn_str a, struct cairn_str b);

/*
 * Reads S as an unsigned decimal number: digits only, no sign, no space, no overflow.
 * Returns false, and leaves *OUT alone, for anything else.
 */
CAIRN_API bool cairn_str_to_u64(struct cairn_str s, unsigned long long *out);

CAIRN_END_DECLS

#endif
