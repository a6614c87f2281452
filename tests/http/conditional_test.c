/* Every combination of what a field may say, against the steps of RFC 9110 section 13.2.2 taken on
 * what is meant, not on what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/http/conditional.h>
#include <cairn/http/date.h>

#define MODIFIED 784111777
#define NOW (MODIFIED + 1000)

#define EQUAL "Sun, 06 Nov 1994 08:49:37 GMT"
#define EARLIER "Sun, 06 Nov 1994 08:49:36 GMT"
#define LATER "Sun, 06 Nov 1994 08:49:38 GMT"

/* What a list of tags may be, for a representation that has "a" or W/"a". */
enum tags { TAGS_ABSENT, TAGS_ANY, TAGS_STRONG, TAGS_WEAK, TAGS_OTHER, TAGS_BAD, TAGS };
static const char *const tags_text[TAGS] = {NULL, "*", "\"b\", \"a\"", "W/\"a\"", "\"b\"", "a"};

enum dates { DATES_ABSENT, DATES_EQUAL, DATES_EARLIER, DATES_LATER, DATES_BAD, DATES };
static const char *const dates_text[DATES] = {NULL, EQUAL, EARLIER, LATER, "yesterday"};

enum same {
    SAME_ABSENT,
    SAME_STRONG,
    SAME_WEAK,
    SAME_OTHER,
    SAME_EQUAL,
    SAME_LATER,
    SAME_BAD,
    SAMES
};
static const char *const same_text[SAMES] = {
    NULL, "\"a\"", "W/\"a\"", "\"b\"", EQUAL, LATER, "\"a\", \"b\""};

enum tag { TAG_NONE, TAG_STRONG, TAG_WEAK, TAG_KINDS };

static const enum cairn_http_method methods[] = {
    CAIRN_HTTP_GET, CAIRN_HTTP_HEAD, CAIRN_HTTP_PUT, CAIRN_HTTP_OPTIONS};

/* One row of the table. */
struct row {
    enum cairn_http_method method;
    enum tag tag;
    bool has_modified;
    bool is_absent;
    enum tags if_match;
    enum dates if_unmodified;
    enum tags if_none_match;
    enum dates if_modified;
    enum same if_range;
    bool has_range;
};

/* Counts in mixed base: cuts a digit of BASE off *NUMBER. */
static unsigned digit(unsigned *number, unsigned base)
{
    unsigned value = *number % base;
    *number /= base;
    return value;
}

#define ROWS (4u * TAG_KINDS * 2 * 2 * TAGS * DATES * TAGS * DATES * SAMES * 2)

static struct row row_of(unsigned number)
{
    struct row row;
    row.method = methods[digit(&number, 4)];
    row.tag = (enum tag)digit(&number, TAG_KINDS);
    row.has_modified = digit(&number, 2);
    row.is_absent = digit(&number, 2);
    row.if_match = (enum tags)digit(&number, TAGS);
    row.if_unmodified = (enum dates)digit(&number, DATES);
    row.if_none_match = (enum tags)digit(&number, TAGS);
    row.if_modified = (enum dates)digit(&number, DATES);
    row.if_range = (enum same)digit(&number, SAMES);
    row.has_range = digit(&number, 2);
    return row;
}

struct verdict {
    int status;
    bool has_range;
};

static bool expects_if_match(const struct row *row)
{
    if (row->is_absent)
        return false;
    return row->if_match == TAGS_ANY || (row->if_match == TAGS_STRONG && row->tag == TAG_STRONG);
}

static bool expects_if_none_match(const struct row *row, bool is_read)
{
    switch (row->if_none_match) {
    case TAGS_ANY:
        return row->is_absent;
    case TAGS_STRONG:
    case TAGS_WEAK:
        return row->is_absent || row->tag == TAG_NONE;
    case TAGS_BAD:
        return is_read;
    default:
        return true;
    }
}

static bool expects_if_range(const struct row *row)
{
    switch (row->if_range) {
    case SAME_ABSENT:
        return true;
    case SAME_STRONG:
        return row->tag == TAG_STRONG;
    case SAME_EQUAL:
        return row->has_modified;
    default:
        return false;
    }
}

static struct verdict expected(const struct row *row)
{
    bool is_read = row->method == CAIRN_HTTP_GET || row->method == CAIRN_HTTP_HEAD;
    bool has_date = row->has_modified && !row->is_absent;
    if (row->method == CAIRN_HTTP_OPTIONS)
        return (struct verdict){0, false};
    if (row->if_match != TAGS_ABSENT) {
        if (!expects_if_match(row))
            return (struct verdict){412, false};
    } else if (has_date && row->if_unmodified == DATES_EARLIER) {
        return (struct verdict){412, false};
    }
    if (row->if_none_match != TAGS_ABSENT) {
        if (!expects_if_none_match(row, is_read))
            return (struct verdict){is_read ? 304 : 412, false};
    } else if (is_read && has_date &&
               (row->if_modified == DATES_EQUAL || row->if_modified == DATES_LATER)) {
        return (struct verdict){304, false};
    }
    return (struct verdict){0, row->method == CAIRN_HTTP_GET && !row->is_absent && row->has_range &&
                                   expects_if_range(row)};
}

/* Requests without an arena of their own: fields in an array that is used again. */
static struct cairn_http_field items[8];
static struct cairn_http_request req;

