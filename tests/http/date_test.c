#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/service/random.h>
#include <cairn/testkit/date_reference.h>

#define ROUNDS 200000
#define NOW 1700000000         /* 2023-11-14 22:13:20 */
#define LAST_TIME 253402300799 /* of the year 9999 */

static bool parse_at(const char *s, int64_t now, int64_t *t)
{
    return cairn_http_date_parse(cairn_str_from(s), now, t);
}

static void assert_time(const char *s, int64_t expected)
{
    int64_t t = 0;
    assert_true(parse_at(s, NOW, &t));
    assert_int_equal(t, expected);
}

static void assert_no_date(const char *s)
{
    int64_t t = 42;
    if (parse_at(s, NOW, &t))
        fail_msg("read as a date: %s", s);
    assert_int_equal(t, 42);
}

static void reads_the_three_forms(void **state)
{
    (void)state;
    assert_time("Sun, 06 Nov 1994 08:49:37 GMT", 784111777);
    assert_time("Sunday, 06-Nov-94 08:49:37 GMT", 784111777);
    assert_time("Sun Nov  6 08:49:37 1994", 784111777);
    assert_time("Wed Nov 16 08:49:37 1994", 784975777);
}

static void reads_the_ends_of_time(void **state)
{
    (void)state;
    assert_time("Thu, 01 Jan 1970 00:00:00 GMT", 0);
    assert_time("Wed, 31 Dec 1969 23:59:59 GMT", -1);
    assert_time("Fri, 31 Dec 9999 23:59:59 GMT", LAST_TIME);
    assert_time("Sat, 01 Jan 0000 00:00:00 GMT", INT64_C(-62167219200));
    assert_time("Tue, 29 Feb 0000 00:00:00 GMT", INT64_C(-62162121600));
}

static void a_leap_second_is_the_first_of_the_next_day(void **state)
{
    (void)state;
    assert_time("Sat, 31 Dec 2016 23:59:60 GMT", 1483228800);
    assert_no_date("Sat, 31 Dec 2016 23:59:61 GMT");
    assert_no_date("Sat, 31 Dec 2016 22:59:60 GMT");
}

static void leap_days_are_where_the_calendar_has_them(void **state)
{
    (void)state;
    assert_time("Tue, 29 Feb 2000 00:00:00 GMT", 951782400);
    assert_no_date("Wed, 29 Feb 2023 00:00:00 GMT");
    assert_no_date("Mon, 29 Feb 2100 00:00:00 GMT");
    assert_no_date("Thu, 29 Feb 1900 00:00:00 GMT");
}

static void refuses_what_is_not_to_the_letter(void **state)
{
    (void)state;
    static const char *const dates[] = {"", "0", "784111777", "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06-Nov-1994 08:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 1994 08.49.37 GMT", "Sun, 06 Nov 1994 08:49:37 +0000",
        "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Thu, 31 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT", "Sun, 06 Nov 1994 08:49:-7 GMT",
        "Sun, 06 Nov 1994  8:49:37 GMT", "Sunday, 06-Nov-94 08:49:37",
        "Sun, 06-Nov-94 08:49:37 GMT", "Sunday, 06 Nov 94 08:49:37 GMT",
        "Sundays, 06-Nov-94 08:49:37 GMT", "Moonday, 07-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-9x 08:49:37 GMT", "Sun Nov 06 08:49:37 1994 GMT", "Sun Nov 6 08:49:37 1994",
        "Sun Nov  0 08:49:37 1994", "Sun Nov  6 08:49:37 199x", "Sun  Nov 6 08:49:37 1994"};
    for (size_t i = 0; i < sizeof(dates) / sizeof(*dates); i++)
        assert_no_date(dates[i]);
    assert_no_date(NULL);
}

/* RFC 9110: what appears to be more than 50 years ahead is of the century before. */
static void two_digits_are_of_the_hundred_years_that_end_fifty_ahead(void **state)
{
    (void)state;
    int64_t t = 0;
    assert_true(parse_at("Tuesday, 14-Nov-73 22:13:20 GMT", NOW, &t));
    assert_int_equal(t, INT64_C(3277923200));
    assert_true(parse_at("Wednesday, 14-Nov-73 22:13:21 GMT", NOW, &t));
    assert_int_equal(t, 122163201);
    assert_true(parse_at("Saturday, 01-Jan-00 00:00:00 GMT", NOW, &t));
    assert_int_equal(t, 946684800);
    assert_true(parse_at("Friday, 01-Jan-00 00:00:00 GMT", INT64_C(2700000000), &t)); /* in 2055 */
    assert_int_equal(t, INT64_C(4102444800));
}

static void reads_back_what_is_written_of_random_times(void **state)
{
    (void)state;
    struct cairn_random random;
    cairn_random_init(&random, 1);
    for (int i = 0; i < ROUNDS; i++) {
        char text[CAIRN_HTTP_DATE_BYTES];
        int64_t t = (int64_t)cairn_random_range(&random, 0, LAST_TIME + 1);
        cairn_http_date(t, text);
        int64_t back;
        if (!parse_at(text, NOW, &back) || back != t)
            fail_msg("%s", text);
    }
}

static void reads_every_form_of_random_times_as_the_c_library_prints_them(void **state)
{
    (void)state;
    struct cairn_random random;
    cairn_random_init(&random, 2);
    for (int i = 0; i < ROUNDS / 4; i++) {
        char text[DATE_REFERENCE_BYTES];
        int64_t t = (int64_t)cairn_random_range(&random, 0, 2 * (uint64_t)NOW);
        for (int form = 0; form < DATE_REFERENCE_FORMS; form++) {
            int64_t back;
            date_reference_print(t, form, text);
            if (!parse_at(text, t, &back) || back != t)
                fail_msg("%s", text);
        }
    }
}

/* One byte of a date is changed: it is refused, or means what the C library says it means. */
static void a_damaged_date_is_refused_or_another_one(void **state)
{
    (void)state;
    static const char letters[] = "0123456789 :,-SunMoTeWdhFriaJbMcApglOctNvDGyx";
    struct cairn_random random;
    cairn_random_init(&random, 3);
    for (int i = 0; i < ROUNDS; i++) {
        char text[DATE_REFERENCE_BYTES];
        int64_t t = (int64_t)cairn_random_range(&random, 0, 2 * (uint64_t)NOW);
        date_reference_print(t, i % DATE_REFERENCE_FORMS, text);
        text[cairn_random_range(&random, 0, strlen(text))] =
            letters[cairn_random_range(&random, 0, sizeof(letters) - 1)];
        int64_t back;
        if (parse_at(text, t, &back) && back > INT64_C(-30610224000) &&
            !date_reference_agrees(text, back))
            fail_msg("%s", text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_three_forms),
        cmocka_unit_test(reads_the_ends_of_time),
        cmocka_unit_test(a_leap_second_is_the_first_of_the_next_day),
        cmocka_unit_test(leap_days_are_where_the_calendar_has_them),
        cmocka_unit_test(refuses_what_is_not_to_the_letter),
        cmocka_unit_test(two_digits_are_of_the_hundred_years_that_end_fifty_ahead),
        cmocka_unit_test(reads_back_what_is_written_of_random_times),
        cmocka_unit_test(reads_every_form_of_random_times_as_the_c_library_prints_them),
        cmocka_unit_test(a_damaged_date_is_refused_or_another_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
