#include <cairn/layers/cache_memory.h>

#include "fixture.h"

#include <stdio.h>

static struct cairn_cache_store *store_of(size_t max)
{
    struct cairn_error *error = NULL;
    struct cairn_cache_store *store = cairn_cache_memory_new(
        &(struct cairn_cache_memory_options){.size = sizeof(struct cairn_cache_memory_options),
            .type = &cairn_test_value_type,
            .max_entries = max},
        &error);
    assert_non_null(store);
    return store;
}

static struct cairn_str key_of(int number)
{
    static char text[16];
    return cairn_str_of(text, (size_t)snprintf(text, sizeof(text), "%d", number));
}

static void put(
    struct cairn_cache_store *store, int key, int number, uint64_t fresh, uint64_t stale)
{
    struct cairn_test_value *value = cairn_test_value_new(number);
    store->ops->put(store, key_of(key), value, fresh, stale);
    cairn_test_value_drop(value);
}

/* The number under KEY, or -1. */
static int get(struct cairn_cache_store *store, int key, bool is_stale_welcome)
{
    struct cairn_future future = store->ops->get(store, key_of(key), is_stale_welcome);
    const struct cairn_context cx = {0};
    union cairn_outcome out;
    assert_int_equal(cairn_future_poll(&future, &cx, &out), CAIRN_READY);
    return out.value ? cairn_test_value_take(out.value) : -1;
}

static uint64_t number(const struct cairn_cache_store *store, const char *key)
{
    static const struct cairn_describe_ops ops = {.number = fixture_number_see};
    struct fixture_number found = {.key = key};
    struct cairn_describe d = {&ops, &found};
    store->ops->describe(store, &d);
    assert_true(found.is_found);
    return found.value;
}

