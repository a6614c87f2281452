#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>

#include "bind_rig.h"

#include <cairn/http/json.h>

struct address {
    struct cairn_str city;
    uint32_t zip;
};
static const struct cairn_field address_fields[] = {
    CAIRN_FIELD_STRING(struct address, city, .required = true, .min_length = 1),
    CAIRN_FIELD_UINT(struct address, zip),
};
static const struct cairn_record address_record =
    CAIRN_RECORD(struct address, address_fields, .refuses_unknown = true);

enum role { GUEST, ADMIN };
static const char *const role_names[] = {"guest", "admin"};

struct user {
    struct cairn_str name;
    int32_t age;
    double height;
    bool is_active;
    uint64_t points;
    struct cairn_uuid id;
    enum role role;
    struct address home;
    struct address *others;
    size_t other_count;
    struct cairn_str *tags;
    size_t tag_count;
    bool *flags;
    size_t flag_count;
};

static const char *is_calm(const void *value)
{
    const struct cairn_str *s = value;
    return s->length > 0 && memchr(s->data, '!', s->length) ? "must be calm" : NULL;
}

static const char *home_is_known(const void *value)
{
    const struct address *address = value;
    return address->zip == 13 ? "must be a place to live" : NULL;
}

static const struct cairn_field user_fields[] = {
    CAIRN_FIELD_STRING(struct user, name, .required = true, .max_length = 8, .check = is_calm),
    CAIRN_FIELD_INT(struct user, age, .min = 1, .max = 150),
    CAIRN_FIELD_DOUBLE(struct user, height),
    CAIRN_FIELD_BOOL(struct user, is_active, .as = "isActive", .otherwise = "true"),
    CAIRN_FIELD_UINT(struct user, points),
    CAIRN_FIELD_UUID(struct user, id),
    CAIRN_FIELD_ENUM(struct user, role, role_names, .otherwise = "guest"),
    CAIRN_FIELD_OBJECT(struct user, home, &address_record, .check = home_is_known),
    CAIRN_FIELD_OBJECT_ARRAY(struct user, others, other_count, &address_record, .max_count = 2),
    CAIRN_FIELD_ARRAY(struct user, tags, tag_count, .as = "a/b~c d", .max_length = 3),
    CAIRN_FIELD_ARRAY(struct user, flags, flag_count),
};
static const struct cairn_record user_record = CAIRN_RECORD(struct user, user_fields);

static void say(struct cairn_http_request *req, const char *type, const char *body)
{
    req->fields.count = 0;
    if (type)
        assert_int_equal(
            cairn_http_fields_add(&req->fields, CAIRN_STR("Content-Type"), cairn_str_from(type)),
            0);
    req->body = cairn_str_from(body);
}

static bool bind(struct cairn_http_request *req, const char *body, struct user *user,
    struct cairn_http_rejection *no)
{
    say(req, "application/json", body);
    *user = (struct user){0};
    return cairn_http_bind_json(req, &user_record, user, NULL, no);
}

static void every_type_is_read_from_json(void **state)
{
    struct user user;
    struct cairn_http_rejection no;
    assert_true(bind(*state,
        "{\"name\":\"Ann\",\"age\":30,\"height\":1.75,\"isActive\":false,"
        "\"points\":9223372036854775807,\"id\":\"0189f1e2-4b1c-7d3a-9e5f-0123456789ab\","
        "\"role\":\"admin\",\"home\":{\"city\":\"Bern\",\"zip\":3000},"
        "\"others\":[{\"city\":\"Rom\"},{\"zip\":1,\"city\":\"Ur\"}],"
        "\"a/b~c d\":[\"x\",\"\"],\"flags\":[true,false],\"extra\":[{}]}",
        &user, &no));
    assert_str(user.name, "Ann");
    assert_int_equal(user.age, 30);
    assert_true(user.height == 1.75);
    assert_false(user.is_active);
    assert_true(user.points == INT64_MAX);
    assert_int_equal(user.id.bytes[15], 0xab);
    assert_int_equal(user.role, ADMIN);
    assert_str(user.home.city, "Bern");
    assert_int_equal(user.home.zip, 3000);
    assert_int_equal(user.other_count, 2);
    assert_str(user.others[0].city, "Rom");
    assert_int_equal(user.others[0].zip, 0);
    assert_int_equal(user.others[1].zip, 1);
    assert_int_equal(user.tag_count, 2);
    assert_str(user.tags[0], "x");
    assert_str(user.tags[1], "");
    assert_int_equal(user.flag_count, 2);
    assert_true(user.flags[0]);
    assert_false(user.flags[1]);
}

static void null_is_as_good_as_absent_and_empty_arrays_are_empty(void **state)
{
    struct user user;
    struct cairn_http_rejection no;
    assert_true(bind(*state,
        "{\"name\":\"A\",\"age\":null,\"isActive\":null,\"home\":null,\"flags\":[],\"others\":"
        "null}",
        &user, &no));
    assert_true(user.is_active);
    assert_int_equal(user.role, GUEST);
    assert_null(user.flags);
    assert_int_equal(user.flag_count, 0);
    assert_false(bind(*state, "{\"name\":null}", &user, &no));
    assert_violations(&no, "#/name is required");
}

