/* compression.h - sends responses in a content coding that the client takes. After Tower's
 * Compression. Component compress. */
#ifndef CAIRN_HTTP_LAYERS_COMPRESSION_H
#define CAIRN_HTTP_LAYERS_COMPRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/http/coding.h>
#include <cairn/http/message.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

enum cairn_compression_level {
    CAIRN_COMPRESSION_DEFAULT, /* zstd 3, br 4, gzip and deflate 6 */
    CAIRN_COMPRESSION_FASTEST, /* zstd 1, br 0, gzip and deflate 1 */
    CAIRN_COMPRESSION_BEST,    /* zstd 19, br 11, gzip and deflate 9: slow, see below */
    CAIRN_COMPRESSION_PRECISE  /* that of the options */
};

/*
 * The coding is what Accept-Encoding prefers (http/accept.h); of those it likes equally zstd, br,
 * gzip, deflate, in this order. Without the field there is none. A client that refuses identity and
 * takes none of the codings gets a 406 without a body; inner is not called.
 *
 * A response is compressed if it is large enough, or of unknown size, and the predicate says yes.
 * It gets Content-Encoding, loses Content-Length, Accept-Ranges and digests of its body, and a
 * strong ETag becomes a weak one, for other bytes mean the same (also on a 304, whoever sent the
 * condition may have them). Whether compressed or not, it has Vary: Accept-Encoding if it might
 * have been. Left alone, without Vary too: what has a Content-Encoding, a Content-Range or a
 * Cache-Control with no-transform, and the statuses 1xx, 204, 205 and 206. A HEAD gets Vary and the
 * ETag.
 *
 * A body of up to 64 KiB is compressed at once, and has a Content-Length. Larger ones, files and
 * streams are compressed as they are sent; each holds an encoder until then. What a stream has
 * given is flushed when more of it has to be waited for. 64 KiB of input are a turn of the loop.
 *
 * Memory of an encoder: gzip and deflate 262 KiB; zstd up to 1.8 MiB at the default level, 5 MiB at
 * any; br up to 3.5 MiB at the default level, 33 MiB from level 7 on; all windows are of 256 KiB,
 * or 32 KiB. Eight idle ones are kept of each coding; not of br, whose cannot be used twice.
 *
 * Readiness and types are inner's, which must be http.request and http.response; errors are passed
 * on. Without memory the call fails, or the body. May be cloned; copies share the encoders.
 * Invalid: codings, level, precise or max_streams out of range. Counts, in all copies:
 * `compressed`, `not_acceptable` (406), `busy` (sent as they are, over max_streams), `bytes_in`,
 * `bytes_out`.
 *
 * Place: outside of what makes ETags (conditional), of a cache, and of what reads or changes
 * bodies. Where an answer has both a secret and something the client chose in it, its size tells of
 * the secret (BREACH): have the predicate say no.
 */
struct cairn_compression_options {
    size_t size;
    unsigned codings; /* of enum cairn_coding; 0: all */
    enum cairn_compression_level level;
    int precise;          /* 1 to 22, or what the coding has: br 11, gzip and deflate 9 */
    size_t min_bytes;     /* smaller bodies are sent as they are; 0: 32 */
    unsigned max_streams; /* encoders that streams hold at a time: 1 to 65536; 0: 64 */
    /* Whether RES, which answers REQ, is to be compressed; NULL: cairn_http_is_compressible. It may
     * ask others: `return cairn_http_is_compressible(res) && !has_secret(req)`. */
    bool (*predicate)(
        const struct cairn_http_request *req, const struct cairn_http_response *res, void *state);
    void *state; /* the predicate's own; borrowed until the last call ends */
};

/*
 * Whether a body of RES's Content-Type may become smaller, and may be held: not image/ (but
 * image/svg+xml), audio/, video/, font/woff, font/woff2, archives and what is compressed already
 * (zip, gzip, bzip2, xz, zstd, 7z, rar), application/grpc (but grpc-web) and text/event-stream. No
 * type, and one that is malformed: it may.
 */
CAIRN_API bool cairn_http_is_compressible(const struct cairn_http_response *res);

/* NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_compression_layer(
    const struct cairn_compression_options *options);

/* cairn_compression(.level = CAIRN_COMPRESSION_FASTEST) */
#define cairn_compression(...)                                         \
    cairn_compression_layer(&(const struct cairn_compression_options){ \
        .size = sizeof(struct cairn_compression_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
