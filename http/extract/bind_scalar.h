/* bind_scalar.h - one value into one member, and what it must be when it is not. Internal. */
#ifndef CAIRN_HTTP_BIND_SCALAR_H
#define CAIRN_HTTP_BIND_SCALAR_H

#include <cairn/http/bind.h>

/* Stores VALUE, which is no array and no object, at OUT if FIELD allows it. A string is borrowed.
 */
bool cairn__bind_scalar(const struct cairn_field *field, struct cairn_value value, void *out);

/* "must be a whole number from 0 to 150": what a value of FIELD must be, in ARENA or static. Absent
 * without memory. */
struct cairn_str cairn__bind_expected(struct cairn_arena *arena, const struct cairn_field *field);

/* Whole texts only. Each returns false, and leaves *OUT alone, for anything else. */
bool cairn__bind_text_bool(struct cairn_str text, bool *out);
bool cairn__bind_text_int(struct cairn_str text, int64_t *out);
/* The grammar of JSON's numbers, up to 100 bytes of it; finite. */
bool cairn__bind_text_double(struct cairn_str text, double *out);

#endif
