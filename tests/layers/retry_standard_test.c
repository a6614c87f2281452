#include <cairn/layers/retry_standard.h>

#include "fixture.h"

#include <cairn/layers/retry.h>

#define AT_ONCE                  \
    {                            \
        .min_ms = 0, .max_ms = 1 \
    }

/* Each attempt fails with its own text; the last one's comes out. */
static void exhaust(struct fixture *f, struct cairn_service *s, const char *last)
{
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "first");
    assert_pending(&f->a, &future);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "second");
    assert_pending(&f->a, &future);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, last);
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "mock", last);
    assert_nothing_sent(f);
}

static void T106_makes_three_attempts_by_default(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_retry(.backoff = AT_ONCE));
    exhaust(f, s, "third");
    assert_int_equal(fixture_number(s, "attempts"), 3);
    assert_int_equal(fixture_number(s, "retries"), 2);
    assert_int_equal(fixture_number(s, "exhausted"), 1);
    cairn_service_drop(s);
}

static void waits_for_the_back_off_before_each_retry(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(
        f, cairn_retry(.backoff = {.min_ms = 50, .max_ms = CAIRN_BACKOFF_NO_MAX}));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    for (uint64_t delay_ms = 50; delay_ms <= 100; delay_ms *= 2) {
        fixture_fail(f, 1, CAIRN_ERROR_CLOSED, "reset");
        assert_pending(&f->a, &future);
        fixture_advance(f, delay_ms - 1);
        assert_pending(&f->a, &future);
        assert_nothing_sent(f);
        cairn_harness_is_woken(&f->a);
        fixture_advance(f, 1);
        assert_true(cairn_harness_is_woken(&f->a));
        assert_pending(&f->a, &future);
    }
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    cairn_service_drop(s);
}

/* When the second attempt is sent. */
static uint64_t delay_with(struct fixture *f, uint64_t seed)
{
    uint64_t delay_ms = 0;
    struct cairn_service *s = fixture_around_mock(
        f, cairn_retry(.seed = seed, .backoff = {.min_ms = 1000, .max_ms = 9000, .jitter = 1}));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    struct cairn_mock_request *request;
    fixture_fail(f, 1, CAIRN_ERROR_CLOSED, "reset");
    for (;; delay_ms++) {
        assert_pending(&f->a, &future);
        request = cairn_mock_next_request(f->mock);
        if (request)
            break;
        fixture_advance(f, 1);
    }
    cairn_future_drop(&future);
    cairn_mock_request_drop(request);
    cairn_service_drop(s);
    return delay_ms;
}

static void jitter_is_repeatable_from_its_seed(void **state)
{
    struct fixture *f = *state;
    uint64_t delay_ms = delay_with(f, 7);
    assert_in_range(delay_ms, 1001, 2000);
    assert_int_equal(delay_with(f, 7), delay_ms);
    assert_int_not_equal(delay_with(f, 8), delay_ms);
}

static void T107_only_transient_errors_are_retried(void **state)
{
    (void)state;
    for (unsigned code = CAIRN_ERROR_MEMORY; code <= CAIRN_ERROR_INTERNAL; code++) {
        struct cairn_error error =
            CAIRN_ERROR_STATIC((enum cairn_error_code)code, "mock", "of each kind");
        const struct cairn_retry_attempt attempt = {.p = CAIRN_FAILED, .out.error = &error};
        bool is_transient = code == CAIRN_ERROR_UNAVAILABLE || code == CAIRN_ERROR_ELAPSED ||
                            code == CAIRN_ERROR_CLOSED || code == CAIRN_ERROR_OVERLOADED;
        assert_int_equal(cairn_retry_is_transient(NULL, &attempt), is_transient);
    }
    const struct cairn_retry_attempt success = {.p = CAIRN_READY};
    assert_false(cairn_retry_is_transient(NULL, &success));
}

static void empty_budget_lets_the_failure_through(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_retry_budget *budget = cairn_retry_budget_new(1000, 1, 0, &error);
    struct cairn_service *s =
        fixture_around_mock(f, cairn_retry(.backoff = AT_ONCE, .budget = budget));
    cairn_retry_budget_unref(budget);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "first");
    assert_pending(&f->a, &future);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "second");
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "mock", "second");
    assert_int_equal(fixture_number(s, "unpaid"), 1);
    assert_int_equal(fixture_number(s, "budget_left"), 0);
    cairn_service_drop(s);
}

