#include <cairn/http/connection/body_rate.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/service/random.h>

#define MOST_PER_S (UINT64_C(1) << 31)
#define HOUR_MS UINT64_C(3600000)

static bool is_slow_after(struct cairn__body_rate *self, uint64_t ms, uint64_t bytes)
{
    cairn__body_rate_wait(self, ms, 500);
    cairn__body_rate_come(self, bytes);
    return cairn__body_rate_is_slow(self, 500);
}

static void a_body_has_ten_seconds_of_grace(void **state)
{
    struct cairn__body_rate rate = {0};
    (void)state;
    assert_false(is_slow_after(&rate, 0, 0));
    assert_false(is_slow_after(&rate, 10000, 0));
    assert_true(is_slow_after(&rate, 1, 0));
}

static void then_every_second_asks_for_its_bytes(void **state)
{
    struct cairn__body_rate rate = {0};
    (void)state;
    assert_false(is_slow_after(&rate, 10000, 0));
    for (int i = 0; i < 100; i++)
        assert_false(is_slow_after(&rate, 1000, 500));
    assert_true(is_slow_after(&rate, 1000, 499));
    assert_false(is_slow_after(&rate, 0, 1));
}

static void what_came_quickly_is_no_credit(void **state)
{
    struct cairn__body_rate rate = {0};
    (void)state;
    assert_false(is_slow_after(&rate, 9000, UINT64_C(1) << 40));
    assert_false(is_slow_after(&rate, 10000, 0));
    assert_true(is_slow_after(&rate, 1, 0));
}

static void every_byte_counts_at_every_rate(void **state)
{
    struct cairn__body_rate rate = {0};
    (void)state;
    for (int i = 0; i < 100000; i++) {
        cairn__body_rate_wait(&rate, 1, 7000);
        for (int j = 0; j < 7; j++)
            cairn__body_rate_come(&rate, 1);
    }
    assert_int_equal(rate.due, 0);
}

static void an_hour_at_the_highest_rate_does_not_overflow(void **state)
{
    struct cairn__body_rate rate = {0};
    (void)state;
    cairn__body_rate_wait(&rate, 10000, MOST_PER_S);
    assert_false(cairn__body_rate_is_slow(&rate, MOST_PER_S));
    cairn__body_rate_wait(&rate, HOUR_MS, MOST_PER_S);
    assert_true(cairn__body_rate_is_slow(&rate, MOST_PER_S));
    cairn__body_rate_come(&rate, UINT64_MAX);
    assert_int_equal(rate.due, 0);
}

/* The longest part of a history that ends now decides: no part may be behind by more than the
 * grace. */
static void agrees_with_the_worst_of_all_windows(void **state)
{
    (void)state;
    struct cairn_random dice = {1};
    for (int round = 0; round < 2000; round++) {
        struct cairn__body_rate rate = {0};
        int64_t behind[64] = {0}; /* of the window that began before step i */
        for (int i = 0; i < 64; i++) {
            uint64_t ms = cairn_random_next_u64(&dice) % 3000,
                     bytes = cairn_random_next_u64(&dice) % 1500;
            bool is_slow = is_slow_after(&rate, ms, bytes);
            bool expected = false;
            for (int j = 0; j <= i; j++) {
                behind[j] += (int64_t)(ms * 500) - (int64_t)(bytes * 1000);
                expected = expected || behind[j] > 10000 * 500;
            }
            assert_int_equal(is_slow, expected);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_has_ten_seconds_of_grace),
        cmocka_unit_test(then_every_second_asks_for_its_bytes),
        cmocka_unit_test(what_came_quickly_is_no_credit),
        cmocka_unit_test(every_byte_counts_at_every_rate),
        cmocka_unit_test(an_hour_at_the_highest_rate_does_not_overflow),
        cmocka_unit_test(agrees_with_the_worst_of_all_windows),
    };
    return cmocka_run_group_tests_name("body_rate", tests, NULL, NULL);
}
