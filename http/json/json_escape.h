/* json_escape.h - text from outside as the inside of a JSON string, or of a logfmt one. Internal.
 */
#ifndef CAIRN_HTTP_JSON_ESCAPE_H
#define CAIRN_HTTP_JSON_ESCAPE_H

#include <stddef.h>

#include <cairn/service/str.h>

/* The most bytes that one byte of text becomes. */
#define CAIRN__JSON_ESCAPE_MOST 6

/*
 * Writes S into OUT, without the quotes and without a terminator, and stops before the first
 * character that does not fit in SIZE. Returns how many bytes it wrote. RFC 8259 section 7.
 *
 * Escaped are quotes, backslashes, all control characters (so what it writes is one line, and moves
 * no terminal's cursor), and the line ends of Unicode. A byte that is not UTF-8 becomes U+FFFD.
 */
size_t cairn__json_escape(struct cairn_str s, char *out, size_t size);
/* The same, and moves *S to what it has not written. */
size_t cairn__json_escape_next(struct cairn_str *s, char *out, size_t size);

#endif
