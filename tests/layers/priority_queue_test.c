#include <cairn/layers/priority_queue.h>

#include "fixture.h"

#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/deadline.h>
#include <cairn/service/service_fn.h>
#include <cairn/testkit/contract.h>

static void priority_queue_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_priority_queue(.bound = 1);
    const struct cairn_contract_options opts = {.size = sizeof(opts), .may_queue = true};
    (void)state;
    cairn_contract_check_with(&layer, &opts);
}

/* Numbers of 200 and more are critical, those of 100 and more bulk. */
static enum cairn_priority by_number(void *cx, const void *req)
{
    int number = cairn_test_value_number(req);
    (void)cx;
    if (number >= 200)
        return CAIRN_PRIORITY_CRITICAL;
    return number >= 100 ? CAIRN_PRIORITY_BULK : CAIRN_PRIORITY_NORMAL;
}

static struct cairn_service *queue_of(struct fixture *f, size_t bound)
{
    cairn_mock_allow(f->mock, 0);
    return fixture_around_mock(f, cairn_priority_queue(.bound = bound, .classify = by_number,
                                      .target_ms = CAIRN_PRIORITY_QUEUE_NO_TARGET));
}

static struct cairn_future send(struct fixture *f, struct cairn_service *s, int number)
{
    struct cairn_future future = fixture_send(&f->a, s, number);
    assert_pending(&f->a, &future);
    return future;
}

/* Inner has room for COUNT more calls, and the worker has seen it. */
static void allow(struct fixture *f, size_t count)
{
    cairn_mock_allow(f->mock, count);
    cairn_test_settle(f->runtime);
}

static void assert_served(struct fixture *f, struct cairn_future *future, int number)
{
    fixture_respond(f, number, number);
    assert_response(&f->a, future, number);
}

static void assert_shed(
    struct fixture *f, struct cairn_future *future, enum cairn_error_code code, const char *message)
{
    assert_failure(&f->a, future, code, "priority_queue", message);
}

static void close_queue(struct fixture *f, struct cairn_service *s)
{
    cairn_service_drop(s);
    cairn_test_settle(f->runtime);
    assert_int_equal(cairn_runtime_tasks(f->runtime), 0);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
}

static void call_goes_straight_through_while_inner_is_ready(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = queue_of(f, 4);
    cairn_mock_allow(f->mock, CAIRN_MOCK_UNLIMITED);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_served(f, &future, 1);
    close_queue(f, s);
}

static void answer_at_once_passes_without_a_box(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(cairn_priority_queue(), fixture_plain_echo());
    cairn_test_settle(f->runtime);
    assert_ready(&f->a, s);
    size_t before = cairn_test_alloc_count();
    struct cairn_future future = fixture_call_plain(s);
    assert_true(cairn_future_is_complete(&future));
    assert_int_equal(cairn_test_alloc_count(), before);
    cairn_future_drop(&future);
    cairn_service_drop(s);
    cairn_test_settle(f->runtime);
}

static void critical_is_served_before_normal_before_bulk_and_each_in_order(void **state)
{
    static const int sent[] = {100, 1, 200, 101, 2, 201};
    static const int served[] = {200, 201, 1, 2, 100, 101};
    struct fixture *f = *state;
    struct cairn_service *s = queue_of(f, 6);
    struct cairn_future futures[6];
    for (int i = 0; i < 6; i++)
        futures[i] = send(f, s, sent[i]);
    assert_int_equal(fixture_number(s, "critical"), 2);
    assert_int_equal(fixture_number(s, "normal"), 2);
    assert_int_equal(fixture_number(s, "bulk"), 2);
    for (int i = 0; i < 6; i++) {
        assert_nothing_sent(f);
        allow(f, 1);
        cairn_mock_request_drop(cairn_mock_expect(f->mock, served[i]));
    }
    for (int i = 0; i < 6; i++)
        assert_failure(&f->a, &futures[i], CAIRN_ERROR_CLOSED, "mock", "the handle is gone");
    close_queue(f, s);
}

static void T028_T029_call_waits_for_inner_and_is_served_when_that_is_ready(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = queue_of(f, 4);
    struct cairn_future future = send(f, s, 1);
    cairn_test_settle(f->runtime);
    assert_nothing_sent(f);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 1);
    allow(f, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_pending(&f->a, &future);
    assert_served(f, &future, 1);
    close_queue(f, s);
}

