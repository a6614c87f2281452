/* ready_cache.h - a set of services by key, those that are ready apart from those that are not.
 * Tower's ReadyCache. */
#ifndef CAIRN_LAYERS_READY_CACHE_H
#define CAIRN_LAYERS_READY_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/service/service.h>

CAIRN_BEGIN_DECLS

/*
 * A service that is pushed is pending. Polling makes it ready, calling makes it pending again. A
 * service whose readiness fails leaves the set.
 *
 * Under one key there may be two services: the one in use, and a new one that is pending. The new
 * one takes over when it is ready, or when the one in use has been called; one more push replaces
 * the new one.
 *
 * What is ready holds its reservation until it is called, released or evicted. So each service
 * should have limits of its own. For one runtime.
 */
struct cairn_ready_cache;

/* One service of the set, as it is when it is ready. Valid until it is called, released, evicted or
 * checked, or until the set is polled, whichever is first; a taken one until it is called, released
 * or checked. Set `mark` as you like; change nothing else. */
struct cairn_ready_entry {
    const char *key;
    struct cairn_service *service;
    unsigned weight;
    bool is_ready;   /* taken ones are */
    bool is_evicted; /* while it was taken: it will not be pending again */
    uint64_t number; /* 1, 2, 3 …, in the order of the pushes */
    uint64_t picks;  /* calls that it got */
    int64_t mark;    /* for whoever picks; 0 at first */
};

/*
 * FAILED(CX, …) is told of each service whose readiness has failed, as it leaves the set: KEY is
 * borrowed for the call, ERROR is taken. It must not use the set. Returns the set, owned by the
 * caller, or NULL without memory.
 */
CAIRN_API struct cairn_ready_cache *cairn_ready_cache_new(
    void (*failed)(void *cx, const char *key, struct cairn_error *error), void *cx);
/* Drops all services, taken ones too. NULL: nothing. */
CAIRN_API void cairn_ready_cache_free(struct cairn_ready_cache *cache);

/* Copies KEY, takes SERVICE. Returns false without memory: SERVICE is dropped, the set as it was.
 */
CAIRN_API bool cairn_ready_cache_push(struct cairn_ready_cache *cache, const char *key,
    struct cairn_service *service, unsigned weight);
/* Drops what is there under KEY; a taken one once it is called or released. Returns whether there
 * was anything. */
CAIRN_API bool cairn_ready_cache_evict(struct cairn_ready_cache *cache, const char *key);

/* Services in the set; those that are ready and not taken; those that are pending. */
CAIRN_API size_t cairn_ready_cache_len(const struct cairn_ready_cache *cache);
CAIRN_API size_t cairn_ready_cache_ready_len(const struct cairn_ready_cache *cache);
CAIRN_API size_t cairn_ready_cache_pending_len(const struct cairn_ready_cache *cache);
/* Whether a service is pending under KEY. */
CAIRN_API bool cairn_ready_cache_is_pending(const struct cairn_ready_cache *cache, const char *key);

/* Polls each service that is pending, in no order. READY: none is pending any more. PENDING: those
 * that are have stored the waker. */
CAIRN_API enum cairn_poll cairn_ready_cache_poll_pending(
    struct cairn_ready_cache *cache, const struct cairn_context *cx);

/* The services that are ready and not taken: COUNT of them, in no order. Borrowed until the set
 * changes. */
CAIRN_API struct cairn_ready_entry *const *cairn_ready_cache_ready(
    const struct cairn_ready_cache *cache, size_t *count);
/* The one under KEY, or NULL. */
CAIRN_API struct cairn_ready_entry *cairn_ready_cache_find_ready(
    const struct cairn_ready_cache *cache, const char *key);

/* Puts ENTRY, which is ready, aside: it is not among the ready ones, and is kept though it be
 * evicted or replaced, until one of the next three. */
CAIRN_API void cairn_ready_cache_take(
    struct cairn_ready_cache *cache, struct cairn_ready_entry *entry);
/* Asks ENTRY, ready or taken, whether it is still ready. Anything but READY uses ENTRY up: PENDING,
 * it is pending again, and has stored the waker; FAILED, it has left the set, as `failed` was told.
 */
CAIRN_API enum cairn_poll cairn_ready_cache_check(struct cairn_ready_cache *cache,
    struct cairn_ready_entry *entry, const struct cairn_context *cx);
/* Calls ENTRY, ready or taken, which is pending then. Takes REQUEST. */
CAIRN_API struct cairn_future cairn_ready_cache_call(
    struct cairn_ready_cache *cache, struct cairn_ready_entry *entry, void *request);
/* Gives the reservation of ENTRY, ready or taken, back: it is pending then. */
CAIRN_API void cairn_ready_cache_release(
    struct cairn_ready_cache *cache, struct cairn_ready_entry *entry);
/* The same for all but those that are taken, and for places in queues. */
CAIRN_API void cairn_ready_cache_release_all(struct cairn_ready_cache *cache);

/* SEE(CX, entry) for each service, in the order of the pushes. It must not use the set. */
CAIRN_API void cairn_ready_cache_each(const struct cairn_ready_cache *cache,
    void (*see)(void *cx, const struct cairn_ready_entry *entry), void *cx);

CAIRN_END_DECLS

#endif
