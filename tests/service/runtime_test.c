#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include <cairn/service/io.h>
#include <cairn/service/runtime.h>
#include <cairn/service/runtime_core.h>
#include <cairn/service/timer.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/clock.h>
#include <cairn/testkit/harness.h>
#include <cairn/testkit/misuse.h>
#include <cairn/testkit/mock.h>
#include <cairn/testkit/value.h>

struct fixture {
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct cairn_harness harness;
    struct cairn_mock *mock;
    struct cairn_service *service;
};

static int fixture_open(void **state)
{
    static struct fixture self;

    cairn_test_alloc_begin();
    self.runtime = cairn_test_runtime_new(&self.clock);
    cairn_harness_init(&self.harness, self.runtime);
    self.mock = cairn_mock_new(NULL);
    self.service = cairn_mock_service(self.mock);
    *state = &self;
    return 0;
}

static int fixture_close(void **state)
{
    struct fixture *self = *state;

    cairn_service_drop(self->service);
    cairn_runtime_free(self->runtime);
    assert_int_equal(cairn_mock_counts(self->mock).futures, 0);
    cairn_mock_free(self->mock);
    cairn_harness_fini(&self->harness);
    assert_int_equal(cairn_test_value_live(), 0);
    cairn_test_alloc_end();
    return 0;
}

static struct cairn_future call(struct fixture *self, int number)
{
    struct cairn_error *error = NULL;

    assert_int_equal(cairn_harness_poll_ready(&self->harness, self->service, &error), CAIRN_READY);
    return cairn_service_call(self->service, cairn_test_value_new(number));
}

static void respond(struct fixture *self, int number)
{
    struct cairn_mock_request *request = cairn_mock_next_request(self->mock);

    assert_non_null(request);
    cairn_mock_respond(request, cairn_test_value_new(number));
}

static void spawn(struct fixture *self, struct cairn_future future)
{
    assert_null(cairn_spawn(self->runtime, future, &cairn_test_value_type));
}

static void one_runtime_of_a_thread(void **state)
{
    struct fixture *self = *state;
    struct cairn_error *error = NULL;

    assert_ptr_equal(cairn_runtime_current(), self->runtime);
    assert_non_null(cairn_runtime_base(self->runtime));
    assert_null(cairn_runtime_new(NULL, &error));
    assert_int_equal(error->code, CAIRN_ERROR_RUNTIME);
    assert_non_null(strstr(error->message, "this thread has a runtime already"));
    cairn_error_unref(error);
    assert_ptr_equal(cairn_runtime_current(), self->runtime);
}

static void a_thread_may_have_one_runtime_after_the_other(void **state)
{
    (void)state;
    assert_null(cairn_runtime_current());
    for (int i = 0; i < 3; i++) {
        struct cairn_error *error = NULL;
        struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);

        assert_non_null(runtime);
        assert_null(error);
        assert_ptr_equal(cairn_runtime_current(), runtime);
        cairn_runtime_free(runtime);
        assert_null(cairn_runtime_current());
    }
    cairn_runtime_free(NULL);
}

static void a_spawned_future_runs_and_its_value_is_dropped(void **state)
{
    struct fixture *self = *state;

    spawn(self, call(self, 1));
    assert_int_equal(cairn_runtime_tasks(self->runtime), 1);
    cairn_test_settle(self->runtime);
    assert_int_equal(cairn_runtime_tasks(self->runtime), 1);
    respond(self, 2);
    assert_int_equal(cairn_test_value_live(), 1);
    cairn_test_settle(self->runtime);
    assert_int_equal(cairn_runtime_tasks(self->runtime), 0);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void a_spawned_future_that_fails_lets_its_error_go(void **state)
{
    struct fixture *self = *state;

    spawn(self, call(self, 1));
    spawn(self, cairn_future_failed(cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "no")));
    cairn_test_settle(self->runtime);
    cairn_mock_fail(
        cairn_mock_next_request(self->mock), cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "no"));
    cairn_test_settle(self->runtime);
    assert_int_equal(cairn_runtime_tasks(self->runtime), 0);
}

