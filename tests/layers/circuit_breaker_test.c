#include <cairn/layers/circuit_breaker.h>

#include "fixture.h"

#include <cairn/layers/concurrency_limit.h>
#include <cairn/testkit/contract.h>

/* Opens with the first failure, for so short a time that a step of the suite ends it. */
#define BRIEF .failures = 1, .backoff = {.min_ms = 10, .max_ms = 10}

static void circuit_breaker_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_circuit_breaker(BRIEF);
    (void)state;
    cairn_contract_check(&layer);
}

static void circuit_breaker_that_waits_keeps_the_service_contract(void **state)
{
    /* As many probes as the suite has copies: half open there is then as much room as before. */
    const struct cairn_layer layer = cairn_circuit_breaker(BRIEF, .probes = 4, .wait = true);
    (void)state;
    cairn_contract_check(&layer);
}

static struct cairn_service *breaker(struct fixture *f)
{
    return fixture_around_mock(
        f, cairn_circuit_breaker(.failures = 3, .backoff = {.min_ms = 100, .max_ms = 400}));
}

static struct cairn_service *waiting_breaker(struct fixture *f)
{
    return fixture_around_mock(f, cairn_circuit_breaker(.failures = 1,
                                      .backoff = {.min_ms = 100, .max_ms = 400}, .wait = true));
}

static void fail_one(struct fixture *f, struct cairn_service *s)
{
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "mock", "down");
}

static void pass_one(struct fixture *f, struct cairn_service *s)
{
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
}

static void open_it(struct fixture *f, struct cairn_service *s)
{
    for (int i = 0; i < 3; i++)
        fail_one(f, s);
}

static void assert_refused_call(struct fixture *f, struct cairn_service *s, const char *message)
{
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "circuit_breaker", message);
    assert_nothing_sent(f);
}

static void see_text(void *cx, const char *key, const char *value)
{
    const char **seen = cx;
    if (strcmp(key, seen[0]) == 0)
        seen[1] = value;
}

static void assert_says(const struct cairn_service *s, const char *key, const char *value)
{
    static const struct cairn_describe_ops ops = {.text = see_text};
    const char *seen[] = {key, NULL};
    struct cairn_describe d = {&ops, seen};
    cairn_describe_service(&d, s);
    if (!value)
        assert_null(seen[1]);
    else
        assert_string_equal(seen[1], value);
}

static void open_circuit_is_ready_and_fails_at_once_with_the_reason(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = breaker(f);
    open_it(f, s);
    size_t polls = cairn_mock_counts(f->mock).calls;
    assert_refused_call(f, s, "open for 100 ms: 3 failures in a row");
    assert_int_equal(cairn_mock_counts(f->mock).calls, polls);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(fixture_number(s, "refused"), 1);
    assert_int_equal(fixture_number(s, "opened"), 1);
    cairn_service_drop(s);
}

static void refusal_has_the_failure_that_opened_as_source_and_allocates_nothing(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = breaker(f);
    union cairn_outcome out;
    open_it(f, s);
    assert_ready(&f->a, s);
    void *req = cairn_test_value_new(1);
    size_t before = cairn_test_alloc_count();
    struct cairn_future future = cairn_service_call(s, req);
    assert_int_equal(cairn_harness_poll(&f->a, &future, &out), CAIRN_FAILED);
    assert_int_equal(cairn_test_alloc_count(), before);
    assert_string_equal(out.error->source->message, "down");
    cairn_error_unref(out.error);
    cairn_service_drop(s);
}

static void open_circuit_is_ready_though_inner_is_not(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = breaker(f);
    open_it(f, s);
    cairn_mock_allow(f->mock, 0);
    assert_refused_call(f, s, "open for 100 ms: 3 failures in a row");
    fixture_advance(f, 100);
    assert_not_ready(&f->a, s);
    cairn_service_drop(s);
}

static void state_and_reason_are_described(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = breaker(f);
    fail_one(f, s);
    assert_says(s, "state", "closed");
    assert_says(s, "reason", NULL);
    assert_int_equal(fixture_number(s, "in_a_row"), 1);
    fail_one(f, s);
    fail_one(f, s);
    assert_says(s, "state", "open");
    assert_says(s, "reason", "open for 100 ms: 3 failures in a row");
    fixture_advance(f, 30);
    assert_int_equal(fixture_number(s, "open_left"), 70);
    fixture_advance(f, 70);
    assert_says(s, "state", "half_open");
    pass_one(f, s);
    assert_says(s, "state", "closed");
    cairn_service_drop(s);
}

