#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/service/sleep.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/clock.h>
#include <cairn/testkit/harness.h>

struct world {
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct cairn_harness harness;
};

static int open_world(void **state)
{
    static struct world world;
    cairn_test_alloc_begin();
    world.runtime = cairn_test_runtime_new(&world.clock);
    cairn_harness_init(&world.harness, world.runtime);
    *state = &world;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    cairn_harness_fini(&w->harness);
    cairn_runtime_free(w->runtime);
    cairn_test_alloc_end();
    return 0;
}

static void advance(struct world *w, uint64_t ms)
{
    cairn_test_clock_advance_ms(&w->clock, w->runtime, ms);
}

static enum cairn_poll poll(struct world *w, struct cairn_future *f)
{
    union cairn_outcome out = {.value = w};
    enum cairn_poll p = cairn_harness_poll(&w->harness, f, &out);
    assert_ptr_equal(out.value, p == CAIRN_READY ? NULL : w);
    return p;
}

static enum cairn_poll poll_state(struct world *w, struct cairn_sleep_state *sleep)
{
    struct cairn_context cx = cairn_harness_context(&w->harness);
    return cairn_sleep_poll(sleep, &cx);
}

static void it_wakes_and_is_ready_when_its_time_has_come_and_not_before(void **state)
{
    struct world *w = *state;
    struct cairn_future f = cairn_sleep(100);
    assert_int_equal(poll(w, &f), CAIRN_PENDING);
    advance(w, 99);
    assert_false(cairn_harness_is_woken(&w->harness));
    assert_int_equal(poll(w, &f), CAIRN_PENDING);
    advance(w, 1);
    assert_true(cairn_harness_is_woken(&w->harness));
    assert_int_equal(poll(w, &f), CAIRN_READY);
    advance(w, 1000);
    assert_false(cairn_harness_is_woken(&w->harness));
}

static void time_counts_from_the_first_poll(void **state)
{
    struct world *w = *state;
    struct cairn_future f = cairn_sleep(100);
    advance(w, 500);
    assert_int_equal(poll(w, &f), CAIRN_PENDING);
    advance(w, 60);
    assert_int_equal(poll(w, &f), CAIRN_PENDING);
    advance(w, 40);
    assert_true(cairn_harness_is_woken(&w->harness));
    assert_int_equal(poll(w, &f), CAIRN_READY);
}

static void no_time_at_all_is_ready_at_once_without_a_box(void **state)
{
    struct world *w = *state;
    size_t before = cairn_test_alloc_count();
    struct cairn_future f = cairn_sleep(0);
    assert_true(cairn_future_is_complete(&f));
    assert_int_equal(poll(w, &f), CAIRN_READY);
    assert_int_equal(cairn_test_alloc_count(), before);
}

static void more_time_than_there_is_never_ends(void **state)
{
    struct world *w = *state;
    struct cairn_future f = cairn_sleep(UINT64_MAX);
    assert_int_equal(poll(w, &f), CAIRN_PENDING);
    advance(w, 1000000);
    assert_false(cairn_harness_is_woken(&w->harness));
    assert_int_equal(poll(w, &f), CAIRN_PENDING);
    cairn_future_drop(&f);
}

static void dropping_it_before_and_after_its_first_poll_wakes_nobody(void **state)
{
    struct world *w = *state;
    struct cairn_future a = cairn_sleep(10), b = cairn_sleep(10);
    assert_int_equal(poll(w, &a), CAIRN_PENDING);
    cairn_future_drop(&a);
    cairn_future_drop(&b);
    advance(w, 100);
    assert_false(cairn_harness_is_woken(&w->harness));
}

static void dropping_it_between_wake_and_poll_is_harmless(void **state)
{
    struct world *w = *state;
    struct cairn_future f = cairn_sleep(10);
    assert_int_equal(poll(w, &f), CAIRN_PENDING);
    advance(w, 10);
    assert_true(cairn_harness_is_woken(&w->harness));
    cairn_future_drop(&f);
    assert_true(cairn_future_is_empty(&f));
}

