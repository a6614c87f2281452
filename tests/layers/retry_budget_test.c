#include <cairn/layers/retry_budget.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/testkit/alloc.h>

static struct cairn_retry_budget *budget_new(uint64_t ttl_ms, unsigned min_per_sec, double ratio)
{
    struct cairn_error *error = NULL;
    struct cairn_retry_budget *b = cairn_retry_budget_new(ttl_ms, min_per_sec, ratio, &error);
    assert_null(error);
    assert_non_null(b);
    return b;
}

static unsigned withdraw_all(struct cairn_retry_budget *b, uint64_t now_ms)
{
    unsigned n = 0;
    while (cairn_retry_budget_withdraw(b, now_ms))
        n++;
    return n;
}

static void deposit_many(struct cairn_retry_budget *b, unsigned n, uint64_t now_ms)
{
    for (unsigned i = 0; i < n; i++)
        cairn_retry_budget_deposit(b, now_ms);
}

static void T113_withdrawal_without_a_deposit_is_refused(void **state)
{
    struct cairn_retry_budget *b = budget_new(1000, 0, 1.0);
    (void)state;
    assert_false(cairn_retry_budget_withdraw(b, 5000));
    cairn_retry_budget_deposit(b, 5000);
    assert_true(cairn_retry_budget_withdraw(b, 5000));
    assert_false(cairn_retry_budget_withdraw(b, 5000));
    cairn_retry_budget_unref(b);
}

/* The items hold at every phase of the clock against the slots. */
static void T115_two_deposits_at_half_pay_one_withdrawal_901_ms_later(void **state)
{
    (void)state;
    for (uint64_t at_ms = 5000; at_ms < 5100; at_ms++) {
        struct cairn_retry_budget *b = budget_new(1000, 0, 0.5);
        deposit_many(b, 2, at_ms);
        assert_true(cairn_retry_budget_withdraw(b, at_ms + 901));
        assert_false(cairn_retry_budget_withdraw(b, at_ms + 901));
        cairn_retry_budget_unref(b);
    }
}

static void T116_first_of_three_deposits_expires_and_the_others_pay_one_withdrawal(void **state)
{
    (void)state;
    for (uint64_t at_ms = 5000; at_ms < 5100; at_ms++) {
        struct cairn_retry_budget *b = budget_new(1000, 0, 0.5);
        deposit_many(b, 2, at_ms);
        at_ms += 2001;
        assert_false(cairn_retry_budget_withdraw(b, at_ms));
        cairn_retry_budget_deposit(b, at_ms);
        cairn_retry_budget_deposit(b, at_ms + 301);
        cairn_retry_budget_deposit(b, at_ms + 1102);
        assert_true(cairn_retry_budget_withdraw(b, at_ms + 1102));
        assert_false(cairn_retry_budget_withdraw(b, at_ms + 1102));
        cairn_retry_budget_unref(b);
        at_ms -= 2001;
    }
}

static void T118_sixth_withdrawal_from_a_reserve_of_five_is_refused(void **state)
{
    struct cairn_retry_budget *b = budget_new(1000, 5, 1.0);
    (void)state;
    assert_int_equal(cairn_retry_budget_left(b, 5000), 5);
    assert_int_equal(withdraw_all(b, 5000), 5);
    assert_int_equal(cairn_retry_budget_left(b, 5000), 0);
    cairn_retry_budget_unref(b);
}

static void X022_ratio_of_two_allows_two_retries_for_each_deposit(void **state)
{
    struct cairn_retry_budget *b = budget_new(1000, 0, 2.0);
    (void)state;
    cairn_retry_budget_deposit(b, 5000);
    assert_int_equal(withdraw_all(b, 5000), 2);
    deposit_many(b, 10, 5000);
    assert_int_equal(withdraw_all(b, 5000), 20);
    cairn_retry_budget_unref(b);
}

static void X022_ratio_of_zero_allows_the_reserve_alone(void **state)
{
    struct cairn_retry_budget *b = budget_new(1000, 3, 0);
    (void)state;
    deposit_many(b, 1000, 5000);
    assert_int_equal(withdraw_all(b, 5000), 3);
    deposit_many(b, 1000, 5000);
    assert_int_equal(withdraw_all(b, 5000), 0);
    cairn_retry_budget_unref(b);
}

static void five_deposits_pay_one_retry_at_the_default_ratio(void **state)
{
    struct cairn_retry_budget *b =
        budget_new(CAIRN_RETRY_BUDGET_DEFAULT_TTL_MS, 0, CAIRN_RETRY_BUDGET_DEFAULT_RATIO);
    (void)state;
    deposit_many(b, 4, 5000);
    assert_false(cairn_retry_budget_withdraw(b, 5000));
    cairn_retry_budget_deposit(b, 5000);
    assert_true(cairn_retry_budget_withdraw(b, 5000));
    cairn_retry_budget_unref(b);
}

