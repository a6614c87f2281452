#include <cairn/service/arena.h>

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cairn/service/alloc.h>
#include <cairn/service/poison.h>

#define ARENA_CHUNK_BYTES 4096
#define ARENA_ALIGN 16

struct arena_chunk {
    struct arena_chunk *next;
    size_t size; /* the header included */
};

struct arena_deferred {
    struct arena_deferred *next;
    void (*drop)(void *value);
    void *value;
};

struct cairn_arena {
    struct arena_chunk chunk; /* the first one: the arena lives in it */
    struct cairn_arena_cache *cache;
    struct arena_chunk *chunks; /* the others, latest first */
    struct arena_deferred *deferred;
    char *at;
    char *end;
    size_t size;
};

struct cairn_arena_cache {
    struct arena_chunk *free;
    size_t count;
    size_t max;
};

struct cairn_arena_cache *cairn_arena_cache_new(size_t max_chunks)
{
    struct cairn_arena_cache *cache = cairn_alloc_zero(sizeof(*cache));
    if (cache)
        cache->max = max_chunks ? max_chunks : 1024;
    return cache;
}

void cairn_arena_cache_free(struct cairn_arena_cache *cache)
{
    if (!cache)
        return;
    while (cache->free) {
        struct arena_chunk *chunk = cache->free;
        cairn__unpoison(chunk, ARENA_CHUNK_BYTES);
        cache->free = chunk->next;
        cairn_free(chunk);
    }
    cairn_free(cache);
}

static struct arena_chunk *arena_chunk_get(struct cairn_arena_cache *cache, size_t size)
{
    struct arena_chunk *chunk = NULL;
    if (size == ARENA_CHUNK_BYTES && cache && cache->free) {
        chunk = cache->free;
        cairn__unpoison(chunk, sizeof(*chunk));
        cache->free = chunk->next;
        cache->count--;
    } else {
        chunk = cairn_alloc(size);
        if (!chunk)
            return NULL;
    }
    chunk->size = size;
    cairn__poison(chunk + 1, size - sizeof(*chunk));
    return chunk;
}

static void arena_chunk_put(struct cairn_arena_cache *cache, struct arena_chunk *chunk)
{
    if (chunk->size != ARENA_CHUNK_BYTES || !cache || cache->count >= cache->max) {
        cairn__unpoison(chunk, chunk->size);
        cairn_free(chunk);
        return;
    }
    chunk->next = cache->free;
    cache->free = chunk;
    cache->count++;
    cairn__poison(chunk, ARENA_CHUNK_BYTES);
}

struct cairn_arena *cairn_arena_new(struct cairn_arena_cache *cache)
{
    struct arena_chunk *chunk = arena_chunk_get(cache, ARENA_CHUNK_BYTES);
    if (!chunk)
        return NULL;
    struct cairn_arena *arena = (struct cairn_arena *)chunk;
    cairn__unpoison(arena, sizeof(*arena));
    arena->cache = cache;
    arena->chunks = NULL;
    arena->deferred = NULL;
    arena->at = (char *)(arena + 1);
    arena->end = (char *)chunk + ARENA_CHUNK_BYTES;
    arena->size = ARENA_CHUNK_BYTES;
    return arena;
}

void cairn_arena_free(struct cairn_arena *arena)
{
    if (!arena)
        return;
    while (arena->deferred) {
        struct arena_deferred *deferred = arena->deferred;
        arena->deferred = deferred->next;
        deferred->drop(deferred->value);
    }
    while (arena->chunks) {
        struct arena_chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        arena_chunk_put(arena->cache, chunk);
    }
    arena_chunk_put(arena->cache, &arena->chunk);
}

static struct arena_chunk *arena_add_chunk(struct cairn_arena *arena, size_t size)
{
    struct arena_chunk *chunk = arena_chunk_get(arena->cache, size);
    if (!chunk)
        return NULL;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->size += size;
    return chunk;
}

/* What is larger than a chunk gets a block of its own, and the running chunk stays in use. */
static void *arena_alloc_large(struct cairn_arena *arena, size_t size)
{
    size_t total;
    if (__builtin_add_overflow(size, sizeof(struct arena_chunk), &total))
        return NULL;
    struct arena_chunk *chunk = arena_add_chunk(arena, total);
    if (!chunk)
        return NULL;
    cairn__unpoison(chunk + 1, size);
    return chunk + 1;
}

static void *arena_alloc_slow(struct cairn_arena *arena, size_t size)
{
    if (size > ARENA_CHUNK_BYTES / 2)
        return arena_alloc_large(arena, size);
    struct arena_chunk *chunk = arena_add_chunk(arena, ARENA_CHUNK_BYTES);
    if (!chunk)
        return NULL;
    arena->at = (char *)(chunk + 1) + size;
    arena->end = (char *)chunk + ARENA_CHUNK_BYTES;
    cairn__unpoison(chunk + 1, size);
    return chunk + 1;
}

void *cairn_arena_alloc(struct cairn_arena *arena, size_t size)
{
    size_t skip = (size_t)(-(uintptr_t)arena->at & (ARENA_ALIGN - 1));
    size_t room = (size_t)(arena->end - arena->at);
    if (CAIRN_UNLIKELY(size > room || skip > room - size))
        return arena_alloc_slow(arena, size);
    char *block = arena->at + skip;
    arena->at = block + size;
    cairn__unpoison(block, size);
    return block;
}

char *cairn_arena_alloc_text(struct cairn_arena *arena, size_t size)
{
    if (CAIRN_UNLIKELY(size > (size_t)(arena->end - arena->at)))
        return arena_alloc_slow(arena, size);
    char *block = arena->at;
    arena->at += size;
    cairn__unpoison(block, size);
    return block;
}

struct cairn_str cairn_arena_copy(struct cairn_arena *arena, struct cairn_str s)
{
    char *copy = s.length == SIZE_MAX ? NULL : cairn_arena_alloc_text(arena, s.length + 1);
    if (!copy)
        return cairn_str_of(NULL, 0);
    if (s.length)
        memcpy(copy, s.data, s.length);
    copy[s.length] = '\0';
    return cairn_str_of(copy, s.length);
}

struct cairn_str cairn_arena_printfv(
    struct cairn_arena *arena, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    char *text = length < 0 ? NULL : cairn_arena_alloc_text(arena, (size_t)length + 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return cairn_str_of(text, text ? (size_t)length : 0);
}

struct cairn_str cairn_arena_printf(struct cairn_arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct cairn_str text = cairn_arena_printfv(arena, format, arguments);
    va_end(arguments);
    return text;
}

int cairn_arena_defer(struct cairn_arena *arena, void (*drop)(void *value), void *value)
{
    struct arena_deferred *deferred = cairn_arena_alloc(arena, sizeof(*deferred));
    if (!deferred)
        return -1;
    *deferred = (struct arena_deferred){arena->deferred, drop, value};
    arena->deferred = deferred;
    return 0;
}

size_t cairn_arena_size(const struct cairn_arena *arena)
{
    return arena->size;
}
