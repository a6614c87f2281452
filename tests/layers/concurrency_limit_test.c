#include <cairn/layers/concurrency_limit.h>

#include "fixture.h"

#include <cairn/testkit/contract.h>

static void concurrency_limit_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_concurrency_limit(.max = 1);
    (void)state;
    cairn_contract_check(&layer);
}

static struct cairn_service *limit_of(struct fixture *f, size_t max)
{
    return fixture_around_mock(f, cairn_concurrency_limit(.max = max));
}

static void T061_waiter_is_not_woken_while_no_request_has_finished(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 2);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->a, s, 2);
    assert_not_ready(&f->b, s);
    assert_pending(&f->a, &first);
    assert_pending(&f->a, &second);
    cairn_test_settle(f->runtime);
    assert_false(cairn_harness_is_woken(&f->b));
    fixture_respond(f, 1, 1);
    assert_response(&f->a, &first, 1);
    assert_true(cairn_harness_is_woken(&f->b));
    cairn_future_drop(&second);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(s);
}

static void T062_both_requests_reach_inner_in_order_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 2);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->a, s, 2);
    assert_not_ready(&f->a, s);
    fixture_respond(f, 1, 11);
    fixture_respond(f, 2, 12);
    assert_nothing_sent(f);
    assert_response(&f->a, &first, 11);
    assert_response(&f->a, &second, 12);
    cairn_service_drop(s);
}

static void T064_one_release_admits_exactly_one(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 2);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->a, s, 2);
    assert_not_ready(&f->a, s);
    fixture_respond(f, 1, 1);
    assert_response(&f->a, &first, 1);
    struct cairn_future third = fixture_send(&f->a, s, 3);
    assert_not_ready(&f->a, s);
    cairn_future_drop(&second);
    cairn_future_drop(&third);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(s);
}

static void T065_answer_that_nobody_has_consumed_keeps_its_permit(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_not_ready(&f->b, s);
    fixture_respond(f, 1, 1);
    cairn_test_settle(f->runtime);
    assert_false(cairn_harness_is_woken(&f->b));
    assert_response(&f->a, &future, 1);
    assert_true(cairn_harness_is_woken(&f->b));
    cairn_service_drop(s);
}

static void T067_semaphore_without_permits_is_never_ready(void **state)
{
    struct fixture *f = *state;
    struct cairn_semaphore *none = cairn_semaphore_new(0);
    struct cairn_service *s = fixture_around_mock(f, cairn_concurrency_limit(.semaphore = none));
    cairn_semaphore_unref(none);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 86400000);
    assert_not_ready(&f->a, s);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    cairn_service_drop(s);
}

static void T068_ready_handle_that_has_not_called_holds_its_permit(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1);
    struct cairn_service *other = fixture_clone(s);
    assert_ready(&f->a, s);
    assert_not_ready(&f->b, other);
    assert_int_equal(fixture_number(s, "in_flight"), 1);
    assert_int_equal(fixture_number(s, "waiting"), 1);
    cairn_service_drop(s);
    cairn_service_drop(other);
}

static void T070_dropping_a_ready_handle_wakes_the_waiting_one(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1);
    struct cairn_service *other = fixture_clone(s);
    assert_ready(&f->a, s);
    assert_not_ready(&f->b, other);
    cairn_service_drop(s);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, other);
    cairn_service_drop(other);
}

static void releasing_a_ready_handle_wakes_the_waiting_one(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1);
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

static void T071_releases_permit_when_response_fails(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_not_ready(&f->b, s);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "mock", "down");
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, s);
    cairn_service_drop(s);
}

static void T073_release_wakes_the_first_waiter_only(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1);
    struct cairn_service *first = fixture_clone(s);
    struct cairn_service *second = fixture_clone(s);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_not_ready(&f->a, first);
    assert_not_ready(&f->b, second);
    cairn_harness_is_woken(&f->a);
    cairn_future_drop(&future);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_false(cairn_harness_is_woken(&f->b));
    /* The permit is the first one's already: nobody can overtake. */
    assert_not_ready(&f->b, s);
    assert_ready(&f->a, first);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(s);
    cairn_service_drop(first);
    cairn_service_drop(second);
}

