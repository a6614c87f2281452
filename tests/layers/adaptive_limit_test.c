#include <cairn/layers/adaptive_limit.h>

#include "fixture.h"

#include <math.h>

#include <cairn/layers/limit_aimd.h>
#include <cairn/testkit/contract.h>

static void adaptive_limit_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_adaptive_limit(.max = 1, .min_samples = 1);
    (void)state;
    cairn_contract_check(&layer);
}

static void adaptive_limit_that_rejects_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer =
        cairn_adaptive_limit(.max = 1, .min_samples = 1, .reject = true);
    const struct cairn_contract_options opts = {.size = sizeof(opts), .may_shed = true};
    (void)state;
    cairn_contract_check_with(&layer, &opts);
}

/* An algorithm that does as the test says, and shows what it was asked. */
static struct told {
    double limit;
    struct cairn_limit_sample sample;
    unsigned asked;
} told;

static double as_told(const struct cairn_limit_algorithm *self, double memory[CAIRN_LIMIT_MEMORY],
    const struct cairn_limit_sample *sample)
{
    (void)self;
    told.sample = *sample;
    told.asked++;
    memory[0]++;
    return told.limit;
}

static const struct cairn_limit_algorithm obedient = {"obedient", as_told};

static struct cairn_service *limit_of(struct fixture *f, size_t initial, bool reject)
{
    told = (struct told){.limit = (double)initial};
    return fixture_around_mock(
        f, cairn_adaptive_limit(.algorithm = &obedient, .initial = initial, .max = 10,
               .window_ms = 100, .min_samples = 1, .reject = reject));
}

/* One call that takes a whole window, so that the algorithm is asked. */
static void one_window(struct fixture *f, struct cairn_service *s)
{
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &future);
    fixture_respond(f, 1, 1);
    assert_response(&f->a, &future, 1);
    fixture_advance(f, 100);
    future = fixture_send(&f->a, s, 1);
    fixture_respond(f, 1, 1);
    assert_response(&f->a, &future, 1);
}

static void set_limit(struct fixture *f, struct cairn_service *s, double limit)
{
    told.limit = limit;
    one_window(f, s);
}

static void T061_T062_calls_up_to_the_limit_pass_and_the_next_waits(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 2, false);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->a, s, 2);
    assert_pending(&f->a, &first);
    assert_pending(&f->a, &second);
    assert_not_ready(&f->b, s);
    assert_int_equal(fixture_number(s, "in_flight"), 2);
    assert_int_equal(fixture_number(s, "waiting"), 1);
    fixture_respond(f, 1, 1);
    assert_false(cairn_harness_is_woken(&f->b));
    assert_response(&f->a, &first, 1);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, s);
    fixture_respond(f, 2, 2);
    assert_response(&f->a, &second, 2);
    cairn_service_drop(s);
}

static void X014_permit_is_taken_before_inner_is_asked_and_kept_while_it_is_pending(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, false);
    struct cairn_service *other = fixture_clone(s);
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    assert_not_ready(&f->b, other);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 1);
    cairn_service_drop(s);
    assert_true(cairn_harness_is_woken(&f->b));
    cairn_service_drop(other);
}

static void higher_limit_lets_those_in_who_wait(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, false);
    struct cairn_service *other = fixture_clone(s);
    struct cairn_service *third = fixture_clone(s);
    told.limit = 3;
    struct cairn_future first = fixture_send(&f->a, s, 1);
    fixture_respond(f, 1, 1);
    assert_response(&f->a, &first, 1);
    fixture_advance(f, 100);
    first = fixture_send(&f->a, s, 1);
    assert_not_ready(&f->b, other);
    assert_not_ready(&f->b, third);
    fixture_respond(f, 1, 1);
    assert_response(&f->a, &first, 1);
    assert_ready(&f->b, other);
    assert_ready(&f->b, third);
    assert_ready(&f->a, s);
    assert_int_equal(fixture_number(s, "limit"), 3);
    cairn_service_drop(s);
    cairn_service_drop(other);
    cairn_service_drop(third);
}

