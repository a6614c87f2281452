#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/json/json_escape.h>
#include <cairn/service/random.h>

static void assert_escaped(struct cairn_str s, const char *expected)
{
    char out[256];
    size_t length = cairn__json_escape(s, out, sizeof(out));
    assert_int_equal(length, strlen(expected));
    assert_memory_equal(out, expected, length);
}

static void every_single_byte_is_plain_or_escaped(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char byte = (char)c;
        char expected[8] = {byte, '\0'};
        if (c == '"' || c == '\\')
            snprintf(expected, sizeof(expected), "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            snprintf(expected, sizeof(expected), "\\u%04x", (unsigned)c);
        else if (c > 0x7f)
            snprintf(expected, sizeof(expected), "\\ufffd");
        assert_escaped(cairn_str_of(&byte, 1), expected);
    }
}

static void text_of_all_scripts_stays_as_it_is(void **state)
{
    (void)state;
    assert_escaped(CAIRN_STR("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x97\xbf"),
        "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x97\xbf");
    assert_escaped(
        CAIRN_STR("\xc2\xa0\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf"),
        "\xc2\xa0\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf");
}

static void the_control_characters_above_ascii_are_escaped_too(void **state)
{
    (void)state;
    assert_escaped(CAIRN_STR("\xc2\x80\xc2\x9b\xc2\x9f"), "\\u0080\\u009b\\u009f");
    assert_escaped(CAIRN_STR("\xe2\x80\xa8\xe2\x80\xa9"), "\\u2028\\u2029");
}

static void overlong_forms_surrogates_and_what_is_too_high_are_no_utf_8(void **state)
{
    (void)state;
    assert_escaped(CAIRN_STR("\xc0\x80"), "\\ufffd\\ufffd");
    assert_escaped(CAIRN_STR("\xc1\xbf"), "\\ufffd\\ufffd");
    assert_escaped(CAIRN_STR("\xe0\x9f\xbf"), "\\ufffd\\ufffd\\ufffd");
    assert_escaped(CAIRN_STR("\xed\xa0\x80"), "\\ufffd\\ufffd\\ufffd");
    assert_escaped(CAIRN_STR("\xf0\x8f\xbf\xbf"), "\\ufffd\\ufffd\\ufffd\\ufffd");
    assert_escaped(CAIRN_STR("\xf4\x90\x80\x80"), "\\ufffd\\ufffd\\ufffd\\ufffd");
    assert_escaped(CAIRN_STR("\xf5\x80"), "\\ufffd\\ufffd");
}

static void a_character_that_is_cut_off_is_none(void **state)
{
    (void)state;
    assert_escaped(CAIRN_STR("\xf0\x9f\x97"), "\\ufffd\\ufffd\\ufffd");
    assert_escaped(CAIRN_STR("\xe2\x82"), "\\ufffd\\ufffd");
    assert_escaped(CAIRN_STR("\xc3"
                             "A"),
        "\\ufffdA");
}

static void nothing_gives_nothing(void **state)
{
    (void)state;
    assert_escaped(cairn_str_of(NULL, 0), "");
    assert_escaped(CAIRN_STR(""), "");
}

/* Whatever the room: the same text, as far as whole characters go. */
static void stops_before_a_character_that_does_not_fit(void **state)
{
    static const struct cairn_str text = CAIRN_STR_INIT("ab\"c\n\xf0\x9f\x97\xbf\xff"
                                                        "d");
    static const size_t ends[] = {1, 2, 4, 5, 11, 15, 21, 22};
    char whole[32];
    (void)state;
    assert_int_equal(cairn__json_escape(text, whole, sizeof(whole)), 22);
    for (size_t size = 0; size <= 22; size++) {
        char *out = malloc(size ? size : 1); /* of its own size, so that a byte too many is seen */
        size_t expected = 0;
        for (size_t i = 0; i < sizeof(ends) / sizeof(*ends) && ends[i] <= size; i++)
            expected = ends[i];
        assert_int_equal(cairn__json_escape(text, out, size), expected);
        assert_memory_equal(out, whole, expected);
        free(out);
    }
}

/* Bytes that are characters of their own, so that each can be escaped alone. */
static void a_text_is_its_characters_one_after_the_other(void **state)
{
    (void)state;
    struct cairn_random random;
    cairn_random_init(&random, 1);
    for (int round = 0; round < 100000; round++) {
        char text[40];
        char expected[sizeof(text) * CAIRN__JSON_ESCAPE_MOST];
        char out[sizeof(expected)];
        size_t length = cairn_random_next_u64(&random) % (sizeof(text) + 1);
        size_t wanted = 0;
        uint64_t rare = 1 + cairn_random_next_u64(&random) % 30;
        for (size_t i = 0; i < length; i++) {
            bool is_rare = cairn_random_next_u64(&random) % rare == 0;
            uint64_t value = cairn_random_next_u64(&random);
            text[i] = (char)(is_rare ? (int)(value % 129) - 1 : 'a' + (int)(value % 26));
            wanted += cairn__json_escape(
                cairn_str_of(text + i, 1), expected + wanted, sizeof(expected) - wanted);
        }
        size_t got = cairn__json_escape(cairn_str_of(text, length), out, sizeof(out));
        assert_int_equal(got, wanted);
        assert_memory_equal(out, expected, wanted);
    }
}

/* Each in memory of its own size, so that a byte too many is seen. */
static void assert_odd_one(size_t length, size_t at, char odd)
{
    char text[6];
    char *in = malloc(length);
    size_t odd_length = cairn__json_escape(cairn_str_of(&odd, 1), text, sizeof(text));
    char *out = malloc(length - 1 + odd_length);
    memset(in, 'x', length);
    in[at] = odd;
    assert_int_equal(cairn__json_escape(cairn_str_of(in, length), out, length - 1 + odd_length),
        length - 1 + odd_length);
    for (size_t i = 0; i < at; i++)
        assert_int_equal(out[i], 'x');
    assert_memory_equal(out + at, text, odd_length);
    for (size_t i = at + odd_length; i < length - 1 + odd_length; i++)
        assert_int_equal(out[i], 'x');
    free(in);
    free(out);
}

static void a_byte_is_seen_for_what_it_is_wherever_it_stands(void **state)
{
    static const char odd[] = {0, 31, 32, '"', '\\', '~', 127, -128, -1};
    (void)state;
    for (size_t length = 1; length <= 20; length++) {
        for (size_t at = 0; at < length; at++) {
            for (int c = 0; c < 256; c++)
                assert_odd_one(length, at, (char)c);
        }
    }
    for (size_t length = 21; length <= 100; length += length < 60 ? 3 : 1) {
        for (size_t at = 0; at < length; at++)
            assert_odd_one(length, at, odd[(length + at) % sizeof(odd)]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_single_byte_is_plain_or_escaped),
        cmocka_unit_test(text_of_all_scripts_stays_as_it_is),
        cmocka_unit_test(the_control_characters_above_ascii_are_escaped_too),
        cmocka_unit_test(overlong_forms_surrogates_and_what_is_too_high_are_no_utf_8),
        cmocka_unit_test(a_character_that_is_cut_off_is_none),
        cmocka_unit_test(nothing_gives_nothing),
        cmocka_unit_test(stops_before_a_character_that_does_not_fit),
        cmocka_unit_test(a_byte_is_seen_for_what_it_is_wherever_it_stands),
        cmocka_unit_test(a_text_is_its_characters_one_after_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
