#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include <cairn/service/random.h>
#include <cairn/service/timer.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/clock.h>
#include <cairn/testkit/harness.h>
#include <cairn/testkit/misuse.h>
#include <cairn/testkit/mock.h>
#include <cairn/testkit/value.h>

struct fixture {
    struct cairn_harness harness;
    struct cairn_mock *mock;
    struct cairn_service *service;
};

static int fixture_open(void **state)
{
    static struct fixture fixture;

    cairn_test_alloc_begin();
    cairn_harness_init(&fixture.harness, NULL);
    fixture.mock = cairn_mock_new(NULL);
    fixture.service = cairn_mock_service(fixture.mock);
    *state = &fixture;
    return 0;
}

static int fixture_close(void **state)
{
    struct fixture *self = *state;

    cairn_service_drop(self->service);
    cairn_mock_free(self->mock);
    cairn_harness_fini(&self->harness);
    assert_int_equal(cairn_test_value_live(), 0);
    cairn_test_alloc_end();
    return 0;
}

static enum cairn_poll ready(struct fixture *self)
{
    struct cairn_error *error = NULL;
    enum cairn_poll p = cairn_harness_poll_ready(&self->harness, self->service, &error);

    assert_true((p == CAIRN_FAILED) == (error != NULL));
    cairn_error_unref(error);
    return p;
}

static struct cairn_future call(struct fixture *self, int number)
{
    assert_int_equal(ready(self), CAIRN_READY);
    return cairn_service_call(self->service, cairn_test_value_new(number));
}

static void T001_with_nothing_sent_the_handle_sees_no_request(void **state)
{
    struct fixture *self = *state;

    assert_null(cairn_mock_next_request(self->mock));
    assert_false(cairn_mock_is_closed(self->mock));
}

static void T002_a_fresh_mock_is_ready_at_once(void **state)
{
    struct fixture *self = *state;

    assert_int_equal(ready(self), CAIRN_READY);
    assert_int_equal(cairn_mock_counts(self->mock).reserved, 1);
}

static void the_handle_answers_and_the_caller_gets_the_answer(void **state)
{
    struct fixture *self = *state;
    union cairn_outcome out;
    struct cairn_future future = call(self, 3);
    struct cairn_mock_request *request = cairn_mock_expect(self->mock, 3);

    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_PENDING);
    assert_false(cairn_harness_is_woken(&self->harness));
    cairn_mock_respond(request, cairn_test_value_new(4));
    assert_true(cairn_harness_is_woken(&self->harness));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), 4);
}

static void T004_with_allowance_0_readiness_is_pending(void **state)
{
    struct fixture *self = *state;

    cairn_mock_allow(self->mock, 0);
    assert_int_equal(ready(self), CAIRN_PENDING);
    assert_int_equal(cairn_mock_counts(self->mock).waiting, 1);
}

static void call_service(void *cx)
{
    struct fixture *self = cx;
    struct cairn_future future = cairn_service_call(self->service, NULL);

    cairn_future_drop(&future);
}

static void T005_a_call_while_not_ready_is_an_assertion(void **state)
{
    struct fixture *self = *state;

    cairn_mock_allow(self->mock, 0);
    assert_int_equal(ready(self), CAIRN_PENDING);
    assert_string_equal(
        cairn_test_misuse(call_service, self), "mock: called without a reservation");
}

static void a_grown_allowance_wakes_who_waits(void **state)
{
    struct fixture *self = *state;

    cairn_mock_allow(self->mock, 0);
    assert_int_equal(ready(self), CAIRN_PENDING);
    assert_false(cairn_harness_is_woken(&self->harness));
    cairn_mock_allow(self->mock, 1);
    assert_true(cairn_harness_is_woken(&self->harness));
    assert_false(cairn_harness_is_woken(&self->harness));
    assert_int_equal(ready(self), CAIRN_READY);
}

static void an_allowance_counts_reservations_and_calls(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future;

    cairn_mock_allow(self->mock, 1);
    future = call(self, 1);
    assert_int_equal(ready(self), CAIRN_PENDING);
    cairn_future_drop(&future);
    assert_int_equal(ready(self), CAIRN_PENDING);
    assert_int_equal(cairn_mock_counts(self->mock).calls, 1);
    cairn_mock_request_drop(cairn_mock_next_request(self->mock));
}

