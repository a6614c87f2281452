#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <cairn/http/error_response.h>
#include <cairn/testkit/alloc.h>

static int setup(void **state)
{
    cairn_test_alloc_begin();
    struct cairn_arena *arena = cairn_arena_new(NULL);
    *state = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    struct cairn_http_request *req = *state;
    cairn_arena_free(req->arena);
    cairn_test_alloc_end();
    return 0;
}

#define request_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static void assert_str(struct cairn_str s, const char *expected)
{
    assert_non_null(s.data);
    assert_int_equal(s.length, strlen(expected));
    assert_memory_equal(s.data, expected, s.length);
}

static struct cairn_str field(const struct cairn_http_response *res, const char *name)
{
    return cairn_http_fields_get(&res->fields, cairn_str_from(name));
}

static void each_code_has_the_status_of_the_table(void **state)
{
    static const struct {
        enum cairn_error_code code;
        int status;
    } table[] = {{CAIRN_ERROR_MEMORY, 503}, {CAIRN_ERROR_INVALID, 500}, {CAIRN_ERROR_TYPE, 500},
        {CAIRN_ERROR_ELAPSED, 504}, {CAIRN_ERROR_OVERLOADED, 503}, {CAIRN_ERROR_LIMITED, 429},
        {CAIRN_ERROR_CLOSED, 502}, {CAIRN_ERROR_CANCELLED, 500}, {CAIRN_ERROR_REJECTED, 403},
        {CAIRN_ERROR_UNAVAILABLE, 502}, {CAIRN_ERROR_NOT_FOUND, 404}, {CAIRN_ERROR_CONFLICT, 409},
        {CAIRN_ERROR_PROTOCOL, 400}, {CAIRN_ERROR_TOO_LARGE, 413}, {CAIRN_ERROR_RUNTIME, 500},
        {CAIRN_ERROR_SEND, 500}, {CAIRN_ERROR_SYSTEM, 500}, {CAIRN_ERROR_INTERNAL, 500},
        {CAIRN_ERROR_USER, 500}, {(enum cairn_error_code)(CAIRN_ERROR_USER + 5), 500}};
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct cairn_error error = CAIRN_ERROR_STATIC(table[i].code, "test", "the inside");
        assert_int_equal(cairn_http_error_status(&error), table[i].status);
        assert_int_equal(cairn_http_error_response(*state, &error)->status, table[i].status);
    }
}

static void of_what_is_too_large_trailers_have_a_status_of_their_own(void **state)
{
    struct cairn_error error =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_TOO_LARGE, CAIRN_HTTP_TRAILERS, "too many fields");
    assert_int_equal(cairn_http_error_status(&error), 431);
    assert_int_equal(cairn_http_error_response(*state, &error)->status, 431);
    error.code = CAIRN_ERROR_PROTOCOL;
    assert_int_equal(cairn_http_error_status(&error), 400);
}

static void an_error_becomes_a_problem_without_its_inside(void **state)
{
    struct cairn_error error = CAIRN_ERROR_STATIC(CAIRN_ERROR_ELAPSED, "timeout", "500 ms passed");
    struct cairn_http_response *res = cairn_http_error_response(*state, &error);
    assert_str(field(res, "Content-Type"), "application/problem+json");
    assert_str(
        res->body, "{\"type\":\"about:blank\",\"title\":\"Gateway Timeout\",\"status\":504}");
    assert_int_equal(res->fields.count, 1);
}

/* The static bodies say what the table of reasons says, and so does what is put together. */
static void every_status_has_its_reason_as_title(void **state)
{
    for (int status = 200; status < 600; status++) {
        char expected[160];
        struct cairn_http_response *res = cairn_http_problem(*state, status, NULL);
        assert_int_equal(res->status, status);
        snprintf(expected, sizeof(expected),
            "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d}", cairn_http_reason(status),
            status);
        assert_str(res->body, expected);
    }
}

static void overload_says_when_to_come_back(void **state)
{
    assert_str(field(cairn_http_problem(*state, 429, NULL), "Retry-After"), "1");
    assert_str(field(cairn_http_problem(*state, 503, "later"), "Retry-After"), "1");
    assert_null(field(cairn_http_problem(*state, 500, NULL), "Retry-After").data);
}

static void a_detail_is_copied_and_escaped(void **state)
{
    char detail[] = "say \"\\\n\x01\xff\"";
    struct cairn_http_response *res = cairn_http_problem(*state, 400, detail);
    memset(detail, 'x', sizeof(detail) - 1);
    assert_str(res->body, "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,"
                          "\"detail\":\"say \\\"\\\\\\u000a\\u0001\\ufffd\\\"\"}");
}

static void an_empty_detail_is_a_detail(void **state)
{
    assert_str(cairn_http_problem(*state, 404, "")->body,
        "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,\"detail\":\"\"}");
}

static void the_body_of_a_known_status_takes_no_room(void **state)
{
    const struct cairn_http_request *req = *state;
    const char *first = cairn_http_problem(req, 404, NULL)->body.data;
    assert_ptr_equal(cairn_http_problem(req, 404, NULL)->body.data, first);
}

/* A request whose arena has ROOM bytes left, and whose next chunk fails. */
static void request_with_room(size_t room, struct cairn_http_request **req)
{
    size_t all = 0;
    for (int counted = 0; counted < 2; counted++) {
        struct cairn_arena *arena = cairn_arena_new(NULL);
        *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
        cairn_test_alloc_fail_at(1);
        if (counted) {
            assert_non_null(cairn_arena_alloc_text(arena, all - room));
            return;
        }
        while (cairn_arena_alloc_text(arena, 1))
            all++;
        cairn_arena_free(arena);
    }
}

static void is_null_and_nothing_worse_without_memory(void **state)
{
    static const int statuses[] = {404, 503, 299};
    size_t made = 0;
    (void)state;
    cairn_test_alloc_begin();
    for (size_t room = 0; room < 1200; room += 8) {
        for (size_t i = 0; i < 6; i++) {
            struct cairn_http_request *req;
            request_with_room(room, &req);
            struct cairn_http_response *res =
                cairn_http_problem(req, statuses[i % 3], i < 3 ? NULL : "why");
            assert_true(res || cairn_test_alloc_has_failed());
            made += res != NULL;
            cairn_arena_free(req->arena);
            cairn_test_alloc_fail_at(0);
        }
    }
    assert_in_range(made, 6, 6 * 1200 / 8 - 6);
    cairn_test_alloc_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        request_test(each_code_has_the_status_of_the_table),
        request_test(of_what_is_too_large_trailers_have_a_status_of_their_own),
        request_test(an_error_becomes_a_problem_without_its_inside),
        request_test(every_status_has_its_reason_as_title),
        request_test(overload_says_when_to_come_back),
        request_test(a_detail_is_copied_and_escaped),
        request_test(an_empty_detail_is_a_detail),
        request_test(the_body_of_a_known_status_takes_no_room),
        cmocka_unit_test(is_null_and_nothing_worse_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
