#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <cairn/service/arena.h>
#include <cairn/testkit/alloc.h>

enum { CHUNK = 4096 };

static void blocks_are_aligned_apart_and_whole(void **state)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);
    unsigned char *blocks[200];

    (void)state;
    for (size_t i = 0; i < 200; i++) {
        blocks[i] = cairn_arena_alloc(arena, i);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        memset(blocks[i], (int)i, i);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t at = 0; at < i; at++)
            assert_int_equal(blocks[i][at], i);
    cairn_arena_free(arena);
}

static void text_is_packed_without_gaps(void **state)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);
    char *first = cairn_arena_alloc_text(arena, 3);
    char *second = cairn_arena_alloc_text(arena, 5);

    (void)state;
    assert_ptr_equal(second, first + 3);
    memset(first, 'a', 8);
    cairn_arena_free(arena);
}

static void a_fresh_arena_costs_one_chunk(void **state)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);

    (void)state;
    assert_int_equal(cairn_test_alloc_live(), 1);
    assert_int_equal(cairn_test_alloc_bytes(), CHUNK);
    assert_int_equal(cairn_arena_size(arena), CHUNK);
    cairn_arena_free(arena);
}

static void a_block_larger_than_a_chunk_is_allocated_on_its_own(void **state)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);
    char *large = cairn_arena_alloc(arena, 100000);
    char *small;

    (void)state;
    assert_non_null(large);
    memset(large, 1, 100000);
    assert_true(cairn_arena_size(arena) >= CHUNK + 100000);
    assert_int_equal(cairn_arena_size(arena), cairn_test_alloc_bytes());
    small = cairn_arena_alloc(arena, 8);
    memset(small, 2, 8);
    assert_int_equal(cairn_test_alloc_live(), 2);
    cairn_arena_free(arena);
}

static void sizes_around_a_chunk_all_work(void **state)
{
    (void)state;
    for (size_t size = 0; size<3 * CHUNK; size += size> 2000 && size < 4200 ? 1 : 61) {
        struct cairn_arena *arena = cairn_arena_new(NULL);
        char *block = cairn_arena_alloc(arena, size);
        char *text = cairn_arena_alloc_text(arena, size);

        assert_non_null(block);
        assert_non_null(text);
        memset(block, 1, size);
        memset(text, 2, size);
        if (size)
            assert_int_equal(block[size - 1], 1);
        assert_int_equal(cairn_arena_size(arena), cairn_test_alloc_bytes());
        cairn_arena_free(arena);
    }
}

static void a_size_that_overflows_is_no_memory(void **state)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);

    (void)state;
    assert_null(cairn_arena_alloc(arena, SIZE_MAX));
    assert_null(cairn_arena_alloc(arena, SIZE_MAX - 8));
    assert_null(cairn_arena_alloc_text(arena, SIZE_MAX));
    assert_null(cairn_arena_copy(arena, cairn_str_of("x", SIZE_MAX)).data);
    assert_int_equal(cairn_arena_size(arena), CHUNK);
    cairn_arena_free(arena);
}

static void at_steady_state_a_cache_allocates_nothing(void **state)
{
    struct cairn_arena_cache *cache = cairn_arena_cache_new(0);
    size_t before = 0;

    (void)state;
    for (int round = 0; round < 10; round++) {
        struct cairn_arena *arena = cairn_arena_new(cache);

        for (int i = 0; i < 100; i++)
            assert_non_null(cairn_arena_alloc(arena, 100));
        cairn_arena_free(arena);
        if (round == 0)
            before = cairn_test_alloc_count();
    }
    assert_int_equal(cairn_test_alloc_count(), before);
    cairn_arena_cache_free(cache);
}

static void a_cache_keeps_no_more_chunks_than_it_may(void **state)
{
    struct cairn_arena_cache *cache = cairn_arena_cache_new(2);
    struct cairn_arena *arenas[5];
    size_t empty = cairn_test_alloc_live();

    (void)state;
    for (int i = 0; i < 5; i++)
        arenas[i] = cairn_arena_new(cache);
    assert_int_equal(cairn_test_alloc_live(), empty + 5);
    for (int i = 0; i < 5; i++)
        cairn_arena_free(arenas[i]);
    assert_int_equal(cairn_test_alloc_live(), empty + 2);
    cairn_arena_cache_free(cache);
    cairn_arena_cache_free(NULL);
}

static char deferred_order[8];

static void note(void *value)
{
    strncat(deferred_order, value, 1);
}

