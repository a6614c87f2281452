#include <cairn/layers/fallback.h>

#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/service_fn.h>
#include <cairn/testkit/contract.h>

/* Unavailable and elapsed; counts how often it was asked. */
static bool is_worth_it(void *cx, const struct cairn_error *error)
{
    unsigned *asked = cx;
    if (asked)
        ++*asked;
    return error->code == CAIRN_ERROR_UNAVAILABLE || error->code == CAIRN_ERROR_ELAPSED;
}

static void fallback_keeps_the_service_contract(void **state)
{
    struct cairn_service *second = cairn_test_echo(NULL);
    const struct cairn_layer plain = cairn_fallback(.service = second, .after_ms = 3600000);
    const struct cairn_layer sending =
        cairn_fallback(.service = second, .after_ms = 3600000, .on_error = is_worth_it);
    (void)state;
    cairn_contract_check(&plain);
    cairn_contract_check(&sending);
    cairn_service_drop(second);
}

static bool is_any(void *cx, const struct cairn_error *error)
{
    (void)cx;
    return error->code != CAIRN_ERROR_MEMORY;
}

static void fallback_that_takes_every_failure_keeps_the_service_contract(void **state)
{
    struct cairn_service *second = cairn_test_pending_once(NULL);
    const struct cairn_layer layer =
        cairn_fallback(.service = second, .after_ms = 3600000, .on_error = is_any);
    const struct cairn_contract_options opts = {
        .size = sizeof(opts), .may_recover = true, .may_replace = true, .may_hide_ready = true};
    (void)state;
    cairn_contract_check_with(&layer, &opts);
    cairn_service_drop(second);
}

/* First is the fixture's mock, second one of its own. */
struct pair {
    struct cairn_mock *mock;
    struct cairn_service *second;
    struct cairn_service *service;
};

static struct pair pair_open(struct fixture *f, bool is_sending)
{
    struct pair pair = {.mock = cairn_mock_new(NULL)};
    pair.second = cairn_mock_service(pair.mock);
    pair.service = fixture_around_mock(f, cairn_fallback(.service = pair.second, .after_ms = 500,
                                              .on_error = is_sending ? is_worth_it : NULL));
    return pair;
}

static void pair_close(struct pair *pair)
{
    cairn_service_drop(pair->service);
    cairn_service_drop(pair->second);
    assert_int_equal(cairn_mock_counts(pair->mock).services, 0);
    assert_int_equal(cairn_mock_counts(pair->mock).futures, 0);
    assert_int_equal(cairn_mock_counts(pair->mock).reserved, 0);
    cairn_mock_free(pair->mock);
}

static void pair_respond(struct pair *pair, int number, int answer)
{
    cairn_mock_respond(cairn_mock_expect(pair->mock, number), cairn_test_value_new(answer));
}

static void first_takes_the_calls_while_it_is_ready(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, true);
    struct cairn_future future = fixture_send(&f->a, pair.service, 1);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    assert_null(cairn_mock_next_request(pair.mock));
    assert_int_equal(fixture_number(pair.service, "diverted"), 0);
    assert_int_equal(fixture_number(pair.service, "rescued"), 0);
    pair_close(&pair);
}

/* First has not been ready for long enough; second is asked. */
static void pair_switch(struct fixture *f, struct pair *pair)
{
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, pair->service);
    fixture_advance(f, 500);
    assert_true(cairn_harness_is_woken(&f->a));
}

static void second_takes_the_calls_when_the_time_has_passed(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, false);
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, pair.service);
    fixture_advance(f, 499);
    assert_false(cairn_harness_is_woken(&f->a));
    fixture_advance(f, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    struct cairn_future future = fixture_send(&f->a, pair.service, 1);
    pair_respond(&pair, 1, 2);
    assert_response(&f->a, &future, 2);
    assert_nothing_sent(f);
    assert_int_equal(fixture_number(pair.service, "away"), 1);
    assert_int_equal(fixture_number(pair.service, "switches"), 1);
    assert_int_equal(fixture_number(pair.service, "diverted"), 1);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 0);
    pair_close(&pair);
}

