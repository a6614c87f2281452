#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/service/random.h>
#include <cairn/testkit/etag_reference.h>

#define ROUNDS 100000

static struct cairn_http_etag tag_of(const char *text)
{
    struct cairn_http_etag tag = {0};
    assert_true(cairn_http_etag_parse(cairn_str_from(text), &tag));
    return tag;
}

static enum cairn_http_etag_match match(const char *list, const char *tag)
{
    return cairn_http_etag_match_list(
        cairn_str_from(list), tag_of(tag), cairn_http_etag_equal_weak);
}

static void reads_strong_and_weak_tags(void **state)
{
    (void)state;
    struct cairn_http_etag tag = tag_of("\"xyzzy\"");
    assert_true(cairn_str_equal(tag.opaque, CAIRN_STR("xyzzy")));
    assert_false(tag.is_weak);
    tag = tag_of("W/\"x,y!\xe9\"");
    assert_true(cairn_str_equal(tag.opaque, CAIRN_STR("x,y!\xe9")));
    assert_true(tag.is_weak);
    tag = tag_of("\"\"");
    assert_int_equal(tag.opaque.length, 0);
    assert_non_null(tag.opaque.data);
}

static void refuses_what_is_no_tag(void **state)
{
    (void)state;
    static const char *const tags[] = {"", "x", "\"", "\"x", "x\"", "\"x\" ", " \"x\"", "\"x\"y",
        "\"x y\"", "\"x\ty\"", "\"x\x7fy\"", "w/\"x\"", "W\"x\"", "W/x", "W/", "W/\"", "*",
        "\"x\",\"y\"", "'x'"};
    for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++) {
        struct cairn_http_etag tag = {.is_weak = true};
        if (cairn_http_etag_parse(cairn_str_from(tags[i]), &tag))
            fail_msg("read as a tag: %s", tags[i]);
        assert_null(tag.opaque.data);
        assert_true(tag.is_weak);
    }
    struct cairn_http_etag tag;
    assert_false(cairn_http_etag_parse(cairn_str_of(NULL, 0), &tag));
    assert_false(cairn_http_etag_parse(CAIRN_STR("\"a\0b\""), &tag));
}

/* The table of RFC 9110 section 8.8.3.2. */
static void compares_as_the_rfc_has_it(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool strong, weak;
    } rows[] = {
        {"W/\"1\"", "W/\"1\"", false, true},
        {"W/\"1\"", "W/\"2\"", false, false},
        {"W/\"1\"", "\"1\"", false, true},
        {"\"1\"", "W/\"1\"", false, true},
        {"\"1\"", "\"1\"", true, true},
        {"\"1\"", "\"2\"", false, false},
        {"\"\"", "\"\"", true, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct cairn_http_etag a = tag_of(rows[i].a);
        struct cairn_http_etag b = tag_of(rows[i].b);
        assert_int_equal(cairn_http_etag_equal_strong(a, b), rows[i].strong);
        assert_int_equal(cairn_http_etag_equal_weak(a, b), rows[i].weak);
    }
}

static void no_tag_equals_none(void **state)
{
    (void)state;
    struct cairn_http_etag none = {0};
    assert_false(cairn_http_etag_equal_weak(none, none));
    assert_false(cairn_http_etag_equal_weak(none, tag_of("\"\"")));
    assert_false(cairn_http_etag_equal_strong(tag_of("\"\""), none));
}

static void finds_a_tag_in_a_list(void **state)
{
    (void)state;
    assert_int_equal(match("\"a\", W/\"b\" ,,\t\"c,d\",", "\"b\""), CAIRN_HTTP_ETAG_MATCHES);
    assert_int_equal(match("\"a\", W/\"b\" ,,\t\"c,d\",", "\"c,d\""), CAIRN_HTTP_ETAG_MATCHES);
    assert_int_equal(match("\"a\", W/\"b\"", "\"c\""), CAIRN_HTTP_ETAG_DIFFERS);
    assert_int_equal(match("", "\"c\""), CAIRN_HTTP_ETAG_DIFFERS);
    assert_int_equal(match(" ,, ", "\"\""), CAIRN_HTTP_ETAG_DIFFERS);
}

static void a_list_that_is_malformed_anywhere_counts_for_nothing(void **state)
{
    (void)state;
    assert_int_equal(match("\"a\", b", "\"a\""), CAIRN_HTTP_ETAG_MALFORMED);
    assert_int_equal(match("\"a\" \"b\"", "\"a\""), CAIRN_HTTP_ETAG_MALFORMED);
    assert_int_equal(match("\"a\", *", "\"a\""), CAIRN_HTTP_ETAG_MALFORMED);
    assert_int_equal(match("\"a", "\"a\""), CAIRN_HTTP_ETAG_MALFORMED);
    assert_int_equal(match("*", "\"a\""), CAIRN_HTTP_ETAG_MALFORMED);
}

static void agrees_with_the_reference_on_random_lists(void **state)
{
    (void)state;
    static const char *const parts[] = {"\"a\"", "W/\"a\"", "\"b\"", "W/\"b,\"", ",", ", ", " ",
        ",\t", "\"", "W", "/", "a", "\xff", "*", "\"\""};
    struct cairn_random random;
    cairn_random_init(&random, 1);
    for (int i = 0; i < ROUNDS; i++) {
        char list[128] = "";
        size_t length = (size_t)cairn_random_range(&random, 0, 9);
        while (length--)
            strcat(list, parts[cairn_random_range(&random, 0, sizeof(parts) / sizeof(*parts))]);
        const char *tag = parts[cairn_random_range(&random, 0, 4)];
        if (!etag_reference_agrees(list, tag))
            fail_msg("%s in %s", tag, list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_strong_and_weak_tags),
        cmocka_unit_test(refuses_what_is_no_tag),
        cmocka_unit_test(compares_as_the_rfc_has_it),
        cmocka_unit_test(no_tag_equals_none),
        cmocka_unit_test(finds_a_tag_in_a_list),
        cmocka_unit_test(a_list_that_is_malformed_anywhere_counts_for_nothing),
        cmocka_unit_test(agrees_with_the_reference_on_random_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
