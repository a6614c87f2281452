#include <cairn/layers/fail_fast.h>

#include "fixture.h"

#include <cairn/layers/concurrency_limit.h>
#include <cairn/testkit/contract.h>

static void fail_fast_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_fail_fast(.after_ms = 3600000);
    (void)state;
    cairn_contract_check(&layer);
}

static void fail_fast_keeps_the_service_contract_while_it_fails(void **state)
{
    const struct cairn_layer layer = cairn_fail_fast(.after_ms = 1);
    const struct cairn_contract_options opts = {.size = sizeof(opts), .may_shed = true};
    (void)state;
    cairn_contract_check_with(&layer, &opts);
}

static void assert_refusal(struct cairn_harness *harness, struct cairn_future future)
{
    assert_failure(harness, &future, CAIRN_ERROR_UNAVAILABLE, "fail_fast", "not ready for 500 ms");
}

static struct cairn_service *around_mock(struct fixture *f)
{
    return fixture_around_mock(f, cairn_fail_fast(.after_ms = 500));
}

/* Not ready for long enough. */
static struct cairn_service *tripped(struct fixture *f)
{
    struct cairn_service *s = around_mock(f);
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 500);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_ready(&f->a, s);
    cairn_test_settle(f->runtime);
    return s;
}

static void end(struct fixture *f, struct cairn_service *s)
{
    cairn_service_drop(s);
    cairn_test_settle(f->runtime);
    assert_int_equal(cairn_runtime_tasks(f->runtime), 0);
}

static void fails_calls_once_the_time_has_passed(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 499);
    assert_false(cairn_harness_is_woken(&f->a));
    assert_int_equal(fixture_number(s, "failing"), 0);
    fixture_advance(f, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_refusal(&f->a, fixture_send(&f->a, s, 1));
    assert_nothing_sent(f);
    assert_int_equal(fixture_number(s, "failing"), 1);
    assert_int_equal(fixture_number(s, "trips"), 1);
    assert_int_equal(fixture_number(s, "refused"), 1);
    end(f, s);
}

static void fails_at_once_from_then_on_in_every_copy(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = tripped(f);
    struct cairn_service *copy = fixture_clone(s);
    assert_refusal(&f->a, fixture_call(s, 1));
    assert_refusal(&f->a, fixture_send(&f->a, copy, 2));
    assert_refusal(&f->a, fixture_send(&f->a, s, 3));
    assert_int_equal(fixture_number(copy, "refused"), 3);
    cairn_service_drop(copy);
    end(f, s);
}

static void everyone_who_waits_is_told_when_the_time_has_passed(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct cairn_service *copy = fixture_clone(s);
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 400);
    assert_not_ready(&f->b, copy);
    fixture_advance(f, 100);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_true(cairn_harness_is_woken(&f->b));
    assert_refusal(&f->b, fixture_send(&f->b, copy, 1));
    assert_refusal(&f->a, fixture_send(&f->a, s, 2));
    assert_int_equal(fixture_number(s, "trips"), 1);
    cairn_test_settle(f->runtime);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 1); /* the task */
    cairn_service_drop(copy);
    end(f, s);
}

static void inner_is_driven_without_a_caller_and_normal_again_when_ready(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = tripped(f);
    cairn_service_release(s);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 1);
    cairn_mock_allow(f->mock, 1);
    cairn_test_settle(f->runtime);
    assert_int_equal(fixture_number(s, "failing"), 0);
    assert_int_equal(cairn_runtime_tasks(f->runtime), 0);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(cairn_mock_counts(f->mock).services, 1);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    end(f, s);
}

static void task_waits_in_a_queue_as_everyone_and_refused_handles_leave_it(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *limited = fixture_around_mock(f, cairn_concurrency_limit(.max = 1));
    struct cairn_service *holder = fixture_clone(limited);
    struct cairn_service *late = fixture_clone(limited);
    struct cairn_service *s = fixture_apply(cairn_fail_fast(.after_ms = 500), limited);
    assert_ready(&f->b, holder);
    assert_not_ready(&f->a, s);
    assert_not_ready(&f->b, late);
    fixture_advance(f, 500);
    assert_ready(&f->a, s);
    cairn_test_settle(f->runtime);
    assert_int_equal(fixture_number(s, "waiting"), 2); /* late, and the task */
    cairn_service_drop(holder);
    assert_ready(&f->b, late);
    cairn_test_settle(f->runtime);
    assert_int_equal(fixture_number(s, "failing"), 1);
    cairn_service_drop(late);
    cairn_test_settle(f->runtime);
    assert_int_equal(fixture_number(s, "failing"), 0);
    end(f, s);
}

static void handle_that_is_dropped_after_the_trip_is_woken_by_nobody(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct cairn_service *copy = fixture_clone(s);
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 500);
    assert_ready(&f->a, s); /* trips; the task has not run yet */
    cairn_harness_is_woken(&f->a);
    cairn_service_drop(s);
    assert_int_equal(__atomic_load_n(&f->a.task.references, __ATOMIC_RELAXED), 1);
    cairn_test_settle(f->runtime);
    cairn_mock_allow(f->mock, 1);
    cairn_test_settle(f->runtime);
    assert_false(cairn_harness_is_woken(&f->a));
    assert_int_equal(fixture_number(copy, "failing"), 0);
    end(f, copy);
}

