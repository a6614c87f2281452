/* date.h - times as HTTP writes them. RFC 9110 section 5.6.7. */
#ifndef CAIRN_HTTP_DATE_H
#define CAIRN_HTTP_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include <cairn/service/api.h>
#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

/* Writes 29 bytes and a NUL: "Sun, 06 Nov 1994 08:49:37 GMT". What is before 1970 or after 9999
 * becomes the first or the last second of that time. */
#define CAIRN_HTTP_DATE_BYTES 30
CAIRN_API void cairn_http_date(int64_t unix_seconds, char *buffer);

/*
 * Reads S, whole, in one of the three forms there are:
 *
 *     Sun, 06 Nov 1994 08:49:37 GMT       as everybody writes it
 *     Sunday, 06-Nov-94 08:49:37 GMT      RFC 850: of two digits, the year that is not more than 50
 *                                         years after NOW, in Unix seconds
 *     Sun Nov  6 08:49:37 1994            C's asctime, in UTC
 *
 * Returns false and leaves *UNIX_SECONDS alone for anything else: other case, other spaces, a day
 * or a time that does not exist, a day of the week that is not that date's. The leap second
 * 23:59:60 is the first of the next day. Years 0000 to 9999; before 1970 the result is negative.
 */
CAIRN_API bool cairn_http_date_parse(struct cairn_str s, int64_t now, int64_t *unix_seconds);

CAIRN_END_DECLS

#endif
