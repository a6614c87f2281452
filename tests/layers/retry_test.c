#include <cairn/layers/retry.h>

#include "fixture.h"

#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/sleep.h>
#include <cairn/testkit/contract.h>

#define AT_ONCE                  \
    {                            \
        .min_ms = 0, .max_ms = 1 \
    }

static bool every_failure(void *cx, const struct cairn_retry_attempt *attempt)
{
    (void)cx;
    return attempt->p == CAIRN_FAILED;
}

static void retry_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer =
        cairn_retry(.classify = every_failure, .backoff = {.min_ms = 10, .max_ms = 100});
    const struct cairn_contract_options opts = {
        .size = sizeof(opts), .may_repeat = true, .may_recover = true, .step_ms = 100};
    (void)state;
    cairn_contract_check_with(&layer, &opts);
}

/* A policy of a user's own. It asks for LIMIT retries of everything, and does what it is told. */
struct script {
    struct cairn_retry_policy base;
    unsigned limit;
    bool retries_successes;
    bool adds_ten; /* to the request */
    bool cannot_clone;
    bool takes_request;
    bool replaces_outcome; /* of the last attempt: success by error, error by success */
    uint64_t wait_ms;
    struct cairn_error *wait_error;
    unsigned asked;
    unsigned begun;
    unsigned ended;
};

static void script_begin(struct cairn_retry_policy *base, void *session)
{
    assert_int_equal(*(unsigned *)session, 0);
    ((struct script *)base)->begun++;
}

static void script_end(struct cairn_retry_policy *base, void *session)
{
    (void)session;
    ((struct script *)base)->ended++;
}

static void *script_clone(struct cairn_retry_policy *base, void *session,
    const struct cairn_type *type, const void *request)
{
    (void)session;
    if (((struct script *)base)->cannot_clone)
        return NULL;
    return type->clone(request);
}

static void script_replace(struct cairn_retry_attempt *attempt)
{
    static struct cairn_error replaced =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_REJECTED, "script", "not good enough");
    if (attempt->p == CAIRN_READY) {
        cairn_type_drop(attempt->response_type, attempt->out.value);
        attempt->p = CAIRN_FAILED;
        attempt->out.error = &replaced;
    } else {
        cairn_error_unref(attempt->out.error);
        attempt->p = CAIRN_READY;
        attempt->out.value = cairn_test_value_new(99);
    }
}

static bool script_retry(
    struct cairn_retry_policy *base, void *session, struct cairn_retry_attempt *attempt)
{
    struct script *self = (struct script *)base;
    unsigned *retries = session;
    self->asked++;
    if (self->adds_ten)
        cairn_test_value_set(attempt->request, cairn_test_value_number(attempt->request) + 10);
    bool is_wanted = attempt->p == CAIRN_FAILED || self->retries_successes;
    if (!is_wanted || *retries == self->limit) {
        if (self->replaces_outcome)
            script_replace(attempt);
        return false;
    }
    ++*retries;
    if (self->takes_request) {
        cairn_type_drop(attempt->request_type, attempt->request);
        attempt->request = NULL;
    }
    if (self->wait_error)
        attempt->wait = cairn_future_failed(self->wait_error);
    else if (self->wait_ms)
        attempt->wait = cairn_sleep(self->wait_ms);
    return true;
}

static const struct cairn_retry_policy_ops script_ops = {
    .name = "script",
    .session_size = sizeof(unsigned),
    .begin = script_begin,
    .end = script_end,
    .clone_request = script_clone,
    .retry = script_retry,
};

