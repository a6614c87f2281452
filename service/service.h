/* service.h - a function from a request to the future of a response, with readiness. Tower's
 * Service. */
#ifndef CAIRN_SERVICE_SERVICE_H
#define CAIRN_SERVICE_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/service/api.h>
#include <cairn/service/describe.h>
#include <cairn/service/error.h>
#include <cairn/service/future.h>
#include <cairn/service/type.h>

CAIRN_BEGIN_DECLS

struct cairn_service;

/*
 * One kind of service. Static const data. Every slot may be NULL and then passes through to
 * `inner`; the core walks the chain for clone, release and drop, so that a layer writes only what
 * it does differently. Copies share what limits: that state belongs to the layer, not to a copy.
 */
struct cairn_service_ops {
    const char *name; /* "timeout": what errors, assertions and the printed stack call it */
    size_t size;      /* bytes of the struct that embeds struct cairn_service first */

    /* Reserves room for exactly one call. READY stays READY until `call` or `release`. PENDING
     * stored the waker. FAILED, with *ERROR owned by the caller: this service is dead; errors of
     * one request belong in its future. A layer that limits reserves its own part first, then polls
     * inner. */
    enum cairn_poll (*poll_ready)(
        struct cairn_service *self, const struct cairn_context *cx, struct cairn_error **error);

    /* Uses the reservation, takes the request, returns its future at once; it may begin the work.
     * It does not poll readiness. Calling without a reservation is a programming error. */
    struct cairn_future (*call)(struct cairn_service *self, void *request);

    /* Gives a reservation of this layer back, if there is one. The core calls it for every layer.
     */
    void (*release)(struct cairn_service *self);

    /* SELF is a copy, byte for byte, of another service, with an inner service of its own. Takes
     * new references of what is shared and empties what is not: a copy is never ready. */
    void (*cloned)(struct cairn_service *self);

    /* Gives back what the layer itself holds. The reservation has been released; inner and the
     * memory are the core's. */
    void (*drop)(struct cairn_service *self);

    /* Parameters and counters, without begin and end. */
    void (*describe)(const struct cairn_service *self, struct cairn_describe *d);

    /* Whether it may not be cloned; layers that need clones then refuse it when the stack is
     * built. */
    bool not_cloneable;
    /* Whether printing leaves it out: the checking layer, and glue. */
    bool is_hidden;

    /* How busy it is, for balancers: the lower, the better. See layers/load.h. */
    double (*load)(const struct cairn_service *self);

    /* Whether a handle that was ready may be pending again before it was called: what it had chosen
     * is gone, and there is nothing else. For what chooses among services, as a balancer does. */
    bool may_lose_ready;
};

/*
 * The base of every service: embed it first. One owner, one runtime.
 */
struct cairn_service {
    const struct cairn_service_ops *ops;
    struct cairn_service *inner; /* owned; NULL at the bottom of a stack */
    const struct cairn_type *request_type;
    const struct cairn_type *response_type;
};

/*
 * Allocates ops->size bytes, zeroed but for the base. The layer fills the rest in. Takes INNER
 * (NULL at the bottom), whose types it gets until the layer sets others. Returns NULL without
 * memory, INNER then remaining the caller's.
 */
CAIRN_API void *cairn_service_new(const struct cairn_service_ops *ops, struct cairn_service *inner);

/* Releases, then drops every layer from the outermost in, then frees. NULL: nothing. */
CAIRN_API void cairn_service_drop(struct cairn_service *service);

/* A copy of the whole stack, not ready, owned by the caller; or NULL: without memory, or when
 * cairn_service_is_cloneable says no. */
CAIRN_API struct cairn_service *cairn_service_clone(const struct cairn_service *service);
CAIRN_API bool cairn_service_is_cloneable(const struct cairn_service *service);

/*
 * Moves the readied service out of *SLOT and leaves a fresh copy there: Tower's swap pattern, for
 * code that moves a service into a future. Returns NULL without memory; *SLOT is then as it was.
 */
CAIRN_API struct cairn_service *cairn_service_take(struct cairn_service **slot);

/* Gives the reservation of every layer back. Not ready afterwards. Never ready: nothing. */
CAIRN_API void cairn_service_release(struct cairn_service *service);

static inline enum cairn_poll cairn_service_poll_ready(
    struct cairn_service *self, const struct cairn_context *cx, struct cairn_error **error)
{
    while (!self->ops->poll_ready) {
        if (!self->inner)
            return CAIRN_READY; /* nothing at the bottom has to say anything: always ready */
        self = self->inner;
    }
    return self->ops->poll_ready(self, cx, error);
}

static inline struct cairn_future cairn_service_call(struct cairn_service *self, void *request)
{
    while (!self->ops->call)
        self = self->inner;
    return self->ops->call(self, request);
}

/* Drops a request that SELF took and will not pass on. */
static inline void cairn_service_drop_request(const struct cairn_service *self, void *request)
{
    cairn_type_drop(self->request_type, request);
}

/* For a layer that answers a call without its inner: gives inner's reservation back, drops REQUEST,
 * and returns ANSWER. */
static inline struct cairn_future cairn_service_bypass(
    struct cairn_service *self, void *request, struct cairn_future answer)
{
    cairn_service_release(self->inner);
    cairn_service_drop_request(self, request);
    return answer;
}

/*
 * Broken services. What builds a service never returns NULL: when it cannot, it returns a broken
 * one, whose readiness fails with the reason. Layers around a broken service are not built: the
 * innermost reason comes out on top, so that one check at the end sees it. Server and router make
 * that check.
 */

/* Takes ERROR. Never NULL: without memory it is a static one that says so. */
CAIRN_API struct cairn_service *cairn_service_broken(struct cairn_error *error);
/* The reason why SERVICE is broken, borrowed until it is dropped; NULL when it is whole. */
CAIRN_API const struct cairn_error *cairn_service_error(const struct cairn_service *service);

CAIRN_END_DECLS

#endif
