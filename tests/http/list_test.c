#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/http/codec/list.h>

static void a_list_is_walked_without_the_space_around_its_elements(void **state)
{
    (void)state;
    struct cairn_str list = CAIRN_STR("a, b c\t,,d");
    static const char *const expected[] = {"a", "b c", "", "d"};
    struct cairn_str element;
    for (size_t i = 0; i < 4; i++) {
        assert_true(cairn__list_next(&list, &element));
        assert_true(cairn_str_equal(element, cairn_str_from(expected[i])));
    }
    assert_false(cairn__list_next(&list, &element));
}

static bool is_long(struct cairn_str s)
{
    return s.length > 3;
}

static void a_list_is_valid_if_all_its_elements_are(void **state)
{
    (void)state;
    assert_true(cairn__list_is(CAIRN_STR("long, longer"), is_long));
    assert_false(cairn__list_is(CAIRN_STR("long,"), is_long));
    assert_false(cairn__list_is(CAIRN_STR(""), is_long));
    assert_false(cairn__list_is(cairn_str_of(NULL, 0), is_long));
}

static void a_list_has_what_is_equal_byte_for_byte(void **state)
{
    (void)state;
    struct cairn_str list = CAIRN_STR("http://a,http://b:1 , http://c");
    assert_true(cairn__list_has(list, CAIRN_STR("http://a")));
    assert_true(cairn__list_has(list, CAIRN_STR("http://b:1")));
    assert_true(cairn__list_has(list, CAIRN_STR("http://c")));
    assert_false(cairn__list_has(list, CAIRN_STR("http://b")));
    assert_false(cairn__list_has(list, CAIRN_STR("http://A")));
    assert_false(cairn__list_has(list, CAIRN_STR("http://a,http://b:1")));
    assert_false(cairn__list_has(list, CAIRN_STR("")));
    assert_false(cairn__list_has(cairn_str_of(NULL, 0), CAIRN_STR("http://a")));
}

static void a_token_is_found_in_either_case(void **state)
{
    (void)state;
    assert_true(cairn__list_has_token(CAIRN_STR("keep-alive ,\tUpgrade"), CAIRN_STR("upgrade")));
    assert_false(cairn__list_has_token(CAIRN_STR("keep-alive, upgraded"), CAIRN_STR("upgrade")));
    assert_false(cairn__list_has_token(cairn_str_of(NULL, 0), CAIRN_STR("upgrade")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_walked_without_the_space_around_its_elements),
        cmocka_unit_test(a_list_is_valid_if_all_its_elements_are),
        cmocka_unit_test(a_list_has_what_is_equal_byte_for_byte),
        cmocka_unit_test(a_token_is_found_in_either_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
