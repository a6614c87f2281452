#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/json/json_number.h>
#include <cairn/http/json_writer.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/misuse.h>

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

static struct cairn_arena *arena_of(void **state)
{
    struct cairn_http_request *req = *state;
    return req->arena;
}

static void assert_str(struct cairn_str s, const char *expected)
{
    assert_non_null(s.data);
    assert_int_equal(s.length, strlen(expected));
    assert_memory_equal(s.data, expected, s.length);
}

static void assert_text(const struct cairn_json_writer *w, const char *expected)
{
    assert_int_equal(w->error, CAIRN_JSON_WRITER_OK);
    assert_str(cairn_json_writer_text(w), expected);
}

/* One of everything. */
static const char everything[] =
    "{\"id\":-7,\"big\":18446744073709551615,\"name\":\"a\\\"b\",\"none\":null,\"also\":null,"
    "\"yes\":true,\"no\":false,\"part\":0.5,\"raw\":{\"x\":1},\"list\":[1,[],{},\"\"],\"k\\u000a\":"
    "\"\"}";

static void write_list(struct cairn_json_writer *w)
{
    cairn_json_array(w);
    cairn_json_int(w, 1);
    cairn_json_array(w);
    cairn_json_end(w);
    cairn_json_object(w);
    cairn_json_end(w);
    cairn_json_text(w, "");
    cairn_json_end(w);
}

static void write_everything(struct cairn_json_writer *w)
{
    cairn_json_object(w);
    cairn_json_key(w, "id");
    cairn_json_int(w, -7);
    cairn_json_key(w, "big");
    cairn_json_uint(w, UINT64_MAX);
    cairn_json_key(w, "name");
    cairn_json_text(w, "a\"b");
    cairn_json_key(w, "none");
    cairn_json_null(w);
    cairn_json_key(w, "also");
    cairn_json_text(w, NULL);
    cairn_json_key(w, "yes");
    cairn_json_bool(w, true);
    cairn_json_key(w, "no");
    cairn_json_bool(w, false);
    cairn_json_key(w, "part");
    cairn_json_double(w, 0.5);
    cairn_json_key(w, "raw");
    cairn_json_raw(w, CAIRN_STR("{\"x\":1}"));
    cairn_json_key(w, "list");
    write_list(w);
    cairn_json_key_str(w, CAIRN_STR("k\n"));
    cairn_json_string(w, cairn_str_of(NULL, 0));
    cairn_json_end(w);
}

static void commas_and_quotes_come_by_themselves(void **state)
{
    struct cairn_json_writer w = cairn_json_writer_in(arena_of(state));
    write_everything(&w);
    assert_text(&w, everything);
}

static void a_buffer_is_enough_or_full(void **state)
{
    (void)state;
    for (size_t size = 0; size <= sizeof(everything); size++) {
        char *buffer =
            malloc(size ? size : 1); /* of its own size, so that a byte too many is seen */
        struct cairn_json_writer w = cairn_json_writer_of(buffer, size);
        write_everything(&w);
        if (size >= sizeof(everything) - 1) {
            assert_text(&w, everything);
        } else {
            assert_int_equal(w.error, CAIRN_JSON_WRITER_FULL);
            assert_null(cairn_json_writer_text(&w).data);
        }
        free(buffer);
    }
}

static void any_value_may_stand_alone(void **state)
{
    char buffer[8];
    (void)state;
    struct cairn_json_writer w = cairn_json_writer_of(buffer, sizeof(buffer));
    cairn_json_bool(&w, true);
    assert_text(&w, "true");
}

static void text_grows_in_the_arena_as_long_as_it_gets(void **state)
{
    struct cairn_json_writer w = cairn_json_writer_in(arena_of(state));
    char long_text[5000];
    memset(long_text, '\n', sizeof(long_text)); /* six bytes each */
    cairn_json_array(&w);
    for (int i = 0; i < 3; i++)
        cairn_json_string(&w, cairn_str_of(long_text, sizeof(long_text)));
    cairn_json_end(&w);
    struct cairn_str text = cairn_json_writer_text(&w);
    assert_int_equal(text.length, 3 * (2 + 6 * sizeof(long_text)) + 4);
    assert_memory_equal(text.data + text.length - 8, "\\u000a\"]", 8);
}

