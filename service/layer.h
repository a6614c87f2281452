/* layer.h - a value that turns an inner service into an outer one. Tower's Layer. */
#ifndef CAIRN_SERVICE_LAYER_H
#define CAIRN_SERVICE_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/service/service.h>

CAIRN_BEGIN_DECLS

#define CAIRN_LAYER_OPTIONS_BYTES 128

/*
 * A layer may be copied, kept, and applied many times; each application makes independent state
 * unless the options point to something shared. It holds a copy of its options; strings and objects
 * they point to are borrowed until the last application.
 */
struct cairn_layer {
    const char *name;
    /* Takes INNER, whole. Returns the outer service, or a broken one; never NULL. */
    struct cairn_service *(*apply)(const struct cairn_layer *self, struct cairn_service *inner);
    uint64_t options[CAIRN_LAYER_OPTIONS_BYTES / sizeof(uint64_t)];
};

/*
 * What a layer's own function returns: NAME, APPLY, and a copy of SIZE bytes of OPTIONS, at most
 * CAIRN_LAYER_OPTIONS_BYTES. Options begin with `size_t size`: an option struct of an older header
 * is shorter, and the rest is zero.
 */
CAIRN_API struct cairn_layer cairn_layer_of(const char *name,
    struct cairn_service *(*apply)(const struct cairn_layer *, struct cairn_service *),
    const void *options, size_t size);

/* A layer that does nothing: the identity. */
CAIRN_API struct cairn_layer cairn_layer_none(void);
/* LAYER where CONDITION holds, else nothing. */
CAIRN_API struct cairn_layer cairn_layer_if(bool condition, struct cairn_layer layer);
/* A layer of a function. APPLY takes INNER and returns the outer service or a broken one; NAME
 * shows in errors. CX is borrowed until the last application. */
CAIRN_API struct cairn_layer cairn_layer_fn(const char *name,
    struct cairn_service *(*apply)(void *cx, struct cairn_service *inner), void *cx);

/* LAYER around INNER: takes INNER. A broken INNER comes back as it is. Never NULL. */
CAIRN_API struct cairn_service *cairn_layer_apply(
    const struct cairn_layer *layer, struct cairn_service *inner);

/* For apply functions: drops INNER and returns a service broken with "NAME: message", code INVALID.
 */
CAIRN_API struct cairn_service *cairn_layer_invalid(const struct cairn_layer *layer,
    struct cairn_service *inner, const char *format, ...) CAIRN_PRINTF(3, 4);
/* The same with CODE: CAIRN_ERROR_TYPE, CAIRN_ERROR_MEMORY. */
CAIRN_API struct cairn_service *cairn_layer_refuse(const struct cairn_layer *layer,
    struct cairn_service *inner, enum cairn_error_code code, const char *format, ...)
    CAIRN_PRINTF(4, 5);

/*
 * Whether INNER's types are REQUEST and RESPONSE (NULL: any). If not, drops INNER and sets *BROKEN
 * to a service that says "NAME: needs a service of REQUEST, got one of …".
 */
CAIRN_API bool cairn_layer_types_fit(const struct cairn_layer *layer, struct cairn_service *inner,
    const struct cairn_type *request, const struct cairn_type *response,
    struct cairn_service **broken);

CAIRN_END_DECLS

#endif
