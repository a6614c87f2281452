#include <cairn/testkit/alloc.h>

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/service/assert.h>
#include <cairn/service/runtime.h>

/*
 * Blocks are malloc's own, and what is known of them stands in a table beside them: a block may
 * cross begin and end without harm, and sanitizers see its true bounds. This file is the source of
 * memory, so it takes its own from malloc.
 */
struct alloc_block {
    void *address; /* NULL: a free place */
    size_t size;
    size_t serial;
};

static struct {
    pthread_mutex_t mutex;
    struct alloc_block *blocks; /* open addressing, at most half full */
    size_t capacity;            /* a power of two */
    size_t live;
    size_t bytes;
    size_t count;
    size_t fail_in;
    bool has_failed;
    bool is_on;
} alloc_trace = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local unsigned alloc_exempt;

/* FRESH fills new blocks: neither zero nor, as any number, negative. */
enum { ALLOC_MAX_PRINTED = 32, ALLOC_MAX_RUNS = 100000, ALLOC_FRESH = 0x5a };

static size_t alloc_place(const void *address)
{
    uint64_t hash = (uint64_t)(uintptr_t)address * UINT64_C(0x9e3779b97f4a7c15);

    return (size_t)(hash >> 32) & (alloc_trace.capacity - 1);
}

static size_t alloc_next(size_t place)
{
    return (place + 1) & (alloc_trace.capacity - 1);
}

static void alloc_put(struct alloc_block block)
{
    size_t place = alloc_place(block.address);

    while (alloc_trace.blocks[place].address)
        place = alloc_next(place);
    alloc_trace.blocks[place] = block;
}

static void alloc_grow(void)
{
    struct alloc_block *old = alloc_trace.blocks;
    size_t old_capacity = alloc_trace.capacity;

    alloc_trace.capacity = old_capacity ? old_capacity * 2 : 256;
    alloc_trace.blocks = calloc(alloc_trace.capacity, sizeof(*alloc_trace.blocks));
    CAIRN_ASSERT(alloc_trace.blocks, "cairn_test_alloc", "no memory for the table of blocks");
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].address)
            alloc_put(old[i]);
    free(old);
}

static void alloc_add(void *address, size_t size)
{
    if ((alloc_trace.live + 1) * 2 > alloc_trace.capacity)
        alloc_grow();
    alloc_put((struct alloc_block){address, size, alloc_trace.count});
    alloc_trace.live++;
    alloc_trace.bytes += size;
}

/* Open addressing without tombstones: what follows the hole moves up where its own place allows it.
 */
static void alloc_close_hole(size_t hole)
{
    struct alloc_block *blocks = alloc_trace.blocks;
    size_t mask = alloc_trace.capacity - 1;

    for (size_t i = alloc_next(hole); blocks[i].address; i = alloc_next(i)) {
        size_t home = alloc_place(blocks[i].address);

        if (((i - home) & mask) >= ((i - hole) & mask)) {
            blocks[hole] = blocks[i];
            hole = i;
        }
    }
    blocks[hole].address = NULL;
}

/* A block that is not in the table is older than begin, or was made outside: none of our business.
 */
static void alloc_remove(const void *address)
{
    size_t place;

    if (alloc_trace.live == 0)
        return;
    place = alloc_place(address);
    while (alloc_trace.blocks[place].address) {
        if (alloc_trace.blocks[place].address == address) {
            alloc_trace.live--;
            alloc_trace.bytes -= alloc_trace.blocks[place].size;
            alloc_close_hole(place);
            return;
        }
        place = alloc_next(place);
    }
}

static bool alloc_must_fail(void)
{
    if (alloc_exempt)
        return false;
    alloc_trace.count++;
    if (alloc_trace.fail_in == 0 || --alloc_trace.fail_in != 0)
        return false;
    alloc_trace.has_failed = true;
    return true;
}

static void *alloc_alloc(size_t size)
{
    void *block = NULL;

    pthread_mutex_lock(&alloc_trace.mutex);
    if (!alloc_must_fail())
        block = malloc(size ? size : 1);
    if (block)
        alloc_add(block, size);
    pthread_mutex_unlock(&alloc_trace.mutex);
    if (block)
        memset(block, ALLOC_FRESH, size);
    return block;
}

static void *alloc_resize(void *old, size_t size)
{
    void *block = NULL;

    pthread_mutex_lock(&alloc_trace.mutex);
    if (!alloc_must_fail()) {
        /* Out of the table first: once freed, the address is anybody's. */
        alloc_remove(old);
        block = realloc(old, size ? size : 1);
        CAIRN_ASSERT(block, "cairn_test_alloc", "the machine itself has no memory");
        alloc_add(block, size);
    }
    pthread_mutex_unlock(&alloc_trace.mutex);
    return block;
}

