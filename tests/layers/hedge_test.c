#include <cairn/layers/hedge.h>

#include "fixture.h"

#include <math.h>

#include <cairn/testkit/contract.h>

#define PERIOD 60000

/* Enough calls have been seen from the second on, and each takes long enough for a second copy. */
static void hedge_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_hedge(.min_data_points = 1, .period_ms = 1);
    const struct cairn_layer idle = cairn_hedge();
    const struct cairn_contract_options opts = {
        .size = sizeof(opts), .may_repeat = true, .step_ms = 1};
    (void)state;
    cairn_contract_check_with(&layer, &opts);
    cairn_contract_check(&idle);
}

/* One call that takes TAKES_MS. */
static void see(struct fixture *f, struct cairn_service *s, uint64_t takes_ms)
{
    struct cairn_future future = fixture_send(&f->a, s, 99);
    assert_pending(&f->a, &future);
    fixture_advance(f, takes_ms);
    fixture_respond(f, 99, 0);
    assert_response(&f->a, &future, 0);
}

/* Eight calls of 1 ms and two of 10 ms, in the period that is read from now on. */
static void warm_up(struct fixture *f, struct cairn_service *s)
{
    for (int i = 0; i < 8; i++)
        see(f, s, 1);
    for (int i = 0; i < 2; i++)
        see(f, s, 10);
    fixture_advance(f, PERIOD);
    assert_int_equal(fixture_number(s, "data_points"), 10);
    assert_int_equal(fixture_number(s, "delay"), 10);
    cairn_harness_is_woken(&f->a);
}

#define HEDGE(...) \
    cairn_hedge(.percentile = 0.9, .min_data_points = 10, .period_ms = PERIOD, __VA_ARGS__)

static struct cairn_service *warm(struct fixture *f, struct cairn_layer layer)
{
    struct cairn_service *s = fixture_around_mock(f, layer);
    warm_up(f, s);
    return s;
}

static void T053_original_is_sent_at_once_and_no_copy_before_the_delay(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = warm(f, HEDGE());
    struct cairn_future future = fixture_send(&f->a, s, 1);
    struct cairn_mock_request *request = cairn_mock_expect(f->mock, 1);
    assert_pending(&f->a, &future);
    fixture_advance(f, 9);
    assert_false(cairn_harness_is_woken(&f->a));
    assert_pending(&f->a, &future);
    assert_nothing_sent(f);
    cairn_mock_respond(request, cairn_test_value_new(2));
    assert_response(&f->a, &future, 2);
    fixture_advance(f, 100);
    assert_nothing_sent(f);
    assert_int_equal(fixture_number(s, "hedges"), 0);
    cairn_service_drop(s);
}

/* A call whose second copy has been sent. */
struct both {
    struct cairn_future future;
    struct cairn_mock_request *original;
    struct cairn_mock_request *copy;
};

static struct both both_open(struct fixture *f, struct cairn_service *s)
{
    struct both both = {.future = fixture_send(&f->a, s, 1)};
    both.original = cairn_mock_expect(f->mock, 1);
    assert_pending(&f->a, &both.future);
    fixture_advance(f, 10);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_pending(&f->a, &both.future);
    both.copy = cairn_mock_expect(f->mock, 1);
    assert_int_equal(fixture_number(s, "hedges"), 1);
    return both;
}

static void T055_original_that_answers_first_after_the_copy_was_sent_is_the_answer(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = warm(f, HEDGE());
    struct both both = both_open(f, s);
    cairn_mock_respond(both.original, cairn_test_value_new(2));
    assert_true(cairn_harness_is_woken(&f->a));
    assert_response(&f->a, &both.future, 2);
    assert_true(cairn_mock_is_abandoned(both.copy));
    assert_int_equal(fixture_number(s, "won"), 0);
    cairn_mock_request_drop(both.copy);
    cairn_service_drop(s);
}

static void T055_original_is_the_answer_when_both_are_there(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = warm(f, HEDGE());
    struct both both = both_open(f, s);
    cairn_mock_respond(both.copy, cairn_test_value_new(3));
    cairn_mock_respond(both.original, cairn_test_value_new(2));
    assert_response(&f->a, &both.future, 2);
    cairn_service_drop(s);
}

