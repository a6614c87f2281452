#include <cairn/layers/filter.h>

#include "fixture.h"

#include <cairn/layers/concurrency_limit.h>
#include <cairn/testkit/contract.h>

/* Passes even numbers plus CX, if there is one; rejects odd ones. */
static void *pass_even(void *cx, void *req, struct cairn_error **error)
{
    static struct cairn_error odd = CAIRN_ERROR_STATIC(CAIRN_ERROR_REJECTED, "test", "odd");
    if (cairn_test_value_number(req) % 2 == 0) {
        cairn_test_value_set(req, cairn_test_value_number(req) + (cx ? *(int *)cx : 0));
        return req;
    }
    cairn_test_value_drop(req);
    *error = &odd;
    return NULL;
}

static void *pass_all(void *cx, void *req, struct cairn_error **error)
{
    (void)cx;
    (void)error;
    return req;
}

static void *find_no_memory(void *cx, void *req, struct cairn_error **error)
{
    (void)cx;
    (void)error;
    cairn_test_value_drop(req);
    return NULL;
}

static void filter_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_filter(.predicate = pass_all);
    (void)state;
    cairn_contract_check(&layer);
}

static void T052_rejected_request_fails_the_response(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_filter(.predicate = pass_even));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_failure(&f->a, &future, CAIRN_ERROR_REJECTED, "test", "odd");
    assert_int_equal(fixture_number(s, "rejected"), 1);
    assert_int_equal(fixture_number(s, "passed"), 0);
    cairn_service_drop(s);
}

static void passed_request_reaches_inner_and_its_response_comes_back(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_filter(.predicate = pass_even));
    struct cairn_future future = fixture_send(&f->a, s, 2);
    fixture_respond(f, 2, 3);
    assert_response(&f->a, &future, 3);
    assert_int_equal(fixture_number(s, "passed"), 1);
    assert_int_equal(fixture_number(s, "rejected"), 0);
    cairn_service_drop(s);
}

static void X031_predicate_may_replace_the_request(void **state)
{
    struct fixture *f = *state;
    int ten = 10;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_filter(.predicate = pass_even, .cx = &ten));
    struct cairn_future future = fixture_send(&f->a, s, 2);
    fixture_respond(f, 12, 3);
    assert_response(&f->a, &future, 3);
    cairn_service_drop(s);
}

static void predicate_may_take_another_type(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(
        f, cairn_filter(.predicate = pass_even, .from = &cairn_test_fixed_type));
    assert_ptr_equal(s->request_type, &cairn_test_fixed_type);
    assert_ptr_equal(s->response_type, &cairn_test_value_type);
    cairn_service_drop(s);
}

static void X032_rejected_request_never_reaches_inner_and_its_room_is_there_for_the_next(
    void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_filter(.predicate = pass_even));
    cairn_mock_allow(f->mock, 1);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_failure(&f->a, &future, CAIRN_ERROR_REJECTED, "test", "odd");
    assert_int_equal(cairn_mock_counts(f->mock).calls, 0);
    assert_nothing_sent(f);
    future = fixture_send(&f->a, s, 2);
    fixture_respond(f, 2, 3);
    assert_response(&f->a, &future, 3);
    cairn_service_drop(s);
}

static void rejection_leaves_no_room_taken_that_another_copy_waits_for(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layers[] = {
        cairn_filter(.predicate = pass_even), cairn_concurrency_limit(.max = 1)};
    struct cairn_service *s = cairn_stack_build(cairn_mock_service(f->mock), layers, 2);
    struct cairn_service *copy = fixture_clone(s);
    assert_ready(&f->a, s);
    assert_not_ready(&f->b, copy);
    struct cairn_future future = fixture_call(s, 1);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, copy);
    assert_failure(&f->a, &future, CAIRN_ERROR_REJECTED, "test", "odd");
    cairn_service_drop(s);
    cairn_service_drop(copy);
}

static void readiness_is_inners_and_asks_no_predicate(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_filter(.predicate = pass_even));
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    cairn_mock_fail_ready(f->mock, cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "dead"));
    assert_dead(&f->a, s, "dead");
    assert_int_equal(fixture_number(s, "rejected"), 0);
    cairn_service_drop(s);
}

static void predicate_without_request_and_error_found_no_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_filter(.predicate = find_no_memory));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    union cairn_outcome out;
    assert_int_equal(cairn_harness_poll(&f->a, &future, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &cairn_error_no_memory);
    cairn_service_drop(s);
}

static void check_runs_the_predicate_alone(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    int ten = 10;
    struct cairn_layer layer = cairn_filter(.predicate = pass_even, .cx = &ten);
    struct cairn_service *s = cairn_stack_build(cairn_mock_service(f->mock), &layer, 1);
    void *req = cairn_filter_check(s, cairn_test_value_new(2), &error);
    assert_int_equal(cairn_test_value_take(req), 12);
    assert_null(error);
    assert_null(cairn_filter_check(s, cairn_test_value_new(1), &error));
    assert_string_equal(error->message, "odd");
    assert_int_equal(fixture_number(s, "passed"), 0);
    assert_int_equal(fixture_number(s, "rejected"), 0);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 0);
    cairn_service_drop(s);
}

static void check_of_no_filter(void *cx)
{
    struct cairn_error *error = NULL;
    (void)cairn_filter_check(cx, NULL, &error);
}

static void check_of_no_filter_is_an_assertion(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = cairn_mock_service(f->mock);
    assert_string_equal(
        cairn_test_misuse(check_of_no_filter, s), "filter_check: the outermost layer is no filter");
    cairn_service_drop(s);
}

static void nothing_is_allocated_at_a_call(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_apply(cairn_filter(.predicate = pass_all), fixture_plain_echo());
    assert_ready(&f->a, s);
    size_t before = cairn_test_alloc_count();
    struct cairn_future future = fixture_call_plain(s);
    assert_int_equal(cairn_test_alloc_count(), before);
    assert_true(cairn_future_is_complete(&future));
    cairn_future_drop(&future);
    cairn_service_drop(s);
}

static void copies_share_the_counters(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_filter(.predicate = pass_even));
    struct cairn_service *copy = fixture_clone(s);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->a, copy, 3);
    cairn_service_drop(s);
    assert_int_equal(fixture_number(copy, "rejected"), 2);
    cairn_future_drop(&first);
    cairn_future_drop(&second);
    cairn_service_drop(copy);
}

static void filter_without_predicate_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_refused(cairn_filter_layer(NULL), cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "predicate must be set");
    assert_refused(cairn_filter(.cx = f), cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "predicate must be set");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filter_keeps_the_service_contract),
        fixture_test(T052_rejected_request_fails_the_response),
        fixture_test(passed_request_reaches_inner_and_its_response_comes_back),
        fixture_test(X031_predicate_may_replace_the_request),
        fixture_test(predicate_may_take_another_type),
        fixture_test(X032_rejected_request_never_reaches_inner_and_its_room_is_there_for_the_next),
        fixture_test(rejection_leaves_no_room_taken_that_another_copy_waits_for),
        fixture_test(readiness_is_inners_and_asks_no_predicate),
        fixture_test(predicate_without_request_and_error_found_no_memory),
        fixture_test(check_runs_the_predicate_alone),
        fixture_test(check_of_no_filter_is_an_assertion),
        fixture_test(nothing_is_allocated_at_a_call),
        fixture_test(copies_share_the_counters),
        fixture_test(filter_without_predicate_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