static void strings_outlive_the_tree(void **state)
{
    struct user user;
    struct cairn_http_rejection no;
    char *body = strdup("{\"name\":\"Ann\"}");
    assert_true(bind(*state, body, &user, &no));
    memset(body, 'x', strlen(body));
    free(body);
    assert_str(user.name, "Ann");
    assert_int_equal(user.name.data[3], '\0');
}

static void a_whole_number_will_do_for_a_double_only(void **state)
{
    struct user user;
    struct cairn_http_rejection no;
    assert_true(bind(*state, "{\"name\":\"A\",\"height\":2}", &user, &no));
    assert_true(user.height == 2);
    assert_false(bind(*state, "{\"name\":\"A\",\"age\":2.0}", &user, &no));
    assert_violations(&no, "#/age must be a whole number from 1 to 150");
}

static void every_violation_is_listed_with_its_pointer(void **state)
{
    struct user user;
    struct cairn_http_rejection no;
    assert_false(bind(*state,
        "{\"name\":\"A!\",\"age\":\"7\",\"height\":\"1\",\"isActive\":1,\"points\":-1,\"id\":7,"
        "\"role\":\"root\",\"home\":{\"zip\":4294967296,\"street\":\"x\"},"
        "\"others\":[{\"city\":\"\"},[]],\"a/b~c d\":[\"abcd\",null,\"abc\"],\"flags\":true}",
        &user, &no));
    assert_int_equal(no.reason, CAIRN_HTTP_REJECTION_DATA);
    assert_int_equal(no.status, 422);
    assert_true(no.is_json);
    assert_violations(&no, "#/name must be calm; "
                           "#/age must be a whole number from 1 to 150; "
                           "#/height must be a number; "
                           "#/isActive must be true or false; "
                           "#/points must be a whole number of at least 0; "
                           "#/id must be a UUID; "
                           "#/role must be one of: guest, admin; "
                           "#/home/city is required; "
                           "#/home/zip must be a whole number from 0 to 4294967295; "
                           "#/home/street is unknown; "
                           "#/others/0/city must be a string of at least 1 bytes; "
                           "#/others/1 must be an object; "
                           "#/a~1b~0c%20d/0 must be a string of at most 3 bytes; "
                           "#/a~1b~0c%20d/1 must be a string of at most 3 bytes; "
                           "#/flags must be an array");
}

static void a_pointer_has_room_for_each_byte_that_is_escaped(void **state)
{
    struct user user;
    struct cairn_http_rejection no;
    assert_false(bind(*state,
        "{\"name\":\"A\",\"home\":{\"city\":\"Ur\","
        "\"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\":1}}",
        &user, &no));
    assert_violations(&no, "#/home/%E2%82%AC%E2%82%AC%E2%82%AC%E2%82%AC is unknown");
}

static void what_is_within_is_looked_at_before_the_whole(void **state)
{
    struct user user;
    struct cairn_http_rejection no;
    assert_false(
        bind(*state, "{\"name\":\"A\",\"home\":{\"city\":\"Bern\",\"zip\":13}}", &user, &no));
    assert_violations(&no, "#/home must be a place to live");
    assert_false(bind(*state, "{\"name\":\"A\",\"home\":{\"zip\":13}}", &user, &no));
    assert_violations(&no, "#/home/city is required");
    assert_false(bind(*state, "{\"name\":\"A\",\"home\":[]}", &user, &no));
    assert_violations(&no, "#/home must be an object");
}

static void a_nul_in_a_string_is_a_violation(void **state)
{
    struct user user;
    struct cairn_http_rejection no;
    assert_false(bind(*state, "{\"name\":\"A\\u0000B\"}", &user, &no));
    assert_violations(&no, "#/name must be a string of at most 8 bytes");
}

static void what_is_no_object_is_a_violation_at_the_root(void **state)
{
    struct user user;
    struct cairn_http_rejection no;
    assert_false(bind(*state, "[]", &user, &no));
    assert_int_equal(no.status, 422);
    assert_violations(&no, "# must be an object");
}

static void broken_json_is_a_400_with_its_place(void **state)
{
    struct user user;
    struct cairn_http_rejection no;
    assert_false(bind(*state, "{\n  \"name\": x\n}", &user, &no));
    assert_int_equal(no.reason, CAIRN_HTTP_REJECTION_SYNTAX);
    assert_int_equal(no.status, 400);
    assert_int_equal(no.line, 2);
    assert_int_equal(no.column, 11);
    assert_string_equal(
        no.detail, "the body is not JSON: line 2, column 11: invalid token near 'x'");
    assert_false(bind(*state, "", &user, &no));
    assert_int_equal(no.status, 400);
    assert_int_equal(cairn_http_reject(*state, &no)->status, 400);
}

