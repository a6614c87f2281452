/* box.h - blocks for the states of futures and streams, from the running runtime's pool. Internal.
 */
#ifndef CAIRN_SERVICE_BOX_H
#define CAIRN_SERVICE_BOX_H

#include <stddef.h>

struct cairn_runtime;

#define CAIRN__BOX_CLASSES 16
#define CAIRN__BOX_CLASS_BYTES 64
#define CAIRN__BOX_MAX_FREE 4096 /* blocks that a size class keeps */

/* Free blocks by size class. Blocks are allocated one by one, so that one may come from a runtime's
 * pool and go back to another's. */
struct cairn__box_pool {
    struct cairn__box *free[CAIRN__BOX_CLASSES];
    unsigned count[CAIRN__BOX_CLASSES];
};

/* Stands before every state. 16 bytes, so that the state is aligned for any type. */
struct cairn__box {
    struct cairn_runtime *home; /* which runtime made it; NULL: none */
    struct cairn__box *next;
};

/* SIZE bytes, not cleared; NULL without memory. */
void *cairn__box_new(size_t size);
/* SIZE is what it was made with. */
void cairn__box_free(void *state, size_t size);

static inline struct cairn_runtime *cairn__box_home(void *state)
{
    return ((struct cairn__box *)state - 1)->home;
}

void cairn__box_pool_fini(struct cairn__box_pool *pool);

#endif
