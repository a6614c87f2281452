/* Structs as JSON; and random ones, written and bound again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "bind_rig.h"

#include <cairn/http/json.h>
#include <cairn/http/json_record.h>
#include <cairn/service/random.h>
#include <cairn/testkit/misuse.h>

enum kind { SMALL, MIDDLE, LARGE };
static const char *const kind_names[] = {"small", "middle", "large"};

struct part {
    struct cairn_str name;
    int32_t size;
};
static const struct cairn_field part_fields[] = {
    CAIRN_FIELD_STRING(struct part, name), CAIRN_FIELD_INT(struct part, size)};
static const struct cairn_record part_record = CAIRN_RECORD(struct part, part_fields);

struct thing {
    bool flag;
    int32_t i32;
    int64_t i64;
    uint32_t u32;
    uint64_t u64;
    double real;
    struct cairn_str text;
    struct cairn_uuid id;
    enum kind kind;
    struct part part;
    bool has_extra;
    int64_t extra;
    struct part *parts;
    size_t part_count;
    double *reals;
    size_t real_count;
    enum kind *kinds;
    size_t kind_count;
};
static const struct cairn_field thing_fields[] = {
    CAIRN_FIELD_BOOL(struct thing, flag),
    CAIRN_FIELD_INT(struct thing, i32, .as = "i-32"),
    CAIRN_FIELD_INT(struct thing, i64),
    CAIRN_FIELD_UINT(struct thing, u32),
    CAIRN_FIELD_UINT(struct thing, u64),
    CAIRN_FIELD_DOUBLE(struct thing, real),
    CAIRN_FIELD_STRING(struct thing, text),
    CAIRN_FIELD_UUID(struct thing, id),
    CAIRN_FIELD_ENUM(struct thing, kind, kind_names),
    CAIRN_FIELD_OBJECT(struct thing, part, &part_record),
    CAIRN_FIELD_INT(struct thing, extra, CAIRN_FIELD_FLAG(struct thing, has_extra)),
    CAIRN_FIELD_OBJECT_ARRAY(struct thing, parts, part_count, &part_record),
    CAIRN_FIELD_ARRAY(struct thing, reals, real_count),
    CAIRN_FIELD_ENUM_ARRAY(struct thing, kinds, kind_count, kind_names),
};
static const struct cairn_record thing_record =
    CAIRN_RECORD(struct thing, thing_fields, .refuses_unknown = true);

static void fields_are_written_in_the_order_of_the_table(void **state)
{
    struct part parts[] = {{CAIRN_STR("a"), 1}, {CAIRN_STR("b"), -2}};
    enum kind kinds[] = {LARGE};
    const struct thing thing = {.flag = true,
        .i32 = -1,
        .i64 = INT64_MIN,
        .u32 = UINT32_MAX,
        .u64 = UINT64_MAX,
        .real = 0.5,
        .text = CAIRN_STR("\"x\""),
        .id = {{0x12, 0xab}},
        .kind = MIDDLE,
        .part = {CAIRN_STR("p"), 7},
        .parts = parts,
        .part_count = 2,
        .kinds = kinds,
        .kind_count = 1};
    const struct cairn_http_response *res =
        cairn_http_json_record(*state, 200, &thing_record, &thing);
    assert_str(res->body,
        "{\"flag\":true,\"i-32\":-1,\"i64\":-9223372036854775808,\"u32\":4294967295,"
        "\"u64\":18446744073709551615,\"real\":0.5,\"text\":\"\\\"x\\\"\","
        "\"id\":\"12ab0000-0000-0000-0000-000000000000\",\"kind\":\"middle\","
        "\"part\":{\"name\":\"p\",\"size\":7},"
        "\"parts\":[{\"name\":\"a\",\"size\":1},{\"name\":\"b\",\"size\":-2}],"
        "\"reals\":[],\"kinds\":[\"large\"]}");
}

static void a_list_is_an_array(void **state)
{
    const struct cairn_http_request *req = *state;
    const struct part parts[] = {{CAIRN_STR("a"), 1}, {{NULL, 0}, 2}};
    struct cairn_json_writer w = cairn_json_writer_in(req->arena);
    cairn_json_records(&w, &part_record, parts, 2);
    assert_str(
        cairn_json_writer_text(&w), "[{\"name\":\"a\",\"size\":1},{\"name\":null,\"size\":2}]");
}

static void what_is_flagged_is_left_out(void **state)
{
    const struct cairn_http_request *req = *state;
    struct thing thing = {.has_extra = true, .extra = 7};
    struct cairn_json_writer with = cairn_json_writer_in(req->arena);
    cairn_json_record(&with, &thing_record, &thing);
    thing.has_extra = false;
    struct cairn_json_writer without = cairn_json_writer_in(req->arena);
    cairn_json_record(&without, &thing_record, &thing);
    assert_int_equal(cairn_json_writer_text(&with).length,
        cairn_json_writer_text(&without).length + strlen("\"extra\":7,"));
}

static void what_has_no_name_or_number_is_a_500(void **state)
{
    struct thing thing = {.kind = (enum kind)3};
    assert_int_equal(cairn_http_json_record(*state, 200, &thing_record, &thing)->status, 500);
    thing = (struct thing){.real = NAN};
    assert_int_equal(cairn_http_json_record(*state, 200, &thing_record, &thing)->status, 500);
}

struct odd {
    struct cairn_str part;
};
static const struct cairn_field odd_fields[] = {CAIRN_FIELD_OBJECT(struct odd, part, &part_record)};
static const struct cairn_record odd_record = CAIRN_RECORD(struct odd, odd_fields);

static void write_odd(void *req)
{
    const struct odd odd = {CAIRN_STR("x")};
    cairn_http_json_record(req, 200, &odd_record, &odd);
}

static void a_table_of_another_struct_is_an_assertion(void **state)
{
    assert_string_equal(cairn_test_misuse(write_odd, *state),
        "part: the table of this field is that of another struct");
}

static struct cairn_random dice = {1};

static uint64_t random_next(void)
{
    return cairn_random_next_u64(&dice);
}

static size_t random_below(size_t n)
{
    return (size_t)cairn_random_range(&dice, 0, n);
}

static struct cairn_str random_text(void)
{
    static const char *const texts[] = {
        "", "a", "\"\\/", "\n\t\x01", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x97\xbf", "\xe2\x80\xa8"};
    return cairn_str_from(texts[random_below(sizeof(texts) / sizeof(*texts))]);
}

static double random_real(void)
{
    const uint64_t bits = random_next();
    double value;
    memcpy(&value, &bits, sizeof(value));
    return isfinite(value) ? value : 1;
}

static struct part random_part(void)
{
    return (struct part){random_text(), (int32_t)random_next()};
}

struct lists {
    struct part parts[3];
    double reals[3];
    enum kind kinds[3];
};

static struct thing random_thing(struct lists *lists)
{
    for (size_t i = 0; i < 3; i++) {
        lists->parts[i] = random_part();
        lists->reals[i] = random_real();
        lists->kinds[i] = (enum kind)random_below(3);
    }
    struct thing thing = {
        .flag = random_next() & 1,
        .i32 = (int32_t)random_next(),
        .i64 = (int64_t)random_next(),
        .u32 = (uint32_t)random_next(),
        .u64 = random_next() >> 1, /* what jansson reads */
        .real = random_real(),
        .text = random_text(),
        .kind = (enum kind)random_below(3),
        .part = random_part(),
        .has_extra = random_next() & 1,
        .parts = lists->parts,
        .part_count = random_below(4),
        .reals = lists->reals,
        .real_count = random_below(4),
        .kinds = lists->kinds,
        .kind_count = random_below(4),
    };
    for (size_t i = 0; i < sizeof(thing.id.bytes); i++)
        thing.id.bytes[i] = (unsigned char)random_next();
    thing.extra = thing.has_extra ? (int64_t)random_next() : 0;
    return thing;
}

