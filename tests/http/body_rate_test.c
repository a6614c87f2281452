#include <cairn/http/connection/body_rate.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_body_has_ten_seconds_of_grace(void **state)
{
    (void)state;
    assert_false(cairn__body_is_slow(0, 0, 500));
    assert_false(cairn__body_is_slow(0, 10000, 500));
    assert_false(cairn__body_is_slow(0, 10999, 500));
}

static void then_every_second_asks_for_its_bytes(void **state)
{
    (void)state;
    assert_true(cairn__body_is_slow(499, 11000, 500));
    assert_false(cairn__body_is_slow(500, 11000, 500));
    assert_true(cairn__body_is_slow(9999, 30000, 500));
    assert_false(cairn__body_is_slow(10000, 30000, 500));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_has_ten_seconds_of_grace),
        cmocka_unit_test(then_every_second_asks_for_its_bytes),
    };
    return cmocka_run_group_tests_name("body_rate", tests, NULL, NULL);
}
