#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include <cairn/http/media_type.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/media_type_reference.h>

static void assert_str(struct cairn_str s, const char *expected)
{
    assert_int_equal(s.data == NULL, expected == NULL);
    if (!expected)
        return;
    assert_int_equal(s.length, strlen(expected));
    assert_memory_equal(s.data, expected, s.length);
}

static struct cairn_http_media_type parsed(const char *text)
{
    struct cairn_http_media_type type;
    assert_true(cairn_http_media_type_parse(cairn_str_from(text), &type));
    return type;
}

static void assert_param(const char *text, const char *name, const char *expected)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_media_type type = parsed(text);
    struct cairn_str value;
    assert_int_equal(cairn_http_media_type_param(&type, name, arena, &value), expected != NULL);
    assert_str(value, expected);
    cairn_arena_free(arena);
}

static void a_type_has_its_parts(void **state)
{
    (void)state;
    struct cairn_http_media_type type = parsed(" application/problem+json ; charset=utf-8 ");
    assert_str(type.type, "application");
    assert_str(type.subtype, "problem+json");
    assert_str(type.suffix, "json");
    type = parsed("a/b");
    assert_str(type.suffix, NULL);
    assert_str(parsed("a/b+c+d").suffix, "d");
    assert_str(parsed("a/b+").suffix, "");
    assert_str(parsed("a/+xml").suffix, "xml");
}

static void a_type_is_compared_without_case_and_parameters(void **state)
{
    (void)state;
    struct cairn_http_media_type type = parsed("Application/JSON;charset=utf-8");
    assert_true(cairn_http_media_type_is(&type, "application/json"));
    assert_true(cairn_http_media_type_is(&type, "APPLICATION/"));
    assert_true(cairn_http_media_type_is(&type, "+json"));
    assert_false(cairn_http_media_type_is(&type, "application/jso"));
    assert_false(cairn_http_media_type_is(&type, "applicatio/json"));
    assert_false(cairn_http_media_type_is(&type, "text/json"));
    assert_false(cairn_http_media_type_is(&type, "text/"));
    assert_false(cairn_http_media_type_is(&type, "application"));
    assert_false(cairn_http_media_type_is(&type, "+xml"));
    assert_false(cairn_http_media_type_is(&type, "+"));
    assert_false(cairn_http_media_type_is(&type, ""));
}

static void a_suffix_counts_as_the_subtype(void **state)
{
    (void)state;
    struct cairn_http_media_type type = parsed("application/problem+json");
    assert_true(cairn_http_media_type_is(&type, "+json"));
    assert_true(cairn_http_media_type_is(&type, "application/problem+json"));
    assert_false(cairn_http_media_type_is(&type, "application/json"));
    type = parsed("application/json+xml");
    assert_false(cairn_http_media_type_is(&type, "+json"));
}

static void parameters_are_found_without_case(void **state)
{
    (void)state;
    assert_param("a/b;x=1;Charset=UTF-8", "charset", "UTF-8");
    assert_param("a/b;x=1", "charset", NULL);
    assert_param("a/b;x=1;x=2", "x", "1");
    assert_param("a/b;;; ;x=1; ", "x", "1");
    assert_param("a/b\t;\tx=1\t", "x", "1");
    assert_param("a/b;y=\";x=2\";x=1", "x", "1");
    assert_param("multipart/form-data; boundary=----WebKitFormBoundaryAb1", "boundary",
        "----WebKitFormBoundaryAb1");
}

static void quotes_and_escapes_are_undone(void **state)
{
    (void)state;
    assert_param("a/b;x=\"\"", "x", "");
    assert_param("a/b;x=\"a b;c=d\"", "x", "a b;c=d");
    assert_param("a/b;x=\"\\\"\\\\\\a\"", "x", "\"\\a");
    assert_param("a/b;x=\"\xc3\xa9\"", "x", "\xc3\xa9");
}

static void what_is_malformed_is_refused(void **state)
{
    static const char *const malformed[] = {"", " ", "a", "a/", "/b", "a//b", "a/b/c", "a /b",
        "a/ b", "a/b c", "a/b,c", "a/b;x", "a/b;x=", "a/b;=1", "a/b;x =1", "a/b;x= 1",
        "a/b;x=1 y=2", "a/b;x=\"", "a/b;x=\"1", "a/b;x=\"\\\"", "a/b;x=\"\\", "a/b;x=\"1\"2",
        "a/b;x=1\"2\"", "a/b;x=\"\x01\"", "a/b;x=\"\x7f\"", "a/b;x=\"\\\n\"", "a/b;x=(1)",
        "\"a/b\"", "a/b x=1", "\xc3\xa9/b"};
    struct cairn_http_media_type type;
    (void)state;
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
        assert_false(cairn_http_media_type_parse(cairn_str_from(malformed[i]), &type));
    assert_false(cairn_http_media_type_parse(CAIRN_STR("a/b\0"), &type));
    assert_false(cairn_http_media_type_parse(cairn_str_of(NULL, 0), &type));
}