static void one_probe_goes_through_and_the_others_fail_meanwhile(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = breaker(f);
    struct cairn_service *other = fixture_clone(s);
    open_it(f, s);
    fixture_advance(f, 100);
    struct cairn_future probe = fixture_send(&f->a, s, 7);
    assert_pending(&f->a, &probe);
    struct cairn_mock_request *request = cairn_mock_expect(f->mock, 7);
    assert_refused_call(f, other, "open for 100 ms: 3 failures in a row");
    cairn_mock_respond(request, cairn_test_value_new(8));
    assert_response(&f->a, &probe, 8);
    pass_one(f, other);
    cairn_service_drop(s);
    cairn_service_drop(other);
}

static void probe_that_fails_opens_for_twice_as_long(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = breaker(f);
    open_it(f, s);
    fixture_advance(f, 100);
    fail_one(f, s);
    assert_refused_call(f, s, "open for 200 ms: a probe failed");
    fixture_advance(f, 199);
    assert_refused_call(f, s, "open for 200 ms: a probe failed");
    fixture_advance(f, 1);
    pass_one(f, s);
    assert_says(s, "state", "closed");
    cairn_service_drop(s);
}

static void X005_probe_that_is_dropped_is_followed_by_another(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = breaker(f);
    open_it(f, s);
    fixture_advance(f, 100);
    for (int i = 0; i < 3; i++) {
        struct cairn_future probe = fixture_send(&f->a, s, 7);
        if (i)
            assert_pending(&f->a, &probe);
        cairn_future_drop(&probe);
        cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    }
    pass_one(f, s);
    assert_says(s, "state", "closed");
    cairn_service_drop(s);
}

static void calls_that_are_given_up_are_not_judged(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = breaker(f);
    for (int i = 0; i < 9; i++) {
        struct cairn_future future = fixture_send(&f->a, s, i);
        assert_pending(&f->a, &future);
        cairn_future_drop(&future);
        cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    }
    assert_says(s, "state", "closed");
    assert_int_equal(fixture_number(s, "requests"), 0);
    cairn_service_drop(s);
}

static void handle_that_waits_for_inner_when_it_opens_is_woken_to_fail(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = breaker(f);
    struct cairn_service *other = fixture_clone(s);
    fail_one(f, s);
    fail_one(f, s);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->b, other);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "mock", "down");
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, other);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 0);
    future = fixture_call(other, 2);
    assert_failure(&f->b, &future, CAIRN_ERROR_UNAVAILABLE, "circuit_breaker",
        "open for 100 ms: 3 failures in a row");
    cairn_service_drop(s);
    cairn_service_drop(other);
}

static void handle_that_waits_for_inner_is_woken_to_fail_when_the_last_probe_is_out(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = breaker(f);
    struct cairn_service *other = fixture_clone(s);
    open_it(f, s);
    fixture_advance(f, 150);
    assert_ready(&f->a, s);
    cairn_mock_allow(f->mock, 1); /* the one that is reserved */
    assert_not_ready(&f->b, other);
    cairn_test_settle(f->runtime);
    assert_false(cairn_harness_is_woken(&f->b)); /* the open time has passed: no timer */
    struct cairn_future probe = fixture_call(s, 7);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, other);
    cairn_future_drop(&probe);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(s);
    cairn_service_drop(other);
}

static void handle_that_was_ready_when_it_opened_fails_and_gives_inner_back(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = breaker(f);
    struct cairn_service *other = fixture_clone(s);
    assert_ready(&f->b, other);
    open_it(f, s);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 1);
    assert_ready(&f->b, other);
    struct cairn_future future = fixture_call(other, 5);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_failure(&f->b, &future, CAIRN_ERROR_UNAVAILABLE, "circuit_breaker",
        "open for 100 ms: 3 failures in a row");
    cairn_service_drop(s);
    cairn_service_drop(other);
}

static void X001_ready_to_refuse_stays_ready_when_inner_would_be_waited_for(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = breaker(f);
    open_it(f, s);
    assert_ready(&f->a, s);
    fixture_advance(f, 100);
    cairn_mock_allow(f->mock, 0);
    assert_ready(&f->a, s);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 0);
    struct cairn_future future = fixture_call(s, 1);
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "circuit_breaker",
        "open for 100 ms: 3 failures in a row");
    cairn_service_drop(s);
}

