/* body.h - the body of a message: read it whole, as a stream, or not at all; and what wraps a
 * stream. */
#ifndef CAIRN_HTTP_BODY_H
#define CAIRN_HTTP_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include <cairn/http/message.h>
#include <cairn/service/future.h>

CAIRN_BEGIN_DECLS

struct cairn_blocking_pool;

/*
 * A body is whole, in `body`, or a stream of struct cairn_http_chunk. A server calls its app when
 * the head of a request is there: a body that came along with the head is whole, any other is a
 * stream. The stream is pulled: while nobody asks for the next chunk the server does not read from
 * the connection, and the peer has to wait (RFC 9112 section 9.3; Tower's Body). A client that sent
 * `Expect: 100-continue` is told to go on when the stream is first waited for, and before an answer
 * that is a stream if this one was taken. Within an answer there is no place for that.
 *
 * The stream fails with CAIRN_ERROR_PROTOCOL when the body is malformed or ends early, _SLOW when
 * the peer keeps less than the limits ask for, _TOO_LARGE over limits.stream_bytes, or when the
 * trailers are over theirs (431, see error_response.h). All of it is borrowed from the exchange:
 * hold no stream of a body for longer.
 */

/* What may be collected where nothing else was said. */
#define CAIRN_HTTP_BODY_BYTES (2u * 1024 * 1024)

/* Whether the whole body is in req->body. */
static inline bool cairn_http_is_collected(const struct cairn_http_request *req)
{
    return cairn_stream_is_empty(&req->stream);
}

/* The size of the body, or -1 when it is not known. */
static inline int64_t cairn_http_request_length(const struct cairn_http_request *req)
{
    return req->stream.ops ? req->stream_length : (int64_t)req->body.length;
}

static inline int64_t cairn_http_response_length(const struct cairn_http_response *res)
{
    if (res->stream.ops)
        return res->stream_length;
    return res->file ? res->file->length : (int64_t)res->body.length;
}

/*
 * READY with REQ, whose body then is whole, in its arena. Fails with CAIRN_ERROR_TOO_LARGE (413)
 * over MAX_BYTES (0: req->body_limit), before a byte is read where the length is known; and as the
 * stream does. Borrows REQ until it is dropped. What is collected already costs nothing.
 */
CAIRN_API struct cairn_future cairn_http_collect(
    struct cairn_http_request *req, uint64_t max_bytes);

/* Reads the rest of the body and throws it away: READY with NULL. Fails as the stream does. */
CAIRN_API struct cairn_future cairn_http_discard(struct cairn_http_request *req);

/*
 * Writes the body to FD, a regular file, from its current position on: READY with a pointer to the
 * int64_t number of bytes, in the arena. POOL (NULL: on this thread) does the writing. Fails with
 * CAIRN_ERROR_TOO_LARGE over MAX_BYTES (0: no limit), CAIRN_ERROR_SYSTEM when the file takes no
 * more, and as the stream does. FD stays the caller's; a write that runs on the pool when
 * the future is dropped has a descriptor of its own.
 */
CAIRN_API struct cairn_future cairn_http_save(
    struct cairn_http_request *req, struct cairn_blocking_pool *pool, int fd, uint64_t max_bytes);

/* Moves the body out as a stream, whichever kind it is (an empty one for no body), and leaves the
 * message without. Owned by the caller; borrows the arena. */
CAIRN_API struct cairn_stream cairn_http_request_take_body(struct cairn_http_request *req);
CAIRN_API struct cairn_stream cairn_http_response_take_body(struct cairn_http_response *res);

/* Puts STREAM, of LENGTH bytes (-1: unknown), in place of the body that was there. Takes STREAM:
 * what is left of it goes with the arena. Returns 0, or -1 without memory, STREAM then dropped. */
CAIRN_API int cairn_http_request_set_body(
    struct cairn_http_request *req, struct cairn_stream stream, int64_t length);
CAIRN_API int cairn_http_response_set_body(
    struct cairn_http_response *res, struct cairn_stream stream, int64_t length);

/*
 * Wrappers: each takes a stream of chunks and returns one, that fails without memory.
 */

/* F(cx, chunk) for each chunk; F takes it and returns one, NULL for out of memory. CX is borrowed
 * until the stream is dropped. */
CAIRN_API struct cairn_stream cairn_http_body_map(struct cairn_stream inner,
    struct cairn_http_chunk *(*f)(void *cx, struct cairn_http_chunk *chunk), void *cx);
/* Fails with CAIRN_ERROR_TOO_LARGE as soon as there are more than MAX_BYTES. */
CAIRN_API struct cairn_stream cairn_http_body_limit(struct cairn_stream inner, uint64_t max_bytes);
/* Fails with CODE (CAIRN_ERROR_SLOW for what a peer sends, CAIRN_ERROR_ELAPSED otherwise) when the
 * end has not come AFTER_MS after this call. */
CAIRN_API struct cairn_stream cairn_http_body_deadline(
    struct cairn_stream inner, uint64_t after_ms, enum cairn_error_code code);
/* The same when a chunk that is waited for does not come within IDLE_MS. */
CAIRN_API struct cairn_stream cairn_http_body_idle_timeout(
    struct cairn_stream inner, uint64_t idle_ms, enum cairn_error_code code);
/*
 * Has DONE(cx, error) called once: with NULL when the stream has ended, with the error it failed
 * with (borrowed), or with CAIRN_ERROR_CANCELLED when it is dropped before.
 */
CAIRN_API struct cairn_stream cairn_http_body_on_end(
    struct cairn_stream inner, void (*done)(void *cx, const struct cairn_error *error), void *cx);

/*
 * Makes the body of REQ one that can be read again: copies of REQ then have readers of their own,
 * each from the first byte on. Up to MAX_BYTES (0: 64 KiB) are kept while the body streams; when it
 * grows over that, whoever reads on is the last who can: copies can be made no more, and the others
 * are spent. A body that is whole can be read again anyway. Returns 0, or -1 without memory: REQ is
 * as it was.
 */
CAIRN_API int cairn_http_body_replay(struct cairn_http_request *req, size_t max_bytes);

CAIRN_END_DECLS

#endif
