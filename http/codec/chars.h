/* chars.h - the character classes of HTTP and URI syntax, one table. Internal. */
#ifndef CAIRN_HTTP_CHARS_H
#define CAIRN_HTTP_CHARS_H

#include <stdbool.h>

enum cairn__char_class {
    CAIRN__CHAR_TOKEN = 1,  /* tchar, RFC 9110 section 5.6.2 */
    CAIRN__CHAR_TARGET = 2, /* reserved and unreserved but "#", RFC 3986 section 2; no "%" */
    CAIRN__CHAR_HOST = 4,   /* unreserved and sub-delims, RFC 3986 section 3.2.2; no "%" */
    CAIRN__CHAR_HEX = 8,
    CAIRN__CHAR_VALUE = 16,   /* TAB, SP, visible and obs-text, RFC 9110 section 5.5 */
    CAIRN__CHAR_TOKEN68 = 32, /* of credentials; no "=", RFC 9110 section 11.2 */
    CAIRN__CHAR_COOKIE = 64   /* cookie-octet, RFC 6265 section 4.1.1 */
};

extern const unsigned char cairn__chars[256];

static inline bool cairn__char_is(char c, enum cairn__char_class class_)
{
    return (cairn__chars[(unsigned char)c] & (unsigned)class_) != 0;
}

/* The first byte from AT on that is not of CLASS_, or END. */
static inline const char *cairn__chars_skip(
    const char *at, const char *end, enum cairn__char_class class_)
{
    for (; end - at >= 4; at += 4) {
        if (!cairn__char_is(at[0], class_))
            return at;
        if (!cairn__char_is(at[1], class_))
            return at + 1;
        if (!cairn__char_is(at[2], class_))
            return at + 2;
        if (!cairn__char_is(at[3], class_))
            return at + 3;
    }
    while (at < end && cairn__char_is(*at, class_))
        at++;
    return at;
}

/* Whether the bytes from AT to END are a token68. */
static inline bool cairn__chars_are_token68(const char *at, const char *end)
{
    const char *filled = cairn__chars_skip(at, end, CAIRN__CHAR_TOKEN68);
    bool is_empty = filled == at;
    while (filled < end && *filled == '=')
        filled++;
    return !is_empty && filled == end;
}

#endif
