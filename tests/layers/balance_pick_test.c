#include "balance_rig.h"

#include <math.h>

#include <cairn/layers/load.h>

/* A set of endpoints that are ready, with the loads of the test. */
static struct cairn_ready_entry *const *ready_set(
    struct rig *r, struct cairn_ready_cache *cache, const double *loads, size_t count)
{
    const struct cairn_context cx = cairn_harness_context(&r->f->a);
    cairn_mock_allow(r->a, CAIRN_MOCK_UNLIMITED);
    for (size_t i = 0; i < count; i++) {
        const char key[2] = {(char)('a' + i), 0};
        assert_true(cairn_ready_cache_push(
            cache, key, fixture_apply(cairn_load_constant(loads[i]), cairn_mock_service(r->a)), 1));
    }
    assert_int_equal(cairn_ready_cache_poll_pending(cache, &cx), CAIRN_READY);
    struct cairn_ready_entry *const *ready = cairn_ready_cache_ready(cache, &count);
    return ready;
}

/* The first of the two samples that p2c draws of two endpoints, and what it made of them. */
static size_t p2c_of_two(struct cairn_ready_entry *const *ready, uint64_t seed, size_t *first)
{
    struct cairn_picker picker = {.turn = 0};
    struct cairn_random same;
    cairn_random_init(&picker.random, seed);
    cairn_random_init(&same, seed);
    *first = cairn_random_range(&same, 0, 2);
    return cairn_balance_p2c.pick(&picker, ready, 2);
}

static void X025_equal_loads_choose_the_first_sample(void **state)
{
    struct rig *r = *state;
    struct cairn_ready_cache *cache = cairn_ready_cache_new(NULL, NULL);
    struct cairn_ready_entry *const *ready = ready_set(r, cache, (double[]){5, 5}, 2);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        size_t first;
        size_t picked = p2c_of_two(ready, seed, &first);
        assert_int_equal(picked, first);
    }
    cairn_ready_cache_free(cache);
}

static void X025_loads_that_do_not_compare_choose_the_second_sample(void **state)
{
    struct rig *r = *state;
    const double loads[][2] = {{(double)NAN, 5}, {5, (double)NAN}, {(double)NAN, (double)NAN}};
    for (int i = 0; i < 3; i++) {
        struct cairn_ready_cache *cache = cairn_ready_cache_new(NULL, NULL);
        struct cairn_ready_entry *const *ready = ready_set(r, cache, loads[i], 2);
        for (uint64_t seed = 1; seed <= 20; seed++) {
            size_t first;
            size_t picked = p2c_of_two(ready, seed, &first);
            assert_int_equal(picked, 1 - first);
        }
        cairn_ready_cache_free(cache);
    }
}

static void p2c_never_picks_the_most_loaded_and_picks_every_other(void **state)
{
    struct rig *r = *state;
    unsigned picks[4] = {0};
    struct cairn_picker picker = {.turn = 0};
    struct cairn_ready_cache *cache = cairn_ready_cache_new(NULL, NULL);
    struct cairn_ready_entry *const *ready = ready_set(r, cache, (double[]){3, 9, 1, 2}, 4);
    cairn_random_init(&picker.random, 7);
    for (int i = 0; i < 6000; i++)
        picks[ready[cairn_balance_p2c.pick(&picker, ready, 4)]->number - 1]++;
    /* Of the six pairs the lightest is in three, the next in two more, the third in one more. */
    assert_int_equal(picks[1], 0);
    assert_true(picks[2] > 2800 && picks[2] < 3200);
    assert_true(picks[3] > 1800 && picks[3] < 2200);
    assert_true(picks[0] > 800 && picks[0] < 1200);
    cairn_ready_cache_free(cache);
}

static void the_same_seed_makes_the_same_picks(void **state)
{
    struct rig *r = *state;
    struct cairn_picker one = {.turn = 0}, other = {.turn = 0};
    struct cairn_ready_cache *cache = cairn_ready_cache_new(NULL, NULL);
    struct cairn_ready_entry *const *ready = ready_set(r, cache, (double[]){1, 1, 1, 1}, 4);
    cairn_random_init(&one.random, 42);
    cairn_random_init(&other.random, 42);
    for (int i = 0; i < 100; i++)
        assert_int_equal(
            cairn_balance_p2c.pick(&one, ready, 4), cairn_balance_p2c.pick(&other, ready, 4));
    cairn_ready_cache_free(cache);
}