static void handle_that_was_to_refuse_passes_when_asked_again(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = tripped(f);
    cairn_mock_allow(f->mock, 1);
    cairn_test_settle(f->runtime);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    assert_int_equal(fixture_number(s, "refused"), 0);
    end(f, s);
}

static void X001_handle_that_was_to_refuse_stays_ready_whatever_inner_does(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = tripped(f);
    cairn_mock_allow(f->mock, 1);
    cairn_test_settle(f->runtime);
    cairn_mock_allow(f->mock, 0);
    assert_ready(&f->a, s);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 0);
    assert_refusal(&f->a, fixture_call(s, 1));
    end(f, s);
}

static void ready_in_time_is_as_if_nothing_had_been(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 499);
    cairn_mock_allow(f->mock, 1);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 499);
    assert_not_ready(&f->a, s);
    assert_int_equal(fixture_number(s, "trips"), 0);
    end(f, s);
}

static void time_begins_anew_whenever_a_copy_is_let_in(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct cairn_service *copy = fixture_clone(s);
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 400);
    cairn_mock_allow(f->mock, 1);
    struct cairn_future future = fixture_send(&f->b, copy, 1);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 400);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 100);
    assert_refusal(&f->a, fixture_send(&f->a, s, 2));
    fixture_respond(f, 1, 1);
    assert_response(&f->b, &future, 1);
    cairn_service_drop(copy);
    end(f, s);
}

static void who_stops_waiting_stops_the_time(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    cairn_service_release(s);
    fixture_advance(f, 1000);
    assert_false(cairn_harness_is_woken(&f->a));
    assert_not_ready(&f->a, s);
    fixture_advance(f, 499);
    assert_not_ready(&f->a, s);
    end(f, s);
}

static void refusal_allocates_nothing(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = tripped(f);
    struct cairn_test_value *req = cairn_test_value_new(1);
    size_t before = cairn_test_alloc_count();
    assert_refusal(&f->a, cairn_service_call(s, req));
    assert_int_equal(cairn_test_alloc_count(), before);
    end(f, s);
}

static void readiness_of_the_driven_copy_that_fails_ends_the_failing(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = tripped(f);
    cairn_mock_fail_ready(f->mock, cairn_error_new(CAIRN_ERROR_CLOSED, "mock", NULL, "gone"));
    cairn_test_settle(f->runtime);
    assert_int_equal(fixture_number(s, "failing"), 0);
    cairn_mock_fail_ready(f->mock, cairn_error_new(CAIRN_ERROR_CLOSED, "mock", NULL, "gone"));
    assert_dead(&f->a, s, "gone");
    end(f, s);
}

static void failure_of_inner_passes_through(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    cairn_mock_fail_ready(f->mock, cairn_error_new(CAIRN_ERROR_CLOSED, "mock", NULL, "gone"));
    assert_dead(&f->a, s, "gone");
    end(f, s);
}

/* Inner that cannot be cloned. */

static struct cairn_mock *single_mock(void)
{
    const struct cairn_mock_options opts = {.size = sizeof(opts), .not_cloneable = true};
    return cairn_mock_new(&opts);
}

static struct cairn_service *tripped_single(struct fixture *f, struct cairn_mock *mock)
{
    struct cairn_service *s =
        fixture_apply(cairn_fail_fast(.after_ms = 500), cairn_mock_service(mock));
    cairn_mock_allow(mock, 0);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 500);
    assert_refusal(&f->a, fixture_send(&f->a, s, 1));
    cairn_test_settle(f->runtime);
    return s;
}

static void only_inner_is_driven_in_place(void **state)
{
    struct fixture *f = *state;
    struct cairn_mock *mock = single_mock();
    struct cairn_service *s = tripped_single(f, mock);
    cairn_service_release(s);
    cairn_test_settle(f->runtime);
    assert_int_equal(cairn_mock_counts(mock).waiting, 1);
    cairn_mock_allow(mock, 1);
    cairn_test_settle(f->runtime);
    assert_int_equal(fixture_number(s, "failing"), 0);
    assert_int_equal(cairn_mock_counts(mock).reserved, 0);
    assert_ready(&f->a, s);
    end(f, s);
    cairn_mock_free(mock);
}

static void only_inner_is_the_handles_that_was_to_refuse(void **state)
{
    struct fixture *f = *state;
    struct cairn_mock *mock = single_mock();
    struct cairn_service *s = tripped_single(f, mock);
    assert_ready(&f->a, s);
    cairn_mock_allow(mock, 1);
    cairn_test_settle(f->runtime);
    assert_int_equal(cairn_mock_counts(mock).reserved, 1);
    struct cairn_future future = fixture_call(s, 2);
    cairn_mock_respond(cairn_mock_expect(mock, 2), cairn_test_value_new(3));
    assert_response(&f->a, &future, 3);
    end(f, s);
    cairn_mock_free(mock);
}

