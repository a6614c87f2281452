#include <cairn/layers/rate_limit.h>

#include "fixture.h"

#include <cairn/testkit/contract.h>

static void rate_limit_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_rate_limit(.num = 1, .per_ms = 100);
    (void)state;
    cairn_contract_check(&layer);
}

static struct cairn_service *limit_of(struct fixture *f, uint64_t num, uint64_t per_ms)
{
    return fixture_around_mock(f, cairn_rate_limit(.num = num, .per_ms = per_ms));
}

/* Calls, and lets the mock answer, N times. */
static void pass(struct fixture *f, struct cairn_service *s, int n)
{
    for (int i = 0; i < n; i++) {
        struct cairn_future future = fixture_send(&f->a, s, i);
        fixture_respond(f, i, i);
        assert_response(&f->a, &future, i);
    }
}

static void T076_nothing_reaches_inner_while_the_limit_is_exhausted(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, 100);
    pass(f, s, 1);
    assert_not_ready(&f->a, s);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 1);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_nothing_sent(f);
    cairn_service_drop(s);
}

static void T077_one_per_100_ms_passes_again_101_ms_later(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, 100);
    pass(f, s, 1);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 101);
    assert_true(cairn_harness_is_woken(&f->a));
    pass(f, s, 1);
    assert_int_equal(fixture_number(s, "limited"), 1);
    cairn_service_drop(s);
}

static void is_ready_again_at_the_end_of_the_window_and_not_before(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 3, 1000);
    pass(f, s, 3);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 999);
    assert_false(cairn_harness_is_woken(&f->a));
    assert_not_ready(&f->a, s);
    fixture_advance(f, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    pass(f, s, 3);
    assert_not_ready(&f->a, s);
    cairn_service_drop(s);
}

static void window_that_is_over_needs_no_timer_to_be_left(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, 100);
    pass(f, s, 1);
    fixture_advance(f, 100);
    pass(f, s, 1);
    assert_int_equal(fixture_number(s, "limited"), 0);
    cairn_service_drop(s);
}

static void X010_idle_time_saves_up_no_permits(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 2, 100);
    pass(f, s, 2);
    fixture_advance(f, 100000);
    pass(f, s, 2);
    assert_not_ready(&f->a, s);
    cairn_service_drop(s);
}

static void X010_window_begins_with_the_first_call_after_the_one_before(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 2, 100);
    pass(f, s, 1);
    fixture_advance(f, 150);
    pass(f, s, 2);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 99);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 1);
    assert_ready(&f->a, s);
    cairn_service_drop(s);
}

static void X010_window_begins_at_the_end_of_the_one_before_when_somebody_waits(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, 100);
    pass(f, s, 1);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 100);
    assert_ready(&f->a, s);
    fixture_advance(f, 60);
    pass(f, s, 1);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 39);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 1);
    assert_ready(&f->a, s);
    cairn_service_drop(s);
}

static void X011_twice_the_number_can_pass_around_a_window_edge(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 5, 100);
    pass(f, s, 5);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 100);
    assert_ready(&f->a, s);
    fixture_advance(f, 99);
    pass(f, s, 5);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 1);
    pass(f, s, 5);
    assert_not_ready(&f->a, s);
    cairn_service_drop(s);
}

static void handles_that_are_ready_do_not_overshoot_the_limit(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, 100);
    struct cairn_service *other = fixture_clone(s);
    assert_ready(&f->a, s);
    assert_not_ready(&f->b, other);
    assert_int_equal(fixture_number(s, "left"), 0);
    assert_int_equal(fixture_number(s, "waiting"), 1);
    cairn_service_drop(s);
    cairn_service_drop(other);
}

static void X004_released_reservation_goes_to_the_waiting_handle(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, 100);
    struct cairn_service *other = fixture_clone(s);
    assert_ready(&f->a, s);
    assert_not_ready(&f->b, other);
    cairn_service_release(s);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, other);
    assert_not_ready(&f->a, s);
    cairn_service_drop(s);
    cairn_service_drop(other);
}

static void X004_reservation_of_a_dropped_handle_can_be_used_again(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, 100);
    struct cairn_service *other = fixture_clone(s);
    assert_ready(&f->a, other);
    cairn_service_drop(other);
    assert_int_equal(fixture_number(s, "left"), 1);
    pass(f, s, 1);
    cairn_service_drop(s);
}

static void call_of_the_last_reservation_starts_the_wait_of_the_others(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, 100);
    struct cairn_service *other = fixture_clone(s);
    assert_ready(&f->a, s);
    assert_not_ready(&f->b, other);
    fixture_advance(f, 5000);
    assert_false(cairn_harness_is_woken(&f->b));
    struct cairn_future future = fixture_call(s, 1);
    fixture_advance(f, 99);
    assert_false(cairn_harness_is_woken(&f->b));
    fixture_advance(f, 1);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, other);
    cairn_future_drop(&future);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(s);
    cairn_service_drop(other);
}

