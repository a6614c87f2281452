#include <cairn/layers/rate_limit_keyed.h>

#include "fixture.h"

#include <cairn/layers/concurrency_limit.h>
#include <cairn/testkit/contract.h>

/* The number of a test value is its key: its tens. 0 has none. */
static struct cairn_str tens(void *cx, const void *req)
{
    static const char digits[] = "0123456789";
    int number = cairn_test_value_number(req) / 10;
    (void)cx;
    return number ? cairn_str_of(&digits[number % 10], 1) : cairn_str_from(NULL);
}

static struct cairn_str one_key(void *cx, const void *req)
{
    (void)cx;
    (void)req;
    return CAIRN_STR("all");
}

static void rate_limit_keyed_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer =
        cairn_rate_limit_keyed(.key = one_key, .num = 1000000, .keys = 1);
    (void)state;
    cairn_contract_check(&layer);
}

static void rate_limit_keyed_that_waits_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_rate_limit_keyed(.key = one_key, .num = 1, .per_ms = 100,
        .max_wait_ms = 86400000, .keys = 1);
    const struct cairn_contract_options opts = {
        .size = sizeof(opts), .may_queue = true, .step_ms = 100};
    (void)state;
    cairn_contract_check_with(&layer, &opts);
}

static struct cairn_service *limit_of(struct fixture *f, uint64_t max_wait_ms)
{
    return fixture_around_mock(f, cairn_rate_limit_keyed(.key = tens, .num = 2, .per_ms = 1000,
                                      .keys = 1, .max_wait_ms = max_wait_ms));
}

static void pass(struct fixture *f, struct cairn_service *s, int number)
{
    struct cairn_future future = fixture_send(&f->a, s, number);
    fixture_respond(f, number, number);
    assert_response(&f->a, &future, number);
}

static void assert_limited(struct fixture *f, struct cairn_service *s, int number)
{
    struct cairn_future future = fixture_send(&f->a, s, number);
    assert_failure(&f->a, &future, CAIRN_ERROR_LIMITED, "rate_limit_keyed",
        "the share of this key is used up");
    assert_nothing_sent(f);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
}

static void call_over_the_rate_of_its_key_is_refused_and_others_are_not(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 0);
    pass(f, s, 10);
    pass(f, s, 11);
    assert_limited(f, s, 12);
    pass(f, s, 20);
    fixture_advance(f, 499);
    assert_limited(f, s, 12);
    fixture_advance(f, 1);
    pass(f, s, 12);
    assert_limited(f, s, 13);
    assert_int_equal(fixture_number(s, "refused"), 3);
    cairn_service_drop(s);
}

static void request_without_a_key_is_not_limited(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 0);
    for (int i = 0; i < 10; i++)
        pass(f, s, i);
    assert_int_equal(fixture_number(s, "unkeyed"), 10);
    cairn_service_drop(s);
}

static void refusal_allocates_nothing(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 0);
    pass(f, s, 10);
    pass(f, s, 10);
    assert_ready(&f->a, s);
    void *req = cairn_test_value_new(10);
    size_t before = cairn_test_alloc_count();
    struct cairn_future future = cairn_service_call(s, req);
    assert_int_equal(cairn_test_alloc_count(), before);
    cairn_future_drop(&future);
    cairn_service_drop(s);
}

static void answer_at_once_passes_without_a_box(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_apply(cairn_rate_limit_keyed(.key = one_key, .keys = 1), fixture_plain_echo());
    assert_ready(&f->a, s);
    size_t before = cairn_test_alloc_count();
    struct cairn_future future = fixture_call_plain(s);
    assert_true(cairn_future_is_complete(&future));
    assert_int_equal(cairn_test_alloc_count(), before);
    cairn_future_drop(&future);
    cairn_service_drop(s);
}

static void copies_share_the_limit(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 0);
    struct cairn_service *copy = fixture_clone(s);
    pass(f, s, 10);
    pass(f, copy, 11);
    assert_limited(f, s, 12);
    assert_limited(f, copy, 12);
    assert_int_equal(fixture_number(s, "refused"), 2);
    cairn_service_drop(s);
    pass(f, copy, 20);
    cairn_service_drop(copy);
}

static void X013_two_applications_are_two_limits_and_one_limiter_is_one(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    const struct cairn_keyed_limiter_options opts = {
        .size = sizeof(opts), .num = 1, .per_ms = 1000, .keys = 1};
    struct cairn_keyed_limiter *limiter = cairn_keyed_limiter_new(&opts, &error);
    const struct cairn_layer shared = cairn_rate_limit_keyed(.key = tens, .limiter = limiter);
    const struct cairn_layer own =
        cairn_rate_limit_keyed(.key = tens, .num = 1, .per_ms = 1000, .keys = 1);
    struct cairn_service *s[] = {fixture_around_mock(f, shared), fixture_around_mock(f, shared),
        fixture_around_mock(f, own), fixture_around_mock(f, own)};
    cairn_keyed_limiter_unref(limiter);
    pass(f, s[0], 10);
    assert_limited(f, s[1], 10);
    pass(f, s[2], 10);
    pass(f, s[3], 10);
    for (int i = 0; i < 4; i++)
        cairn_service_drop(s[i]);
}

