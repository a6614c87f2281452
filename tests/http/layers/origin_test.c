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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_origin_is_a_scheme_a_host_and_perhaps_a_port),
        cmocka_unit_test(anything_else_is_none),
        cmocka_unit_test(the_port_that_the_scheme_has_anyway_is_never_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