static void T056_copy_that_answers_first_is_the_answer(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = warm(f, HEDGE());
    struct both both = both_open(f, s);
    cairn_mock_respond(both.copy, cairn_test_value_new(3));
    assert_true(cairn_harness_is_woken(&f->a));
    assert_response(&f->a, &both.future, 3);
    assert_true(cairn_mock_is_abandoned(both.original));
    assert_int_equal(fixture_number(s, "won"), 1);
    cairn_mock_request_drop(both.original);
    cairn_service_drop(s);
}

static bool veto(void *cx, const void *request)
{
    assert_int_equal(cairn_test_value_number(request), 1);
    ++*(unsigned *)cx;
    return false;
}

static void T058_vetoed_copy_is_not_sent_and_the_original_answers(void **state)
{
    struct fixture *f = *state;
    unsigned asked = 0;
    struct cairn_service *s = warm(f, HEDGE(.can_retry = veto, .policy_cx = &asked));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    struct cairn_mock_request *request = cairn_mock_expect(f->mock, 1);
    assert_pending(&f->a, &future);
    assert_int_equal(asked, 0);
    fixture_advance(f, 10);
    assert_pending(&f->a, &future);
    assert_nothing_sent(f);
    fixture_advance(f, 1000);
    assert_pending(&f->a, &future);
    assert_nothing_sent(f);
    assert_int_equal(asked, 1);
    cairn_mock_respond(request, cairn_test_value_new(2));
    assert_response(&f->a, &future, 2);
    cairn_service_drop(s);
}

static void *clone_nothing(void *cx, const struct cairn_type *type, const void *request)
{
    (void)request;
    assert_ptr_equal(type, &cairn_test_value_type);
    ++*(unsigned *)cx;
    return NULL;
}

static void T059_request_that_cannot_be_cloned_is_not_sent_twice(void **state)
{
    struct fixture *f = *state;
    unsigned asked = 0;
    struct cairn_service *s = warm(f, HEDGE(.clone_request = clone_nothing, .policy_cx = &asked));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    struct cairn_mock_request *request = cairn_mock_expect(f->mock, 1);
    assert_int_equal(asked, 1);
    assert_pending(&f->a, &future);
    fixture_advance(f, 10);
    assert_false(cairn_harness_is_woken(&f->a));
    assert_pending(&f->a, &future);
    assert_nothing_sent(f);
    cairn_mock_respond(request, cairn_test_value_new(2));
    assert_response(&f->a, &future, 2);
    cairn_service_drop(s);
}

static void *clone_marked(void *cx, const struct cairn_type *type, const void *request)
{
    void *copy = type->clone(request);
    (void)cx;
    cairn_test_value_set(copy, 1000 + cairn_test_value_number(request));
    return copy;
}

static bool are_spent;

static bool is_spent(const void *value)
{
    (void)value;
    return are_spent;
}

/* As HTTP requests are whose body was too long to be kept. */
static void request_that_is_spent_by_then_is_not_sent_twice(void **state)
{
    struct fixture *f = *state;
    struct cairn_type spendable = cairn_test_value_type;
    spendable.is_spent = is_spent;
    are_spent = false;
    cairn_mock_free(f->mock);
    f->mock = cairn_mock_new(&(struct cairn_mock_options){
        .size = sizeof(struct cairn_mock_options), .request_type = &spendable});
    struct cairn_service *s = warm(f, HEDGE());
    struct cairn_future future = fixture_send(&f->a, s, 1);
    struct cairn_mock_request *request = cairn_mock_expect(f->mock, 1);
    assert_pending(&f->a, &future);
    are_spent = true;
    fixture_advance(f, 100);
    assert_pending(&f->a, &future);
    assert_nothing_sent(f);
    assert_int_equal(fixture_number(s, "hedges"), 0);
    cairn_mock_respond(request, cairn_test_value_new(2));
    assert_response(&f->a, &future, 2);
    are_spent = false; /* and one that is not is */
    struct both both = both_open(f, s);
    cairn_mock_respond(both.original, cairn_test_value_new(3));
    assert_response(&f->a, &both.future, 3);
    cairn_mock_request_drop(both.copy);
    cairn_service_drop(s);
    cairn_mock_free(f->mock); /* whose type is this function's */
    f->mock = cairn_mock_new(NULL);
}