static void X002_a_reservation_of_one_copy_keeps_the_other_waiting(void **state)
{
    struct fixture *self = *state;
    struct cairn_service *first = self->service;

    cairn_mock_allow(self->mock, 1);
    assert_int_equal(ready(self), CAIRN_READY);
    self->service = cairn_service_clone(first);
    assert_non_null(self->service);
    assert_int_equal(ready(self), CAIRN_PENDING);
    cairn_service_drop(first);
    assert_true(cairn_harness_is_woken(&self->harness));
    assert_int_equal(ready(self), CAIRN_READY);
    assert_int_equal(cairn_mock_counts(self->mock).releases, 1);
    assert_int_equal(cairn_mock_counts(self->mock).clones, 1);
    assert_int_equal(cairn_mock_counts(self->mock).services, 1);
}

static void fail_ready_fails_one_poll_and_gives_the_reservation_back(void **state)
{
    struct fixture *self = *state;

    assert_int_equal(ready(self), CAIRN_READY);
    cairn_mock_fail_ready(self->mock, cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "lost"));
    assert_int_equal(ready(self), CAIRN_FAILED);
    assert_int_equal(cairn_mock_counts(self->mock).reserved, 0);
    assert_int_equal(ready(self), CAIRN_READY);
}

static void fail_ready_wakes_who_waits(void **state)
{
    struct fixture *self = *state;

    cairn_mock_allow(self->mock, 0);
    assert_int_equal(ready(self), CAIRN_PENDING);
    cairn_mock_fail_ready(self->mock, &cairn_error_no_memory);
    assert_true(cairn_harness_is_woken(&self->harness));
    assert_int_equal(ready(self), CAIRN_FAILED);
}

static void freeing_the_handle_closes_the_service(void **state)
{
    struct fixture *self = *state;
    union cairn_outcome out;
    struct cairn_error *error = NULL;
    struct cairn_future future = call(self, 1);

    cairn_mock_free(self->mock);
    self->mock = NULL;
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, CAIRN_ERROR_CLOSED);
    assert_int_equal(cairn_harness_poll_ready(&self->harness, self->service, &error), CAIRN_FAILED);
    assert_int_equal(error->code, CAIRN_ERROR_CLOSED);
}

static void freeing_the_handle_wakes_who_waits(void **state)
{
    struct fixture *self = *state;

    cairn_mock_allow(self->mock, 0);
    assert_int_equal(ready(self), CAIRN_PENDING);
    cairn_mock_free(self->mock);
    self->mock = NULL;
    assert_true(cairn_harness_is_woken(&self->harness));
    assert_int_equal(ready(self), CAIRN_FAILED);
}

static void a_call_on_a_reservation_older_than_the_close_fails_as_closed(void **state)
{
    struct fixture *self = *state;
    union cairn_outcome out;
    struct cairn_future future;

    assert_int_equal(ready(self), CAIRN_READY);
    cairn_mock_free(self->mock);
    self->mock = NULL;
    future = cairn_service_call(self->service, cairn_test_value_new(1));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, CAIRN_ERROR_CLOSED);
}

static void the_handle_is_told_when_all_copies_are_gone(void **state)
{
    struct fixture *self = *state;
    struct cairn_service *copy = cairn_service_clone(self->service);
    struct cairn_future future = call(self, 1);

    cairn_service_drop(self->service);
    self->service = NULL;
    assert_false(cairn_mock_is_closed(self->mock));
    cairn_service_drop(copy);
    assert_false(cairn_mock_is_closed(self->mock));
    cairn_mock_request_drop(cairn_mock_expect(self->mock, 1));
    assert_true(cairn_mock_is_closed(self->mock));
    cairn_future_drop(&future);
}

static void the_handle_is_told_when_a_response_future_was_dropped(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future = call(self, 1);
    struct cairn_mock_request *request = cairn_mock_expect(self->mock, 1);

    assert_false(cairn_mock_is_abandoned(request));
    assert_int_equal(cairn_mock_counts(self->mock).futures, 1);
    cairn_future_drop(&future);
    assert_true(cairn_mock_is_abandoned(request));
    assert_int_equal(cairn_mock_counts(self->mock).futures, 0);
    cairn_mock_respond(request, cairn_test_value_new(2));
    assert_int_equal(cairn_test_value_live(), 0);
}

static void an_answer_that_nobody_takes_is_dropped_with_its_future(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future = call(self, 1);

    cairn_mock_respond(cairn_mock_expect(self->mock, 1), cairn_test_value_new(2));
    assert_int_equal(cairn_test_value_live(), 1);
    cairn_future_drop(&future);
    assert_int_equal(cairn_test_value_live(), 0);
    future = call(self, 1);
    cairn_mock_fail(
        cairn_mock_expect(self->mock, 1), cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "lost"));
    cairn_future_drop(&future);
}

