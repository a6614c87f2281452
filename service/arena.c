#include <cairn/service/arena_core.h>

#include <stdarg.h>
#include <stdio.h>

#include <cairn/service/alloc.h>

#define ARENA_CHUNK_BYTES 4096

struct cairn__arena_deferred {
    struct cairn__arena_deferred *next;
    void (*drop)(void *value);
    void *value;
};

struct cairn_arena_cache {
    struct cairn__arena_chunk *free;
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
        struct cairn__arena_chunk *chunk = cache->free;
        cairn__unpoison(chunk, ARENA_CHUNK_BYTES);
        cache->free = chunk->next;
        cairn_free(chunk);
    }
    cairn_free(cache);
}

static struct cairn__arena_chunk *arena_chunk_get(struct cairn_arena_cache *cache, size_t size)
{
    struct cairn__arena_chunk *chunk = NULL;
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

static void arena_chunk_put(struct cairn_arena_cache *cache, struct cairn__arena_chunk *chunk)
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
    struct cairn__arena_chunk *chunk = arena_chunk_get(cache, ARENA_CHUNK_BYTES);
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
        struct cairn__arena_deferred *deferred = arena->deferred;
        arena->deferred = deferred->next;
        deferred->drop(deferred->value);
    }
    while (arena->chunks) {
        struct cairn__arena_chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        arena_chunk_put(arena->cache, chunk);
    }
    arena_chunk_put(arena->cache, &arena->chunk);
}

static struct cairn__arena_chunk *arena_add_chunk(struct cairn_arena *arena, size_t size)
{
    struct cairn__arena_chunk *chunk = arena_chunk_get(arena->cache, size);
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
    if (__builtin_add_overflow(size, sizeof(struct cairn__arena_chunk), &total))
        return NULL;
    struct cairn__arena_chunk *chunk = arena_add_chunk(arena, total);
    if (!chunk)
        return NULL;
    cairn__unpoison(chunk + 1, size);
    return chunk + 1;
}

void *cairn__arena_alloc_slow(struct cairn_arena *arena, size_t size)
{
    if (size > ARENA_CHUNK_BYTES / 2)
        return arena_alloc_large(arena, size);
    struct cairn__arena_chunk *chunk = arena_add_chunk(arena, ARENA_CHUNK_BYTES);
    if (!chunk)
        return NULL;
    arena->at = (char *)(chunk + 1) + size;
    arena->end = (char *)chunk + ARENA_CHUNK_BYTES;
    cairn__unpoison(chunk + 1, size);
    return chunk + 1;
}

void *cairn_arena_alloc(struct cairn_arena *arena, size_t size)
{
    return cairn__arena_alloc(arena, size);
}

char *cairn_arena_alloc_text(struct cairn_arena *arena, size_t size)
{
    return cairn__arena_alloc_text(arena, size);
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
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): of printf's, which has begun it */
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = length < 0 ? NULL : cairn_arena_alloc_text(arena, (size_t)length + 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, arguments);
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
    struct cairn__arena_deferred *deferred = cairn_arena_alloc(arena, sizeof(*deferred));
    if (!deferred)
        return -1;
    *deferred = (struct cairn__arena_deferred){arena->deferred, drop, value};
    arena->deferred = deferred;
    return 0;
}

size_t cairn_arena_size(const struct cairn_arena *arena)
{
    return arena->size;
}