static void spawned_futures_that_have_not_ended_are_dropped_with_the_runtime(void **state)
{
    struct fixture *self = *state;
    struct cairn_mock_request *request;

    spawn(self, call(self, 1));
    cairn_test_settle(self->runtime);
    spawn(self, call(self, 2)); /* never ran */
    request = cairn_mock_next_request(self->mock);
    cairn_harness_fini(&self->harness);
    cairn_runtime_free(self->runtime);
    self->runtime = NULL;
    cairn_harness_init(&self->harness, NULL);
    assert_true(cairn_mock_is_abandoned(request));
    cairn_mock_request_drop(request);
    assert_int_equal(cairn_mock_counts(self->mock).futures, 0);
}

static void join_gives_the_value_of_the_task(void **state)
{
    struct fixture *self = *state;
    struct cairn_future join =
        cairn_spawn_join(self->runtime, call(self, 1), &cairn_test_value_type);
    union cairn_outcome out;

    assert_int_equal(cairn_harness_poll(&self->harness, &join, &out), CAIRN_PENDING);
    cairn_test_settle(self->runtime);
    respond(self, 5);
    cairn_test_settle(self->runtime);
    assert_true(cairn_harness_is_woken(&self->harness));
    assert_int_equal(cairn_harness_poll(&self->harness, &join, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), 5);
    assert_int_equal(cairn_runtime_tasks(self->runtime), 0);
}

static void join_gives_the_error_of_the_task(void **state)
{
    struct fixture *self = *state;
    struct cairn_future join =
        cairn_spawn_join(self->runtime, call(self, 1), &cairn_test_value_type);
    union cairn_outcome out;

    cairn_mock_fail(
        cairn_mock_next_request(self->mock), cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "no"));
    cairn_test_settle(self->runtime);
    assert_int_equal(cairn_harness_poll(&self->harness, &join, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, CAIRN_ERROR_USER);
    cairn_error_unref(out.error);
}

static void dropping_the_join_aborts_the_task_soon(void **state)
{
    struct fixture *self = *state;
    struct cairn_future join =
        cairn_spawn_join(self->runtime, call(self, 1), &cairn_test_value_type);
    struct cairn_mock_request *request = cairn_mock_next_request(self->mock);

    cairn_test_settle(self->runtime);
    cairn_future_drop(&join);
    cairn_test_settle(self->runtime);
    assert_true(cairn_mock_is_abandoned(request));
    assert_int_equal(cairn_runtime_tasks(self->runtime), 0);
    cairn_mock_request_drop(request);
}

static void dropping_the_join_of_a_task_that_never_ran_aborts_it_too(void **state)
{
    struct fixture *self = *state;
    struct cairn_future join =
        cairn_spawn_join(self->runtime, call(self, 1), &cairn_test_value_type);

    cairn_future_drop(&join);
    cairn_test_settle(self->runtime);
    assert_int_equal(cairn_mock_counts(self->mock).futures, 0);
    assert_int_equal(cairn_runtime_tasks(self->runtime), 0);
}

static void dropping_the_join_of_a_task_that_has_ended_drops_its_value(void **state)
{
    struct fixture *self = *state;
    struct cairn_future join =
        cairn_spawn_join(self->runtime, call(self, 1), &cairn_test_value_type);

    respond(self, 2);
    cairn_test_settle(self->runtime);
    assert_int_equal(cairn_test_value_live(), 1);
    cairn_future_drop(&join);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void join_fails_as_cancelled_when_the_runtime_ends_first(void **state)
{
    struct fixture *self = *state;
    struct cairn_future joins[2];
    union cairn_outcome out;

    joins[0] = cairn_spawn_join(self->runtime, call(self, 1), &cairn_test_value_type);
    cairn_test_settle(self->runtime);
    joins[1] = cairn_spawn_join(self->runtime, call(self, 2), &cairn_test_value_type);
    cairn_harness_fini(&self->harness);
    cairn_runtime_free(self->runtime);
    self->runtime = NULL;
    cairn_harness_init(&self->harness, NULL);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(cairn_harness_poll(&self->harness, &joins[i], &out), CAIRN_FAILED);
        assert_int_equal(out.error->code, CAIRN_ERROR_CANCELLED);
        cairn_error_unref(out.error);
    }
}

