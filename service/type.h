/* type.h - what a request or a response is: how to name it, copy it, and let go of it. */
#ifndef CAIRN_SERVICE_TYPE_H
#define CAIRN_SERVICE_TYPE_H

#include <stdbool.h>

#include <cairn/service/api.h>

CAIRN_BEGIN_DECLS

/*
 * A type is its address: two services fit when they name the same struct cairn_type. It is static
 * const data, and lives as long as the program.
 */
struct cairn_type {
    const char *name; /* "http.request": what error messages call it */
    /* Returns a copy owned by the caller, or NULL: without memory, or because this value cannot be
     * copied, as a response whose body is a stream. NULL here: no value can, and layers that need
     * copies (retry) refuse the type when the stack is built. */
    void *(*clone)(const void *value);
    /* Takes a value that nobody will use any more. NULL here: nothing to do. Never gets NULL. */
    void (*drop)(void *value);
    /* Whether VALUE, a copy kept for a second use (retry, hedge), is of no use any more, because
     * what it shares with the first one is used up: a body over its replay cap. NULL here: never.
     */
    bool (*is_spent)(const void *value);
};

static inline bool cairn_type_is_spent(const struct cairn_type *type, const void *value)
{
    return type && type->is_spent && value && type->is_spent(value);
}

/* Drops VALUE as TYPE says. Does nothing when either is NULL. */
static inline void cairn_type_drop(const struct cairn_type *type, void *value)
{
    if (type && type->drop && value)
        type->drop(value);
}

CAIRN_END_DECLS

#endif