static void lower_limit_comes_down_as_calls_end(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 3, false);
    struct cairn_future calls[3];
    told.limit = 1;
    for (int i = 0; i < 3; i++) {
        calls[i] = fixture_send(&f->a, s, i);
        assert_pending(&f->a, &calls[i]);
    }
    fixture_respond(f, 0, 0);
    assert_response(&f->a, &calls[0], 0);
    fixture_advance(f, 100);
    fixture_respond(f, 1, 1);
    assert_response(&f->a, &calls[1], 1);
    assert_int_equal(fixture_number(s, "limit"), 1);
    assert_not_ready(&f->b, s);
    fixture_respond(f, 2, 2);
    assert_response(&f->a, &calls[2], 2);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, s);
    struct cairn_service *other = fixture_clone(s);
    assert_not_ready(&f->a, other);
    cairn_service_drop(s);
    cairn_service_drop(other);
}

static void limit_goes_down_and_up_without_losing_a_permit(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 5, false);
    struct cairn_service *copies[10];
    for (int i = 0; i < 10; i++)
        copies[i] = fixture_clone(s);
    for (size_t limit = 1; limit <= 10; limit++) {
        set_limit(f, s, 10);
        set_limit(f, s, (double)limit);
        for (size_t i = 0; i < limit; i++)
            assert_ready(&f->a, copies[i]);
        if (limit < 10)
            assert_not_ready(&f->b, copies[limit]);
        /* Half of them are held while the limit goes to and fro. */
        for (size_t i = 1; i < 10; i++)
            cairn_service_release(copies[i]);
        if (limit > 1) {
            set_limit(f, s, 2);
            set_limit(f, s, (double)limit);
        }
        cairn_service_release(copies[0]);
    }
    for (int i = 0; i < 10; i++)
        cairn_service_drop(copies[i]);
    cairn_service_drop(s);
}

static void place_in_the_queue_that_is_left_pays_what_is_owed(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 2, false);
    struct cairn_service *other = fixture_clone(s);
    told.limit = 1;
    struct cairn_future first = fixture_send(&f->a, s, 1);
    fixture_respond(f, 1, 1);
    assert_response(&f->a, &first, 1);
    fixture_advance(f, 100);
    first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->a, s, 2);
    assert_not_ready(&f->b, other);
    fixture_respond(f, 1, 1);
    assert_response(&f->a, &first, 1); /* the limit is 1: its permit is gone */
    assert_not_ready(&f->b, other);
    cairn_future_drop(&second);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    assert_ready(&f->b, other);
    assert_not_ready(&f->a, s);
    cairn_service_drop(s);
    cairn_service_drop(other);
}

static void limit_stays_between_min_and_max_whatever_the_algorithm_says(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 5, false);
    set_limit(f, s, 1e300);
    assert_int_equal(fixture_number(s, "limit"), 10);
    set_limit(f, s, -5);
    assert_int_equal(fixture_number(s, "limit"), 1);
    set_limit(f, s, (double)NAN);
    assert_int_equal(fixture_number(s, "limit"), 1);
    cairn_service_drop(s);
}

static void algorithm_is_told_what_was_measured(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 4, false);
    struct cairn_future calls[3];
    for (int i = 0; i < 3; i++) {
        calls[i] = fixture_send(&f->a, s, i);
        assert_pending(&f->a, &calls[i]);
    }
    fixture_advance(f, 10);
    fixture_respond(f, 0, 0);
    assert_response(&f->a, &calls[0], 0);
    fixture_advance(f, 99);
    fixture_respond(f, 1, 1);
    assert_response(&f->a, &calls[1], 1);
    assert_int_equal(told.asked, 0);
    fixture_advance(f, 1);
    fixture_respond(f, 2, 2);
    assert_response(&f->a, &calls[2], 2);
    assert_int_equal(told.asked, 1);
    assert_int_equal(told.sample.in_flight, 3);
    assert_int_equal(told.sample.rtt_ns, (10 + 109 + 110) * 1000000 / 3);
    assert_true(told.sample.limit > 3.9 && !told.sample.is_overloaded);
    assert_int_equal(fixture_number(s, "rtt"), told.sample.rtt_ns / 1000);
    cairn_service_drop(s);
}

static void fail_one(struct fixture *f, struct cairn_service *s, enum cairn_error_code code)
{
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_fail(f, 1, code, "no");
    assert_failure(&f->a, &future, code, "mock", "no");
}

