/* percent.h - percent-encoding: a check, a decoder, an encoder. RFC 3986 section 2.1. Internal. */
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

/* The byte that the percent sign at P, before END, stands for; -1 when two digits do not follow it.
 */
int cairn__percent_byte(const char *p, const char *end);
/* Writes C encoded to OUT, and returns the end of it: three bytes on. */
char *cairn__percent_encode_byte(char c, char *out);

#endif
