#include <cairn/layers/limit_gradient.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MS = 1000000 };

static double next(const struct cairn_limit_gradient *g, double *memory, double limit,
    uint64_t rtt_ns, uint64_t in_flight)
{
    const struct cairn_limit_sample sample = {
        .limit = limit, .rtt_ns = rtt_ns, .in_flight = in_flight};
    return g->base.next(&g->base, memory, &sample);
}

/* A server with SERVERS places, in each of which a call takes BASE_NS. Whoever finds none waits. */
static uint64_t served_in(double limit, double servers, uint64_t base_ns)
{
    return limit <= servers ? base_ns : (uint64_t)((double)base_ns * limit / servers);
}

static void grows_by_a_part_of_the_queue_while_calls_are_not_slowed_down(void **state)
{
    double memory[CAIRN_LIMIT_MEMORY] = {0};
    (void)state;
    assert_true(fabs(next(&cairn_limit_gradient, memory, 20, MS, 20) - 20.8) < 1e-9);
}

static void window_that_used_less_than_half_says_nothing(void **state)
{
    double memory[CAIRN_LIMIT_MEMORY] = {0};
    (void)state;
    assert_true(fabs(next(&cairn_limit_gradient, memory, 20, MS, 9) - 20) < 1e-9);
    assert_true(fabs(next(&cairn_limit_gradient, memory, 20, 0, 20) - 20) < 1e-9);
}

static void an_overload_takes_a_tenth_off(void **state)
{
    double memory[CAIRN_LIMIT_MEMORY] = {0};
    const struct cairn_limit_sample sample = {.limit = 20, .in_flight = 1, .is_overloaded = true};
    const struct cairn_limit_gradient *g = &cairn_limit_gradient;
    (void)state;
    assert_true(fabs(g->base.next(&g->base, memory, &sample) - 18) < 1e-9);
}

static void limit_goes_down_when_calls_slow_down_by_half_at_most(void **state)
{
    double memory[CAIRN_LIMIT_MEMORY] = {0};
    (void)state;
    for (int i = 0; i < 100; i++)
        next(&cairn_limit_gradient, memory, 100, MS, 100);
    /* Three times as slow, of which half is tolerated: the slope is a little over a half. */
    double limit = next(&cairn_limit_gradient, memory, 100, 3 * MS, 100);
    assert_true(limit > 90.8 && limit < 91.2);
    limit = next(&cairn_limit_gradient, memory, 100, 1000 * (uint64_t)MS, 100);
    assert_true(fabs(limit - (100 * 0.8 + (50 + 4) * 0.2)) < 0.5);
}

static void finds_a_limit_near_what_the_server_can_do(void **state)
{
    double memory[CAIRN_LIMIT_MEMORY] = {0};
    double limit = 20;
    (void)state;
    for (int i = 0; i < 300; i++)
        limit = next(
            &cairn_limit_gradient, memory, limit, served_in(limit, 50, 10 * MS), (uint64_t)limit);
    assert_true(limit > 50 && limit < 50 * 1.5 * 1.5);
}

static void follows_a_server_that_has_lost_most_of_its_places(void **state)
{
    double memory[CAIRN_LIMIT_MEMORY] = {0};
    double limit = 20;
    (void)state;
    for (int i = 0; i < 300; i++)
        limit = next(
            &cairn_limit_gradient, memory, limit, served_in(limit, 100, 10 * MS), (uint64_t)limit);
    double before = limit;
    for (int i = 0; i < 50; i++)
        limit = next(
            &cairn_limit_gradient, memory, limit, served_in(limit, 10, 10 * MS), (uint64_t)limit);
    assert_true(limit < before / 2);
}

static void long_average_does_not_remember_a_bad_time(void **state)
{
    double memory[CAIRN_LIMIT_MEMORY] = {0};
    (void)state;
    for (int i = 0; i < 100; i++)
        next(&cairn_limit_gradient, memory, 20, 100 * MS, 20);
    for (int i = 0; i < 90; i++)
        next(&cairn_limit_gradient, memory, 20, MS, 20);
    assert_true(memory[0] < 3.0 * MS);
}

static void parameters_may_be_chosen(void **state)
{
    static const struct cairn_limit_gradient mine = {
        .base = CAIRN_LIMIT_GRADIENT, .tolerance = 1, .smoothing = 1, .queue = 10, .windows = 1};
    double memory[CAIRN_LIMIT_MEMORY] = {0};
    (void)state;
    assert_true(fabs(next(&mine, memory, 20, MS, 20) - 30) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_by_a_part_of_the_queue_while_calls_are_not_slowed_down),
        cmocka_unit_test(window_that_used_less_than_half_says_nothing),
        cmocka_unit_test(an_overload_takes_a_tenth_off),
        cmocka_unit_test(limit_goes_down_when_calls_slow_down_by_half_at_most),
        cmocka_unit_test(finds_a_limit_near_what_the_server_can_do),
        cmocka_unit_test(follows_a_server_that_has_lost_most_of_its_places),
        cmocka_unit_test(long_average_does_not_remember_a_bad_time),
        cmocka_unit_test(parameters_may_be_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
