#include <cairn/layers/keyed_limiter.h>

#include "fixture.h"

#include <stdio.h>

#include <cairn/layers/keyed_table.h>
#include <cairn/service/random.h>

#define MS 1000000u

static struct cairn_keyed_limiter *limiter_of(
    uint64_t num, uint64_t per_ms, uint64_t burst, size_t keys)
{
    struct cairn_error *error = NULL;
    struct cairn_keyed_limiter *limiter = cairn_keyed_limiter_new(
        &(struct cairn_keyed_limiter_options){.size = sizeof(struct cairn_keyed_limiter_options),
            .num = num,
            .per_ms = per_ms,
            .burst = burst,
            .keys = keys,
            .seed = 1},
        &error);
    assert_non_null(limiter);
    return limiter;
}

static struct cairn_keyed_answer take(
    struct cairn_keyed_limiter *limiter, const char *key, uint64_t now_ms)
{
    return cairn_keyed_limiter_take(limiter, cairn_str_from(key), NULL, 0, now_ms * MS);
}

static void assert_answer(struct cairn_keyed_answer a, bool is_allowed, uint64_t remaining,
    uint64_t reset_ms, uint64_t wait_ms)
{
    assert_int_equal(a.is_allowed, is_allowed);
    assert_int_equal(a.remaining, remaining);
    assert_int_equal(a.reset_ms, reset_ms);
    assert_int_equal(a.wait_ms, wait_ms);
}

static void burst_passes_at_once_and_then_one_per_interval(void **state)
{
    struct cairn_keyed_limiter *limiter = limiter_of(10, 1000, 3, 1);
    (void)state;
    assert_answer(take(limiter, "a", 5000), true, 2, 100, 0);
    assert_answer(take(limiter, "a", 5000), true, 1, 200, 0);
    assert_answer(take(limiter, "a", 5000), true, 0, 300, 0);
    assert_answer(take(limiter, "a", 5000), false, 0, 300, 100);
    assert_answer(take(limiter, "a", 5060), false, 0, 240, 40);
    assert_answer(take(limiter, "a", 5100), true, 0, 300, 0);
    assert_answer(take(limiter, "a", 5100), false, 0, 300, 100);
    assert_answer(take(limiter, "a", 9000), true, 2, 100, 0);
    cairn_keyed_limiter_unref(limiter);
}

static void X011_no_more_than_the_rate_and_one_burst_in_any_stretch_of_time(void **state)
{
    enum { CALLS = 20000, BURST = 5, INTERVAL_MS = 20 };
    static uint64_t passed[CALLS];
    struct cairn_keyed_limiter *limiter = limiter_of(50, 1000, BURST, 1);
    struct cairn_random random;
    uint64_t now_ms = 1;
    size_t count = 0;
    (void)state;
    cairn_random_init(&random, 3);
    for (int i = 0; i < CALLS; i++) {
        now_ms += cairn_random_next_u64(&random) % 16;
        if (take(limiter, "a", now_ms).is_allowed)
            passed[count++] = now_ms;
    }
    assert_true(count > CALLS / 4);
    for (size_t i = 0; i < count; i++)
        for (size_t n = BURST; i + n < count && n < 64; n++)
            assert_true(passed[i + n] - passed[i] >= (n - BURST + 1) * INTERVAL_MS);
    cairn_keyed_limiter_unref(limiter);
}

/* A bucket in small units, refilled a millisecond at a time: slow, and plain. */
static void agrees_with_a_bucket_that_is_refilled(void **state)
{
    struct cairn_keyed_limiter *limiter = limiter_of(8, 1000, 4, 1);
    struct cairn_random random;
    uint64_t now_ms = 1;
    uint64_t level = 4 * 125;
    (void)state;
    cairn_random_init(&random, 4);
    for (int i = 0; i < 50000; i++) {
        uint64_t step = cairn_random_next_u64(&random) % 200;
        now_ms += step;
        level = level + step > 500 ? 500 : level + step;
        struct cairn_keyed_answer a = take(limiter, "a", now_ms);
        assert_int_equal(a.is_allowed, level >= 125);
        if (!a.is_allowed)
            assert_int_equal(a.wait_ms, 125 - level);
        level -= a.is_allowed ? 125 : 0;
        assert_int_equal(a.remaining, level / 125);
        assert_int_equal(a.reset_ms, 500 - level);
    }
    cairn_keyed_limiter_unref(limiter);
}

