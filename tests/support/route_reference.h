/* route_reference.h - which of some patterns a path has, the slow and plain way: for tests that
 * hold the router to it. Internal.
 *
 * Every pattern is tried. A pattern that matches has a rank, some characters a segment: '0' static,
 * '1' captured between literals, the more of them the lesser, then the longer the first of them,
 * '2' captured, '3' the rest; the least rank wins.
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
    char rank[3 * ROUTE_REFERENCE_SEGMENTS + 1];
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

/* Cuts the literals that stand around the capture of PATTERN off VALUE, and writes RANK. */
static inline bool route_reference_trim(
    const char *pattern, size_t pattern_length, char *value, char *rank)
{
    size_t prefix = (size_t)((const char *)memchr(pattern, '{', pattern_length) - pattern);
    const char *close = (const char *)memchr(pattern, '}', pattern_length);
    size_t suffix = pattern_length - (size_t)(close + 1 - pattern);
    size_t length = strlen(value);
    if (length <= prefix + suffix || memcmp(value, pattern, prefix) != 0 ||
        memcmp(value + length - suffix, close + 1, suffix) != 0)
        return false;
    memmove(value, value + prefix, length - prefix - suffix);
    value[length - prefix - suffix] = '\0';
    rank[0] = prefix + suffix ? '1' : '2';
    rank[1] = (char)(ROUTE_REFERENCE_BYTES - 1 - (prefix + suffix));
    rank[2] = (char)(ROUTE_REFERENCE_BYTES - 1 - prefix);
    rank[3] = '\0';
    return true;
}

/* Whether the segment PATTERN takes the segment PATH; both begin behind their slash. */
static inline bool route_reference_segment(const char *pattern, size_t pattern_length,
    const char *path, size_t path_length, struct route_reference *out, char *rank)
{
    char *value = out->values[out->count];
    bool is_rest = pattern_length > 1 && pattern[0] == '{' && pattern[1] == '*';
    route_reference_decode(path, is_rest ? strlen(path) : path_length, value);
    if (!memchr(pattern, '{', pattern_length)) {
        strcpy(rank, "0");
        return strlen(value) == pattern_length && memcmp(value, pattern, pattern_length) == 0;
    }
    out->count++;
    if (!is_rest)
        return route_reference_trim(pattern, pattern_length, value, rank);
    strcpy(rank, "3");
    return *path != '\0';
}

/* Whether PATTERN takes PATH, which is encoded well. */
static inline bool route_reference_matches(
    const char *pattern, const char *path, struct route_reference *out)
{
    char *rank = out->rank;
    out->count = 0;
    *rank = '\0';
    while (*pattern == '/' && *path == '/') {
        pattern++;
        path++;
        size_t length = strcspn(path, "/");
        size_t pattern_length = strcspn(pattern, "/");
        if (!route_reference_segment(pattern, pattern_length, path, length, out, rank))
            return false;
        pattern += pattern_length;
        path += *rank == '3' ? strlen(path) : length;
        rank += strlen(rank);
    }
    return rank != out->rank && *pattern == '\0' && *path == '\0';
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
