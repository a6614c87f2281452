/* http_cache_fill.h - the innermost part of http_cache: sees what inner answers before it is kept.
 * Internal. */
#ifndef CAIRN_HTTP_LAYERS_HTTP_CACHE_FILL_H
#define CAIRN_HTTP_LAYERS_HTTP_CACHE_FILL_H

#include <stdbool.h>

#include <cairn/http/layers/cache_life.h>
#include <cairn/http/layers/wall_clock.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/* What became of one request that may be answered from the cache. In its arena, as an extension. */
struct cairn__http_cache_call {
    bool is_keyed;
    bool was_forwarded;
    bool was_answered; /* by inner, and not with an error */
    bool is_kept;
    struct cairn_http_response *failed; /* the answer, if it was that of a server in trouble */
};

struct cairn__http_cache_filling {
    struct cairn__cache_life_rules rules;
    struct cairn__wall_clock clock;
};

/*
 * Around INNER, which it takes; NULL without memory, INNER then remaining the caller's. A response
 * that may be kept gets its life written on it. With rules.stale_ms one with status 500, 502, 503
 * or 504 becomes an error, so that the cache looks for a stale one, and is left in `failed`.
 * FILLING, whose address is the key of the extension, is borrowed until the last copy and call are
 * gone.
 */
struct cairn_service *cairn__http_cache_fill_new(
    struct cairn__http_cache_filling *filling, struct cairn_service *inner);

CAIRN_END_DECLS

#endif