static bool of_fields(const char *first, const char *second)
{
    struct cairn_http_media_type type;
    struct cairn_http_field items[] = {{CAIRN_STR_INIT("content-type"), cairn_str_from(first)},
        {CAIRN_STR_INIT("Content-Type"), cairn_str_from(second)}};
    struct cairn_http_fields fields = {
        .items = items, .count = (size_t)(first != NULL) + (second != NULL)};
    return cairn_http_media_type_of(&fields, &type);
}

static void one_field_gives_a_type_and_two_give_none(void **state)
{
    (void)state;
    assert_true(of_fields("a/b", NULL));
    assert_false(of_fields(NULL, NULL));
    assert_false(of_fields("a", NULL));
    assert_false(of_fields("a/b", "a/b"));
}

static void utf_8_is_what_says_so_and_what_says_nothing(void **state)
{
    static const char *const utf8[] = {"a/b", "a/b;charset=utf-8", "a/b;charset=\"UTF-8\"",
        "a/b;x=1;CHARSET=\"Utf\\-8\"", "a/b;charset=us-ascii"};
    static const char *const other[] = {
        "a/b;charset=iso-8859-1", "a/b;charset=utf-16", "a/b;charset=\"\"", "a/b;charset=utf-80"};
    struct cairn_http_media_type type;
    (void)state;
    for (size_t i = 0; i < sizeof(utf8) / sizeof(utf8[0]); i++) {
        type = parsed(utf8[i]);
        assert_true(cairn_http_media_type_is_utf8(&type));
    }
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        type = parsed(other[i]);
        assert_false(cairn_http_media_type_is_utf8(&type));
    }
}

/* The value is longer than a chunk of the arena, so that it has to be allocated. */
static void an_escaped_value_without_memory_is_told_from_none(void **state)
{
    char text[5000] = "a/b;x=\"\\";
    struct cairn_str value;
    (void)state;
    memset(text + strlen(text), 'a', sizeof(text) - 2 - strlen(text));
    text[sizeof(text) - 2] = '"';
    struct cairn_http_media_type type = parsed(text);
    cairn_test_alloc_begin();
    struct cairn_arena *arena = cairn_arena_new(NULL);
    cairn_test_alloc_fail_at(1);
    assert_int_equal(cairn_http_media_type_param(&type, "x", arena, &value), -1);
    assert_null(value.data);
    assert_int_equal(cairn_http_media_type_param(&type, "x", arena, &value), 1);
    assert_int_equal(value.length, sizeof(text) - 10);
    cairn_arena_free(arena);
    cairn_test_alloc_end();
}

static void assert_like_the_reference(struct cairn_arena *arena, const char *text)
{
    char type[512];
    char subtype[512];
    char value[512];
    struct cairn_http_media_type found;
    struct cairn_str copy = cairn_str_from(text);
    char *block = cairn_alloc(copy.length + 1);
    assert_non_null(block);
    memcpy(block, copy.data, copy.length);
    block = cairn_resize(block, copy.length ? copy.length : 1);
    copy.data = block;
    bool is_one = cairn_http_media_type_parse(copy, &found);
    if (is_one != media_type_reference(text, type, subtype))
        fail_msg("%s: %d", text, is_one);
    if (is_one) {
        struct cairn_str param;
        assert_str(found.type, type);
        assert_str(found.subtype, subtype);
        int has = cairn_http_media_type_param(&found, "x", arena, &param);
        if (has != media_type_reference_param(text, "x", value))
            fail_msg("%s: %d", text, has);
        if (has)
            assert_str(param, value);
    }
    cairn_free(block);
}

static void random_texts_are_read_like_the_reference(void **state)
{
    static const char *const pieces[] = {"a", "/", "a/b", "a/b;x=1", "+json", ";", ";x=", "; X=\"",
        "\"", "\\", " ", "\t", "=", ",", "x", "x=1", "\"a\\\"b\"", "\"\"", "\x80", "\x01", "*",
        ";y=1", ";y=\";x=2\""};
    uint64_t seed = 1;
    (void)state;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    for (int round = 0; round < 100000; round++) {
        char text[256] = "";
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        for (size_t i = 0, count = (seed >> 40) % 8; i < count; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            strcat(text, i == 0 && seed >> 62 ? "a/b" : pieces[(seed >> 33) % 23]);
        }
        assert_like_the_reference(arena, text);
    }
    cairn_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_type_has_its_parts),
        cmocka_unit_test(a_type_is_compared_without_case_and_parameters),
        cmocka_unit_test(a_suffix_counts_as_the_subtype),
        cmocka_unit_test(parameters_are_found_without_case),
        cmocka_unit_test(quotes_and_escapes_are_undone),
        cmocka_unit_test(what_is_malformed_is_refused),
        cmocka_unit_test(one_field_gives_a_type_and_two_give_none),
        cmocka_unit_test(utf_8_is_what_says_so_and_what_says_nothing),
        cmocka_unit_test(an_escaped_value_without_memory_is_told_from_none),
        cmocka_unit_test(random_texts_are_read_like_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
