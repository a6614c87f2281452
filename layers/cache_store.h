/* cache_store.h - where the cache layer keeps responses: memory, or what you make of it. */
#ifndef CAIRN_LAYERS_CACHE_STORE_H
#define CAIRN_LAYERS_CACHE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/service/describe.h>
#include <cairn/service/future.h>
#include <cairn/service/str.h>
#include <cairn/service/type.h>

CAIRN_BEGIN_DECLS

struct cairn_cache_store;

/*
 * One kind of store. Static const data. Keys and responses are borrowed for the call, unless said
 * otherwise; what a store wants to keep it copies. A store may forget whatever it likes: it is
 * asked again.
 */
struct cairn_cache_store_ops {
    const char *name;
    /*
     * A future of the response under KEY: READY with a copy that is the caller's, or with NULL when
     * there is none. A failure is as none, and counted. Without IS_STALE_WELCOME only a response
     * whose fresh time has not passed counts. A complete future (cairn_future_ready) is polled
     * before anything else happens, and costs no box.
     */
    struct cairn_future (*get)(
        struct cairn_cache_store *self, struct cairn_str key, bool is_stale_welcome);
    /* Keeps a copy of RESPONSE under KEY, in place of what was there, which is fresh for FRESH_MS
     * from now, and stale for STALE_MS after that. */
    void (*put)(struct cairn_cache_store *self, struct cairn_str key, const void *response,
        uint64_t fresh_ms, uint64_t stale_ms);
    /* Forgets what is under KEY. */
    void (*remove)(struct cairn_cache_store *self, struct cairn_str key);
    /* Its parameters, then its counters, among those of the layer. NULL: none. */
    void (*describe)(const struct cairn_cache_store *self, struct cairn_describe *d);
    /* The last reference is gone. NULL: nothing. */
    void (*free)(struct cairn_cache_store *self);
    /* Whether the futures of get may be pending. The layer then needs an inner service that can be
     * cloned. */
    bool waits;
};

/* Embed it first. Counted; for one runtime. `type` is what it keeps: a cache of other responses
 * refuses it; NULL: any. */
struct cairn_cache_store {
    const struct cairn_cache_store_ops *ops;
    unsigned references;
    const struct cairn_type *type;
};

/* One more owner. Returns STORE. */
static inline struct cairn_cache_store *cairn_cache_store_ref(struct cairn_cache_store *store)
{
    store->references++;
    return store;
}

/* One owner less; the last one frees it. NULL: nothing. */
static inline void cairn_cache_store_unref(struct cairn_cache_store *store)
{
    if (store && --store->references == 0 && store->ops->free)
        store->ops->free(store);
}

/* Forgets what is under KEY: because it has changed. */
static inline void cairn_cache_store_remove(struct cairn_cache_store *store, struct cairn_str key)
{
    store->ops->remove(store, key);
}

CAIRN_END_DECLS

#endif
