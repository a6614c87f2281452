#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <cairn/http/message.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/misuse.h>

static struct cairn_arena *arena;
static unsigned drops;

static int open_arena(void **state)
{
    (void)state;
    drops = 0;
    cairn_test_alloc_begin();
    arena = cairn_arena_new(NULL);
    return arena ? 0 : -1;
}

static int close_arena(void **state)
{
    (void)state;
    cairn_arena_free(arena);
    arena = NULL;
    cairn_test_alloc_end();
    return 0;
}

/* Uses up the arena's chunk, so that all but a few bytes must come from the allocator. */
static void fill_arena(void)
{
    size_t size = cairn_arena_size(arena);
    while (cairn_arena_size(arena) == size)
        assert_non_null(cairn_arena_alloc_text(arena, 1));
    for (int i = 0; i < 4064; i++)
        assert_non_null(cairn_arena_alloc_text(arena, 1));
}

static void assert_str(struct cairn_str s, const char *expected)
{
    assert_non_null(s.data);
    assert_int_equal(s.length, strlen(expected));
    assert_memory_equal(s.data, expected, s.length);
}

static struct cairn_http_request *get(const char *target)
{
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, target);
    assert_non_null(req);
    return req;
}

static void a_request_made_by_hand_is_whole(void **state)
{
    char target[] = "/a/b?c=d";
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_DELETE, target);
    (void)state;
    target[1] = 'x';
    assert_ptr_equal(req->arena, arena);
    assert_int_equal(req->method, CAIRN_HTTP_DELETE);
    assert_int_equal(req->version_minor, 1);
    assert_str(req->method_name, "DELETE");
    assert_str(req->target, "/a/b?c=d");
    assert_str(req->path, "/a/b");
    assert_str(req->query, "c=d");
    assert_int_equal(req->fields.count, 0);
    assert_null(req->body.data);
    assert_null(req->route.data);
    assert_null(req->peer);
    assert_null(get("/")->query.data);
    assert_str(get("http://a:1/b?c")->path, "/b");
}

static void a_request_without_memory_is_none(void **state)
{
    char target[4096];
    (void)state;
    memset(target, 'a', sizeof(target));
    target[sizeof(target) - 1] = '\0';
    cairn_test_alloc_fail_at(1);
    assert_null(cairn_http_request_new(arena, CAIRN_HTTP_GET, target));
    fill_arena();
    cairn_test_alloc_fail_at(1);
    assert_null(cairn_http_request_new(arena, CAIRN_HTTP_GET, "/"));
}

static void every_method_has_its_name(void **state)
{
    static const char *const names[CAIRN_HTTP_METHODS] = {
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "OTHER"};
    (void)state;
    for (int i = 0; i < CAIRN_HTTP_METHODS; i++)
        assert_string_equal(cairn_http_method_name((enum cairn_http_method)i), names[i]);
}

static void finds_fields_and_parameters_by_name(void **state)
{
    struct cairn_http_request *req = get("/");
    (void)state;
    assert_int_equal(cairn_http_fields_add(&req->fields, CAIRN_STR("Accept"), CAIRN_STR("x")), 0);
    req->params[0] = (struct cairn_http_param){CAIRN_STR("id"), CAIRN_STR("7")};
    req->param_count = 1;
    assert_str(cairn_http_request_field(req, "accept"), "x");
    assert_null(cairn_http_request_field(req, "host").data);
    assert_str(cairn_http_request_param(req, "id"), "7");
    assert_null(cairn_http_request_param(req, "ID").data);
}