static struct cairn_service *around_mock(struct fixture *f, struct script *script)
{
    script->base.ops = &script_ops;
    return fixture_around_mock(f, cairn_retry(.policy = &script->base));
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

static void T106_third_failure_is_returned_with_its_own_text_at_a_limit_of_two(void **state)
{
    struct fixture *f = *state;
    struct script script = {.limit = 2};
    struct cairn_service *s = around_mock(f, &script);
    exhaust(f, s, "third");
    assert_int_equal(fixture_number(s, "retries"), 2);
    cairn_service_drop(s);
}

static void T107_retriable_error_is_retried_and_reject_is_returned_at_once(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_retry(.backoff = AT_ONCE));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "retry me");
    assert_pending(&f->a, &future);
    fixture_fail(f, 1, CAIRN_ERROR_REJECTED, "reject");
    assert_failure(&f->a, &future, CAIRN_ERROR_REJECTED, "mock", "reject");
    assert_nothing_sent(f);
    cairn_service_drop(s);
}

static void T109_success_without_a_copy_is_returned(void **state)
{
    struct fixture *f = *state;
    struct script script = {.limit = 2, .cannot_clone = true};
    struct cairn_service *s = around_mock(f, &script);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    cairn_service_drop(s);
}

static void T109_failure_without_a_copy_is_final_and_the_policy_is_not_asked(void **state)
{
    struct fixture *f = *state;
    struct script script = {.limit = 2, .cannot_clone = true};
    struct cairn_service *s = around_mock(f, &script);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "mock", "down");
    assert_int_equal(script.asked, 0);
    assert_int_equal(script.begun, 1);
    assert_int_equal(script.ended, 1);
    cairn_service_drop(s);
}

static void T110_policy_may_retry_successes_and_change_the_request(void **state)
{
    struct fixture *f = *state;
    struct script script = {.limit = 2, .retries_successes = true, .adds_ten = true};
    struct cairn_service *s = around_mock(f, &script);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_respond(f, 1, 100);
    assert_pending(&f->a, &future);
    fixture_respond(f, 11, 200);
    assert_pending(&f->a, &future);
    fixture_respond(f, 21, 300);
    assert_response(&f->a, &future, 300);
    cairn_service_drop(s);
}

static void T110_policy_may_change_the_final_result(void **state)
{
    struct fixture *f = *state;
    struct script script = {.replaces_outcome = true};
    struct cairn_service *s = around_mock(f, &script);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_respond(f, 1, 2);
    assert_failure(&f->a, &future, CAIRN_ERROR_REJECTED, "script", "not good enough");
    future = fixture_send(&f->a, s, 3);
    fixture_fail(f, 3, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_response(&f->a, &future, 99);
    cairn_service_drop(s);
}

static void T112_policy_is_used_through_a_run_time_pointer(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct script script = {.base.ops = &script_ops};
    struct cairn_retry_policy *policies[2] = {&script.base, NULL};
    policies[1] = cairn_retry_standard_new(
        &(struct cairn_retry_standard_options){
            .size = sizeof(struct cairn_retry_standard_options), .attempts = 1},
        &error);
    for (int i = 0; i < 2; i++) {
        struct cairn_service *s = fixture_around_mock(f, cairn_retry(.policy = policies[i]));
        struct cairn_future future = fixture_send(&f->a, s, 1);
        fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
        assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "mock", "down");
        cairn_retry_policy_unref(policies[i]);
        assert_int_equal(fixture_number(s, "retries"), 0);
        cairn_service_drop(s);
    }
    assert_int_equal(script.asked, 1);
}

static void X020_sessions_do_not_leak_between_requests(void **state)
{
    struct fixture *f = *state;
    struct script script = {.limit = 2};
    struct cairn_service *s = around_mock(f, &script);
    exhaust(f, s, "third");
    exhaust(f, s, "third again");
    struct cairn_future one = fixture_send(&f->a, s, 1);
    struct cairn_future two = fixture_send(&f->a, s, 2);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "1 first");
    fixture_fail(f, 2, CAIRN_ERROR_UNAVAILABLE, "2 first");
    assert_pending(&f->a, &one);
    assert_pending(&f->a, &two);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "1 second");
    fixture_respond(f, 2, 22);
    assert_pending(&f->a, &one);
    assert_response(&f->a, &two, 22);
    fixture_respond(f, 1, 11);
    assert_response(&f->a, &one, 11);
    assert_int_equal(script.begun, 4);
    assert_int_equal(script.ended, 4);
    cairn_service_drop(s);
}