static void T074_woken_waiter_that_is_dropped_passes_its_turn_on(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1);
    struct cairn_service *first = fixture_clone(s);
    struct cairn_service *second = fixture_clone(s);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_not_ready(&f->a, first);
    assert_not_ready(&f->b, second);
    cairn_future_drop(&future);
    assert_false(cairn_harness_is_woken(&f->b));
    cairn_service_drop(first);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, second);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(s);
    cairn_service_drop(second);
}

static void X001_readiness_stays_given(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1);
    struct cairn_service *other = fixture_clone(s);
    assert_ready(&f->a, s);
    assert_not_ready(&f->b, other);
    assert_ready(&f->a, s);
    assert_ready(&f->a, s);
    assert_int_equal(fixture_number(s, "in_flight"), 1);
    cairn_service_drop(s);
    cairn_service_drop(other);
}

static void X002_copy_of_a_ready_one_is_not_ready_itself(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1);
    assert_ready(&f->a, s);
    struct cairn_service *copy = fixture_clone(s);
    assert_not_ready(&f->b, copy);
    cairn_service_drop(copy);
    assert_ready(&f->a, s);
    assert_int_equal(fixture_number(s, "in_flight"), 1);
    cairn_service_drop(s);
}

static void X005_dropping_an_unpolled_response_releases_the_permit(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    cairn_future_drop(&future);
    assert_int_equal(fixture_number(s, "in_flight"), 0);
    assert_ready(&f->a, s);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(s);
}

static void X013_plain_layer_applied_twice_gives_two_limits(void **state)
{
    struct fixture *f = *state;
    const struct cairn_layer layer = cairn_concurrency_limit(.max = 1);
    struct cairn_service *one = fixture_around_mock(f, layer);
    struct cairn_service *two = fixture_around_mock(f, layer);
    assert_ready(&f->a, one);
    assert_ready(&f->b, two);
    cairn_service_drop(one);
    cairn_service_drop(two);
}

static void X013_layer_with_a_semaphore_gives_one_shared_limit(void **state)
{
    struct fixture *f = *state;
    struct cairn_semaphore *semaphore = cairn_semaphore_new(1);
    const struct cairn_layer layer = cairn_concurrency_limit(.semaphore = semaphore);
    struct cairn_service *one = fixture_around_mock(f, layer);
    struct cairn_service *two = fixture_around_mock(f, layer);
    cairn_semaphore_unref(semaphore);
    assert_int_equal(fixture_number(one, "available"), 1);
    assert_ready(&f->a, one);
    assert_int_equal(fixture_number(two, "available"), 0);
    assert_not_ready(&f->b, two);
    cairn_service_drop(one);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, two);
    cairn_service_drop(two);
}

static void X014_permit_is_taken_first_and_kept_while_inner_is_pending(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1);
    struct cairn_service *other = fixture_clone(s);
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    assert_int_equal(fixture_number(s, "in_flight"), 1);
    assert_not_ready(&f->b, other);
    assert_int_equal(fixture_number(s, "waiting"), 1);
    cairn_mock_allow(f->mock, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_false(cairn_harness_is_woken(&f->b));
    assert_ready(&f->a, s);
    cairn_service_drop(s);
    cairn_service_drop(other);
}

static void dead_inner_gives_the_permit_to_the_other_copies(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1);
    struct cairn_service *other = fixture_clone(s);
    cairn_mock_fail_ready(f->mock, cairn_error_new(CAIRN_ERROR_CLOSED, "mock", NULL, "gone"));
    assert_dead(&f->a, s, "gone");
    assert_ready(&f->b, other);
    cairn_service_drop(s);
    cairn_service_drop(other);
}

