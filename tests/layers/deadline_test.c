#include <cairn/layers/deadline.h>

#include "fixture.h"

#include <pthread.h>

#include <cairn/layers/retry.h>
#include <cairn/service/combine.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/sleep.h>
#include <cairn/testkit/contract.h>

/* The test clock begins at one second. */
enum { BEGIN_MS = 1000 };

static void deadline_keeps_the_service_contract(void **state)
{
    /* Longer than the suite waits in all: an expiry is this file's own business. */
    const struct cairn_layer layer = cairn_deadline(.after_ms = 86400000);
    (void)state;
    cairn_contract_check(&layer);
    assert_int_equal(cairn_deadline_ms(), CAIRN_DEADLINE_NONE);
}

static void deadline_without_a_time_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_deadline_layer(NULL);
    (void)state;
    cairn_contract_check(&layer);
}

/* A handler that looks at the deadline in its call, and again when it is polled. */
struct look {
    uint64_t in_call;
    uint64_t in_poll;
    uint64_t left;
    unsigned calls;
};

static void *look_again(void *cx, void *value)
{
    struct look *look = cx;
    look->in_poll = cairn_deadline_ms();
    look->left = cairn_deadline_left_ms(cairn_runtime_current());
    return value;
}

static struct cairn_future look_and_sleep(void *cx, void *req)
{
    struct look *look = cx;
    cairn_test_value_drop(req);
    look->in_call = cairn_deadline_ms();
    look->calls++;
    return cairn_future_map(cairn_sleep(10), look_again, look);
}

static struct cairn_service *looking(struct look *look)
{
    *look = (struct look){0};
    return cairn_service_async_fn(
        "look", &cairn_test_value_type, &cairn_test_value_type, look_and_sleep, look);
}

/* Calls SERVICE and waits for the 10 ms that the handler takes. */
static void run(struct fixture *f, struct cairn_service *s)
{
    union cairn_outcome out;
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_int_equal(cairn_deadline_ms(), CAIRN_DEADLINE_NONE);
    assert_pending(&f->a, &future);
    assert_int_equal(cairn_deadline_ms(), CAIRN_DEADLINE_NONE);
    fixture_advance(f, 10);
    assert_int_equal(cairn_harness_poll(&f->a, &future, &out), CAIRN_READY);
    assert_int_equal(cairn_deadline_ms(), CAIRN_DEADLINE_NONE);
}

static void deadline_is_seen_in_the_call_and_in_each_poll(void **state)
{
    struct fixture *f = *state;
    struct look look;
    struct cairn_service *s = fixture_apply(cairn_deadline(.after_ms = 500), looking(&look));
    run(f, s);
    assert_int_equal(look.in_call, BEGIN_MS + 500);
    assert_int_equal(look.in_poll, BEGIN_MS + 500);
    assert_int_equal(look.left, 490);
    cairn_service_drop(s);
}

static void without_a_layer_there_is_none(void **state)
{
    struct fixture *f = *state;
    struct look look;
    struct cairn_service *s = fixture_apply(cairn_deadline(), looking(&look));
    run(f, s);
    assert_int_equal(look.in_call, CAIRN_DEADLINE_NONE);
    assert_int_equal(look.in_poll, CAIRN_DEADLINE_NONE);
    assert_int_equal(look.left, CAIRN_DEADLINE_NONE);
    cairn_service_drop(s);
}

static void deadline_inside_can_only_shrink_the_one_outside(void **state)
{
    struct fixture *f = *state;
    struct look look;
    struct cairn_service *s = fixture_apply(cairn_deadline(.after_ms = 500),
        fixture_apply(cairn_deadline(.after_ms = 200), looking(&look)));
    run(f, s);
    assert_int_equal(look.in_poll, BEGIN_MS + 200);
    cairn_service_drop(s);
    s = fixture_apply(cairn_deadline(.after_ms = 200),
        fixture_apply(cairn_deadline(.after_ms = 500), looking(&look)));
    run(f, s);
    assert_int_equal(look.in_poll, BEGIN_MS + 10 + 200);
    cairn_service_drop(s);
}

