#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/service/runtime.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/clock.h>
#include <cairn/testkit/harness.h>

struct worker {
    struct cairn_task task;
    unsigned runs;
    unsigned frees;
    bool wakes_itself;
    unsigned order;
    unsigned *clock;
};

static void worker_run(struct cairn_task *task)
{
    struct worker *self = (struct worker *)task;

    self->runs++;
    if (self->clock)
        self->order = ++*self->clock;
    if (self->wakes_itself) {
        self->wakes_itself = false;
        cairn_task_wake(task);
    }
}

static void worker_free(struct cairn_task *task)
{
    ((struct worker *)task)->frees++;
}

static const struct cairn_task_ops worker_ops = {
    .name = "worker", .run = worker_run, .free = worker_free};

struct fixture {
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct worker worker;
};

static int fixture_open(void **state)
{
    static struct fixture self;

    cairn_test_alloc_begin();
    self.runtime = cairn_test_runtime_new(&self.clock);
    self.worker = (struct worker){.runs = 0};
    cairn_task_init(&self.worker.task, &worker_ops, self.runtime);
    *state = &self;
    return 0;
}

static int fixture_close(void **state)
{
    struct fixture *self = *state;

    cairn_task_unref(&self->worker.task);
    assert_int_equal(self->worker.frees, 1);
    cairn_runtime_free(self->runtime);
    cairn_test_alloc_end();
    return 0;
}

static void a_task_runs_when_it_was_woken_and_at_no_other_time(void **state)
{
    struct fixture *self = *state;

    cairn_test_settle(self->runtime);
    assert_int_equal(self->worker.runs, 0);
    cairn_task_wake(&self->worker.task);
    assert_int_equal(self->worker.runs, 0);
    cairn_test_settle(self->runtime);
    assert_int_equal(self->worker.runs, 1);
    cairn_test_settle(self->runtime);
    assert_int_equal(self->worker.runs, 1);
}

static void several_wakes_are_one_run(void **state)
{
    struct fixture *self = *state;

    for (int i = 0; i < 5; i++)
        cairn_task_wake(&self->worker.task);
    cairn_test_settle(self->runtime);
    assert_int_equal(self->worker.runs, 1);
}

static void a_wake_during_the_run_queues_the_task_again(void **state)
{
    struct fixture *self = *state;

    self->worker.wakes_itself = true;
    cairn_task_wake(&self->worker.task);
    cairn_test_settle(self->runtime);
    assert_int_equal(self->worker.runs, 2);
}

static void tasks_run_in_the_order_of_their_wakes(void **state)
{
    struct fixture *self = *state;
    struct worker workers[20];
    unsigned clock = 0;

    for (unsigned i = 0; i < 20; i++) {
        workers[i] = (struct worker){.clock = &clock};
        cairn_task_init(&workers[i].task, &worker_ops, self->runtime);
    }
    for (unsigned i = 0; i < 20; i++)
        cairn_task_wake(&workers[(i * 7) % 20].task);
    cairn_test_settle(self->runtime);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(workers[(i * 7) % 20].order, i + 1);
        cairn_task_unref(&workers[i].task);
    }
}

static void many_tasks_take_several_turns_and_all_run(void **state)
{
    enum { MANY = 5000 };
    static struct worker workers[MANY];
    struct fixture *self = *state;

    for (unsigned i = 0; i < MANY; i++) {
        workers[i] = (struct worker){.runs = 0};
        cairn_task_init(&workers[i].task, &worker_ops, self->runtime);
        cairn_task_wake(&workers[i].task);
    }
    assert_true(cairn_runtime_turn(self->runtime));
    cairn_test_settle(self->runtime);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(workers[i].runs, 1);
        cairn_task_unref(&workers[i].task);
        assert_int_equal(workers[i].frees, 1);
    }
}

static void the_run_queue_keeps_a_task_alive(void **state)
{
    struct fixture *self = *state;
    struct worker worker = {.runs = 0};

    cairn_task_init(&worker.task, &worker_ops, self->runtime);
    cairn_task_wake(&worker.task);
    cairn_task_unref(&worker.task);
    assert_int_equal(worker.frees, 0);
    cairn_test_settle(self->runtime);
    assert_int_equal(worker.runs, 1);
    assert_int_equal(worker.frees, 1);
}

static void a_waker_keeps_its_task_alive_until_it_is_cleared(void **state)
{
    struct fixture *self = *state;
    struct worker worker = {.runs = 0};
    const struct cairn_context cx = {&worker.task, self->runtime};
    struct cairn_waker waker = {NULL};

    cairn_task_init(&worker.task, &worker_ops, self->runtime);
    cairn_waker_set(&waker, &cx);
    cairn_task_unref(&worker.task);
    assert_int_equal(worker.frees, 0);
    cairn_waker_clear(&waker);
    assert_int_equal(worker.frees, 1);
    cairn_waker_clear(&waker);
}

