#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bind_rig.h"

static const struct cairn_http_violation violations[] = {
    {CAIRN_STR_INIT("#/age"), CAIRN_STR_INIT("must be \"whole\"")},
    {CAIRN_STR_INIT("#/name"), CAIRN_STR_INIT("is required")}};

static const struct cairn_http_rejection data_rejection = {
    .reason = CAIRN_HTTP_REJECTION_DATA,
    .status = 422,
    .detail = "the data is not valid",
    .is_json = true,
    .violations = violations,
    .violation_count = 2,
    .violation_total = 2,
};

static void assert_problem(const struct cairn_http_response *res, int status, const char *body)
{
    assert_non_null(res);
    assert_int_equal(res->status, status);
    assert_str(
        cairn_http_fields_get(&res->fields, CAIRN_STR("content-type")), "application/problem+json");
    assert_str(res->body, body);
}

static void the_answer_lists_each_violation(void **state)
{
    assert_problem(cairn_http_reject(*state, &data_rejection), 422,
        "{\"type\":\"about:blank\",\"title\":\"Unprocessable Content\",\"status\":422,"
        "\"detail\":\"the data is not valid\",\"errors\":["
        "{\"pointer\":\"#/age\",\"detail\":\"must be \\\"whole\\\"\"},"
        "{\"pointer\":\"#/name\",\"detail\":\"is required\"}]}");
}

static void a_place_that_is_no_pointer_is_a_parameter(void **state)
{
    struct cairn_http_rejection no = data_rejection;
    no.is_json = false;
    no.status = 400;
    no.detail = NULL;
    no.violations = &violations[1];
    no.violation_count = 1;
    assert_problem(cairn_http_reject(*state, &no), 400,
        "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,\"errors\":["
        "{\"parameter\":\"#/name\",\"detail\":\"is required\"}]}");
}

static void without_violations_it_is_a_plain_problem(void **state)
{
    const struct cairn_http_rejection no = {
        .reason = CAIRN_HTTP_REJECTION_MEDIA_TYPE, .status = 415, .detail = "no"};
    assert_problem(cairn_http_reject(*state, &no), 415,
        "{\"type\":\"about:blank\",\"title\":\"Unsupported Media Type\",\"status\":415,"
        "\"detail\":\"no\"}");
}

static struct cairn_http_response *answer_in_text(
    const struct cairn_http_request *req, const struct cairn_http_rejection *rejection, void *cx)
{
    return cairn_http_text(req, rejection->status, cx);
}

static void an_application_may_answer_otherwise(void **state)
{
    static char sorry[] = "sorry";
    assert_int_equal(cairn_http_reject_with(*state, answer_in_text, sorry), 0);
    assert_str(cairn_http_reject(*state, &data_rejection)->body, "sorry");
    assert_int_equal(cairn_http_reject_standard(*state, &data_rejection)->body.data[0], '{');
}

static void reject_with_what_memory_there_is(void *cx)
{
    static char sorry[] = "sorry";
    (void)cx;
    cairn_test_alloc_exempt(true);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    cairn_test_alloc_exempt(false);
    for (size_t i = 0; i < 20; i++) {
        if (!cairn_http_reject(req, &data_rejection))
            assert_true(cairn_test_alloc_has_failed());
    }
    for (size_t i = 0; i < 100; i++) {
        if (cairn_http_reject_with(req, answer_in_text, sorry))
            assert_true(cairn_test_alloc_has_failed());
    }
    cairn_arena_free(arena);
}

static void without_memory_there_is_no_answer(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(reject_with_what_memory_there_is, NULL) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        request_test(the_answer_lists_each_violation),
        request_test(a_place_that_is_no_pointer_is_a_parameter),
        request_test(without_violations_it_is_a_plain_problem),
        request_test(an_application_may_answer_otherwise),
        cmocka_unit_test(without_memory_there_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
