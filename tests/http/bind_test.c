#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bind_rig.h"

#include <cairn/testkit/misuse.h>

enum color { RED, GREEN, BLUE };
static const char *const color_names[] = {"red", NULL, "blue"};

struct all {
    bool flag;
    int32_t i32;
    int64_t i64;
    uint32_t u32;
    uint64_t u64;
    double real;
    struct cairn_str text;
    struct cairn_uuid id;
    enum color color;
    int64_t *numbers;
    size_t number_count;
    enum color *colors;
    size_t color_count;
};

static const struct cairn_field all_fields[] = {
    CAIRN_FIELD_BOOL(struct all, flag),
    CAIRN_FIELD_INT(struct all, i32),
    CAIRN_FIELD_INT(struct all, i64),
    CAIRN_FIELD_UINT(struct all, u32),
    CAIRN_FIELD_UINT(struct all, u64),
    CAIRN_FIELD_DOUBLE(struct all, real),
    CAIRN_FIELD_STRING(struct all, text),
    CAIRN_FIELD_UUID(struct all, id),
    CAIRN_FIELD_ENUM(struct all, color, color_names),
    CAIRN_FIELD_ARRAY(struct all, numbers, number_count, .as = "n", .min = 1, .max_count = 3),
    CAIRN_FIELD_ENUM_ARRAY(struct all, colors, color_count, color_names),
};
static const struct cairn_record all_record = CAIRN_RECORD(struct all, all_fields);

static struct cairn_arena *arena_of(void **state)
{
    const struct cairn_http_request *req = *state;
    return req->arena;
}

#define PAIR(name, value)                           \
    {                                               \
        CAIRN_STR_INIT(name), CAIRN_STR_INIT(value) \
    }

static bool bind_one(struct cairn_http_request *req, const struct cairn_record *record, void *out,
    const char *name, const char *value, struct cairn_http_rejection *no)
{
    const struct cairn_http_param pair = {cairn_str_from(name), cairn_str_from(value)};
    return cairn_http_bind_pairs(req->arena, &pair, 1, 400, record, out, no);
}

static void every_type_is_read_from_text(void **state)
{
    static const struct cairn_http_param pairs[] = {PAIR("flag", "on"), PAIR("i32", "-2147483648"),
        PAIR("i64", "-9223372036854775808"), PAIR("u32", "4294967295"),
        PAIR("u64", "18446744073709551615"), PAIR("real", "-1.5e3"), PAIR("text", "caf\xc3\xa9"),
        PAIR("id", "0189F1e2-4b1c-7d3a-9e5f-0123456789ab"), PAIR("color", "blue"), PAIR("n", "1"),
        PAIR("colors", "red"), PAIR("n", "2"), PAIR("colors", "blue"), PAIR("ignored", "x")};
    struct all all = {0};
    struct cairn_http_rejection no;
    assert_true(cairn_http_bind_pairs(
        arena_of(state), pairs, sizeof(pairs) / sizeof(*pairs), 400, &all_record, &all, &no));
    assert_int_equal(no.reason, CAIRN_HTTP_REJECTION_NONE);
    assert_true(all.flag);
    assert_int_equal(all.i32, INT32_MIN);
    assert_true(all.i64 == INT64_MIN);
    assert_int_equal(all.u32, UINT32_MAX);
    assert_true(all.u64 == UINT64_MAX);
    assert_true(all.real == -1500);
    assert_str(all.text, "caf\xc3\xa9");
    assert_int_equal(all.id.bytes[1], 0x89);
    assert_int_equal(all.id.bytes[15], 0xab);
    assert_int_equal(all.color, BLUE);
    assert_int_equal(all.number_count, 2);
    assert_int_equal(all.numbers[0], 1);
    assert_int_equal(all.numbers[1], 2);
    assert_int_equal(all.color_count, 2);
    assert_int_equal(all.colors[0], RED);
    assert_int_equal(all.colors[1], BLUE);
}