static void block_on_gives_what_is_there_at_once(void **state)
{
    struct fixture *self = *state;
    union cairn_outcome out;

    assert_int_equal(cairn_block_on(self->runtime, cairn_future_ready(self), &out), CAIRN_READY);
    assert_ptr_equal(out.value, self);
    assert_int_equal(
        cairn_block_on(self->runtime, cairn_future_failed(&cairn_error_no_memory), &out),
        CAIRN_FAILED);
    assert_ptr_equal(out.error, &cairn_error_no_memory);
}

static void block_on_drives_other_tasks_while_it_waits(void **state)
{
    struct fixture *self = *state;
    struct cairn_service *once = cairn_test_pending_once(NULL);
    struct cairn_future inner = cairn_service_call(once, cairn_test_value_new(3));
    union cairn_outcome out;

    assert_int_equal(cairn_block_on(self->runtime,
                         cairn_spawn_join(self->runtime, inner, &cairn_test_value_type), &out),
        CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), 3);
    cairn_service_drop(once);
}

static void block_on_without_memory_drops_the_future_and_fails(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future = call(self, 1);
    union cairn_outcome out;

    cairn_test_alloc_fail_at(1);
    assert_int_equal(cairn_block_on(self->runtime, future, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &cairn_error_no_memory);
    assert_int_equal(cairn_mock_counts(self->mock).futures, 0);
}

/* Runs a function of the test as a task, once. */
struct job {
    struct cairn_task task;
    void (*f)(void *cx);
    void *cx;
};

static void job_run(struct cairn_task *task)
{
    struct job *self = (struct job *)task;

    self->f(self->cx);
}

static const struct cairn_task_ops job_ops = {.name = "job", .run = job_run};

static void job_queue(
    struct job *self, struct cairn_runtime *runtime, void (*f)(void *cx), void *cx)
{
    self->f = f;
    self->cx = cx;
    cairn_task_init(&self->task, &job_ops, runtime);
    cairn_task_wake(&self->task);
}

struct blocker {
    struct cairn_runtime *runtime;
    char message[128];
};

static void block_on_ready(void *runtime)
{
    union cairn_outcome out;

    cairn_block_on(runtime, cairn_future_ready(runtime), &out);
}

static void try_to_block(void *cx)
{
    struct blocker *self = cx;
    const char *message = cairn_test_misuse(block_on_ready, self->runtime);

    snprintf(self->message, sizeof(self->message), "%s", message ? message : "nothing");
}

static void block_on_from_within_a_task_is_an_assertion(void **state)
{
    struct fixture *self = *state;
    struct blocker blocker = {.runtime = self->runtime};
    struct job job;

    job_queue(&job, self->runtime, try_to_block, &blocker);
    cairn_test_settle(self->runtime);
    assert_string_equal(blocker.message, "block_on: called from within a task or a timer");
    cairn_task_unref(&job.task);
}

static void stop_runtime(void *runtime)
{
    cairn_runtime_stop(runtime);
}

static void run_goes_on_until_it_is_stopped(void **state)
{
    struct fixture *self = *state;
    struct job job;

    job_queue(&job, self->runtime, stop_runtime, self->runtime);
    cairn_runtime_run(self->runtime);
    cairn_task_unref(&job.task);
    /* Stopped before it runs: it does not, and the next time it does. */
    cairn_runtime_stop(self->runtime);
    cairn_runtime_run(self->runtime);
    job_queue(&job, self->runtime, stop_runtime, self->runtime);
    cairn_runtime_run(self->runtime);
    cairn_task_unref(&job.task);
    assert_int_equal(job.task.references, 0);
}

static void time_is_read_once_a_turn(void **state)
{
    struct fixture *self = *state;

    assert_int_equal(cairn_runtime_now_ms(self->runtime), 1000);
    self->clock.now_ns += 5000000;
    assert_int_equal(cairn_runtime_now_ms(self->runtime), 1000);
    cairn_runtime_turn(self->runtime);
    assert_int_equal(cairn_runtime_now_ms(self->runtime), 1005);
    assert_int_equal(cairn_runtime_now_ns(self->runtime), 1005000000);
}

static void a_deadline_is_never_early(void **state)
{
    struct fixture *self = *state;

    assert_int_equal(cairn_runtime_deadline_ms(self->runtime, 10), 1010);
    self->clock.now_ns += 1;
    cairn_runtime_turn(self->runtime);
    assert_int_equal(cairn_runtime_deadline_ms(self->runtime, 10), 1011);
    assert_true(cairn_runtime_deadline_ms(self->runtime, UINT64_MAX) == UINT64_MAX);
}

static void wake_again(void *cx)
{
    cairn_task_wake(cx);
}

static void a_turn_tells_whether_tasks_are_still_queued(void **state)
{
    struct fixture *self = *state;
    struct job job;

    assert_false(cairn_runtime_turn(self->runtime));
    job_queue(&job, self->runtime, wake_again, &job.task);
    for (int i = 0; i < 10; i++)
        assert_true(cairn_runtime_turn(self->runtime));
    job.f = stop_runtime;
    job.cx = self->runtime;
    assert_false(cairn_runtime_turn(self->runtime));
    cairn_task_unref(&job.task);
}

struct alarm {
    struct cairn_timer timer;
    struct cairn_runtime *runtime;
    bool has_fired;
};

static void alarm_fire(struct cairn_timer *timer)
{
    struct alarm *self = (struct alarm *)timer;

    self->has_fired = true;
    cairn_runtime_stop(self->runtime);
}

#define BUSY_RUNS 100000 /* many turns; then it gives up */

struct busy {
    struct job job;
    struct fixture *fixture;
    unsigned runs;
};

static void busy_run(void *cx)
{
    struct busy *self = cx;

    self->fixture->clock.now_ns += 1000;
    if (++self->runs == BUSY_RUNS)
        cairn_runtime_stop(self->fixture->runtime);
    cairn_task_wake(&self->job.task);
}

static void a_timer_fires_also_while_tasks_are_always_queued(void **state)
{
    struct fixture *self = *state;
    struct alarm alarm = {.runtime = self->runtime};
    struct busy busy = {.fixture = self};

    cairn_timer_arm(
        self->runtime, &alarm.timer, cairn_runtime_deadline_ms(self->runtime, 5), alarm_fire);
    job_queue(&busy.job, self->runtime, busy_run, &busy);
    cairn_runtime_run(self->runtime);
    cairn_timer_cancel(&alarm.timer);
    busy.job.f = stop_runtime; /* it wakes no more */
    busy.job.cx = self->runtime;
    cairn_runtime_turn(self->runtime);
    cairn_task_unref(&busy.job.task);
    assert_true(alarm.has_fired);
    assert_true(busy.runs < 10000);
}

static void count_turn(void *cx)
{
    ++*(unsigned *)cx;
}

static void a_turn_is_told_of_when_that_was_asked_for_and_once(void **state)
{
    struct fixture *f = *state;
    unsigned turns = 0;
    cairn__runtime_set_teller(f->runtime, count_turn, &turns);
    cairn_runtime_turn(f->runtime);
    assert_int_equal(turns, 0);
    cairn__runtime_tell_turn(f->runtime, true);
    assert_int_equal(turns, 0);
    cairn_runtime_turn(f->runtime);
    cairn_runtime_turn(f->runtime);
    assert_int_equal(turns, 1);
    assert_false(cairn__runtime_tells_turn(f->runtime));
}

static void on_the_real_clock_a_timer_ends_the_wait(void **state)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct alarm alarm = {.runtime = runtime};
    uint64_t deadline = cairn_runtime_deadline_ms(runtime, 3);

    (void)state;
    cairn_timer_arm(runtime, &alarm.timer, deadline, alarm_fire);
    cairn_runtime_run(runtime);
    assert_true(alarm.has_fired);
    assert_true(cairn_runtime_now_ms(runtime) >= deadline);
    cairn_runtime_free(runtime);
}

