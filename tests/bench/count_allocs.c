/* count_allocs.c - LD_PRELOAD: counts what a program allocates in the file that CAIRN_BENCH_COUNTS
 * names, for others to read while it runs: calls of malloc, calloc, realloc and memalign, calls of
 * free, and bytes asked for, each a 64-bit number. Children that it forks count there too. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

/* glibc's own names. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *block);

struct counts {
    _Atomic uint64_t allocated;
    _Atomic uint64_t freed;
    _Atomic uint64_t bytes;
};

static struct counts before;
static struct counts *counts = &before;

__attribute__((constructor)) static void count_begin(void)
{
    const char *path = getenv("CAIRN_BENCH_COUNTS");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *at = mmap(NULL, sizeof(before), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at != MAP_FAILED)
        counts = at;
    close(fd);
}

static void count(size_t bytes)
{
    atomic_fetch_add_explicit(&counts->allocated, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&counts->bytes, bytes, memory_order_relaxed);
}

EXPORTED void *malloc(size_t size)
{
    count(size);
    return __libc_malloc(size);
}

EXPORTED void *calloc(size_t nmemb, size_t size)
{
    count(nmemb * size);
    return __libc_calloc(nmemb, size);
}

EXPORTED void *realloc(void *ptr, size_t size)
{
    count(size);
    return __libc_realloc(ptr, size);
}

EXPORTED void *memalign(size_t alignment, size_t size)
{
    count(size);
    return __libc_memalign(alignment, size);
}

EXPORTED void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

EXPORTED int posix_memalign(void **memptr, size_t alignment, size_t size)
{
    *memptr = memalign(alignment, size);
    return *memptr ? 0 : ENOMEM;
}

EXPORTED void free(void *ptr)
{
    if (ptr)
        atomic_fetch_add_explicit(&counts->freed, 1, memory_order_relaxed);
    __libc_free(ptr);
}
