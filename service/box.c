#include <cairn/service/box.h>

#include <cairn/service/alloc.h>

/* A whole class, so that the block can serve any state of it later. */
struct cairn__box *cairn__box_alloc(size_t size)
{
    size_t class = cairn__box_class(size);
    size_t bytes = sizeof(struct cairn__box) + size;
    if (CAIRN__BOX_IS_POOLED && class < CAIRN__BOX_CLASSES)
        bytes = (class + 1) * CAIRN__BOX_CLASS_BYTES;
    return cairn_alloc(bytes);
}

void cairn__box_release(struct cairn__box *box)
{
    cairn_free(box);
}

void cairn__box_pool_fini(struct cairn__box_pool *pool)
{
    for (size_t class = 0; class < CAIRN__BOX_CLASSES; class ++) {
        while (pool->free[class]) {
            struct cairn__box *box = pool->free[class];
            pool->free[class] = box->next;
            cairn_free(box);
        }
        pool->count[class] = 0;
    }
}
