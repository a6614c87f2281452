/* decompression.h - decodes request bodies that come in a content coding. After Tower's
 * RequestDecompression. Component compress. */
#ifndef CAIRN_HTTP_LAYERS_DECOMPRESSION_H
#define CAIRN_HTTP_LAYERS_DECOMPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/http/coding.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * A request with a body and a Content-Encoding of one known coding has its body decoded: inner gets
 * a stream of unknown length, which handlers collect as ever, and neither Content-Encoding nor
 * Content-Length. `identity`, no coding and no body pass as they are. Any other coding, and more
 * than one, is answered 415 with an Accept-Encoding of what would be taken (RFC 7694), before
 * anything is read or inner is called.
 *
 * The body is decoded as it is read, so nothing is decoded that nobody reads. It fails with
 *   CAIRN_ERROR_TOO_LARGE (413) when more comes out than max_bytes, or, beyond 64 KiB, more than
 *     max_ratio times what went in (counted in 512 bytes): before what is over is handed on;
 *   CAIRN_ERROR_PROTOCOL (400) when it is corrupt, ends early, goes on behind its end, or needs a
 *     dictionary. Several gzip members or zstd frames, one behind the other, are one body.
 *
 * Memory of a decoder: gzip and deflate 40 KiB; br and zstd have a window as large as the body asks
 * for, at most 16 MiB and 8 MiB, of which they touch as much as has come out. Eight idle ones of up
 * to 3 MiB are kept of each coding; not of br, whose cannot be used twice.
 *
 * Readiness, types and errors are inner's, which must be http.request and http.response. Without
 * memory the call fails, or the body. A decoded body cannot be read again: place replay_body
 * inside. May be cloned; copies share the decoders. Invalid: codings or max_ratio out of range.
 * Counts, in all copies: `decoded`, `unsupported` (415), `bad`, `too_large`, `bytes_in`,
 * `bytes_out`.
 *
 * Place: inside of error_to_response and of the body_limit whose figure is to hold for the decoded
 * body, too; outside of collect_body and of what reads bodies.
 */
struct cairn_decompression_options {
    size_t size;
    unsigned codings;    /* of enum cairn_coding; 0: all */
    bool passes_unknown; /* what is not decoded goes to inner as it is, in place of a 415 */
    unsigned max_ratio;  /* 1 to 1000000; 0: 100 */
    uint64_t max_bytes;  /* of a decoded body; 0: req->body_limit */
};

/* NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_decompression_layer(
    const struct cairn_decompression_options *options);

/* cairn_decompression() */
#define cairn_decompression(...)                                           \
    cairn_decompression_layer(&(const struct cairn_decompression_options){ \
        .size = sizeof(struct cairn_decompression_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
