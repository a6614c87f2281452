/* idle_cache.h - a service for each key, made on demand and dropped when it has been idle. */
#ifndef CAIRN_LAYERS_IDLE_CACHE_H
#define CAIRN_LAYERS_IDLE_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/service/service.h>
#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

/*
 * No layer, but where layers and programs get the one service from that belongs to a key: a tenant,
 * a host, a shard. Counted (ref and unref); for one runtime, before whose end it and its services
 * are let go of.
 *
 * The service of a key is made once, by `make`, and handed out as copies, which share what copies
 * share: limits, budgets, connections. It is in use while a copy or one of its calls exists. When
 * it has not been for `idle_ms` it is dropped; the next one who asks gets a new one. At most
 * `max_keys` are kept: for one more key, the one that has been idle longest goes at once.
 */
struct cairn_idle_cache;

struct cairn_idle_cache_options {
    size_t size;
    /* Returns the service of KEY, which can be cloned, owned by the cache; or a broken one: whoever
     * asked gets the reason, and the next one who asks has it made again. Borrows KEY for the call.
     */
    struct cairn_service *(*make)(void *cx, struct cairn_str key);
    void *cx; /* for make; borrowed until cx_drop */
    /* The cache, the last copy and the last call are gone. NULL: nothing. */
    void (*cx_drop)(void *cx);
    uint64_t idle_ms; /* 1 to 86400000 (a day); 0: 60000 */
    size_t max_keys;  /* 1 to 16777216; 0: 1024 */
};

/* Returns a cache with one reference, the caller's, or NULL with *ERROR set: CAIRN_ERROR_INVALID
 * names the option, its range and what it was; CAIRN_ERROR_MEMORY. cx_drop is then not called. */
CAIRN_API struct cairn_idle_cache *cairn_idle_cache_new(
    const struct cairn_idle_cache_options *options, struct cairn_error **error);
CAIRN_API struct cairn_idle_cache *cairn_idle_cache_ref(struct cairn_idle_cache *cache);
/* NULL: nothing. */
CAIRN_API void cairn_idle_cache_unref(struct cairn_idle_cache *cache);

/*
 * A copy of the service of KEY, owned by the caller; it may be cloned. Never NULL; a broken one
 * when `make` returned one, with CAIRN_ERROR_OVERLOADED when max_keys are in use, or without
 * memory.
 */
CAIRN_API struct cairn_service *cairn_idle_cache_get(
    struct cairn_idle_cache *cache, struct cairn_str key);

/* Parameters, then the counters `keys`, `in_use`, `made`, `idled` (dropped after their time),
 * `evicted` (dropped to make room), `refused`. For a describe slot. */
CAIRN_API void cairn_idle_cache_describe(
    const struct cairn_idle_cache *cache, struct cairn_describe *d);

CAIRN_END_DECLS

#endif
