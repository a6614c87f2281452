/* box.h - blocks for the states of futures and streams, from the running runtime's pool. Internal.
 */
#ifndef CAIRN_SERVICE_BOX_H
#define CAIRN_SERVICE_BOX_H

#include <stddef.h>

#include <cairn/service/api.h>
#include <cairn/service/poison.h>

struct cairn_runtime;

/* Under ASan each box is an allocation of its own, so that the sanitizer sees every use. */
#ifdef CAIRN_ASAN
#define CAIRN__BOX_IS_POOLED 0
#else
#define CAIRN__BOX_IS_POOLED 1
#endif

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

/* Blocks that the pool does not have, or does not take. */
struct cairn__box *cairn__box_alloc(size_t size);
void cairn__box_release(struct cairn__box *box);

static inline size_t cairn__box_class(size_t size)
{
    return (size + sizeof(struct cairn__box) - 1) / CAIRN__BOX_CLASS_BYTES;
}

/* SIZE bytes for RUNTIME, which may be NULL; not cleared; NULL without memory. */
static inline void *cairn__box_new(
    struct cairn_runtime *runtime, struct cairn__box_pool *pool, size_t size)
{
    size_t class = cairn__box_class(size);
    struct cairn__box *box = NULL;
    if (CAIRN_LIKELY(CAIRN__BOX_IS_POOLED && pool && class < CAIRN__BOX_CLASSES))
        box = pool->free[class];
    if (CAIRN_LIKELY(box != NULL)) {
        pool->free[class] = box->next;
        pool->count[class]--;
    } else {
        box = cairn__box_alloc(size);
        if (!box)
            return NULL;
    }
    box->home = runtime;
    return box + 1;
}

/* SIZE is what it was made with; POOL is the running runtime's, or NULL. */
static inline void cairn__box_free(struct cairn__box_pool *pool, void *state, size_t size)
{
    struct cairn__box *box = (struct cairn__box *)state - 1;
    size_t class = cairn__box_class(size);
    if (CAIRN_UNLIKELY(!CAIRN__BOX_IS_POOLED || !pool || class >= CAIRN__BOX_CLASSES ||
                       pool->count[class] >= CAIRN__BOX_MAX_FREE)) {
        cairn__box_release(box);
        return;
    }
    box->next = pool->free[class];
    pool->free[class] = box;
    pool->count[class]++;
}

static inline struct cairn_runtime *cairn__box_home(void *state)
{
    return ((struct cairn__box *)state - 1)->home;
}

void cairn__box_pool_fini(struct cairn__box_pool *pool);

#endif
