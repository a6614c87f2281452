/* body_end.h - when the body of a response has ended: for what is held until then. */
#ifndef CAIRN_HTTP_BODY_END_H
#define CAIRN_HTTP_BODY_END_H

#include <cairn/http/message.h>
#include <cairn/layers/call_end.h>
#include <cairn/layers/load.h>

CAIRN_BEGIN_DECLS

/*
 * Has DROP(VALUE) called once, when the body of RES has ended: a stream with its last chunk, with
 * its failure, or when it is dropped; a body that is whole with the response's arena, which is when
 * its last byte was handed on, or nobody will. Of several that wait for one body none is called
 * before it has ended. DROP calls no user code.
 *
 * Returns 0, or -1 without memory, VALUE then remaining the caller's. A stream for which there is
 * no memory fails instead, which is its end.
 */
CAIRN_API int cairn_http_on_body_end(
    struct cairn_http_response *res, void (*drop)(void *value), void *value);

/* The same for layers of any type: cairn_concurrency_limit(.until = &cairn_http_body_end). */
CAIRN_API extern const struct cairn_call_end cairn_http_body_end;

/*
 * The same for the layers that tell a load, as their completion's `track`: RESPONSE is a struct
 * cairn_http_response, which comes back; CX is not used. Without memory the call has ended there.
 *
 *     cairn_peak_ewma(.completion = {.track = cairn_http_track_load})
 */
CAIRN_API void *cairn_http_track_load(void *cx, struct cairn_load_handle handle, void *response);

CAIRN_END_DECLS

#endif
