#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>

#include <cairn/http/text/decimal.h>
#include <cairn/service/random.h>

static void assert_decimal(uint64_t value)
{
    char expected[CAIRN__DECIMAL_MOST + 1];
    char text[CAIRN__DECIMAL_MOST + 1];
    int length = snprintf(expected, sizeof(expected), "%" PRIu64, value);
    text[length] = '!';
    assert_ptr_equal(cairn__decimal_put(text, value), text + length);
    assert_memory_equal(text, expected, (size_t)length);
    assert_int_equal(text[length], '!');
}

static void small_numbers_are_as_printf_writes_them(void **state)
{
    (void)state;
    for (uint64_t value = 0; value < 20000; value++)
        assert_decimal(value);
}

static void numbers_around_each_power_of_ten_are_too(void **state)
{
    (void)state;
    uint64_t power = 1;
    for (unsigned i = 0; i < CAIRN__DECIMAL_MOST; i++, power *= 10) {
        assert_decimal(power - 1);
        assert_decimal(power);
        assert_decimal(power + 1);
    }
    assert_decimal(UINT64_MAX);
}

static void random_numbers_of_every_length_are_too(void **state)
{
    struct cairn_random random;
    (void)state;
    cairn_random_init(&random, 7);
    for (unsigned i = 0; i < 100000; i++)
        assert_decimal(cairn_random_next_u64(&random) >> (i % 64));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_numbers_are_as_printf_writes_them),
        cmocka_unit_test(numbers_around_each_power_of_ten_are_too),
        cmocka_unit_test(random_numbers_of_every_length_are_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