/* Sends N calls and writes down where they went, as letters; they remain pending. */
static const char *where(struct rig *r, int n)
{
    static char letters[64];
    int i = 0;
    for (; i < n; i++) {
        struct cairn_future future = fixture_send(&r->f->a, r->service, 1);
        struct cairn_mock_request *of_a = cairn_mock_next_request(r->a);
        struct cairn_mock_request *of_b = cairn_mock_next_request(r->b);
        struct cairn_mock_request *of_c = cairn_mock_next_request(r->f->mock);
        letters[i] = of_a ? 'a' : of_b ? 'b' : of_c ? 'c' : '?';
        cairn_mock_request_drop(of_a);
        cairn_mock_request_drop(of_b);
        cairn_mock_request_drop(of_c);
        cairn_future_drop(&future);
    }
    letters[i] = 0;
    return letters;
}

static void insert_three(struct rig *r, unsigned a, unsigned b, unsigned c)
{
    cairn_mock_allow(r->a, CAIRN_MOCK_UNLIMITED);
    cairn_mock_allow(r->b, CAIRN_MOCK_UNLIMITED);
    rig_send(r, cairn_change_insert("a", cairn_mock_service(r->a), a));
    rig_send(r, cairn_change_insert("b", cairn_mock_service(r->b), b));
    rig_send(r, cairn_change_insert("c", cairn_mock_service(r->f->mock), c));
}

static void round_robin_goes_round(void **state)
{
    struct rig *r = *state;
    rig_balance(r, &cairn_balance_round_robin);
    insert_three(r, 1, 1, 1);
    assert_string_equal(where(r, 7), "abcabca");
}

static void round_robin_leaves_out_what_is_not_ready(void **state)
{
    struct rig *r = *state;
    rig_balance(r, &cairn_balance_round_robin);
    insert_three(r, 1, 1, 1);
    cairn_mock_allow(r->b, 1);
    assert_string_equal(where(r, 6), "abcaca");
    cairn_mock_allow(r->b, 1);
    assert_string_equal(where(r, 3), "bca");
}

static void weighted_spreads_each_share_evenly(void **state)
{
    struct rig *r = *state;
    rig_balance(r, &cairn_balance_weighted);
    insert_three(r, 5, 1, 1);
    assert_string_equal(where(r, 14), "aabacaaaabacaa");
}

static void weighted_of_two_and_one_is_a_b_a(void **state)
{
    struct rig *r = *state;
    rig_balance(r, &cairn_balance_weighted);
    insert_three(r, 2, 1, 1);
    rig_remove(r, "c");
    assert_string_equal(where(r, 6), "abaaba");
}

/* None of the calls ends: each goes to one that has fewer. */
static void least_connections_evens_out_what_is_pending(void **state)
{
    struct rig *r = *state;
    struct cairn_future futures[6];
    rig_balance(r, &cairn_balance_least_connections);
    insert_three(r, 1, 1, 1);
    for (int i = 0; i < 6; i++)
        futures[i] = fixture_send(&r->f->a, r->service, 1);
    assert_int_equal(cairn_mock_counts(r->a).futures, 2);
    assert_int_equal(cairn_mock_counts(r->b).futures, 2);
    assert_int_equal(cairn_mock_counts(r->f->mock).futures, 2);
    for (int i = 0; i < 6; i++) {
        if (i != 1 && i != 4)
            cairn_future_drop(&futures[i]);
    }
    for (int i = 0; i < 4; i++) {
        futures[0] = fixture_send(&r->f->a, r->service, 1);
        assert_int_equal(cairn_mock_counts(r->b).futures, 2);
        cairn_future_drop(&futures[0]);
    }
    cairn_future_drop(&futures[1]);
    cairn_future_drop(&futures[4]);
}

static void least_connections_goes_round_among_equals(void **state)
{
    struct rig *r = *state;
    rig_balance(r, &cairn_balance_least_connections);
    insert_three(r, 1, 1, 1);
    assert_string_equal(where(r, 6), "abcabc");
}