static uint64_t number_of(void *cx, const void *req)
{
    (void)cx;
    int number = cairn_test_value_number(req);
    return number < 0 ? CAIRN_DEADLINE_NONE : (uint64_t)number;
}

static void request_may_say_how_much_time_there_is(void **state)
{
    struct fixture *f = *state;
    const struct cairn_layer layer = cairn_deadline(.after_ms = 500, .read = number_of);
    struct cairn_service *s = fixture_around_mock(f, layer);
    struct cairn_future future = fixture_send(&f->a, s, 50);
    assert_pending(&f->a, &future);
    fixture_advance(f, 49);
    assert_false(cairn_harness_is_woken(&f->a));
    fixture_advance(f, 1);
    assert_failure(&f->a, &future, CAIRN_ERROR_ELAPSED, "deadline", "the deadline has passed");
    cairn_mock_request_drop(cairn_mock_expect(f->mock, 50));
    future = fixture_send(&f->a, s, 5000);
    assert_pending(&f->a, &future);
    fixture_advance(f, 500);
    assert_failure(&f->a, &future, CAIRN_ERROR_ELAPSED, "deadline", "the deadline has passed");
    cairn_mock_request_drop(cairn_mock_expect(f->mock, 5000));
    future = fixture_send(&f->a, s, -1);
    assert_pending(&f->a, &future);
    fixture_advance(f, 499);
    fixture_respond(f, -1, 3);
    assert_response(&f->a, &future, 3);
    assert_int_equal(fixture_number(s, "expired"), 2);
    cairn_service_drop(s);
}

static void request_that_comes_too_late_never_reaches_inner(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_deadline(.read = number_of));
    struct cairn_future future = fixture_send(&f->a, s, 0);
    assert_nothing_sent(f);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_failure(&f->a, &future, CAIRN_ERROR_ELAPSED, "deadline", "the deadline has passed");
    assert_int_equal(fixture_number(s, "late"), 1);
    assert_int_equal(fixture_number(s, "expired"), 0);
    cairn_service_drop(s);
}

static void deadline_that_was_set_outside_holds(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_deadline());
    assert_ready(&f->a, s);
    uint64_t before = cairn_deadline_swap(BEGIN_MS + 5);
    assert_int_equal(before, CAIRN_DEADLINE_NONE);
    struct cairn_future future = fixture_call(s, 1);
    assert_int_equal(cairn_deadline_swap(before), BEGIN_MS + 5);
    assert_pending(&f->a, &future);
    fixture_advance(f, 5);
    assert_failure(&f->a, &future, CAIRN_ERROR_ELAPSED, "deadline", "the deadline has passed");
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(s);
}

static void what_is_left_is_nothing_once_it_has_passed(void **state)
{
    struct fixture *f = *state;
    cairn_deadline_swap(BEGIN_MS + 5);
    assert_int_equal(cairn_deadline_left_ms(f->runtime), 5);
    fixture_advance(f, 5);
    assert_int_equal(cairn_deadline_left_ms(f->runtime), 0);
    fixture_advance(f, 5);
    assert_int_equal(cairn_deadline_left_ms(f->runtime), 0);
    cairn_deadline_swap(CAIRN_DEADLINE_NONE);
}

static void no_attempt_is_begun_after_the_deadline(void **state)
{
    struct fixture *f = *state;
    const struct cairn_backoff backoff = {.min_ms = 60, .max_ms = 60};
    struct cairn_service *s = fixture_apply(cairn_deadline(.after_ms = 100),
        fixture_apply(cairn_retry(.attempts = 9, .backoff = backoff),
            fixture_around_mock(f, cairn_deadline())));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &future);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_pending(&f->a, &future);
    fixture_advance(f, 60);
    assert_pending(&f->a, &future);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_pending(&f->a, &future);
    fixture_advance(f, 60); /* the back-off is over at the same time as everything */
    assert_failure(&f->a, &future, CAIRN_ERROR_ELAPSED, "deadline", "the deadline has passed");
    assert_nothing_sent(f);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 2);
    cairn_service_drop(s);
}

