#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <string.h>

#include <cairn/service/runtime.h>
#include <cairn/testkit/harness.h>
#include <cairn/testkit/mock.h>
#include <cairn/testkit/value.h>

/* A second thread with a runtime of its own. */
struct side {
    pthread_t thread;
    sem_t is_open;
    sem_t may_run;
    struct cairn_runtime *runtime;
    bool never_runs; /* only waits, then ends its runtime */
};

static void *side_main(void *cx)
{
    struct side *self = cx;
    struct cairn_error *error = NULL;

    self->runtime = cairn_runtime_new(NULL, &error);
    sem_post(&self->is_open);
    sem_wait(&self->may_run);
    if (!self->never_runs)
        cairn_runtime_run(self->runtime);
    cairn_runtime_free(self->runtime);
    return NULL;
}

static void side_open(struct side *self)
{
    self->never_runs = false;
    sem_init(&self->is_open, 0, 0);
    sem_init(&self->may_run, 0, 0);
    assert_int_equal(pthread_create(&self->thread, NULL, side_main, self), 0);
    sem_wait(&self->is_open);
    assert_non_null(self->runtime);
}

static void side_close(struct side *self)
{
    cairn_runtime_stop(self->runtime);
    sem_post(&self->may_run);
    pthread_join(self->thread, NULL);
    sem_destroy(&self->is_open);
    sem_destroy(&self->may_run);
}

/* Ends the runtime without a turn. */
static void side_abandon(struct side *self)
{
    self->never_runs = true;
    sem_post(&self->may_run);
    pthread_join(self->thread, NULL);
    sem_destroy(&self->is_open);
    sem_destroy(&self->may_run);
}

static struct cairn_runtime *main_runtime(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);

    assert_non_null(runtime);
    return runtime;
}

/* A future that may move, and that notes where it was polled and dropped. */
struct traveller_log {
    pthread_t polled_on;
    pthread_t dropped_on;
    unsigned drops;
    bool is_pending;
    sem_t is_polled;
};

struct traveller {
    struct traveller_log *log;
};

static enum cairn_poll traveller_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct traveller_log *log = ((struct traveller *)state)->log;

    (void)cx;
    log->polled_on = pthread_self();
    sem_post(&log->is_polled);
    if (log->is_pending)
        return CAIRN_PENDING;
    out->value = cairn_test_value_new(7);
    return CAIRN_READY;
}

static void traveller_drop(void *state)
{
    struct traveller_log *log = ((struct traveller *)state)->log;

    log->dropped_on = pthread_self();
    __atomic_add_fetch(&log->drops, 1, __ATOMIC_RELEASE);
}

static const struct cairn_future_ops traveller_ops = {.name = "traveller",
    .size = sizeof(struct traveller),
    .poll = traveller_poll,
    .drop = traveller_drop,
    .send = true};

static struct cairn_future traveller(struct traveller_log *log, bool is_pending)
{
    *log = (struct traveller_log){.is_pending = is_pending};
    sem_init(&log->is_polled, 0, 0);
    return cairn_future_box(&traveller_ops, &(struct traveller){log});
}

static void a_future_that_may_move_runs_on_the_other_runtime(void **state)
{
    struct cairn_runtime *runtime = main_runtime();
    struct traveller_log log;
    union cairn_outcome out;
    struct side side;

    (void)state;
    side_open(&side);
    sem_post(&side.may_run);
    assert_int_equal(
        cairn_block_on(runtime, cairn_spawn_join(side.runtime, traveller(&log, false), NULL), &out),
        CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), 7);
    assert_true(pthread_equal(log.polled_on, side.thread));
    assert_true(pthread_equal(log.dropped_on, side.thread));
    side_close(&side);
    assert_int_equal(log.drops, 1);
    cairn_runtime_free(runtime);
}

