/* ows.h - optional white space around what fields hold (RFC 9110 section 5.6.3). Internal. */
#ifndef CAIRN_HTTP_OWS_H
#define CAIRN_HTTP_OWS_H

#include <stdbool.h>

#include <cairn/service/str.h>

static inline bool cairn__is_ows(char c)
{
    return c == ' ' || c == '\t';
}

static inline struct cairn_str cairn__ows_skip(struct cairn_str s)
{
    while (s.length > 0 && cairn__is_ows(s.data[0])) {
        s.data++;
        s.length--;
    }
    return s;
}

/* S without the white space at both of its ends. */
static inline struct cairn_str cairn__ows_trim(struct cairn_str s)
{
    s = cairn__ows_skip(s);
    while (s.length > 0 && cairn__is_ows(s.data[s.length - 1]))
        s.length--;
    return s;
}

#endif