static void answer_at_once_gives_the_permit_back_at_once(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_apply(cairn_concurrency_limit(.max = 1), fixture_plain_echo());
    assert_ready(&f->a, s);
    struct cairn_future future = fixture_call_plain(s);
    assert_true(cairn_future_is_complete(&future));
    assert_ready(&f->a, s);
    cairn_future_drop(&future);
    cairn_service_drop(s);
}

static void X002_copy_of_a_waiting_one_has_no_place_in_the_queue(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1);
    struct cairn_service *waiter = fixture_clone(s);
    assert_ready(&f->a, s);
    assert_not_ready(&f->b, waiter);
    struct cairn_service *copy = fixture_clone(waiter);
    assert_int_equal(fixture_number(s, "waiting"), 1);
    cairn_service_drop(copy);
    assert_int_equal(fixture_number(s, "waiting"), 1);
    cairn_service_drop(s);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, waiter);
    cairn_service_drop(waiter);
}

static void call_unready(void *service)
{
    cairn_service_call(service, NULL);
}

static void call_without_reservation_is_caught_by_name(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1);
    assert_string_equal(
        cairn_test_misuse(call_unready, s), "concurrency_limit: called without having been ready");
    cairn_service_drop(s);
}

static void default_is_1024(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_concurrency_limit_layer(NULL));
    struct cairn_service *same = fixture_around_mock(f, cairn_concurrency_limit());
    assert_int_equal(fixture_number(s, "max"), 1024);
    assert_int_equal(fixture_number(same, "max"), 1024);
    cairn_service_drop(s);
    cairn_service_drop(same);
}

static void options_out_of_range_are_refused_by_name(void **state)
{
    struct fixture *f = *state;
    struct cairn_semaphore *semaphore = cairn_semaphore_new(1);
    assert_refused(cairn_concurrency_limit(.max = 1048577), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "max must be 1 to 1048576, got 1048577");
    assert_refused(cairn_concurrency_limit(.max = 5, .semaphore = semaphore),
        cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "max must be 0 with a semaphore, which has its own number of permits, got 5");
    cairn_semaphore_unref(semaphore);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(concurrency_limit_keeps_the_service_contract),
        fixture_test(T061_waiter_is_not_woken_while_no_request_has_finished),
        fixture_test(T062_both_requests_reach_inner_in_order_and_nothing_else),
        fixture_test(T064_one_release_admits_exactly_one),
        fixture_test(T065_answer_that_nobody_has_consumed_keeps_its_permit),
        fixture_test(T067_semaphore_without_permits_is_never_ready),
        fixture_test(T068_ready_handle_that_has_not_called_holds_its_permit),
        fixture_test(T070_dropping_a_ready_handle_wakes_the_waiting_one),
        fixture_test(releasing_a_ready_handle_wakes_the_waiting_one),
        fixture_test(T071_releases_permit_when_response_fails),
        fixture_test(T073_release_wakes_the_first_waiter_only),
        fixture_test(T074_woken_waiter_that_is_dropped_passes_its_turn_on),
        fixture_test(X001_readiness_stays_given),
        fixture_test(X002_copy_of_a_ready_one_is_not_ready_itself),
        fixture_test(X005_dropping_an_unpolled_response_releases_the_permit),
        fixture_test(X013_plain_layer_applied_twice_gives_two_limits),
        fixture_test(X013_layer_with_a_semaphore_gives_one_shared_limit),
        fixture_test(X014_permit_is_taken_first_and_kept_while_inner_is_pending),
        fixture_test(dead_inner_gives_the_permit_to_the_other_copies),
        fixture_test(answer_at_once_gives_the_permit_back_at_once),
        fixture_test(call_without_reservation_is_caught_by_name),
        fixture_test(default_is_1024),
        fixture_test(options_out_of_range_are_refused_by_name),
        fixture_test(X002_copy_of_a_waiting_one_has_no_place_in_the_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
