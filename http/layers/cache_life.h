/* cache_life.h - whether a response may be kept, and for how long. RFC 9111 sections 3 and 4.2.
 * Internal. */
#ifndef CAIRN_HTTP_LAYERS_CACHE_LIFE_H
#define CAIRN_HTTP_LAYERS_CACHE_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/http/message.h>

CAIRN_BEGIN_DECLS

struct cairn__share_key;

struct cairn__cache_life_rules {
    const struct cairn__share_key *key; /* whose `vary` says which fields tell responses apart */
    uint64_t ttl_ms;                    /* where the response does not say; 0: it is not kept */
    uint64_t stale_ms;                  /* likewise; 0: none is ever stale */
    size_t max_body_bytes;
};

struct cairn__cache_life {
    int64_t stored_s;  /* when it was kept, in Unix seconds */
    int64_t age_s;     /* how old it was then */
    uint64_t fresh_ms; /* from then on */
    uint64_t stale_ms; /* after that */
};

/* Whether a shared cache may keep RES, which answers a GET or HEAD, at NOW_S; fills LIFE in. */
bool cairn__cache_life_of(const struct cairn__cache_life_rules *rules,
    const struct cairn_http_response *res, int64_t now_s, struct cairn__cache_life *life);

/*
 * LIFE goes with the response wherever a store keeps it, as a field of its own that clients never
 * see. Write replaces it, NULL removes it; returns -1 without memory. Read returns false where
 * there is none.
 */
int cairn__cache_life_write(struct cairn_http_response *res, const struct cairn__cache_life *life);
bool cairn__cache_life_read(const struct cairn_http_response *res, struct cairn__cache_life *life);

CAIRN_END_DECLS

#endif
