#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/json.h>
#include <cairn/testkit/alloc.h>

static enum cairn_json_fault fault_of(const char *text, const struct cairn_json_limits *limits)
{
    struct cairn_json_error error;
    struct json_t *json = cairn_json_parse(cairn_str_from(text), limits, &error);
    assert_int_equal(json != NULL, error.fault == CAIRN_JSON_OK);
    cairn_json_free(json);
    return error.fault;
}

static void any_value_is_read(void **state)
{
    static const char *const texts[] = {"{}", "[]", "1", "-1.5e3", "\"x\"", "true", "false", "null",
        " [1, {\"a\": [\"\\u0000]\\\"\"]}] "};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        assert_int_equal(fault_of(texts[i], NULL), CAIRN_JSON_OK);
}

static void what_is_no_json_is_refused(void **state)
{
    static const char *const texts[] = {"", " ", "{", "[1,]", "{\"a\"}", "nul", "'x'", "1 2", "01",
        "\"\n\"", "\"\xff\"", "\"\\ud800\"", "99999999999999999999", "1e999", "\"\\"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        assert_int_equal(fault_of(texts[i], NULL), CAIRN_JSON_SYNTAX);
}

static void the_absent_text_is_no_json(void **state)
{
    struct cairn_json_error error;
    (void)state;
    assert_null(cairn_json_parse(cairn_str_of(NULL, 0), NULL, &error));
    assert_int_equal(error.fault, CAIRN_JSON_SYNTAX);
}

static void an_error_says_where_it_is(void **state)
{
    struct cairn_json_error error;
    (void)state;
    assert_null(cairn_json_parse(CAIRN_STR("{\n  \"a\": x\n}"), NULL, &error));
    assert_int_equal(error.fault, CAIRN_JSON_SYNTAX);
    assert_int_equal(error.line, 2);
    assert_int_equal(error.column, 8);
    assert_string_equal(error.text, "invalid token near 'x'");
}

static void a_name_that_comes_twice_is_refused(void **state)
{
    (void)state;
    assert_int_equal(fault_of("{\"a\":1,\"a\":2}", NULL), CAIRN_JSON_DUPLICATE);
}

static void depth_is_counted_outside_of_strings(void **state)
{
    const struct cairn_json_limits limits = {.max_depth = 2};
    (void)state;
    assert_int_equal(fault_of("[{}, [\"[[[[\\\"[{\"]]", &limits), CAIRN_JSON_OK);
    assert_int_equal(fault_of("[[[]]]", &limits), CAIRN_JSON_TOO_DEEP);
}

static void the_depth_is_64_by_default(void **state)
{
    char text[2 * 65 + 1] = {0};
    (void)state;
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    assert_int_equal(fault_of(text, NULL), CAIRN_JSON_OK);
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    assert_int_equal(fault_of(text, NULL), CAIRN_JSON_TOO_DEEP);
}

static void too_many_bytes_or_values_are_refused(void **state)
{
    (void)state;
    const struct cairn_json_limits bytes = {.max_bytes = 4};
    const struct cairn_json_limits values = {.max_values = 3};
    assert_int_equal(fault_of("[12]", &bytes), CAIRN_JSON_OK);
    assert_int_equal(fault_of("[123]", &bytes), CAIRN_JSON_TOO_LARGE);
    assert_int_equal(fault_of("[1,2]", &values), CAIRN_JSON_OK);
    assert_int_equal(fault_of("[1,2,3]", &values), CAIRN_JSON_TOO_LARGE);
    assert_int_equal(fault_of("[[],[]]", &values), CAIRN_JSON_TOO_LARGE);
}

static void parse_with_what_memory_there_is(void *cx)
{
    struct cairn_json_error error;
    (void)cx;
    struct json_t *json =
        cairn_json_parse(CAIRN_STR("{\"a\":[1,2.5,\"x\",true],\"b\":{}}"), NULL, &error);
    /* jansson takes a string whose copy it has no memory for as one that is not there. */
    if (cairn_test_alloc_has_failed() && error.fault != CAIRN_JSON_SYNTAX)
        assert_int_equal(error.fault, CAIRN_JSON_NO_MEMORY);
    assert_int_equal(json == NULL, cairn_test_alloc_has_failed());
    cairn_json_free(json);
}

static void without_memory_there_is_an_error(void **state)
{
    (void)state;
    json_set_alloc_funcs(cairn_alloc, cairn_free);
    assert_true(cairn_test_each_allocation(parse_with_what_memory_there_is, NULL) > 10);
    json_set_alloc_funcs(malloc, free);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_value_is_read),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(the_absent_text_is_no_json),
        cmocka_unit_test(an_error_says_where_it_is),
        cmocka_unit_test(a_name_that_comes_twice_is_refused),
        cmocka_unit_test(depth_is_counted_outside_of_strings),
        cmocka_unit_test(the_depth_is_64_by_default),
        cmocka_unit_test(too_many_bytes_or_values_are_refused),
        cmocka_unit_test(without_memory_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