static void least_connections_takes_an_unknown_load_for_the_highest(void **state)
{
    struct rig *r = *state;
    rig_balance(r, &cairn_balance_least_connections);
    cairn_mock_allow(r->a, CAIRN_MOCK_UNLIMITED);
    cairn_mock_allow(r->b, CAIRN_MOCK_UNLIMITED);
    rig_insert_load(r, "a", r->a, (double)NAN);
    rig_insert_load(r, "b", r->b, 1e9);
    assert_string_equal(where(r, 2), "bb");
    rig_remove(r, "b");
    assert_string_equal(where(r, 2), "aa");
}

static void the_load_that_an_endpoint_tells_is_used(void **state)
{
    struct rig *r = *state;
    rig_balance(r, NULL);
    cairn_mock_allow(r->a, CAIRN_MOCK_UNLIMITED);
    cairn_mock_allow(r->b, CAIRN_MOCK_UNLIMITED);
    rig_insert_load(r, "a", r->a, 2);
    rig_insert_load(r, "b", r->b, 1);
    assert_string_equal(where(r, 5), "bbbbb");
}

static void endpoints_that_tell_no_load_get_one_where_it_is_wanted(void **state)
{
    struct rig *r = *state;
    rig_balance(r, NULL);
    insert_three(r, 1, 1, 1);
    struct cairn_future future = fixture_send(&r->f->a, r->service, 1);
    assert_int_equal(fixture_number(r->service, "pending"), cairn_mock_counts(r->a).futures);
    assert_int_equal(fixture_number(r->service, "load"), cairn_mock_counts(r->a).futures);
    cairn_future_drop(&future);
}

static size_t last_pick(
    struct cairn_picker *picker, struct cairn_ready_entry *const *ready, size_t count)
{
    size_t last = 0;
    for (size_t i = 1; i < count; i++) {
        if (ready[i]->number > ready[last]->number)
            last = i;
    }
    ++*(int *)picker->cx;
    return last;
}

static void a_strategy_of_your_own_may_be_used(void **state)
{
    static const struct cairn_balance_pick last = {.name = "last", .pick = last_pick};
    struct rig *r = *state;
    int picks = 0;
    r->service = cairn_balance(r->receiver, .request_type = &cairn_test_value_type,
        .response_type = &cairn_test_value_type, .pick = &last, .pick_cx = &picks);
    r->receiver = (struct cairn_stream){0};
    insert_three(r, 1, 1, 1);
    assert_string_equal(where(r, 3), "ccc");
    assert_int_equal(picks, 3);
}

static size_t wrong_pick(
    struct cairn_picker *picker, struct cairn_ready_entry *const *ready, size_t count)
{
    (void)picker;
    (void)ready;
    return count;
}

static void poll_once(void *cx)
{
    struct rig *r = cx;
    struct cairn_error *error = NULL;
    cairn_harness_poll_ready(&r->f->a, r->service, &error);
}

static void a_strategy_that_picks_what_is_not_there_is_noticed(void **state)
{
    static const struct cairn_balance_pick wrong = {.name = "wrong", .pick = wrong_pick};
    struct rig *r = *state;
    rig_balance(r, &wrong);
    insert_three(r, 1, 1, 1);
    assert_string_equal(cairn_test_misuse(poll_once, r), "wrong: picked what is not there");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(X025_equal_loads_choose_the_first_sample),
        rig_test(X025_loads_that_do_not_compare_choose_the_second_sample),
        rig_test(p2c_never_picks_the_most_loaded_and_picks_every_other),
        rig_test(the_same_seed_makes_the_same_picks),
        rig_test(round_robin_goes_round),
        rig_test(round_robin_leaves_out_what_is_not_ready),
        rig_test(weighted_spreads_each_share_evenly),
        rig_test(weighted_of_two_and_one_is_a_b_a),
        rig_test(least_connections_evens_out_what_is_pending),
        rig_test(least_connections_goes_round_among_equals),
        rig_test(least_connections_takes_an_unknown_load_for_the_highest),
        rig_test(the_load_that_an_endpoint_tells_is_used),
        rig_test(endpoints_that_tell_no_load_get_one_where_it_is_wanted),
        rig_test(a_strategy_of_your_own_may_be_used),
        rig_test(a_strategy_that_picks_what_is_not_there_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