static void deferred_functions_run_latest_first_before_memory_goes(void **state)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);

    (void)state;
    deferred_order[0] = '\0';
    for (int c = 'a'; c < 'd'; c++) {
        char *text = cairn_arena_alloc_text(arena, 2);

        text[0] = (char)c;
        text[1] = '\0';
        assert_int_equal(cairn_arena_defer(arena, note, text), 0);
    }
    assert_string_equal(deferred_order, "");
    cairn_arena_free(arena);
    assert_string_equal(deferred_order, "cba");
    cairn_arena_free(NULL);
}

static void defer_without_memory_registers_nothing(void **state)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);

    (void)state;
    deferred_order[0] = '\0';
    while (cairn_arena_size(arena) == CHUNK) {
        cairn_test_alloc_fail_at(1);
        if (!cairn_arena_alloc(arena, 16))
            break;
    }
    cairn_test_alloc_fail_at(1);
    assert_int_equal(cairn_arena_defer(arena, note, "x"), -1);
    cairn_arena_free(arena);
    assert_string_equal(deferred_order, "");
}

static void copy_and_printf_end_with_a_nul(void **state)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_str copy = cairn_arena_copy(arena, cairn_str_of("hello world", 5));
    struct cairn_str none = cairn_arena_copy(arena, cairn_str_of(NULL, 0));
    struct cairn_str text = cairn_arena_printf(arena, "%s-%d", "a", 42);

    (void)state;
    assert_string_equal(copy.data, "hello");
    assert_int_equal(copy.length, 5);
    assert_string_equal(none.data, "");
    assert_string_equal(text.data, "a-42");
    assert_int_equal(text.length, 4);
    cairn_arena_free(arena);
}

static void printf_may_be_longer_than_a_chunk(void **state)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_str text = cairn_arena_printf(arena, "%*d", 3 * CHUNK, 7);

    (void)state;
    assert_int_equal(text.length, 3 * CHUNK);
    assert_int_equal(strlen(text.data), 3 * CHUNK);
    assert_int_equal(text.data[text.length - 1], '7');
    cairn_arena_free(arena);
}

static void fill_without_memory(void *cx)
{
    struct cairn_arena_cache *cache = cairn_arena_cache_new(0);
    struct cairn_arena *arena = cache ? cairn_arena_new(cache) : NULL;
    unsigned missing = !arena;

    (void)cx;
    if (arena) {
        missing += !cairn_arena_alloc(arena, 4000);
        missing += !cairn_arena_alloc(arena, 4000);
        missing += !cairn_arena_copy(arena, cairn_str_from("text")).data;
        missing += !cairn_arena_printf(arena, "%*d", CHUNK, 1).data;
    }
    assert_int_equal(missing > 0, cairn_test_alloc_has_failed());
    cairn_arena_free(arena);
    cairn_arena_cache_free(cache);
}

static void without_memory_every_function_says_so(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(fill_without_memory, NULL) >= 4);
}

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>

static void what_was_not_handed_out_is_poisoned(void **state)
{
    struct cairn_arena_cache *cache = cairn_arena_cache_new(0);
    struct cairn_arena *arena = cairn_arena_new(cache);
    char *block = cairn_arena_alloc(arena, 32);

    (void)state;
    assert_false(__asan_address_is_poisoned(block));
    assert_false(__asan_address_is_poisoned(block + 31));
    assert_true(__asan_address_is_poisoned(block + 32));
    cairn_arena_free(arena);
    assert_true(__asan_address_is_poisoned(block));
    cairn_arena_cache_free(cache);
}
#endif

#define TRACED(f) \
    cmocka_unit_test_setup_teardown(f, cairn_test_alloc_setup, cairn_test_alloc_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRACED(blocks_are_aligned_apart_and_whole),
        TRACED(text_is_packed_without_gaps),
        TRACED(a_fresh_arena_costs_one_chunk),
        TRACED(a_block_larger_than_a_chunk_is_allocated_on_its_own),
        TRACED(sizes_around_a_chunk_all_work),
        TRACED(a_size_that_overflows_is_no_memory),
        TRACED(at_steady_state_a_cache_allocates_nothing),
        TRACED(a_cache_keeps_no_more_chunks_than_it_may),
        TRACED(deferred_functions_run_latest_first_before_memory_goes),
        TRACED(defer_without_memory_registers_nothing),
        TRACED(copy_and_printf_end_with_a_nul),
        TRACED(printf_may_be_longer_than_a_chunk),
        cmocka_unit_test(without_memory_every_function_says_so),
#if defined(__SANITIZE_ADDRESS__)
        TRACED(what_was_not_handed_out_is_poisoned),
#endif
    };

    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