static void a_request_outlives_its_future_and_the_handle(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future = call(self, 7);
    struct cairn_mock_request *request = cairn_mock_next_request(self->mock);
    void *value = cairn_mock_request_take(request);

    assert_null(cairn_mock_request_value(request));
    cairn_future_drop(&future);
    cairn_mock_free(self->mock);
    self->mock = NULL;
    cairn_mock_request_drop(request);
    assert_int_equal(cairn_test_value_take(value), 7);
}

static void requests_come_in_the_order_of_calls(void **state)
{
    struct fixture *self = *state;
    struct cairn_future futures[3];

    for (int i = 0; i < 3; i++)
        futures[i] = call(self, i);
    for (int i = 0; i < 3; i++)
        cairn_mock_request_drop(cairn_mock_expect(self->mock, i));
    assert_null(cairn_mock_next_request(self->mock));
    for (int i = 0; i < 3; i++)
        cairn_future_drop(&futures[i]);
}

static void a_mock_that_may_not_be_cloned_is_not(void **state)
{
    struct cairn_mock_options opts = {.size = sizeof(opts), .not_cloneable = true};
    struct cairn_mock *mock = cairn_mock_new(&opts);
    struct cairn_service *service = cairn_mock_service(mock);

    (void)state;
    assert_false(cairn_service_is_cloneable(service));
    assert_null(cairn_service_clone(service));
    cairn_service_drop(service);
    cairn_mock_free(mock);
}

static void mock_without_memory(void *cx)
{
    struct cairn_mock *mock = cairn_mock_new(NULL);
    struct cairn_service *service = cairn_mock_service(mock);
    struct cairn_harness harness;
    struct cairn_error *error = NULL;
    union cairn_outcome out;

    (void)cx;
    cairn_harness_init(&harness, NULL);
    if (cairn_harness_poll_ready(&harness, service, &error) == CAIRN_READY) {
        struct cairn_future future = cairn_service_call(service, cairn_test_value_new(1));

        if (!cairn_future_is_complete(&future))
            cairn_mock_request_drop(cairn_mock_next_request(mock));
        assert_null(cairn_mock_next_request(mock));
        assert_int_equal(cairn_harness_poll(&harness, &future, &out), CAIRN_FAILED);
    }
    cairn_error_unref(error);
    cairn_service_drop(service);
    cairn_mock_free(mock);
    cairn_harness_fini(&harness);
}

static void a_mock_without_memory_fails_and_leaks_nothing(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(mock_without_memory, NULL) >= 4);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void leak_one_byte(void *cx)
{
    *(void **)cx = cairn_alloc(1);
    cairn_test_alloc_end();
}

static void a_leak_of_one_byte_fails_the_test(void **state)
{
    void *leaked = NULL;

    (void)state;
    cairn_test_alloc_begin();
    assert_string_equal(
        cairn_test_misuse(leak_one_byte, &leaked), "cairn_test_alloc_end: memory was leaked");
    assert_non_null(leaked);
    cairn_free(leaked);
}

static void the_tracing_allocator_knows_blocks_bytes_and_allocations(void **state)
{
    void *old = cairn_alloc(8);
    void *a;
    void *b;

    (void)state;
    cairn_test_alloc_begin();
    a = cairn_alloc(10);
    b = cairn_alloc_zero(20);
    assert_int_equal(cairn_test_alloc_live(), 2);
    assert_int_equal(cairn_test_alloc_bytes(), 30);
    a = cairn_resize(a, 100);
    assert_int_equal(cairn_test_alloc_bytes(), 120);
    assert_int_equal(cairn_test_alloc_count(), 3);
    cairn_free(old);
    cairn_free(a);
    assert_int_equal(cairn_test_alloc_bytes(), 20);
    cairn_free(b);
    assert_int_equal(cairn_test_alloc_live(), 0);
    cairn_test_alloc_end();
}

static void the_tracing_allocator_keeps_its_table_right_through_many_blocks(void **state)
{
    enum { BLOCKS = 3000 };
    static void *blocks[BLOCKS];
    struct cairn_random dice = {42};

    (void)state;
    memset(blocks, 0, sizeof(blocks));
    cairn_test_alloc_begin();
    for (int round = 0; round < 30000; round++) {
        void **block = &blocks[cairn_random_range(&dice, 0, BLOCKS)];

        if (*block)
            cairn_free(*block);
        *block = *block ? NULL : cairn_alloc(16);
    }
    size_t live = 0;
    for (int i = 0; i < BLOCKS; i++)
        live += blocks[i] != NULL;
    assert_int_equal(cairn_test_alloc_live(), live);
    assert_int_equal(cairn_test_alloc_bytes(), live * 16);
    for (int i = 0; i < BLOCKS; i++)
        cairn_free(blocks[i]);
    cairn_test_alloc_end();
}

