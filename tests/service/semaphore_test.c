#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/service/semaphore.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/harness.h>

/* Three who want permits, each a task of its own. */
struct world {
    struct cairn_semaphore *semaphore;
    struct cairn_harness tasks[3];
    struct cairn_semaphore_wait waits[3];
};

static int open_world(void **state)
{
    static struct world world;
    world = (struct world){0};
    cairn_test_alloc_begin();
    for (int i = 0; i < 3; i++)
        cairn_harness_init(&world.tasks[i], NULL);
    world.semaphore = cairn_semaphore_new(0);
    *state = &world;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 3; i++) {
        cairn_semaphore_leave(&w->waits[i]);
        cairn_harness_fini(&w->tasks[i]);
    }
    cairn_semaphore_unref(w->semaphore);
    cairn_test_alloc_end();
    return 0;
}

static enum cairn_poll poll(struct world *w, int i)
{
    struct cairn_context cx = cairn_harness_context(&w->tasks[i]);
    return cairn_semaphore_poll(w->semaphore, &w->waits[i], &cx);
}

static bool is_woken(struct world *w, int i)
{
    return cairn_harness_is_woken(&w->tasks[i]);
}

static void permits_are_counted(void **state)
{
    struct world *w = *state;
    cairn_semaphore_release(w->semaphore);
    cairn_semaphore_release(w->semaphore);
    assert_int_equal(cairn_semaphore_available(w->semaphore), 2);
    assert_true(cairn_semaphore_try_acquire(w->semaphore));
    assert_int_equal(poll(w, 0), CAIRN_READY);
    assert_int_equal(cairn_semaphore_available(w->semaphore), 0);
    assert_false(cairn_semaphore_try_acquire(w->semaphore));
    assert_int_equal(poll(w, 0), CAIRN_PENDING);
    assert_int_equal(cairn_semaphore_waiting(w->semaphore), 1);
}

static void new_gives_as_many_permits_as_it_was_told(void **state)
{
    (void)state;
    struct cairn_semaphore *semaphore = cairn_semaphore_new(3);
    assert_int_equal(cairn_semaphore_available(semaphore), 3);
    assert_int_equal(cairn_semaphore_waiting(semaphore), 0);
    cairn_semaphore_unref(semaphore);
}

static void T061_who_waits_is_not_woken_while_nothing_was_released(void **state)
{
    struct world *w = *state;
    assert_int_equal(poll(w, 0), CAIRN_PENDING);
    assert_int_equal(poll(w, 1), CAIRN_PENDING);
    assert_int_equal(poll(w, 0), CAIRN_PENDING);
    assert_false(is_woken(w, 0));
    assert_false(is_woken(w, 1));
    assert_int_equal(cairn_semaphore_waiting(w->semaphore), 2);
}

static void T073_a_release_wakes_the_first_who_waits_and_no_other(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(poll(w, i), CAIRN_PENDING);
    cairn_semaphore_release(w->semaphore);
    assert_true(is_woken(w, 0));
    assert_false(is_woken(w, 1));
    assert_false(is_woken(w, 2));
    assert_int_equal(poll(w, 0), CAIRN_READY);
    cairn_semaphore_release(w->semaphore);
    assert_true(is_woken(w, 1));
    assert_false(is_woken(w, 2));
}

static void T074_a_woken_waiter_that_leaves_wakes_the_next(void **state)
{
    struct world *w = *state;
    assert_int_equal(poll(w, 0), CAIRN_PENDING);
    assert_int_equal(poll(w, 1), CAIRN_PENDING);
    cairn_semaphore_release(w->semaphore);
    cairn_semaphore_leave(&w->waits[0]);
    assert_true(is_woken(w, 1));
    assert_int_equal(poll(w, 1), CAIRN_READY);
    assert_int_equal(cairn_semaphore_available(w->semaphore), 0);
}

static void a_permit_nobody_is_left_for_is_free_again(void **state)
{
    struct world *w = *state;
    assert_int_equal(poll(w, 0), CAIRN_PENDING);
    cairn_semaphore_release(w->semaphore);
    assert_int_equal(cairn_semaphore_available(w->semaphore), 0);
    cairn_semaphore_leave(&w->waits[0]);
    assert_int_equal(cairn_semaphore_available(w->semaphore), 1);
    cairn_semaphore_leave(&w->waits[0]);
    assert_int_equal(cairn_semaphore_available(w->semaphore), 1);
}

static void nobody_overtakes_a_permit_that_was_handed_over(void **state)
{
    struct world *w = *state;
    assert_int_equal(poll(w, 0), CAIRN_PENDING);
    cairn_semaphore_release(w->semaphore);
    assert_false(cairn_semaphore_try_acquire(w->semaphore));
    assert_int_equal(poll(w, 1), CAIRN_PENDING);
    assert_int_equal(poll(w, 0), CAIRN_READY);
    cairn_semaphore_leave(&w->waits[0]); /* idle: gives nothing back */
    assert_int_equal(cairn_semaphore_available(w->semaphore), 0);
    assert_false(is_woken(w, 1));
}

