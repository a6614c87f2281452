/* query_reference.h - the WHATWG's urlencoded parser, step by step as it is written down: for tests
 * that hold the real one to it. Internal. */
#ifndef CAIRN_TESTKIT_QUERY_REFERENCE_H
#define CAIRN_TESTKIT_QUERY_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define QUERY_REFERENCE_BYTES 512

struct query_reference_pair {
    char name[QUERY_REFERENCE_BYTES];
    size_t name_length;
    char value[QUERY_REFERENCE_BYTES];
    size_t value_length;
};

static inline int query_reference_hex(char c)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) - (at - digits > 15 ? 6 : 0) : -1;
}

/* "Percent-decode", after "replace any 0x2B (+) with 0x20 (SP)". */
static inline size_t query_reference_decode(char *bytes, size_t length)
{
    size_t written = 0;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '+')
            bytes[i] = ' ';
    }
    for (size_t i = 0; i < length; i++) {
        bool is_encoded = bytes[i] == '%' && i + 2 < length &&
                          query_reference_hex(bytes[i + 1]) >= 0 &&
                          query_reference_hex(bytes[i + 2]) >= 0;
        if (is_encoded) {
            bytes[written++] =
                (char)(query_reference_hex(bytes[i + 1]) * 16 + query_reference_hex(bytes[i + 2]));
            i += 2;
        } else {
            bytes[written++] = bytes[i];
        }
    }
    return written;
}

/* The pair that the sequence at TEXT is. */
static inline void query_reference_read(
    const char *text, size_t length, struct query_reference_pair *out)
{
    bool has_equals = false;
    out->name_length = 0;
    out->value_length = 0;
    for (size_t i = 0; i < length; i++) {
        if (has_equals)
            out->value[out->value_length++] = text[i];
        else if (text[i] == '=')
            has_equals = true;
        else
            out->name[out->name_length++] = text[i];
    }
    out->name_length = query_reference_decode(out->name, out->name_length);
    out->value_length = query_reference_decode(out->value, out->value_length);
}

/* Reads the pair numbered INDEX, from 0, into OUT. Returns false when there are not as many. */
static inline bool query_reference(
    const char *text, size_t length, size_t index, struct query_reference_pair *out)
{
    size_t begin = 0;
    for (size_t i = 0; i <= length; i++) {
        if (i < length && text[i] != '&')
            continue;
        if (i > begin && index-- == 0) {
            query_reference_read(text + begin, i - begin, out);
            return true;
        }
        begin = i + 1;
    }
    return false;
}

#endif
