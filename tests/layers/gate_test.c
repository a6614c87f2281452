#include <cairn/layers/gate.h>

#include "fixture.h"

#include <cairn/layers/load_shed.h>
#include <cairn/testkit/contract.h>

static void gate_keeps_the_service_contract(void **state)
{
    struct cairn_gate *gate = cairn_gate_new();
    const struct cairn_layer layer = cairn_gate(.gate = gate);
    (void)state;
    cairn_contract_check(&layer);
    cairn_gate_limit(gate, 1);
    cairn_contract_check(&layer);
    assert_int_equal(cairn_gate_inside(gate), 0);
    assert_int_equal(cairn_gate_waiting(gate), 0);
    cairn_gate_unref(gate);
}

/* A service behind a gate whose only other owner is the test. */
static struct cairn_service *behind(struct fixture *f, struct cairn_gate *gate)
{
    return fixture_around_mock(f, cairn_gate(.gate = gate));
}

static void open_gate_lets_every_call_pass(void **state)
{
    struct fixture *f = *state;
    struct cairn_gate *gate = cairn_gate_new();
    struct cairn_service *s = behind(f, gate);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->a, s, 2);
    assert_int_equal(cairn_gate_state(gate), CAIRN_GATE_OPEN);
    assert_int_equal(fixture_number(s, "inside"), 2);
    fixture_respond(f, 1, 1);
    fixture_respond(f, 2, 2);
    assert_response(&f->a, &first, 1);
    assert_response(&f->a, &second, 2);
    assert_int_equal(cairn_gate_inside(gate), 0);
    cairn_service_drop(s);
    cairn_gate_unref(gate);
}

static void shut_gate_is_never_ready_and_opening_wakes_everyone(void **state)
{
    struct fixture *f = *state;
    struct cairn_gate *gate = cairn_gate_new();
    struct cairn_service *s = behind(f, gate);
    struct cairn_service *copy = fixture_clone(s);
    cairn_gate_shut(gate);
    assert_int_equal(cairn_gate_state(gate), CAIRN_GATE_SHUT);
    assert_not_ready(&f->a, s);
    assert_not_ready(&f->b, copy);
    assert_int_equal(cairn_gate_waiting(gate), 2);
    fixture_advance(f, 86400000);
    assert_false(cairn_harness_is_woken(&f->a));
    cairn_gate_open(gate);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->a, s);
    assert_ready(&f->b, copy);
    cairn_service_drop(s);
    cairn_service_drop(copy);
    cairn_gate_unref(gate);
}

static void limit_lets_so_many_in_at_a_time_and_one_that_leaves_wakes_one(void **state)
{
    struct fixture *f = *state;
    struct cairn_gate *gate = cairn_gate_new();
    struct cairn_service *s = behind(f, gate);
    struct cairn_service *copy = fixture_clone(s);
    struct cairn_service *last = fixture_clone(s);
    cairn_gate_limit(gate, 1);
    assert_int_equal(cairn_gate_state(gate), CAIRN_GATE_LIMITED);
    assert_int_equal(fixture_number(s, "limit"), 1);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_not_ready(&f->a, copy);
    assert_not_ready(&f->b, last);
    fixture_respond(f, 1, 1);
    assert_false(cairn_harness_is_woken(&f->a));
    assert_response(&f->a, &future, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_false(cairn_harness_is_woken(&f->b));
    assert_not_ready(&f->a, s); /* the place is the copy's already */
    assert_ready(&f->a, copy);
    cairn_service_drop(copy);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, last);
    cairn_service_drop(s);
    cairn_service_drop(last);
    cairn_gate_unref(gate);
}

static void limit_counts_those_who_were_let_in_before(void **state)
{
    struct fixture *f = *state;
    struct cairn_gate *gate = cairn_gate_new();
    struct cairn_service *s = behind(f, gate);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->a, s, 2);
    cairn_gate_limit(gate, 1);
    assert_not_ready(&f->a, s);
    cairn_future_drop(&first);
    assert_false(cairn_harness_is_woken(&f->a));
    cairn_future_drop(&second);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_ready(&f->a, s);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(s);
    cairn_gate_unref(gate);
}

static void raising_the_limit_lets_in_as_many_more(void **state)
{
    struct fixture *f = *state;
    struct cairn_gate *gate = cairn_gate_new();
    struct cairn_service *s = behind(f, gate);
    struct cairn_service *copy = fixture_clone(s);
    cairn_gate_limit(gate, 0);
    assert_not_ready(&f->a, s);
    assert_not_ready(&f->b, copy);
    cairn_gate_limit(gate, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_false(cairn_harness_is_woken(&f->b));
    cairn_gate_limit(gate, 2);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, copy);
    cairn_service_drop(s);
    cairn_service_drop(copy);
    cairn_gate_unref(gate);
}

static void X001_handle_that_is_ready_stays_so_when_the_gate_is_shut(void **state)
{
    struct fixture *f = *state;
    struct cairn_gate *gate = cairn_gate_new();
    struct cairn_service *s = behind(f, gate);
    assert_ready(&f->a, s);
    cairn_gate_shut(gate);
    assert_ready(&f->a, s);
    struct cairn_future future = fixture_call(s, 1);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    assert_not_ready(&f->a, s);
    cairn_service_drop(s);
    cairn_gate_unref(gate);
}

static void who_was_let_in_and_goes_before_the_poll_leaves_the_place_to_the_next(void **state)
{
    struct fixture *f = *state;
    struct cairn_gate *gate = cairn_gate_new();
    struct cairn_service *s = behind(f, gate);
    struct cairn_service *copy = fixture_clone(s);
    cairn_gate_shut(gate);
    assert_not_ready(&f->a, s);
    assert_not_ready(&f->b, copy);
    cairn_gate_limit(gate, 1);
    assert_false(cairn_harness_is_woken(&f->b));
    cairn_service_drop(s);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, copy);
    cairn_service_drop(copy);
    cairn_gate_unref(gate);
}

