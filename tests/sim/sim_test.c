/* The simulations' figures, within stated bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fleet.h"
#include "hedging.h"
#include "outage.h"
#include "overload.h"

static void retries_add_a_fifth_and_the_reserve_to_an_upstream_that_is_down(void **state)
{
    struct outage_figures figures = sim_outage();
    (void)state;
    assert_in_range(figures.sent, 55000, 65000);
    assert_true(figures.extra <= 0.20);
    /* Without a budget each call is tried three times: the bound above is the budget's doing. */
    assert_true(figures.unbounded > figures.sent * 5 / 2);
    assert_int_equal(figures.failed_after, 0);
}

static void a_second_copy_takes_the_slow_calls_out_of_the_99th_percentile(void **state)
{
    struct hedging_figures figures = sim_hedging();
    (void)state;
    assert_true(figures.p99_without >= 200);
    assert_true(figures.p99_with * 4 <= figures.p99_without);
    assert_true(figures.p50_with <= figures.p50_without + 1);
    assert_true(figures.extra <= 0.06);
}

static void three_times_the_load_costs_a_tenth_of_the_good_answers_at_most(void **state)
{
    struct overload_figures figures = sim_overload();
    (void)state;
    assert_true(figures.without < 0.1 * figures.capacity);
    assert_true(figures.gradient >= 0.9 * figures.best_fixed);
    assert_true(figures.aimd >= 0.9 * figures.best_fixed);
    assert_true(figures.queued >= 0.9 * figures.best_fixed);
    assert_true(figures.critical >= 0.99);
}

static void a_slow_and_a_failing_endpoint_do_not_show(void **state)
{
    struct fleet_figures figures = sim_fleet();
    (void)state;
    assert_true(figures.round_robin.errors >= 0.09);
    assert_true(figures.balanced.errors <= 0.005);
    assert_true(figures.balanced.p99 * 4 <= figures.round_robin.p99);
    assert_true(figures.balanced.eject_ms <= 500);
    assert_true(figures.balanced.return_ms <= 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_and_a_failing_endpoint_do_not_show),
        cmocka_unit_test(three_times_the_load_costs_a_tenth_of_the_good_answers_at_most),
        cmocka_unit_test(a_second_copy_takes_the_slow_calls_out_of_the_99th_percentile),
        cmocka_unit_test(retries_add_a_fifth_and_the_reserve_to_an_upstream_that_is_down),
    };
    return cmocka_run_group_tests_name("sim", tests, NULL, NULL);
}
