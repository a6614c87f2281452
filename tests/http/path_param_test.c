#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bind_rig.h"

#include <cairn/http/path_param.h>

static void set(struct cairn_http_request *req, const char *value)
{
    req->params[0] = (struct cairn_http_param){CAIRN_STR("id"), cairn_str_from(value)};
    req->param_count = 1;
}

/* 0, or the status of the rejection. */
static int int_status(struct cairn_http_request *req, const char *value, int64_t min, int64_t max)
{
    int64_t out = 77;
    struct cairn_http_rejection no;
    set(req, value);
    if (!cairn_http_param_int(req, "id", min, max, &out, &no)) {
        assert_int_equal(out, 77);
        return no.status;
    }
    assert_true(out >= min && out <= max);
    return 0;
}

static void a_whole_number_is_read_within_its_limits(void **state)
{
    int64_t out;
    struct cairn_http_rejection no;
    set(*state, "-42");
    assert_true(cairn_http_param_int(*state, "id", INT64_MIN, INT64_MAX, &out, &no));
    assert_int_equal(out, -42);
    assert_int_equal(int_status(*state, "9223372036854775807", 1, INT64_MAX), 0);
    assert_int_equal(int_status(*state, "-9223372036854775808", INT64_MIN, 0), 0);
    assert_int_equal(int_status(*state, "007", 7, 7), 0);
}

static void a_number_that_can_name_nothing_is_a_404(void **state)
{
    assert_int_equal(int_status(*state, "0", 1, 10), 404);
    assert_int_equal(int_status(*state, "11", 1, 10), 404);
    assert_int_equal(int_status(*state, "9223372036854775808", 1, INT64_MAX), 404);
    assert_int_equal(int_status(*state, "-9223372036854775809", INT64_MIN, 0), 404);
    assert_int_equal(int_status(*state, "99999999999999999999999", 1, INT64_MAX), 404);
}

static void what_is_no_number_is_a_400_that_says_so(void **state)
{
    static const char *const texts[] = {"", "-", "abc", "1x", "+1", "1.0", " 1", "--1", "0x1"};
    int64_t out;
    struct cairn_http_rejection no;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        assert_int_equal(int_status(*state, texts[i], INT64_MIN, INT64_MAX), 400);
    assert_false(cairn_http_param_int(*state, "id", 0, 1, &out, &no));
    assert_int_equal(no.reason, CAIRN_HTTP_REJECTION_SYNTAX);
    assert_string_equal(no.detail, "the path's id must be a whole number");
}

static void a_number_without_a_sign_has_all_64_bits(void **state)
{
    uint64_t out;
    struct cairn_http_rejection no;
    set(*state, "18446744073709551615");
    assert_true(cairn_http_param_uint(*state, "id", 1, UINT64_MAX, &out, &no));
    assert_true(out == UINT64_MAX);
    set(*state, "18446744073709551616");
    assert_false(cairn_http_param_uint(*state, "id", 1, UINT64_MAX, &out, &no));
    assert_int_equal(no.status, 404);
    set(*state, "0");
    assert_false(cairn_http_param_uint(*state, "id", 1, UINT64_MAX, &out, &no));
    assert_int_equal(no.status, 404);
    set(*state, "-1");
    assert_false(cairn_http_param_uint(*state, "id", 1, UINT64_MAX, &out, &no));
    assert_int_equal(no.status, 400);
}

static void a_uuid_is_one_or_not(void **state)
{
    char text[CAIRN_UUID_LENGTH];
    struct cairn_uuid out;
    struct cairn_http_rejection no;
    set(*state, "0189F1E2-4b1c-7d3a-9e5f-0123456789ab");
    assert_true(cairn_http_param_uuid(*state, "id", &out, &no));
    cairn_uuid_format(&out, text);
    assert_str(cairn_str_of(text, sizeof(text)), "0189f1e2-4b1c-7d3a-9e5f-0123456789ab");
    set(*state, "0189F1E2-4b1c-7d3a-9e5f-0123456789ag");
    assert_false(cairn_http_param_uuid(*state, "id", &out, &no));
    assert_int_equal(no.status, 400);
    assert_string_equal(no.detail, "the path's id must be a UUID");
}

static void text_is_utf_8_and_not_too_long(void **state)
{
    struct cairn_str out;
    struct cairn_http_rejection no;
    set(*state, "caf\xc3\xa9");
    assert_true(cairn_http_param_str(*state, "id", 5, &out, &no));
    assert_str(out, "caf\xc3\xa9");
    assert_true(cairn_http_param_str(*state, "id", 0, &out, &no));
    assert_false(cairn_http_param_str(*state, "id", 4, &out, &no));
    assert_int_equal(no.status, 404);
    set(*state, "caf\xc3");
    assert_false(cairn_http_param_str(*state, "id", 0, &out, &no));
    assert_int_equal(no.status, 400);
}

static void what_the_route_does_not_capture_is_a_500(void **state)
{
    int64_t i;
    uint64_t u;
    struct cairn_uuid uuid;
    struct cairn_str s;
    struct cairn_http_rejection no[4];
    set(*state, "1");
    assert_false(cairn_http_param_int(*state, "Id", 0, 1, &i, &no[0]));
    assert_false(cairn_http_param_uint(*state, "Id", 0, 1, &u, &no[1]));
    assert_false(cairn_http_param_uuid(*state, "Id", &uuid, &no[2]));
    assert_false(cairn_http_param_str(*state, "Id", 0, &s, &no[3]));
    for (size_t at = 0; at < 4; at++) {
        assert_int_equal(no[at].reason, CAIRN_HTTP_REJECTION_ROUTE);
        assert_int_equal(cairn_http_reject(*state, &no[at])->status, 500);
    }
}

static void refuse_with_what_memory_there_is(void *cx)
{
    int64_t out;
    struct cairn_http_rejection no;
    (void)cx;
    cairn_test_alloc_exempt(true);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    set(req, "x");
    cairn_test_alloc_exempt(false);
    for (size_t i = 0; i < 100; i++) {
        assert_false(cairn_http_param_int(req, "id", 0, 1, &out, &no));
        if (no.reason == CAIRN_HTTP_REJECTION_NO_MEMORY)
            assert_true(cairn_test_alloc_has_failed());
        else
            assert_int_equal(no.status, 400);
    }
    cairn_arena_free(arena);
}

static void lack_of_memory_is_a_rejection(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(refuse_with_what_memory_there_is, NULL) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        request_test(a_whole_number_is_read_within_its_limits),
        request_test(a_number_that_can_name_nothing_is_a_404),
        request_test(what_is_no_number_is_a_400_that_says_so),
        request_test(a_number_without_a_sign_has_all_64_bits),
        request_test(a_uuid_is_one_or_not),
        request_test(text_is_utf_8_and_not_too_long),
        request_test(what_the_route_does_not_capture_is_a_500),
        cmocka_unit_test(lack_of_memory_is_a_rejection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