static void X007_response_in_the_same_poll_wins(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_deadline(.after_ms = 500));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &future);
    fixture_advance(f, 500);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    cairn_service_drop(s);
}

static void X008_inner_future_is_dropped_on_expiry_and_with_the_outer_one(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_deadline(.after_ms = 500));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    struct cairn_mock_request *request = cairn_mock_expect(f->mock, 1);
    assert_pending(&f->a, &future);
    fixture_advance(f, 500);
    assert_true(cairn_harness_is_woken(&f->a));
    size_t before = cairn_test_alloc_count();
    assert_failure(&f->a, &future, CAIRN_ERROR_ELAPSED, "deadline", "the deadline has passed");
    assert_int_equal(cairn_test_alloc_count(), before);
    assert_true(cairn_mock_is_abandoned(request));
    cairn_mock_request_drop(request);
    future = fixture_send(&f->a, s, 2);
    assert_pending(&f->a, &future);
    request = cairn_mock_expect(f->mock, 2);
    cairn_service_drop(s);
    cairn_future_drop(&future);
    assert_true(cairn_mock_is_abandoned(request));
    cairn_mock_request_drop(request);
    fixture_advance(f, 500);
    assert_false(cairn_harness_is_woken(&f->a));
}

static void answer_at_once_passes_without_box_or_timer(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(cairn_deadline(.after_ms = 1), fixture_plain_echo());
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
    struct cairn_service *s = fixture_around_mock(f, cairn_deadline(.read = number_of));
    struct cairn_service *copy = fixture_clone(s);
    struct cairn_future future = fixture_send(&f->a, copy, 0);
    cairn_future_drop(&future);
    cairn_service_drop(copy);
    assert_int_equal(fixture_number(s, "late"), 1);
    cairn_service_drop(s);
}

static void *look_from_elsewhere(void *cx)
{
    *(uint64_t *)cx = cairn_deadline_ms();
    return NULL;
}

static void each_thread_has_its_own(void **state)
{
    pthread_t thread;
    uint64_t seen = 0;
    (void)state;
    cairn_deadline_swap(5);
    assert_int_equal(pthread_create(&thread, NULL, look_from_elsewhere, &seen), 0);
    pthread_join(thread, NULL);
    cairn_deadline_swap(CAIRN_DEADLINE_NONE);
    assert_int_equal(seen, CAIRN_DEADLINE_NONE);
}

static void time_out_of_range_is_refused_by_name(void **state)
{
    struct fixture *f = *state;
    assert_refused(cairn_deadline(.after_ms = 86400001), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "after_ms must be 1 to 86400000, got 86400001");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deadline_keeps_the_service_contract),
        cmocka_unit_test(deadline_without_a_time_keeps_the_service_contract),
        fixture_test(deadline_is_seen_in_the_call_and_in_each_poll),
        fixture_test(without_a_layer_there_is_none),
        fixture_test(deadline_inside_can_only_shrink_the_one_outside),
        fixture_test(request_may_say_how_much_time_there_is),
        fixture_test(request_that_comes_too_late_never_reaches_inner),
        fixture_test(deadline_that_was_set_outside_holds),
        fixture_test(what_is_left_is_nothing_once_it_has_passed),
        fixture_test(no_attempt_is_begun_after_the_deadline),
        fixture_test(X007_response_in_the_same_poll_wins),
        fixture_test(X008_inner_future_is_dropped_on_expiry_and_with_the_outer_one),
        fixture_test(answer_at_once_passes_without_box_or_timer),
        fixture_test(copies_share_the_counters),
        cmocka_unit_test(each_thread_has_its_own),
        fixture_test(time_out_of_range_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
