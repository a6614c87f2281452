#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/http/form.h>
#include <cairn/testkit/alloc.h>

/* What becomes of a form with TYPE as its Content-Type (NULL: none); *COUNT is of its fields. */
static int status_of(const char *type, const char *body, size_t max_fields, size_t *count)
{
    struct cairn_http_query form;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/");
    if (type)
        cairn_http_fields_add(&req->fields, CAIRN_STR("Content-Type"), cairn_str_from(type));
    req->body = cairn_str_from(body);
    int status = cairn_http_form_parse(req, max_fields, &form);
    *count = form.count;
    if (form.count)
        assert_true(cairn_str_equal(cairn_http_query_get(&form, "a"), CAIRN_STR("b c")));
    cairn_arena_free(arena);
    return status;
}

static void a_form_is_read_as_a_query_is(void **state)
{
    size_t count;
    (void)state;
    assert_int_equal(status_of("application/x-www-form-urlencoded", "a=b+c&d", 0, &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(status_of("application/x-www-form-urlencoded", NULL, 0, &count), 0);
    assert_int_equal(count, 0);
}

static void another_type_is_unsupported(void **state)
{
    static const char *const others[] = {NULL, "application/json", "text/plain",
        "application/x-www-form-urlencoded2", "application/x-www-form-urlencoded;",
        "application/x-www-form-urlencoded;charset=utf-16", "multipart/form-data;boundary=x",
        "application/x-www-form-urlencoded x"};
    size_t count;
    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_int_equal(status_of(others[i], "a=b+c", 0, &count), i == 4 ? 0 : 415);
    assert_int_equal(
        status_of("Application/X-WWW-Form-URLEncoded; charset=UTF-8", "a=b+c", 0, &count), 0);
}

static void more_fields_than_the_cap_are_too_large(void **state)
{
    size_t count;
    (void)state;
    assert_int_equal(status_of("application/x-www-form-urlencoded", "a=b+c&b", 2, &count), 0);
    assert_int_equal(status_of("application/x-www-form-urlencoded", "a=b+c&b&c", 2, &count), 413);
    assert_int_equal(count, 0);
}

static void scenario_without_memory(void *cx)
{
    struct cairn_http_query form;
    (void)cx;
    static char body[6000];
    cairn_test_alloc_exempt(true);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/");
    cairn_http_fields_add(
        &req->fields, CAIRN_STR("content-type"), CAIRN_STR("application/x-www-form-urlencoded"));
    cairn_test_alloc_exempt(false);
    memset(body, '+', sizeof(body));
    req->body = cairn_str_of(body, sizeof(body));
    int status = cairn_http_form_parse(req, 0, &form);
    assert_int_equal(status, cairn_test_alloc_has_failed() ? 503 : 0);
    cairn_arena_free(arena);
}

static void without_memory_there_is_no_form(void **state)
{
    (void)state;
    assert_int_equal(cairn_test_each_allocation(scenario_without_memory, NULL), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_is_read_as_a_query_is),
        cmocka_unit_test(another_type_is_unsupported),
        cmocka_unit_test(more_fields_than_the_cap_are_too_large),
        cmocka_unit_test(without_memory_there_is_no_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