struct seen {
    struct cairn_keyed_answer answer;
    int number;
    unsigned count;
};

static void see(void *cx, void *req, const struct cairn_keyed_answer *answer)
{
    struct seen *seen = cx;
    seen->answer = *answer;
    seen->number = cairn_test_value_number(req);
    seen->count++;
}

static void remaining_and_reset_are_reported_for_passed_and_refused_requests(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {.count = 0};
    struct cairn_service *s =
        fixture_around_mock(f, cairn_rate_limit_keyed(.key = tens, .report = see, .cx = &seen,
                                   .num = 2, .per_ms = 1000, .keys = 1));
    pass(f, s, 10);
    assert_int_equal(seen.number, 10);
    assert_int_equal(seen.answer.limit, 2);
    assert_int_equal(seen.answer.remaining, 1);
    assert_int_equal(seen.answer.reset_ms, 500);
    pass(f, s, 11);
    assert_limited(f, s, 12);
    assert_int_equal(seen.number, 12);
    assert_false(seen.answer.is_allowed);
    assert_int_equal(seen.answer.remaining, 0);
    assert_int_equal(seen.answer.reset_ms, 1000);
    assert_int_equal(seen.answer.wait_ms, 500);
    pass(f, s, 1);
    assert_int_equal(seen.count, 3);
    cairn_service_drop(s);
}

/* Key 2 has ten times as much, key 3 nothing, key 4 all it wants. */
static void rate_of(void *cx, const void *req, struct cairn_str key, struct cairn_keyed_rate *rate)
{
    (void)cx;
    (void)req;
    assert_int_equal(rate->num, 1);
    if (key.data[0] == '2')
        rate->num = rate->burst = 10;
    else if (key.data[0] == '3')
        rate->num = 0;
    else if (key.data[0] == '4')
        rate->num = CAIRN_KEYED_UNLIMITED;
}

static void rate_of_a_key_may_be_overridden(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f,
        cairn_rate_limit_keyed(.key = tens, .rate = rate_of, .num = 1, .per_ms = 1000, .keys = 1));
    pass(f, s, 10);
    assert_limited(f, s, 10);
    for (int i = 0; i < 10; i++)
        pass(f, s, 20);
    assert_limited(f, s, 20);
    assert_limited(f, s, 30);
    for (int i = 0; i < 100; i++)
        pass(f, s, 40);
    cairn_service_drop(s);
}

static void call_that_may_wait_goes_on_when_it_is_its_turn(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 600);
    pass(f, s, 10);
    pass(f, s, 10);
    struct cairn_future future = fixture_send(&f->a, s, 13);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_pending(&f->a, &future);
    assert_limited(f, s, 14); /* it would wait for 1000 ms */
    fixture_advance(f, 499);
    assert_false(cairn_harness_is_woken(&f->a));
    assert_nothing_sent(f);
    fixture_advance(f, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_pending(&f->a, &future);
    fixture_respond(f, 13, 1);
    assert_response(&f->a, &future, 1);
    assert_int_equal(fixture_number(s, "waited"), 1);
    cairn_service_drop(s);
}

static void call_that_has_waited_waits_for_inner_too(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 600);
    pass(f, s, 10);
    pass(f, s, 10);
    struct cairn_future future = fixture_send(&f->a, s, 13);
    cairn_service_drop(s);
    assert_pending(&f->a, &future);
    cairn_mock_allow(f->mock, 0);
    fixture_advance(f, 500);
    assert_pending(&f->a, &future);
    assert_nothing_sent(f);
    cairn_mock_allow(f->mock, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_pending(&f->a, &future);
    fixture_respond(f, 13, 1);
    assert_response(&f->a, &future, 1);
}

static void failure_of_inner_after_the_wait_is_the_calls(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 600);
    pass(f, s, 10);
    pass(f, s, 10);
    struct cairn_future future = fixture_send(&f->a, s, 13);
    assert_pending(&f->a, &future);
    cairn_mock_fail_ready(f->mock, cairn_error_new(CAIRN_ERROR_CLOSED, "mock", NULL, "%s", "gone"));
    fixture_advance(f, 500);
    assert_failure(&f->a, &future, CAIRN_ERROR_CLOSED, "mock", "gone");
    cairn_service_drop(s);
}