static void waits_for_the_future_of_the_policy(void **state)
{
    struct fixture *f = *state;
    struct script script = {.limit = 1, .wait_ms = 30};
    struct cairn_service *s = around_mock(f, &script);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_pending(&f->a, &future);
    fixture_advance(f, 29);
    assert_pending(&f->a, &future);
    assert_nothing_sent(f);
    fixture_advance(f, 1);
    assert_pending(&f->a, &future);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    cairn_service_drop(s);
}

static void failure_of_that_future_is_the_calls(void **state)
{
    struct fixture *f = *state;
    struct script script = {.limit = 1};
    script.wait_error = cairn_error_new(CAIRN_ERROR_CANCELLED, "script", NULL, "no more");
    struct cairn_service *s = around_mock(f, &script);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_failure(&f->a, &future, CAIRN_ERROR_CANCELLED, "script", "no more");
    cairn_service_drop(s);
}

static void waits_for_the_readiness_of_inner_before_a_retry(void **state)
{
    struct fixture *f = *state;
    struct script script = {.limit = 1};
    struct cairn_service *s = around_mock(f, &script);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    cairn_mock_allow(f->mock, 0);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_pending(&f->a, &future);
    assert_nothing_sent(f);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 1);
    cairn_harness_is_woken(&f->a);
    cairn_mock_allow(f->mock, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_pending(&f->a, &future);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    cairn_service_drop(s);
}

static void failure_of_that_readiness_ends_the_call(void **state)
{
    struct fixture *f = *state;
    struct script script = {.limit = 5};
    struct cairn_service *s = around_mock(f, &script);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    cairn_mock_fail_ready(f->mock, cairn_error_new(CAIRN_ERROR_CLOSED, "mock", NULL, "gone"));
    assert_failure(&f->a, &future, CAIRN_ERROR_CLOSED, "mock", "gone");
    assert_int_equal(script.ended, 1);
    cairn_service_drop(s);
}

static void dropping_the_future_during_the_back_off_gives_everything_back(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_retry());
    struct cairn_future future = fixture_send(&f->a, s, 1);
    size_t before = cairn_mock_counts(f->mock).services;
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_pending(&f->a, &future);
    assert_int_equal(cairn_mock_counts(f->mock).services, before + 1);
    assert_int_equal(cairn_test_value_live(), 1);
    cairn_future_drop(&future);
    assert_int_equal(cairn_mock_counts(f->mock).services, before);
    assert_int_equal(cairn_test_value_live(), 0);
    fixture_advance(f, 100000);
    assert_nothing_sent(f);
    cairn_service_drop(s);
}

static void dropping_the_future_while_inner_is_not_ready_gives_everything_back(void **state)
{
    struct fixture *f = *state;
    struct script script = {.limit = 1};
    struct cairn_service *s = around_mock(f, &script);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    cairn_mock_allow(f->mock, 0);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_pending(&f->a, &future);
    cairn_future_drop(&future);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 0);
    assert_int_equal(script.ended, 1);
    cairn_service_drop(s);
}

static void permit_of_a_failed_attempt_is_back_before_the_next(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(
        cairn_retry(.backoff = AT_ONCE), fixture_around_mock(f, cairn_concurrency_limit(.max = 1)));
    exhaust(f, s, "third");
    assert_int_equal(fixture_number(s, "in_flight"), 0);
    assert_ready(&f->a, s);
    cairn_service_drop(s);
}

static void timeout_inside_bounds_each_attempt(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(
        cairn_retry(.backoff = AT_ONCE), fixture_around_mock(f, cairn_timeout(.after_ms = 100)));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &future);
    fixture_advance(f, 100);
    assert_pending(&f->a, &future);
    cairn_mock_request_drop(cairn_mock_expect(f->mock, 1));
    fixture_advance(f, 99);
    assert_pending(&f->a, &future);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    cairn_service_drop(s);
}

