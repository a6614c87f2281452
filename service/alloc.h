/* alloc.h - where memory comes from. */
#ifndef CAIRN_SERVICE_ALLOC_H
#define CAIRN_SERVICE_ALLOC_H

#include <stddef.h>

#include <cairn/service/api.h>

CAIRN_BEGIN_DECLS

/* Each function behaves as its C namesake; all may be called from any thread. */
struct cairn_allocator {
    void *(*alloc)(size_t size);
    void *(*resize)(void *block, size_t size);
    void (*free)(void *block);
};

/*
 * Makes ALLOCATOR the source of all memory of cairn, and of libevent's. Borrows it for good. Call
 * it before anything else, once, or between two uses with nothing outstanding. NULL: malloc again.
 */
CAIRN_API void cairn_set_allocator(const struct cairn_allocator *allocator);

/* Returns a block aligned for any type, owned by the caller, or NULL without memory. */
CAIRN_API void *cairn_alloc(size_t size);
/* The same, filled with zeros. */
CAIRN_API void *cairn_alloc_zero(size_t size);
CAIRN_API void *cairn_resize(void *block, size_t size);
CAIRN_API void cairn_free(void *block);
/* Copies TEXT with its terminator. NULL gives NULL, which is then no error. */
CAIRN_API char *cairn_strdup(const char *text);

CAIRN_END_DECLS

#endif