static void reserve_is_what_the_time_to_live_holds_and_comes_back_in_that_time(void **state)
{
    struct cairn_retry_budget *b = budget_new(10000, 10, 0.2);
    (void)state;
    assert_int_equal(withdraw_all(b, 50000), 100);
    assert_int_equal(withdraw_all(b, 59999), 0);
    assert_int_equal(withdraw_all(b, 61001), 100);
    cairn_retry_budget_unref(b);
}

static void silence_saves_nothing_up(void **state)
{
    struct cairn_retry_budget *b = budget_new(1000, 5, 1.0);
    (void)state;
    assert_int_equal(withdraw_all(b, 5000), 5);
    assert_int_equal(withdraw_all(b, 5000 + 86400000), 5);
    assert_int_equal(withdraw_all(b, UINT64_MAX / 2), 5);
    cairn_retry_budget_unref(b);
}

static void deposits_expire_slot_by_slot(void **state)
{
    struct cairn_retry_budget *b = budget_new(1000, 0, 1.0);
    (void)state;
    for (uint64_t ms = 0; ms < 1000; ms += 100)
        cairn_retry_budget_deposit(b, 5000 + ms);
    for (uint64_t n = 10; n > 0; n--)
        assert_int_equal(cairn_retry_budget_left(b, 6000 + (11 - n) * 100 - 1), n);
    assert_int_equal(cairn_retry_budget_left(b, 7000), 0);
    cairn_retry_budget_unref(b);
}

static void arguments_out_of_range_are_refused_by_name(void **state)
{
    static const struct {
        uint64_t ttl_ms;
        unsigned min_per_sec;
        double ratio;
        const char *message;
    } cases[] = {
        {999, 0, 1, "ttl_ms must be 1000 to 60000, got 999"},
        {60001, 0, 1, "ttl_ms must be 1000 to 60000, got 60001"},
        {1000, 1000001, 1, "min_per_sec must be 0 to 1000000, got 1000001"},
        {1000, 0, -0.1, "ratio must be 0 to 1000, got -0.1"},
        {1000, 0, 1000.5, "ratio must be 0 to 1000, got 1000.5"},
        {1000, 0, (double)INFINITY, "ratio must be 0 to 1000, got inf"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cairn_error *error = NULL;
        assert_null(
            cairn_retry_budget_new(cases[i].ttl_ms, cases[i].min_per_sec, cases[i].ratio, &error));
        assert_int_equal(error->code, CAIRN_ERROR_INVALID);
        assert_string_equal(error->message, cases[i].message);
        cairn_error_unref(error);
    }
    struct cairn_error *error = NULL;
    assert_null(cairn_retry_budget_new(1000, 0, (double)NAN, &error));
    assert_non_null(error);
    cairn_error_unref(error);
}

static void largest_and_smallest_arguments_do_not_overflow(void **state)
{
    struct cairn_retry_budget *b = budget_new(60000, 1000000, 1e-300);
    (void)state;
    assert_int_equal(cairn_retry_budget_left(b, 5000), 60000000);
    cairn_retry_budget_unref(b);
    b = budget_new(60000, 1000000, 1000);
    deposit_many(b, 1, 5000);
    assert_int_equal(cairn_retry_budget_left(b, 5000), 60001000);
    cairn_retry_budget_unref(b);
}

static void budget_lives_as_long_as_its_last_owner(void **state)
{
    struct cairn_retry_budget *b = budget_new(1000, 1, 0);
    (void)state;
    assert_ptr_equal(cairn_retry_budget_ref(b), b);
    cairn_retry_budget_unref(b);
    assert_true(cairn_retry_budget_withdraw(b, 5000));
    cairn_retry_budget_unref(b);
    cairn_retry_budget_unref(NULL);
}

static void without_memory_the_reason_is_told(void **state)
{
    struct cairn_error *error = NULL;
    (void)state;
    cairn_test_alloc_fail_at(1);
    assert_null(cairn_retry_budget_new(1000, 1, 1, &error));
    assert_ptr_equal(error, &cairn_error_no_memory);
}

#define traced(f) \
    cmocka_unit_test_setup_teardown(f, cairn_test_alloc_setup, cairn_test_alloc_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        traced(T113_withdrawal_without_a_deposit_is_refused),
        traced(T115_two_deposits_at_half_pay_one_withdrawal_901_ms_later),
        traced(T116_first_of_three_deposits_expires_and_the_others_pay_one_withdrawal),
        traced(T118_sixth_withdrawal_from_a_reserve_of_five_is_refused),
        traced(X022_ratio_of_two_allows_two_retries_for_each_deposit),
        traced(X022_ratio_of_zero_allows_the_reserve_alone),
        traced(five_deposits_pay_one_retry_at_the_default_ratio),
        traced(reserve_is_what_the_time_to_live_holds_and_comes_back_in_that_time),
        traced(silence_saves_nothing_up),
        traced(deposits_expire_slot_by_slot),
        traced(arguments_out_of_range_are_refused_by_name),
        traced(largest_and_smallest_arguments_do_not_overflow),
        traced(budget_lives_as_long_as_its_last_owner),
        traced(without_memory_the_reason_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
