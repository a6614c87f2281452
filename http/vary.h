/* vary.h - tells caches which fields of the request an answer depends on. RFC 9110 section 12.5.5.
 */
#ifndef CAIRN_HTTP_VARY_H
#define CAIRN_HTTP_VARY_H

#include <cairn/http/fields.h>

CAIRN_BEGIN_DECLS

/*
 * Adds a Vary field with NAME, unless there is one that has it, or "*", already. Borrows NAME, one
 * name or a comma-separated list that is added as a whole, until the arena is freed. Returns 0; -1
 * without memory, or when NAME may not stand in a field.
 */
CAIRN_API int cairn_http_vary_add(struct cairn_http_fields *fields, struct cairn_str name);

CAIRN_END_DECLS

#endif