static void who_waits_first_is_served_first_also_when_others_leave(void **state)
{
    static const int leaving[] = {0, 1, 2};
    static const int order[][2] = {{1, 2}, {0, 2}, {0, 1}};
    struct world *w = *state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3; i++)
            assert_int_equal(poll(w, i), CAIRN_PENDING);
        cairn_semaphore_leave(&w->waits[leaving[round]]);
        assert_int_equal(cairn_semaphore_waiting(w->semaphore), 2);
        for (int i = 0; i < 2; i++) {
            cairn_semaphore_release(w->semaphore);
            assert_true(is_woken(w, order[round][i]));
            assert_int_equal(poll(w, order[round][i]), CAIRN_READY);
        }
        assert_false(is_woken(w, leaving[round]));
        assert_int_equal(cairn_semaphore_waiting(w->semaphore), 0);
    }
}

static void who_left_as_last_can_queue_again_as_last(void **state)
{
    struct world *w = *state;
    assert_int_equal(poll(w, 0), CAIRN_PENDING);
    assert_int_equal(poll(w, 1), CAIRN_PENDING);
    cairn_semaphore_leave(&w->waits[1]);
    assert_int_equal(poll(w, 2), CAIRN_PENDING);
    assert_int_equal(poll(w, 1), CAIRN_PENDING);
    for (int i = 0; i < 3; i++)
        cairn_semaphore_release(w->semaphore);
    for (int i = 0; i < 3; i++)
        assert_true(is_woken(w, i));
}

static void the_task_that_polled_last_is_woken(void **state)
{
    struct world *w = *state;
    struct cairn_context other = cairn_harness_context(&w->tasks[2]);
    assert_int_equal(poll(w, 0), CAIRN_PENDING);
    assert_int_equal(cairn_semaphore_poll(w->semaphore, &w->waits[0], &other), CAIRN_PENDING);
    assert_int_equal(cairn_semaphore_waiting(w->semaphore), 1);
    cairn_semaphore_release(w->semaphore);
    assert_false(is_woken(w, 0));
    assert_true(is_woken(w, 2));
}

static void where_nobody_can_wait_the_place_is_left_alone(void **state)
{
    struct world *w = *state;
    const struct cairn_context spot = {0};
    struct cairn_semaphore_wait *wait = &w->waits[0];
    assert_int_equal(cairn_semaphore_poll(w->semaphore, wait, &spot), CAIRN_PENDING);
    assert_null(wait->semaphore);
    assert_null(wait->link);
    assert_null(wait->waker.task);
    assert_int_equal(cairn_semaphore_waiting(w->semaphore), 0);
    cairn_semaphore_release(w->semaphore);
    assert_int_equal(cairn_semaphore_poll(w->semaphore, wait, &spot), CAIRN_READY);
}

static void a_place_in_the_queue_keeps_the_semaphore(void **state)
{
    struct world *w = *state;
    struct cairn_semaphore *shared = cairn_semaphore_ref(w->semaphore);
    assert_ptr_equal(shared, w->semaphore);
    cairn_semaphore_unref(shared);
    assert_int_equal(poll(w, 0), CAIRN_PENDING);
    assert_int_equal(poll(w, 1), CAIRN_PENDING);
    cairn_semaphore_unref(w->semaphore);
    cairn_semaphore_leave(&w->waits[0]);
    assert_int_equal(cairn_semaphore_waiting(w->semaphore), 1);
    assert_int_equal(cairn_test_alloc_live(), 1);
    cairn_semaphore_leave(&w->waits[1]);
    assert_int_equal(cairn_test_alloc_live(), 0);
    w->semaphore = NULL;
}

static void without_memory_there_is_no_semaphore(void **state)
{
    (void)state;
    cairn_test_alloc_fail_at(1);
    assert_null(cairn_semaphore_new(1));
    cairn_semaphore_unref(NULL);
    cairn_semaphore_leave(&(struct cairn_semaphore_wait){0});
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(permits_are_counted),
        WORLD_TEST(new_gives_as_many_permits_as_it_was_told),
        WORLD_TEST(T061_who_waits_is_not_woken_while_nothing_was_released),
        WORLD_TEST(T073_a_release_wakes_the_first_who_waits_and_no_other),
        WORLD_TEST(T074_a_woken_waiter_that_leaves_wakes_the_next),
        WORLD_TEST(a_permit_nobody_is_left_for_is_free_again),
        WORLD_TEST(nobody_overtakes_a_permit_that_was_handed_over),
        WORLD_TEST(who_waits_first_is_served_first_also_when_others_leave),
        WORLD_TEST(who_left_as_last_can_queue_again_as_last),
        WORLD_TEST(the_task_that_polled_last_is_woken),
        WORLD_TEST(where_nobody_can_wait_the_place_is_left_alone),
        WORLD_TEST(a_place_in_the_queue_keeps_the_semaphore),
        WORLD_TEST(without_memory_there_is_no_semaphore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