static void ready_to_refuse_becomes_ready_to_probe_when_asked_again(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = breaker(f);
    open_it(f, s);
    assert_ready(&f->a, s);
    fixture_advance(f, 100);
    pass_one(f, s);
    assert_says(s, "state", "closed");
    cairn_service_drop(s);
}

static void opens_on_the_rate_of_failures_in_the_window(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_circuit_breaker(.failure_rate = 0.5, .min_requests = 4,
                                   .window_ms = 1000, .seed = 1));
    fail_one(f, s);
    fail_one(f, s);
    fixture_advance(f, 1100); /* both expire */
    pass_one(f, s);
    pass_one(f, s);
    fail_one(f, s);
    assert_says(s, "state", "closed");
    fail_one(f, s);
    assert_says(s, "state", "open");
    cairn_service_drop(s);
}

/* Even numbers are good answers. Errors are none of its business. */
static enum cairn_circuit_verdict odd_fails(
    void *cx, const void *response, const struct cairn_error *error)
{
    ++*(unsigned *)cx;
    if (error)
        return CAIRN_CIRCUIT_IGNORED;
    return cairn_test_value_number(response) % 2 ? CAIRN_CIRCUIT_FAILURE : CAIRN_CIRCUIT_SUCCESS;
}

static void classifier_sees_responses_and_decides(void **state)
{
    struct fixture *f = *state;
    unsigned asked = 0;
    struct cairn_service *s = fixture_around_mock(
        f, cairn_circuit_breaker(.failures = 1, .classify = odd_fails, .classify_cx = &asked,
               .backoff = {.min_ms = 100, .max_ms = 100}));
    fail_one(f, s);
    pass_one(f, s);
    assert_says(s, "state", "closed");
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_respond(f, 1, 3);
    assert_response(&f->a, &future, 3);
    assert_refused_call(f, s, "open for 100 ms: 1 failure in a row");
    assert_int_equal(asked, 3);
    cairn_service_drop(s);
}

static void errors_that_tell_of_the_request_do_not_count_by_default(void **state)
{
    static const enum cairn_error_code ignored[] = {CAIRN_ERROR_MEMORY, CAIRN_ERROR_INVALID,
        CAIRN_ERROR_TYPE, CAIRN_ERROR_LIMITED, CAIRN_ERROR_CANCELLED, CAIRN_ERROR_REJECTED,
        CAIRN_ERROR_NOT_FOUND, CAIRN_ERROR_CONFLICT, CAIRN_ERROR_TOO_LARGE};
    static const enum cairn_error_code counted[] = {CAIRN_ERROR_ELAPSED, CAIRN_ERROR_OVERLOADED,
        CAIRN_ERROR_CLOSED, CAIRN_ERROR_UNAVAILABLE, CAIRN_ERROR_PROTOCOL, CAIRN_ERROR_SYSTEM,
        CAIRN_ERROR_INTERNAL, CAIRN_ERROR_USER};
    struct cairn_error error = CAIRN_ERROR_STATIC(CAIRN_ERROR_USER, "test", "test");
    (void)state;
    assert_int_equal(cairn_circuit_verdict_of(NULL, NULL, NULL), CAIRN_CIRCUIT_SUCCESS);
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
        error.code = ignored[i];
        assert_int_equal(cairn_circuit_verdict_of(NULL, NULL, &error), CAIRN_CIRCUIT_IGNORED);
    }
    for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++) {
        error.code = counted[i];
        assert_int_equal(cairn_circuit_verdict_of(NULL, NULL, &error), CAIRN_CIRCUIT_FAILURE);
    }
}

static void waiting_circuit_is_not_ready_until_the_open_time_has_passed(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = waiting_breaker(f);
    fail_one(f, s);
    assert_not_ready(&f->a, s);
    fixture_advance(f, 99);
    assert_false(cairn_harness_is_woken(&f->a));
    fixture_advance(f, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    pass_one(f, s);
    assert_says(s, "state", "closed");
    assert_int_equal(fixture_number(s, "refused"), 0);
    cairn_service_drop(s);
}

static void waiting_handles_go_on_when_the_probe_has_succeeded(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = waiting_breaker(f);
    struct cairn_service *other = fixture_clone(s);
    fail_one(f, s);
    fixture_advance(f, 100);
    struct cairn_future probe = fixture_send(&f->a, s, 7);
    assert_not_ready(&f->b, other);
    fixture_respond(f, 7, 7);
    assert_false(cairn_harness_is_woken(&f->b));
    assert_response(&f->a, &probe, 7);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, other);
    cairn_service_drop(s);
    cairn_service_drop(other);
}

