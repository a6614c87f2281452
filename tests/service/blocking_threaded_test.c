#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <cairn/service/blocking.h>
#include <cairn/service/runtime.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/harness.h>
#include <cairn/testkit/value.h>

/* Work that runs goes on once this is open. */
struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_open;
};

static void gate_open(struct gate *self)
{
    pthread_mutex_lock(&self->mutex);
    self->is_open = true;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->mutex);
}

static void gate_wait(struct gate *self)
{
    pthread_mutex_lock(&self->mutex);
    while (!self->is_open)
        pthread_cond_wait(&self->changed, &self->mutex);
    pthread_mutex_unlock(&self->mutex);
}

struct world {
    struct cairn_harness harness;
    struct cairn_blocking_pool *pool;
    struct gate gate;
    unsigned runs; /* atomic, as all that threads of the pool count */
    unsigned drops;
};

static unsigned read_now(const unsigned *counter)
{
    return __atomic_load_n(counter, __ATOMIC_ACQUIRE);
}

static int open_world(void **state)
{
    static struct world world;
    static const struct cairn_blocking_options opts = {.threads = 1, .max_queue = 2};
    struct cairn_error *error = NULL;
    world = (struct world){
        .gate = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER}};
    cairn_test_alloc_begin();
    cairn_harness_init(&world.harness, NULL);
    world.pool = cairn_blocking_pool_new(&opts, &error);
    *state = &world;
    return world.pool ? 0 : -1;
}

static int close_world(void **state)
{
    struct world *w = *state;
    gate_open(&w->gate);
    cairn_blocking_pool_free(w->pool);
    cairn_harness_fini(&w->harness);
    assert_int_equal(cairn_test_value_live(), 0);
    cairn_test_alloc_end();
    return 0;
}

struct work {
    struct world *w;
    int number; /* the value it gives; below 0 it fails */
    bool is_gated;
    bool opens_when_dropped;
    pthread_t caller;
};

static enum cairn_poll work_run(void *state, union cairn_outcome *out)
{
    struct work *self = state;
    __atomic_add_fetch(&self->w->runs, 1, __ATOMIC_ACQ_REL);
    if (self->is_gated)
        gate_wait(&self->w->gate);
    if (self->number >= 0) {
        out->value = cairn_test_value_new(self->number);
        return CAIRN_READY;
    }
    out->error = cairn_error_new(CAIRN_ERROR_SYSTEM, "work", NULL, "failed with %d", self->number);
    return CAIRN_FAILED;
}

static void work_drop(void *state)
{
    struct work *self = state;
    __atomic_add_fetch(&self->w->drops, 1, __ATOMIC_ACQ_REL);
    if (self->opens_when_dropped)
        gate_open(&self->w->gate);
}

static const struct cairn_blocking_ops work_ops = {.name = "work",
    .size = sizeof(struct work),
    .run = work_run,
    .drop = work_drop,
    .type = &cairn_test_value_type};

static struct cairn_future submit(struct world *w, int number)
{
    return cairn_blocking(w->pool, &work_ops, &(struct work){.w = w, .number = number});
}

static struct cairn_future submit_gated(struct world *w, int number)
{
    return cairn_blocking(
        w->pool, &work_ops, &(struct work){.w = w, .number = number, .is_gated = true});
}

static void wait_for_runs(struct world *w, unsigned runs)
{
    while (read_now(&w->runs) < runs)
        sched_yield();
}

static void wait_until_idle(struct world *w)
{
    while (cairn_blocking_pool_queued(w->pool) + cairn_blocking_pool_running(w->pool))
        sched_yield();
}

static void wait_for_wake(struct world *w)
{
    while (!cairn_harness_is_woken(&w->harness))
        sched_yield();
}

static enum cairn_poll poll(struct world *w, struct cairn_future *f, union cairn_outcome *out)
{
    return cairn_harness_poll(&w->harness, f, out);
}

static void expect_pending(struct world *w, struct cairn_future *f)
{
    union cairn_outcome out = {.value = w};
    assert_int_equal(poll(w, f, &out), CAIRN_PENDING);
    assert_ptr_equal(out.value, w);
}