static void a_spawn_from_a_thread_without_a_runtime_runs_too(void **state)
{
    struct traveller_log log;
    struct side side;

    (void)state;
    side_open(&side);
    sem_post(&side.may_run);
    assert_null(cairn_spawn(side.runtime, traveller(&log, false), &cairn_test_value_type));
    sem_wait(&log.is_polled);
    side_close(&side);
    assert_int_equal(log.drops, 1);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void a_future_that_may_not_move_is_refused_by_name(void **state)
{
    struct cairn_runtime *runtime = main_runtime();
    struct cairn_service *once = cairn_test_pending_once(NULL);
    struct cairn_future future = cairn_service_call(once, cairn_test_value_new(1));
    struct cairn_error *error;
    union cairn_outcome out;
    struct side side;

    (void)state;
    side_open(&side);
    error = cairn_spawn(side.runtime, future, &cairn_test_value_type);
    assert_non_null(error);
    assert_int_equal(error->code, CAIRN_ERROR_SEND);
    assert_non_null(strstr(error->message, "pending_once may not move to another thread"));
    cairn_error_unref(error);
    assert_int_equal(cairn_test_value_live(), 0);

    future = cairn_service_call(once, cairn_test_value_new(2));
    future = cairn_spawn_join(side.runtime, future, &cairn_test_value_type);
    assert_int_equal(cairn_block_on(runtime, future, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, CAIRN_ERROR_SEND);
    cairn_error_unref(out.error);
    assert_int_equal(cairn_test_value_live(), 0);
    cairn_service_drop(once);
    side_close(&side);
    cairn_runtime_free(runtime);
}

static void dropping_the_join_elsewhere_drops_the_future_on_its_own_thread(void **state)
{
    struct traveller_log log;
    struct cairn_future join;
    struct side side;

    (void)state;
    side_open(&side);
    sem_post(&side.may_run);
    join = cairn_spawn_join(side.runtime, traveller(&log, true), NULL);
    sem_wait(&log.is_polled);
    cairn_future_drop(&join);
    side_close(&side);
    assert_int_equal(log.drops, 1);
    assert_true(pthread_equal(log.dropped_on, side.thread));
}

static void a_task_that_the_other_runtime_never_ran_is_cancelled_with_it(void **state)
{
    struct traveller_log log;
    struct cairn_harness harness;
    struct cairn_future join;
    union cairn_outcome out;
    struct side side;

    (void)state;
    cairn_harness_init(&harness, NULL);
    side_open(&side);
    join = cairn_spawn_join(side.runtime, traveller(&log, true), NULL);
    assert_int_equal(cairn_harness_poll(&harness, &join, &out), CAIRN_PENDING);
    side_abandon(&side);
    assert_true(cairn_harness_is_woken(&harness));
    assert_int_equal(log.drops, 1);
    assert_int_equal(cairn_harness_poll(&harness, &join, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, CAIRN_ERROR_CANCELLED);
    cairn_error_unref(out.error);
    cairn_harness_fini(&harness);
}

/* Producers add to a sum and wake; the task takes what is there. A lost wake-up ends in a hang. */
enum { PRODUCERS = 4, WAKES = 25000 };

struct consumer {
    struct cairn_task task;
    struct cairn_runtime *runtime;
    unsigned long waiting;
    unsigned long taken;
    unsigned runs;
    bool stops_each; /* waits for each wake before it allows the next */
    sem_t is_taken;
};

static void consumer_run(struct cairn_task *task)
{
    struct consumer *self = (struct consumer *)task;
    unsigned long n = __atomic_exchange_n(&self->waiting, 0, __ATOMIC_ACQ_REL);

    self->taken += n;
    self->runs++;
    if (self->stops_each && n)
        sem_post(&self->is_taken);
    if (self->taken == (unsigned long)(self->stops_each ? 1 : PRODUCERS) * WAKES)
        cairn_runtime_stop(self->runtime);
}

static const struct cairn_task_ops consumer_ops = {.name = "consumer", .run = consumer_run};

static void *produce(void *cx)
{
    struct consumer *self = cx;

    for (unsigned i = 0; i < WAKES; i++) {
        __atomic_add_fetch(&self->waiting, 1, __ATOMIC_ACQ_REL);
        cairn_task_wake(&self->task);
        if (self->stops_each)
            sem_wait(&self->is_taken);
    }
    return NULL;
}

static void a_hundred_thousand_wakes_from_other_threads_are_not_lost(void **state)
{
    struct cairn_runtime *runtime = main_runtime();
    struct consumer consumer = {.runtime = runtime};
    pthread_t threads[PRODUCERS];

    (void)state;
    cairn_task_init(&consumer.task, &consumer_ops, runtime);
    for (unsigned i = 0; i < PRODUCERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &consumer), 0);
    cairn_runtime_run(runtime);
    for (unsigned i = 0; i < PRODUCERS; i++)
        pthread_join(threads[i], NULL);
    cairn_runtime_free(runtime);
    assert_int_equal(consumer.taken, (unsigned long)PRODUCERS * WAKES);
    assert_true(consumer.runs <= PRODUCERS * WAKES + 1);
    cairn_task_unref(&consumer.task);
}

static void each_wake_of_a_sleeping_loop_is_one_run(void **state)
{
    struct cairn_runtime *runtime = main_runtime();
    struct consumer consumer = {.runtime = runtime, .stops_each = true};
    pthread_t thread;

    (void)state;
    sem_init(&consumer.is_taken, 0, 0);
    cairn_task_init(&consumer.task, &consumer_ops, runtime);
    assert_int_equal(pthread_create(&thread, NULL, produce, &consumer), 0);
    cairn_runtime_run(runtime);
    pthread_join(thread, NULL);
    assert_int_equal(consumer.taken, WAKES);
    assert_int_equal(consumer.runs, WAKES);
    cairn_runtime_free(runtime);
    cairn_task_unref(&consumer.task);
    sem_destroy(&consumer.is_taken);
}

/* One waker that changes hands: set on the runtime, woken elsewhere. */
struct ball {
    struct cairn_waker waker;
    unsigned turn; /* odd: the player's */
    bool is_over;
};

struct ball_future {
    struct ball *ball;
    unsigned rounds;
};

enum { BALL_ROUNDS = 20000 };

static enum cairn_poll ball_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct ball_future *self = state;

    if (__atomic_load_n(&self->ball->turn, __ATOMIC_ACQUIRE) % 2)
        return CAIRN_PENDING; /* a spurious poll: the player has the waker */
    if (self->rounds++ == BALL_ROUNDS) {
        __atomic_store_n(&self->ball->is_over, true, __ATOMIC_RELEASE);
        out->value = NULL;
        return CAIRN_READY;
    }
    cairn_waker_set(&self->ball->waker, cx);
    __atomic_add_fetch(&self->ball->turn, 1, __ATOMIC_RELEASE);
    return CAIRN_PENDING;
}

static const struct cairn_future_ops ball_ops = {
    .name = "ball", .size = sizeof(struct ball_future), .poll = ball_poll};

static void *play(void *cx)
{
    struct ball *self = cx;

    while (!__atomic_load_n(&self->is_over, __ATOMIC_ACQUIRE)) {
        struct cairn_waker waker;

        if (!(__atomic_load_n(&self->turn, __ATOMIC_ACQUIRE) % 2)) {
            sched_yield();
            continue;
        }
        waker = cairn_waker_take(&self->waker);
        __atomic_add_fetch(&self->turn, 1, __ATOMIC_RELEASE);
        cairn_wake(&waker);
    }
    return NULL;
}

static void a_future_is_woken_from_another_thread_each_time(void **state)
{
    struct cairn_runtime *runtime = main_runtime();
    struct ball ball = {.turn = 0};
    union cairn_outcome out;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, play, &ball), 0);
    assert_int_equal(cairn_block_on(runtime,
                         cairn_future_box(&ball_ops, &(struct ball_future){.ball = &ball}), &out),
        CAIRN_READY);
    pthread_join(thread, NULL);
    assert_int_equal(ball.turn, 2 * BALL_ROUNDS);
    cairn_runtime_free(runtime);
}