static void copies_use_the_second_at_once_from_then_on(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, false);
    pair_switch(f, &pair);
    assert_ready(&f->a, pair.service);
    struct cairn_service *copy = fixture_clone(pair.service);
    struct cairn_future future = fixture_send(&f->b, copy, 1);
    pair_respond(&pair, 1, 2);
    assert_response(&f->b, &future, 2);
    assert_int_equal(fixture_number(pair.service, "switches"), 1);
    cairn_service_drop(copy);
    pair_close(&pair);
}

static void calls_go_to_the_first_again_as_soon_as_it_is_ready(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, false);
    pair_switch(f, &pair);
    struct cairn_future future = fixture_send(&f->a, pair.service, 1);
    pair_respond(&pair, 1, 1);
    assert_response(&f->a, &future, 1);
    cairn_mock_allow(f->mock, 1);
    future = fixture_send(&f->a, pair.service, 2);
    fixture_respond(f, 2, 3);
    assert_response(&f->a, &future, 3);
    assert_int_equal(fixture_number(pair.service, "away"), 0);
    assert_not_ready(&f->a, pair.service); /* the time begins anew */
    pair_close(&pair);
}

static void X001_ready_for_the_second_stays_so_when_the_first_is_ready(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, false);
    pair_switch(f, &pair);
    assert_ready(&f->a, pair.service);
    cairn_mock_allow(f->mock, 1);
    cairn_mock_allow(pair.mock, 1);
    assert_ready(&f->a, pair.service);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(cairn_mock_counts(pair.mock).reserved, 1);
    struct cairn_future future = fixture_call(pair.service, 1);
    pair_respond(&pair, 1, 2);
    assert_response(&f->a, &future, 2);
    pair_close(&pair);
}

static void whichever_is_ready_first_is_used_while_neither_is(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, false);
    cairn_mock_allow(pair.mock, 0);
    pair_switch(f, &pair);
    assert_not_ready(&f->a, pair.service);
    assert_int_equal(cairn_mock_counts(pair.mock).waiting, 1);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 1);
    cairn_mock_allow(f->mock, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    struct cairn_future future = fixture_send(&f->a, pair.service, 1);
    assert_int_equal(cairn_mock_counts(pair.mock).waiting, 0);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    pair_switch(f, &pair);
    assert_not_ready(&f->a, pair.service);
    cairn_mock_allow(pair.mock, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    future = fixture_send(&f->a, pair.service, 2);
    pair_respond(&pair, 2, 3);
    assert_response(&f->a, &future, 3);
    pair_close(&pair);
}

static void queue_that_moves_is_not_left(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *second = cairn_test_echo(NULL);
    struct cairn_service *s = fixture_apply(cairn_fallback(.service = second, .after_ms = 500),
        fixture_around_mock(f, cairn_concurrency_limit(.max = 1)));
    struct cairn_service *copy = fixture_clone(s);
    struct cairn_service *last = fixture_clone(s);
    assert_ready(&f->a, s);
    assert_not_ready(&f->a, copy);
    assert_not_ready(&f->b, last);
    fixture_advance(f, 400);
    cairn_service_release(s);
    assert_ready(&f->a, copy);
    fixture_advance(f, 400);
    assert_not_ready(&f->b, last);
    cairn_service_release(copy);
    assert_ready(&f->b, last);
    assert_int_equal(fixture_number(s, "switches"), 0);
    cairn_service_drop(s);
    cairn_service_drop(copy);
    cairn_service_drop(last);
    cairn_service_drop(second);
}

static void call_that_failed_with_a_chosen_error_goes_to_the_second(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, true);
    struct cairn_future future = fixture_send(&f->a, pair.service, 1);
    assert_pending(&f->a, &future);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_true(cairn_harness_is_woken(&f->a));
    assert_pending(&f->a, &future);
    pair_respond(&pair, 1, 2);
    assert_response(&f->a, &future, 2);
    assert_int_equal(fixture_number(pair.service, "rescued"), 1);
    assert_int_equal(fixture_number(pair.service, "diverted"), 0);
    pair_close(&pair);
}