static void only_inner_that_dies_is_reported_by_the_next_poll(void **state)
{
    struct fixture *f = *state;
    struct cairn_mock *mock = single_mock();
    struct cairn_service *s = tripped_single(f, mock);
    cairn_mock_fail_ready(mock, cairn_error_new(CAIRN_ERROR_CLOSED, "mock", NULL, "gone"));
    cairn_test_settle(f->runtime);
    assert_dead(&f->a, s, "gone");
    end(f, s);
    cairn_mock_free(mock);
}

static void only_inner_that_is_dropped_ends_the_task(void **state)
{
    struct fixture *f = *state;
    struct cairn_mock *mock = single_mock();
    end(f, tripped_single(f, mock));
    cairn_mock_free(mock);
}

static void service_may_be_dropped_before_the_task_first_runs(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    f->clock.now_ns += 500000000u;
    cairn_runtime_turn(f->runtime);
    assert_ready(&f->a, s);
    assert_int_equal(cairn_runtime_tasks(f->runtime), 1);
    end(f, s);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
}

static void runtime_may_end_before_the_service(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = tripped(f);
    cairn_harness_fini(&f->a);
    cairn_harness_fini(&f->b);
    cairn_runtime_free(f->runtime);
    assert_int_equal(fixture_number(s, "failing"), 0);
    cairn_service_drop(s);
    f->runtime = cairn_test_runtime_new(&f->clock);
    cairn_harness_init(&f->a, f->runtime);
    cairn_harness_init(&f->b, f->runtime);
}

static void trip_without_memory(void *cx)
{
    struct fixture f = {0};
    (void)cx;
    cairn_test_alloc_exempt(true);
    f.runtime = cairn_test_runtime_new(&f.clock);
    f.mock = cairn_mock_new(NULL);
    cairn_harness_init(&f.a, f.runtime);
    struct cairn_service *s = around_mock(&f);
    cairn_mock_allow(f.mock, 0);
    assert_not_ready(&f.a, s);
    f.clock.now_ns += 500000000u;
    cairn_runtime_turn(f.runtime);
    cairn_test_alloc_exempt(false);
    struct cairn_error *error = NULL;
    enum cairn_poll p = cairn_harness_poll_ready(&f.a, s, &error);
    cairn_test_alloc_exempt(true);
    if (p == CAIRN_PENDING) {
        assert_true(cairn_test_alloc_has_failed());
        assert_int_equal(fixture_number(s, "failing"), 0);
        fixture_advance(&f, 500);
    }
    assert_ready(&f.a, s);
    assert_int_equal(fixture_number(s, "failing"), 1);
    end(&f, s);
    cairn_harness_fini(&f.a);
    cairn_mock_free(f.mock);
    cairn_runtime_free(f.runtime);
    cairn_test_alloc_exempt(false);
}

static void without_memory_for_the_task_it_waits_on(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(trip_without_memory, NULL) >= 3);
}

static void default_is_3_seconds(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_fail_fast_layer(NULL));
    assert_int_equal(fixture_number(s, "after"), 3000);
    end(f, s);
}

static void time_out_of_range_is_refused_by_name(void **state)
{
    struct fixture *f = *state;
    assert_refused(cairn_fail_fast(.after_ms = 3600001), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "after_ms must be 1 to 3600000, got 3600001");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fail_fast_keeps_the_service_contract),
        cmocka_unit_test(fail_fast_keeps_the_service_contract_while_it_fails),
        fixture_test(fails_calls_once_the_time_has_passed),
        fixture_test(fails_at_once_from_then_on_in_every_copy),
        fixture_test(everyone_who_waits_is_told_when_the_time_has_passed),
        fixture_test(inner_is_driven_without_a_caller_and_normal_again_when_ready),
        fixture_test(task_waits_in_a_queue_as_everyone_and_refused_handles_leave_it),
        fixture_test(handle_that_is_dropped_after_the_trip_is_woken_by_nobody),
        fixture_test(handle_that_was_to_refuse_passes_when_asked_again),
        fixture_test(X001_handle_that_was_to_refuse_stays_ready_whatever_inner_does),
        fixture_test(ready_in_time_is_as_if_nothing_had_been),
        fixture_test(time_begins_anew_whenever_a_copy_is_let_in),
        fixture_test(who_stops_waiting_stops_the_time),
        fixture_test(refusal_allocates_nothing),
        fixture_test(readiness_of_the_driven_copy_that_fails_ends_the_failing),
        fixture_test(failure_of_inner_passes_through),
        fixture_test(only_inner_is_driven_in_place),
        fixture_test(only_inner_is_the_handles_that_was_to_refuse),
        fixture_test(only_inner_that_dies_is_reported_by_the_next_poll),
        fixture_test(only_inner_that_is_dropped_ends_the_task),
        fixture_test(service_may_be_dropped_before_the_task_first_runs),
        fixture_test(runtime_may_end_before_the_service),
        cmocka_unit_test(without_memory_for_the_task_it_waits_on),
        fixture_test(default_is_3_seconds),
        fixture_test(time_out_of_range_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
