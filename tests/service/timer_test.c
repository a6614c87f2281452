#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include <cairn/service/random.h>
#include <cairn/service/runtime.h>
#include <cairn/service/timer.h>
#include <cairn/service/wheel.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/clock.h>

struct fixture {
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
};

struct alarm {
    struct cairn_timer timer;
    struct cairn_runtime *runtime;
    uint64_t at_ms;
    uint64_t fired_ms; /* 0: not fired */
    unsigned order;
    unsigned fires;
    struct alarm *other; /* what firing does something to */
};

static unsigned alarm_order;

static int fixture_open(void **state)
{
    static struct fixture self;

    alarm_order = 0;
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

static void alarm_fire(struct cairn_timer *timer)
{
    struct alarm *self = (struct alarm *)timer;

    assert_false(cairn_timer_is_armed(timer));
    self->fires++;
    self->order = ++alarm_order;
    self->fired_ms = cairn_runtime_now_ms(self->runtime);
    assert_true(self->fired_ms >= self->at_ms);
}

static void alarm_cancel_other(struct cairn_timer *timer)
{
    alarm_fire(timer);
    cairn_timer_cancel(&((struct alarm *)timer)->other->timer);
}

static void alarm_arm(struct fixture *self, struct alarm *alarm, uint64_t at_ms)
{
    alarm->runtime = self->runtime;
    alarm->at_ms = at_ms;
    cairn_timer_arm(self->runtime, &alarm->timer, at_ms, alarm_fire);
}

static void alarm_rearm(struct cairn_timer *timer)
{
    struct alarm *self = (struct alarm *)timer;

    alarm_fire(timer);
    if (self->fires < 5)
        cairn_timer_arm(self->runtime, timer, self->at_ms += 10, alarm_rearm);
}

static void advance(struct fixture *self, uint64_t ms)
{
    cairn_test_clock_advance_ms(&self->clock, self->runtime, ms);
}

static void a_timer_fires_at_its_time_and_not_before(void **state)
{
    struct fixture *self = *state;
    struct alarm alarm = {.fires = 0};

    assert_false(cairn_timer_is_armed(&alarm.timer));
    alarm_arm(self, &alarm, 1500);
    assert_true(cairn_timer_is_armed(&alarm.timer));
    advance(self, 499);
    assert_int_equal(alarm.fires, 0);
    advance(self, 1);
    assert_int_equal(alarm.fires, 1);
    assert_int_equal(alarm.fired_ms, 1500);
    advance(self, 10000);
    assert_int_equal(alarm.fires, 1);
}

static void a_timer_is_not_early_by_the_fraction_of_a_millisecond(void **state)
{
    struct fixture *self = *state;
    struct alarm alarm = {.fires = 0};

    self->clock.now_ns += 999999;
    alarm_arm(self, &alarm, 1001);
    cairn_test_settle(self->runtime);
    assert_int_equal(alarm.fires, 0);
    self->clock.now_ns += 1;
    cairn_test_settle(self->runtime);
    assert_int_equal(alarm.fires, 1);
}

static void a_time_in_the_past_fires_in_the_next_turn(void **state)
{
    struct fixture *self = *state;
    struct alarm past = {.fires = 0};
    struct alarm now = {.fires = 0};

    advance(self, 5000);
    alarm_arm(self, &past, 3);
    alarm_arm(self, &now, 6000);
    assert_int_equal(past.fires, 0);
    advance(self, 1);
    assert_int_equal(past.fires, 1);
    assert_int_equal(now.fires, 1);
}

static void timers_fire_in_the_order_of_their_times(void **state)
{
    struct fixture *self = *state;
    struct alarm alarms[50] = {{.fires = 0}};

    for (uint64_t i = 0; i < 50; i++)
        alarm_arm(self, &alarms[(i * 7) % 50], 1001 + i * 97);
    advance(self, 100000);
    for (unsigned i = 0; i < 50; i++)
        assert_int_equal(alarms[(i * 7) % 50].order, i + 1);
}

static void a_cancelled_timer_does_not_fire(void **state)
{
    struct fixture *self = *state;
    struct alarm alarms[3] = {{.fires = 0}};

    for (int i = 0; i < 3; i++)
        alarm_arm(self, &alarms[i], 1100);
    cairn_timer_cancel(&alarms[1].timer);
    cairn_timer_cancel(&alarms[1].timer);
    assert_false(cairn_timer_is_armed(&alarms[1].timer));
    advance(self, 1000);
    assert_int_equal(alarms[0].fires, 1);
    assert_int_equal(alarms[1].fires, 0);
    assert_int_equal(alarms[2].fires, 1);
}

static void arming_an_armed_timer_moves_it(void **state)
{
    struct fixture *self = *state;
    struct alarm alarm = {.fires = 0};

    alarm_arm(self, &alarm, 1100);
    alarm_arm(self, &alarm, 1300);
    advance(self, 200);
    assert_int_equal(alarm.fires, 0);
    alarm_arm(self, &alarm, 1250);
    advance(self, 50);
    assert_int_equal(alarm.fires, 1);
    advance(self, 1000);
    assert_int_equal(alarm.fires, 1);
}

static void a_timer_may_be_armed_again_when_it_fires(void **state)
{
    struct fixture *self = *state;
    struct alarm alarm = {.runtime = self->runtime, .at_ms = 1010};

    cairn_timer_arm(self->runtime, &alarm.timer, 1010, alarm_rearm);
    for (unsigned i = 1; i <= 5; i++) {
        advance(self, 9);
        assert_int_equal(alarm.fires, i - 1);
        advance(self, 1);
        assert_int_equal(alarm.fires, i);
    }
    assert_false(cairn_timer_is_armed(&alarm.timer));
}

static void a_timer_may_cancel_another_of_the_same_tick(void **state)
{
    struct fixture *self = *state;
    struct alarm alarms[2] = {{.fires = 0}};

    for (int i = 0; i < 2; i++) {
        alarms[i].runtime = self->runtime;
        alarms[i].other = &alarms[1 - i];
        cairn_timer_arm(self->runtime, &alarms[i].timer, 1100, alarm_cancel_other);
    }
    advance(self, 100);
    assert_int_equal(alarms[0].fires + alarms[1].fires, 1);
}

static void a_timer_may_cancel_one_that_is_due_later_in_the_same_turn(void **state)
{
    struct fixture *self = *state;
    struct alarm last = {.fires = 0};
    struct alarm first = {.runtime = self->runtime, .other = &last};

    alarm_arm(self, &last, 1200);
    cairn_timer_arm(self->runtime, &first.timer, 1100, alarm_cancel_other);
    advance(self, 100000);
    assert_int_equal(first.fires, 1);
    assert_int_equal(last.fires, 0);
}

static void a_far_future_is_waited_for(void **state)
{
    const uint64_t year_ms = UINT64_C(365) * 86400 * 1000;
    struct fixture *self = *state;
    struct alarm far = {.fires = 0};
    struct alarm never = {.fires = 0};

    alarm_arm(self, &far, 1000 + 3 * year_ms);
    alarm_arm(self, &never, UINT64_MAX);
    for (int i = 0; i < 3; i++) {
        advance(self, year_ms - 1);
        assert_int_equal(far.fires, 0);
    }
    advance(self, 2);
    assert_int_equal(far.fires, 0);
    advance(self, 1);
    assert_int_equal(far.fires, 1);
    assert_int_equal(never.fires, 0);
    cairn_timer_cancel(&never.timer);
}

static void a_hundred_thousand_timers_fire_in_order_and_never_early(void **state)
{
    enum { MANY = 100000 };
    struct fixture *self = *state;
    struct alarm *alarms = calloc(MANY, sizeof(*alarms));
    struct cairn_random dice = {1};
    uint64_t last_ms = 0;

    assert_non_null(alarms);
    for (unsigned i = 0; i < MANY; i++) {
        alarm_arm(self, &alarms[i], cairn_random_range(&dice, 1001, 1001001));
    }
    for (unsigned step = 0; step < 1000; step++) {
        advance(self, 1001);
        last_ms = cairn_runtime_now_ms(self->runtime);
    }
    assert_true(last_ms > 1001000);
    assert_int_equal(alarm_order, MANY);
    /* Sorted by when they fired, they are sorted by when they should. */
    uint64_t *due = calloc(MANY, sizeof(*due));
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(alarms[i].fires, 1);
        assert_true(alarms[i].fired_ms - alarms[i].at_ms <= 1001);
        due[alarms[i].order - 1] = alarms[i].at_ms;
    }
    for (unsigned i = 1; i < MANY; i++)
        assert_true(due[i - 1] <= due[i]);
    free(due);
    free(alarms);
}