static void reservation_counts_for_the_window_of_its_call(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 2, 100);
    struct cairn_service *late = fixture_clone(s);
    assert_ready(&f->b, late);
    pass(f, s, 1);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 100);
    /* The reservation has outlived its window, and takes one of this one's calls. */
    pass(f, s, 1);
    assert_not_ready(&f->a, s);
    struct cairn_future future = fixture_call(late, 7);
    fixture_respond(f, 7, 7);
    assert_response(&f->b, &future, 7);
    assert_not_ready(&f->b, late);
    cairn_service_drop(s);
    cairn_service_drop(late);
}

static void all_waiting_copies_are_served_in_order_and_no_more_than_the_window_has(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 2, 100);
    struct cairn_harness hand[5];
    struct cairn_service *copy[5];
    pass(f, s, 2);
    for (int i = 0; i < 5; i++) {
        cairn_harness_init(&hand[i], f->runtime);
        copy[i] = fixture_clone(s);
        assert_not_ready(&hand[i], copy[i]);
    }
    for (int i = 0; i < 5; i += 2) {
        fixture_advance(f, 100);
        for (int k = i; k < 5; k++)
            assert_int_equal(cairn_harness_is_woken(&hand[k]), k < i + 2);
        for (int k = i; k < i + 2 && k < 5; k++) {
            struct cairn_future future = fixture_send(&hand[k], copy[k], k);
            fixture_respond(f, k, k);
            assert_response(&hand[k], &future, k);
        }
    }
    assert_int_equal(fixture_number(s, "limited"), 5);
    assert_int_equal(fixture_number(s, "waiting"), 0);
    for (int i = 0; i < 5; i++) {
        cairn_service_drop(copy[i]);
        cairn_harness_fini(&hand[i]);
    }
    cairn_service_drop(s);
}

static void woken_waiter_that_is_dropped_passes_its_turn_on(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, 100);
    struct cairn_service *first = fixture_clone(s);
    struct cairn_service *second = fixture_clone(s);
    pass(f, s, 1);
    assert_not_ready(&f->a, first);
    assert_not_ready(&f->b, second);
    fixture_advance(f, 100);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_false(cairn_harness_is_woken(&f->b));
    cairn_service_drop(first);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, second);
    cairn_service_drop(second);
    assert_int_equal(fixture_number(s, "left"), 1);
    pass(f, s, 1);
    cairn_service_drop(s);
}

static void last_waiter_that_is_dropped_gives_its_turn_back(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, 100);
    struct cairn_service *waiter = fixture_clone(s);
    pass(f, s, 1);
    assert_not_ready(&f->b, waiter);
    fixture_advance(f, 100);
    cairn_service_drop(waiter);
    assert_int_equal(fixture_number(s, "left"), 1);
    pass(f, s, 1);
    cairn_service_drop(s);
}

static void waiter_that_leaves_before_the_window_ends_is_forgotten(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, 100);
    struct cairn_service *waiter = fixture_clone(s);
    pass(f, s, 1);
    assert_not_ready(&f->b, waiter);
    cairn_service_drop(waiter);
    fixture_advance(f, 100);
    assert_false(cairn_harness_is_woken(&f->b));
    pass(f, s, 1);
    assert_not_ready(&f->a, s);
    cairn_service_drop(s);
}

static void call_before_a_late_timer_moves_the_window_and_the_waiters_with_it(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 2, 100);
    struct cairn_service *late = fixture_clone(s);
    struct cairn_service *first = fixture_clone(s);
    struct cairn_service *second = fixture_clone(s);
    assert_ready(&f->a, late);
    pass(f, s, 1);
    assert_not_ready(&f->a, first);
    assert_not_ready(&f->b, second);
    cairn_test_settle(f->runtime); /* so that the next turn, not yet run, reads the clock */
    cairn_test_clock_advance_ms(&f->clock, NULL, 150);
    struct cairn_future future = fixture_call(late, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_ready(&f->a, first);
    fixture_advance(f, 99);
    assert_false(cairn_harness_is_woken(&f->b));
    fixture_advance(f, 1);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, second);
    cairn_future_drop(&future);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(s);
    cairn_service_drop(late);
    cairn_service_drop(first);
    cairn_service_drop(second);
}

static void X002_copy_of_a_waiting_one_has_no_place_in_the_queue(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, 100);
    struct cairn_service *waiter = fixture_clone(s);
    pass(f, s, 1);
    assert_not_ready(&f->b, waiter);
    struct cairn_service *copy = fixture_clone(waiter);
    assert_int_equal(fixture_number(s, "waiting"), 1);
    cairn_service_drop(copy);
    fixture_advance(f, 100);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, waiter);
    cairn_service_drop(s);
    cairn_service_drop(waiter);
}