static void extensions_are_kept_by_address(void **state)
{
    static int a;
    static int b;
    struct cairn_http_request *req = get("/");
    (void)state;
    assert_null(cairn_http_extension_get(req, &a));
    assert_int_equal(cairn_http_extension_set(req, &a, "one"), 0);
    assert_int_equal(cairn_http_extension_set(req, &b, "two"), 0);
    assert_int_equal(cairn_http_extension_set(req, &a, "three"), 0);
    assert_string_equal(cairn_http_extension_get(req, &a), "three");
    assert_string_equal(cairn_http_extension_get(req, &b), "two");
    fill_arena();
    cairn_test_alloc_fail_at(1);
    assert_int_equal(cairn_http_extension_set(req, &a, "four"), -1);
    assert_string_equal(cairn_http_extension_get(req, &a), "three");
}

static void a_copied_request_shares_nothing_that_changes(void **state)
{
    static int key;
    struct cairn_http_request *req = get("/a?b");
    (void)state;
    cairn_http_fields_add(&req->fields, CAIRN_STR("A"), CAIRN_STR("1"));
    cairn_http_extension_set(req, &key, "old");
    req->params[0] = (struct cairn_http_param){CAIRN_STR("id"), CAIRN_STR("7")};
    req->param_count = 1;
    struct cairn_http_request *copy = cairn_http_request_type.clone(req);
    assert_non_null(copy);
    assert_int_equal(copy->fields.count, 1);
    assert_str(copy->fields.items[0].value, "1");
    cairn_http_fields_set(&copy->fields, CAIRN_STR("A"), CAIRN_STR("2"));
    cairn_http_fields_add(&copy->fields, CAIRN_STR("B"), CAIRN_STR("3"));
    cairn_http_extension_set(copy, &key, "new");
    copy->params[0].value = CAIRN_STR("8");
    assert_ptr_equal(copy->arena, arena);
    assert_str(copy->path, "/a");
    assert_int_equal(copy->fields.count, 2);
    assert_int_equal(req->fields.count, 1);
    assert_str(req->fields.items[0].value, "1");
    assert_string_equal(cairn_http_extension_get(req, &key), "old");
    assert_string_equal(cairn_http_extension_get(copy, &key), "new");
    assert_str(cairn_http_request_param(req, "id"), "7");
    struct cairn_http_request *empty = cairn_http_request_type.clone(get("/"));
    assert_int_equal(cairn_http_fields_add(&empty->fields, CAIRN_STR("A"), CAIRN_STR("1")), 0);
    fill_arena();
    cairn_test_alloc_fail_at(1);
    assert_null(cairn_http_request_type.clone(req));
}

/* Whatever stands in front of the parameters and behind them, and as many of these as are used. */
static void a_copied_request_has_all_that_is_used(void **state)
{
    (void)state;
    for (size_t count = 0; count <= CAIRN_HTTP_MAX_PARAMS; count++) {
        struct cairn_http_request *req = get("/a?b");
        memset(req->params, '~', sizeof(req->params));
        for (req->param_count = 0; req->param_count < count; req->param_count++)
            req->params[req->param_count] = (struct cairn_http_param){
                cairn_str_of("abcdefghijklmnop", req->param_count), CAIRN_STR("7")};
        req->route = CAIRN_STR("/{x}");
        req->route_host = CAIRN_STR("*.example.com");
        req->version_minor = 0;
        req->body_limit = 7;
        struct cairn_http_request *copy = cairn_http_request_type.clone(req);
        struct cairn_http_request expected = *req;
        size_t behind = offsetof(struct cairn_http_request, param_count);
        expected.fields = copy->fields;
        assert_memory_equal(copy, &expected, offsetof(struct cairn_http_request, params));
        assert_memory_equal(copy->params, expected.params, count * sizeof(expected.params[0]));
        assert_memory_equal(
            (char *)copy + behind, (char *)&expected + behind, sizeof(expected) - behind);
        assert_int_equal(copy->fields.count, 0);
        assert_ptr_equal(copy->fields.arena, arena);
    }
}

