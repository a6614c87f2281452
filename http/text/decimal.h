/* decimal.h - whole numbers as text, two digits at a time. Internal. */
#ifndef CAIRN_HTTP_DECIMAL_H
#define CAIRN_HTTP_DECIMAL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The most digits that there are. */
#define CAIRN__DECIMAL_MOST 20

/* "00" to "99" */
extern const char cairn__decimal_pairs[200];

static inline char *cairn__decimal_put_pair(char *to, unsigned value)
{
    memcpy(to, cairn__decimal_pairs + 2 * (size_t)value, 2);
    return to + 2;
}

static inline unsigned cairn__decimal_digits(uint64_t value)
{
    for (unsigned digits = 1;; digits += 4, value /= 10000) {
        if (value < 10)
            return digits;
        if (value < 100)
            return digits + 1;
        if (value < 1000)
            return digits + 2;
        if (value < 10000)
            return digits + 3;
    }
}

/* Writes VALUE and returns where its text ends. */
static inline char *cairn__decimal_put(char *to, uint64_t value)
{
    char *end = to + cairn__decimal_digits(value);
    char *at = end;
    for (; value >= 100; value /= 100) {
        at -= 2;
        cairn__decimal_put_pair(at, (unsigned)(value % 100));
    }
    if (value >= 10)
        cairn__decimal_put_pair(to, (unsigned)value);
    else
        *to = (char)('0' + value);
    return end;
}

#endif
