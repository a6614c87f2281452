#include <cairn/layers/histogram.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/service/random.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/misuse.h>

#define PERIOD 1000
#define START 5000 /* the first use, at no multiple of anything */
#define MS 1000000ull

static int histogram_setup(void **state)
{
    cairn_test_alloc_begin();
    *state = cairn_histogram_new(PERIOD);
    assert_non_null(*state);
    assert_int_equal(cairn_histogram_count(*state, START), 0);
    return 0;
}

static int histogram_teardown(void **state)
{
    cairn_histogram_free(*state);
    cairn_test_alloc_end();
    return 0;
}

#define histogram_test(f) cmocka_unit_test_setup_teardown(f, histogram_setup, histogram_teardown)

/* What NS is read back as. */
static uint64_t read_back(struct cairn_histogram *h, uint64_t *now, uint64_t ns)
{
    cairn_histogram_record(h, *now, ns);
    *now += PERIOD;
    assert_int_equal(cairn_histogram_count(h, *now), 1);
    return cairn_histogram_percentile(h, *now, 1);
}

static void X028_times_are_rounded_up_to_a_millisecond(void **state)
{
    static const struct {
        uint64_t ns;
        uint64_t ms;
    } cases[] = {{0, 1}, {1, 1}, {MS - 1, 1}, {MS, 1}, {MS + 1, 2}, {2 * MS, 2},
        {254 * MS + 1, 255}, {255 * MS, 255}};
    uint64_t now = START;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(read_back(*state, &now, cases[i].ns), cases[i].ms);
}

static void each_time_is_read_as_no_less_and_at_most_a_128th_more(void **state)
{
    uint64_t now = START;
    struct cairn_random random;
    cairn_random_init(&random, 1);
    for (uint64_t bound = 2; bound <= CAIRN_HISTOGRAM_MAX_MS; bound *= 2) {
        for (int i = 0; i < 50; i++) {
            uint64_t ms = i == 0   ? bound - 1
                          : i == 1 ? bound
                                   : cairn_random_range(&random, bound, 2 * bound);
            uint64_t read_ms = read_back(*state, &now, ms * MS);
            assert_true(read_ms >= ms);
            assert_true((read_ms - ms) * 128 < ms || read_ms == ms);
        }
    }
}

static void what_is_longer_counts_as_the_longest(void **state)
{
    uint64_t now = START;
    assert_int_equal(read_back(*state, &now, CAIRN_HISTOGRAM_MAX_MS * MS), CAIRN_HISTOGRAM_MAX_MS);
    assert_int_equal(
        read_back(*state, &now, (CAIRN_HISTOGRAM_MAX_MS + 1) * MS), CAIRN_HISTOGRAM_MAX_MS);
    assert_int_equal(read_back(*state, &now, UINT64_MAX), CAIRN_HISTOGRAM_MAX_MS);
}

static void percentile_is_the_time_that_the_share_did_not_exceed(void **state)
{
    for (int i = 0; i < 8; i++)
        cairn_histogram_record(*state, START, 1 * MS);
    for (int i = 0; i < 2; i++)
        cairn_histogram_record(*state, START, 10 * MS);
    uint64_t now = START + PERIOD;
    assert_int_equal(cairn_histogram_count(*state, now), 10);
    assert_int_equal(cairn_histogram_percentile(*state, now, 0.001), 1);
    assert_int_equal(cairn_histogram_percentile(*state, now, 0.5), 1);
    assert_int_equal(cairn_histogram_percentile(*state, now, 0.8), 1);
    assert_int_equal(cairn_histogram_percentile(*state, now, 0.81), 10);
    assert_int_equal(cairn_histogram_percentile(*state, now, 0.9), 10);
    assert_int_equal(cairn_histogram_percentile(*state, now, 1), 10);
}

static void percentile_of_1_to_100_is_its_number(void **state)
{
    for (uint64_t ms = 1; ms <= 100; ms++)
        cairn_histogram_record(*state, START, ms * MS);
    for (unsigned n = 1; n <= 100; n++)
        assert_int_equal(cairn_histogram_percentile(*state, START + PERIOD, n / 100.0), n);
}

