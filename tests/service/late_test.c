/* Time that leaps: a process that was stopped, a machine that stood still, a clock that goes back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cairn/service/io.h>
#include <cairn/service/runtime.h>
#include <cairn/service/runtime_core.h>
#include <cairn/service/task.h>
#include <cairn/service/timer.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/clock.h>

enum { MINUTE_MS = 60000, PEERS = 200, MANY = 100000 };

struct fixture {
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
};

static int fixture_open(void **state)
{
    static struct fixture self;
    cairn_test_alloc_begin();
    self.runtime = cairn_test_runtime_new(&self.clock);
    *state = &self;
    return 0;
}

static int fixture_close(void **state)
{
    struct fixture *self = *state;
    cairn_runtime_free(self->runtime);
    cairn_test_alloc_end();
    return 0;
}

static unsigned fired;

static void count_fire(struct cairn_timer *timer)
{
    (void)timer;
    fired++;
}

static struct cairn_timer *many_timers(struct fixture *self, unsigned count)
{
    struct cairn_timer *timers = calloc(count, sizeof(*timers));
    assert_non_null(timers);
    fired = 0;
    for (unsigned i = 0; i < count; i++)
        cairn_timer_arm(self->runtime, &timers[i], 1001 + i % MINUTE_MS, count_fire);
    return timers;
}

/* A task that is woken before each turn, as one with something to read would be. */
struct beside {
    struct cairn_task task;
    unsigned runs;
};

static void beside_run(struct cairn_task *task)
{
    ((struct beside *)task)->runs++;
}

static const struct cairn_task_ops beside_ops = {.name = "beside", .run = beside_run};

static void a_hundred_thousand_late_timers_fire_in_slices_with_tasks_between(void **state)
{
    struct fixture *self = *state;
    struct beside beside = {.runs = 0};
    struct cairn_timer *timers = many_timers(self, MANY);
    unsigned turns = 0;
    bool has_more = true;
    cairn_task_init(&beside.task, &beside_ops, self->runtime);
    self->clock.now_ns += UINT64_C(2) * MINUTE_MS * 1000000;
    while (has_more) {
        unsigned before = fired;
        cairn_task_wake(&beside.task);
        has_more = cairn_runtime_turn(self->runtime);
        turns++;
        assert_true(fired - before <= CAIRN__TIMER_BUDGET);
        assert_int_equal(beside.runs, turns);
    }
    assert_int_equal(fired, MANY);
    assert_in_range(turns, MANY / CAIRN__TIMER_BUDGET, MANY / CAIRN__TIMER_BUDGET + 2);
    cairn_task_unref(&beside.task);
    free(timers);
}

/* Takes the timer behind it away, also when a slice ends between the two. */
static void cancel_next(struct cairn_timer *timer)
{
    fired++;
    cairn_timer_cancel(timer + 1);
}

static void a_late_timer_may_still_be_cancelled_between_two_slices(void **state)
{
    enum { COUNT = 3 * CAIRN__TIMER_BUDGET };
    struct fixture *self = *state;
    struct cairn_timer *timers = many_timers(self, COUNT + 1);
    cairn_timer_cancel(&timers[COUNT]);
    self->clock.now_ns += UINT64_C(2) * MINUTE_MS * 1000000;
    assert_true(cairn_runtime_turn(self->runtime));
    assert_int_equal(fired, CAIRN__TIMER_BUDGET);
    for (unsigned i = CAIRN__TIMER_BUDGET; i < COUNT; i += 2)
        timers[i].fire = cancel_next;
    cairn_test_settle(self->runtime);
    assert_int_equal(fired, 2 * CAIRN__TIMER_BUDGET);
    free(timers);
}

static void a_timer_armed_between_two_slices_waits_for_its_own_time(void **state)
{
    struct fixture *self = *state;
    struct cairn_timer *timers = many_timers(self, 5 * CAIRN__TIMER_BUDGET);
    struct cairn_timer late = {.fire = NULL};
    self->clock.now_ns += UINT64_C(2) * MINUTE_MS * 1000000;
    assert_true(cairn_runtime_turn(self->runtime));
    cairn_timer_arm(
        self->runtime, &late, cairn_runtime_deadline_ms(self->runtime, 300), count_fire);
    cairn_test_settle(self->runtime);
    assert_int_equal(fired, 5 * CAIRN__TIMER_BUDGET);
    assert_true(cairn_timer_is_armed(&late));
    cairn_test_clock_advance_ms(&self->clock, self->runtime, 300);
    assert_false(cairn_timer_is_armed(&late));
    free(timers);
}

/* A peer that has written before its time ran out. */
struct peer {
    struct cairn_io io;
    struct cairn_timer timer;
    int ends[2];
    bool is_read;
    bool is_timed_out;
};