static void critical_call_that_comes_while_inner_is_waited_for_is_first(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = queue_of(f, 4);
    struct cairn_future normal = send(f, s, 1);
    cairn_test_settle(f->runtime);
    struct cairn_future critical = send(f, s, 200);
    allow(f, 1);
    assert_served(f, &critical, 200);
    assert_nothing_sent(f);
    allow(f, 1);
    assert_served(f, &normal, 1);
    close_queue(f, s);
}

static void full_queue_refuses_who_is_no_more_important_than_the_rest(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = queue_of(f, 2);
    struct cairn_future first = send(f, s, 1);
    struct cairn_future second = send(f, s, 2);
    struct cairn_future third = fixture_send(&f->a, s, 3);
    assert_shed(f, &third, CAIRN_ERROR_OVERLOADED, "the queue is full");
    struct cairn_future bulk = fixture_send(&f->a, s, 100);
    assert_shed(f, &bulk, CAIRN_ERROR_OVERLOADED, "the queue is full");
    assert_int_equal(fixture_number(s, "refused"), 2);
    cairn_future_drop(&first);
    cairn_future_drop(&second);
    close_queue(f, s);
}

static void more_important_call_takes_the_place_of_the_latest_of_the_least_important(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = queue_of(f, 3);
    struct cairn_future bulk = send(f, s, 100);
    struct cairn_future late_bulk = send(f, s, 101);
    struct cairn_future normal = send(f, s, 1);
    struct cairn_future critical = send(f, s, 200);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_shed(f, &late_bulk, CAIRN_ERROR_OVERLOADED, "gave its place to a more important call");
    struct cairn_future second = send(f, s, 201);
    assert_shed(f, &bulk, CAIRN_ERROR_OVERLOADED, "gave its place to a more important call");
    struct cairn_future third = send(f, s, 202);
    assert_shed(f, &normal, CAIRN_ERROR_OVERLOADED, "gave its place to a more important call");
    struct cairn_future fourth = fixture_send(&f->a, s, 203);
    assert_shed(f, &fourth, CAIRN_ERROR_OVERLOADED, "the queue is full");
    assert_int_equal(fixture_number(s, "displaced"), 3);
    cairn_future_drop(&critical);
    cairn_future_drop(&second);
    cairn_future_drop(&third);
    close_queue(f, s);
}

