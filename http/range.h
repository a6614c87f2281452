/* range.h - which bytes a Range field asks for, and what Content-Range says of them. RFC 9110
 * section 14. */
#ifndef CAIRN_HTTP_RANGE_H
#define CAIRN_HTTP_RANGE_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/service/api.h>
#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

/* Bytes FIRST to LAST of a representation, both included. */
struct cairn_http_range {
    uint64_t first;
    uint64_t last;
};

enum cairn_http_range_result {
    CAIRN_HTTP_RANGE_IGNORED,      /* answer as if the field were not there */
    CAIRN_HTTP_RANGE_SATISFIABLE,  /* 206: at least one range is */
    CAIRN_HTTP_RANGE_UNSATISFIABLE /* 416 */
};

/* How many ranges are enough for anyone: for an array to parse into. */
#define CAIRN_HTTP_RANGES 10

/*
 * Reads VALUE, of a Range field (absent: ignored), for a representation of SIZE bytes. The ranges
 * that can be satisfied are in OUT, in the order they came and cut to SIZE; *COUNT says how many.
 *
 * Ignored, as section 14.2 asks or allows: another unit than bytes, what is malformed (a range that
 * ends before it begins, too), more than MAX ranges. Of an empty representation everything is what
 * `bytes=-5` asks for, and no Content-Range can say so: ignored too. A number of more than 64 bits
 * is beyond any size. The unit is read without regard to case; elements may be empty, and may have
 * spaces around them.
 */
CAIRN_API enum cairn_http_range_result cairn_http_range_parse(
    struct cairn_str value, uint64_t size, struct cairn_http_range *out, size_t max, size_t *count);

/* Write the value of a Content-Range field and a NUL into BUFFER, of at least
 * CAIRN_HTTP_CONTENT_RANGE_BYTES; return its length. The first is for a 206, the second for a 416.
 */
#define CAIRN_HTTP_CONTENT_RANGE_BYTES 72
CAIRN_API size_t cairn_http_content_range(
    struct cairn_http_range range, uint64_t size, char *buffer);
CAIRN_API size_t cairn_http_content_range_none(uint64_t size, char *buffer);

CAIRN_END_DECLS

#endif