static void what_is_not_of_the_type_is_a_violation_that_says_what_is(void **state)
{
    static const struct {
        const char *name;
        const char *value;
        const char *detail;
    } table[] = {
        {"flag", "maybe", "flag must be true or false"},
        {"i32", "2147483648", "i32 must be a whole number from -2147483648 to 2147483647"},
        {"i64", "9223372036854775808", "i64 must be a whole number"},
        {"i64", "-9223372036854775809", "i64 must be a whole number"},
        {"i64", "1.0", "i64 must be a whole number"},
        {"i64", " 1", "i64 must be a whole number"},
        {"i64", "+1", "i64 must be a whole number"},
        {"i64", "-", "i64 must be a whole number"},
        {"u32", "4294967296", "u32 must be a whole number from 0 to 4294967295"},
        {"u32", "-1", "u32 must be a whole number from 0 to 4294967295"},
        {"u64", "18446744073709551616", "u64 must be a whole number of at least 0"},
        {"u64", "-1", "u64 must be a whole number of at least 0"},
        {"real", "nan", "real must be a number"},
        {"real", "0x10", "real must be a number"},
        {"real", "1e999", "real must be a number"},
        {"text", "\xff", "text must be a string of UTF-8 without NUL"},
        {"id", "{0189f1e2-4b1c-7d3a-9e5f-0123456789a}", "id must be a UUID"},
        {"id", "0189f1e2x4b1c-7d3a-9e5f-0123456789ab", "id must be a UUID"},
        {"color", "green", "color must be one of: red, blue"},
        {"n", "0", "n must be a whole number of at least 1"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct all all = {.i64 = 77};
        struct cairn_http_rejection no;
        assert_false(bind_one(*state, &all_record, &all, table[i].name, table[i].value, &no));
        assert_int_equal(no.reason, CAIRN_HTTP_REJECTION_DATA);
        assert_int_equal(no.status, 400);
        assert_violations(&no, table[i].detail);
        assert_int_equal(all.i64, 77); /* not touched by what is wrong */
    }
}

static void every_violation_is_listed(void **state)
{
    static const struct cairn_http_param pairs[] = {PAIR("i32", "x"), PAIR("flag", "x"),
        PAIR("n", "1"), PAIR("n", "x"), PAIR("n", "0"), PAIR("color", "red"), PAIR("color", "red")};
    struct all all = {0};
    struct cairn_http_rejection no;
    assert_false(cairn_http_bind_pairs(arena_of(state), pairs, 7, 422, &all_record, &all, &no));
    assert_int_equal(no.status, 422);
    assert_violations(&no, "flag must be true or false; "
                           "i32 must be a whole number from -2147483648 to 2147483647; "
                           "color must be given once; n must be a whole number of at least 1; "
                           "n must be a whole number of at least 1");
}

static void more_than_a_hundred_violations_are_counted(void **state)
{
    struct cairn_http_param pairs[150];
    struct all all = {0};
    struct cairn_http_rejection no;
    for (size_t i = 0; i < 150; i++)
        pairs[i] = (struct cairn_http_param){CAIRN_STR("colors"), CAIRN_STR("x")};
    assert_false(cairn_http_bind_pairs(arena_of(state), pairs, 150, 400, &all_record, &all, &no));
    assert_int_equal(no.violation_count, CAIRN_HTTP_MAX_VIOLATIONS);
    assert_int_equal(no.violation_total, 150);
}

static void too_many_elements_are_one_violation(void **state)
{
    struct cairn_http_param pairs[1001];
    struct all all = {0};
    struct cairn_http_rejection no;
    for (size_t i = 0; i < 1001; i++)
        pairs[i] = (struct cairn_http_param){CAIRN_STR("colors"), CAIRN_STR("red")};
    assert_true(cairn_http_bind_pairs(arena_of(state), pairs, 1000, 400, &all_record, &all, &no));
    assert_false(cairn_http_bind_pairs(arena_of(state), pairs, 1001, 400, &all_record, &all, &no));
    assert_violations(&no, "colors must have at most 1000 elements");
    for (size_t i = 0; i < 4; i++)
        pairs[i] = (struct cairn_http_param){CAIRN_STR("n"), CAIRN_STR("1")};
    assert_false(cairn_http_bind_pairs(arena_of(state), pairs, 4, 400, &all_record, &all, &no));
    assert_violations(&no, "n must have at most 3 elements");
}

static const char *is_even(const void *value)
{
    return *(const int64_t *)value % 2 ? "must be even" : NULL;
}

struct page {
    int64_t limit;
    int64_t after;
    bool has_after;
    struct cairn_str q;
    int64_t *ids;
    size_t id_count;
    double ratio;
};

static const char *page_check(const void *value)
{
    const struct page *page = value;
    return page->after > page->limit ? "must be in order" : NULL;
}

static const struct cairn_field page_fields[] = {
    CAIRN_FIELD_INT(struct page, limit, .otherwise = "20", .min = 1, .max = 100, .check = is_even),
    CAIRN_FIELD_INT(struct page, after, CAIRN_FIELD_FLAG(struct page, has_after), .max = INT64_MAX),
    CAIRN_FIELD_STRING(struct page, q, .required = true, .min_length = 2, .max_length = 4),
    CAIRN_FIELD_ARRAY(struct page, ids, id_count, .min_count = 2, .max_count = 4),
    CAIRN_FIELD_DOUBLE(struct page, ratio, .min_double = 0.5, .max_double = 1),
};
static const struct cairn_record page_record =
    CAIRN_RECORD(struct page, page_fields, .refuses_unknown = true, .check = page_check);

static bool bind_page(struct cairn_http_request *req, struct page *page, const char *name,
    const char *value, struct cairn_http_rejection *no)
{
    const struct cairn_http_param pairs[] = {
        PAIR("q", "ab"), {cairn_str_from(name), cairn_str_from(value)}};
    return cairn_http_bind_pairs(req->arena, pairs, 2, 400, &page_record, page, no);
}

static void an_absent_field_is_what_otherwise_says_or_what_was_there(void **state)
{
    struct page page = {.after = 7};
    struct cairn_http_rejection no;
    assert_true(bind_one(*state, &page_record, &page, "q", "abc", &no));
    assert_int_equal(page.limit, 20);
    assert_int_equal(page.after, 7);
    assert_false(page.has_after);
    assert_int_equal(page.id_count, 0);
}

static void a_flag_says_what_was_there(void **state)
{
    struct page page = {0};
    struct cairn_http_rejection no;
    assert_true(bind_page(*state, &page, "after", "0", &no));
    assert_true(page.has_after);
}

static void empty_text_is_absent_unless_it_is_a_string(void **state)
{
    struct page page = {0};
    struct cairn_http_rejection no;
    assert_true(bind_page(*state, &page, "limit", "", &no));
    assert_int_equal(page.limit, 20);
    assert_true(bind_page(*state, &page, "ids", "", &no));
    assert_false(bind_one(*state, &page_record, &page, "q", "", &no));
    assert_violations(&no, "q must be a string of 2 to 4 bytes");
}

static void required_and_unknown_and_checks_are_violations(void **state)
{
    struct page page = {0};
    struct cairn_http_rejection no;
    assert_false(bind_one(*state, &page_record, &page, "limit", "21", &no));
    assert_violations(&no, "limit must be even; q is required");
    assert_false(bind_page(*state, &page, "limit", "101", &no));
    assert_violations(&no, "limit must be a whole number from 1 to 100");
    assert_false(bind_page(*state, &page, "after", "-1", &no));
    assert_violations(&no, "after must be a whole number of at least 0");
    assert_false(bind_page(*state, &page, "after", "21", &no));
    assert_violations(&no, " must be in order");
    assert_false(bind_page(*state, &page, "Limit", "21", &no));
    assert_violations(&no, "Limit is unknown");
    assert_false(bind_page(*state, &page, "ids", "1", &no));
    assert_violations(&no, "ids must have 2 to 4 elements");
    assert_false(bind_page(*state, &page, "ratio", "0.25", &no));
    assert_violations(&no, "ratio must be a number from 0.5 to 1");
    page.after = 0;
    assert_true(bind_page(*state, &page, "ratio", "1", &no));
}

static void a_string_may_be_too_long(void **state)
{
    struct page page = {0};
    struct cairn_http_rejection no;
    assert_true(bind_one(*state, &page_record, &page, "q", "1234", &no));
    assert_false(bind_one(*state, &page_record, &page, "q", "12345", &no));
    assert_false(bind_one(*state, &page_record, &page, "q", "1", &no));
    const struct cairn_http_param nul = {CAIRN_STR("q"), CAIRN_STR("a\0b")};
    assert_false(cairn_http_bind_pairs(arena_of(state), &nul, 1, 400, &page_record, &page, &no));
}

struct ends {
    int64_t low;
    int64_t negative;
    int64_t down;
    double least;
    int32_t narrow;
    struct cairn_str least_text;
    struct cairn_str most_text;
};
static const struct cairn_field ends_fields[] = {
    CAIRN_FIELD_INT(struct ends, low, .min = INT64_MIN, .max = -1),
    CAIRN_FIELD_INT(struct ends, negative, .min = -5),
    CAIRN_FIELD_INT(struct ends, down, .min = 3, .max = 2),
    CAIRN_FIELD_DOUBLE(struct ends, least, .min_double = 0.5),
    CAIRN_FIELD_INT(struct ends, narrow, .min = -1, .max = INT64_MAX),
    CAIRN_FIELD_STRING(struct ends, least_text, .min_length = 2),
    CAIRN_FIELD_STRING(struct ends, most_text, .max_length = 2),
};
static const struct cairn_record ends_record = CAIRN_RECORD(struct ends, ends_fields);

static void bounds_may_be_on_one_side(void **state)
{
    static const struct {
        const char *name;
        const char *good;
        const char *bad;
        const char *detail;
    } table[] = {
        {"low", "-9223372036854775808", "0", "low must be a whole number of at most -1"},
        {"negative", "0", "1", "negative must be a whole number from -5 to 0"},
        {"down", "9223372036854775807", "2", "down must be a whole number of at least 3"},
        {"least", "1e300", "0.4", "least must be a number of at least 0.5"},
        {"narrow", "2147483647", "2147483648",
            "narrow must be a whole number from -1 to 2147483647"},
        {"least_text", "abc", "a", "least_text must be a string of at least 2 bytes"},
        {"most_text", "", "abc", "most_text must be a string of at most 2 bytes"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct ends ends = {0};
        struct cairn_http_rejection no;
        assert_true(bind_one(*state, &ends_record, &ends, table[i].name, table[i].good, &no));
        assert_false(bind_one(*state, &ends_record, &ends, table[i].name, table[i].bad, &no));
        assert_violations(&no, table[i].detail);
    }
}

static void path_parameters_are_bound_by_their_names(void **state)
{
    struct cairn_http_request *req = *state;
    struct all all = {0};
    struct cairn_http_rejection no;
    req->params[0] = (struct cairn_http_param)PAIR("i64", "7");
    req->params[1] = (struct cairn_http_param)PAIR("color", "red");
    req->param_count = 2;
    assert_true(cairn_http_bind_path(req, &all_record, &all, &no));
    assert_int_equal(all.i64, 7);
    req->params[1].value = CAIRN_STR("pink");
    assert_false(cairn_http_bind_path(req, &all_record, &all, &no));
    assert_int_equal(no.status, 400);
}

struct inner {
    int64_t x;
};
static const struct cairn_field inner_fields[] = {CAIRN_FIELD_INT(struct inner, x)};
static const struct cairn_record inner_record = CAIRN_RECORD(struct inner, inner_fields);
struct outer {
    struct inner inner;
    int64_t number;
};
static const struct cairn_field outer_fields[] = {
    CAIRN_FIELD_OBJECT(struct outer, inner, &inner_record),
    CAIRN_FIELD_INT(struct outer, number, .otherwise = "many"),
};
static const struct cairn_record outer_record = CAIRN_RECORD(struct outer, outer_fields);

static void object_from_text(void *req)
{
    struct outer outer = {0};
    struct cairn_http_rejection no;
    bind_one(req, &outer_record, &outer, "inner", "1", &no);
}

static void otherwise_of_another_type(void *req)
{
    struct outer outer = {0};
    struct cairn_http_rejection no;
    bind_one(req, &outer_record, &outer, "x", "1", &no);
}

static void a_wrong_table_is_an_assertion(void **state)
{
    assert_string_equal(
        cairn_test_misuse(object_from_text, *state), "inner: an object cannot be had from text");
    assert_string_equal(cairn_test_misuse(otherwise_of_another_type, *state),
        "number: `otherwise` is not a value of this field");
}

static void bind_with_what_memory_there_is(void *cx)
{
    static const struct cairn_http_param good[] = {PAIR("n", "1"), PAIR("n", "2")};
    static const struct cairn_http_param bad[] = {PAIR("n", "x"), PAIR("color", "pink")};
    (void)cx;
    cairn_test_alloc_exempt(true);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    while (cairn_arena_size(arena) < 8192) /* the next block will have to be allocated */
        cairn_arena_alloc(arena, 64);
    cairn_test_alloc_exempt(false);
    for (size_t i = 0; i < 30; i++) {
        struct all all = {0};
        struct cairn_http_rejection no;
        bool is_bound =
            cairn_http_bind_pairs(req->arena, i % 2 ? good : bad, 2, 400, &all_record, &all, &no);
        if (no.reason == CAIRN_HTTP_REJECTION_NO_MEMORY) {
            assert_true(cairn_test_alloc_has_failed());
            assert_false(is_bound);
            assert_int_equal(no.status, 503);
            assert_null(cairn_http_reject(req, &no));
        } else {
            assert_int_equal(is_bound, i % 2);
        }
    }
    cairn_arena_free(arena);
}

static void lack_of_memory_is_a_rejection(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(bind_with_what_memory_there_is, NULL) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        request_test(every_type_is_read_from_text),
        request_test(what_is_not_of_the_type_is_a_violation_that_says_what_is),
        request_test(every_violation_is_listed),
        request_test(more_than_a_hundred_violations_are_counted),
        request_test(too_many_elements_are_one_violation),
        request_test(an_absent_field_is_what_otherwise_says_or_what_was_there),
        request_test(a_flag_says_what_was_there),
        request_test(empty_text_is_absent_unless_it_is_a_string),
        request_test(required_and_unknown_and_checks_are_violations),
        request_test(a_string_may_be_too_long),
        request_test(bounds_may_be_on_one_side),
        request_test(path_parameters_are_bound_by_their_names),
        request_test(a_wrong_table_is_an_assertion),
        cmocka_unit_test(lack_of_memory_is_a_rejection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
