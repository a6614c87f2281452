/* encoder.h - a response out as bytes: heads, chunks, nothing that a peer could read as two. Sans
 * I/O. */
#ifndef CAIRN_HTTP_ENCODER_H
#define CAIRN_HTTP_ENCODER_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/http/date.h>
#include <cairn/http/message.h>

CAIRN_BEGIN_DECLS

/* How a response is framed. Decided once, by cairn_http_encoder_plan. */
struct cairn_http_plan {
    enum cairn_http_method method; /* of the request: HEAD gets no body */
    unsigned version_minor;        /* of the request: 1.0 never gets chunked */
    bool keep_alive;               /* in: the connection could go on; out: it will */
    bool has_body;                 /* out: whether body bytes follow the head */
    bool is_chunked;               /* out: in chunks */
};

/*
 * Fills in has_body, is_chunked and keep_alive (a stream of unknown length to an HTTP/1.0 peer ends
 * with the connection). RFC 9112 section 6: no body to HEAD, with 204 and 304.
 */
CAIRN_API void cairn_http_encoder_plan(
    const struct cairn_http_response *res, struct cairn_http_plan *plan);

/*
 * Writes the head of RES into BUFFER: status line, Date, the fields in order, Content-Length or
 * Transfer-Encoding, Connection where it must be said, the empty line. DATE is an IMF-fixdate of 29
 * bytes, as cairn_http_date writes it. Content-Length, Transfer-Encoding, Connection and Date among
 * the fields of RES are left out: framing is the encoder's alone.
 *
 * Returns the length of the head. More than SIZE: it did not fit, nothing of use was written. 0: a
 * field has a name that is no token or a value with CR, LF, NUL or another control character, or
 * with a space at an end (cairn_http_is_field_value), or the status is not 101 or 200 to 599: not a
 * byte of it may be sent. A 101 says `Connection: upgrade`, and has no framing.
 */
CAIRN_API size_t cairn_http_encoder_head(const struct cairn_http_response *res,
    const struct cairn_http_plan *plan, const char *date, char *buffer, size_t size);

/*
 * Writes an informational head (RFC 9110 section 15.2) of STATUS with FIELDS (NULL: none) into
 * BUFFER. Returns its length; more than SIZE: it did not fit; 0: a field may not be sent.
 */
CAIRN_API size_t cairn_http_encoder_inform(
    int status, const struct cairn_http_fields *fields, char *buffer, size_t size);

/*
 * Writes the end of a chunked body, with the trailers of RES that its Trailer field names and that
 * may be trailers at all (RFC 9110 section 6.5.1), as far as SIZE, at least 8, has room for them.
 * Returns the length.
 */
CAIRN_API size_t cairn_http_encoder_end(
    const struct cairn_http_response *res, char *buffer, size_t size);

/* "1f4\r\n" into BUFFER, at least 18 bytes; returns its length. LENGTH is not 0. */
#define CAIRN_HTTP_CHUNK_HEAD_BYTES 18
CAIRN_API size_t cairn_http_encoder_chunk_head(size_t length, char *buffer);

CAIRN_END_DECLS

#endif