static void exactly_the_nth_allocation_fails(void **state)
{
    void *first;
    void *third;

    (void)state;
    cairn_test_alloc_begin();
    cairn_test_alloc_fail_at(2);
    first = cairn_alloc(1);
    assert_non_null(first);
    assert_false(cairn_test_alloc_has_failed());
    cairn_test_alloc_exempt(true);
    third = cairn_alloc(1);
    cairn_test_alloc_exempt(false);
    assert_non_null(third);
    cairn_free(third);
    assert_null(cairn_alloc(1));
    assert_true(cairn_test_alloc_has_failed());
    third = cairn_alloc(1);
    assert_non_null(third);
    cairn_test_alloc_fail_at(1);
    assert_null(cairn_resize(third, 100));
    cairn_free(first);
    cairn_free(third);
    cairn_test_alloc_end();
}

static void three_allocations(void *cx)
{
    unsigned *runs = cx;
    void *blocks[3];

    ++*runs;
    for (int i = 0; i < 3; i++)
        blocks[i] = cairn_alloc(8);
    for (int i = 0; i < 3; i++)
        cairn_free(blocks[i]);
}

static void a_scenario_of_three_allocations_runs_four_times(void **state)
{
    unsigned runs = 0;

    (void)state;
    assert_int_equal(cairn_test_each_allocation(three_allocations, &runs), 3);
    assert_int_equal(runs, 4);
}

static void *allocate_in_thread(void *cx)
{
    (void)cx;
    for (int i = 0; i < 5000; i++) {
        void *block = cairn_resize(cairn_alloc(8), 24);

        cairn_free(block);
    }
    return NULL;
}

static void the_tracing_allocator_may_be_used_from_any_thread(void **state)
{
    pthread_t threads[4];

    (void)state;
    cairn_test_alloc_begin();
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, allocate_in_thread, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(cairn_test_alloc_count(), 4 * 5000 * 2);
    cairn_test_alloc_end();
}

static void drop_value(void *value)
{
    cairn_test_value_drop(value);
}

static void something_that_is_no_value_is_told_from_one(void **state)
{
    char block[64] = {0};

    (void)state;
    assert_string_equal(cairn_test_misuse(drop_value, block), "test.value: this is no test value");
}

static void a_value_is_cloned_and_counted(void **state)
{
    struct cairn_test_value *value = cairn_test_value_new(5);
    size_t clones = cairn_test_value_clones();
    void *clone = cairn_test_value_type.clone(value);

    (void)state;
    assert_int_equal(cairn_test_value_live(), 2);
    assert_int_equal(cairn_test_value_clones(), clones + 1);
    cairn_test_value_set(value, 6);
    assert_int_equal(cairn_test_value_take(clone), 5);
    assert_int_equal(cairn_test_value_take(value), 6);
    assert_int_equal(cairn_test_value_live(), 0);
    assert_null(cairn_test_fixed_type.clone);
}

static void fini_harness(void *cx)
{
    cairn_harness_fini(cx);
}

static void a_waker_left_behind_fails_the_harness(void **state)
{
    struct cairn_harness harness;
    struct cairn_waker waker = {NULL};
    struct cairn_context cx;

    (void)state;
    cairn_harness_init(&harness, NULL);
    cx = cairn_harness_context(&harness);
    assert_true(cairn_context_can_wait(&cx));
    cairn_waker_set(&waker, &cx);
    assert_string_equal(
        cairn_test_misuse(fini_harness, &harness), "harness: a waker still points to the task");
    cairn_waker_clear(&waker);
    cairn_harness_fini(&harness);
}

static void *wake_in_thread(void *waker)
{
    cairn_wake(waker);
    return NULL;
}

static void a_wake_from_another_thread_is_recorded(void **state)
{
    struct cairn_harness harness;
    struct cairn_waker waker = {NULL};
    struct cairn_context cx;
    pthread_t thread;

    (void)state;
    cairn_harness_init(&harness, NULL);
    cx = cairn_harness_context(&harness);
    cairn_waker_set(&waker, &cx);
    assert_int_equal(pthread_create(&thread, NULL, wake_in_thread, &waker), 0);
    pthread_join(thread, NULL);
    assert_true(cairn_harness_is_woken(&harness));
    cairn_harness_fini(&harness);
}