static void first_attempt_uses_the_readied_service_and_clones_nothing(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_retry());
    size_t clones = cairn_mock_counts(f->mock).clones;
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    assert_int_equal(cairn_mock_counts(f->mock).clones, clones);
    cairn_service_drop(s);
}

static void *plain_clone(const void *value)
{
    static int copy;
    (void)value;
    return &copy;
}

static void success_allocates_the_copy_of_the_request_alone(void **state)
{
    static const struct cairn_type plain = {.name = "test.plain", .clone = plain_clone};
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(cairn_retry(), cairn_test_echo(&plain));
    assert_ready(&f->a, s);
    size_t before = cairn_test_alloc_count();
    struct cairn_future future = fixture_call_plain(s);
    assert_true(cairn_future_is_complete(&future));
    assert_int_equal(cairn_test_alloc_count(), before);
    cairn_future_drop(&future);
    cairn_service_drop(s);
}

static void without_memory_for_a_retry_the_outcome_stands(void **state)
{
    struct fixture *f = *state;
    struct script script = {.limit = 1};
    struct cairn_service *s = around_mock(f, &script);
    for (size_t n = 1; n <= 2; n++) {
        struct cairn_future future = fixture_send(&f->a, s, 1);
        fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
        cairn_test_alloc_fail_at(n);
        assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "mock", "down");
        assert_true(cairn_test_alloc_has_failed());
        cairn_test_alloc_fail_at(0);
    }
    cairn_service_drop(s);
}

static void without_memory_for_another_copy_the_attempt_is_the_last(void **state)
{
    struct fixture *f = *state;
    struct script script = {.limit = 5};
    struct cairn_service *s = around_mock(f, &script);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    script.cannot_clone = true;
    assert_pending(&f->a, &future);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "still down");
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "mock", "still down");
    assert_int_equal(script.asked, 1);
    cairn_service_drop(s);
}

static void without_memory_what_the_policy_would_wait_for_is_dropped(void **state)
{
    struct fixture *f = *state;
    struct script script = {.limit = 1, .wait_ms = 30};
    struct cairn_service *s = around_mock(f, &script);
    for (size_t n = 1; n <= 2; n++) {
        union cairn_outcome out;
        struct cairn_future future = fixture_send(&f->a, s, 1);
        fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
        cairn_test_alloc_fail_at(n);
        assert_int_equal(cairn_harness_poll(&f->a, &future, &out), CAIRN_FAILED);
        assert_true(cairn_test_alloc_has_failed());
        cairn_error_unref(out.error);
        cairn_test_alloc_fail_at(0);
    }
    cairn_service_drop(s);
}

static void policy_that_takes_the_request_away_ends_the_call(void **state)
{
    struct fixture *f = *state;
    struct script script = {.limit = 1, .takes_request = true};
    struct cairn_service *s = around_mock(f, &script);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "mock", "down");
    assert_nothing_sent(f);
    cairn_service_drop(s);
}

static void *refuse(void *cx, void *req, struct cairn_error **error)
{
    static struct cairn_error refused =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_UNAVAILABLE, "leaf", "refused");
    ++*(unsigned *)cx;
    cairn_test_value_drop(req);
    *error = &refused;
    return NULL;
}

static void failure_at_once_is_retried_at_once_where_it_stands(void **state)
{
    struct fixture *f = *state;
    unsigned calls = 0;
    struct script script = {.base.ops = &script_ops, .limit = 2};
    struct cairn_service *s = fixture_apply(cairn_retry(.policy = &script.base),
        cairn_service_fn("leaf", &cairn_test_value_type, &cairn_test_value_type, refuse, &calls));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_true(cairn_future_is_complete(&future));
    assert_int_equal(calls, 3);
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "leaf", "refused");
    cairn_service_drop(s);
}