static void gives_copies_of_what_was_put(void **state)
{
    struct cairn_cache_store *store = store_of(2);
    (void)state;
    assert_int_equal(get(store, 1, false), -1);
    put(store, 1, 10, 100, 0);
    put(store, 2, 20, 100, 0);
    assert_int_equal(get(store, 1, false), 10);
    assert_int_equal(get(store, 1, false), 10);
    assert_int_equal(get(store, 2, false), 20);
    assert_int_equal(number(store, "entries"), 2);
    cairn_cache_store_unref(store);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void later_put_replaces_and_renews(void **state)
{
    struct fixture *f = *state;
    struct cairn_cache_store *store = store_of(2);
    put(store, 1, 10, 100, 0);
    fixture_advance(f, 99);
    put(store, 1, 11, 100, 0);
    fixture_advance(f, 99);
    assert_int_equal(get(store, 1, false), 11);
    assert_int_equal(number(store, "entries"), 1);
    cairn_cache_store_unref(store);
}

static void fresh_time_ends_to_the_millisecond(void **state)
{
    struct fixture *f = *state;
    struct cairn_cache_store *store = store_of(2);
    put(store, 1, 10, 100, 0);
    fixture_advance(f, 99);
    assert_int_equal(get(store, 1, false), 10);
    fixture_advance(f, 1);
    assert_int_equal(get(store, 1, true), -1);
    assert_int_equal(number(store, "entries"), 0);
    assert_int_equal(number(store, "expired"), 1);
    cairn_cache_store_unref(store);
}

static void stale_is_given_to_those_who_welcome_it(void **state)
{
    struct fixture *f = *state;
    struct cairn_cache_store *store = store_of(2);
    put(store, 1, 10, 100, 50);
    assert_int_equal(get(store, 1, true), 10);
    fixture_advance(f, 100);
    assert_int_equal(get(store, 1, false), -1);
    assert_int_equal(get(store, 1, true), 10);
    fixture_advance(f, 49);
    assert_int_equal(get(store, 1, true), 10);
    fixture_advance(f, 1);
    assert_int_equal(get(store, 1, true), -1);
    cairn_cache_store_unref(store);
}

static void least_recently_used_makes_room(void **state)
{
    struct cairn_cache_store *store = store_of(3);
    (void)state;
    put(store, 1, 10, 100, 0);
    put(store, 2, 20, 100, 0);
    put(store, 3, 30, 100, 0);
    assert_int_equal(get(store, 1, false), 10);
    put(store, 2, 21, 100, 0);
    put(store, 4, 40, 100, 0); /* in place of 3 */
    assert_int_equal(get(store, 3, false), -1);
    put(store, 5, 50, 100, 0); /* in place of 1 */
    assert_int_equal(get(store, 1, false), -1);
    assert_int_equal(get(store, 2, false), 21);
    assert_int_equal(get(store, 4, false), 40);
    assert_int_equal(get(store, 5, false), 50);
    assert_int_equal(number(store, "entries"), 3);
    assert_int_equal(number(store, "evicted"), 2);
    cairn_cache_store_unref(store);
}

static void removed_is_forgotten(void **state)
{
    struct cairn_cache_store *store = store_of(3);
    (void)state;
    put(store, 1, 10, 100, 0);
    put(store, 2, 20, 100, 0);
    cairn_cache_store_remove(store, key_of(1));
    cairn_cache_store_remove(store, key_of(1));
    assert_int_equal(get(store, 1, false), -1);
    assert_int_equal(get(store, 2, false), 20);
    cairn_cache_store_unref(store);
}

static void full_one_allocates_nothing_but_copies(void **state)
{
    struct cairn_cache_store *store = store_of(4);
    (void)state;
    for (int i = 0; i < 4; i++)
        put(store, i, i, 100, 0);
    for (int i = 4; i < 12; i++) {
        struct cairn_test_value *value = cairn_test_value_new(i);
        size_t before = cairn_test_alloc_count();
        store->ops->put(store, key_of(i), value, 100, 0);
        assert_int_equal(cairn_test_alloc_count(), before + 1);
        cairn_test_value_drop(value);
    }
    cairn_cache_store_unref(store);
}

static void time_without_end_does_not_wrap(void **state)
{
    struct cairn_cache_store *store = store_of(4);
    (void)state;
    put(store, 1, 10, UINT64_MAX, UINT64_MAX);
    assert_int_equal(get(store, 1, false), 10);
    cairn_cache_store_unref(store);
}

static void put_and_get(void *cx)
{
    struct cairn_error *error = NULL;
    struct cairn_cache_store *store = cairn_cache_memory_new(
        &(struct cairn_cache_memory_options){.size = sizeof(struct cairn_cache_memory_options),
            .type = &cairn_test_value_type,
            .max_entries = 1},
        &error);
    (void)cx;
    if (!store) {
        assert_ptr_equal(error, &cairn_error_no_memory);
        return;
    }
    for (int i = 1; i <= 2; i++) {
        cairn_test_alloc_exempt(true);
        struct cairn_test_value *value = cairn_test_value_new(i);
        cairn_test_alloc_exempt(false);
        store->ops->put(store, key_of(i), value, 100, 0);
        cairn_test_value_drop(value);
        int got = get(store, i, false);
        assert_true(got == i || (got == -1 && cairn_test_alloc_has_failed()));
    }
    cairn_cache_store_unref(store);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void without_memory_it_has_nothing(void **state)
{
    struct cairn_test_clock clock;
    (void)state;
    struct cairn_runtime *runtime = cairn_test_runtime_new(&clock);
    assert_true(cairn_test_each_allocation(put_and_get, NULL) >= 7);
    cairn_runtime_free(runtime);
}

static void options_out_of_range_are_refused_by_name(void **state)
{
    struct cairn_error *error = NULL;
    struct cairn_cache_memory_options opts = {.size = sizeof(opts)};
    (void)state;
    assert_null(cairn_cache_memory_new(NULL, &error));
    assert_int_equal(error->code, CAIRN_ERROR_INVALID);
    assert_string_equal(
        error->message, "type must be one that can be cloned; a response without a type cannot");
    cairn_error_unref(error);
    opts.type = &cairn_test_fixed_type;
    assert_null(cairn_cache_memory_new(&opts, &error));
    assert_string_equal(error->message, "type must be one that can be cloned; test.fixed cannot");
    cairn_error_unref(error);
    opts.type = &cairn_test_value_type;
    opts.max_entries = 16777217;
    assert_null(cairn_cache_memory_new(&opts, &error));
    assert_string_equal(error->message, "max_entries must be 1 to 16777216, got 16777217");
    cairn_error_unref(error);
    opts.max_entries = 0;
    struct cairn_cache_store *store = cairn_cache_memory_new(&opts, &error);
    assert_int_equal(number(store, "max_entries"), 1024);
    cairn_cache_store_unref(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(gives_copies_of_what_was_put),
        fixture_test(later_put_replaces_and_renews),
        fixture_test(fresh_time_ends_to_the_millisecond),
        fixture_test(stale_is_given_to_those_who_welcome_it),
        fixture_test(least_recently_used_makes_room),
        fixture_test(removed_is_forgotten),
        fixture_test(full_one_allocates_nothing_but_copies),
        fixture_test(time_without_end_does_not_wrap),
        cmocka_unit_test(without_memory_it_has_nothing),
        fixture_test(options_out_of_range_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
