/* limits.h - sizes and deadlines in force by default; every one an option of the server. */
#ifndef CAIRN_HTTP_LIMITS_H
#define CAIRN_HTTP_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/service/api.h>
#include <cairn/service/error.h>

CAIRN_BEGIN_DECLS

/* 0 is the default of each, which stands first in its comment; the range follows. */
struct cairn_http_limits {
    size_t head_bytes;       /* 16 KiB; 1 KiB to 1 MiB: request line and fields. 431 */
    size_t line_bytes;       /* 8 KiB; 256 to head_bytes: the request line. 414 */
    size_t fields;           /* 100; 1 to 1000. 431 */
    size_t body_bytes;       /* 2 MiB; 1 to 2^63-1: a collected body. 413 */
    size_t stream_bytes;     /* 1 TiB; 1 to 2^63-1: any body, collected or streamed. 413 */
    size_t chunk_line_bytes; /* 256; 16 to 4096: a chunk-size line with its extensions. 400 */
    size_t chunk_overhead;   /* 16 KiB; 256 to 1 MiB: chunk extensions in a message; and what is not
                              * data in a chunked body, beyond twice the data. 400 */
    size_t trailer_bytes;    /* 4 KiB; 256 to 64 KiB. 431 */
    size_t trailer_fields;   /* 32; 1 to 1000. 431 */
    uint64_t head_ms;        /* 10 s; 10 to 3600000: from accept, or from the first byte of a later
                              * request, to the end of the head. 408 */
    uint64_t body_idle_ms;   /* 10 s; 10 to 3600000: between two reads of a body. 408 */
    uint64_t body_bytes_per_s;  /* 500; 1 to 2^31: the least rate of a body, which may fall 10 s
                                 * behind it, and no more for having been faster before. 408 */
    uint64_t keep_alive_ms;     /* 75 s; 10 to 86400000: idle between requests. Closed */
    uint64_t write_ms;          /* 30 s; 10 to 3600000: a response that makes no progress. Reset */
    uint64_t write_bytes_per_s; /* 500; 1 to 2^31: the least rate at which a peer takes what waits
                                 * for it, over 30 s of waiting. Reset */
    uint64_t connection_age_ms; /* 1 h, and for each connection up to a tenth more or less; 1000 to
                                 * 2592000000: its next answer is the last */
    size_t output_high_bytes; /* 64 KiB; 4 KiB to 16 MiB: queued output that pauses a body stream */
    size_t output_low_bytes;  /* 16 KiB; 1 to output_high_bytes: … and resumes it */
    size_t connections_per_address; /* none; 1 to 2^20: a worker's, from one address; of IPv6 the
                                     * first 64 bits are one. The newest is closed */
    size_t connections; /* min(descriptor limit - 64, 65536) / workers; 1 to 2^20: a worker's */
};

/* LIMITS (NULL: all defaults) with the defaults filled in, in *OUT. Returns NULL, or an error owned
 * by the caller, CAIRN_ERROR_INVALID, that names the field, what it was, and its range.
 * `connections` 0 stays 0. */
CAIRN_API struct cairn_error *cairn_http_limits_resolve(
    const struct cairn_http_limits *limits, struct cairn_http_limits *out);

CAIRN_END_DECLS

#endif