static void successes_pay_for_retries_and_copies_share_the_budget(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_retry_budget *budget = cairn_retry_budget_new(1000, 0, 1.0, &error);
    struct cairn_service *s =
        fixture_around_mock(f, cairn_retry(.backoff = AT_ONCE, .budget = budget));
    struct cairn_service *copy = fixture_clone(s);
    cairn_retry_budget_unref(budget);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    assert_int_equal(fixture_number(copy, "budget_left"), 1);
    future = fixture_send(&f->a, copy, 3);
    fixture_fail(f, 3, CAIRN_ERROR_UNAVAILABLE, "first");
    assert_pending(&f->a, &future);
    assert_int_equal(fixture_number(s, "budget_left"), 0);
    fixture_fail(f, 3, CAIRN_ERROR_REJECTED, "second");
    assert_failure(&f->a, &future, CAIRN_ERROR_REJECTED, "mock", "second");
    assert_int_equal(fixture_number(s, "budget_left"), 0);
    cairn_service_drop(s);
    cairn_service_drop(copy);
}

static void defaults_are_three_attempts_and_a_budget_of_its_own(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_service *s = fixture_around_mock(f, cairn_retry_layer(NULL));
    struct cairn_retry_policy *policy = cairn_retry_standard_new(NULL, &error);
    assert_int_equal(fixture_number(s, "attempts"), 3);
    assert_int_equal(fixture_number(s, "budget_left"), 100);
    assert_non_null(policy);
    cairn_retry_policy_unref(policy);
    cairn_service_drop(s);
}

static bool nothing(void *cx, const struct cairn_retry_attempt *attempt)
{
    (void)attempt;
    ++*(unsigned *)cx;
    return false;
}

static void classify_is_asked_about_each_outcome(void **state)
{
    struct fixture *f = *state;
    unsigned asked = 0;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_retry(.classify = nothing, .classify_cx = &asked));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "mock", "down");
    future = fixture_send(&f->a, s, 2);
    fixture_respond(f, 2, 3);
    assert_response(&f->a, &future, 3);
    assert_int_equal(asked, 2);
    cairn_service_drop(s);
}

struct hint {
    uint64_t ms;
    unsigned asked;
};

static uint64_t tell(void *cx, const struct cairn_retry_attempt *attempt)
{
    struct hint *hint = cx;
    assert_int_equal(attempt->p, CAIRN_FAILED);
    assert_string_equal(attempt->out.error->message, "come back later");
    hint->asked++;
    return hint->ms;
}

static struct cairn_future fail_with_hint(struct fixture *f, struct cairn_service *s)
{
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_fail(f, 1, CAIRN_ERROR_OVERLOADED, "come back later");
    return future;
}

static void hint_of_the_outcome_takes_the_place_of_the_back_off(void **state)
{
    struct fixture *f = *state;
    struct hint hint = {.ms = 700};
    struct cairn_service *s = fixture_around_mock(
        f, cairn_retry(.hint = tell, .classify_cx = &hint, .backoff = {.min_ms = 5, .max_ms = 9}));
    struct cairn_future future = fail_with_hint(f, s);
    assert_pending(&f->a, &future);
    cairn_harness_is_woken(&f->a);
    fixture_advance(f, 699);
    assert_false(cairn_harness_is_woken(&f->a));
    fixture_advance(f, 1);
    assert_pending(&f->a, &future);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    assert_int_equal(hint.asked, 1);
    cairn_service_drop(s);
}

static void hint_of_0_is_a_retry_at_once(void **state)
{
    struct fixture *f = *state;
    struct hint hint = {.ms = 0};
    struct cairn_service *s =
        fixture_around_mock(f, cairn_retry(.hint = tell, .classify_cx = &hint));
    struct cairn_future future = fail_with_hint(f, s);
    assert_pending(&f->a, &future);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    cairn_service_drop(s);
}

