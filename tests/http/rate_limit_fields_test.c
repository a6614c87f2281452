#include "layers/http_fixture.h"

#include <cairn/http/rate_limit_fields.h>

static const struct cairn_keyed_rate hundred = {.num = 100, .per_ms = 60000, .burst = 100};

static const struct cairn_keyed_answer passed = {
    .is_allowed = true, .limit = 100, .remaining = 42, .reset_ms = 16001};

static const struct cairn_keyed_answer refused = {
    .limit = 100, .remaining = 0, .reset_ms = 60000, .wait_ms = 1};

static struct cairn_http_response *fresh(struct fixture *f)
{
    return cairn_http_response_new(fixture_request(f, "/"), 200);
}

static void writes_the_fields_of_the_draft(void **state)
{
    struct cairn_http_response *res = fresh(*state);
    assert_int_equal(cairn_http_rate_limit_fields(res, "default", &hundred, &passed, 0), 0);
    assert_str(fixture_field(res, "RateLimit-Policy"), "\"default\";q=100;w=60");
    assert_str(fixture_field(res, "RateLimit"), "\"default\";r=42;t=17");
    assert_int_equal(res->fields.count, 2);
}

static void writes_the_legacy_fields(void **state)
{
    struct cairn_http_response *res = fresh(*state);
    assert_int_equal(cairn_http_rate_limit_fields(
                         res, "default", &hundred, &passed, CAIRN_HTTP_RATE_LIMIT_LEGACY),
        0);
    assert_str(fixture_field(res, "X-RateLimit-Limit"), "100");
    assert_str(fixture_field(res, "X-RateLimit-Remaining"), "42");
    assert_str(fixture_field(res, "X-RateLimit-Reset"), "17");
    assert_int_equal(res->fields.count, 3);
}

static void writes_both_or_neither(void **state)
{
    struct cairn_http_response *res = fresh(*state);
    assert_int_equal(cairn_http_rate_limit_fields(res, "default", &hundred, &passed,
                         CAIRN_HTTP_RATE_LIMIT_DRAFT | CAIRN_HTTP_RATE_LIMIT_LEGACY),
        0);
    assert_int_equal(res->fields.count, 5);
    res = fresh(*state);
    assert_int_equal(
        cairn_http_rate_limit_fields(res, "default", &hundred, &passed, CAIRN_HTTP_RATE_LIMIT_NONE),
        0);
    assert_int_equal(res->fields.count, 0);
}

static void tells_a_refusal_when_to_come_back(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_response *res = cairn_http_response_new(fixture_request(f, "/"), 429);
    cairn_http_response_set(res, "Retry-After", "99");
    assert_int_equal(cairn_http_rate_limit_fields(
                         res, "default", &hundred, &refused, CAIRN_HTTP_RATE_LIMIT_NONE),
        0);
    assert_str(fixture_field(res, "Retry-After"), "1");
    assert_int_equal(res->fields.count, 1);
}

static void tells_no_time_where_there_is_none(void **state)
{
    const struct cairn_keyed_rate nothing = {.num = 0, .per_ms = 1000};
    const struct cairn_keyed_answer never = {.wait_ms = UINT64_MAX};
    struct cairn_http_response *res = fresh(*state);
    cairn_http_response_set(res, "Retry-After", "99");
    assert_int_equal(cairn_http_rate_limit_fields(res, "default", &nothing, &never, 0), 0);
    assert_null(fixture_field(res, "Retry-After").data);
    assert_str(fixture_field(res, "RateLimit-Policy"), "\"default\";q=0;w=1");
    assert_str(fixture_field(res, "RateLimit"), "\"default\";r=0;t=0");
}

static void the_window_is_that_of_the_burst(void **state)
{
    const struct cairn_keyed_rate small = {.num = 100, .per_ms = 60000, .burst = 5};
    const struct cairn_keyed_answer answer = {.is_allowed = true, .limit = 5, .remaining = 4};
    struct cairn_http_response *res = fresh(*state);
    assert_int_equal(cairn_http_rate_limit_fields(res, "default", &small, &answer, 0), 0);
    assert_str(fixture_field(res, "RateLimit-Policy"), "\"default\";q=5;w=3");
}

