/* poison.h - tells ASan and valgrind which bytes nobody may touch. Internal. */
#ifndef CAIRN_SERVICE_POISON_H
#define CAIRN_SERVICE_POISON_H

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define CAIRN_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CAIRN_ASAN 1
#endif
#endif

#ifdef CAIRN_ASAN
#include <sanitizer/asan_interface.h>

static inline void cairn__poison(const void *block, size_t size)
{
    __asan_poison_memory_region(block, size);
}

static inline void cairn__unpoison(const void *block, size_t size)
{
    __asan_unpoison_memory_region(block, size);
}

#elif defined(CAIRN_VALGRIND)
#include <valgrind/memcheck.h>

static inline void cairn__poison(const void *block, size_t size)
{
    (void)VALGRIND_MAKE_MEM_NOACCESS(block, size);
}

static inline void cairn__unpoison(const void *block, size_t size)
{
    (void)VALGRIND_MAKE_MEM_UNDEFINED(block, size);
}

#else

static inline void cairn__poison(const void *block, size_t size)
{
    (void)block;
    (void)size;
}

static inline void cairn__unpoison(const void *block, size_t size)
{
    (void)block;
    (void)size;
}

#endif

#endif