static void a_name_twice_and_too_deep_are_422_and_too_large_is_413(void **state)
{
    struct user user;
    struct cairn_http_rejection no;
    const struct cairn_json_limits limits = {.max_depth = 2, .max_values = 8};
    assert_false(bind(*state, "{\"name\":\"A\",\"name\":\"B\"}", &user, &no));
    assert_int_equal(no.status, 422);
    assert_string_equal(no.detail, "an object has a name twice");
    assert_int_equal(no.line, 1);
    say(*state, "application/json", "{\"name\":\"A\",\"x\":[[]]}");
    assert_false(cairn_http_bind_json(*state, &user_record, &user, &limits, &no));
    assert_int_equal(no.status, 422);
    say(*state, "application/json", "{\"name\":\"A\",\"x\":[1,2,3,4,5,6]}");
    assert_false(cairn_http_bind_json(*state, &user_record, &user, &limits, &no));
    assert_int_equal(no.status, 413);
    assert_int_equal(no.reason, CAIRN_HTTP_REJECTION_TOO_LARGE);
}

static void the_content_type_has_to_be_json(void **state)
{
    static const struct {
        const char *type;
        bool is_json;
    } table[] = {{"application/json", true}, {"Application/JSON; charset=utf-8", true},
        {"application/merge-patch+json", true}, {"text/plain", false}, {"application/jsonx", false},
        {"application/x+jsonp", false}, {"json", false}, {NULL, false}};
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct user user = {0};
        struct cairn_http_rejection no = {.status = 0};
        say(*state, table[i].type, "{\"name\":\"A\"}");
        assert_int_equal(
            cairn_http_bind_json(*state, &user_record, &user, NULL, &no), table[i].is_json);
        assert_int_equal(no.status, table[i].is_json ? 0 : 415);
    }
}

static void a_body_may_be_left_out(void **state)
{
    say(*state, NULL, "");
    assert_false(cairn_http_has_json(*state));
    say(*state, NULL, "{}");
    assert_true(cairn_http_has_json(*state));
    say(*state, "application/json", "");
    assert_true(cairn_http_has_json(*state));
}

struct node {
    struct node *children;
    size_t child_count;
};
static const struct cairn_record node_record;
static const struct cairn_field node_fields[] = {
    CAIRN_FIELD_OBJECT_ARRAY(struct node, children, child_count, &node_record, .as = "c")};
static const struct cairn_record node_record = CAIRN_RECORD(struct node, node_fields);

static void a_table_may_nest_in_itself(void **state)
{
    struct node node = {0};
    struct cairn_http_rejection no;
    say(*state, "application/json", "{\"c\":[{\"c\":[{},{}]},{}]}");
    assert_true(cairn_http_bind_json(*state, &node_record, &node, NULL, &no));
    assert_int_equal(node.child_count, 2);
    assert_int_equal(node.children[0].child_count, 2);
    assert_int_equal(node.children[1].child_count, 0);
}

static void bind_with_what_memory_there_is(void *cx)
{
    static const char *const bodies[] = {
        "{\"name\":\"Ann\",\"a/b~c d\":[\"x\",\"y\"],\"others\":[{\"city\":\"Rom\"}]}",
        "{\"name\":7,\"others\":[{\"city\":7}]}", "{\"name\" 7}"};
    (void)cx;
    cairn_test_alloc_exempt(true);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/");
    say(req, "application/json", "");
    cairn_test_alloc_exempt(false);
    for (size_t i = 0; i < 60; i++) {
        struct user user = {0};
        struct cairn_http_rejection no;
        req->body = cairn_str_from(bodies[i % 3]);
        bool is_bound = cairn_http_bind_json(req, &user_record, &user, NULL, &no);
        if (!cairn_test_alloc_has_failed())
            assert_int_equal(is_bound, i % 3 == 0);
        if (!is_bound && no.reason == CAIRN_HTTP_REJECTION_NO_MEMORY)
            assert_int_equal(no.status, 503);
    }
    cairn_arena_free(arena);
}

static void lack_of_memory_is_a_rejection(void **state)
{
    (void)state;
    json_set_alloc_funcs(cairn_alloc, cairn_free);
    assert_true(cairn_test_each_allocation(bind_with_what_memory_there_is, NULL) > 100);
    json_set_alloc_funcs(malloc, free);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        request_test(every_type_is_read_from_json),
        request_test(null_is_as_good_as_absent_and_empty_arrays_are_empty),
        request_test(strings_outlive_the_tree),
        request_test(a_whole_number_will_do_for_a_double_only),
        request_test(every_violation_is_listed_with_its_pointer),
        request_test(a_pointer_has_room_for_each_byte_that_is_escaped),
        request_test(what_is_within_is_looked_at_before_the_whole),
        request_test(a_nul_in_a_string_is_a_violation),
        request_test(what_is_no_object_is_a_violation_at_the_root),
        request_test(broken_json_is_a_400_with_its_place),
        request_test(a_name_twice_and_too_deep_are_422_and_too_large_is_413),
        request_test(the_content_type_has_to_be_json),
        request_test(a_body_may_be_left_out),
        request_test(a_table_may_nest_in_itself),
        cmocka_unit_test(lack_of_memory_is_a_rejection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