static void copy_that_the_policy_makes_is_what_is_sent(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = warm(f, HEDGE(.clone_request = clone_marked));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &future);
    fixture_advance(f, 10);
    assert_pending(&f->a, &future);
    cairn_mock_request_drop(cairn_mock_expect(f->mock, 1));
    fixture_respond(f, 1001, 5);
    cairn_future_drop(&future);
    cairn_service_drop(s);
}

static void X028_only_successes_feed_the_histogram(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, HEDGE());
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &future);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "mock", "down");
    future = fixture_send(&f->a, s, 2);
    cairn_future_drop(&future);
    cairn_mock_request_drop(cairn_mock_expect(f->mock, 2));
    see(f, s, 3);
    fixture_advance(f, PERIOD);
    assert_int_equal(fixture_number(s, "data_points"), 1);
    cairn_service_drop(s);
}

static void X028_answer_of_the_copy_counts_from_the_call(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = warm(f, HEDGE());
    for (int i = 0; i < 10; i++) {
        struct cairn_future future = fixture_send(&f->a, s, 1);
        assert_pending(&f->a, &future);
        fixture_advance(f, 10);
        assert_pending(&f->a, &future);
        struct cairn_mock_request *original = cairn_mock_expect(f->mock, 1);
        fixture_advance(f, 5);
        fixture_respond(f, 1, 2);
        assert_response(&f->a, &future, 2);
        cairn_mock_request_drop(original);
    }
    fixture_advance(f, PERIOD);
    assert_int_equal(fixture_number(s, "data_points"), 10);
    assert_int_equal(fixture_number(s, "delay"), 15);
    cairn_service_drop(s);
}

static void X029_error_of_the_original_is_the_outcome_when_it_is_first(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = warm(f, HEDGE());
    struct both both = both_open(f, s);
    cairn_mock_fail(
        both.original, cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "mock", NULL, "original"));
    assert_failure(&f->a, &both.future, CAIRN_ERROR_UNAVAILABLE, "mock", "original");
    assert_true(cairn_mock_is_abandoned(both.copy));
    cairn_mock_request_drop(both.copy);
    cairn_service_drop(s);
}

static void X029_error_of_the_copy_is_the_outcome_when_it_is_first(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = warm(f, HEDGE());
    struct both both = both_open(f, s);
    cairn_mock_fail(both.copy, cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "mock", NULL, "copy"));
    assert_failure(&f->a, &both.future, CAIRN_ERROR_UNAVAILABLE, "mock", "copy");
    assert_true(cairn_mock_is_abandoned(both.original));
    cairn_mock_request_drop(both.original);
    cairn_service_drop(s);
}

static void with_too_few_data_points_there_is_no_copy(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, HEDGE());
    for (int i = 0; i < 9; i++)
        see(f, s, 1);
    fixture_advance(f, PERIOD);
    assert_int_equal(fixture_number(s, "delay"), 0);
    cairn_harness_is_woken(&f->a);
    size_t clones = cairn_test_value_clones();
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_int_equal(cairn_test_value_clones(), clones);
    assert_pending(&f->a, &future);
    fixture_advance(f, 1000);
    assert_false(cairn_harness_is_woken(&f->a));
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    cairn_service_drop(s);
}

static void after_two_idle_periods_there_is_no_copy(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = warm(f, HEDGE());
    fixture_advance(f, 2 * PERIOD);
    assert_int_equal(fixture_number(s, "delay"), 0);
    cairn_service_drop(s);
}