static void add(const char *name, const char *value)
{
    if (value)
        items[req.fields.count++] =
            (struct cairn_http_field){cairn_str_from(name), cairn_str_from(value)};
}

static void begin(enum cairn_http_method method)
{
    req = (struct cairn_http_request){.method = method, .fields = {.items = items}};
}

static struct cairn_http_validators validators_of(const struct row *row)
{
    struct cairn_http_validators v = {.modified = MODIFIED};
    v.has_modified = row->has_modified;
    v.is_absent = row->is_absent;
    v.etag.is_weak = row->tag == TAG_WEAK;
    if (row->tag != TAG_NONE)
        v.etag.opaque = CAIRN_STR("a");
    return v;
}

static void every_combination_goes_as_the_rfc_says(void **state)
{
    (void)state;
    for (unsigned number = 0; number < ROWS; number++) {
        struct row row = row_of(number);
        struct cairn_http_validators v = validators_of(&row);
        begin(row.method);
        add("If-Range", same_text[row.if_range]);
        add("if-modified-since", dates_text[row.if_modified]);
        add("If-None-Match", tags_text[row.if_none_match]);
        add("IF-UNMODIFIED-SINCE", dates_text[row.if_unmodified]);
        add("Range", row.has_range ? "bytes=0-1" : NULL);
        add("If-Match", tags_text[row.if_match]);
        struct cairn_http_condition got = cairn_http_conditional(&req, &v, NOW);
        struct verdict verdict = expected(&row);
        if (got.status != verdict.status || (got.range.data != NULL) != verdict.has_range)
            fail_msg("row %u: status %d instead of %d, range %d", number, got.status,
                verdict.status, got.range.data != NULL);
    }
}

static const struct cairn_http_validators plain = {
    .etag = {{"a", 1}, false}, .modified = MODIFIED, .has_modified = true};

static void the_lists_of_several_fields_are_one(void **state)
{
    (void)state;
    begin(CAIRN_HTTP_GET);
    add("If-None-Match", "\"b\"");
    add("If-None-Match", "\"a\"");
    assert_int_equal(cairn_http_conditional(&req, &plain, NOW).status, 304);
    add("If-None-Match", "c");
    assert_int_equal(cairn_http_conditional(&req, &plain, NOW).status, 0);
}

static void dates_that_come_twice_count_for_nothing(void **state)
{
    (void)state;
    begin(CAIRN_HTTP_GET);
    add("If-Modified-Since", LATER);
    assert_int_equal(cairn_http_conditional(&req, &plain, NOW).status, 304);
    add("If-Modified-Since", LATER);
    assert_int_equal(cairn_http_conditional(&req, &plain, NOW).status, 0);
    begin(CAIRN_HTTP_PUT);
    add("If-Unmodified-Since", EARLIER);
    assert_int_equal(cairn_http_conditional(&req, &plain, NOW).status, 412);
    add("If-Unmodified-Since", EARLIER);
    assert_int_equal(cairn_http_conditional(&req, &plain, NOW).status, 0);
}

static void a_range_that_comes_twice_or_below_two_validators_is_not_heeded(void **state)
{
    (void)state;
    begin(CAIRN_HTTP_GET);
    add("Range", "bytes=0-1");
    add("Range", "bytes=2-3");
    assert_null(cairn_http_conditional(&req, &plain, NOW).range.data);
    begin(CAIRN_HTTP_GET);
    add("Range", "bytes=0-1");
    add("If-Range", "\"a\"");
    assert_true(
        cairn_str_equal(cairn_http_conditional(&req, &plain, NOW).range, CAIRN_STR("bytes=0-1")));
    add("If-Range", "\"a\"");
    assert_null(cairn_http_conditional(&req, &plain, NOW).range.data);
}

static void a_date_of_this_very_second_is_no_strong_validator(void **state)
{
    (void)state;
    begin(CAIRN_HTTP_GET);
    add("Range", "bytes=0-1");
    add("If-Range", EQUAL);
    assert_null(cairn_http_conditional(&req, &plain, MODIFIED).range.data);
    assert_non_null(cairn_http_conditional(&req, &plain, MODIFIED + 1).range.data);
}

static void two_digit_years_are_read_as_of_now(void **state)
{
    (void)state;
    begin(CAIRN_HTTP_GET);
    add("If-Modified-Since", "Sunday, 06-Nov-94 08:49:37 GMT");
    assert_int_equal(cairn_http_conditional(&req, &plain, NOW).status, 304);
    assert_int_equal(cairn_http_conditional(&req, &plain, 2524608000).status, 0); /* in 2050 */
}

static void an_empty_list_holds_nothing(void **state)
{
    (void)state;
    begin(CAIRN_HTTP_PUT);
    add("If-Match", "");
    assert_int_equal(cairn_http_conditional(&req, &plain, NOW).status, 412);
    begin(CAIRN_HTTP_PUT);
    add("If-None-Match", "");
    assert_int_equal(cairn_http_conditional(&req, &plain, NOW).status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_combination_goes_as_the_rfc_says),
        cmocka_unit_test(the_lists_of_several_fields_are_one),
        cmocka_unit_test(dates_that_come_twice_count_for_nothing),
        cmocka_unit_test(a_range_that_comes_twice_or_below_two_validators_is_not_heeded),
        cmocka_unit_test(a_date_of_this_very_second_is_no_strong_validator),
        cmocka_unit_test(two_digit_years_are_read_as_of_now),
        cmocka_unit_test(an_empty_list_holds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
