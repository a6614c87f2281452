/* utf8.h - characters of UTF-8, and nothing that only looks like it. RFC 3629. Internal. */
#ifndef CAIRN_HTTP_UTF8_H
#define CAIRN_HTTP_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/service/str.h>

/* The length of the character at the start of S, which is not empty, and its *CODE; 0 when it is
 * not UTF-8: a stray byte, an overlong form, a surrogate, too high, or cut off. */
size_t cairn__utf8_character(struct cairn_str s, uint32_t *code);

bool cairn__utf8_is_valid(struct cairn_str s);

#endif