static void lives_on_the_users_base_and_leaves_it_clean(void **state)
{
    struct event_base *base = event_base_new();
    struct cairn_runtime_options opts = {.base = base};
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(&opts, &error);
    struct alarm alarm = {.runtime = runtime};
    struct job job;
    unsigned runs = 0;

    (void)state;
    assert_non_null(runtime);
    assert_ptr_equal(cairn_runtime_base(runtime), base);
    job_queue(&job, runtime, stop_runtime, runtime);
    cairn_timer_arm(runtime, &alarm.timer, cairn_runtime_deadline_ms(runtime, 2), alarm_fire);
    while (!alarm.has_fired && runs++ < 1000)
        event_base_loop(base, EVLOOP_ONCE);
    assert_true(alarm.has_fired);
    assert_int_equal(job.task.references, 1);
    cairn_task_unref(&job.task);
    cairn_runtime_free(runtime);
    assert_int_equal(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED), 0);
    event_base_free(base);
}

struct watched {
    struct cairn_io io;
    unsigned reads;
    unsigned writes;
    bool closes;
};

static void watched_ready(struct cairn_io *io, bool can_read, bool can_write)
{
    struct watched *self = (struct watched *)io;

    self->reads += can_read;
    self->writes += can_write;
    if (self->closes)
        cairn_io_close(io);
}