static void other_errors_are_the_callers(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, true);
    struct cairn_future future = fixture_send(&f->a, pair.service, 1);
    fixture_fail(f, 1, CAIRN_ERROR_CONFLICT, "changed");
    assert_failure(&f->a, &future, CAIRN_ERROR_CONFLICT, "mock", "changed");
    assert_null(cairn_mock_next_request(pair.mock));
    pair_close(&pair);
}

static void without_on_error_every_error_is_the_callers_and_no_request_is_copied(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, false);
    size_t clones = cairn_test_value_clones();
    struct cairn_future future = fixture_send(&f->a, pair.service, 1);
    assert_int_equal(cairn_test_value_clones(), clones);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "mock", "down");
    pair_close(&pair);
}

static void error_of_the_second_is_the_callers(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, true);
    struct cairn_future future = fixture_send(&f->a, pair.service, 1);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_pending(&f->a, &future);
    cairn_mock_fail(cairn_mock_expect(pair.mock, 1),
        cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "mock", NULL, "down too"));
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "mock", "down too");
    pair_close(&pair);
}

static void failed_call_waits_until_the_second_is_ready(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, true);
    cairn_mock_allow(pair.mock, 0);
    struct cairn_future future = fixture_send(&f->a, pair.service, 1);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_pending(&f->a, &future);
    assert_null(cairn_mock_next_request(pair.mock));
    cairn_mock_allow(pair.mock, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_pending(&f->a, &future);
    pair_respond(&pair, 1, 2);
    assert_response(&f->a, &future, 2);
    pair_close(&pair);
}

static void failed_call_that_waits_may_be_dropped_and_outlives_the_service(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, true);
    cairn_mock_allow(pair.mock, 0);
    struct cairn_future waits = fixture_send(&f->a, pair.service, 1);
    struct cairn_future stays = fixture_send(&f->b, pair.service, 2);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    fixture_fail(f, 2, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_pending(&f->a, &waits);
    assert_pending(&f->b, &stays);
    cairn_future_drop(&waits);
    cairn_service_drop(pair.service);
    pair.service = NULL;
    cairn_mock_allow(pair.mock, 1);
    assert_false(cairn_harness_is_woken(&f->a));
    assert_pending(&f->b, &stays);
    pair_respond(&pair, 2, 3);
    assert_response(&f->b, &stays, 3);
    pair_close(&pair);
}

static void timeout_inside_sends_slow_calls_to_the_second(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *second = cairn_test_echo(NULL);
    struct cairn_service *s =
        fixture_apply(cairn_fallback(.service = second, .on_error = is_worth_it),
            fixture_around_mock(f, cairn_timeout(.after_ms = 100)));
    struct cairn_future future = fixture_send(&f->a, s, 7);
    assert_pending(&f->a, &future);
    fixture_advance(f, 100);
    assert_response(&f->a, &future, 7);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(s);
    cairn_service_drop(second);
}

static void *fail_at_once(void *cx, void *req, struct cairn_error **error)
{
    static struct cairn_error down = CAIRN_ERROR_STATIC(CAIRN_ERROR_UNAVAILABLE, "leaf", "down");
    (void)cx;
    cairn_test_value_drop(req);
    *error = &down;
    return NULL;
}

static void failure_at_once_is_rescued_too(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *second = cairn_test_echo(NULL);
    struct cairn_service *s =
        fixture_apply(cairn_fallback(.service = second, .on_error = is_worth_it),
            cairn_service_fn(
                "leaf", &cairn_test_value_type, &cairn_test_value_type, fail_at_once, NULL));
    struct cairn_future future = fixture_send(&f->a, s, 7);
    assert_response(&f->a, &future, 7);
    cairn_service_drop(s);
    cairn_service_drop(second);
}