static void types_have_names_and_chunks_are_copied_and_dropped(void **state)
{
    (void)state;
    assert_string_equal(cairn_http_request_type.name, "http.request");
    assert_string_equal(cairn_http_response_type.name, "http.response");
    assert_string_equal(cairn_http_chunk_type.name, "http.chunk");
    char data[] = "abc";
    struct cairn_http_chunk *chunk = cairn_http_chunk_new(data, 3);
    data[0] = 'x';
    assert_str(chunk->bytes, "abc");
    cairn_type_drop(&cairn_http_chunk_type, chunk);
    cairn_http_chunk_free(NULL);
    cairn_test_alloc_fail_at(1);
    assert_null(cairn_http_chunk_new(data, 3));
    assert_null(cairn_http_chunk_new(data, SIZE_MAX));
}

static void ready_made_answers_carry_status_type_and_body(void **state)
{
    struct cairn_http_request *req = get("/");
    struct cairn_http_response *text = cairn_http_text(req, 404, "nothing here");
    struct cairn_http_response *json =
        cairn_http_bytes(req, 200, "application/json", CAIRN_STR("{}"));
    struct cairn_http_response *none = cairn_http_bytes(req, 200, NULL, CAIRN_STR("x"));
    (void)state;
    assert_int_equal(text->status, 404);
    assert_ptr_equal(text->arena, arena);
    assert_str(text->body, "nothing here");
    assert_str(cairn_http_fields_get(&text->fields, CAIRN_STR("content-type")),
        "text/plain; charset=utf-8");
    assert_str(json->body, "{}");
    assert_str(cairn_http_fields_get(&json->fields, CAIRN_STR("content-type")), "application/json");
    assert_int_equal(none->fields.count, 0);
    assert_null(cairn_http_bytes(req, 200, "text/\r\nplain", CAIRN_STR("x")));
}

static void sets_fields_that_it_copies(void **state)
{
    char value[] = "one";
    struct cairn_http_response *res = cairn_http_text(get("/"), 200, "");
    (void)state;
    assert_int_equal(cairn_http_response_set(res, "X-A", value), 0);
    value[0] = 'x';
    assert_str(cairn_http_fields_get(&res->fields, CAIRN_STR("x-a")), "one");
    for (int i = 0; i < 20; i++) {
        char name[] = {'N', (char)('a' + i), '\0'};
        assert_int_equal(cairn_http_response_set(res, name, "v"), 0);
    }
    assert_int_equal(cairn_http_response_set(res, "content-type", "text/html"), 0);
    assert_int_equal(res->fields.count, 22);
    assert_int_equal(cairn_http_response_set(res, "bad name", "v"), -1);
    assert_int_equal(cairn_http_response_set(res, "X-A", "bad\r\nvalue"), -1);
    assert_str(cairn_http_fields_get(&res->fields, CAIRN_STR("x-a")), "one");
    fill_arena();
    cairn_test_alloc_fail_at(1);
    assert_int_equal(cairn_http_response_set(res, "X-A", "0123456789012345678901234567890"), -1);
}

static void make_a_response_of(void *cx)
{
    cairn_http_response_new(get("/"), *(int *)cx);
}

static void asserts_that_a_status_is_final(void **state)
{
    int statuses[] = {0, 100, 101, 199, 600};
    (void)state;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        assert_non_null(cairn_test_misuse(make_a_response_of, &statuses[i]));
}

static void count_free(void *data)
{
    drops++;
    free(data);
}

static void frees_an_owned_body_with_the_arena(void **state)
{
    char *data = malloc(3);
    (void)state;
    memcpy(data, "abc", 3);
    struct cairn_http_response *res =
        cairn_http_owned(get("/"), 200, "text/plain", data, 3, count_free);
    assert_str(res->body, "abc");
    assert_int_equal(drops, 0);
    cairn_arena_free(arena);
    assert_int_equal(drops, 1);
    arena = cairn_arena_new(NULL);
}

