#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/service/random.h>
#include <cairn/testkit/range_reference.h>

#define SIZE 1000
#define ROUNDS 200000

static struct cairn_http_range ranges[CAIRN_HTTP_RANGES];
static size_t count;

static enum cairn_http_range_result parse(const char *value, uint64_t size)
{
    return cairn_http_range_parse(cairn_str_from(value), size, ranges, CAIRN_HTTP_RANGES, &count);
}

static void assert_range(size_t i, uint64_t first, uint64_t last)
{
    assert_true(i < count);
    assert_int_equal(ranges[i].first, first);
    assert_int_equal(ranges[i].last, last);
}

static void assert_one(const char *value, uint64_t size, uint64_t first, uint64_t last)
{
    assert_int_equal(parse(value, size), CAIRN_HTTP_RANGE_SATISFIABLE);
    assert_int_equal(count, 1);
    assert_range(0, first, last);
}

static void assert_ignored(const char *value)
{
    assert_int_equal(parse(value, SIZE), CAIRN_HTTP_RANGE_IGNORED);
    assert_int_equal(count, 0);
}

static void reads_the_three_forms_and_cuts_them_to_the_size(void **state)
{
    (void)state;
    assert_one("bytes=0-499", SIZE, 0, 499);
    assert_one("bytes=500-", SIZE, 500, 999);
    assert_one("bytes=-500", SIZE, 500, 999);
    assert_one("bytes=0-0", SIZE, 0, 0);
    assert_one("bytes=-1", SIZE, 999, 999);
    assert_one("bytes=999-1000", SIZE, 999, 999);
    assert_one("bytes=-1001", SIZE, 0, 999);
    assert_one("Bytes=0-0", 1, 0, 0);
}

static void reads_several_in_their_order_and_leaves_out_what_is_not_there(void **state)
{
    (void)state;
    assert_int_equal(
        parse("bytes=,500-599 , 0-9,\t,2000-3000,-5,", SIZE), CAIRN_HTTP_RANGE_SATISFIABLE);
    assert_int_equal(count, 3);
    assert_range(0, 500, 599);
    assert_range(1, 0, 9);
    assert_range(2, 995, 999);
}

static void what_lies_behind_the_end_cannot_be_satisfied(void **state)
{
    (void)state;
    assert_int_equal(parse("bytes=1000-", SIZE), CAIRN_HTTP_RANGE_UNSATISFIABLE);
    assert_int_equal(parse("bytes=1000-2000,-0", SIZE), CAIRN_HTTP_RANGE_UNSATISFIABLE);
    assert_int_equal(parse("bytes=0-0", 0), CAIRN_HTTP_RANGE_UNSATISFIABLE);
    assert_int_equal(count, 0);
}

static void all_of_nothing_is_no_range(void **state)
{
    (void)state;
    assert_int_equal(parse("bytes=-5", 0), CAIRN_HTTP_RANGE_IGNORED);
}

static void numbers_of_more_than_64_bits_are_beyond_any_size(void **state)
{
    (void)state;
    assert_one("bytes=1-18446744073709551616", SIZE, 1, 999);
    assert_one("bytes=-99999999999999999999999999", SIZE, 0, 999);
    assert_int_equal(
        parse("bytes=99999999999999999999999999-", SIZE), CAIRN_HTTP_RANGE_UNSATISFIABLE);
    assert_int_equal(
        parse("bytes=18446744073709551615-", UINT64_MAX), CAIRN_HTTP_RANGE_UNSATISFIABLE);
    assert_one("bytes=18446744073709551614-", UINT64_MAX, UINT64_MAX - 1, UINT64_MAX - 1);
}

static void ignores_what_is_malformed(void **state)
{
    (void)state;
    static const char *const values[] = {"", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=1",
        "bytes=a-", "bytes=1-a", "bytes=5-4", "bytes=1--2", "bytes=--1", "bytes =1-2", "bytes=1 -2",
        "bytes=1- 2", "bytes=+1-2", "bytes=0x1-2", "bytes=1-2;3-4", "bytes=1-2 3-4", "octets=0-1",
        "bytes:0-1", "0-1", "bytes=0-1,x", "bytes=0-1,5-4"};
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
        assert_ignored(values[i]);
    assert_ignored(NULL);
}

