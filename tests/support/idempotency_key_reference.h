/* idempotency_key_reference.h - the key in an Idempotency-Key, by a regular expression: for tests
 * that hold the reader to it. Internal. */
#ifndef CAIRN_TESTKIT_IDEMPOTENCY_KEY_REFERENCE_H
#define CAIRN_TESTKIT_IDEMPOTENCY_KEY_REFERENCE_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cairn/http/values/idempotency_key.h>

/* Bytes that are no printable ASCII become a control character, which no key has: the expressions
 * then do not depend on a locale. S may be changed. */
static inline void idempotency_key_reference_flatten(char *s)
{
    for (; *s; s++) {
        if (*s < ' ' || *s > '~')
            *s = '\1';
    }
}

static inline size_t idempotency_key_reference_unescape(const char *from, size_t length, char *out)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        i += from[i] == '\\';
        out[count++] = from[i];
    }
    return count;
}

/* The key that S has, into OUT, which is as long; its length. */
static inline size_t idempotency_key_reference(const char *s, char *out)
{
    static regex_t quoted;
    static regex_t bare;
    static bool is_ready;
    regmatch_t match[2];
    size_t length = 0;
    if (!is_ready) {
        is_ready = regcomp(&quoted, "^\"(([^\"\\\1]|\\\\[\"\\])*)\" *(;.*)?$", REG_EXTENDED) == 0 &&
                   regcomp(&bare, "^[^ \",;\\\1]+$", REG_EXTENDED) == 0;
    }
    if (regexec(&quoted, s, 2, match, 0) == 0)
        length = idempotency_key_reference_unescape(
            s + match[1].rm_so, (size_t)(match[1].rm_eo - match[1].rm_so), out);
    else if (regexec(&bare, s, 0, NULL, 0) == 0)
        length = idempotency_key_reference_unescape(s, strlen(s), out);
    return length <= CAIRN__IDEMPOTENCY_KEY_MOST ? length : 0;
}

#define IDEMPOTENCY_KEY_REFERENCE_BYTES 600

/* Whether the reader finds in S, shorter than that, what the expressions find. */
static inline bool idempotency_key_reference_agrees(const char *s)
{
    char copy[IDEMPOTENCY_KEY_REFERENCE_BYTES];
    char expected[IDEMPOTENCY_KEY_REFERENCE_BYTES];
    char out[CAIRN__IDEMPOTENCY_KEY_MOST];
    strcpy(copy, s);
    size_t length = cairn__idempotency_key_read(cairn_str_from(s), out);
    idempotency_key_reference_flatten(copy);
    return length == idempotency_key_reference(copy, expected) &&
           memcmp(out, expected, length) == 0;
}

#endif