static void numbers_stay_within_structured_fields(void **state)
{
    const struct cairn_keyed_rate huge = {.num = 1, .per_ms = UINT64_MAX, .burst = 2};
    const struct cairn_keyed_answer answer = {
        .is_allowed = true, .limit = UINT64_MAX - 1, .remaining = UINT64_MAX, .reset_ms = 1};
    struct cairn_http_response *res = fresh(*state);
    assert_int_equal(cairn_http_rate_limit_fields(res, "default", &huge, &answer, 0), 0);
    assert_str(
        fixture_field(res, "RateLimit-Policy"), "\"default\";q=999999999999999;w=999999999999999");
    assert_str(fixture_field(res, "RateLimit"), "\"default\";r=999999999999999;t=1");
}

static void says_nothing_where_there_is_no_limit(void **state)
{
    const struct cairn_keyed_answer unlimited = {
        .is_allowed = true, .limit = UINT64_MAX, .remaining = UINT64_MAX};
    struct cairn_http_response *res = fresh(*state);
    assert_int_equal(cairn_http_rate_limit_fields(res, "default", &hundred, &unlimited, 3), 0);
    assert_int_equal(res->fields.count, 0);
}

static void a_second_policy_comes_behind_and_the_innermost_legacy_stays(void **state)
{
    const struct cairn_keyed_rate other = {.num = 7, .per_ms = 1000, .burst = 7};
    const struct cairn_keyed_answer answer = {.is_allowed = true, .limit = 7, .remaining = 6};
    struct cairn_http_response *res = fresh(*state);
    struct cairn_str value;
    size_t cursor = 0;
    cairn_http_rate_limit_fields(res, "user", &hundred, &passed, 3);
    cairn_http_rate_limit_fields(res, "site", &other, &answer, 3);
    assert_true(cairn_http_fields_next(&res->fields, CAIRN_STR("RateLimit"), &cursor, &value));
    assert_str(value, "\"user\";r=42;t=17");
    assert_true(cairn_http_fields_next(&res->fields, CAIRN_STR("RateLimit"), &cursor, &value));
    assert_str(value, "\"site\";r=6;t=0");
    assert_str(fixture_field(res, "X-RateLimit-Limit"), "100");
    assert_int_equal(res->fields.count, 7);
}

static void refuses_a_name_that_would_have_to_be_escaped(void **state)
{
    static const char *const bad[] = {"", "a\"b", "a\\b", "a\nb", "\x7f", "\xc3\xa4",
        "12345678901234567890123456789012345678901234567890123456789012345"};
    struct cairn_http_response *res = fresh(*state);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_false(cairn_http_is_rate_limit_policy(cairn_str_from(bad[i])));
        assert_int_equal(cairn_http_rate_limit_fields(res, bad[i], &hundred, &passed, 0), -1);
    }
    assert_int_equal(cairn_http_rate_limit_fields(res, NULL, &hundred, &passed, 0), -1);
    assert_true(cairn_http_is_rate_limit_policy(CAIRN_STR("per user ~!")));
    assert_int_equal(res->fields.count, 0);
}

/* Each of the three groups in turn has no memory for its first value. */
static void fails_without_memory(void **state)
{
    static const unsigned fields[] = {
        CAIRN_HTTP_RATE_LIMIT_DRAFT, CAIRN_HTTP_RATE_LIMIT_LEGACY, CAIRN_HTTP_RATE_LIMIT_NONE};
    for (size_t i = 0; i < 3; i++) {
        struct cairn_http_response *res = fresh(*state);
        fixture_exhaust(*state);
        assert_int_equal(cairn_http_rate_limit_fields(
                             res, "default", &hundred, i < 2 ? &passed : &refused, fields[i]),
            -1);
        assert_int_equal(res->fields.count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(writes_the_fields_of_the_draft),
        fixture_test(writes_the_legacy_fields),
        fixture_test(writes_both_or_neither),
        fixture_test(tells_a_refusal_when_to_come_back),
        fixture_test(tells_no_time_where_there_is_none),
        fixture_test(the_window_is_that_of_the_burst),
        fixture_test(numbers_stay_within_structured_fields),
        fixture_test(says_nothing_where_there_is_no_limit),
        fixture_test(a_second_policy_comes_behind_and_the_innermost_legacy_stays),
        fixture_test(refuses_a_name_that_would_have_to_be_escaped),
        fixture_test(fails_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