static void keys_do_not_touch_each_other(void **state)
{
    struct cairn_keyed_limiter *limiter = limiter_of(1, 1000, 1, 16);
    (void)state;
    assert_true(take(limiter, "a", 1).is_allowed);
    assert_false(take(limiter, "a", 1).is_allowed);
    assert_true(take(limiter, "b", 1).is_allowed);
    assert_true(take(limiter, "", 1).is_allowed);
    assert_false(take(limiter, "", 1).is_allowed);
    cairn_keyed_limiter_unref(limiter);
}

static void refusal_charges_nothing(void **state)
{
    struct cairn_keyed_limiter *limiter = limiter_of(1, 1000, 1, 1);
    (void)state;
    assert_true(take(limiter, "a", 1).is_allowed);
    for (int i = 0; i < 100; i++)
        assert_false(take(limiter, "a", 1000).is_allowed);
    assert_true(take(limiter, "a", 1001).is_allowed);
    cairn_keyed_limiter_unref(limiter);
}

static void time_that_goes_back_a_little_gives_nothing_away(void **state)
{
    struct cairn_keyed_limiter *limiter = limiter_of(1, 1000, 1, 1);
    (void)state;
    assert_true(take(limiter, "a", 5000).is_allowed);
    assert_answer(take(limiter, "a", 4990), false, 0, 1010, 1010);
    cairn_keyed_limiter_unref(limiter);
}

static void waits_are_handed_out_in_turn_up_to_the_longest_allowed(void **state)
{
    struct cairn_keyed_limiter *limiter = limiter_of(10, 1000, 1, 1);
    struct cairn_str key = CAIRN_STR("a");
    (void)state;
    for (uint64_t i = 0; i < 3; i++) {
        struct cairn_keyed_answer a = cairn_keyed_limiter_take(limiter, key, NULL, 250, 1000 * MS);
        assert_true(a.is_allowed);
        assert_int_equal(a.wait_ms, i * 100);
    }
    struct cairn_keyed_answer a = cairn_keyed_limiter_take(limiter, key, NULL, 250, 1000 * MS);
    assert_answer(a, false, 0, 300, 300);
    cairn_keyed_limiter_unref(limiter);
}

static void peek_tells_how_it_is_and_charges_nothing(void **state)
{
    struct cairn_keyed_limiter *limiter = limiter_of(10, 1000, 3, 1);
    struct cairn_str key = CAIRN_STR("a");
    (void)state;
    assert_answer(cairn_keyed_limiter_peek(limiter, key, NULL, 1000 * MS), true, 3, 0, 0);
    take(limiter, "a", 1000);
    assert_answer(cairn_keyed_limiter_peek(limiter, key, NULL, 1000 * MS), true, 2, 100, 0);
    assert_answer(cairn_keyed_limiter_peek(limiter, key, NULL, 1000 * MS), true, 2, 100, 0);
    take(limiter, "a", 1000);
    take(limiter, "a", 1000);
    assert_answer(cairn_keyed_limiter_peek(limiter, key, NULL, 1000 * MS), false, 0, 300, 100);
    cairn_keyed_limiter_unref(limiter);
}

static void rate_of_one_key_may_differ(void **state)
{
    struct cairn_keyed_limiter *limiter = limiter_of(1, 1000, 1, 1);
    const struct cairn_keyed_rate more = {10, 1000, 5};
    const struct cairn_keyed_rate none = {0, 1000, 1};
    const struct cairn_keyed_rate all = {CAIRN_KEYED_UNLIMITED, 1000, 1};
    struct cairn_str key = CAIRN_STR("a");
    (void)state;
    struct cairn_keyed_answer a = cairn_keyed_limiter_take(limiter, key, &more, 0, 1000 * MS);
    assert_answer(a, true, 4, 100, 0);
    assert_int_equal(a.limit, 5);
    a = cairn_keyed_limiter_take(limiter, key, &none, 0, 1000 * MS);
    assert_answer(a, false, 0, 0, UINT64_MAX);
    a = cairn_keyed_limiter_peek(limiter, key, &none, 1000 * MS);
    assert_answer(a, false, 0, 0, UINT64_MAX);
    a = cairn_keyed_limiter_take(limiter, key, &all, 0, 1000 * MS);
    assert_answer(a, true, UINT64_MAX, 0, 0);
    a = cairn_keyed_limiter_peek(limiter, key, &all, 1000 * MS);
    assert_int_equal(a.limit, UINT64_MAX);
    cairn_keyed_limiter_unref(limiter);
}