static void a_wake_empties_the_waker(void **state)
{
    struct fixture *self = *state;
    const struct cairn_context cx = {&self->worker.task, self->runtime};
    struct cairn_waker waker = {NULL};

    assert_false(cairn_wake(&waker));
    cairn_waker_set(&waker, &cx);
    assert_true(cairn_wake(&waker));
    assert_false(cairn_wake(&waker));
    cairn_test_settle(self->runtime);
    assert_int_equal(self->worker.runs, 1);
    assert_int_equal(self->worker.task.references, 1);
}

static void setting_a_waker_again_replaces_the_task(void **state)
{
    struct fixture *self = *state;
    struct cairn_harness harness;
    const struct cairn_context cx = {&self->worker.task, self->runtime};
    struct cairn_context other;
    struct cairn_waker waker = {NULL};

    cairn_harness_init(&harness, NULL);
    other = cairn_harness_context(&harness);
    cairn_waker_set(&waker, &cx);
    cairn_waker_set(&waker, &cx);
    assert_int_equal(self->worker.task.references, 2);
    cairn_waker_set(&waker, &other);
    assert_int_equal(self->worker.task.references, 1);
    cairn_wake(&waker);
    assert_true(cairn_harness_is_woken(&harness));
    cairn_test_settle(self->runtime);
    assert_int_equal(self->worker.runs, 0);
    cairn_harness_fini(&harness);
}

static void take_moves_the_task_to_another_waker(void **state)
{
    struct fixture *self = *state;
    const struct cairn_context cx = {&self->worker.task, self->runtime};
    struct cairn_waker waker = {NULL};
    struct cairn_waker taken;

    cairn_waker_set(&waker, &cx);
    taken = cairn_waker_take(&waker);
    assert_false(cairn_wake(&waker));
    assert_int_equal(self->worker.task.references, 2);
    assert_true(cairn_wake(&taken));
    cairn_test_settle(self->runtime);
    assert_int_equal(self->worker.runs, 1);
}

static void a_task_outlives_its_runtime_while_a_waker_points_to_it(void **state)
{
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct worker worker = {.runs = 0};
    struct cairn_waker waker = {NULL};

    (void)state;
    cairn_test_alloc_begin();
    runtime = cairn_test_runtime_new(&clock);
    cairn_task_init(&worker.task, &worker_ops, runtime);
    cairn_waker_set(&waker, &(const struct cairn_context){&worker.task, runtime});
    cairn_task_unref(&worker.task);
    cairn_runtime_free(runtime);
    assert_int_equal(worker.frees, 0);
    assert_true(cairn_wake(&waker));
    assert_int_equal(worker.runs, 0);
    assert_int_equal(worker.frees, 1);
    cairn_test_alloc_end();
}

static void a_task_that_is_queued_when_its_runtime_ends_is_let_go_of(void **state)
{
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct worker worker = {.runs = 0};

    (void)state;
    cairn_test_alloc_begin();
    runtime = cairn_test_runtime_new(&clock);
    cairn_task_init(&worker.task, &worker_ops, runtime);
    cairn_task_wake(&worker.task);
    cairn_task_unref(&worker.task);
    cairn_runtime_free(runtime);
    assert_int_equal(worker.runs, 0);
    assert_int_equal(worker.frees, 1);
    cairn_test_alloc_end();
}

#define WITH_RUNTIME(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RUNTIME(a_task_runs_when_it_was_woken_and_at_no_other_time),
        WITH_RUNTIME(several_wakes_are_one_run),
        WITH_RUNTIME(a_wake_during_the_run_queues_the_task_again),
        WITH_RUNTIME(tasks_run_in_the_order_of_their_wakes),
        WITH_RUNTIME(many_tasks_take_several_turns_and_all_run),
        WITH_RUNTIME(the_run_queue_keeps_a_task_alive),
        WITH_RUNTIME(a_waker_keeps_its_task_alive_until_it_is_cleared),
        WITH_RUNTIME(a_wake_empties_the_waker),
        WITH_RUNTIME(setting_a_waker_again_replaces_the_task),
        WITH_RUNTIME(take_moves_the_task_to_another_waker),
        cmocka_unit_test(a_task_outlives_its_runtime_while_a_waker_points_to_it),
        cmocka_unit_test(a_task_that_is_queued_when_its_runtime_ends_is_let_go_of),
    };

    return cmocka_run_group_tests_name("task", tests, NULL, NULL);
}