static void a_block_that_doubles_may_still_be_too_small(void **state)
{
    struct cairn_json_writer w = cairn_json_writer_in(arena_of(state));
    char digits[700];
    memset(digits, '1', sizeof(digits));
    cairn_json_array(&w);
    cairn_json_string(&w, cairn_str_of(digits, 500));
    cairn_json_raw(&w, cairn_str_of(digits, sizeof(digits)));
    cairn_json_end(&w);
    struct cairn_str text = cairn_json_writer_text(&w);
    assert_int_equal(text.length, 500 + 700 + 5);
    assert_memory_equal(text.data + 504, digits, sizeof(digits));
}

static void lines_are_values_one_behind_the_other(void **state)
{
    struct cairn_json_writer w = cairn_json_writer_in(arena_of(state));
    cairn_json_int(&w, 1);
    cairn_json_line(&w);
    cairn_json_array(&w);
    cairn_json_end(&w);
    cairn_json_line(&w);
    assert_text(&w, "1\n[]\n");
    w.error = CAIRN_JSON_WRITER_FULL;
    cairn_json_line(&w);
    assert_int_equal(w.length, 5);
}

static void depth_ends_at_64(void **state)
{
    struct cairn_json_writer w = cairn_json_writer_in(arena_of(state));
    for (int i = 0; i < CAIRN_JSON_WRITER_MAX_DEPTH; i++)
        cairn_json_array(&w);
    struct cairn_json_writer deeper = w;
    for (int i = 0; i < CAIRN_JSON_WRITER_MAX_DEPTH; i++)
        cairn_json_end(&w);
    assert_int_equal(cairn_json_writer_text(&w).length, 128);
    cairn_json_object(&deeper);
    assert_int_equal(deeper.error, CAIRN_JSON_WRITER_DEPTH);
}

static void each_level_knows_what_it_is(void **state)
{
    struct cairn_json_writer w = cairn_json_writer_in(arena_of(state));
    cairn_json_object(&w);
    cairn_json_key(&w, "a");
    cairn_json_array(&w);
    cairn_json_end(&w);
    cairn_json_key(&w, "b");
    cairn_json_object(&w);
    cairn_json_end(&w);
    cairn_json_end(&w);
    assert_text(&w, "{\"a\":[],\"b\":{}}");
}

static void what_json_has_no_number_for_is_refused_and_the_error_stays(void **state)
{
    const double none[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 3; i++) {
        struct cairn_json_writer w = cairn_json_writer_in(arena_of(state));
        cairn_json_array(&w);
        cairn_json_double(&w, none[i]);
        size_t length = w.length;
        write_list(&w);
        cairn_json_key(&w, "x");
        cairn_json_text(&w, "x");
        cairn_json_double(&w, 1);
        assert_int_equal(w.length, length);
        assert_int_equal(w.error, CAIRN_JSON_WRITER_NUMBER);
        assert_null(cairn_json_writer_text(&w).data);
    }
}

static void assert_double(double value, const char *expected)
{
    char text[CAIRN__JSON_NUMBER_MOST];
    assert_str(cairn_str_of(text, cairn__json_double(value, text)), expected);
}

static void doubles_have_as_few_digits_as_they_need(void **state)
{
    (void)state;
    assert_double(0.0, "0.0");
    assert_double(-0.0, "-0.0");
    assert_double(1.0, "1.0");
    assert_double(0.1, "0.1");
    assert_double(-12.5, "-12.5");
    assert_double(1e22, "1e+22");
    assert_double(1e-7, "1e-07");
    assert_double(0.1 + 0.2, "0.30000000000000004");
    assert_double(5e-324, "4.94065645841247e-324");
    assert_double(1.7976931348623157e308, "1.7976931348623157e+308");
}