static void a_descriptor_is_watched_as_far_as_it_is_wanted(void **state)
{
    struct fixture *self = *state;
    struct watched in = {.reads = 0};
    struct watched out = {.reads = 0};
    int ends[2];

    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    assert_null(cairn_io_open(&in.io, self->runtime, ends[0], watched_ready));
    assert_null(cairn_io_open(&out.io, self->runtime, ends[1], watched_ready));
    assert_int_equal(write(ends[1], "x", 1), 1);
    cairn_test_settle(self->runtime);
    assert_int_equal(in.reads + out.writes, 0);
    assert_int_equal(cairn_io_want_read(&in.io, true), 0);
    assert_int_equal(cairn_io_want_read(&in.io, true), 0);
    cairn_runtime_turn(self->runtime);
    cairn_runtime_turn(self->runtime);
    assert_int_equal(in.reads, 2); /* level-triggered */
    assert_int_equal(cairn_io_want_read(&in.io, false), 0);
    cairn_runtime_turn(self->runtime);
    assert_int_equal(in.reads, 2);
    assert_int_equal(cairn_io_want_write(&out.io, true), 0);
    out.closes = true;
    cairn_runtime_turn(self->runtime);
    cairn_runtime_turn(self->runtime);
    assert_int_equal(out.writes, 1);
    cairn_io_close(&in.io);
    cairn_io_close(&in.io);
    close(ends[0]);
    close(ends[1]);
}

static int signal_caught;

static void on_signal(struct cairn_signal *self, int number)
{
    (void)self;
    signal_caught = number;
}