static void assert_same_part(const struct part *a, const struct part *b)
{
    assert_true(cairn_str_equal(a->name, b->name));
    assert_int_equal(a->size, b->size);
}

static void assert_same_lists(const struct thing *a, const struct thing *b)
{
    assert_int_equal(a->part_count, b->part_count);
    for (size_t i = 0; i < a->part_count; i++)
        assert_same_part(&a->parts[i], &b->parts[i]);
    assert_int_equal(a->real_count, b->real_count);
    for (size_t i = 0; i < a->real_count; i++)
        assert_true(a->reals[i] == b->reals[i]);
    assert_int_equal(a->kind_count, b->kind_count);
    for (size_t i = 0; i < a->kind_count; i++)
        assert_int_equal(a->kinds[i], b->kinds[i]);
}

static void assert_same(const struct thing *a, const struct thing *b)
{
    assert_int_equal(a->flag, b->flag);
    assert_int_equal(a->i32, b->i32);
    assert_true(a->i64 == b->i64);
    assert_int_equal(a->u32, b->u32);
    assert_true(a->u64 == b->u64);
    assert_true(a->real == b->real);
    assert_true(cairn_str_equal(a->text, b->text));
    assert_memory_equal(a->id.bytes, b->id.bytes, sizeof(a->id.bytes));
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->has_extra, b->has_extra);
    assert_true(a->extra == b->extra);
    assert_same_part(&a->part, &b->part);
    assert_same_lists(a, b);
}

static void what_is_written_is_bound_again(void **state)
{
    (void)state;
    for (int i = 0; i < 10000; i++) {
        struct cairn_arena *arena = cairn_arena_new(NULL);
        struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/");
        struct lists lists;
        const struct thing thing = random_thing(&lists);
        struct thing back = {0};
        struct cairn_http_rejection no;
        struct cairn_json_writer w = cairn_json_writer_in(arena);
        cairn_json_record(&w, &thing_record, &thing);
        req->body = cairn_json_writer_text(&w);
        cairn_http_fields_add(
            &req->fields, CAIRN_STR("Content-Type"), CAIRN_STR("application/json"));
        assert_true(cairn_http_bind_json(req, &thing_record, &back, NULL, &no));
        assert_same(&thing, &back);
        cairn_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        request_test(fields_are_written_in_the_order_of_the_table),
        request_test(a_list_is_an_array),
        request_test(what_is_flagged_is_left_out),
        request_test(what_has_no_name_or_number_is_a_500),
        request_test(a_table_of_another_struct_is_an_assertion),
        cmocka_unit_test(what_is_written_is_bound_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