static void without_a_hint_the_back_off_holds(void **state)
{
    struct fixture *f = *state;
    struct hint hint = {.ms = CAIRN_RETRY_NO_HINT};
    struct cairn_service *s = fixture_around_mock(
        f, cairn_retry(.hint = tell, .classify_cx = &hint, .backoff = {.min_ms = 5, .max_ms = 5}));
    struct cairn_future future = fail_with_hint(f, s);
    assert_pending(&f->a, &future);
    fixture_advance(f, 4);
    assert_pending(&f->a, &future);
    assert_nothing_sent(f);
    fixture_advance(f, 1);
    assert_pending(&f->a, &future);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    cairn_service_drop(s);
}

static void hint_over_the_longest_wait_ends_the_call_and_costs_no_budget(void **state)
{
    struct fixture *f = *state;
    struct hint hint = {.ms = 2001};
    struct cairn_service *s = fixture_around_mock(
        f, cairn_retry(.hint = tell, .classify_cx = &hint, .max_hint_ms = 2000));
    uint64_t budget = fixture_number(s, "budget_left");
    struct cairn_future future = fail_with_hint(f, s);
    assert_failure(&f->a, &future, CAIRN_ERROR_OVERLOADED, "mock", "come back later");
    assert_int_equal(fixture_number(s, "put_off"), 1);
    assert_int_equal(fixture_number(s, "budget_left"), budget);
    hint.ms = 2000;
    future = fail_with_hint(f, s);
    assert_pending(&f->a, &future);
    cairn_future_drop(&future);
    cairn_service_drop(s);
}

static void longest_wait_for_a_hint_is_a_minute_by_default(void **state)
{
    struct fixture *f = *state;
    struct hint hint = {.ms = 60001};
    struct cairn_service *s =
        fixture_around_mock(f, cairn_retry(.hint = tell, .classify_cx = &hint));
    struct cairn_future future = fail_with_hint(f, s);
    assert_failure(&f->a, &future, CAIRN_ERROR_OVERLOADED, "mock", "come back later");
    hint.ms = 60000;
    future = fail_with_hint(f, s);
    assert_pending(&f->a, &future);
    cairn_future_drop(&future);
    cairn_service_drop(s);
}

static void options_out_of_range_give_an_error(void **state)
{
    struct cairn_error *error = NULL;
    (void)state;
    struct cairn_retry_standard_options opts = {.size = sizeof(opts), .attempts = 101};
    assert_null(cairn_retry_standard_new(&opts, &error));
    assert_int_equal(error->code, CAIRN_ERROR_INVALID);
    assert_string_equal(error->message, "attempts must be 1 to 100, got 101");
    cairn_error_unref(error);
    opts = (struct cairn_retry_standard_options){.size = sizeof(opts), .backoff = {.jitter = 1}};
    assert_null(cairn_retry_standard_new(&opts, &error));
    assert_string_equal(error->message, "backoff.max_ms must be 1 or more, got 0");
    cairn_error_unref(error);
    opts = (struct cairn_retry_standard_options){.size = sizeof(opts), .max_hint_ms = 86400001};
    assert_null(cairn_retry_standard_new(&opts, &error));
    assert_string_equal(error->message, "max_hint_ms must be 1 to 86400000, got 86400001");
    cairn_error_unref(error);
}

static void without_memory_there_is_no_policy(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 2; n++) {
        struct cairn_error *error = NULL;
        cairn_test_alloc_fail_at(n);
        assert_null(cairn_retry_standard_new(NULL, &error));
        assert_ptr_equal(error, &cairn_error_no_memory);
    }
    cairn_test_alloc_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(T106_makes_three_attempts_by_default),
        fixture_test(waits_for_the_back_off_before_each_retry),
        fixture_test(jitter_is_repeatable_from_its_seed),
        fixture_test(T107_only_transient_errors_are_retried),
        fixture_test(empty_budget_lets_the_failure_through),
        fixture_test(successes_pay_for_retries_and_copies_share_the_budget),
        fixture_test(defaults_are_three_attempts_and_a_budget_of_its_own),
        fixture_test(classify_is_asked_about_each_outcome),
        fixture_test(hint_of_the_outcome_takes_the_place_of_the_back_off),
        fixture_test(hint_of_0_is_a_retry_at_once),
        fixture_test(without_a_hint_the_back_off_holds),
        fixture_test(hint_over_the_longest_wait_ends_the_call_and_costs_no_budget),
        fixture_test(longest_wait_for_a_hint_is_a_minute_by_default),
        fixture_test(options_out_of_range_give_an_error),
        fixture_test(without_memory_there_is_no_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
