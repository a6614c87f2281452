/* json_lines.h - JSON lines, a value a line: an answer from a stream of values, and a body line by
 * line. */
#ifndef CAIRN_HTTP_JSON_LINES_H
#define CAIRN_HTTP_JSON_LINES_H

#include <cairn/http/json_record.h>

CAIRN_BEGIN_DECLS

/*
 * An application/x-ndjson answer that has a line for each value of VALUES, as they come: what is
 * there is sent, up to 8 KiB in a chunk, before more is waited for; and nothing is asked for while
 * the peer does not read. WRITE(CX, w, value) writes one JSON value; then the value is dropped as
 * TYPE says (NULL: no drop). Takes VALUES, also on failure; CX is borrowed until the exchange ends.
 *
 * A failure of VALUES, an error of the writer (a NaN) and lack of memory end the answer early: the
 * status has been sent by then, and the peer sees that the body is not whole. NULL without memory.
 */
CAIRN_API struct cairn_http_response *cairn_http_json_lines(const struct cairn_http_request *req,
    int status, struct cairn_stream values, const struct cairn_type *type,
    void (*write)(void *cx, struct cairn_json_writer *w, const void *value), void *cx);
/* The same for values that are structs which RECORD, borrowed as long, describes. */
CAIRN_API struct cairn_http_response *cairn_http_record_lines(const struct cairn_http_request *req,
    int status, struct cairn_stream values, const struct cairn_type *type,
    const struct cairn_record *record);

/*
 * The lines of a body, a struct cairn_http_chunk each, without the line end ("\n" or "\r\n"; the
 * last line may have none). Lines of nothing but white space are passed over. Takes INNER, of
 * chunks: cairn_http_request_take_body. Fails with CAIRN_ERROR_TOO_LARGE (413) for a line of more
 * than MAX_BYTES (0: 64 KiB), and as INNER does. A line becomes a struct with cairn_json_bind, of
 * the component json.
 */
CAIRN_API struct cairn_stream cairn_http_body_lines(struct cairn_stream inner, size_t max_bytes);

CAIRN_END_DECLS

#endif
