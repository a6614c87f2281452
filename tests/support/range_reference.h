/* range_reference.h - the Range field read slowly and plainly, for what is tested against it: cut
 * at the commas, trimmed, and compared as decimal text. Internal. */
#ifndef CAIRN_TESTKIT_RANGE_REFERENCE_H
#define CAIRN_TESTKIT_RANGE_REFERENCE_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cairn/http/range.h>

#define RANGE_REFERENCE_BYTES 256

/* A number as text without leading zeros, no larger than 64 bits can hold. Empty: none. */
struct range_number {
    char text[RANGE_REFERENCE_BYTES];
};

static inline int range_reference_compare(const char *a, const char *b)
{
    if (strlen(a) != strlen(b))
        return strlen(a) < strlen(b) ? -1 : 1;
    return strcmp(a, b);
}

static inline struct range_number range_reference_number(const char *text, size_t length)
{
    static const char most[] = "18446744073709551615";
    struct range_number n;
    while (length > 1 && *text == '0')
        text++, length--;
    snprintf(n.text, sizeof(n.text), "%.*s", (int)length, text);
    if (range_reference_compare(n.text, most) > 0)
        strcpy(n.text, most);
    return n;
}

/* 1: satisfiable, in OUT; 0: not; -1: malformed. */
static inline int range_reference_element(
    const char *text, uint64_t size, struct cairn_http_range *out)
{
    char size_text[32];
    size_t before = strspn(text, "0123456789");
    if (text[before] != '-')
        return -1;
    const char *behind = text + before + 1;
    size_t after = strspn(behind, "0123456789");
    if (behind[after] || (!before && !after))
        return -1;
    snprintf(size_text, sizeof(size_text), "%" PRIu64, size);
    struct range_number first = range_reference_number(text, before);
    struct range_number last = range_reference_number(behind, after);
    if (!before) {
        if (strcmp(last.text, "0") == 0)
            return 0;
        if (size == 0)
            return -1;
        bool is_whole = range_reference_compare(last.text, size_text) >= 0;
        out->first = is_whole ? 0 : size - strtoull(last.text, NULL, 10);
        out->last = size - 1;
        return 1;
    }
    if (after && range_reference_compare(last.text, first.text) < 0)
        return -1;
    if (range_reference_compare(first.text, size_text) >= 0)
        return 0;
    bool is_cut = !after || range_reference_compare(last.text, size_text) >= 0;
    out->first = strtoull(first.text, NULL, 10);
    out->last = is_cut ? size - 1 : strtoull(last.text, NULL, 10);
    return 1;
}

/* VALUE has fewer than RANGE_REFERENCE_BYTES bytes and no NUL. */
static inline enum cairn_http_range_result range_reference(
    const char *value, uint64_t size, struct cairn_http_range *out, size_t max, size_t *count)
{
    char copy[RANGE_REFERENCE_BYTES];
    size_t seen = 0;
    size_t met = 0;
    *count = 0;
    if (strncasecmp(value, "bytes=", 6) != 0)
        return CAIRN_HTTP_RANGE_IGNORED;
    strcpy(copy, value + 6);
    for (char *rest = copy, *element; (element = strsep(&rest, ","));) {
        struct cairn_http_range range;
        element += strspn(element, " \t");
        size_t length = strlen(element);
        while (length && strchr(" \t", element[length - 1]))
            element[--length] = '\0';
        if (!length)
            continue;
        int result = range_reference_element(element, size, &range);
        if (result < 0 || ++seen > max)
            return CAIRN_HTTP_RANGE_IGNORED;
        if (result)
            out[met++] = range;
    }
    *count = met;
    if (!seen)
        return CAIRN_HTTP_RANGE_IGNORED;
    return met ? CAIRN_HTTP_RANGE_SATISFIABLE : CAIRN_HTTP_RANGE_UNSATISFIABLE;
}

/* Whether the parser and the reference say the same of VALUE. */
static inline bool range_reference_agrees(const char *value, uint64_t size, size_t max)
{
    struct cairn_http_range got[CAIRN_HTTP_RANGES];
    struct cairn_http_range expected[CAIRN_HTTP_RANGES];
    size_t got_count;
    size_t expected_count;
    if (cairn_http_range_parse(cairn_str_from(value), size, got, max, &got_count) !=
            range_reference(value, size, expected, max, &expected_count) ||
        got_count != expected_count)
        return false;
    for (size_t i = 0; i < got_count; i++) {
        if (got[i].first != expected[i].first || got[i].last != expected[i].last)
            return false;
    }
    return true;
}

#endif