static void copy_takes_room_inside_only_when_it_is_due(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = warm(f, HEDGE());
    cairn_mock_allow(f->mock, 1);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    struct cairn_mock_request *original = cairn_mock_expect(f->mock, 1);
    assert_pending(&f->a, &future);
    assert_int_equal(cairn_mock_counts(f->mock).services, 2); /* the service and the prototype */
    fixture_advance(f, 10);
    assert_pending(&f->a, &future);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 1);
    assert_nothing_sent(f);
    cairn_harness_is_woken(&f->a);
    cairn_mock_allow(f->mock, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_pending(&f->a, &future);
    fixture_respond(f, 1, 3);
    assert_response(&f->a, &future, 3);
    assert_int_equal(cairn_mock_counts(f->mock).services, 2);
    cairn_mock_request_drop(original);
    cairn_service_drop(s);
}

static void original_that_answers_while_the_copy_waits_for_room_ends_the_wait(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = warm(f, HEDGE());
    cairn_mock_allow(f->mock, 1);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &future);
    fixture_advance(f, 10);
    assert_pending(&f->a, &future);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 1);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 0);
    assert_int_equal(fixture_number(s, "hedges"), 0);
    cairn_service_drop(s);
}

static void readiness_that_fails_costs_the_copy_and_not_the_call(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = warm(f, HEDGE());
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &future);
    fixture_advance(f, 10);
    cairn_mock_fail_ready(
        f->mock, cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "mock", NULL, "no way in"));
    assert_pending(&f->a, &future);
    fixture_respond(f, 1, 2);
    assert_nothing_sent(f);
    assert_response(&f->a, &future, 2);
    cairn_service_drop(s);
}

static void without_memory_there_is_no_copy_and_the_original_answers(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = warm(f, HEDGE());
    for (size_t n = 1; n <= 2; n++) {
        struct cairn_future future = fixture_send(&f->a, s, 1);
        assert_pending(&f->a, &future);
        fixture_advance(f, 10);
        cairn_test_alloc_fail_at(n);
        assert_pending(&f->a, &future);
        assert_true(cairn_test_alloc_has_failed());
        fixture_respond(f, 1, 2);
        assert_nothing_sent(f);
        assert_response(&f->a, &future, 2);
    }
    cairn_service_drop(s);
}

static void dropping_the_call_drops_both(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = warm(f, HEDGE());
    struct both both = both_open(f, s);
    cairn_service_drop(s); /* the call needs it no more */
    cairn_future_drop(&both.future);
    assert_true(cairn_mock_is_abandoned(both.original));
    assert_true(cairn_mock_is_abandoned(both.copy));
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
    cairn_mock_request_drop(both.original);
    cairn_mock_request_drop(both.copy);
}

static void dropping_the_call_before_the_delay_stops_the_timer(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = warm(f, HEDGE());
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &future);
    cairn_future_drop(&future);
    fixture_advance(f, 10);
    assert_false(cairn_harness_is_woken(&f->a));
    cairn_mock_request_drop(cairn_mock_expect(f->mock, 1));
    cairn_service_drop(s);
}

static void answer_at_once_passes_without_box_or_timer(void **state)
{
    struct fixture *f = *state;
    static const struct cairn_type plain = {.name = "test.plain"};
    struct cairn_service *s =
        fixture_apply(cairn_hedge(.clone_request = clone_nothing, .policy_cx = &(unsigned){0}),
            cairn_test_echo(&plain));
    assert_ready(&f->a, s);
    size_t before = cairn_test_alloc_count();
    struct cairn_future future = fixture_call_plain(s);
    assert_int_equal(cairn_test_alloc_count(), before);
    assert_true(cairn_future_is_complete(&future));
    cairn_future_drop(&future);
    fixture_advance(f, 10000);
    assert_int_equal(fixture_number(s, "data_points"), 1);
    cairn_service_drop(s);
}

static void copies_share_the_histogram(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, HEDGE());
    struct cairn_service *copy = fixture_clone(s);
    warm_up(f, copy);
    cairn_service_drop(copy);
    assert_int_equal(fixture_number(s, "delay"), 10);
    struct both both = both_open(f, s);
    cairn_future_drop(&both.future);
    cairn_mock_request_drop(both.original);
    cairn_mock_request_drop(both.copy);
    cairn_service_drop(s);
}

