/* percent.h - percent-encoding: a check and a decoder. RFC 3986 section 2.1. Internal. */
#ifndef CAIRN_HTTP_PERCENT_H
#define CAIRN_HTTP_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/service/str.h>

/* Whether S has a percent sign at all. */
bool cairn__percent_is_in(struct cairn_str s);
/* Whether each percent sign of S begins two hexadecimal digits, and none of them is a NUL. */
bool cairn__percent_is_valid(struct cairn_str s);
/* Writes S, which is valid, decoded into OUT, of at least S.length bytes. Returns its length. */
size_t cairn__percent_decode(struct cairn_str s, char *out);

#endif
