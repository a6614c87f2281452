/* new_service.h - one definition of a stack, and a stack for each target. linkerd's NewService,
 * Param and ExtractParam. */
#ifndef CAIRN_SERVICE_NEW_SERVICE_H
#define CAIRN_SERVICE_NEW_SERVICE_H

#include <stddef.h>

#include <cairn/service/layer.h>
#include <cairn/service/make_service.h>

CAIRN_BEGIN_DECLS

struct cairn_new_service;

/* The name of something that a target may say of itself. Its address is the key. */
struct cairn_param {
    const char *name;
};

/* A target as leaf and layers see it: they ask it for parameters, and need not know what it is. */
struct cairn_target {
    const struct cairn_new_service *stack;
    const void *value; /* the target itself, as the stack's functions know it */
};

/* What TARGET says of PARAM, borrowed from it; NULL: nothing. */
CAIRN_API const void *cairn_target_param(
    const struct cairn_target *target, const struct cairn_param *param);

/*
 * CAIRN_PARAM(response_timeout, uint64_t) declares a parameter of a type: the key
 * response_timeout_param, which one source file defines, and
 * const uint64_t *response_timeout_of(const struct cairn_target *).
 */
#define CAIRN_PARAM(name_, type_)                                            \
    extern const struct cairn_param name_##_param;                           \
    static inline const type_ *name_##_of(const struct cairn_target *target) \
    {                                                                        \
        return (const type_ *)cairn_target_param(target, &name_##_param);    \
    }

/* A layer of such a stack: the layer for TARGET, whose options may point into it. Without a
 * parameter it takes a default, or is cairn_layer_none(). */
struct cairn_new_layer {
    struct cairn_layer (*of)(const struct cairn_target *target);
};

/*
 * A definition: static const data, or of the caller's, borrowed as long as it is used. Functions
 * borrow the target for the call: what a service needs of it for longer it copies.
 */
struct cairn_new_service {
    const char *name; /* "backend" */
    /* The service at the bottom of the stack for TARGET, or a broken one. NULL from it: no memory.
     */
    struct cairn_service *(*leaf)(const struct cairn_target *target);
    /* What TARGET says of PARAM, as type and lifetime of that have it; or NULL. This is where the
     * kind of target is known, and where a stack adds what its targets do not know. NULL here:
     * nothing is ever said. */
    const void *(*param)(const struct cairn_target *target, const struct cairn_param *param);
    const struct cairn_new_layer *layers; /* outermost first */
    size_t layer_count;
    const struct cairn_type *target_type; /* for cairn_new_service_maker; NULL: any, and borrowed */
    void *cx;                             /* the functions' own */
};

/*
 * The stack for TARGET. Borrows TARGET for the call. Never NULL: a broken service with the reason
 * of the leaf, or of the layer that was refused. For a router_cache's make, a discovery's
 * endpoints.
 */
CAIRN_API struct cairn_service *cairn_new_service_make(
    const struct cairn_new_service *self, const void *target);

/*
 * The same as a make service: its requests are targets, of SELF's target_type, which are dropped
 * once their stack is made; a stack that is broken fails the call. Always ready, may be cloned.
 * Never NULL. For reconnect, and what else takes a maker.
 */
CAIRN_API struct cairn_service *cairn_new_service_maker(const struct cairn_new_service *self);

CAIRN_END_DECLS

#endif