static void timers_left_when_the_runtime_ends_do_no_harm(void **state)
{
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct alarm alarm = {.fires = 0};

    (void)state;
    runtime = cairn_test_runtime_new(&clock);
    cairn_timer_arm(runtime, &alarm.timer, 5000, alarm_fire);
    cairn_runtime_free(runtime);
    assert_int_equal(alarm.fires, 0);
}

/* The wheel against the simplest thing that is right: a list that is looked through each time. */
enum { REFERENCE_TIMERS = 200, REFERENCE_STEPS = 60000 };

struct reference {
    struct cairn_timer timer;
    uint64_t due;
    bool is_armed;
};

static struct reference references[REFERENCE_TIMERS];
static uint64_t reference_last;
static uint64_t reference_now;

static void reference_fire(struct cairn_timer *timer)
{
    struct reference *self = (struct reference *)timer;

    assert_true(self->is_armed);
    assert_true(self->due <= reference_now);
    assert_true(self->due >= reference_last);
    reference_last = self->due;
    self->is_armed = false;
}

static uint64_t reference_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Deltas at and around the edges of each level, and anything in between. */
static uint64_t reference_delta(uint64_t *random)
{
    unsigned shift = (unsigned)(reference_random(random) % 35);
    uint64_t edge = UINT64_C(1) << shift;

    switch (reference_random(random) % 4) {
    case 0:
        return edge + reference_random(random) % 3;
    case 1:
        return edge > 1 ? edge - 1 : 1;
    case 2:
        return 1 + reference_random(random) % 300;
    default:
        return 1 + reference_random(random) % edge;
    }
}

