/* form_encoding.h - the encoding of names and values in a form or a query. WHATWG URL section 5.
 * Internal. */
#ifndef CAIRN_HTTP_FORM_ENCODING_H
#define CAIRN_HTTP_FORM_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/service/str.h>

/* Whether S has a percent or a plus sign. */
bool cairn__form_is_encoded(struct cairn_str s);
/* Writes S decoded into OUT, of at least S.length bytes. Returns its length. A percent sign without
 * its digits stands for itself. */
size_t cairn__form_decode(struct cairn_str s, char *out);

size_t cairn__form_encoded_length(struct cairn_str s);
/* Writes S encoded to OUT, and returns the end of it. */
char *cairn__form_encode(struct cairn_str s, char *out);

#endif
