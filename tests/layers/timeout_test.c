#include <cairn/layers/timeout.h>

#include "fixture.h"

#include <cairn/testkit/contract.h>

static void timeout_keeps_the_service_contract(void **state)
{
    /* Longer than the suite waits in all: an expiry is this file's own business. */
    const struct cairn_layer layer = cairn_timeout(.after_ms = 86400000);
    (void)state;
    cairn_contract_check(&layer);
}

static void fails_with_elapsed_when_the_time_has_passed(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_timeout(.after_ms = 500));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &future);
    fixture_advance(f, 499);
    assert_false(cairn_harness_is_woken(&f->a));
    fixture_advance(f, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_failure(&f->a, &future, CAIRN_ERROR_ELAPSED, "timeout", "500 ms passed");
    assert_int_equal(fixture_number(s, "elapsed"), 1);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(s);
}

static void time_counts_from_the_call_and_not_from_the_first_poll(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_timeout(.after_ms = 500));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_advance(f, 400);
    assert_pending(&f->a, &future);
    fixture_advance(f, 100);
    assert_failure(&f->a, &future, CAIRN_ERROR_ELAPSED, "timeout", "500 ms passed");
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(s);
}

static void waiting_for_readiness_is_not_counted(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_timeout(.after_ms = 500));
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 100000);
    assert_not_ready(&f->a, s);
    cairn_mock_allow(f->mock, 1);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_advance(f, 499);
    assert_pending(&f->a, &future);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    cairn_service_drop(s);
}

static void X007_response_and_timer_due_in_the_same_poll_is_the_response(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_timeout(.after_ms = 500));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &future);
    fixture_advance(f, 500);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    assert_int_equal(fixture_number(s, "elapsed"), 0);
    cairn_service_drop(s);
}

static void X008_inner_future_is_dropped_on_expiry(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_timeout(.after_ms = 500));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    struct cairn_mock_request *request = cairn_mock_expect(f->mock, 1);
    assert_pending(&f->a, &future);
    fixture_advance(f, 500);
    assert_false(cairn_mock_is_abandoned(request));
    assert_failure(&f->a, &future, CAIRN_ERROR_ELAPSED, "timeout", "500 ms passed");
    assert_true(cairn_mock_is_abandoned(request));
    cairn_mock_request_drop(request);
    cairn_service_drop(s);
}

static void X008_inner_future_is_dropped_with_the_outer_one(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_timeout(.after_ms = 500));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    struct cairn_mock_request *request = cairn_mock_expect(f->mock, 1);
    assert_pending(&f->a, &future);
    cairn_future_drop(&future);
    assert_true(cairn_mock_is_abandoned(request));
    fixture_advance(f, 500);
    assert_false(cairn_harness_is_woken(&f->a));
    assert_int_equal(fixture_number(s, "elapsed"), 0);
    cairn_mock_request_drop(request);
    cairn_service_drop(s);
}

static void expiry_allocates_nothing(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_timeout(.after_ms = 500));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &future);
    fixture_advance(f, 500);
    size_t before = cairn_test_alloc_count();
    assert_failure(&f->a, &future, CAIRN_ERROR_ELAPSED, "timeout", "500 ms passed");
    assert_int_equal(cairn_test_alloc_count(), before);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(s);
}

static void error_outlives_the_service(void **state)
{
    struct fixture *f = *state;
    union cairn_outcome out;
    struct cairn_service *s = fixture_around_mock(f, cairn_timeout(.after_ms = 7));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    cairn_service_drop(s);
    fixture_advance(f, 7);
    assert_int_equal(cairn_harness_poll(&f->a, &future, &out), CAIRN_FAILED);
    assert_string_equal(out.error->message, "7 ms passed");
    cairn_error_unref(out.error);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
}

static void answer_at_once_passes_without_box_or_timer(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(cairn_timeout(.after_ms = 1), fixture_plain_echo());
    assert_ready(&f->a, s);
    size_t before = cairn_test_alloc_count();
    struct cairn_future future = fixture_call_plain(s);
    assert_int_equal(cairn_test_alloc_count(), before);
    assert_true(cairn_future_is_complete(&future));
    cairn_future_drop(&future);
    cairn_service_drop(s);
}

static void copies_share_the_counter(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_timeout(.after_ms = 5));
    struct cairn_service *copy = fixture_clone(s);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->a, copy, 2);
    fixture_advance(f, 5);
    assert_failure(&f->a, &first, CAIRN_ERROR_ELAPSED, "timeout", "5 ms passed");
    assert_failure(&f->a, &second, CAIRN_ERROR_ELAPSED, "timeout", "5 ms passed");
    assert_int_equal(fixture_number(copy, "elapsed"), 2);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(s);
    cairn_service_drop(copy);
}

static void default_is_30_seconds(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_timeout_layer(NULL));
    struct cairn_service *same = fixture_around_mock(f, cairn_timeout());
    assert_int_equal(fixture_number(s, "after"), 30000);
    assert_int_equal(fixture_number(same, "after"), 30000);
    cairn_service_drop(s);
    cairn_service_drop(same);
}

static void time_out_of_range_is_refused_by_name(void **state)
{
    struct fixture *f = *state;
    assert_refused(cairn_timeout(.after_ms = 86400001), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "after_ms must be 1 to 86400000, got 86400001");
    cairn_service_drop(fixture_around_mock(f, cairn_timeout(.after_ms = 86400000)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timeout_keeps_the_service_contract),
        fixture_test(fails_with_elapsed_when_the_time_has_passed),
        fixture_test(time_counts_from_the_call_and_not_from_the_first_poll),
        fixture_test(waiting_for_readiness_is_not_counted),
        fixture_test(X007_response_and_timer_due_in_the_same_poll_is_the_response),
        fixture_test(X008_inner_future_is_dropped_on_expiry),
        fixture_test(X008_inner_future_is_dropped_with_the_outer_one),
        fixture_test(expiry_allocates_nothing),
        fixture_test(error_outlives_the_service),
        fixture_test(answer_at_once_passes_without_box_or_timer),
        fixture_test(copies_share_the_counter),
        fixture_test(default_is_30_seconds),
        fixture_test(time_out_of_range_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
