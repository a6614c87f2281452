/* decoder.h - bytes in, one request out: llhttp in strict mode behind the head guard. Sans I/O. */
#ifndef CAIRN_HTTP_DECODER_H
#define CAIRN_HTTP_DECODER_H

#include <cairn/http/limits.h>
#include <cairn/http/message.h>

CAIRN_BEGIN_DECLS

/*
 * A decoder reads one message and lives in its exchange's arena, so that an idle connection has
 * none. The bytes of one message give the same events and the same verdict however they are cut
 * into pieces.
 */
struct cairn_http_decoder;

enum cairn_http_event {
    CAIRN_HTTP_EVENT_MORE,   /* all input is used up; feed more */
    CAIRN_HTTP_EVENT_HEAD,   /* the head is complete and has passed the guard:
                                cairn_http_decoder_request */
    CAIRN_HTTP_EVENT_BODY,   /* a piece of the body: cairn_http_decoder_piece */
    CAIRN_HTTP_EVENT_DONE,   /* the message is complete; what follows belongs to the next one */
    CAIRN_HTTP_EVENT_REFUSED /* cairn_http_decoder_status and _reason; close after the answer */
};

/* Borrows LIMITS, resolved, until the arena is freed. NULL without memory. */
CAIRN_API struct cairn_http_decoder *cairn_http_decoder_new(
    struct cairn_arena *arena, const struct cairn_http_limits *limits);

/*
 * Feeds DATA; *USED is how much of it was consumed before the event. Call again with the rest,
 * until MORE, DONE or REFUSED, also when nothing is left of it: DONE may need no byte (after the
 * HEAD of a message without a body it comes at the next call). HEAD comes once, before any BODY;
 * after DONE and REFUSED no more is fed. A head is copied into the arena; a body never is.
 */
CAIRN_API enum cairn_http_event cairn_http_decoder_feed(
    struct cairn_http_decoder *decoder, const char *data, size_t length, size_t *used);

/* Whole from HEAD on. Its body and peer are the caller's to fill in. */
CAIRN_API struct cairn_http_request *cairn_http_decoder_request(struct cairn_http_decoder *decoder);
/* After BODY: borrows from the data fed, until the next feed. */
CAIRN_API struct cairn_str cairn_http_decoder_piece(const struct cairn_http_decoder *decoder);
/* From HEAD on: Content-Length; 0 without a body; -1 for a chunked one. */
CAIRN_API int64_t cairn_http_decoder_content_length(const struct cairn_http_decoder *decoder);
/* From HEAD on: whether the connection may go on after this message, by version and Connection
 * field (RFC 9112 section 9.3). False for a request that asks for an upgrade. */
CAIRN_API bool cairn_http_decoder_keeps_alive(const struct cairn_http_decoder *decoder);
/* From HEAD on: whether the client waits for 100 Continue (RFC 9110 section 10.1.1). */
CAIRN_API bool cairn_http_decoder_expects_continue(const struct cairn_http_decoder *decoder);
/* Whether nothing of a message has been seen yet (line ends before it do not count). */
CAIRN_API bool cairn_http_decoder_is_blank(const struct cairn_http_decoder *decoder);
/* After DONE: the trailers of a chunked body, apart from the fields. */
CAIRN_API const struct cairn_http_fields *cairn_http_decoder_trailers(
    const struct cairn_http_decoder *decoder);

/* After REFUSED: 400, 413, 414, 417, 431, 501 or 505, and a static sentence that
 * says why; 503 without memory. */
CAIRN_API int cairn_http_decoder_status(const struct cairn_http_decoder *decoder);
CAIRN_API const char *cairn_http_decoder_reason(const struct cairn_http_decoder *decoder);

CAIRN_END_DECLS

#endif
