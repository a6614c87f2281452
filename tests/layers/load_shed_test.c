#include <cairn/layers/load_shed.h>

#include "fixture.h"

#include <cairn/layers/concurrency_limit.h>
#include <cairn/testkit/contract.h>

static void load_shed_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_load_shed();
    const struct cairn_contract_options opts = {.size = sizeof(opts), .may_shed = true};
    (void)state;
    cairn_contract_check_with(&layer, &opts);
}

static void assert_shed(struct cairn_harness *harness, struct cairn_future future)
{
    assert_failure(
        harness, &future, CAIRN_ERROR_OVERLOADED, "load_shed", "the service is overloaded");
}

static void T091_is_ready_although_inner_is_not(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_load_shed());
    cairn_mock_allow(f->mock, 0);
    assert_ready(&f->a, s);
    cairn_service_drop(s);
}

static void T092_call_while_inner_is_not_ready_fails_with_overloaded(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_load_shed());
    cairn_mock_allow(f->mock, 0);
    assert_shed(&f->a, fixture_send(&f->a, s, 1));
    assert_nothing_sent(f);
    assert_int_equal(fixture_number(s, "shed"), 1);
    assert_int_equal(fixture_number(s, "passed"), 0);
    cairn_service_drop(s);
}

static void shedding_allocates_nothing(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_load_shed());
    struct cairn_test_value *req = cairn_test_value_new(1);
    cairn_mock_allow(f->mock, 0);
    assert_ready(&f->a, s);
    size_t before = cairn_test_alloc_count();
    assert_shed(&f->a, cairn_service_call(s, req));
    assert_int_equal(cairn_test_alloc_count(), before);
    cairn_service_drop(s);
}

static void passes_calls_while_inner_is_ready(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_load_shed());
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    assert_int_equal(fixture_number(s, "passed"), 1);
    assert_int_equal(fixture_number(s, "shed"), 0);
    cairn_service_drop(s);
}

static void inner_that_became_ready_is_used_by_the_next_poll(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_load_shed());
    cairn_mock_allow(f->mock, 0);
    assert_ready(&f->a, s);
    cairn_mock_allow(f->mock, 1);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    cairn_service_drop(s);
}

static void X037_second_call_without_a_poll_is_shed(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_load_shed());
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_shed(&f->a, fixture_call(s, 2));
    fixture_respond(f, 1, 3);
    assert_response(&f->a, &future, 3);
    assert_nothing_sent(f);
    cairn_service_drop(s);
}

static void X002_copy_of_a_ready_one_is_not_ready_itself(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_load_shed());
    assert_ready(&f->a, s);
    struct cairn_service *copy = fixture_clone(s);
    assert_shed(&f->a, fixture_call(copy, 1));
    assert_nothing_sent(f);
    assert_int_equal(fixture_number(s, "shed"), 1);
    cairn_service_drop(s);
    cairn_service_drop(copy);
}

static void released_answer_is_good_for_no_call(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_load_shed());
    assert_ready(&f->a, s);
    cairn_service_release(s);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_shed(&f->a, fixture_call(s, 1));
    cairn_service_drop(s);
}

static void failure_of_inner_passes_through(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_load_shed());
    cairn_mock_fail_ready(f->mock, cairn_error_new(CAIRN_ERROR_CLOSED, "mock", NULL, "gone"));
    assert_dead(&f->a, s, "gone");
    cairn_service_drop(s);
}

static struct cairn_service *load_shed_around_limit(struct fixture *f, size_t max)
{
    return fixture_apply(
        cairn_load_shed(), fixture_around_mock(f, cairn_concurrency_limit(.max = max)));
}

static void who_is_shed_leaves_the_queue_of_the_limit_inside(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = load_shed_around_limit(f, 1);
    struct cairn_service *waiter = fixture_clone(s->inner);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_shed(&f->a, fixture_send(&f->a, s, 2));
    assert_int_equal(fixture_number(s, "waiting"), 0);
    assert_not_ready(&f->b, waiter);
    fixture_respond(f, 1, 1);
    assert_response(&f->a, &future, 1);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, waiter);
    cairn_service_drop(s);
    cairn_service_drop(waiter);
}

static void permit_of_the_outer_limit_is_not_kept_while_the_inner_one_is_full(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *limited = fixture_around_mock(f, cairn_concurrency_limit(.max = 1));
    struct cairn_service *other = fixture_clone(limited);
    struct cairn_service *s =
        fixture_apply(cairn_load_shed(), fixture_apply(cairn_concurrency_limit(.max = 9), limited));
    assert_ready(&f->a, other);
    assert_ready(&f->a, s);
    assert_int_equal(fixture_number(s, "in_flight"), 0);
    cairn_service_drop(s);
    cairn_service_drop(other);
}

static void options_may_be_left_out(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_load_shed_layer(NULL));
    assert_ready(&f->a, s);
    cairn_service_drop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(load_shed_keeps_the_service_contract),
        fixture_test(T091_is_ready_although_inner_is_not),
        fixture_test(T092_call_while_inner_is_not_ready_fails_with_overloaded),
        fixture_test(shedding_allocates_nothing),
        fixture_test(passes_calls_while_inner_is_ready),
        fixture_test(inner_that_became_ready_is_used_by_the_next_poll),
        fixture_test(X037_second_call_without_a_poll_is_shed),
        fixture_test(X002_copy_of_a_ready_one_is_not_ready_itself),
        fixture_test(released_answer_is_good_for_no_call),
        fixture_test(failure_of_inner_passes_through),
        fixture_test(who_is_shed_leaves_the_queue_of_the_limit_inside),
        fixture_test(permit_of_the_outer_limit_is_not_kept_while_the_inner_one_is_full),
        fixture_test(options_may_be_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