static void who_waits_and_is_released_is_not_woken(void **state)
{
    struct fixture *f = *state;
    struct cairn_gate *gate = cairn_gate_new();
    struct cairn_service *s = behind(f, gate);
    struct cairn_service *copy = fixture_clone(s);
    cairn_gate_shut(gate);
    assert_not_ready(&f->a, s);
    assert_not_ready(&f->b, copy);
    cairn_service_release(s);
    assert_int_equal(cairn_gate_waiting(gate), 1);
    cairn_gate_limit(gate, 1);
    assert_false(cairn_harness_is_woken(&f->a));
    assert_true(cairn_harness_is_woken(&f->b));
    cairn_service_drop(s);
    cairn_service_drop(copy);
    assert_int_equal(cairn_gate_inside(gate), 0);
    cairn_gate_unref(gate);
}

static void place_is_kept_while_inner_is_pending_and_left_when_it_fails(void **state)
{
    struct fixture *f = *state;
    struct cairn_gate *gate = cairn_gate_new();
    struct cairn_service *s = behind(f, gate);
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    assert_int_equal(cairn_gate_inside(gate), 1);
    cairn_mock_fail_ready(f->mock, cairn_error_new(CAIRN_ERROR_CLOSED, "mock", NULL, "gone"));
    assert_dead(&f->a, s, "gone");
    assert_int_equal(cairn_gate_inside(gate), 0);
    cairn_service_drop(s);
    cairn_gate_unref(gate);
}

static void one_gate_switches_several_services(void **state)
{
    struct fixture *f = *state;
    struct cairn_gate *gate = cairn_gate_new();
    struct cairn_service *s = behind(f, gate);
    struct cairn_service *other = behind(f, gate);
    cairn_gate_limit(gate, 1);
    assert_ready(&f->a, s);
    assert_not_ready(&f->b, other);
    cairn_service_drop(s);
    assert_ready(&f->b, other);
    cairn_service_drop(other);
    cairn_gate_unref(gate);
}

static void services_and_futures_keep_the_gate(void **state)
{
    struct fixture *f = *state;
    struct cairn_gate *gate = cairn_gate_new();
    struct cairn_service *s = behind(f, gate);
    cairn_gate_limit(gate, 1);
    cairn_gate_unref(gate);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_not_ready(&f->a, s);
    cairn_service_drop(s);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
}

static void answer_at_once_leaves_at_once_without_a_box(void **state)
{
    struct fixture *f = *state;
    struct cairn_gate *gate = cairn_gate_new();
    struct cairn_service *s = fixture_apply(cairn_gate(.gate = gate), fixture_plain_echo());
    cairn_gate_limit(gate, 1);
    assert_ready(&f->a, s);
    size_t before = cairn_test_alloc_count();
    struct cairn_future future = fixture_call_plain(s);
    assert_int_equal(cairn_test_alloc_count(), before);
    assert_int_equal(cairn_gate_inside(gate), 0);
    cairn_future_drop(&future);
    cairn_service_drop(s);
    cairn_gate_unref(gate);
}

static void load_shed_turns_the_wait_into_a_refusal(void **state)
{
    struct fixture *f = *state;
    struct cairn_gate *gate = cairn_gate_new();
    struct cairn_service *s = fixture_apply(cairn_load_shed(), behind(f, gate));
    cairn_gate_shut(gate);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_failure(
        &f->a, &future, CAIRN_ERROR_OVERLOADED, "load_shed", "the service is overloaded");
    assert_int_equal(cairn_gate_waiting(gate), 0);
    cairn_service_drop(s);
    cairn_gate_unref(gate);
}

static void call_unready(void *cx)
{
    cairn_service_call(cx, NULL);
}

static void call_without_readiness_is_an_assertion(void **state)
{
    struct fixture *f = *state;
    struct cairn_gate *gate = cairn_gate_new();
    struct cairn_service *s = behind(f, gate);
    assert_string_equal(
        cairn_test_misuse(call_unready, s), "gate: called without having been ready");
    cairn_service_drop(s);
    cairn_gate_unref(gate);
}

static void gate_must_be_set(void **state)
{
    struct fixture *f = *state;
    assert_refused(cairn_gate_layer(NULL), cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "gate must be set");
    cairn_gate_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gate_keeps_the_service_contract),
        fixture_test(open_gate_lets_every_call_pass),
        fixture_test(shut_gate_is_never_ready_and_opening_wakes_everyone),
        fixture_test(limit_lets_so_many_in_at_a_time_and_one_that_leaves_wakes_one),
        fixture_test(limit_counts_those_who_were_let_in_before),
        fixture_test(raising_the_limit_lets_in_as_many_more),
        fixture_test(X001_handle_that_is_ready_stays_so_when_the_gate_is_shut),
        fixture_test(who_was_let_in_and_goes_before_the_poll_leaves_the_place_to_the_next),
        fixture_test(who_waits_and_is_released_is_not_woken),
        fixture_test(place_is_kept_while_inner_is_pending_and_left_when_it_fails),
        fixture_test(one_gate_switches_several_services),
        fixture_test(services_and_futures_keep_the_gate),
        fixture_test(answer_at_once_leaves_at_once_without_a_box),
        fixture_test(load_shed_turns_the_wait_into_a_refusal),
        fixture_test(call_without_readiness_is_an_assertion),
        fixture_test(gate_must_be_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