static void waiting_handles_wait_on_when_the_probe_has_failed(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = waiting_breaker(f);
    struct cairn_service *other = fixture_clone(s);
    fail_one(f, s);
    fixture_advance(f, 100);
    assert_ready(&f->a, s);
    assert_not_ready(&f->b, other);
    fail_one(f, s);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_not_ready(&f->b, other);
    fixture_advance(f, 199);
    assert_false(cairn_harness_is_woken(&f->b));
    fixture_advance(f, 1);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, other);
    cairn_service_drop(s);
    cairn_service_drop(other);
}

static void X004_probe_of_a_handle_that_is_dropped_goes_to_the_next(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = waiting_breaker(f);
    struct cairn_service *other = fixture_clone(s);
    fail_one(f, s);
    fixture_advance(f, 100);
    assert_ready(&f->a, s);
    assert_not_ready(&f->b, other);
    cairn_service_drop(s);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, other);
    cairn_service_release(other);
    assert_ready(&f->b, other);
    cairn_service_drop(other);
}

static void handle_that_waits_inside_when_it_opens_waits_for_the_circuit(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = waiting_breaker(f);
    struct cairn_service *other = fixture_clone(s);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->b, other);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "mock", "down");
    cairn_mock_allow(f->mock, 2);
    assert_not_ready(&f->b, other);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 0);
    cairn_service_drop(s);
    cairn_service_drop(other);
}

static void waiter_that_leaves_from_the_middle_leaves_the_rest_in_line(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = waiting_breaker(f);
    struct cairn_service *b = fixture_clone(s);
    struct cairn_service *c = fixture_clone(s);
    fail_one(f, s);
    assert_not_ready(&f->a, s);
    assert_not_ready(&f->a, b);
    assert_not_ready(&f->b, c);
    cairn_service_release(b);
    cairn_service_release(c);
    assert_not_ready(&f->b, c);
    cairn_service_drop(s);
    fixture_advance(f, 100);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, c);
    cairn_service_drop(b);
    cairn_service_drop(c);
}

static void future_outlives_the_service_and_its_open_circuit(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = waiting_breaker(f);
    struct cairn_future late = fixture_send(&f->a, s, 9);
    struct cairn_mock_request *request = cairn_mock_expect(f->mock, 9);
    fail_one(f, s);
    assert_not_ready(&f->a, s);
    cairn_service_drop(s);
    cairn_mock_respond(request, cairn_test_value_new(9));
    assert_response(&f->a, &late, 9);
    fixture_advance(f, 100);
}

static void opens_without_memory_too(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = waiting_breaker(f);
    struct cairn_service *other = fixture_clone(s);
    union cairn_outcome out;
    assert_ready(&f->b, other);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    cairn_test_alloc_fail_at(1);
    assert_int_equal(cairn_harness_poll(&f->a, &future, &out), CAIRN_FAILED);
    assert_true(cairn_test_alloc_has_failed());
    cairn_error_unref(out.error);
    future = fixture_call(other, 2);
    assert_failure(&f->b, &future, CAIRN_ERROR_UNAVAILABLE, "circuit_breaker", "open");
    cairn_service_drop(s);
    cairn_service_drop(other);
}

static void answer_at_once_passes_without_a_box(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(cairn_circuit_breaker(), fixture_plain_echo());
    assert_ready(&f->a, s);
    size_t before = cairn_test_alloc_count();
    struct cairn_future future = fixture_call_plain(s);
    assert_true(cairn_future_is_complete(&future));
    assert_int_equal(cairn_test_alloc_count(), before);
    cairn_future_drop(&future);
    assert_int_equal(fixture_number(s, "requests"), 1);
    cairn_service_drop(s);
}

static void permit_of_a_limit_inside_is_free_while_it_is_open(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *limited = fixture_around_mock(f, cairn_concurrency_limit(.max = 1));
    struct cairn_service *s = fixture_apply(cairn_circuit_breaker(.failures = 1), limited);
    fail_one(f, s);
    assert_ready(&f->a, s);
    assert_int_equal(fixture_number(s, "in_flight"), 0);
    cairn_service_drop(s);
}

static void call_at_once(void *cx)
{
    cairn_service_call(cx, NULL);
}

static void call_without_readiness_is_an_assertion(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = breaker(f);
    assert_string_equal(
        cairn_test_misuse(call_at_once, s), "circuit_breaker: called without having been ready");
    cairn_service_drop(s);
}