static void T071_failures_give_their_permit_back_and_some_are_an_overload(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, false);
    fail_one(f, s, CAIRN_ERROR_NOT_FOUND);
    fail_one(f, s, CAIRN_ERROR_INTERNAL);
    fixture_advance(f, 1000);
    fail_one(f, s, CAIRN_ERROR_REJECTED);
    assert_int_equal(told.asked, 0);
    assert_int_equal(fixture_number(s, "overloads"), 0);
    fail_one(f, s, CAIRN_ERROR_ELAPSED);
    fail_one(f, s, CAIRN_ERROR_OVERLOADED);
    fixture_advance(f, 100);
    fail_one(f, s, CAIRN_ERROR_UNAVAILABLE);
    assert_int_equal(told.asked, 1);
    assert_true(told.sample.is_overloaded);
    assert_int_equal(told.sample.rtt_ns, 0);
    assert_int_equal(fixture_number(s, "overloads"), 3);
    cairn_service_drop(s);
}

static enum cairn_limit_verdict always_too_much(
    void *cx, const void *response, const struct cairn_error *error)
{
    (void)error;
    ++*(unsigned *)cx;
    return cairn_test_value_number(response) ? CAIRN_LIMIT_OVERLOAD : CAIRN_LIMIT_IGNORED;
}

static void classifier_sees_responses_and_decides(void **state)
{
    struct fixture *f = *state;
    unsigned asked = 0;
    struct cairn_service *s = fixture_around_mock(
        f, cairn_adaptive_limit(.algorithm = &cairn_limit_aimd.base, .initial = 10, .window_ms = 1,
               .classify = always_too_much, .classify_cx = &asked));
    one_window(f, s);
    assert_int_equal(asked, 2);
    assert_int_equal(fixture_number(s, "limit"), 9);
    cairn_service_drop(s);
}

static void X005_call_that_is_dropped_is_not_measured_and_gives_its_permit_back(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, false);
    for (int i = 0; i < 4; i++) {
        struct cairn_future future = fixture_send(&f->a, s, 1);
        if (i % 2)
            assert_pending(&f->a, &future);
        fixture_advance(f, 1000);
        cairn_future_drop(&future);
        cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    }
    assert_int_equal(told.asked, 0);
    assert_ready(&f->a, s);
    cairn_service_drop(s);
}

static void rejects_what_would_have_to_wait_without_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, true);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &first);
    assert_ready(&f->b, s);
    void *req = cairn_test_value_new(2);
    size_t before = cairn_test_alloc_count();
    struct cairn_future second = cairn_service_call(s, req);
    assert_int_equal(cairn_test_alloc_count(), before);
    assert_failure(
        &f->b, &second, CAIRN_ERROR_OVERLOADED, "adaptive_limit", "the limit is reached");
    fixture_respond(f, 1, 1);
    assert_nothing_sent(f);
    assert_response(&f->a, &first, 1);
    assert_int_equal(fixture_number(s, "refused"), 1);
    cairn_service_drop(s);
}

static void X001_ready_to_reject_stays_ready_and_takes_a_permit_when_asked_again(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, true);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &first);
    assert_ready(&f->b, s);
    cairn_mock_allow(f->mock, 0);
    fixture_respond(f, 1, 1);
    assert_response(&f->a, &first, 1);
    assert_ready(&f->b, s); /* a permit is free, inner is not ready */
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 0);
    cairn_mock_allow(f->mock, 1);
    assert_ready(&f->b, s);
    struct cairn_future second = fixture_call(s, 2);
    fixture_respond(f, 2, 2);
    assert_response(&f->b, &second, 2);
    cairn_service_drop(s);
}

static void aimd_finds_its_way_down_and_up(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_adaptive_limit(.algorithm = &cairn_limit_aimd.base,
                                   .initial = 2, .max = 3, .window_ms = 10, .min_samples = 1));
    one_window(f, s);
    assert_int_equal(fixture_number(s, "limit"), 3);
    one_window(f, s);
    assert_int_equal(fixture_number(s, "limit"), 3);
    for (int i = 0; i < 12; i++) {
        fail_one(f, s, CAIRN_ERROR_OVERLOADED);
        fixture_advance(f, 10);
    }
    assert_int_equal(fixture_number(s, "limit"), 1);
    cairn_service_drop(s);
}

static void future_outlives_the_service(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, false);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &future);
    cairn_service_drop(s);
    fixture_advance(f, 1000);
    fixture_respond(f, 1, 1);
    assert_response(&f->a, &future, 1);
}