static void defaults_are_20_calls_in_10_seconds(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_hedge_layer(NULL));
    assert_int_equal(fixture_number(s, "min_data_points"), 20);
    assert_int_equal(fixture_number(s, "period"), 10000);
    cairn_service_drop(s);
}

static void options_out_of_range_are_refused_by_name(void **state)
{
    struct fixture *f = *state;
    assert_refused(cairn_hedge(.percentile = 1.5), cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "percentile must be above 0, to 1, got 1.5");
    assert_refused(cairn_hedge(.percentile = -1), cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "percentile must be above 0, to 1, got -1");
    assert_refused(cairn_hedge(.period_ms = 3600001), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "period_ms must be 1 to 3600000, got 3600001");
    const struct cairn_layer layer = cairn_hedge(.percentile = (double)NAN);
    struct cairn_service *broken = cairn_layer_apply(&layer, cairn_mock_service(f->mock));
    assert_int_equal(cairn_service_error(broken)->code, CAIRN_ERROR_INVALID);
    cairn_service_drop(broken);
    cairn_service_drop(fixture_around_mock(f, cairn_hedge(.percentile = 1, .period_ms = 3600000)));
}

static void what_cannot_be_cloned_is_refused(void **state)
{
    struct cairn_mock_options opts = {
        .size = sizeof(opts), .request_type = &cairn_test_fixed_type, .not_cloneable = true};
    struct cairn_mock *mock = cairn_mock_new(&opts);
    (void)state;
    assert_refused(cairn_hedge(), cairn_mock_service(mock), CAIRN_ERROR_TYPE,
        "needs a request that can be cloned; test.fixed cannot");
    assert_refused(cairn_hedge(.clone_request = clone_marked), cairn_mock_service(mock),
        CAIRN_ERROR_TYPE, "needs a service that can be cloned; mock cannot");
    cairn_mock_free(mock);
}

static void without_memory_the_layer_is_refused(void **state)
{
    struct fixture *f = *state;
    for (size_t n = 1; n <= 4; n++) {
        struct cairn_service *inner = cairn_mock_service(f->mock);
        cairn_test_alloc_fail_at(n);
        assert_refused(cairn_hedge(), inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hedge_keeps_the_service_contract),
        fixture_test(T053_original_is_sent_at_once_and_no_copy_before_the_delay),
        fixture_test(T055_original_that_answers_first_after_the_copy_was_sent_is_the_answer),
        fixture_test(T055_original_is_the_answer_when_both_are_there),
        fixture_test(T056_copy_that_answers_first_is_the_answer),
        fixture_test(T058_vetoed_copy_is_not_sent_and_the_original_answers),
        fixture_test(T059_request_that_cannot_be_cloned_is_not_sent_twice),
        fixture_test(request_that_is_spent_by_then_is_not_sent_twice),
        fixture_test(copy_that_the_policy_makes_is_what_is_sent),
        fixture_test(X028_only_successes_feed_the_histogram),
        fixture_test(X028_answer_of_the_copy_counts_from_the_call),
        fixture_test(X029_error_of_the_original_is_the_outcome_when_it_is_first),
        fixture_test(X029_error_of_the_copy_is_the_outcome_when_it_is_first),
        fixture_test(with_too_few_data_points_there_is_no_copy),
        fixture_test(after_two_idle_periods_there_is_no_copy),
        fixture_test(copy_takes_room_inside_only_when_it_is_due),
        fixture_test(original_that_answers_while_the_copy_waits_for_room_ends_the_wait),
        fixture_test(readiness_that_fails_costs_the_copy_and_not_the_call),
        fixture_test(without_memory_there_is_no_copy_and_the_original_answers),
        fixture_test(dropping_the_call_drops_both),
        fixture_test(dropping_the_call_before_the_delay_stops_the_timer),
        fixture_test(answer_at_once_passes_without_box_or_timer),
        fixture_test(copies_share_the_histogram),
        fixture_test(defaults_are_20_calls_in_10_seconds),
        fixture_test(options_out_of_range_are_refused_by_name),
        fixture_test(what_cannot_be_cloned_is_refused),
        fixture_test(without_memory_the_layer_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