static void peer_ready(struct cairn_io *io, bool can_read, bool can_write)
{
    struct peer *self = (struct peer *)io;
    char byte;
    (void)can_write;
    assert_true(can_read);
    assert_int_equal(read(io->fd, &byte, 1), 1);
    self->is_read = true;
    cairn_timer_cancel(&self->timer);
}

static void peer_time_out(struct cairn_timer *timer)
{
    ((struct peer *)((char *)timer - offsetof(struct peer, timer)))->is_timed_out = true;
}

static void peer_open(struct peer *self, struct cairn_runtime *runtime)
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, self->ends), 0);
    assert_null(cairn_io_open(&self->io, runtime, self->ends[0], peer_ready));
    assert_int_equal(cairn_io_want_read(&self->io, true), 0);
    cairn_timer_arm(runtime, &self->timer, 2000, peer_time_out);
}

static void peer_close(struct peer *self)
{
    cairn_io_close(&self->io);
    close(self->ends[0]);
    close(self->ends[1]);
}

static void who_has_written_is_read_before_he_is_timed_out(void **state)
{
    struct fixture *self = *state;
    struct peer *peers = calloc(PEERS, sizeof(*peers));
    assert_non_null(peers);
    for (unsigned i = 0; i < PEERS; i++)
        peer_open(&peers[i], self->runtime);
    cairn_test_settle(self->runtime);
    for (unsigned i = 0; i < PEERS; i++) {
        if (i % 4 != 0)
            assert_int_equal(write(peers[i].ends[1], "x", 1), 1);
    }
    self->clock.now_ns += UINT64_C(1000000) * MINUTE_MS;
    cairn_test_settle(self->runtime);
    for (unsigned i = 0; i < PEERS; i++) {
        assert_int_equal(peers[i].is_read, i % 4 != 0);
        assert_int_equal(peers[i].is_timed_out, i % 4 == 0);
        peer_close(&peers[i]);
    }
    free(peers);
}

/* One that always can be read, for nobody takes the byte. */
static void noise_ready(struct cairn_io *io, bool can_read, bool can_write)
{
    (void)io;
    (void)can_read;
    (void)can_write;
}

static void late_timers_are_not_held_back_for_ever(void **state)
{
    struct fixture *self = *state;
    struct cairn_io noise;
    struct cairn_timer timer = {.fire = NULL};
    int ends[2];
    fired = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_null(cairn_io_open(&noise, self->runtime, ends[0], noise_ready));
    assert_int_equal(cairn_io_want_read(&noise, true), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    cairn_timer_arm(self->runtime, &timer, 2000, count_fire);
    self->clock.now_ns += UINT64_C(1000000) * MINUTE_MS;
    for (unsigned i = 0; i < CAIRN__LATE_TURNS; i++) {
        assert_true(cairn_runtime_turn(self->runtime));
        assert_int_equal(fired, 0);
    }
    cairn_runtime_turn(self->runtime);
    assert_int_equal(fired, 1);
    cairn_timer_arm(self->runtime, &timer, cairn_runtime_now_ms(self->runtime) + 50, count_fire);
    self->clock.now_ns += UINT64_C(1000000) * 50; /* in time, so nothing is held back */
    cairn_runtime_turn(self->runtime);
    assert_int_equal(fired, 2);
    cairn_io_close(&noise);
    close(ends[0]);
    close(ends[1]);
}

static void a_clock_that_goes_back_stands_still(void **state)
{
    struct fixture *self = *state;
    struct cairn_timer timer = {.fire = NULL};
    fired = 0;
    cairn_test_clock_advance_ms(&self->clock, self->runtime, MINUTE_MS);
    uint64_t before = cairn_runtime_now_ms(self->runtime);
    cairn_timer_arm(self->runtime, &timer, before + 10, count_fire);
    self->clock.now_ns -= UINT64_C(1000000) * MINUTE_MS / 2;
    cairn_test_settle(self->runtime);
    assert_int_equal(cairn_runtime_now_ms(self->runtime), before);
    assert_int_equal(fired, 0);
    self->clock.now_ns += UINT64_C(1000000) * (MINUTE_MS / 2 + 10);
    cairn_test_settle(self->runtime);
    assert_int_equal(fired, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define LATE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)
        LATE_TEST(a_hundred_thousand_late_timers_fire_in_slices_with_tasks_between),
        LATE_TEST(a_late_timer_may_still_be_cancelled_between_two_slices),
        LATE_TEST(a_timer_armed_between_two_slices_waits_for_its_own_time),
        LATE_TEST(who_has_written_is_read_before_he_is_timed_out),
        LATE_TEST(late_timers_are_not_held_back_for_ever),
        LATE_TEST(a_clock_that_goes_back_stands_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
