/* cache.h - answers from what was answered before. */
#ifndef CAIRN_LAYERS_CACHE_H
#define CAIRN_LAYERS_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/layers/cache_memory.h>
#include <cairn/layers/cache_store.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * A call whose request has a key that was answered within `ttl_ms` gets a copy of that answer:
 * inner's reservation is given back and its request dropped. Other answers are kept, and errors are
 * not. With `stale_ms`, a call that fails gets the last answer instead, if that is at most so much
 * older; inner is asked again by the next call.
 *
 * Readiness is inner's. With `hits_while_unready` it is ready also while inner is not: what is kept
 * is answered, and what is not fails with CAIRN_ERROR_OVERLOADED, layer "cache".
 *
 * Errors and types are inner's. Needs a response that can be cloned; may be cloned, and copies
 * share the store. Without memory for key or copy it is as if nothing were kept. A store that waits
 * is asked before inner is; a failing one is as an empty one. Invalid: no key; ttl_ms, stale_ms or
 * max_entries out of range; store and max_entries; a response that cannot be cloned, or is not the
 * store's; a store that waits around an inner service that cannot be cloned. Counts: `hits`,
 * `misses`, `stale` (answers in place of an error), `refused`, `store_errors`, and what the store
 * counts.
 *
 * Place: outside of everything that makes a call cost something. coalesce inside of it has only one
 * call fetch what has expired.
 */
struct cairn_cache_options {
    size_t size;
    /*
     * What makes two requests the same: all that the response depends on, the caller's rights too.
     * Returns bytes that live as long as REQUEST, or until the next call of this function. An
     * absent string (data NULL): this request is not looked up, and its answer not kept.
     */
    struct cairn_str (*key)(void *cx, const void *request);
    /* Whether to keep RESPONSE. NULL: all are kept. */
    bool (*keep)(void *cx, const void *response);
    void *cx;           /* for all three; borrowed until the last copy and future are dropped */
    uint64_t ttl_ms;    /* 1 to 2592000000 (30 days); 0: 10000 */
    uint64_t stale_ms;  /* up to 2592000000; 0: an error is an error */
    size_t max_entries; /* of a store of its own, in memory; 1 to 16777216; 0: 1024 */
    /* Where to keep them. Each service counts as an owner. NULL: in memory, for each application.
     */
    struct cairn_cache_store *store;
    bool hits_while_unready;
    /* For how long RESPONSE, which is to be kept, is fresh and then stale: called with ttl_ms and
     * stale_ms, which it may change. Fresh for 0: it is not kept. Without stale_ms a stale one is
     * never used. NULL: those times. */
    void (*life)(void *cx, const void *response, uint64_t *fresh_ms, uint64_t *stale_ms);
};

CAIRN_API struct cairn_layer cairn_cache_layer(const struct cairn_cache_options *options);

/* cairn_cache(.key = path_of, .ttl_ms = 1000) */
#define cairn_cache(...)                                   \
    cairn_cache_layer(&(const struct cairn_cache_options){ \
        .size = sizeof(struct cairn_cache_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
