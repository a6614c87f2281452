/* chunk_guard.h - the guard of chunked framing: sizes and overhead, which llhttp does not bound.
 * Internal.
 *
 * It runs in front of llhttp, which reads the same bytes again, but for the extensions: both must
 * agree. Each rule is decided at one byte, as in guard.h.
 */
#ifndef CAIRN_HTTP_CHUNK_GUARD_H
#define CAIRN_HTTP_CHUNK_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/http/codec/chunk_extension.h>
#include <cairn/http/codec/verdict.h>
#include <cairn/http/limits.h>

enum cairn__chunk_state {
    CAIRN__CHUNK_SIZE, /* hexadecimal digits */
    CAIRN__CHUNK_EXTENSION,
    CAIRN__CHUNK_SIZE_LF,
    CAIRN__CHUNK_DATA, /* `left` bytes of data are to come: not for scan, but for data */
    CAIRN__CHUNK_DATA_CR,
    CAIRN__CHUNK_DATA_LF,
    CAIRN__CHUNK_TRAILERS, /* after the last chunk: no bytes of this guard's any more */
    CAIRN__CHUNK_REFUSED
};

struct cairn__chunk_guard {
    enum cairn__chunk_state state;
    struct cairn__verdict verdict; /* of REFUSED */
    const struct cairn_http_limits *limits;
    uint64_t left;     /* of the running chunk; while its size is read: that size */
    uint64_t data;     /* in all chunks before the running one */
    uint64_t overhead; /* bytes that were no data */
    size_t digits;
    size_t line;                           /* bytes of the running size line */
    size_t extensions;                     /* bytes of extensions in the message */
    enum cairn__chunk_extension extension; /* where in them, in state EXTENSION */
};

/* Borrows LIMITS as long as the guard is used. */
void cairn__chunk_guard_init(
    struct cairn__chunk_guard *self, const struct cairn_http_limits *limits);

/*
 * Reads framing from DATA, extensions or others, and stops before the first byte that is not of the
 * same kind, or is refused. Returns how many bytes it has read; IS_EXTENSION tells of which kind
 * they are. Not in the states DATA, TRAILERS and REFUSED.
 */
size_t cairn__chunk_guard_scan(
    struct cairn__chunk_guard *self, const char *data, size_t length, bool *is_extension);

/* Whether there is more for scan: in none of those states. */
static inline bool cairn__chunk_guard_is_framing(const struct cairn__chunk_guard *self)
{
    return self->state != CAIRN__CHUNK_DATA && self->state < CAIRN__CHUNK_TRAILERS;
}

/* LENGTH bytes of data, at most `left`, have gone by. In state DATA. */
void cairn__chunk_guard_data(struct cairn__chunk_guard *self, size_t length);

#endif