static void defaults_are_as_the_header_says(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_circuit_breaker_layer(NULL));
    assert_int_equal(fixture_number(s, "max_in_a_row"), 5);
    assert_int_equal(fixture_number(s, "probes"), 1);
    cairn_service_drop(s);
    s = fixture_around_mock(f, cairn_circuit_breaker(.failure_rate = 0.25));
    assert_int_equal(fixture_number(s, "max_rate"), 25);
    assert_int_equal(fixture_number(s, "min_requests"), 20);
    assert_int_equal(fixture_number(s, "window"), 10000);
    cairn_service_drop(s);
}

static void assert_invalid(struct fixture *f, struct cairn_layer layer, const char *message)
{
    assert_refused(layer, cairn_mock_service(f->mock), CAIRN_ERROR_INVALID, message);
}

static void options_out_of_range_are_refused_by_name(void **state)
{
    struct fixture *f = *state;
    assert_invalid(f, cairn_circuit_breaker(.failures = 1000001),
        "failures must be 1 to 1000000, got 1000001");
    assert_invalid(
        f, cairn_circuit_breaker(.failure_rate = 1.5), "failure_rate must be 0 to 1, got 1.5");
    assert_invalid(
        f, cairn_circuit_breaker(.failure_rate = -1), "failure_rate must be 0 to 1, got -1");
    assert_invalid(f, cairn_circuit_breaker(.min_requests = 1000001),
        "min_requests must be 1 to 1000000, got 1000001");
    assert_invalid(
        f, cairn_circuit_breaker(.window_ms = 9), "window_ms must be 10 to 3600000, got 9");
    assert_invalid(f, cairn_circuit_breaker(.window_ms = 3600001),
        "window_ms must be 10 to 3600000, got 3600001");
    assert_invalid(f, cairn_circuit_breaker(.probes = 1001), "probes must be 1 to 1000, got 1001");
    assert_invalid(f, cairn_circuit_breaker(.backoff = {.max_ms = 5}),
        "backoff.min_ms must be 1 or more, got 0");
    assert_invalid(f, cairn_circuit_breaker(.backoff = {.min_ms = 5}),
        "backoff.max_ms must be 1 or more, got 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(circuit_breaker_keeps_the_service_contract),
        cmocka_unit_test(circuit_breaker_that_waits_keeps_the_service_contract),
        fixture_test(open_circuit_is_ready_and_fails_at_once_with_the_reason),
        fixture_test(refusal_has_the_failure_that_opened_as_source_and_allocates_nothing),
        fixture_test(open_circuit_is_ready_though_inner_is_not),
        fixture_test(state_and_reason_are_described),
        fixture_test(one_probe_goes_through_and_the_others_fail_meanwhile),
        fixture_test(probe_that_fails_opens_for_twice_as_long),
        fixture_test(X005_probe_that_is_dropped_is_followed_by_another),
        fixture_test(calls_that_are_given_up_are_not_judged),
        fixture_test(handle_that_waits_for_inner_when_it_opens_is_woken_to_fail),
        fixture_test(handle_that_waits_for_inner_is_woken_to_fail_when_the_last_probe_is_out),
        fixture_test(handle_that_was_ready_when_it_opened_fails_and_gives_inner_back),
        fixture_test(X001_ready_to_refuse_stays_ready_when_inner_would_be_waited_for),
        fixture_test(ready_to_refuse_becomes_ready_to_probe_when_asked_again),
        fixture_test(opens_on_the_rate_of_failures_in_the_window),
        fixture_test(classifier_sees_responses_and_decides),
        cmocka_unit_test(errors_that_tell_of_the_request_do_not_count_by_default),
        fixture_test(waiting_circuit_is_not_ready_until_the_open_time_has_passed),
        fixture_test(waiting_handles_go_on_when_the_probe_has_succeeded),
        fixture_test(waiting_handles_wait_on_when_the_probe_has_failed),
        fixture_test(X004_probe_of_a_handle_that_is_dropped_goes_to_the_next),
        fixture_test(handle_that_waits_inside_when_it_opens_waits_for_the_circuit),
        fixture_test(waiter_that_leaves_from_the_middle_leaves_the_rest_in_line),
        fixture_test(future_outlives_the_service_and_its_open_circuit),
        fixture_test(opens_without_memory_too),
        fixture_test(answer_at_once_passes_without_a_box),
        fixture_test(permit_of_a_limit_inside_is_free_while_it_is_open),
        fixture_test(call_without_readiness_is_an_assertion),
        fixture_test(defaults_are_as_the_header_says),
        fixture_test(options_out_of_range_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
