/* arena_core.h - an arena from within: what is allocated many times for each request. Internal. */
#ifndef CAIRN_SERVICE_ARENA_CORE_H
#define CAIRN_SERVICE_ARENA_CORE_H

#include <stdint.h>

#include <cairn/service/arena.h>
#include <cairn/service/poison.h>

#define CAIRN__ARENA_ALIGN 16

struct cairn__arena_deferred;

struct cairn__arena_chunk {
    struct cairn__arena_chunk *next;
    size_t size; /* the header included */
};

struct cairn_arena {
    struct cairn__arena_chunk chunk; /* the first one: the arena lives in it */
    struct cairn_arena_cache *cache;
    struct cairn__arena_chunk *chunks; /* the others, latest first */
    struct cairn__arena_deferred *deferred;
    char *at;
    char *end;
    size_t size;
};

/* From a new chunk. */
void *cairn__arena_alloc_slow(struct cairn_arena *arena, size_t size);

static inline void *cairn__arena_alloc(struct cairn_arena *arena, size_t size)
{
    size_t skip = (size_t)(-(uintptr_t)arena->at & (CAIRN__ARENA_ALIGN - 1));
    size_t room = (size_t)(arena->end - arena->at);
    if (CAIRN_UNLIKELY(size > room || skip > room - size))
        return cairn__arena_alloc_slow(arena, size);
    char *block = arena->at + skip;
    arena->at = block + size;
    cairn__unpoison(block, size);
    return block;
}

static inline char *cairn__arena_alloc_text(struct cairn_arena *arena, size_t size)
{
    if (CAIRN_UNLIKELY(size > (size_t)(arena->end - arena->at)))
        return cairn__arena_alloc_slow(arena, size);
    char *block = arena->at;
    arena->at += size;
    cairn__unpoison(block, size);
    return block;
}

#endif