static void X005_call_dropped_in_each_state_gives_back_all_but_its_share(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 86400000);
    pass(f, s, 10);
    pass(f, s, 10);
    struct cairn_future unpolled = fixture_send(&f->a, s, 10);
    cairn_future_drop(&unpolled);
    struct cairn_future polled = fixture_send(&f->a, s, 10);
    assert_pending(&f->a, &polled);
    cairn_future_drop(&polled);
    struct cairn_future sent = fixture_send(&f->a, s, 10);
    assert_pending(&f->a, &sent);
    fixture_advance(f, 1499);
    assert_nothing_sent(f);
    fixture_advance(f, 1);
    assert_pending(&f->a, &sent);
    struct cairn_mock_request *request = cairn_mock_expect(f->mock, 10);
    cairn_future_drop(&sent);
    assert_true(cairn_mock_is_abandoned(request));
    cairn_mock_request_drop(request);
    cairn_service_drop(s);
}

static void call_that_waits_leaves_its_permit_to_others(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *limited = fixture_around_mock(f, cairn_concurrency_limit(.max = 1));
    struct cairn_service *s = fixture_apply(
        cairn_rate_limit_keyed(.key = tens, .num = 1, .per_ms = 100, .max_wait_ms = 100, .keys = 1),
        limited);
    pass(f, s, 10);
    struct cairn_future future = fixture_send(&f->b, s, 10);
    assert_pending(&f->b, &future);
    pass(f, s, 20);
    cairn_future_drop(&future);
    cairn_service_drop(s);
}

static void call_without_memory_to_wait_fails(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limit_of(f, 600);
    union cairn_outcome out;
    pass(f, s, 10);
    pass(f, s, 10);
    assert_ready(&f->a, s);
    void *req = cairn_test_value_new(10);
    cairn_test_alloc_fail_at(1);
    struct cairn_future future = cairn_service_call(s, req);
    assert_true(cairn_test_alloc_has_failed());
    assert_int_equal(cairn_harness_poll(&f->a, &future, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &cairn_error_no_memory);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    cairn_service_drop(s);
}

static void what_does_not_fit_is_refused_when_the_stack_is_built(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_keyed_limiter *limiter = cairn_keyed_limiter_new(NULL, &error);
    const struct cairn_mock_options fixed = {.size = sizeof(fixed), .not_cloneable = true};
    struct cairn_mock *mock = cairn_mock_new(&fixed);
    assert_refused(cairn_rate_limit_keyed_layer(NULL), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "key must be a function, got none");
    assert_refused(cairn_rate_limit_keyed(.key = tens, .max_wait_ms = 86400001),
        cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "max_wait_ms must be 0 to 86400000, got 86400001");
    assert_refused(cairn_rate_limit_keyed(.key = tens, .limiter = limiter, .burst = 1),
        cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "num, per_ms, burst and keys must be 0 with a limiter, which has its own");
    assert_refused(cairn_rate_limit_keyed(.key = tens, .num = 1000000001),
        cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "num must be 1 to 1000000000, got 1000000001");
    assert_refused(cairn_rate_limit_keyed(.key = tens, .max_wait_ms = 1), cairn_mock_service(mock),
        CAIRN_ERROR_TYPE, "needs a service that can be cloned to wait with max_wait_ms");
    cairn_service_drop(
        fixture_apply(cairn_rate_limit_keyed(.key = tens), cairn_mock_service(mock)));
    cairn_mock_free(mock);
    cairn_keyed_limiter_unref(limiter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rate_limit_keyed_keeps_the_service_contract),
        cmocka_unit_test(rate_limit_keyed_that_waits_keeps_the_service_contract),
        fixture_test(call_over_the_rate_of_its_key_is_refused_and_others_are_not),
        fixture_test(request_without_a_key_is_not_limited),
        fixture_test(refusal_allocates_nothing),
        fixture_test(answer_at_once_passes_without_a_box),
        fixture_test(copies_share_the_limit),
        fixture_test(X013_two_applications_are_two_limits_and_one_limiter_is_one),
        fixture_test(remaining_and_reset_are_reported_for_passed_and_refused_requests),
        fixture_test(rate_of_a_key_may_be_overridden),
        fixture_test(call_that_may_wait_goes_on_when_it_is_its_turn),
        fixture_test(call_that_has_waited_waits_for_inner_too),
        fixture_test(failure_of_inner_after_the_wait_is_the_calls),
        fixture_test(X005_call_dropped_in_each_state_gives_back_all_but_its_share),
        fixture_test(call_that_waits_leaves_its_permit_to_others),
        fixture_test(call_without_memory_to_wait_fails),
        fixture_test(what_does_not_fit_is_refused_when_the_stack_is_built),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
