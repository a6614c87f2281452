/* cache_memory.h - a store of responses in this process, of bounded size. */
#ifndef CAIRN_LAYERS_CACHE_MEMORY_H
#define CAIRN_LAYERS_CACHE_MEMORY_H

#include <cairn/layers/cache_store.h>
#include <cairn/service/error.h>

CAIRN_BEGIN_DECLS

/*
 * Keeps copies made by the type's clone. When there is no room for one more key it forgets the one
 * that was used least recently; so its size is that of `max_entries` responses. What is too old is
 * forgotten when it is asked for or makes room. Once it is full it allocates nothing but copies,
 * and longer keys.
 *
 * Needs a running runtime, whose clock it lives by. Counts: `entries`, `evicted`, `expired`.
 */
struct cairn_cache_memory_options {
    size_t size;
    const struct cairn_type *type; /* must be set, and can be cloned */
    size_t max_entries;            /* 1 to 16777216; 0: 1024 */
};

/* Returns a store with one reference, the caller's, or NULL with *ERROR set: CAIRN_ERROR_INVALID
 * names the option, its range and what it was; CAIRN_ERROR_MEMORY. */
CAIRN_API struct cairn_cache_store *cairn_cache_memory_new(
    const struct cairn_cache_memory_options *options, struct cairn_error **error);

CAIRN_END_DECLS

#endif
