#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include <cairn/service/alloc.h>
#include <cairn/service/runtime.h>

static unsigned allocs;
static unsigned resizes;
static unsigned frees;

static void *count_alloc(size_t size)
{
    allocs++;
    return malloc(size);
}

static void *count_resize(void *block, size_t size)
{
    resizes++;
    return realloc(block, size);
}

static void count_free(void *block)
{
    frees++;
    free(block);
}

static void *fail_alloc(size_t size)
{
    (void)size;
    return NULL;
}

static const struct cairn_allocator counting = {count_alloc, count_resize, count_free};
static const struct cairn_allocator failing = {fail_alloc, count_resize, count_free};

static int install(void **state)
{
    (void)state;
    allocs = resizes = frees = 0;
    cairn_set_allocator(&counting);
    return 0;
}

static int uninstall(void **state)
{
    (void)state;
    cairn_set_allocator(NULL);
    return 0;
}

static void memory_comes_from_the_allocator_that_was_set(void **state)
{
    void *block = cairn_alloc(10);

    (void)state;
    assert_int_equal(allocs, 1);
    block = cairn_resize(block, 20);
    assert_int_equal(resizes, 1);
    cairn_free(block);
    assert_int_equal(frees, 1);
}

static void null_gives_malloc_back(void **state)
{
    (void)state;
    cairn_set_allocator(NULL);
    cairn_free(cairn_alloc(10));
    assert_int_equal(allocs, 0);
    assert_int_equal(frees, 0);
}

static void alloc_zero_clears(void **state)
{
    const char zeros[64] = {0};
    char *block = cairn_alloc_zero(sizeof(zeros));

    (void)state;
    assert_memory_equal(block, zeros, sizeof(zeros));
    cairn_free(block);
}

static void freeing_null_does_not_reach_the_allocator(void **state)
{
    (void)state;
    cairn_free(NULL);
    assert_int_equal(frees, 0);
}

static void strdup_copies_with_the_terminator_and_null_gives_null(void **state)
{
    char *copy = cairn_strdup("cairn");

    (void)state;
    assert_string_equal(copy, "cairn");
    cairn_free(copy);
    assert_null(cairn_strdup(NULL));
    assert_int_equal(allocs, 1);
}

static void without_memory_each_gives_null(void **state)
{
    (void)state;
    cairn_set_allocator(&failing);
    assert_null(cairn_alloc(1));
    assert_null(cairn_alloc_zero(1));
    assert_null(cairn_strdup("x"));
}

static void libevent_uses_the_same_allocator(void **state)
{
    struct event_base *base = event_base_new();

    (void)state;
    assert_non_null(base);
    assert_true(allocs > 0);
    event_base_free(base);
    assert_true(frees > 0);
}

static void a_block_is_aligned_for_any_type(void **state)
{
    (void)state;
    for (size_t size = 1; size < 100; size++) {
        void *block = cairn_alloc(size);

        assert_int_equal((uintptr_t)block % _Alignof(max_align_t), 0);
        cairn_free(block);
    }
}

#define INSTALLED(f) cmocka_unit_test_setup_teardown(f, install, uninstall)

int main(void)
{
    const struct CMUnitTest tests[] = {
        INSTALLED(memory_comes_from_the_allocator_that_was_set),
        INSTALLED(null_gives_malloc_back),
        INSTALLED(alloc_zero_clears),
        INSTALLED(freeing_null_does_not_reach_the_allocator),
        INSTALLED(strdup_copies_with_the_terminator_and_null_gives_null),
        INSTALLED(without_memory_each_gives_null),
        INSTALLED(libevent_uses_the_same_allocator),
        INSTALLED(a_block_is_aligned_for_any_type),
    };

    return cmocka_run_group_tests_name("alloc", tests, NULL, NULL);
}