static void only_the_last_full_period_is_read(void **state)
{
    cairn_histogram_record(*state, START, 5 * MS);
    assert_int_equal(cairn_histogram_count(*state, START + PERIOD - 1), 0);
    assert_int_equal(cairn_histogram_percentile(*state, START + PERIOD - 1, 1), 0);
    cairn_histogram_record(*state, START + PERIOD, 7 * MS);
    cairn_histogram_record(*state, START + PERIOD, 8 * MS);
    assert_int_equal(cairn_histogram_count(*state, START + PERIOD), 1);
    assert_int_equal(cairn_histogram_percentile(*state, START + PERIOD, 1), 5);
    assert_int_equal(cairn_histogram_count(*state, START + 2 * PERIOD - 1), 1);
    assert_int_equal(cairn_histogram_count(*state, START + 2 * PERIOD), 2);
    assert_int_equal(cairn_histogram_percentile(*state, START + 2 * PERIOD, 1), 8);
}

static void both_are_cleared_after_two_idle_periods(void **state)
{
    cairn_histogram_record(*state, START, 5 * MS);
    cairn_histogram_record(*state, START + PERIOD, 6 * MS);
    assert_int_equal(cairn_histogram_count(*state, START + 3 * PERIOD), 0);
    assert_int_equal(cairn_histogram_percentile(*state, START + 3 * PERIOD, 1), 0);
    assert_int_equal(cairn_histogram_count(*state, START + 4 * PERIOD), 0);
}

static void one_idle_period_leaves_nothing_but_what_was_before_it(void **state)
{
    cairn_histogram_record(*state, START, 5 * MS);
    assert_int_equal(cairn_histogram_count(*state, START + 2 * PERIOD - 1), 1);
    assert_int_equal(cairn_histogram_count(*state, START + 2 * PERIOD), 0);
}

static void periods_stay_on_their_grid_however_late_somebody_comes(void **state)
{
    assert_int_equal(cairn_histogram_count(*state, START + PERIOD + 900), 0);
    cairn_histogram_record(*state, START + PERIOD + 900, 5 * MS);
    assert_int_equal(cairn_histogram_count(*state, START + 2 * PERIOD - 1), 0);
    assert_int_equal(cairn_histogram_count(*state, START + 2 * PERIOD), 1);
}

static void recording_and_reading_allocate_nothing(void **state)
{
    size_t before = cairn_test_alloc_count();
    uint64_t now = START;
    for (int i = 0; i < 10; i++)
        read_back(*state, &now, 1000 * MS);
    assert_int_equal(cairn_test_alloc_count(), before);
}

static void use(void *histogram)
{
    cairn_histogram_record(histogram, START, 1);
}

static void period_of_nothing_is_misuse(void **state)
{
    struct cairn_histogram *h = cairn_histogram_new(0);
    (void)state;
    assert_string_equal(cairn_test_misuse(use, h), "histogram: the period must be 1 ms or more");
    cairn_histogram_free(h);
}

static void without_memory_there_is_none(void **state)
{
    (void)state;
    cairn_test_alloc_fail_at(1);
    assert_null(cairn_histogram_new(PERIOD));
    cairn_test_alloc_fail_at(0);
    cairn_histogram_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        histogram_test(X028_times_are_rounded_up_to_a_millisecond),
        histogram_test(each_time_is_read_as_no_less_and_at_most_a_128th_more),
        histogram_test(what_is_longer_counts_as_the_longest),
        histogram_test(percentile_is_the_time_that_the_share_did_not_exceed),
        histogram_test(percentile_of_1_to_100_is_its_number),
        histogram_test(only_the_last_full_period_is_read),
        histogram_test(both_are_cleared_after_two_idle_periods),
        histogram_test(one_idle_period_leaves_nothing_but_what_was_before_it),
        histogram_test(periods_stay_on_their_grid_however_late_somebody_comes),
        histogram_test(recording_and_reading_allocate_nothing),
        histogram_test(period_of_nothing_is_misuse),
        histogram_test(without_memory_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