struct late {
    struct cairn_waker waker;
    sem_t may_wake;
};

static void *wake_late(void *cx)
{
    struct late *self = cx;

    sem_wait(&self->may_wake);
    for (unsigned i = 0; i < 1000; i++)
        cairn_task_wake(self->waker.task);
    cairn_wake(&self->waker);
    return NULL;
}

static void task_count_free(struct cairn_task *task)
{
    __atomic_store_n(&((struct consumer *)task)->taken, 1, __ATOMIC_RELEASE);
}

static void task_count_run(struct cairn_task *task)
{
    ((struct consumer *)task)->runs++;
}

static const struct cairn_task_ops counted_ops = {
    .name = "counted", .run = task_count_run, .free = task_count_free};

static void wakes_while_the_runtime_ends_do_no_harm(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        struct cairn_runtime *runtime = main_runtime();
        struct consumer consumer = {.runtime = runtime};
        struct late late = {.waker = {NULL}};
        pthread_t thread;

        sem_init(&late.may_wake, 0, 0);
        cairn_task_init(&consumer.task, &counted_ops, runtime);
        cairn_waker_set(&late.waker, &(const struct cairn_context){&consumer.task, runtime});
        cairn_task_unref(&consumer.task);
        assert_int_equal(pthread_create(&thread, NULL, wake_late, &late), 0);
        sem_post(&late.may_wake);
        if (round % 2)
            cairn_runtime_turn(runtime);
        cairn_runtime_free(runtime);
        pthread_join(thread, NULL);
        sem_destroy(&late.may_wake);
        assert_int_equal(consumer.taken, 1);
    }
}