static void a_signal_is_caught_on_the_loop(void **state)
{
    struct fixture *self = *state;
    struct cairn_signal watched = {NULL, NULL};

    assert_null(cairn_signal_open(&watched, self->runtime, SIGUSR1, on_signal));
    raise(SIGUSR1);
    assert_int_equal(signal_caught, 0);
    cairn_test_settle(self->runtime);
    cairn_test_settle(self->runtime);
    assert_int_equal(signal_caught, SIGUSR1);
    cairn_signal_close(&watched);
}

static void run_everything(void *cx)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_service *once;
    struct cairn_future future;
    union cairn_outcome out;

    (void)cx;
    if (!runtime) {
        assert_int_equal(error->code, CAIRN_ERROR_MEMORY);
        return;
    }
    once = cairn_test_pending_once(NULL);
    if (!cairn_service_error(once)) {
        void *value = cairn_test_value_new(1);

        if (value) {
            future =
                cairn_spawn_join(runtime, cairn_service_call(once, value), &cairn_test_value_type);
            if (cairn_block_on(runtime, future, &out) == CAIRN_READY)
                cairn_test_value_drop(out.value);
            else
                assert_int_equal(out.error->code, CAIRN_ERROR_MEMORY);
        }
        value = cairn_test_value_new(2);
        if (value)
            cairn_error_unref(
                cairn_spawn(runtime, cairn_service_call(once, value), &cairn_test_value_type));
        cairn_test_settle(runtime);
    }
    cairn_service_drop(once);
    cairn_runtime_free(runtime);
}

static void without_memory_at_any_place_it_ends_in_an_error(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(run_everything, NULL) > 10);
    assert_int_equal(cairn_test_value_live(), 0);
}

#define WITH_RUNTIME(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RUNTIME(one_runtime_of_a_thread),
        cmocka_unit_test(a_thread_may_have_one_runtime_after_the_other),
        WITH_RUNTIME(a_spawned_future_runs_and_its_value_is_dropped),
        WITH_RUNTIME(a_spawned_future_that_fails_lets_its_error_go),
        WITH_RUNTIME(spawned_futures_that_have_not_ended_are_dropped_with_the_runtime),
        WITH_RUNTIME(join_gives_the_value_of_the_task),
        WITH_RUNTIME(join_gives_the_error_of_the_task),
        WITH_RUNTIME(dropping_the_join_aborts_the_task_soon),
        WITH_RUNTIME(dropping_the_join_of_a_task_that_never_ran_aborts_it_too),
        WITH_RUNTIME(dropping_the_join_of_a_task_that_has_ended_drops_its_value),
        WITH_RUNTIME(join_fails_as_cancelled_when_the_runtime_ends_first),
        WITH_RUNTIME(block_on_gives_what_is_there_at_once),
        WITH_RUNTIME(block_on_drives_other_tasks_while_it_waits),
        WITH_RUNTIME(block_on_without_memory_drops_the_future_and_fails),
        WITH_RUNTIME(block_on_from_within_a_task_is_an_assertion),
        WITH_RUNTIME(run_goes_on_until_it_is_stopped),
        WITH_RUNTIME(time_is_read_once_a_turn),
        WITH_RUNTIME(a_deadline_is_never_early),
        WITH_RUNTIME(a_turn_tells_whether_tasks_are_still_queued),
        WITH_RUNTIME(a_timer_fires_also_while_tasks_are_always_queued),
        WITH_RUNTIME(a_turn_is_told_of_when_that_was_asked_for_and_once),
        cmocka_unit_test(on_the_real_clock_a_timer_ends_the_wait),
        cmocka_unit_test(lives_on_the_users_base_and_leaves_it_clean),
        WITH_RUNTIME(a_descriptor_is_watched_as_far_as_it_is_wanted),
        WITH_RUNTIME(a_signal_is_caught_on_the_loop),
        cmocka_unit_test(without_memory_at_any_place_it_ends_in_an_error),
    };

    return cmocka_run_group_tests_name("runtime", tests, NULL, NULL);
}
