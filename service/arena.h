/* arena.h - memory for one exchange: allocate, never free one by one, let all of it go at once. */
#ifndef CAIRN_SERVICE_ARENA_H
#define CAIRN_SERVICE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include <cairn/service/api.h>
#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

/*
 * An arena takes its memory in chunks from a cache, so that at steady state it allocates nothing. A
 * cache belongs to one thread. Under ASan and valgrind what the arena has not handed out is
 * poisoned.
 */
struct cairn_arena;
struct cairn_arena_cache;

/*
 * A cache that keeps up to MAX_CHUNKS free chunks (0: 1024) of 4096 bytes. Returns NULL without
 * memory. Free it after the last of its arenas.
 */
CAIRN_API struct cairn_arena_cache *cairn_arena_cache_new(size_t max_chunks);
CAIRN_API void cairn_arena_cache_free(struct cairn_arena_cache *cache);

/* An arena with its first chunk, in which it lives itself. Borrows CACHE (NULL: plain allocation)
 * until it is freed. Returns NULL without memory. */
CAIRN_API struct cairn_arena *cairn_arena_new(struct cairn_arena_cache *cache);
/* Runs the deferred functions, latest first, then gives every chunk back. NULL: nothing. */
CAIRN_API void cairn_arena_free(struct cairn_arena *arena);

/* SIZE bytes, aligned for any type, not cleared; owned by the arena. NULL without memory. A block
 * of more than a chunk is allocated on its own. */
CAIRN_API void *cairn_arena_alloc(struct cairn_arena *arena, size_t size);
/* The same with no alignment, for text. */
CAIRN_API char *cairn_arena_alloc_text(struct cairn_arena *arena, size_t size);
/* Copies S and adds a NUL behind it. The result's data is NULL without memory. */
CAIRN_API struct cairn_str cairn_arena_copy(struct cairn_arena *arena, struct cairn_str s);
/* A formatted text with a NUL behind it. The result's data is NULL without memory. */
CAIRN_API struct cairn_str cairn_arena_printf(struct cairn_arena *arena, const char *format, ...)
    CAIRN_PRINTF(2, 3);
CAIRN_API struct cairn_str cairn_arena_printfv(
    struct cairn_arena *arena, const char *format, va_list arguments) CAIRN_PRINTF(2, 0);

/* Has DROP(VALUE) called when the arena goes. Returns 0, or -1 without memory: nothing is
 * registered then, and VALUE remains the caller's. */
CAIRN_API int cairn_arena_defer(struct cairn_arena *arena, void (*drop)(void *value), void *value);

/* Bytes taken from the allocator for this arena: what it costs now. */
CAIRN_API size_t cairn_arena_size(const struct cairn_arena *arena);

CAIRN_END_DECLS

#endif