static void first_that_died_of_a_chosen_error_is_replaced_for_good(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, true);
    cairn_mock_fail_ready(f->mock, cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "mock", NULL, "gone"));
    struct cairn_future future = fixture_send(&f->a, pair.service, 1);
    pair_respond(&pair, 1, 2);
    assert_response(&f->a, &future, 2);
    future = fixture_send(&f->a, pair.service, 3);
    pair_respond(&pair, 3, 4);
    assert_response(&f->a, &future, 4);
    cairn_mock_fail_ready(pair.mock, cairn_error_new(CAIRN_ERROR_CLOSED, "mock", NULL, "both"));
    assert_dead(&f->a, pair.service, "both");
    pair_close(&pair);
}

static void first_that_died_of_another_error_is_dead(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, true);
    cairn_mock_fail_ready(f->mock, cairn_error_new(CAIRN_ERROR_CLOSED, "mock", NULL, "gone"));
    assert_dead(&f->a, pair.service, "gone");
    pair_close(&pair);
}

static void second_that_is_dead_leaves_the_wait_for_the_first(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, false);
    pair_switch(f, &pair);
    cairn_mock_fail_ready(pair.mock, cairn_error_new(CAIRN_ERROR_CLOSED, "mock", NULL, "gone"));
    assert_not_ready(&f->a, pair.service);
    assert_not_ready(&f->a, pair.service);
    cairn_mock_allow(f->mock, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_ready(&f->a, pair.service);
    pair_close(&pair);
}

static void release_gives_the_seconds_reservation_back(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, false);
    pair_switch(f, &pair);
    assert_ready(&f->a, pair.service);
    assert_int_equal(cairn_mock_counts(pair.mock).reserved, 1);
    cairn_service_release(pair.service);
    assert_int_equal(cairn_mock_counts(pair.mock).reserved, 0);
    assert_ready(&f->a, pair.service);
    pair_close(&pair);
}

static void described_with_the_second_inside(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *second =
        fixture_apply(cairn_timeout(.after_ms = 77), cairn_test_echo(NULL));
    struct cairn_service *s = fixture_around_mock(f, cairn_fallback(.service = second));
    cairn_service_drop(second);
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    cairn_stack_print(s, out);
    fclose(out);
    assert_non_null(strstr(text, "77"));
    free(text);
    cairn_service_drop(s);
}

/* Each run ends with an answer or an error, of whichever service. */
static void switch_without_memory(void *cx)
{
    struct fixture f = {0};
    (void)cx;
    cairn_test_alloc_exempt(true);
    f.runtime = cairn_test_runtime_new(&f.clock);
    f.mock = cairn_mock_new(NULL);
    cairn_harness_init(&f.a, f.runtime);
    struct pair pair = pair_open(&f, true);
    pair_switch(&f, &pair);
    cairn_test_alloc_exempt(false);
    struct cairn_error *error = NULL;
    enum cairn_poll p = cairn_harness_poll_ready(&f.a, pair.service, &error);
    cairn_test_alloc_exempt(true);
    if (p == CAIRN_PENDING) {
        assert_true(cairn_test_alloc_has_failed());
        fixture_advance(&f, 500);
        assert_true(cairn_harness_is_woken(&f.a));
    }
    assert_ready(&f.a, pair.service);
    pair_close(&pair);
    cairn_harness_fini(&f.a);
    cairn_mock_free(f.mock);
    cairn_runtime_free(f.runtime);
    cairn_test_alloc_exempt(false);
}

static void without_memory_for_the_second_it_waits_for_the_first(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(switch_without_memory, NULL) >= 1);
}

static void first_error_stands_without_memory_for_the_second(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, true);
    struct cairn_future future = fixture_send(&f->a, pair.service, 1);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    cairn_test_alloc_fail_at(1);
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "mock", "down");
    assert_true(cairn_test_alloc_has_failed());
    pair_close(&pair);
}