static void reference_advance(struct cairn__wheel *wheel, uint64_t now)
{
    reference_last = 0;
    reference_now = now;
    do
        cairn__wheel_advance(wheel, now, 1 + (unsigned)(now % 7));
    while (wheel->next <= now);
    for (unsigned i = 0; i < REFERENCE_TIMERS; i++)
        assert_true(!references[i].is_armed || references[i].due > now);
}

static void reference_change(struct cairn__wheel *wheel, uint64_t *random)
{
    struct reference *timer = &references[reference_random(random) % REFERENCE_TIMERS];

    if (timer->is_armed) {
        cairn__wheel_remove(&timer->timer);
        timer->is_armed = false;
        return;
    }
    timer->due = reference_now + reference_delta(random);
    timer->timer.fire = reference_fire;
    timer->is_armed = true;
    cairn__wheel_add(wheel, &timer->timer, timer->due);
}

static void the_wheel_agrees_with_a_plain_list(void **state)
{
    static struct cairn__wheel wheel;

    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        uint64_t random = seed * 7919;

        /* Starting on, before and behind an edge of the levels. */
        reference_now = (UINT64_C(1) << 32) - 3 + seed;
        cairn__wheel_init(&wheel, reference_now);
        for (unsigned i = 0; i < REFERENCE_TIMERS; i++)
            references[i].is_armed = false;
        for (unsigned step = 0; step < REFERENCE_STEPS; step++) {
            if (reference_random(&random) % 3)
                reference_change(&wheel, &random);
            else
                reference_advance(&wheel, reference_now + reference_delta(&random) / 4);
        }
        reference_advance(&wheel, reference_now + (UINT64_C(1) << 36));
        for (unsigned i = 0; i < REFERENCE_TIMERS; i++)
            assert_false(references[i].is_armed);
        assert_true(cairn__wheel_next(&wheel) == CAIRN__WHEEL_NEVER);
    }
}

static void the_wheel_never_says_next_behind_a_timer(void **state)
{
    static struct cairn__wheel wheel;
    uint64_t random = 99;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        uint64_t now = reference_random(&random) >> 20;

        cairn__wheel_init(&wheel, now);
        references[0].due = now + reference_delta(&random);
        cairn__wheel_add(&wheel, &references[0].timer, references[0].due);
        assert_true(cairn__wheel_next(&wheel) <= references[0].due);
        assert_true(cairn__wheel_next(&wheel) > now);
        cairn__wheel_remove(&references[0].timer);
    }
}

#define WITH_RUNTIME(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RUNTIME(a_timer_fires_at_its_time_and_not_before),
        WITH_RUNTIME(a_timer_is_not_early_by_the_fraction_of_a_millisecond),
        WITH_RUNTIME(a_time_in_the_past_fires_in_the_next_turn),
        WITH_RUNTIME(timers_fire_in_the_order_of_their_times),
        WITH_RUNTIME(a_cancelled_timer_does_not_fire),
        WITH_RUNTIME(arming_an_armed_timer_moves_it),
        WITH_RUNTIME(a_timer_may_be_armed_again_when_it_fires),
        WITH_RUNTIME(a_timer_may_cancel_another_of_the_same_tick),
        WITH_RUNTIME(a_timer_may_cancel_one_that_is_due_later_in_the_same_turn),
        WITH_RUNTIME(a_far_future_is_waited_for),
        WITH_RUNTIME(a_hundred_thousand_timers_fire_in_order_and_never_early),
        cmocka_unit_test(timers_left_when_the_runtime_ends_do_no_harm),
        cmocka_unit_test(the_wheel_agrees_with_a_plain_list),
        cmocka_unit_test(the_wheel_never_says_next_behind_a_timer),
    };

    return cmocka_run_group_tests_name("timer", tests, NULL, NULL);
}
