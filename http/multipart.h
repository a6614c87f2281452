/* multipart.h - a form with files, read part by part as it comes. multipart/form-data, RFC 7578. */
#ifndef CAIRN_HTTP_MULTIPART_H
#define CAIRN_HTTP_MULTIPART_H

#include <cairn/http/body.h>
#include <cairn/http/multipart_parser.h>

CAIRN_BEGIN_DECLS

/*
 * Reads the parts of a request's body, one after the other: first a part's head, then its data, as
 * a stream, whole, or into a file. Nothing is read ahead: while nobody asks, the peer has to wait.
 * A handler that does not want the body collected first is made by cairn_http_stream_handler.
 *
 * What fails does so with CAIRN_ERROR_PROTOCOL (400) for a malformed form (multipart_parser.h says
 * what is), with _TOO_LARGE (413) over a limit, with _MEMORY, or as the body's stream does; and all
 * that is asked for later fails in the same way.
 */
struct cairn_http_multipart;

/*
 * A reader of the body of REQ, in *OUT. It takes the body, lives in the arena and borrows REQ's.
 * LIMITS (NULL: all defaults) are copied; their body_bytes 0 is req->body_limit, or 2 MiB: what the
 * body may have in all, UINT64_MAX for any size. Returns 0, or what to answer with, nothing read
 * and the body where it was: 415 for another Content-Type, 400 for one without a proper boundary,
 * 413 when Content-Length is over the limit; 503 without memory.
 */
CAIRN_API int cairn_http_multipart_open(struct cairn_http_request *req,
    const struct cairn_http_multipart_limits *limits, struct cairn_http_multipart **out);

/* READY with the next struct cairn_http_part, in the arena, or with NULL behind the last: then the
 * body has been read to its end. What is left of the part before is skipped. Borrows SELF. */
CAIRN_API struct cairn_future cairn_http_multipart_next(struct cairn_http_multipart *self);

/*
 * The data of the part that next gave last, once. Each borrows SELF; use one at a time.
 */

/* Chunks, owned by who polled. Ends with the part, and when next is asked for another. */
CAIRN_API struct cairn_stream cairn_http_part_data(struct cairn_http_multipart *self);
/* READY with a struct cairn_str *, in the arena. Fails with CAIRN_ERROR_TOO_LARGE over MAX_BYTES
 * (0: what the body may have). */
CAIRN_API struct cairn_future cairn_http_part_collect(
    struct cairn_http_multipart *self, uint64_t max_bytes);
/* READY with an int64_t *, in the arena: how many bytes FD got. As cairn_http_save: POOL (NULL:
 * this thread) writes them, FD stays the caller's. MAX_BYTES 0: no limit but those of the form. */
CAIRN_API struct cairn_future cairn_http_part_save(struct cairn_http_multipart *self,
    struct cairn_blocking_pool *pool, int fd, uint64_t max_bytes);

CAIRN_END_DECLS

#endif