static void call_that_has_waited_too_long_fails_and_is_never_begun(void **state)
{
    struct fixture *f = *state;
    cairn_mock_allow(f->mock, 0);
    struct cairn_service *s = fixture_around_mock(f, cairn_priority_queue(.max_wait_ms = 50));
    struct cairn_future polled = send(f, s, 1);
    struct cairn_future unpolled = fixture_send(&f->b, s, 2);
    cairn_harness_is_woken(&f->a);
    fixture_advance(f, 49);
    assert_false(cairn_harness_is_woken(&f->a));
    fixture_advance(f, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_shed(f, &polled, CAIRN_ERROR_ELAPSED, "waited until it was too late");
    allow(f, 2); /* the other one has no timer, and is found out when it would be served */
    assert_nothing_sent(f);
    assert_shed(f, &unpolled, CAIRN_ERROR_ELAPSED, "waited until it was too late");
    assert_int_equal(fixture_number(s, "expired"), 2);
    assert_int_equal(fixture_number(s, "abandoned"), 0);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    close_queue(f, s);
}

static void deadline_of_the_call_is_a_longest_wait_too(void **state)
{
    struct fixture *f = *state;
    cairn_mock_allow(f->mock, 0);
    struct cairn_service *s = fixture_around_mock(f, cairn_priority_queue(.max_wait_ms = 5000));
    assert_ready(&f->a, s);
    uint64_t before = cairn_deadline_swap(cairn_runtime_now_ms(f->runtime) + 30);
    struct cairn_future future = fixture_call(s, 1);
    cairn_deadline_swap(before);
    assert_pending(&f->a, &future);
    fixture_advance(f, 30);
    assert_shed(f, &future, CAIRN_ERROR_ELAPSED, "waited until it was too late");
    allow(f, CAIRN_MOCK_UNLIMITED);
    assert_nothing_sent(f);
    close_queue(f, s);
}

static void call_that_comes_after_its_deadline_is_not_even_queued(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = queue_of(f, 4);
    assert_ready(&f->a, s);
    uint64_t before = cairn_deadline_swap(1);
    struct cairn_future future = fixture_call(s, 1);
    cairn_deadline_swap(before);
    assert_shed(f, &future, CAIRN_ERROR_ELAPSED, "waited until it was too late");
    assert_int_equal(fixture_number(s, "expired"), 1);
    close_queue(f, s);
}

static struct cairn_future see_deadline(void *cx, void *req)
{
    *(uint64_t *)cx = cairn_deadline_ms();
    return cairn_future_ready_of(&cairn_test_value_type, req);
}

static void inner_sees_the_deadline_of_the_call_that_is_served(void **state)
{
    struct fixture *f = *state;
    uint64_t seen = 0;
    struct cairn_semaphore *semaphore = cairn_semaphore_new(0);
    struct cairn_service *leaf = cairn_service_async_fn(
        "see", &cairn_test_value_type, &cairn_test_value_type, see_deadline, &seen);
    struct cairn_service *s = fixture_apply(cairn_deadline(.after_ms = 700),
        fixture_apply(cairn_priority_queue(),
            fixture_apply(cairn_concurrency_limit(.semaphore = semaphore), leaf)));
    uint64_t at_ms = cairn_runtime_now_ms(f->runtime) + 700;
    struct cairn_future future = send(f, s, 1);
    cairn_test_settle(f->runtime);
    cairn_semaphore_release(semaphore);
    cairn_test_settle(f->runtime);
    assert_int_equal(seen, at_ms);
    assert_int_equal(cairn_deadline_ms(), CAIRN_DEADLINE_NONE);
    assert_response(&f->a, &future, 1);
    cairn_service_drop(s);
    cairn_test_settle(f->runtime);
    cairn_semaphore_unref(semaphore);
}

static void queue_that_does_not_drain_is_shed_from_until_it_does(void **state)
{
    enum { CALLS = 8 };
    struct fixture *f = *state;
    cairn_mock_allow(f->mock, 0);
    struct cairn_service *s = fixture_around_mock(f, cairn_priority_queue());
    struct cairn_future futures[CALLS];
    for (int i = 0; i < CALLS; i++)
        futures[i] = send(f, s, i);
    fixture_advance(f, 5);
    allow(f, 1);
    assert_served(f, &futures[0], 0);
    fixture_advance(f, 99);
    allow(f, 1);
    assert_served(f, &futures[1], 1);
    fixture_advance(f, 1);
    allow(f, 1); /* over the target for a whole interval: one is shed, the next is served */
    assert_shed(f, &futures[2], CAIRN_ERROR_OVERLOADED, "the queue does not drain");
    assert_served(f, &futures[3], 3);
    fixture_advance(f, 100);
    allow(f, 1);
    assert_shed(f, &futures[4], CAIRN_ERROR_OVERLOADED, "the queue does not drain");
    assert_served(f, &futures[5], 5);
    fixture_advance(f, 1000);
    allow(f, 1);
    assert_shed(f, &futures[6], CAIRN_ERROR_OVERLOADED, "the queue does not drain");
    assert_served(f, &futures[7], 7); /* the last one, however long it waited */
    assert_int_equal(fixture_number(s, "shed"), 3);
    close_queue(f, s);
}

static void each_priority_is_judged_by_its_own_wait(void **state)
{
    struct fixture *f = *state;
    cairn_mock_allow(f->mock, 0);
    struct cairn_service *s = fixture_around_mock(f, cairn_priority_queue(.classify = by_number));
    struct cairn_future bulk[3];
    for (int i = 0; i < 3; i++)
        bulk[i] = send(f, s, 100 + i);
    for (int i = 0; i < 20; i++) {
        struct cairn_future one = send(f, s, 200);
        struct cairn_future other = send(f, s, 201);
        fixture_advance(f, 4);
        allow(f, 2);
        assert_served(f, &one, 200);
        assert_served(f, &other, 201);
        fixture_advance(f, 20);
    }
    assert_int_equal(fixture_number(s, "shed"), 0);
    for (int i = 0; i < 3; i++)
        cairn_future_drop(&bulk[i]);
    close_queue(f, s);
}

static void T026_X005_call_that_is_dropped_leaves_the_queue(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = queue_of(f, 3);
    struct cairn_future futures[3];
    for (int i = 0; i < 3; i++)
        futures[i] = send(f, s, i);
    cairn_future_drop(&futures[1]);
    assert_int_equal(fixture_number(s, "abandoned"), 1);
    allow(f, 1);
    assert_served(f, &futures[0], 0);
    allow(f, 1);
    assert_served(f, &futures[2], 2);
    struct cairn_future served = send(f, s, 4);
    allow(f, 1);
    struct cairn_mock_request *request = cairn_mock_expect(f->mock, 4);
    cairn_future_drop(&served);
    assert_true(cairn_mock_is_abandoned(request));
    cairn_mock_request_drop(request);
    close_queue(f, s);
}

static void X004_inner_is_let_go_of_when_nobody_waits_any_more(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = queue_of(f, 3);
    struct cairn_future future = send(f, s, 1);
    cairn_test_settle(f->runtime);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 1);
    cairn_future_drop(&future);
    cairn_test_settle(f->runtime);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 0);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    close_queue(f, s);
}