static void *stop_it(void *runtime)
{
    cairn_runtime_stop(runtime);
    return NULL;
}

static void any_thread_may_stop_the_runtime(void **state)
{
    struct cairn_runtime *runtime = main_runtime();

    (void)state;
    for (int i = 0; i < 50; i++) {
        pthread_t thread;

        assert_int_equal(pthread_create(&thread, NULL, stop_it, runtime), 0);
        cairn_runtime_run(runtime);
        pthread_join(thread, NULL);
    }
    cairn_runtime_free(runtime);
}

static void many_futures_spawned_from_many_threads_all_come_back(void **state)
{
    enum { MANY = 2000 };
    struct cairn_runtime *runtime = main_runtime();
    struct traveller_log *logs = test_calloc(MANY, sizeof(*logs));
    struct cairn_future *joins = test_calloc(MANY, sizeof(*joins));
    struct side sides[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        side_open(&sides[i]);
        sem_post(&sides[i].may_run);
    }
    for (unsigned i = 0; i < MANY; i++)
        joins[i] = cairn_spawn_join(sides[i % 2].runtime, traveller(&logs[i], false), NULL);
    for (unsigned i = 0; i < MANY; i++) {
        union cairn_outcome out;

        assert_int_equal(cairn_block_on(runtime, joins[i], &out), CAIRN_READY);
        assert_int_equal(cairn_test_value_take(out.value), 7);
        assert_true(pthread_equal(logs[i].polled_on, sides[i % 2].thread));
    }
    side_close(&sides[0]);
    side_close(&sides[1]);
    test_free(joins);
    test_free(logs);
    cairn_runtime_free(runtime);
    assert_int_equal(cairn_test_value_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_future_that_may_move_runs_on_the_other_runtime),
        cmocka_unit_test(a_spawn_from_a_thread_without_a_runtime_runs_too),
        cmocka_unit_test(a_future_that_may_not_move_is_refused_by_name),
        cmocka_unit_test(dropping_the_join_elsewhere_drops_the_future_on_its_own_thread),
        cmocka_unit_test(a_task_that_the_other_runtime_never_ran_is_cancelled_with_it),
        cmocka_unit_test(a_hundred_thousand_wakes_from_other_threads_are_not_lost),
        cmocka_unit_test(each_wake_of_a_sleeping_loop_is_one_run),
        cmocka_unit_test(a_future_is_woken_from_another_thread_each_time),
        cmocka_unit_test(wakes_while_the_runtime_ends_do_no_harm),
        cmocka_unit_test(any_thread_may_stop_the_runtime),
        cmocka_unit_test(many_futures_spawned_from_many_threads_all_come_back),
    };

    return cmocka_run_group_tests_name("runtime_threaded", tests, NULL, NULL);
}