static void reservation_that_was_handed_over_is_counted_once(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 2, 100);
    pass(f, s, 2);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 100);
    assert_int_equal(fixture_number(s, "left"), 1);
    assert_ready(&f->a, s);
    assert_int_equal(fixture_number(s, "left"), 1);
    cairn_service_release(s);
    assert_int_equal(fixture_number(s, "left"), 2);
    cairn_service_drop(s);
}

static void timer_ends_with_the_last_copy(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, 100);
    pass(f, s, 1);
    assert_not_ready(&f->a, s);
    cairn_service_drop(s);
    fixture_advance(f, 100); /* onto freed memory, if it had not */
    assert_false(cairn_harness_is_woken(&f->a));
}

static void failed_calls_count(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, 100);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "mock", "down");
    assert_not_ready(&f->a, s);
    cairn_service_drop(s);
}

static void dead_inner_gives_the_reservation_to_the_other_copies(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, 100);
    struct cairn_service *other = fixture_clone(s);
    cairn_mock_fail_ready(f->mock, cairn_error_new(CAIRN_ERROR_CLOSED, "mock", NULL, "gone"));
    assert_dead(&f->a, s, "gone");
    assert_ready(&f->b, other);
    cairn_service_drop(s);
    cairn_service_drop(other);
}

static void layer_applied_twice_gives_two_limits(void **state)
{
    struct fixture *f = *state;
    const struct cairn_layer layer = cairn_rate_limit(.num = 1, .per_ms = 100);
    struct cairn_service *one = fixture_around_mock(f, layer);
    struct cairn_service *two = fixture_around_mock(f, layer);
    pass(f, one, 1);
    pass(f, two, 1);
    cairn_service_drop(one);
    cairn_service_drop(two);
}

static void call_unready(void *service)
{
    cairn_service_call(service, NULL);
}

static void call_without_reservation_is_caught_by_name(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, 100);
    assert_string_equal(
        cairn_test_misuse(call_unready, s), "rate_limit: called without having been ready");
    cairn_service_drop(s);
}

static void default_is_100_a_second(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_rate_limit_layer(NULL));
    assert_int_equal(fixture_number(s, "num"), 100);
    assert_int_equal(fixture_number(s, "per"), 1000);
    assert_int_equal(fixture_number(s, "left"), 100);
    pass(f, s, 30);
    assert_int_equal(fixture_number(s, "left"), 70);
    fixture_advance(f, 1000);
    assert_int_equal(fixture_number(s, "left"), 100);
    cairn_service_drop(s);
}

static void options_out_of_range_are_refused_by_name(void **state)
{
    struct fixture *f = *state;
    assert_refused(cairn_rate_limit(.num = 1000000001), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "num must be 1 to 1000000000, got 1000000001");
    assert_refused(cairn_rate_limit(.per_ms = 86400001), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "per_ms must be 1 to 86400000, got 86400001");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rate_limit_keeps_the_service_contract),
        fixture_test(T076_nothing_reaches_inner_while_the_limit_is_exhausted),
        fixture_test(T077_one_per_100_ms_passes_again_101_ms_later),
        fixture_test(is_ready_again_at_the_end_of_the_window_and_not_before),
        fixture_test(window_that_is_over_needs_no_timer_to_be_left),
        fixture_test(X010_idle_time_saves_up_no_permits),
        fixture_test(X010_window_begins_with_the_first_call_after_the_one_before),
        fixture_test(X010_window_begins_at_the_end_of_the_one_before_when_somebody_waits),
        fixture_test(X011_twice_the_number_can_pass_around_a_window_edge),
        fixture_test(handles_that_are_ready_do_not_overshoot_the_limit),
        fixture_test(X004_released_reservation_goes_to_the_waiting_handle),
        fixture_test(X004_reservation_of_a_dropped_handle_can_be_used_again),
        fixture_test(call_of_the_last_reservation_starts_the_wait_of_the_others),
        fixture_test(reservation_counts_for_the_window_of_its_call),
        fixture_test(all_waiting_copies_are_served_in_order_and_no_more_than_the_window_has),
        fixture_test(woken_waiter_that_is_dropped_passes_its_turn_on),
        fixture_test(last_waiter_that_is_dropped_gives_its_turn_back),
        fixture_test(waiter_that_leaves_before_the_window_ends_is_forgotten),
        fixture_test(call_before_a_late_timer_moves_the_window_and_the_waiters_with_it),
        fixture_test(failed_calls_count),
        fixture_test(dead_inner_gives_the_reservation_to_the_other_copies),
        fixture_test(layer_applied_twice_gives_two_limits),
        fixture_test(call_without_reservation_is_caught_by_name),
        fixture_test(default_is_100_a_second),
        fixture_test(options_out_of_range_are_refused_by_name),
        fixture_test(X002_copy_of_a_waiting_one_has_no_place_in_the_queue),
        fixture_test(reservation_that_was_handed_over_is_counted_once),
        fixture_test(timer_ends_with_the_last_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