static void doubles_come_back_as_they_were(void **state)
{
    uint64_t bits = 88172645463325252U;
    (void)state;
    for (int i = 0; i < 100000; i++) {
        double value;
        char text[CAIRN__JSON_NUMBER_MOST + 1];
        bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
        memcpy(&value, &bits, sizeof(value));
        size_t length = cairn__json_double(value, text);
        assert_int_equal(length == 0, !isfinite(value));
        text[length] = '\0';
        if (length && strtod(text, NULL) != value)
            fail_msg("%a became %s", value, text);
    }
}

/* What printf says, in the locale of the program, which is C. */
static void assert_as_printf(double value)
{
    char expected[CAIRN__JSON_NUMBER_MOST];
    char text[CAIRN__JSON_NUMBER_MOST];
    int digits = 15;
    do
        snprintf(expected, sizeof(expected), "%.*g", digits++, value);
    while (strtod(expected, NULL) != value);
    if (!strpbrk(expected, ".e"))
        strcat(expected, ".0");
    size_t length = cairn__json_double(value, text);
    if (length != strlen(expected) || memcmp(text, expected, length) != 0)
        fail_msg("%s became %.*s", expected, (int)length, text);
}

static void short_numbers_are_as_printf_writes_them(void **state)
{
    uint64_t bits = 88172645463325252U;
    (void)state;
    for (int i = 0; i < 100000; i++) {
        static const double scales[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e9};
        bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
        double whole = (double)(bits >> (bits % 50 + 11));
        assert_as_printf((bits & 1 ? -whole : whole) / scales[(bits >> 20) % 9]);
    }
    static const double edges[] = {0.0, -0.0, 1e-4, 0.00009, 999999999999999, 1e15, 1e15 + 1,
        999999999.999999, 9999999999.999999, 0.1 + 0.2, 4503599627370496.5, 1e-6, 0.5};
    for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++)
        assert_as_printf(edges[i]);
}

static void every_decimal_point_becomes_a_point(void **state)
{
    (void)state;
    char comma[CAIRN__JSON_NUMBER_MOST] = "-1,5e+20";
    char arabic[CAIRN__JSON_NUMBER_MOST] = "1\xd9\xab"
                                           "25";
    char none[CAIRN__JSON_NUMBER_MOST] = "12";
    assert_str(cairn_str_of(comma, cairn__json_normalize(comma)), "-1.5e+20");
    assert_str(cairn_str_of(arabic, cairn__json_normalize(arabic)), "1.25");
    assert_str(cairn_str_of(none, cairn__json_normalize(none)), "12.0");
}

static void integers_are_whole_at_their_ends(void **state)
{
    struct cairn_json_writer w = cairn_json_writer_in(arena_of(state));
    cairn_json_array(&w);
    cairn_json_int(&w, INT64_MIN);
    cairn_json_int(&w, INT64_MAX);
    cairn_json_uint(&w, 0);
    cairn_json_end(&w);
    assert_text(&w, "[-9223372036854775808,9223372036854775807,0]");
}

static void value_without_key(void *w)
{
    cairn_json_object(w);
    cairn_json_null(w);
}

static void two_values(void *w)
{
    cairn_json_null(w);
    cairn_json_null(w);
}

static void key_in_array(void *w)
{
    cairn_json_array(w);
    cairn_json_key(w, "a");
}

static void key_after_key(void *w)
{
    cairn_json_object(w);
    cairn_json_key(w, "a");
    cairn_json_key(w, "b");
}

static void end_after_key(void *w)
{
    cairn_json_object(w);
    cairn_json_key(w, "a");
    cairn_json_end(w);
}

static void end_of_nothing(void *w)
{
    cairn_json_end(w);
}

static void line_of_a_part(void *w)
{
    cairn_json_array(w);
    cairn_json_line(w);
}

static void line_of_nothing(void *w)
{
    cairn_json_null(w);
    cairn_json_line(w);
    cairn_json_line(w);
}

