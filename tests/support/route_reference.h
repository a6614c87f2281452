/* route_reference.h - which of some patterns a path has, the slow and plain way: for tests that
 * hold the router to it. Internal.
 *
 * Every pattern is tried. A pattern that matches has a rank, one character a segment: '0' static,
 * '1' captured, '2' the rest; the least rank wins.
 */
#ifndef CAIRN_TESTKIT_ROUTE_REFERENCE_H
#define CAIRN_TESTKIT_ROUTE_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define ROUTE_REFERENCE_SEGMENTS 64
#define ROUTE_REFERENCE_BYTES 256

struct route_reference {
    char rank[ROUTE_REFERENCE_SEGMENTS + 1];
    char values[16][ROUTE_REFERENCE_BYTES];
    size_t count;
};

static inline int route_reference_digit(char c)
{
    const char *digits = "0123456789abcdefABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) - (at - digits > 15 ? 6 : 0) : -1;
}

/* Whether PATH has whole encodings only, none of them of a NUL. */
static inline bool route_reference_is_encoded_well(const char *path)
{
    for (; *path; path++) {
        if (*path != '%')
            continue;
        int high = route_reference_digit(path[1]);
        int low = high < 0 ? -1 : route_reference_digit(path[2]);
        if (low < 0 || high + low == 0)
            return false;
    }
    return true;
}

/* LENGTH bytes of TEXT, decoded. */
static inline void route_reference_decode(const char *text, size_t length, char *out)
{
    const char *end = text + length;
    while (text < end) {
        if (*text == '%') {
            *out++ = (char)(route_reference_digit(text[1]) * 16 + route_reference_digit(text[2]));
            text += 3;
        } else {
            *out++ = *text++;
        }
    }
    *out = '\0';
}

/* Whether the segment PATTERN takes the segment PATH; both begin behind their slash. */
static inline bool route_reference_segment(const char *pattern, size_t pattern_length,
    const char *path, size_t path_length, struct route_reference *out, char *rank)
{
    char *value = out->values[out->count];
    *rank = pattern_length > 1 && pattern[0] == '{' ? (pattern[1] == '*' ? '2' : '1') : '0';
    if (*rank == '2')
        path_length = strlen(path);
    route_reference_decode(path, path_length, value);
    if (*rank == '0')
        return strlen(value) == pattern_length && memcmp(value, pattern, pattern_length) == 0;
    out->count++;
    return path_length > 0;
}

/* Whether PATTERN takes PATH, which is encoded well. */
static inline bool route_reference_matches(
    const char *pattern, const char *path, struct route_reference *out)
{
    size_t depth = 0;
    out->count = 0;
    while (*pattern == '/' && *path == '/') {
        pattern++;
        path++;
        size_t length = strcspn(path, "/");
        size_t pattern_length = strcspn(pattern, "/");
        char *rank = &out->rank[depth++];
        if (!route_reference_segment(pattern, pattern_length, path, length, out, rank))
            return false;
        out->rank[depth] = '\0';
        pattern += pattern_length;
        path += *rank == '2' ? strlen(path) : length;
    }
    return depth > 0 && *pattern == '\0' && *path == '\0';
}

/* The index of the pattern that PATH has, with what it captured in OUT; COUNT: none. */
static inline size_t route_reference_find(
    const char *const *patterns, size_t count, const char *path, struct route_reference *out)
{
    size_t best = count;
    struct route_reference found;
    for (size_t i = 0; i < count; i++) {
        if (!route_reference_matches(patterns[i], path, &found))
            continue;
        if (best < count && strcmp(found.rank, out->rank) >= 0)
            continue;
        best = i;
        *out = found;
    }
    return best;
}

#endif
