#include "body_fixture.h"

#include <cairn/http/exchange.h>

struct seen {
    int calls;
    int reason;
    struct seen *before; /* must not have been called */
};

static void see(void *value, const struct cairn_http_end *end)
{
    struct seen *seen = value;
    seen->calls++;
    seen->reason = (int)end->reason;
    if (seen->before)
        assert_int_equal(seen->before->calls, 0);
}

static void a_request_made_by_hand_ends_with_its_arena(void **state)
{
    struct seen first = {0};
    struct seen second = {.before = &first};
    (void)state;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    assert_int_equal(cairn_http_exchange_end(req).reason, CAIRN_HTTP_RUNNING);
    assert_int_equal(cairn_http_on_end(req, see, &first), 0);
    assert_int_equal(cairn_http_on_end(req, see, &second), 0);
    assert_int_equal(cairn_http_exchange_end(req).reason, CAIRN_HTTP_RUNNING);
    cairn_arena_free(arena);
    assert_int_equal(first.calls, 1);
    assert_int_equal(second.calls, 1);
    assert_int_equal(first.reason, CAIRN_HTTP_DROPPED);
}

static void a_request_made_by_hand_is_informed_of_nothing(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    struct cairn_http_fields fields = {.arena = f->arena};
    static char long_value[5000];
    assert_int_equal(cairn_http_inform(req, 103, NULL), 0);
    memset(long_value, 'a', sizeof(long_value) - 1);
    cairn_http_fields_add(&fields, CAIRN_STR("Link"), cairn_str_from(long_value));
    assert_int_equal(cairn_http_inform(req, 103, &fields), -1);
    struct cairn_http_connection_info info = cairn_http_connection_info(req);
    assert_null(info.peer);
    assert_null(info.local);
    assert_int_equal(info.connection, 0);
}

static void no_hook_is_kept_without_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    struct seen seen = {0};
    fixture_exhaust(f);
    assert_int_equal(cairn_http_on_end(req, see, &seen), -1);
    cairn_test_alloc_fail_at(0);
}

static void answer_is(const struct cairn_http_response *copy)
{
    assert_int_equal(copy->status, 203);
    assert_str(copy->body, "text");
    assert_str(cairn_http_fields_get(&copy->fields, CAIRN_STR("x-a")), "b");
    assert_int_equal(copy->fields.count, 2);
}

static void a_copy_of_a_response_has_a_life_of_its_own(void **state)
{
    struct cairn_http_response *copy;
    struct cairn_http_response *second;
    (void)state;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    char body[] = "text";
    struct cairn_http_response *res =
        cairn_http_bytes(req, 203, "text/plain", cairn_str_from(body));
    cairn_http_response_set(res, "X-A", "b");
    copy = cairn_http_response_type.clone(res);
    cairn_http_response_type.drop(res);
    memset(body, 0, sizeof(body));
    cairn_arena_free(arena);
    answer_is(copy);
    second = cairn_http_response_type.clone(copy);
    cairn_http_response_type.drop(copy);
    answer_is(second);
    assert_int_equal(cairn_http_response_set(second, "X-A", "c"), 0);
    cairn_http_response_type.drop(second);
}

static void a_response_that_is_no_bytes_cannot_be_copied(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    struct cairn_http_response *res = cairn_http_stream(req, 200, NULL, CHUNKS("a"), 1);
    assert_null(cairn_http_response_type.clone(res));
    res = cairn_http_text(req, 200, "a");
    struct cairn_http_file file = {-1, 0, 1};
    res->file = &file;
    assert_null(cairn_http_response_type.clone(res));
}

static void no_copy_is_made_without_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_response *res = cairn_http_text(fixture_request(f), 200, "a");
    cairn_test_alloc_fail_at(1);
    assert_null(cairn_http_response_type.clone(res));
    static char large[8192];
    res->body = cairn_str_of(large, sizeof(large));
    cairn_test_alloc_fail_at(2);
    assert_null(cairn_http_response_type.clone(res));
    cairn_test_alloc_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_request_made_by_hand_ends_with_its_arena),
        fixture_test(a_request_made_by_hand_is_informed_of_nothing),
        fixture_test(no_hook_is_kept_without_memory),
        fixture_test(a_copy_of_a_response_has_a_life_of_its_own),
        fixture_test(a_response_that_is_no_bytes_cannot_be_copied),
        fixture_test(no_copy_is_made_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
