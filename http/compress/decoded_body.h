/* decoded_body.h - a body out of its content coding, as a stream. Internal. */
#ifndef CAIRN_HTTP_DECODED_BODY_H
#define CAIRN_HTTP_DECODED_BODY_H

#include <cairn/http/compress/coder_pool.h>
#include <cairn/service/stream.h>

/* What a body may grow to. The ratio is that of what came out to what went in, the latter in whole
 * CAIRN__DECODED_GRAIN_BYTES, begun ones counted; the first 64 KiB are free. */
struct cairn__decoded_limits {
    uint64_t max_bytes;
    uint64_t max_ratio;
};

/* Coders get their input in pieces that end where the whole input has a multiple of this, and all
 * comes out of one before the next. So the ratio is the same however the input was cut. */
#define CAIRN__DECODED_GRAIN_BYTES 512
#define CAIRN__DECODED_FREE_BYTES ((uint64_t)64 * 1024)

/*
 * A stream of chunks: INNER's, decoded. Takes INNER, and CODER, which is of POOL and goes back to
 * it. Fails as INNER does; with CAIRN_ERROR_PROTOCOL when the input is not what it should be, ends
 * early or goes on behind its end; with CAIRN_ERROR_TOO_LARGE over a limit; and without memory. No
 * chunk is over CAIRN__CHUNK_ROOM_BYTES, nor is more held.
 */
struct cairn_stream cairn__decoded_body(struct cairn_stream inner, struct cairn__coder_pool *pool,
    struct cairn__coder *coder, struct cairn__decoded_limits limits);

#endif