static void request_that_cannot_be_cloned_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct cairn_type untouchable = {.name = "http.upload"};
    assert_refused(cairn_retry(), cairn_test_echo(&untouchable), CAIRN_ERROR_TYPE,
        "needs a request that can be cloned; http.upload cannot");
    struct cairn_service *anything = cairn_mock_service(f->mock);
    anything->request_type = NULL;
    assert_refused(cairn_retry(), anything, CAIRN_ERROR_TYPE,
        "needs a request that can be cloned; a request without a type cannot");
}

static void policy_that_copies_itself_takes_any_request(void **state)
{
    struct fixture *f = *state;
    struct script script = {.base.ops = &script_ops, .cannot_clone = true};
    struct cairn_service *s =
        fixture_apply(cairn_retry(.policy = &script.base), cairn_test_echo(&cairn_test_fixed_type));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_response(&f->a, &future, 1);
    cairn_service_drop(s);
}

static void service_that_cannot_be_cloned_is_refused(void **state)
{
    const struct cairn_mock_options opts = {.size = sizeof(opts), .not_cloneable = true};
    struct cairn_mock *mock = cairn_mock_new(&opts);
    (void)state;
    assert_refused(cairn_retry(), cairn_mock_service(mock), CAIRN_ERROR_TYPE,
        "needs a service that can be cloned; mock cannot");
    cairn_mock_free(mock);
}

static void options_out_of_range_are_refused_by_name(void **state)
{
    struct fixture *f = *state;
    struct cairn_retry_policy_ops large = script_ops;
    large.session_size = CAIRN_RETRY_SESSION_BYTES + 1;
    struct script script = {.base.ops = &large};
    assert_refused(cairn_retry(.attempts = 101), cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "attempts must be 1 to 100, got 101");
    assert_refused(cairn_retry(.backoff = {.min_ms = 5, .max_ms = 4}), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "backoff.min_ms must be 0 to max_ms (4), got 5");
    assert_refused(cairn_retry(.policy = &script.base, .attempts = 3), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "policy must be the only option, got options of the standard one too");
    assert_refused(cairn_retry(.policy = &script.base), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "policy must have a session of 0 to 32 bytes, got 33 (script)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_keeps_the_service_contract),
        fixture_test(T106_third_failure_is_returned_with_its_own_text_at_a_limit_of_two),
        fixture_test(T107_retriable_error_is_retried_and_reject_is_returned_at_once),
        fixture_test(T109_success_without_a_copy_is_returned),
        fixture_test(T109_failure_without_a_copy_is_final_and_the_policy_is_not_asked),
        fixture_test(T110_policy_may_retry_successes_and_change_the_request),
        fixture_test(T110_policy_may_change_the_final_result),
        fixture_test(T112_policy_is_used_through_a_run_time_pointer),
        fixture_test(X020_sessions_do_not_leak_between_requests),
        fixture_test(waits_for_the_future_of_the_policy),
        fixture_test(failure_of_that_future_is_the_calls),
        fixture_test(waits_for_the_readiness_of_inner_before_a_retry),
        fixture_test(failure_of_that_readiness_ends_the_call),
        fixture_test(dropping_the_future_during_the_back_off_gives_everything_back),
        fixture_test(dropping_the_future_while_inner_is_not_ready_gives_everything_back),
        fixture_test(permit_of_a_failed_attempt_is_back_before_the_next),
        fixture_test(timeout_inside_bounds_each_attempt),
        fixture_test(first_attempt_uses_the_readied_service_and_clones_nothing),
        fixture_test(success_allocates_the_copy_of_the_request_alone),
        fixture_test(without_memory_for_a_retry_the_outcome_stands),
        fixture_test(without_memory_for_another_copy_the_attempt_is_the_last),
        fixture_test(request_that_cannot_be_cloned_is_refused),
        fixture_test(policy_that_copies_itself_takes_any_request),
        fixture_test(service_that_cannot_be_cloned_is_refused),
        fixture_test(options_out_of_range_are_refused_by_name),
        fixture_test(without_memory_what_the_policy_would_wait_for_is_dropped),
        fixture_test(policy_that_takes_the_request_away_ends_the_call),
        fixture_test(failure_at_once_is_retried_at_once_where_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