static void expect_ready(struct world *w, struct cairn_future *f, int number)
{
    union cairn_outcome out;
    assert_int_equal(poll(w, f, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), number);
}

static void expect_failed(struct world *w, struct cairn_future *f, enum cairn_error_code code)
{
    union cairn_outcome out;
    assert_int_equal(poll(w, f, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, code);
    cairn_error_unref(out.error);
}

static void work_that_is_done_wakes_its_task_and_gives_its_value(void **state)
{
    struct world *w = *state;
    struct cairn_future f = submit_gated(w, 7);
    expect_pending(w, &f);
    expect_pending(w, &f);
    wait_for_runs(w, 1);
    assert_false(cairn_harness_is_woken(&w->harness));
    gate_open(&w->gate);
    wait_for_wake(w);
    assert_int_equal(read_now(&w->drops), 1); /* before the value is there */
    expect_ready(w, &f, 7);
    assert_int_equal(read_now(&w->runs), 1);
}

static void work_that_fails_fails_its_future(void **state)
{
    struct world *w = *state;
    union cairn_outcome out;
    struct cairn_future f = submit(w, -5);
    wait_until_idle(w);
    assert_int_equal(poll(w, &f, &out), CAIRN_FAILED);
    assert_string_equal(out.error->message, "failed with -5");
    cairn_error_unref(out.error);
    assert_int_equal(read_now(&w->drops), 1);
}

static void work_begins_without_a_poll(void **state)
{
    struct world *w = *state;
    struct cairn_future f = submit(w, 1);
    wait_until_idle(w);
    assert_int_equal(read_now(&w->runs), 1);
    expect_ready(w, &f, 1);
    assert_false(cairn_harness_is_woken(&w->harness));
}

static enum cairn_poll look_around(void *state, union cairn_outcome *out)
{
    struct work *self = state;
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    bool is_as_told = !pthread_equal(pthread_self(), self->caller) && !cairn_runtime_current() &&
                      sigismember(&blocked, SIGTERM) == 1 && sigismember(&blocked, SIGCHLD) == 1;
    out->value = is_as_told ? self->w : NULL;
    return CAIRN_READY;
}

static const struct cairn_blocking_ops look_ops = {
    .name = "look", .size = sizeof(struct work), .run = look_around};

static void work_runs_on_another_thread_without_a_runtime_or_signals(void **state)
{
    struct world *w = *state;
    struct cairn_error *error = NULL;
    union cairn_outcome out;
    sigset_t blocked;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_future f =
        cairn_blocking(w->pool, &look_ops, &(struct work){.w = w, .caller = pthread_self()});
    assert_int_equal(cairn_block_on(runtime, f, &out), CAIRN_READY);
    assert_ptr_equal(out.value, w);
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    assert_int_equal(sigismember(&blocked, SIGTERM), 0); /* the caller's own mask is as it was */
    cairn_runtime_free(runtime);
}

static void work_is_bounded_by_threads_and_queue(void **state)
{
    struct world *w = *state;
    struct cairn_future f[4];
    for (int i = 0; i < 4; i++)
        f[i] = submit_gated(w, i); /* one runs, two wait */
    expect_failed(w, &f[3], CAIRN_ERROR_OVERLOADED);
    assert_int_equal(read_now(&w->drops), 1);
    wait_for_runs(w, 1);
    assert_int_equal(cairn_blocking_pool_running(w->pool), 1);
    assert_int_equal(cairn_blocking_pool_queued(w->pool), 2);
    gate_open(&w->gate);
    wait_until_idle(w);
    for (int i = 0; i < 3; i++)
        expect_ready(w, &f[i], i);
    f[3] = submit(w, 3);
    wait_until_idle(w);
    expect_ready(w, &f[3], 3);
    assert_int_equal(read_now(&w->runs), 4);
}

static void threads_start_as_work_comes_up_to_their_number(void **state)
{
    struct world *w = *state;
    const struct cairn_blocking_options opts = {.threads = 3};
    struct cairn_error *error = NULL;
    struct cairn_future f[5];
    cairn_blocking_pool_free(w->pool);
    w->pool = cairn_blocking_pool_new(&opts, &error);
    for (int i = 0; i < 5; i++)
        f[i] = submit_gated(w, i);
    wait_for_runs(w, 3);
    assert_int_equal(cairn_blocking_pool_running(w->pool), 3);
    assert_int_equal(cairn_blocking_pool_queued(w->pool), 2);
    gate_open(&w->gate);
    wait_until_idle(w);
    for (int i = 0; i < 5; i++)
        expect_ready(w, &f[i], i);
}

static void dropping_the_future_of_queued_work_cancels_it(void **state)
{
    struct world *w = *state;
    struct cairn_future running = submit_gated(w, 1);
    struct cairn_future queued = submit(w, 2), last = submit(w, 3);
    wait_for_runs(w, 1);
    expect_pending(w, &queued);
    cairn_future_drop(&queued);
    assert_int_equal(read_now(&w->drops), 1);
    cairn_future_drop(&last); /* the queue's end must be right again */
    assert_int_equal(cairn_blocking_pool_queued(w->pool), 0);
    last = submit(w, 4);
    gate_open(&w->gate);
    wait_until_idle(w);
    expect_ready(w, &last, 4);
    expect_ready(w, &running, 1);
    assert_int_equal(read_now(&w->runs), 2);
    assert_int_equal(read_now(&w->drops), 4);
}

static void dropping_the_future_of_running_work_leaves_it_to_end_and_drops_its_value(void **state)
{
    struct world *w = *state;
    struct cairn_future value = submit_gated(w, 1), error = submit(w, -1);
    expect_pending(w, &value);
    wait_for_runs(w, 1);
    cairn_future_drop(&value);
    assert_int_equal(read_now(&w->drops), 0);
    assert_int_equal(cairn_blocking_pool_running(w->pool), 1);
    gate_open(&w->gate);
    wait_until_idle(w);
    assert_int_equal(read_now(&w->drops), 2);
    assert_false(cairn_harness_is_woken(&w->harness));
    cairn_future_drop(&error); /* done, and not taken: its error is let go */
}

static void dropping_the_future_of_work_that_is_done_drops_its_value(void **state)
{
    struct world *w = *state;
    struct cairn_future f = submit(w, 1);
    wait_until_idle(w);
    assert_int_equal(cairn_test_value_live(), 1);
    cairn_future_drop(&f);
    assert_int_equal(cairn_test_value_live(), 0);
    assert_int_equal(read_now(&w->drops), 1);
}

static void the_task_that_polled_last_is_woken(void **state)
{
    struct world *w = *state;
    struct cairn_harness other;
    union cairn_outcome out;
    cairn_harness_init(&other, NULL);
    struct cairn_future f = submit_gated(w, 1);
    assert_int_equal(cairn_harness_poll(&other, &f, &out), CAIRN_PENDING);
    expect_pending(w, &f);
    cairn_harness_fini(&other);
    gate_open(&w->gate);
    wait_for_wake(w);
    expect_ready(w, &f, 1);
}

static void its_future_may_move_to_another_runtime(void **state)
{
    struct world *w = *state;
    struct cairn_future f = submit(w, 1);
    assert_null(cairn_future_not_send(&f));
    wait_until_idle(w);
    expect_ready(w, &f, 1);
}

static void freeing_the_pool_cancels_what_is_queued_and_waits_for_what_runs(void **state)
{
    struct world *w = *state;
    struct cairn_future running = submit_gated(w, 1);
    struct cairn_future queued = cairn_blocking(
        w->pool, &work_ops, &(struct work){.w = w, .number = 2, .opens_when_dropped = true});
    wait_for_runs(w, 1);
    expect_pending(w, &queued);
    cairn_blocking_pool_free(w->pool);
    w->pool = NULL;
    assert_true(cairn_harness_is_woken(&w->harness));
    assert_int_equal(read_now(&w->runs), 1);
    assert_int_equal(read_now(&w->drops), 2);
    expect_failed(w, &queued, CAIRN_ERROR_CLOSED);
    expect_ready(w, &running, 1);
}

static void futures_may_be_dropped_after_the_pool(void **state)
{
    struct world *w = *state;
    struct cairn_future running = submit_gated(w, 1);
    struct cairn_future queued = cairn_blocking(
        w->pool, &work_ops, &(struct work){.w = w, .number = 2, .opens_when_dropped = true});
    wait_for_runs(w, 1);
    cairn_blocking_pool_free(w->pool);
    w->pool = NULL;
    cairn_future_drop(&running);
    cairn_future_drop(&queued);
    assert_int_equal(read_now(&w->drops), 2);
}

static enum cairn_poll submit_while_closing(void *state, union cairn_outcome *out)
{
    struct work *self = state;
    __atomic_add_fetch(&self->w->runs, 1, __ATOMIC_ACQ_REL);
    gate_wait(&self->w->gate); /* opened by the pool's end */
    struct cairn_future f = submit(self->w, 9);
    out->value = self->w;
    if (f.ops != &cairn__future_failed_ops ||
        ((struct cairn_error *)f.state)->code != CAIRN_ERROR_CLOSED)
        out->value = NULL;
    cairn_future_drop(&f);
    return CAIRN_READY;
}

static const struct cairn_blocking_ops closing_ops = {
    .name = "closing", .size = sizeof(struct work), .run = submit_while_closing};

static void a_pool_that_is_being_freed_takes_no_work(void **state)
{
    struct world *w = *state;
    union cairn_outcome out;
    struct cairn_future running = cairn_blocking(w->pool, &closing_ops, &(struct work){.w = w});
    struct cairn_future queued = cairn_blocking(
        w->pool, &work_ops, &(struct work){.w = w, .number = 2, .opens_when_dropped = true});
    wait_for_runs(w, 1);
    cairn_blocking_pool_free(w->pool);
    w->pool = NULL;
    assert_int_equal(poll(w, &running, &out), CAIRN_READY);
    assert_ptr_equal(out.value, w);
    assert_int_equal(read_now(&w->drops), 2); /* queued, and what was refused */
    cairn_future_drop(&queued);
}

/* Two runtimes on threads of their own share a pool; every third future is dropped at once. */
enum { ROUNDS = 300 };

static void *drive(void *argument)
{
    struct world *w = argument;
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    for (int i = 0; i < ROUNDS; i++) {
        union cairn_outcome out;
        struct cairn_future f = submit(w, i);
        if (i % 3 == 0)
            cairn_future_drop(&f);
        else if (cairn_block_on(runtime, f, &out) == CAIRN_READY)
            cairn_test_value_drop(out.value);
        else
            cairn_error_unref(out.error); /* the queue was full */
    }
    cairn_runtime_free(runtime);
    return NULL;
}

static void runtimes_may_share_a_pool(void **state)
{
    struct world *w = *state;
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, drive, w), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    wait_until_idle(w);
    assert_int_equal(read_now(&w->drops), 2 * ROUNDS);
    assert_in_range(read_now(&w->runs), 2, 2 * ROUNDS);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(work_that_is_done_wakes_its_task_and_gives_its_value),
        WORLD_TEST(work_that_fails_fails_its_future),
        WORLD_TEST(work_begins_without_a_poll),
        WORLD_TEST(work_runs_on_another_thread_without_a_runtime_or_signals),
        WORLD_TEST(work_is_bounded_by_threads_and_queue),
        WORLD_TEST(threads_start_as_work_comes_up_to_their_number),
        WORLD_TEST(dropping_the_future_of_queued_work_cancels_it),
        WORLD_TEST(dropping_the_future_of_running_work_leaves_it_to_end_and_drops_its_value),
        WORLD_TEST(dropping_the_future_of_work_that_is_done_drops_its_value),
        WORLD_TEST(the_task_that_polled_last_is_woken),
        WORLD_TEST(its_future_may_move_to_another_runtime),
        WORLD_TEST(freeing_the_pool_cancels_what_is_queued_and_waits_for_what_runs),
        WORLD_TEST(futures_may_be_dropped_after_the_pool),
        WORLD_TEST(a_pool_that_is_being_freed_takes_no_work),
        WORLD_TEST(runtimes_may_share_a_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
