/* encoded_body.h - a body in a content coding, at once or as a stream. Internal. */
#ifndef CAIRN_HTTP_ENCODED_BODY_H
#define CAIRN_HTTP_ENCODED_BODY_H

#include <cairn/http/compress/coder_pool.h>
#include <cairn/service/arena.h>
#include <cairn/service/stream.h>

/* Encodes BODY, of at most CAIRN__CODER_TURN_BYTES, into ARENA. Absent without memory. */
struct cairn_str cairn__encode_whole(struct cairn__coder_pool *pool, unsigned coding,
    struct cairn_str body, struct cairn_arena *arena);

/*
 * A stream of chunks: INNER's, encoded. Takes INNER, and CODER, which is of POOL and goes back to
 * it. While INNER has to be waited for, nothing that it gave is held back: it is flushed. After
 * each CAIRN__CODER_TURN_BYTES it lets others have a turn. Fails as INNER does, and without memory.
 */
struct cairn_stream cairn__encoded_body(
    struct cairn_stream inner, struct cairn__coder_pool *pool, struct cairn__coder *coder);

#endif