static void alloc_free(void *block)
{
    if (!block)
        return;
    pthread_mutex_lock(&alloc_trace.mutex);
    alloc_remove(block);
    pthread_mutex_unlock(&alloc_trace.mutex);
    free(block);
}

static const struct cairn_allocator alloc_tracing = {alloc_alloc, alloc_resize, alloc_free};

/* The first runtime of a process has libevent set up what it never gives back. */
static void alloc_warm_up(void)
{
    static bool is_warm;
    struct cairn_error *error = NULL;

    if (is_warm)
        return;
    is_warm = true;
    if (!cairn_runtime_current())
        cairn_runtime_free(cairn_runtime_new(NULL, &error));
    cairn_error_unref(error);
}

void cairn_test_alloc_begin(void)
{
    CAIRN_ASSERT(!alloc_trace.is_on, "cairn_test_alloc_begin", "tracing already");
    alloc_warm_up();
    alloc_trace.is_on = true;
    alloc_trace.live = alloc_trace.bytes = alloc_trace.count = alloc_trace.fail_in = 0;
    alloc_trace.has_failed = false;
    cairn_set_allocator(&alloc_tracing);
}

static void alloc_print_live(void)
{
    unsigned printed = 0;

    for (size_t i = 0; i < alloc_trace.capacity && printed < ALLOC_MAX_PRINTED; i++) {
        const struct alloc_block *block = &alloc_trace.blocks[i];

        if (!block->address)
            continue;
        printed++;
        fprintf(stderr, "cairn: leaked: %zu bytes, allocation %zu\n", block->size, block->serial);
    }
    fprintf(stderr, "cairn: leaked: %zu blocks, %zu bytes in all\n", alloc_trace.live,
        alloc_trace.bytes);
}

void cairn_test_alloc_end(void)
{
    size_t live;

    CAIRN_ASSERT(alloc_trace.is_on, "cairn_test_alloc_end", "not tracing");
    cairn_set_allocator(NULL);
    pthread_mutex_lock(&alloc_trace.mutex);
    live = alloc_trace.live;
    if (live)
        alloc_print_live();
    free(alloc_trace.blocks);
    alloc_trace.blocks = NULL;
    alloc_trace.capacity = alloc_trace.live = alloc_trace.bytes = 0;
    alloc_trace.is_on = false;
    alloc_trace.fail_in = 0;
    pthread_mutex_unlock(&alloc_trace.mutex);
    CAIRN_ASSERT(live == 0, "cairn_test_alloc_end", "memory was leaked");
}

static size_t alloc_read(const size_t *counter)
{
    size_t value;

    pthread_mutex_lock(&alloc_trace.mutex);
    value = *counter;
    pthread_mutex_unlock(&alloc_trace.mutex);
    return value;
}

size_t cairn_test_alloc_live(void)
{
    return alloc_read(&alloc_trace.live);
}

size_t cairn_test_alloc_bytes(void)
{
    return alloc_read(&alloc_trace.bytes);
}

size_t cairn_test_alloc_count(void)
{
    return alloc_read(&alloc_trace.count);
}

void cairn_test_alloc_fail_at(size_t n)
{
    pthread_mutex_lock(&alloc_trace.mutex);
    alloc_trace.fail_in = n;
    alloc_trace.has_failed = false;
    pthread_mutex_unlock(&alloc_trace.mutex);
}

bool cairn_test_alloc_has_failed(void)
{
    bool has_failed;

    pthread_mutex_lock(&alloc_trace.mutex);
    has_failed = alloc_trace.has_failed;
    pthread_mutex_unlock(&alloc_trace.mutex);
    return has_failed;
}

void cairn_test_alloc_exempt(bool is_exempt)
{
    alloc_exempt = is_exempt;
}

size_t cairn_test_each_allocation(void (*scenario)(void *cx), void *cx)
{
    for (size_t n = 1; n < ALLOC_MAX_RUNS; n++) {
        size_t count;
        bool has_failed;

        cairn_test_alloc_begin();
        cairn_test_alloc_fail_at(n);
        scenario(cx);
        has_failed = cairn_test_alloc_has_failed();
        count = cairn_test_alloc_count();
        cairn_test_alloc_end();
        if (!has_failed)
            return count;
    }
    cairn_assert_failed(__FILE__, __LINE__, "cairn_test_each_allocation",
        "the scenario's allocations never come to an end");
}

int cairn_test_alloc_setup(void **state)
{
    (void)state;
    cairn_test_alloc_begin();
    return 0;
}

int cairn_test_alloc_teardown(void **state)
{
    (void)state;
    cairn_test_alloc_end();
    return 0;
}
