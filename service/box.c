#include <cairn/service/box.h>

#include <cairn/service/alloc.h>
#include <cairn/service/poison.h>
#include <cairn/service/runtime_core.h>

/* Under ASan each box is an allocation of its own, so that the sanitizer sees every use. */
#ifdef CAIRN_ASAN
#define BOX_IS_POOLED 0
#else
#define BOX_IS_POOLED 1
#endif

static size_t box_class(size_t size)
{
    return (size + sizeof(struct cairn__box) - 1) / CAIRN__BOX_CLASS_BYTES;
}

void *cairn__box_new(size_t size)
{
    struct cairn_runtime *runtime = cairn__current;
    size_t class = box_class(size);
    size_t bytes = sizeof(struct cairn__box) + size;
    struct cairn__box *box = NULL;
    if (BOX_IS_POOLED && class < CAIRN__BOX_CLASSES) {
        bytes = (class + 1) * CAIRN__BOX_CLASS_BYTES;
        if (runtime && runtime->boxes.free[class]) {
            box = runtime->boxes.free[class];
            runtime->boxes.free[class] = box->next;
            runtime->boxes.count[class]--;
        }
    }
    if (!box)
        box = cairn_alloc(bytes);
    if (!box)
        return NULL;
    box->home = runtime;
    return box + 1;
}

void cairn__box_free(void *state, size_t size)
{
    struct cairn_runtime *runtime = cairn__current;
    struct cairn__box *box = (struct cairn__box *)state - 1;
    size_t class = box_class(size);
    if (!BOX_IS_POOLED || !runtime || class >= CAIRN__BOX_CLASSES ||
        runtime->boxes.count[class] >= CAIRN__BOX_MAX_FREE) {
        cairn_free(box);
        return;
    }
    box->next = runtime->boxes.free[class];
    runtime->boxes.free[class] = box;
    runtime->boxes.count[class]++;
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
