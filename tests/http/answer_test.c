#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bind_rig.h"

#include <cairn/http/answer.h>
#include <cairn/testkit/misuse.h>

static struct cairn_str field(const struct cairn_http_response *res, const char *name)
{
    return cairn_http_fields_get(&res->fields, cairn_str_from(name));
}

static void formatted_text_is_in_the_arena(void **state)
{
    char name[] = "Ada";
    const struct cairn_http_response *res = cairn_http_textf(*state, 201, "%s, %d", name, 7);
    memset(name, 'x', sizeof(name));
    assert_int_equal(res->status, 201);
    assert_str(field(res, "content-type"), "text/plain; charset=utf-8");
    assert_str(res->body, "Ada, 7");
}

static void html_says_that_it_is(void **state)
{
    const struct cairn_http_response *res =
        cairn_http_html(*state, 201, CAIRN_STR("<p>\xe2\x82\xac</p>"));
    assert_int_equal(res->status, 201);
    assert_str(field(res, "content-type"), "text/html; charset=utf-8");
    assert_str(res->body, "<p>\xe2\x82\xac</p>");
}

static void a_redirect_has_a_copy_of_the_location(void **state)
{
    static const int statuses[] = {301, 302, 303, 307, 308};
    for (size_t i = 0; i < 5; i++) {
        char location[] = "/users/7?full=1";
        const struct cairn_http_response *res = cairn_http_redirect(*state, statuses[i], location);
        memset(location, 'x', sizeof(location));
        assert_int_equal(res->status, statuses[i]);
        assert_str(field(res, "location"), "/users/7?full=1");
        assert_int_equal(res->body.length, 0);
    }
}

static void a_location_with_a_line_end_is_a_500(void **state)
{
    const struct cairn_http_response *res =
        cairn_http_redirect(*state, 303, "/x\r\nSet-Cookie: a=b");
    assert_int_equal(res->status, 500);
    assert_null(field(res, "location").data);
}

static void redirect_with_200(void *req)
{
    cairn_http_redirect(req, 200, "/");
}

static void another_status_is_an_assertion(void **state)
{
    assert_string_equal(cairn_test_misuse(redirect_with_200, *state),
        "cairn_http_redirect: the status of a redirect is 301, 302, 303, 307 or 308");
}

static void nothing_is_a_204(void **state)
{
    const struct cairn_http_response *res = cairn_http_no_content(*state);
    assert_int_equal(res->status, 204);
    assert_int_equal(res->fields.count, 0);
    assert_int_equal(res->body.length, 0);
}

static void answer_with_what_memory_there_is(void *cx)
{
    (void)cx;
    cairn_test_alloc_exempt(true);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    cairn_test_alloc_exempt(false);
    for (size_t i = 0; i < 30; i++) {
        const struct cairn_http_response *res = cairn_http_redirect(req, 303, "/some/where");
        assert_true(res ? res->status == 303 : cairn_test_alloc_has_failed());
        res = cairn_http_html(req, 200, CAIRN_STR(""));
        assert_true(res || cairn_test_alloc_has_failed());
        res = cairn_http_textf(req, 200, "%0200d", 1);
        assert_true(res ? res->body.length == 200 : cairn_test_alloc_has_failed());
        res = cairn_http_no_content(req);
        assert_true(res || cairn_test_alloc_has_failed());
    }
    cairn_arena_free(arena);
}

static void without_memory_there_is_no_answer(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(answer_with_what_memory_there_is, NULL) > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        request_test(formatted_text_is_in_the_arena),
        request_test(html_says_that_it_is),
        request_test(a_redirect_has_a_copy_of_the_location),
        request_test(a_location_with_a_line_end_is_a_500),
        request_test(another_status_is_an_assertion),
        request_test(nothing_is_a_204),
        cmocka_unit_test(without_memory_there_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