static void answer_at_once_passes_without_a_box(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(cairn_adaptive_limit(), fixture_plain_echo());
    assert_ready(&f->a, s);
    size_t before = cairn_test_alloc_count();
    struct cairn_future future = fixture_call_plain(s);
    assert_true(cairn_future_is_complete(&future));
    assert_int_equal(cairn_test_alloc_count(), before);
    assert_int_equal(fixture_number(s, "in_flight"), 0);
    cairn_future_drop(&future);
    cairn_service_drop(s);
}

static void call_at_once(void *cx)
{
    cairn_service_call(cx, NULL);
}

static void T005_call_without_readiness_is_an_assertion(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 1, false);
    assert_string_equal(
        cairn_test_misuse(call_at_once, s), "adaptive_limit: called without having been ready");
    cairn_service_drop(s);
}

static void defaults_are_as_the_header_says(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_adaptive_limit_layer(NULL));
    assert_int_equal(fixture_number(s, "min"), 1);
    assert_int_equal(fixture_number(s, "max"), 1000);
    assert_int_equal(fixture_number(s, "limit"), 20);
    cairn_service_drop(s);
    s = fixture_around_mock(f, cairn_adaptive_limit(.min = 2000));
    assert_int_equal(fixture_number(s, "max"), 2000);
    assert_int_equal(fixture_number(s, "limit"), 2000);
    cairn_service_drop(s);
    s = fixture_around_mock(f, cairn_adaptive_limit(.max = 5));
    assert_int_equal(fixture_number(s, "limit"), 5);
    cairn_service_drop(s);
}

static void assert_invalid(struct fixture *f, struct cairn_layer layer, const char *message)
{
    assert_refused(layer, cairn_mock_service(f->mock), CAIRN_ERROR_INVALID, message);
}

static void options_out_of_range_are_refused_by_name(void **state)
{
    struct fixture *f = *state;
    assert_invalid(
        f, cairn_adaptive_limit(.min = 1048577), "min must be 1 to 1048576, got 1048577");
    assert_invalid(
        f, cairn_adaptive_limit(.min = 9, .max = 8), "max must be min (9) to 1048576, got 8");
    assert_invalid(
        f, cairn_adaptive_limit(.max = 1048577), "max must be min (1) to 1048576, got 1048577");
    assert_invalid(f, cairn_adaptive_limit(.min = 4, .max = 8, .initial = 9),
        "initial must be min (4) to max (8), got 9");
    assert_invalid(f, cairn_adaptive_limit(.min = 4, .max = 8, .initial = 3),
        "initial must be min (4) to max (8), got 3");
    assert_invalid(
        f, cairn_adaptive_limit(.window_ms = 60001), "window_ms must be 1 to 60000, got 60001");
    assert_invalid(f, cairn_adaptive_limit(.min_samples = 1000001),
        "min_samples must be 1 to 1000000, got 1000001");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adaptive_limit_keeps_the_service_contract),
        cmocka_unit_test(adaptive_limit_that_rejects_keeps_the_service_contract),
        fixture_test(T061_T062_calls_up_to_the_limit_pass_and_the_next_waits),
        fixture_test(X014_permit_is_taken_before_inner_is_asked_and_kept_while_it_is_pending),
        fixture_test(higher_limit_lets_those_in_who_wait),
        fixture_test(lower_limit_comes_down_as_calls_end),
        fixture_test(limit_goes_down_and_up_without_losing_a_permit),
        fixture_test(place_in_the_queue_that_is_left_pays_what_is_owed),
        fixture_test(limit_stays_between_min_and_max_whatever_the_algorithm_says),
        fixture_test(algorithm_is_told_what_was_measured),
        fixture_test(T071_failures_give_their_permit_back_and_some_are_an_overload),
        fixture_test(classifier_sees_responses_and_decides),
        fixture_test(X005_call_that_is_dropped_is_not_measured_and_gives_its_permit_back),
        fixture_test(rejects_what_would_have_to_wait_without_memory),
        fixture_test(X001_ready_to_reject_stays_ready_and_takes_a_permit_when_asked_again),
        fixture_test(aimd_finds_its_way_down_and_up),
        fixture_test(future_outlives_the_service),
        fixture_test(answer_at_once_passes_without_a_box),
        fixture_test(T005_call_without_readiness_is_an_assertion),
        fixture_test(defaults_are_as_the_header_says),
        fixture_test(options_out_of_range_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
