#include <cairn/layers/backoff.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ROUNDS 20000

/* Any valid back-off, small and huge ones alike. */
static struct cairn_backoff any_backoff(struct cairn_random *random)
{
    struct cairn_backoff b;
    b.max_ms = cairn_random_next_u64(random) >> cairn_random_range(random, 0, 64);
    b.max_ms += b.max_ms == 0;
    b.min_ms = b.max_ms == UINT64_MAX ? cairn_random_next_u64(random)
                                      : cairn_random_range(random, 0, b.max_ms + 1);
    b.jitter = cairn_random_next_double(random) * 100;
    return b;
}

static void assert_valid(uint64_t min_ms, uint64_t max_ms, double jitter)
{
    assert_null(cairn_backoff_check(&(struct cairn_backoff){min_ms, max_ms, jitter}));
}

static void assert_invalid(uint64_t min_ms, uint64_t max_ms, double jitter, const char *message)
{
    struct cairn_error *error =
        cairn_backoff_check(&(struct cairn_backoff){min_ms, max_ms, jitter});
    assert_non_null(error);
    assert_int_equal(error->code, CAIRN_ERROR_INVALID);
    assert_string_equal(error->message, message);
    cairn_error_unref(error);
}

static void T119_first_delay_without_jitter_equals_the_minimum(void **state)
{
    struct cairn_random random = {1};
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct cairn_backoff b = any_backoff(&random);
        assert_null(cairn_backoff_check(&b));
        assert_int_equal(cairn_backoff_base_ms(&b, 0), b.min_ms);
        b.jitter = 0;
        assert_int_equal(cairn_backoff_delay_ms(&b, 0, &random), b.min_ms);
    }
}

static void base_doubles_with_each_retry_up_to_the_maximum(void **state)
{
    const struct cairn_backoff b = {50, 1000, 0};
    const uint64_t expected[] = {50, 100, 200, 400, 800, 1000, 1000};
    (void)state;
    for (unsigned n = 0; n < sizeof(expected) / sizeof(expected[0]); n++)
        assert_int_equal(cairn_backoff_base_ms(&b, n), expected[n]);
    assert_int_equal(cairn_backoff_base_ms(&b, 4000000000u), 1000);
}

static void base_never_overflows(void **state)
{
    struct cairn_random random = {2};
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct cairn_backoff b = any_backoff(&random);
        uint64_t before = b.min_ms;
        for (unsigned n = 0; n < 70; n++) {
            uint64_t base_ms = cairn_backoff_base_ms(&b, n);
            assert_true(base_ms >= before && base_ms <= b.max_ms);
            before = base_ms;
        }
        assert_int_equal(before, b.min_ms ? b.max_ms : 0);
    }
}

static void T121_jitter_is_zero_only_without_factor_base_or_room(void **state)
{
    struct cairn_random random = {3};
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct cairn_backoff b = any_backoff(&random);
        if (i % 5 == 0)
            b.jitter = 0;
        if (i % 7 == 0)
            b.min_ms = 0;
        if (i % 11 == 0)
            b.min_ms = b.max_ms;
        uint64_t base_ms = cairn_backoff_base_ms(&b, (unsigned)cairn_random_range(&random, 0, 9));
        uint64_t jitter_ms = cairn_backoff_jitter_ms(&b, base_ms, &random);
        if (b.jitter == 0 || base_ms == 0 || base_ms == b.max_ms)
            assert_int_equal(jitter_ms, 0);
        else
            assert_true(jitter_ms > 0);
    }
}

static void delay_never_exceeds_the_maximum(void **state)
{
    struct cairn_random random = {4};
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct cairn_backoff b = any_backoff(&random);
        for (unsigned n = 0; n < 10; n++) {
            uint64_t base_ms = cairn_backoff_base_ms(&b, n);
            uint64_t delay_ms = cairn_backoff_delay_ms(&b, n, &random);
            assert_true(delay_ms >= base_ms && delay_ms <= b.max_ms);
        }
    }
}

static void jitter_is_spread_over_its_whole_range(void **state)
{
    const struct cairn_backoff b = {1000, CAIRN_BACKOFF_NO_MAX, 0.5};
    struct cairn_random random = {5};
    unsigned tenths[10] = {0};
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t jitter_ms = cairn_backoff_jitter_ms(&b, 1000, &random);
        assert_in_range(jitter_ms, 1, 500);
        tenths[(jitter_ms - 1) / 50]++;
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(tenths[i], ROUNDS / 10 - 300, ROUNDS / 10 + 300);
}

static void T121_jitter_is_above_zero_even_at_the_smallest_random_number(void **state)
{
    const struct cairn_backoff b = {10, 1000, 1};
    /* The counter steps by the golden ratio, and a counter of 0 gives 0. */
    struct cairn_random random = {UINT64_C(0) - UINT64_C(0x9e3779b97f4a7c15)};
    (void)state;
    assert_int_equal(cairn_backoff_jitter_ms(&b, 10, &random), 1);
}

static void T122_infinite_and_undefined_jitter_is_refused(void **state)
{
    (void)state;
    assert_invalid(1, 2, (double)INFINITY, "backoff.jitter must be 0 to 100, got inf");
    assert_invalid(1, 2, -(double)INFINITY, "backoff.jitter must be 0 to 100, got -inf");
    for (int sign = -1; sign <= 1; sign += 2) {
        struct cairn_backoff b = {1, 2, copysign((double)NAN, sign)};
        struct cairn_error *error = cairn_backoff_check(&b);
        assert_non_null(error);
        cairn_error_unref(error);
    }
}

static void options_out_of_range_are_refused_by_name(void **state)
{
    (void)state;
    assert_invalid(0, 0, 0, "backoff.max_ms must be 1 or more, got 0");
    assert_invalid(11, 10, 0, "backoff.min_ms must be 0 to max_ms (10), got 11");
    assert_invalid(1, 2, -0.5, "backoff.jitter must be 0 to 100, got -0.5");
    assert_invalid(1, 2, 100.5, "backoff.jitter must be 0 to 100, got 100.5");
    assert_valid(0, 1, 0);
    assert_valid(10, 10, 100);
}

static void default_is_50_ms_without_maximum_and_jitter_099(void **state)
{
    struct cairn_backoff b = cairn_backoff_default();
    (void)state;
    assert_null(cairn_backoff_check(&b));
    assert_int_equal(b.min_ms, 50);
    assert_int_equal(b.max_ms, UINT64_MAX);
    assert_true(b.jitter > 0.98 && b.jitter < 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T119_first_delay_without_jitter_equals_the_minimum),
        cmocka_unit_test(base_doubles_with_each_retry_up_to_the_maximum),
        cmocka_unit_test(base_never_overflows),
        cmocka_unit_test(T121_jitter_is_zero_only_without_factor_base_or_room),
        cmocka_unit_test(delay_never_exceeds_the_maximum),
        cmocka_unit_test(jitter_is_spread_over_its_whole_range),
        cmocka_unit_test(T122_infinite_and_undefined_jitter_is_refused),
        cmocka_unit_test(options_out_of_range_are_refused_by_name),
        cmocka_unit_test(default_is_50_ms_without_maximum_and_jitter_099),
        cmocka_unit_test(T121_jitter_is_above_zero_even_at_the_smallest_random_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