static void rates_beyond_all_measure_are_taken_as_near_as_can_be(void **state)
{
    struct cairn_keyed_limiter *limiter = limiter_of(1, 1000, 1, 1);
    const struct cairn_keyed_rate huge = {1, UINT64_MAX, UINT64_MAX - 1};
    const struct cairn_keyed_rate tiny = {UINT64_MAX - 1, 0, 0};
    struct cairn_str key = CAIRN_STR("a");
    (void)state;
    struct cairn_keyed_answer a =
        cairn_keyed_limiter_take(limiter, key, &huge, UINT64_MAX, 1000 * MS);
    assert_true(a.is_allowed);
    assert_int_equal(a.limit, 366);
    assert_int_equal(a.reset_ms, 86400000);
    key = CAIRN_STR("b");
    a = cairn_keyed_limiter_take(limiter, key, &tiny, UINT64_MAX, 1000 * MS);
    assert_true(a.is_allowed);
    assert_int_equal(a.reset_ms, 1);
    cairn_keyed_limiter_unref(limiter);
}

/* Sixteen slots: one set. */
static void least_recently_used_key_is_forgotten_when_a_set_is_full(void **state)
{
    struct cairn_keyed_limiter *limiter = limiter_of(1, 60000, 1, 8);
    char key[16];
    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        snprintf(key, sizeof(key), "%u", i);
        assert_true(take(limiter, key, 1000 + i * 10).is_allowed);
    }
    assert_false(take(limiter, "0", 2000).is_allowed); /* a refusal is a use */
    assert_true(take(limiter, "new", 2000).is_allowed);
    assert_false(take(limiter, "0", 2000).is_allowed);
    for (unsigned i = 2; i < 16; i++) {
        snprintf(key, sizeof(key), "%u", i);
        assert_false(take(limiter, key, 2000).is_allowed);
    }
    assert_false(take(limiter, "new", 2000).is_allowed);
    assert_true(take(limiter, "1", 2000).is_allowed); /* the one that was forgotten */
    cairn_keyed_limiter_unref(limiter);
}

static void key_whose_burst_is_back_gives_its_slot_up_and_nothing_is_lost(void **state)
{
    struct cairn__keyed_table table;
    (void)state;
    assert_true(cairn__keyed_table_init(&table, 8));
    assert_int_equal(cairn__keyed_table_slots(&table), 16);
    for (uint64_t round = 0; round < 100; round++)
        for (uint64_t hash = 0; hash < 16; hash++) {
            uint64_t now = 1000 * (round + 1);
            struct cairn__keyed_place p =
                cairn__keyed_table_place(&table, 2 + hash + 100 * round, now);
            assert_int_equal(p.set->times[p.slot], 0);
            p.set->times[p.slot] = now + 1000;
        }
    assert_int_equal(table.evicted, 0);
    assert_int_equal(cairn__keyed_table_time(&table, 2 + 100 * 99), 101000);
    assert_int_equal(cairn__keyed_table_time(&table, 77), 0);
    cairn__keyed_table_fini(&table);
}

static void no_hash_is_taken_for_a_mark(void **state)
{
    struct cairn__keyed_table table;
    (void)state;
    assert_true(cairn__keyed_table_init(&table, 1));
    for (uint64_t hash = 0; hash < 4; hash++)
        assert_true(cairn__keyed_table_holds(cairn__keyed_table_place(&table, hash, 1), hash));
    cairn__keyed_table_fini(&table);
}

static void few_keys_are_forgotten_when_there_are_as_many_as_it_is_made_for(void **state)
{
    enum { KEYS = 16384 };
    struct cairn_keyed_limiter *limiter = limiter_of(1, 60000, 1, KEYS);
    unsigned forgotten = 0;
    (void)state;
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < KEYS; i++) {
            struct cairn_str key = cairn_str_of((const char *)&i, sizeof(i));
            bool is_allowed = cairn_keyed_limiter_take(limiter, key, NULL, 0, 1000 * MS).is_allowed;
            forgotten += round == 1 && is_allowed;
        }
    assert_true(forgotten < KEYS / 100);
    cairn_keyed_limiter_unref(limiter);
}

