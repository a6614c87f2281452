#include <cairn/layers/limit_aimd.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_next(
    const struct cairn_limit_aimd *aimd, struct cairn_limit_sample sample, double limit)
{
    double memory[CAIRN_LIMIT_MEMORY] = {0};
    assert_true(fabs(aimd->base.next(&aimd->base, memory, &sample) - limit) < 1e-9);
}

static void grows_by_one_while_at_least_half_is_used(void **state)
{
    (void)state;
    assert_next(&cairn_limit_aimd,
        (struct cairn_limit_sample){.limit = 10, .rtt_ns = 1, .in_flight = 5}, 11);
    assert_next(&cairn_limit_aimd,
        (struct cairn_limit_sample){.limit = 10, .rtt_ns = 1, .in_flight = 4}, 10);
}

static void an_overload_takes_a_tenth_off(void **state)
{
    (void)state;
    assert_next(&cairn_limit_aimd,
        (struct cairn_limit_sample){.limit = 50, .in_flight = 50, .is_overloaded = true}, 45);
}

static void factor_may_be_chosen(void **state)
{
    static const struct cairn_limit_aimd half = {.base = CAIRN_LIMIT_AIMD, .factor = 0.5};
    (void)state;
    assert_next(&half, (struct cairn_limit_sample){.limit = 50, .is_overloaded = true}, 25);
}

static void calls_that_take_too_long_are_an_overload_where_asked_for(void **state)
{
    static const struct cairn_limit_aimd quick = {.base = CAIRN_LIMIT_AIMD, .latency_ms = 20};
    const struct cairn_limit_sample below = {.limit = 50, .rtt_ns = 19999999, .in_flight = 50};
    const struct cairn_limit_sample above = {.limit = 50, .rtt_ns = 20000000, .in_flight = 50};
    (void)state;
    assert_next(&quick, below, 51);
    assert_next(&quick, above, 45);
    assert_next(&cairn_limit_aimd, above, 51);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_by_one_while_at_least_half_is_used),
        cmocka_unit_test(an_overload_takes_a_tenth_off),
        cmocka_unit_test(factor_may_be_chosen),
        cmocka_unit_test(calls_that_take_too_long_are_an_overload_where_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
