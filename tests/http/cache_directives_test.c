#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/service/random.h>
#include <cairn/testkit/cache_directives_reference.h>

/* As if LINE had passed the codec, which lets no control character through. */
static struct cairn__cache_directives parse(const char *line)
{
    struct cairn_http_field field = {CAIRN_STR("Cache-Control"), cairn_str_from(line)};
    const struct cairn_http_fields fields = {.items = &field, .count = 1};
    struct cairn__cache_directives out;
    cairn__cache_directives_parse(&fields, &out);
    return out;
}

static void says_what_is_there(void **state)
{
    (void)state;
    assert_true(parse("no-store").no_store);
    assert_true(parse("NO-Cache").no_cache);
    assert_true(parse("no-cache=\"Set-Cookie, X\"").no_cache);
    assert_true(parse("private").is_private);
    assert_true(parse("private=\"X-User\"").is_private);
    assert_true(parse("must-revalidate").must_revalidate);
    assert_true(parse("proxy-revalidate").must_revalidate);
    assert_int_equal(parse("max-age=60").max_age_s, 60);
    assert_int_equal(parse("public,\tmax-age=0 ,s-maxage=7").max_age_s, 0);
    assert_int_equal(parse("public, max-age=60, s-maxage=7").s_maxage_s, 7);
    assert_int_equal(parse("stale-if-error=99").stale_if_error_s, 99);
    assert_int_equal(parse("max-age=\"60\"").max_age_s, 60);
    const struct cairn__cache_directives none = parse("public, immutable, no-stored, x=max-age");
    assert_false(none.no_store || none.no_cache || none.is_private || none.must_revalidate);
    assert_int_equal(none.max_age_s, -1);
    assert_int_equal(none.s_maxage_s, -1);
    assert_int_equal(none.stale_if_error_s, -1);
    assert_int_equal(parse("").max_age_s, -1);
}

static void in_doubt_it_is_stale(void **state)
{
    static const char *const bad[] = {"max-age", "max-age=", "max-age=x", "max-age=-1",
        "max-age=1.5", "max-age=6 0", "max-age='60'", "max-age=\"60", "max-age=60\"",
        "max-age=\"\"", "max-age=+1", "max-age=60, max-age=0", "max-age=0, MAX-AGE=60"};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(parse(bad[i]).max_age_s, 0);
    assert_int_equal(parse("max-age=2147483647").max_age_s, 2147483647);
    assert_int_equal(parse("max-age=99999999999999999999999").max_age_s, CAIRN__CACHE_MOST_S);
}

static void a_comma_in_quotes_is_none(void **state)
{
    const struct cairn__cache_directives quoted =
        parse("x=\"a, no-store, \\\", private\", max-age=5");
    (void)state;
    assert_false(quoted.no_store);
    assert_false(quoted.is_private);
    assert_int_equal(quoted.max_age_s, 5);
    assert_false(parse("x=\"no end, no-store").no_store);
}

static void all_lines_count(void **state)
{
    struct cairn_http_field lines[] = {{CAIRN_STR("cache-control"), CAIRN_STR("max-age=60")},
        {CAIRN_STR("Pragma"), CAIRN_STR("private")},
        {CAIRN_STR("Cache-Control"), CAIRN_STR("no-store, max-age=9")}};
    const struct cairn_http_fields fields = {.items = lines, .count = 3};
    struct cairn__cache_directives out;
    (void)state;
    cairn__cache_directives_parse(&fields, &out);
    assert_true(out.no_store);
    assert_false(out.is_private);
    assert_int_equal(out.max_age_s, 9);
}

static void agrees_with_a_reference_on_random_text(void **state)
{
    static const char *const parts[] = {"no-store", "no-cache", "private", "must-revalidate",
        "proxy-revalidate", "max-age", "s-maxage", "stale-if-error", "=", "=", ",", ",", ",", " ",
        "\t", "\"", "\\", "0", "60", "9999999999", "x", "Max-Age=", "-"};
    struct cairn_random random;
    (void)state;
    cairn_random_init(&random, 11);
    for (int round = 0; round < 100000; round++) {
        char line[256] = "";
        for (uint64_t n = cairn_random_range(&random, 0, 12); n > 0; n--)
            strcat(line, parts[cairn_random_range(&random, 0, sizeof(parts) / sizeof(parts[0]))]);
        struct cairn__cache_directives out = parse(line);
        struct cairn__cache_directives expected = directives_reference(line);
        if (!directives_reference_agrees(&out, &expected))
            fail_msg("they differ on: %s", line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_is_there),
        cmocka_unit_test(in_doubt_it_is_stale),
        cmocka_unit_test(a_comma_in_quotes_is_none),
        cmocka_unit_test(all_lines_count),
        cmocka_unit_test(agrees_with_a_reference_on_random_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