static void memory_does_not_grow_with_the_number_of_keys(void **state)
{
    (void)state;
    size_t before = cairn_test_alloc_bytes();
    struct cairn_keyed_limiter *limiter = limiter_of(1, 1000, 1, 64);
    size_t bytes = cairn_test_alloc_bytes();
    size_t count = cairn_test_alloc_count();
    for (uint32_t i = 0; i < 100000; i++)
        cairn_keyed_limiter_take(
            limiter, cairn_str_of((const char *)&i, sizeof(i)), NULL, 0, 1000 * MS);
    assert_int_equal(cairn_test_alloc_bytes(), bytes);
    assert_int_equal(cairn_test_alloc_count(), count);
    assert_true(bytes - before < 2 * 64 * 20 + 256);
    cairn_keyed_limiter_unref(limiter);
}

static void assert_invalid(const struct cairn_keyed_limiter_options *opts, const char *message)
{
    struct cairn_error *error = NULL;
    assert_null(cairn_keyed_limiter_new(opts, &error));
    assert_int_equal(error->code, CAIRN_ERROR_INVALID);
    assert_string_equal(error->message, message);
    cairn_error_unref(error);
}

static void options_out_of_range_are_refused_by_name(void **state)
{
    struct cairn_keyed_limiter_options opts = {.size = sizeof(opts), .num = 1000000001};
    (void)state;
    assert_invalid(&opts, "num must be 1 to 1000000000, got 1000000001");
    opts = (struct cairn_keyed_limiter_options){.size = sizeof(opts), .per_ms = 86400001};
    assert_invalid(&opts, "per_ms must be 1 to 86400000, got 86400001");
    opts = (struct cairn_keyed_limiter_options){
        .size = sizeof(opts), .num = 1, .per_ms = 86400000, .burst = 367};
    assert_invalid(&opts, "burst must be 1 to 1000000000 and take at most 366 days, got 367");
    opts = (struct cairn_keyed_limiter_options){.size = sizeof(opts), .keys = 16777217};
    assert_invalid(&opts, "keys must be 1 to 16777216, got 16777217");
}

static void defaults_are_as_the_header_says(void **state)
{
    struct cairn_error *error = NULL;
    struct cairn_keyed_limiter *limiter = cairn_keyed_limiter_new(NULL, &error);
    (void)state;
    struct cairn_keyed_rate rate = cairn_keyed_limiter_rate(limiter);
    assert_int_equal(rate.num, 100);
    assert_int_equal(rate.per_ms, 1000);
    assert_int_equal(rate.burst, 100);
    cairn_keyed_limiter_unref(cairn_keyed_limiter_ref(limiter));
    cairn_keyed_limiter_unref(limiter);
    cairn_keyed_limiter_unref(NULL);
}

static void make_one(void *cx)
{
    struct cairn_error *error = NULL;
    struct cairn_keyed_limiter *limiter = cairn_keyed_limiter_new(NULL, &error);
    (void)cx;
    assert_true(limiter || error == &cairn_error_no_memory);
    cairn_keyed_limiter_unref(limiter);
}

static void lack_of_memory_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(cairn_test_each_allocation(make_one, NULL), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(burst_passes_at_once_and_then_one_per_interval),
        fixture_test(X011_no_more_than_the_rate_and_one_burst_in_any_stretch_of_time),
        fixture_test(agrees_with_a_bucket_that_is_refilled),
        fixture_test(keys_do_not_touch_each_other),
        fixture_test(refusal_charges_nothing),
        fixture_test(time_that_goes_back_a_little_gives_nothing_away),
        fixture_test(waits_are_handed_out_in_turn_up_to_the_longest_allowed),
        fixture_test(peek_tells_how_it_is_and_charges_nothing),
        fixture_test(rate_of_one_key_may_differ),
        fixture_test(rates_beyond_all_measure_are_taken_as_near_as_can_be),
        fixture_test(least_recently_used_key_is_forgotten_when_a_set_is_full),
        fixture_test(key_whose_burst_is_back_gives_its_slot_up_and_nothing_is_lost),
        fixture_test(no_hash_is_taken_for_a_mark),
        fixture_test(few_keys_are_forgotten_when_there_are_as_many_as_it_is_made_for),
        cmocka_unit_test(options_out_of_range_are_refused_by_name),
        fixture_test(defaults_are_as_the_header_says),
        fixture_test(memory_does_not_grow_with_the_number_of_keys),
        cmocka_unit_test(lack_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