static void without_memory_it_fails(void **state)
{
    struct world *w = *state;
    union cairn_outcome out;
    cairn_test_alloc_fail_at(1);
    struct cairn_future f = cairn_sleep(10);
    assert_int_equal(cairn_harness_poll(&w->harness, &f, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &cairn_error_no_memory);
}

/* The state without a box */

static void a_state_waits_for_its_time(void **state)
{
    struct world *w = *state;
    struct cairn_sleep_state sleep = {.at_ms = cairn_runtime_now_ms(w->runtime) + 5};
    assert_int_equal(poll_state(w, &sleep), CAIRN_PENDING);
    assert_true(cairn_timer_is_armed(&sleep.timer));
    advance(w, 5);
    assert_true(cairn_harness_is_woken(&w->harness));
    assert_int_equal(poll_state(w, &sleep), CAIRN_READY);
    assert_false(cairn_timer_is_armed(&sleep.timer));
}

static void a_state_that_was_stopped_may_be_used_again(void **state)
{
    struct world *w = *state;
    struct cairn_sleep_state sleep = {.at_ms = cairn_runtime_now_ms(w->runtime) + 5};
    assert_int_equal(poll_state(w, &sleep), CAIRN_PENDING);
    cairn_sleep_stop(&sleep);
    assert_false(cairn_timer_is_armed(&sleep.timer));
    advance(w, 10);
    assert_false(cairn_harness_is_woken(&w->harness));
    sleep.at_ms = cairn_runtime_now_ms(w->runtime) + 5;
    assert_int_equal(poll_state(w, &sleep), CAIRN_PENDING);
    advance(w, 5);
    assert_true(cairn_harness_is_woken(&w->harness));
    assert_int_equal(poll_state(w, &sleep), CAIRN_READY);
    cairn_sleep_stop(&sleep);
}

static void a_state_whose_time_has_passed_is_ready_at_its_first_poll(void **state)
{
    struct world *w = *state;
    struct cairn_sleep_state sleep = {.at_ms = cairn_runtime_now_ms(w->runtime)};
    assert_int_equal(poll_state(w, &sleep), CAIRN_READY);
    assert_false(cairn_timer_is_armed(&sleep.timer));
}

static void the_task_that_polled_last_is_woken(void **state)
{
    struct world *w = *state;
    struct cairn_sleep_state sleep = {.at_ms = cairn_runtime_now_ms(w->runtime) + 5};
    struct cairn_harness other;
    cairn_harness_init(&other, w->runtime);
    struct cairn_context cx = cairn_harness_context(&other);
    assert_int_equal(poll_state(w, &sleep), CAIRN_PENDING);
    assert_int_equal(cairn_sleep_poll(&sleep, &cx), CAIRN_PENDING);
    advance(w, 5);
    assert_false(cairn_harness_is_woken(&w->harness));
    assert_true(cairn_harness_is_woken(&other));
    assert_int_equal(cairn_sleep_poll(&sleep, &cx), CAIRN_READY);
    cairn_harness_fini(&other);
}

static void where_nobody_can_wait_the_state_is_left_alone(void **state)
{
    struct world *w = *state;
    const struct cairn_context spot = {NULL, w->runtime};
    struct cairn_sleep_state sleep = {.at_ms = cairn_runtime_now_ms(w->runtime) + 5};
    assert_int_equal(cairn_sleep_poll(&sleep, &spot), CAIRN_PENDING);
    assert_false(cairn_timer_is_armed(&sleep.timer));
    assert_null(sleep.waker.task);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(it_wakes_and_is_ready_when_its_time_has_come_and_not_before),
        WORLD_TEST(time_counts_from_the_first_poll),
        WORLD_TEST(no_time_at_all_is_ready_at_once_without_a_box),
        WORLD_TEST(more_time_than_there_is_never_ends),
        WORLD_TEST(dropping_it_before_and_after_its_first_poll_wakes_nobody),
        WORLD_TEST(dropping_it_between_wake_and_poll_is_harmless),
        WORLD_TEST(without_memory_it_fails),
        WORLD_TEST(a_state_waits_for_its_time),
        WORLD_TEST(a_state_that_was_stopped_may_be_used_again),
        WORLD_TEST(a_state_whose_time_has_passed_is_ready_at_its_first_poll),
        WORLD_TEST(the_task_that_polled_last_is_woken),
        WORLD_TEST(where_nobody_can_wait_the_state_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
