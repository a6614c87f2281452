#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/http/layers/origin.h>

static bool is_valid(const char *text)
{
    return cairn__origin_is_valid(cairn_str_from(text));
}

static void an_origin_is_a_scheme_a_host_and_perhaps_a_port(void **state)
{
    (void)state;
    assert_true(is_valid("https://a.example"));
    assert_true(is_valid("http://localhost:3000"));
    assert_true(is_valid("http://[::1]:8080"));
    assert_true(is_valid("chrome-extension://abcdef"));
    assert_true(is_valid("http://a:443"));
    assert_true(is_valid("https://a:80"));
    assert_true(is_valid("https://a:65535"));
}

static void anything_else_is_none(void **state)
{
    (void)state;
    static const char *const none[] = {"", "*", "null", "a.example", "https:", "https:/",
        "https://", "://a", "1s://a", "-s://a", "HTTPS://a", "https:/ /a", "https:a//b",
        "https://a/", "https://a/b", "https://a?b", "https://a#b", "https://u@a", "https://a b",
        "https:// a", "https://A", "https://*.a", "https://:1", "https://a:", "https://a:0",
        "https://a:01", "https://a:65536", "https://a:x", "https://a:99999999999999999999",
        "http://[::1", "ht tp://a"};
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
        if (is_valid(none[i]))
            fail_msg("%s", none[i]);
    }
    assert_false(cairn__origin_is_valid(cairn_str_of(NULL, 0)));
}

static void the_port_that_the_scheme_has_anyway_is_never_sent(void **state)
{
    (void)state;
    assert_false(is_valid("http://a:80"));
    assert_false(is_valid("https://a:443"));
    assert_false(is_valid("https://[::1]:443"));
}

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

static void a_list_is_valid_if_all_its_elements_are(void **state)
{
    (void)state;
    size_t count = 9;
    assert_true(cairn__list_is(CAIRN_STR("http://a, http://b"), cairn__origin_is_valid, &count));
    assert_int_equal(count, 2);
    assert_false(cairn__list_is(CAIRN_STR("http://a,"), cairn__origin_is_valid, &count));
    assert_false(cairn__list_is(CAIRN_STR(""), cairn__origin_is_valid, &count));
    assert_false(cairn__list_is(cairn_str_of(NULL, 0), cairn__origin_is_valid, &count));
    assert_int_equal(count, 0);
}

static void a_list_has_an_origin_that_is_equal_byte_for_byte(void **state)
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_origin_is_a_scheme_a_host_and_perhaps_a_port),
        cmocka_unit_test(anything_else_is_none),
        cmocka_unit_test(the_port_that_the_scheme_has_anyway_is_never_sent),
        cmocka_unit_test(a_list_is_walked_without_the_space_around_its_elements),
        cmocka_unit_test(a_list_is_valid_if_all_its_elements_are),
        cmocka_unit_test(a_list_has_an_origin_that_is_equal_byte_for_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
