/* coding.h - the content codings that bodies can be in. RFC 9110 section 8.4.1. Component compress.
 */
#ifndef CAIRN_HTTP_CODING_H
#define CAIRN_HTTP_CODING_H

#include <cairn/service/api.h>

CAIRN_BEGIN_DECLS

/* A set of codings is made of these: CAIRN_CODING_GZIP | CAIRN_CODING_ZSTD. The better ones come
 * first. */
enum cairn_coding {
    CAIRN_CODING_ZSTD = 1,   /* RFC 8878, a window of at most 8 MiB (RFC 9659) */
    CAIRN_CODING_BR = 2,     /* RFC 7932 */
    CAIRN_CODING_GZIP = 4,   /* RFC 1952, also called x-gzip */
    CAIRN_CODING_DEFLATE = 8 /* RFC 1951 within RFC 1950, never without */
};
#define CAIRN_CODING_ALL 15

CAIRN_END_DECLS

#endif