static void X038_failure_of_inner_is_that_of_all_calls_and_copies_for_good(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = queue_of(f, 3);
    struct cairn_service *copy = fixture_clone(s);
    union cairn_outcome out;
    struct cairn_future normal = send(f, s, 1);
    struct cairn_future bulk = send(f, copy, 100);
    cairn_mock_fail_ready(f->mock, cairn_error_new(CAIRN_ERROR_CLOSED, "mock", NULL, "gone"));
    cairn_test_settle(f->runtime);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_int_equal(cairn_harness_poll(&f->a, &normal, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, CAIRN_ERROR_CLOSED);
    assert_string_equal(out.error->source->message, "gone");
    cairn_error_unref(out.error);
    assert_shed(f, &bulk, CAIRN_ERROR_CLOSED, "the service has failed");
    assert_dead(&f->a, s, "the service has failed");
    assert_dead(&f->b, copy, "the service has failed");
    struct cairn_future late = fixture_call(copy, 3);
    assert_shed(f, &late, CAIRN_ERROR_CLOSED, "the service has failed");
    cairn_service_drop(copy);
    close_queue(f, s);
}

static void failure_is_found_on_the_way_straight_through_too(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = queue_of(f, 3);
    assert_ready(&f->a, s);
    cairn_test_settle(f->runtime);
    cairn_mock_fail_ready(f->mock, cairn_error_new(CAIRN_ERROR_CLOSED, "mock", NULL, "gone"));
    struct cairn_future future = fixture_call(s, 1);
    assert_shed(f, &future, CAIRN_ERROR_CLOSED, "the service has failed");
    assert_dead(&f->a, s, "the service has failed");
    close_queue(f, s);
}

static void what_waits_is_served_after_the_last_copy_is_gone(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = queue_of(f, 3);
    struct cairn_future future = send(f, s, 1);
    cairn_service_drop(s);
    allow(f, 1);
    assert_served(f, &future, 1);
    cairn_test_settle(f->runtime);
    assert_int_equal(cairn_runtime_tasks(f->runtime), 0);
}

static void service_that_cannot_be_cloned_gets_copies(void **state)
{
    struct fixture *f = *state;
    const struct cairn_mock_options fixed = {.size = sizeof(fixed), .not_cloneable = true};
    struct cairn_mock *mock = cairn_mock_new(&fixed);
    struct cairn_service *s = fixture_apply(cairn_priority_queue(), cairn_mock_service(mock));
    struct cairn_service *copy = fixture_clone(s);
    struct cairn_future future = fixture_send(&f->a, copy, 1);
    cairn_mock_respond(cairn_mock_expect(mock, 1), cairn_test_value_new(2));
    assert_response(&f->a, &future, 2);
    cairn_service_drop(copy);
    cairn_service_drop(s);
    cairn_test_settle(f->runtime);
    cairn_mock_free(mock);
}

/* A service that is called again while its call runs. */
struct nested {
    struct cairn_service *outside;
    struct cairn_future inner;
    unsigned depth;
};

static struct cairn_future call_again(void *cx, void *req)
{
    struct nested *nested = cx;
    assert_int_equal(nested->depth++, 0);
    if (nested->outside) {
        nested->inner = cairn_service_call(nested->outside, cairn_test_value_new(2));
        nested->outside = NULL;
    }
    nested->depth--;
    return cairn_future_ready_of(&cairn_test_value_type, req);
}

static void call_out_of_inners_own_call_waits_for_its_turn(void **state)
{
    struct fixture *f = *state;
    struct nested nested = {NULL, {0}, 0};
    struct cairn_service *s = fixture_apply(
        cairn_priority_queue(), cairn_service_async_fn("nested", &cairn_test_value_type,
                                    &cairn_test_value_type, call_again, &nested));
    nested.outside = s;
    struct cairn_future outer = fixture_send(&f->a, s, 1);
    assert_response(&f->a, &outer, 1);
    assert_pending(&f->a, &nested.inner);
    cairn_test_settle(f->runtime);
    assert_response(&f->a, &nested.inner, 2);
    cairn_service_drop(s);
    cairn_test_settle(f->runtime);
}

static void end_of_the_runtime_ends_the_queue(void **state)
{
    struct cairn_test_clock clock;
    struct cairn_harness harness;
    (void)state;
    cairn_test_alloc_begin();
    struct cairn_runtime *runtime = cairn_test_runtime_new(&clock);
    struct cairn_mock *mock = cairn_mock_new(NULL);
    cairn_mock_allow(mock, 0);
    struct cairn_service *s = fixture_apply(cairn_priority_queue(), cairn_mock_service(mock));
    cairn_harness_init(&harness, NULL);
    struct cairn_future future = fixture_call(s, 1);
    cairn_runtime_free(runtime);
    assert_dead(&harness, s, "the worker is gone");
    cairn_future_drop(&future);
    cairn_service_drop(s);
    cairn_harness_fini(&harness);
    cairn_mock_free(mock);
    cairn_test_alloc_end();
}

static void options_out_of_range_are_refused_by_name(void **state)
{
    struct fixture *f = *state;
    assert_refused(cairn_priority_queue(.bound = 1048577), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "bound must be 1 to 1048576, got 1048577");
    assert_refused(cairn_priority_queue(.max_wait_ms = 86400001), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "max_wait_ms must be 1 to 86400000, got 86400001");
    assert_refused(cairn_priority_queue(.target_ms = 60001), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "target_ms must be 1 to 60000, got 60001");
    assert_refused(cairn_priority_queue(.interval_ms = 60001), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "interval_ms must be 1 to 60000, got 60001");
    struct cairn_service *s = fixture_around_mock(f, cairn_priority_queue_layer(NULL));
    assert_int_equal(fixture_number(s, "bound"), 1024);
    assert_int_equal(fixture_number(s, "target"), 5);
    assert_int_equal(fixture_number(s, "interval"), 100);
    cairn_service_drop(s);
}

static void layer_is_refused_without_a_runtime(void **state)
{
    (void)state;
    assert_refused(cairn_priority_queue(), cairn_test_echo(NULL), CAIRN_ERROR_RUNTIME,
        "needs a runtime on this thread, for its worker to run on");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(priority_queue_keeps_the_service_contract),
        fixture_test(call_goes_straight_through_while_inner_is_ready),
        fixture_test(answer_at_once_passes_without_a_box),
        fixture_test(critical_is_served_before_normal_before_bulk_and_each_in_order),
        fixture_test(T028_T029_call_waits_for_inner_and_is_served_when_that_is_ready),
        fixture_test(critical_call_that_comes_while_inner_is_waited_for_is_first),
        fixture_test(full_queue_refuses_who_is_no_more_important_than_the_rest),
        fixture_test(more_important_call_takes_the_place_of_the_latest_of_the_least_important),
        fixture_test(call_that_has_waited_too_long_fails_and_is_never_begun),
        fixture_test(deadline_of_the_call_is_a_longest_wait_too),
        fixture_test(call_that_comes_after_its_deadline_is_not_even_queued),
        fixture_test(inner_sees_the_deadline_of_the_call_that_is_served),
        fixture_test(queue_that_does_not_drain_is_shed_from_until_it_does),
        fixture_test(each_priority_is_judged_by_its_own_wait),
        fixture_test(T026_X005_call_that_is_dropped_leaves_the_queue),
        fixture_test(X004_inner_is_let_go_of_when_nobody_waits_any_more),
        fixture_test(X038_failure_of_inner_is_that_of_all_calls_and_copies_for_good),
        fixture_test(failure_is_found_on_the_way_straight_through_too),
        fixture_test(what_waits_is_served_after_the_last_copy_is_gone),
        fixture_test(service_that_cannot_be_cloned_gets_copies),
        fixture_test(call_out_of_inners_own_call_waits_for_its_turn),
        cmocka_unit_test(end_of_the_runtime_ends_the_queue),
        fixture_test(options_out_of_range_are_refused_by_name),
        cmocka_unit_test(layer_is_refused_without_a_runtime),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