static void text_of_a_part(void *w)
{
    cairn_json_array(w);
    cairn_json_writer_text(w);
}

static void text_of_nothing(void *w)
{
    cairn_json_writer_text(w);
}

static void what_is_no_json_is_an_assertion(void **state)
{
    static void (*const mistakes[])(void *) = {value_without_key, two_values, key_in_array,
        key_after_key, end_after_key, end_of_nothing, line_of_a_part, line_of_nothing,
        text_of_a_part, text_of_nothing};
    (void)state;
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
        char buffer[64];
        struct cairn_json_writer w = cairn_json_writer_of(buffer, sizeof(buffer));
        assert_non_null(cairn_test_misuse(mistakes[i], &w));
    }
}

static void assert_json(const struct cairn_http_response *res, const char *body)
{
    assert_non_null(res);
    assert_int_equal(res->status, 201);
    assert_str(cairn_http_fields_get(&res->fields, CAIRN_STR("content-type")), "application/json");
    assert_str(res->body, body);
}

static void an_answer_has_what_was_written(void **state)
{
    struct cairn_json_writer w = cairn_json_writer_in(arena_of(state));
    cairn_json_int(&w, 7);
    const struct cairn_http_response *res = cairn_http_json(*state, 201, &w);
    assert_json(res, "7");
    assert_ptr_equal(res->body.data, w.data);
}

static void an_answer_copies_what_is_elsewhere(void **state)
{
    char buffer[8];
    struct cairn_json_writer w = cairn_json_writer_of(buffer, sizeof(buffer));
    cairn_json_int(&w, 7);
    const struct cairn_http_response *res = cairn_http_json(*state, 201, &w);
    memset(buffer, 'x', sizeof(buffer));
    assert_json(res, "7");
}

static void an_error_makes_a_500_and_no_memory_none(void **state)
{
    struct cairn_json_writer w = cairn_json_writer_in(arena_of(state));
    cairn_json_double(&w, NAN);
    assert_int_equal(cairn_http_json(*state, 200, &w)->status, 500);
    w.error = CAIRN_JSON_WRITER_NO_MEMORY;
    assert_null(cairn_http_json(*state, 200, &w));
}

static void write_with_what_memory_there_is(void *cx)
{
    (void)cx;
    cairn_test_alloc_exempt(true);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    cairn_test_alloc_exempt(false);
    struct cairn_json_writer w = cairn_json_writer_in(arena);
    cairn_json_array(&w);
    for (int i = 0; i < 100; i++)
        write_everything(&w);
    cairn_json_end(&w);
    const struct cairn_http_response *res = cairn_http_json(req, 200, &w);
    assert_int_equal(res == NULL, cairn_test_alloc_has_failed());
    cairn_arena_free(arena);
}

static void lack_of_memory_is_an_error_that_stays(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(write_with_what_memory_there_is, NULL) > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        request_test(commas_and_quotes_come_by_themselves),
        cmocka_unit_test(a_buffer_is_enough_or_full),
        cmocka_unit_test(any_value_may_stand_alone),
        request_test(text_grows_in_the_arena_as_long_as_it_gets),
        request_test(a_block_that_doubles_may_still_be_too_small),
        request_test(lines_are_values_one_behind_the_other),
        request_test(depth_ends_at_64),
        request_test(each_level_knows_what_it_is),
        request_test(what_json_has_no_number_for_is_refused_and_the_error_stays),
        cmocka_unit_test(doubles_have_as_few_digits_as_they_need),
        cmocka_unit_test(doubles_come_back_as_they_were),
        cmocka_unit_test(short_numbers_are_as_printf_writes_them),
        cmocka_unit_test(every_decimal_point_becomes_a_point),
        request_test(integers_are_whole_at_their_ends),
        cmocka_unit_test(what_is_no_json_is_an_assertion),
        request_test(an_answer_has_what_was_written),
        request_test(an_answer_copies_what_is_elsewhere),
        request_test(an_error_makes_a_500_and_no_memory_none),
        cmocka_unit_test(lack_of_memory_is_an_error_that_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