static void ignores_more_ranges_than_are_asked_for(void **state)
{
    (void)state;
    assert_int_equal(
        parse("bytes=0-,0-,0-,0-,0-,0-,0-,0-,0-,0-", SIZE), CAIRN_HTTP_RANGE_SATISFIABLE);
    assert_int_equal(count, CAIRN_HTTP_RANGES);
    assert_ignored("bytes=0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-");
    assert_ignored("bytes=0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,5000-");
}

static void agrees_with_the_reference_on_every_short_value(void **state)
{
    (void)state;
    static const char alphabet[] = "019-, x";
    enum { LETTERS = sizeof(alphabet) - 1, LENGTH = 6 };
    for (unsigned number = 0; number < 117649; number++) { /* LETTERS to the power of LENGTH */
        char value[6 + LENGTH + 1] = "bytes=";
        unsigned rest = number;
        for (size_t i = 0; i < LENGTH; i++, rest /= LETTERS)
            value[6 + i] = alphabet[rest % LETTERS];
        for (uint64_t size = 0; size < 12; size += 3) {
            if (!range_reference_agrees(value, size, 2))
                fail_msg("%s of %u bytes", value, (unsigned)size);
        }
    }
}

static void random_value(struct cairn_random *random, char *value)
{
    static const char *const parts[] = {"-", "-", ",", ", ", " ", "0", "1", "9", "42", "100",
        "18446744073709551615", "18446744073709551616", "00000000000000000000007", "\t", "x",
        "bytes="};
    strcpy(value, cairn_random_range(random, 0, 50) ? "bytes=" : "Byte=");
    size_t length = (size_t)cairn_random_range(random, 0, 9);
    for (size_t i = 0; i < length; i++)
        strcat(value, parts[cairn_random_range(random, 0, sizeof(parts) / sizeof(*parts))]);
}

static void agrees_with_the_reference_on_random_values(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {0, 1, 42, 100, INT64_MAX, UINT64_MAX};
    struct cairn_random random;
    cairn_random_init(&random, 1);
    for (int i = 0; i < ROUNDS; i++) {
        char value[RANGE_REFERENCE_BYTES];
        uint64_t size = sizes[cairn_random_range(&random, 0, sizeof(sizes) / sizeof(*sizes))];
        size_t max = (size_t)cairn_random_range(&random, 1, CAIRN_HTTP_RANGES + 1);
        random_value(&random, value);
        if (!range_reference_agrees(value, size, max))
            fail_msg("%s", value);
    }
}

static void writes_content_range(void **state)
{
    (void)state;
    char text[CAIRN_HTTP_CONTENT_RANGE_BYTES];
    assert_int_equal(cairn_http_content_range((struct cairn_http_range){0, 499}, 1234, text), 16);
    assert_string_equal(text, "bytes 0-499/1234");
    assert_int_equal(cairn_http_content_range_none(1234, text), 12);
    assert_string_equal(text, "bytes */1234");
    size_t length = cairn_http_content_range(
        (struct cairn_http_range){UINT64_MAX - 1, UINT64_MAX - 1}, UINT64_MAX, text);
    assert_string_equal(
        text, "bytes 18446744073709551614-18446744073709551614/18446744073709551615");
    assert_int_equal(length, strlen(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_three_forms_and_cuts_them_to_the_size),
        cmocka_unit_test(reads_several_in_their_order_and_leaves_out_what_is_not_there),
        cmocka_unit_test(what_lies_behind_the_end_cannot_be_satisfied),
        cmocka_unit_test(all_of_nothing_is_no_range),
        cmocka_unit_test(numbers_of_more_than_64_bits_are_beyond_any_size),
        cmocka_unit_test(ignores_what_is_malformed),
        cmocka_unit_test(ignores_more_ranges_than_are_asked_for),
        cmocka_unit_test(agrees_with_the_reference_on_every_short_value),
        cmocka_unit_test(agrees_with_the_reference_on_random_values),
        cmocka_unit_test(writes_content_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