static void refuses_what_does_not_fit(void **state)
{
    static const struct cairn_type other = {.name = "test.other"};
    const struct cairn_mock_options single = {.size = sizeof(single), .not_cloneable = true};
    const struct cairn_mock_options fixed = {.size = sizeof(fixed),
        .request_type = &cairn_test_fixed_type,
        .response_type = &cairn_test_fixed_type};
    struct fixture *f = *state;
    struct cairn_service *echo = cairn_test_echo(NULL);
    struct cairn_service *stranger = cairn_test_echo(&other);
    struct cairn_service *same = cairn_test_echo(&cairn_test_fixed_type);
    struct cairn_mock *single_mock = cairn_mock_new(&single);
    struct cairn_mock *fixed_mock = cairn_mock_new(&fixed);
    struct cairn_service *only = cairn_mock_service(single_mock);
    static struct cairn_error why = CAIRN_ERROR_STATIC(CAIRN_ERROR_SYSTEM, "builder", "no luck");
    struct cairn_service *broken = cairn_service_broken(&why);
    assert_refused(cairn_fallback_layer(NULL), cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "service must be set");
    assert_refused(cairn_fallback(.service = echo, .after_ms = 3600001),
        cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "after_ms must be 1 to 3600000, got 3600001");
    assert_refused(cairn_fallback(.service = stranger), cairn_mock_service(f->mock),
        CAIRN_ERROR_TYPE,
        "needs a second service from test.value to test.value, got one from test.other to "
        "test.other");
    assert_refused(cairn_fallback(.service = only), cairn_mock_service(f->mock), CAIRN_ERROR_TYPE,
        "needs a second service that can be cloned");
    assert_refused(cairn_fallback(.service = same, .on_error = is_any),
        cairn_mock_service(fixed_mock), CAIRN_ERROR_TYPE,
        "needs a request that can be cloned for on_error; test.fixed cannot");
    assert_refused(cairn_fallback(.service = broken), cairn_mock_service(f->mock),
        CAIRN_ERROR_SYSTEM, "builder: no luck");
    cairn_service_drop(echo);
    cairn_service_drop(stranger);
    cairn_service_drop(same);
    cairn_service_drop(only);
    cairn_service_drop(broken);
    cairn_mock_free(single_mock);
    cairn_mock_free(fixed_mock);
}

static void default_is_3_seconds(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *second = cairn_test_echo(NULL);
    struct cairn_service *s = fixture_around_mock(f, cairn_fallback(.service = second));
    assert_int_equal(fixture_number(s, "after"), 3000);
    cairn_service_drop(s);
    cairn_service_drop(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fallback_keeps_the_service_contract),
        cmocka_unit_test(fallback_that_takes_every_failure_keeps_the_service_contract),
        fixture_test(first_takes_the_calls_while_it_is_ready),
        fixture_test(second_takes_the_calls_when_the_time_has_passed),
        fixture_test(copies_use_the_second_at_once_from_then_on),
        fixture_test(calls_go_to_the_first_again_as_soon_as_it_is_ready),
        fixture_test(X001_ready_for_the_second_stays_so_when_the_first_is_ready),
        fixture_test(whichever_is_ready_first_is_used_while_neither_is),
        fixture_test(queue_that_moves_is_not_left),
        fixture_test(call_that_failed_with_a_chosen_error_goes_to_the_second),
        fixture_test(other_errors_are_the_callers),
        fixture_test(without_on_error_every_error_is_the_callers_and_no_request_is_copied),
        fixture_test(error_of_the_second_is_the_callers),
        fixture_test(failed_call_waits_until_the_second_is_ready),
        fixture_test(failed_call_that_waits_may_be_dropped_and_outlives_the_service),
        fixture_test(timeout_inside_sends_slow_calls_to_the_second),
        fixture_test(failure_at_once_is_rescued_too),
        fixture_test(first_that_died_of_a_chosen_error_is_replaced_for_good),
        fixture_test(first_that_died_of_another_error_is_dead),
        fixture_test(second_that_is_dead_leaves_the_wait_for_the_first),
        fixture_test(release_gives_the_seconds_reservation_back),
        fixture_test(described_with_the_second_inside),
        cmocka_unit_test(without_memory_for_the_second_it_waits_for_the_first),
        fixture_test(first_error_stands_without_memory_for_the_second),
        fixture_test(refuses_what_does_not_fit),
        fixture_test(default_is_3_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