static void frees_an_owned_body_also_on_failure(void **state)
{
    struct cairn_http_request *req = get("/");
    (void)state;
    fill_arena();
    cairn_test_alloc_fail_at(1);
    assert_null(cairn_http_owned(req, 200, NULL, malloc(3), 3, count_free));
    assert_int_equal(drops, 1);
}

static void count_drop(void *state)
{
    (void)state;
    drops++;
}

static enum cairn_poll end_at_once(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    (void)state;
    (void)cx;
    out->value = NULL;
    return CAIRN_READY;
}

static const struct cairn_stream_ops counting_ops = {
    .name = "counting", .size = sizeof(int), .poll_next = end_at_once, .drop = count_drop};

static struct cairn_stream counting_stream(void)
{
    const int number = 7;
    return cairn_stream_box(&counting_ops, &number);
}

static void drops_a_stream_that_nobody_took_with_the_arena(void **state)
{
    struct cairn_http_response *res =
        cairn_http_stream(get("/"), 200, "text/plain", counting_stream(), 12);
    (void)state;
    assert_int_equal(res->stream_length, 12);
    assert_false(cairn_stream_is_empty(&res->stream));
    cairn_arena_free(arena);
    assert_int_equal(drops, 1);
    arena = cairn_arena_new(NULL);
}

static void leaves_a_stream_to_whoever_took_it(void **state)
{
    struct cairn_http_response *res = cairn_http_stream(get("/"), 200, NULL, counting_stream(), -1);
    struct cairn_stream taken = res->stream;
    (void)state;
    res->stream = (struct cairn_stream){0};
    cairn_arena_free(arena);
    assert_int_equal(drops, 0);
    cairn_stream_drop(&taken);
    assert_int_equal(drops, 1);
    arena = cairn_arena_new(NULL);
}

static void drops_a_stream_also_on_failure(void **state)
{
    struct cairn_http_request *req = get("/");
    struct cairn_stream stream = counting_stream();
    (void)state;
    assert_null(cairn_http_stream(req, 200, "bad\n", stream, -1));
    assert_int_equal(drops, 1);
    stream = counting_stream();
    fill_arena();
    cairn_test_alloc_fail_at(1);
    assert_null(cairn_http_stream(req, 200, NULL, stream, -1));
    assert_int_equal(drops, 2);
}

static void every_status_has_its_reason(void **state)
{
    (void)state;
    assert_string_equal(cairn_http_reason(200), "OK");
    assert_string_equal(cairn_http_reason(404), "Not Found");
    assert_string_equal(cairn_http_reason(413), "Content Too Large");
    assert_string_equal(cairn_http_reason(431), "Request Header Fields Too Large");
    assert_string_equal(cairn_http_reason(505), "HTTP Version Not Supported");
    assert_string_equal(cairn_http_reason(299), "Unknown");
}

#define IN_ARENA(test) cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ARENA(a_request_made_by_hand_is_whole),
        IN_ARENA(a_request_without_memory_is_none),
        IN_ARENA(every_method_has_its_name),
        IN_ARENA(finds_fields_and_parameters_by_name),
        IN_ARENA(extensions_are_kept_by_address),
        IN_ARENA(a_copied_request_has_all_that_is_used),
        IN_ARENA(a_copied_request_shares_nothing_that_changes),
        IN_ARENA(types_have_names_and_chunks_are_copied_and_dropped),
        IN_ARENA(ready_made_answers_carry_status_type_and_body),
        IN_ARENA(sets_fields_that_it_copies),
        IN_ARENA(asserts_that_a_status_is_final),
        IN_ARENA(frees_an_owned_body_with_the_arena),
        IN_ARENA(frees_an_owned_body_also_on_failure),
        IN_ARENA(drops_a_stream_that_nobody_took_with_the_arena),
        IN_ARENA(leaves_a_stream_to_whoever_took_it),
        IN_ARENA(drops_a_stream_also_on_failure),
        IN_ARENA(every_status_has_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
