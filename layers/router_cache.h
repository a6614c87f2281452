/* router_cache.h - sends each request to the service of its key, which is made on demand. */
#ifndef CAIRN_LAYERS_ROUTER_CACHE_H
#define CAIRN_LAYERS_ROUTER_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/service/service.h>
#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

/*
 * A service at the bottom of a stack. The service of a key is made when the first request with that
 * key comes, is shared by all requests with the key, and is dropped when it has had none for
 * `idle_ms`; at most `max_keys` exist, and the one idle for longest makes room (see idle_cache.h).
 *
 * It is always ready: which service a call is for is known only when it comes. The call waits for
 * that service's readiness; so a limit that shall refuse stands inside, with load_shed around it,
 * and one for all keys outside. A service whose readiness fails is made anew for the next request.
 *
 * A call fails with what `make`'s broken service says, with CAIRN_ERROR_NOT_FOUND, layer
 * "router_cache", without a key, with CAIRN_ERROR_OVERLOADED, layer "idle_cache", when max_keys are
 * in use; else as the service of its key does. May be cloned; copies share the services. A call
 * that finds a service that was used before allocates nothing but its own box.
 * Invalid: no key or make, idle_ms or max_keys out of range. Counts: those of idle_cache.h.
 */
struct cairn_router_cache_options {
    size_t size;
    const struct cairn_type *request_type;
    const struct cairn_type *response_type;
    /* What the services are told apart by. Returns bytes that live as long as REQUEST, or until the
     * next call of this function. An absent string (data NULL): the call fails. */
    struct cairn_str (*key)(void *cx, const void *request);
    /* Returns the service of KEY, from request_type to response_type, which can be cloned; or a
     * broken one. Borrows KEY for the call. */
    struct cairn_service *(*make)(void *cx, struct cairn_str key);
    void *cx; /* for both */
    /* CX is needed no longer: the last copy and the last call are gone, or nothing could be built.
     * NULL: nothing. */
    void (*cx_drop)(void *cx);
    uint64_t idle_ms; /* 1 to 86400000 (a day); 0: 60000 */
    size_t max_keys;  /* 1 to 16777216; 0: 1024 */
};

/* Never NULL: a broken service where it cannot be built. */
CAIRN_API struct cairn_service *cairn_router_cache_new(
    const struct cairn_router_cache_options *options);

CAIRN_END_DECLS

#endif
