#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "bind_rig.h"

struct search {
    struct cairn_str q;
    int64_t limit;
    struct cairn_str *tags;
    size_t tag_count;
};
static const struct cairn_field search_fields[] = {
    CAIRN_FIELD_STRING(struct search, q, .required = true),
    CAIRN_FIELD_INT(struct search, limit, .otherwise = "20", .min = 1, .max = 100),
    CAIRN_FIELD_ARRAY(struct search, tags, tag_count, .as = "tag"),
};
static const struct cairn_record search_record = CAIRN_RECORD(struct search, search_fields);

static void a_query_is_bound_decoded(void **state)
{
    struct cairn_http_request *req = *state;
    struct search search = {0};
    struct cairn_http_rejection no;
    req->query = CAIRN_STR("tag=a&q=caf%C3%A9+x&tag=%26");
    assert_true(cairn_http_bind_query(req, &search_record, &search, &no));
    assert_str(search.q, "caf\xc3\xa9 x");
    assert_int_equal(search.limit, 20);
    assert_int_equal(search.tag_count, 2);
    assert_str(search.tags[0], "a");
    assert_str(search.tags[1], "&");
}

static void what_is_wrong_with_a_query_is_a_400(void **state)
{
    struct cairn_http_request *req = *state;
    struct search search = {0};
    struct cairn_http_rejection no;
    req->query = CAIRN_STR("limit=0&tag=%FF&limit=1");
    assert_false(cairn_http_bind_query(req, &search_record, &search, &no));
    assert_int_equal(no.status, 400);
    assert_false(no.is_json);
    assert_violations(&no, "q is required; limit must be given once; "
                           "tag must be a string of UTF-8 without NUL");
    req->query = CAIRN_STR("q=%00");
    assert_false(cairn_http_bind_query(req, &search_record, &search, &no));
    req->query = cairn_str_of(NULL, 0);
    assert_false(cairn_http_bind_query(req, &search_record, &search, &no));
    assert_violations(&no, "q is required");
}

static void too_many_parameters_are_a_400_of_their_own(void **state)
{
    struct cairn_http_request *req = *state;
    struct search search = {0};
    struct cairn_http_rejection no;
    char text[2 * 1001];
    for (size_t i = 0; i < sizeof(text); i += 2)
        memcpy(text + i, "a&", 2);
    req->query = cairn_str_of(text, sizeof(text));
    assert_false(cairn_http_bind_query(req, &search_record, &search, &no));
    assert_int_equal(no.status, 400);
    assert_int_equal(no.reason, CAIRN_HTTP_REJECTION_TOO_LARGE);
}

static void say(struct cairn_http_request *req, const char *type, const char *body)
{
    req->fields.count = 0;
    assert_int_equal(
        cairn_http_fields_add(&req->fields, CAIRN_STR("Content-Type"), cairn_str_from(type)), 0);
    req->body = cairn_str_from(body);
}

static void a_form_is_bound_from_the_body(void **state)
{
    struct search search = {0};
    struct cairn_http_rejection no;
    say(*state, "application/x-www-form-urlencoded", "q=x&limit=7");
    assert_true(cairn_http_bind_form(*state, &search_record, &search, &no));
    assert_str(search.q, "x");
    assert_int_equal(search.limit, 7);
}

static void a_form_is_rejected_with_415_413_or_422(void **state)
{
    struct search search = {0};
    struct cairn_http_rejection no;
    say(*state, "application/json", "q=x");
    assert_false(cairn_http_bind_form(*state, &search_record, &search, &no));
    assert_int_equal(no.status, 415);
    assert_int_equal(cairn_http_reject(*state, &no)->status, 415);
    say(*state, "application/x-www-form-urlencoded", "limit=x");
    assert_false(cairn_http_bind_form(*state, &search_record, &search, &no));
    assert_int_equal(no.status, 422);
    assert_violations(&no, "q is required; limit must be a whole number from 1 to 100");
    char text[2 * 1001 + 1] = "";
    for (size_t i = 0; i < 1001; i++)
        memcpy(text + 2 * i, "a&", 2);
    say(*state, "application/x-www-form-urlencoded", text);
    assert_false(cairn_http_bind_form(*state, &search_record, &search, &no));
    assert_int_equal(no.status, 413);
}

static void bind_with_what_memory_there_is(void *cx)
{
    (void)cx;
    cairn_test_alloc_exempt(true);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/?q=%41&tag=1");
    cairn_test_alloc_exempt(false);
    for (size_t i = 0; i < 60; i++) {
        struct search search = {0};
        struct cairn_http_rejection no;
        if (!cairn_http_bind_query(req, &search_record, &search, &no)) {
            assert_true(cairn_test_alloc_has_failed());
            assert_int_equal(no.reason, CAIRN_HTTP_REJECTION_NO_MEMORY);
        }
    }
    cairn_arena_free(arena);
}

static void lack_of_memory_is_a_rejection(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(bind_with_what_memory_there_is, NULL) > 0);
}

/* Whatever comes: it is bound within its bounds, or rejected with a place for each violation. */
static void any_query_is_bound_or_rejected(void **state)
{
    static const char alphabet[] = "qtaglimit=&&==%20+-1\xff";
    uint64_t bits = 88172645463325252U;
    (void)state;
    for (int i = 0; i < 100000; i++) {
        struct cairn_arena *arena = cairn_arena_new(NULL);
        struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
        struct search search = {0};
        struct cairn_http_rejection no;
        char text[24];
        for (size_t at = 0; at < sizeof(text); at++) {
            bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
            text[at] = alphabet[(bits >> 11) % (sizeof(alphabet) - 1)];
        }
        req->query = cairn_str_of(text, sizeof(text));
        if (cairn_http_bind_query(req, &search_record, &search, &no))
            assert_true(search.q.data && search.limit >= 1 && search.limit <= 100);
        else
            assert_true(no.violation_count > 0);
        cairn_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        request_test(a_query_is_bound_decoded),
        request_test(what_is_wrong_with_a_query_is_a_400),
        request_test(too_many_parameters_are_a_400_of_their_own),
        request_test(a_form_is_bound_from_the_body),
        request_test(a_form_is_rejected_with_415_413_or_422),
        cmocka_unit_test(lack_of_memory_is_a_rejection),
        cmocka_unit_test(any_query_is_bound_or_rejected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
