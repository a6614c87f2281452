/* uuid.h - a UUID as sixteen bytes, and as text. RFC 9562 section 4. */
#ifndef CAIRN_HTTP_UUID_H
#define CAIRN_HTTP_UUID_H

#include <stdbool.h>

#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

struct cairn_uuid {
    unsigned char bytes[16];
};
/* "0189f1e2-4b1c-7d3a-9e5f-0123456789ab" */
#define CAIRN_UUID_LENGTH 36

/* Reads hexadecimal digits in either case, hyphens after the 8th, 12th, 16th and 20th; no braces
 * and no "urn:uuid:". Any version and variant. Returns false, and leaves *OUT alone, for anything
 * else.
 */
CAIRN_API bool cairn_uuid_parse(struct cairn_str text, struct cairn_uuid *out);
/* Writes CAIRN_UUID_LENGTH bytes, in lower case, without a terminator. */
CAIRN_API void cairn_uuid_format(const struct cairn_uuid *uuid, char *out);

CAIRN_END_DECLS

#endif
