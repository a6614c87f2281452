#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/service/str.h>

static void a_literal_knows_its_length(void **state)
{
    static const struct cairn_str s = CAIRN_STR_INIT("a\0b");

    (void)state;
    assert_int_equal(CAIRN_STR("hello").length, 5);
    assert_int_equal(s.length, 3);
    assert_int_equal(CAIRN_STR("").length, 0);
}

static void null_is_the_absent_string(void **state)
{
    (void)state;
    assert_null(cairn_str_from(NULL).data);
    assert_int_equal(cairn_str_from(NULL).length, 0);
    assert_int_equal(cairn_str_from("abc").length, 3);
}

static void equal_compares_every_byte(void **state)
{
    (void)state;
    assert_true(cairn_str_equal(CAIRN_STR("abc"), CAIRN_STR("abc")));
    assert_false(cairn_str_equal(CAIRN_STR("abc"), CAIRN_STR("abC")));
    assert_false(cairn_str_equal(CAIRN_STR("abc"), CAIRN_STR("ab")));
    assert_true(cairn_str_equal(CAIRN_STR(""), cairn_str_from(NULL)));
    assert_false(cairn_str_equal(CAIRN_STR("a\0b"), CAIRN_STR("a\0c")));
}

static void nocase_folds_ascii_letters_and_nothing_else(void **state)
{
    (void)state;
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            const char x = (char)a;
            const char y = (char)b;
            int la = a >= 'A' && a <= 'Z' ? a + 32 : a;
            int lb = b >= 'A' && b <= 'Z' ? b + 32 : b;

            assert_int_equal(
                cairn_str_equal_nocase(cairn_str_of(&x, 1), cairn_str_of(&y, 1)), la == lb);
        }
    }
    assert_true(cairn_str_equal_nocase(CAIRN_STR("Content-Type"), CAIRN_STR("content-TYPE")));
    assert_false(cairn_str_equal_nocase(CAIRN_STR("content"), CAIRN_STR("content-type")));
}

static void to_u64_reads_digits_only(void **state)
{
    static const char *const wrong[] = {"", "+1", "-1", " 1", "1 ", "0x1", "1.0", "a",
        "18446744073709551616", "99999999999999999999", "184467440737095516150"};
    unsigned long long out = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(cairn_str_to_u64(cairn_str_from(wrong[i]), &out));
    assert_false(cairn_str_to_u64(cairn_str_from(NULL), &out));
    assert_false(cairn_str_to_u64(CAIRN_STR("1\0"), &out));
    assert_int_equal(out, 7);
    assert_true(cairn_str_to_u64(CAIRN_STR("0"), &out));
    assert_int_equal(out, 0);
    assert_true(cairn_str_to_u64(CAIRN_STR("0042"), &out));
    assert_int_equal(out, 42);
    assert_true(cairn_str_to_u64(CAIRN_STR("18446744073709551615"), &out));
    assert_true(out == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_literal_knows_its_length),
        cmocka_unit_test(null_is_the_absent_string),
        cmocka_unit_test(equal_compares_every_byte),
        cmocka_unit_test(nocase_folds_ascii_letters_and_nothing_else),
        cmocka_unit_test(to_u64_reads_digits_only),
    };

    return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