static void echo_answers_at_once_and_pending_once_after_one_wait(void **state)
{
    struct fixture *self = *state;
    struct cairn_service *echo = cairn_test_echo(NULL);
    struct cairn_service *once = cairn_test_pending_once(NULL);
    union cairn_outcome out;
    struct cairn_future future = cairn_service_call(echo, cairn_test_value_new(1));

    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), 1);
    future = cairn_service_call(once, cairn_test_value_new(2));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_PENDING);
    assert_true(cairn_harness_is_woken(&self->harness));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), 2);
    future = cairn_service_call(once, cairn_test_value_new(3));
    cairn_future_drop(&future);
    future = cairn_service_call(echo, cairn_test_value_new(4));
    cairn_future_drop(&future);
    cairn_service_drop(echo);
    cairn_service_drop(once);
}

struct alarm {
    struct cairn_timer timer;
    uint64_t fired_ms;
    struct cairn_runtime *runtime;
};

static void alarm_fire(struct cairn_timer *timer)
{
    struct alarm *self = (struct alarm *)(void *)timer;

    self->fired_ms = cairn_runtime_now_ms(self->runtime);
}

static void time_stands_still_until_it_is_moved(void **state)
{
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime = cairn_test_runtime_new(&clock);
    struct alarm alarm = {.runtime = runtime};

    (void)state;
    assert_int_equal(cairn_runtime_now_ms(runtime), 1000);
    cairn_timer_arm(runtime, &alarm.timer, 1100, alarm_fire);
    cairn_test_clock_advance_ms(&clock, runtime, 99);
    assert_int_equal(alarm.fired_ms, 0);
    assert_int_equal(cairn_runtime_now_ms(runtime), 1099);
    cairn_test_clock_advance_ms(&clock, runtime, 1);
    assert_int_equal(alarm.fired_ms, 1100);
    cairn_runtime_free(runtime);
}

#define WITH_MOCK(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_MOCK(T001_with_nothing_sent_the_handle_sees_no_request),
        WITH_MOCK(T002_a_fresh_mock_is_ready_at_once),
        WITH_MOCK(the_handle_answers_and_the_caller_gets_the_answer),
        WITH_MOCK(T004_with_allowance_0_readiness_is_pending),
        WITH_MOCK(T005_a_call_while_not_ready_is_an_assertion),
        WITH_MOCK(a_grown_allowance_wakes_who_waits),
        WITH_MOCK(an_allowance_counts_reservations_and_calls),
        WITH_MOCK(X002_a_reservation_of_one_copy_keeps_the_other_waiting),
        WITH_MOCK(fail_ready_fails_one_poll_and_gives_the_reservation_back),
        WITH_MOCK(fail_ready_wakes_who_waits),
        WITH_MOCK(freeing_the_handle_closes_the_service),
        WITH_MOCK(freeing_the_handle_wakes_who_waits),
        WITH_MOCK(a_call_on_a_reservation_older_than_the_close_fails_as_closed),
        WITH_MOCK(the_handle_is_told_when_all_copies_are_gone),
        WITH_MOCK(the_handle_is_told_when_a_response_future_was_dropped),
        WITH_MOCK(an_answer_that_nobody_takes_is_dropped_with_its_future),
        WITH_MOCK(a_request_outlives_its_future_and_the_handle),
        WITH_MOCK(requests_come_in_the_order_of_calls),
        WITH_MOCK(echo_answers_at_once_and_pending_once_after_one_wait),
        cmocka_unit_test(a_mock_that_may_not_be_cloned_is_not),
        cmocka_unit_test(a_mock_without_memory_fails_and_leaks_nothing),
        cmocka_unit_test(a_leak_of_one_byte_fails_the_test),
        cmocka_unit_test(the_tracing_allocator_knows_blocks_bytes_and_allocations),
        cmocka_unit_test(the_tracing_allocator_keeps_its_table_right_through_many_blocks),
        cmocka_unit_test(exactly_the_nth_allocation_fails),
        cmocka_unit_test(a_scenario_of_three_allocations_runs_four_times),
        cmocka_unit_test(the_tracing_allocator_may_be_used_from_any_thread),
        cmocka_unit_test(something_that_is_no_value_is_told_from_one),
        cmocka_unit_test(a_value_is_cloned_and_counted),
        cmocka_unit_test(a_waker_left_behind_fails_the_harness),
        cmocka_unit_test(a_wake_from_another_thread_is_recorded),
        cmocka_unit_test(time_stands_still_until_it_is_moved),
    };

    return cmocka_run_group_tests_name("testkit", tests, NULL, NULL);
}
