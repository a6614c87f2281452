#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include <cairn/http/query.h>
#include <cairn/service/random.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/query_reference.h>

static struct cairn_arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = cairn_arena_new(NULL);
    return arena ? 0 : -1;
}

static int close_arena(void **state)
{
    (void)state;
    cairn_arena_free(arena);
    return 0;
}

static void assert_str(struct cairn_str s, const char *expected)
{
    assert_int_equal(s.data == NULL, expected == NULL);
    if (!expected)
        return;
    assert_int_equal(s.length, strlen(expected));
    assert_memory_equal(s.data, expected, s.length);
}

static struct cairn_http_query parsed(const char *text)
{
    struct cairn_http_query query;
    assert_int_equal(cairn_http_query_parse(cairn_str_from(text), 0, arena, &query), 0);
    return query;
}

/* EXPECTED has each pair as "name>value|". */
static void assert_pairs(const char *text, const char *expected)
{
    char found[512] = "";
    struct cairn_http_query query = parsed(text);
    for (size_t i = 0; i < query.count; i++) {
        strncat(found, query.items[i].name.data, query.items[i].name.length);
        strcat(found, ">");
        strncat(found, query.items[i].value.data, query.items[i].value.length);
        strcat(found, "|");
    }
    assert_string_equal(found, expected);
}

static void pairs_are_divided_by_ampersands(void **state)
{
    (void)state;
    assert_pairs("a=1&b=2&a=3", "a>1|b>2|a>3|");
    assert_pairs("&&a=1&&b=2&", "a>1|b>2|");
    assert_pairs("a=1;b=2", "a>1;b=2|");
    assert_pairs("", "");
    assert_pairs("&", "");
    assert_pairs(NULL, "");
}

static void the_first_equals_sign_divides_name_and_value(void **state)
{
    (void)state;
    assert_pairs("a=b=c", "a>b=c|");
    assert_pairs("a", "a>|");
    assert_pairs("a=", "a>|");
    assert_pairs("=b", ">b|");
    assert_pairs("=", ">|");
    assert_pairs("a%3Db=c%26d", "a=b>c&d|");
}

static void encodings_are_undone_once(void **state)
{
    (void)state;
    assert_pairs("a+b=c+d", "a b>c d|");
    assert_pairs("a%20b=%c3%A9", "a b>\xc3\xa9|");
    assert_pairs("a=%2541%2B", "a>%41+|");
    assert_pairs("a=%&b=%4&c=%4g&d=%%41&%=1", "a>%|b>%4|c>%4g|d>%A|%>1|");
    struct cairn_http_query query = parsed("a=x%00y");
    assert_int_equal(query.items[0].value.length, 3);
    assert_memory_equal(query.items[0].value.data, "x\0y", 3);
}

static void values_are_found_by_their_exact_name(void **state)
{
    (void)state;
    struct cairn_http_query query = parsed("a=1&A=2&a=3&b&a+=4");
    struct cairn_str value;
    size_t cursor = 0;
    assert_str(cairn_http_query_get(&query, "a"), "1");
    assert_str(cairn_http_query_get(&query, "A"), "2");
    assert_str(cairn_http_query_get(&query, "b"), "");
    assert_str(cairn_http_query_get(&query, "a "), "4");
    assert_str(cairn_http_query_get(&query, "c"), NULL);
    assert_true(cairn_http_query_next(&query, "a", &cursor, &value));
    assert_str(value, "1");
    assert_true(cairn_http_query_next(&query, "a", &cursor, &value));
    assert_str(value, "3");
    assert_false(cairn_http_query_next(&query, "a", &cursor, &value));
    assert_false(cairn_http_query_next(&query, "a", &cursor, &value));
}

static void what_is_not_encoded_is_not_copied(void **state)
{
    static const char text[] = "name=value&other=e%20";
    struct cairn_str rest = CAIRN_STR("a=b&cc=dd");
    struct cairn_http_param pair;
    (void)state;
    struct cairn_http_query query = parsed(text);
    assert_ptr_equal(query.items[0].name.data, text);
    assert_ptr_equal(query.items[0].value.data, text + 5);
    assert_ptr_equal(query.items[1].name.data, text + 11);
    assert_int_equal(cairn_http_query_cut(&rest, NULL, &pair), 1);
    assert_str(pair.name, "a");
    assert_int_equal(cairn_http_query_cut(&rest, NULL, &pair), 1);
    assert_str(pair.value, "dd");
    assert_int_equal(cairn_http_query_cut(&rest, NULL, &pair), 0);
    assert_int_equal(cairn_http_query_cut(&rest, NULL, &pair), 0);
}

static void more_pairs_than_the_cap_are_refused(void **state)
{
    char text[3 * (CAIRN_HTTP_QUERY_PAIRS + 1) + 1] = "";
    struct cairn_http_query query;
    (void)state;
    for (size_t i = 0; i < CAIRN_HTTP_QUERY_PAIRS; i++)
        memcpy(text + 3 * i, "a&&", 3);
    struct cairn_str most = cairn_str_of(text, 3 * (size_t)CAIRN_HTTP_QUERY_PAIRS);
    assert_int_equal(cairn_http_query_parse(most, 0, arena, &query), 0);
    assert_int_equal(query.count, CAIRN_HTTP_QUERY_PAIRS);
    text[most.length++] = 'b';
    assert_int_equal(cairn_http_query_parse(most, 0, arena, &query), 400);
    assert_int_equal(query.count, 0);
    assert_int_equal(cairn_http_query_parse(CAIRN_STR("a&b"), 2, arena, &query), 0);
    assert_int_equal(cairn_http_query_parse(CAIRN_STR("a&b&c"), 2, arena, &query), 400);
}

static void a_request_has_the_pairs_of_its_query(void **state)
{
    struct cairn_http_query query;
    (void)state;
    struct cairn_http_request *req =
        cairn_http_request_new(arena, CAIRN_HTTP_GET, "/search?q=a+b&page=2");
    assert_int_equal(cairn_http_query_of(req, &query), 0);
    assert_str(cairn_http_query_get(&query, "q"), "a b");
    assert_str(cairn_http_query_get(&query, "page"), "2");
    req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/search");
    assert_int_equal(cairn_http_query_of(req, &query), 0);
    assert_int_equal(query.count, 0);
}

static void what_is_written_is_encoded(void **state)
{
    static const struct cairn_http_param pairs[] = {
        {CAIRN_STR_INIT("a b"), CAIRN_STR_INIT("*-._~&=+%")},
        {CAIRN_STR_INIT(""), CAIRN_STR_INIT("\xc3\xa9\0")}, {CAIRN_STR_INIT("zZ09"), {NULL, 0}}};
    (void)state;
    struct cairn_str text = cairn_http_query_write(arena, pairs, 3);
    assert_str(text, "a+b=*-._%7E%26%3D%2B%25&=%C3%A9%00&zZ09=");
    assert_int_equal(text.data[text.length], '\0');
    assert_str(cairn_http_query_write(arena, pairs, 0), "");
}

static void scenario_without_memory(void *cx)
{
    struct cairn_http_query query;
    static char text[20000];
    cairn_test_alloc_exempt(true);
    struct cairn_arena *own = cairn_arena_new(NULL);
    cairn_arena_alloc_text(own, *(const size_t *)cx);
    cairn_test_alloc_exempt(false);
    memset(text, '+', sizeof(text));
    memcpy(text + 6000, "=", 1);
    int status = cairn_http_query_parse(cairn_str_of(text, sizeof(text)), 0, own, &query);
    assert_int_equal(status, cairn_test_alloc_has_failed() ? 503 : 0);
    assert_int_equal(query.count, status ? 0 : 1);
    if (!status) {
        struct cairn_str written = cairn_http_query_write(own, query.items, 1);
        assert_int_equal(written.data == NULL, cairn_test_alloc_has_failed());
    }
    cairn_arena_free(own);
}

static void without_memory_there_are_no_pairs(void **state)
{
    (void)state;
    for (size_t filled = 1; filled < 4096; filled += 8)
        assert_in_range(cairn_test_each_allocation(scenario_without_memory, &filled), 3, 4);
}

static bool is_pair(const struct cairn_http_param *found, const struct query_reference_pair *pair)
{
    return cairn_str_equal(found->name, cairn_str_of(pair->name, pair->name_length)) &&
           cairn_str_equal(found->value, cairn_str_of(pair->value, pair->value_length));
}

/* And written out again it is the same. */
static void assert_like_the_reference(const char *text, size_t length)
{
    struct cairn_http_query query;
    struct cairn_http_query again;
    struct query_reference_pair pair;
    assert_int_equal(
        cairn_http_query_parse(cairn_str_of(text, length), QUERY_REFERENCE_BYTES, arena, &query),
        0);
    for (size_t i = 0; i < query.count; i++) {
        if (!query_reference(text, length, i, &pair) || !is_pair(&query.items[i], &pair))
            fail_msg("%.*s: pair %zu", (int)length, text, i);
    }
    assert_false(query_reference(text, length, query.count, &pair));
    struct cairn_str written = cairn_http_query_write(arena, query.items, query.count);
    assert_int_equal(cairn_http_query_parse(written, QUERY_REFERENCE_BYTES, arena, &again), 0);
    assert_int_equal(again.count, query.count);
    for (size_t i = 0; i < query.count; i++) {
        assert_true(cairn_str_equal(again.items[i].name, query.items[i].name));
        assert_true(cairn_str_equal(again.items[i].value, query.items[i].value));
    }
}

static void renew_arena(size_t round)
{
    if (round % 256)
        return;
    cairn_arena_free(arena);
    arena = cairn_arena_new(NULL);
}

static void all_short_texts_are_read_like_the_reference(void **state)
{
    static const char alphabet[] = "a=&%+2F0\xff;";
    size_t total = 1;
    (void)state;
    for (size_t length = 0; length <= 5; length++, total *= 10) {
        for (size_t number = 0; number < total; number++) {
            char text[8];
            size_t rest = number;
            for (size_t i = 0; i < length; i++, rest /= 10)
                text[i] = alphabet[rest % 10];
            renew_arena(number);
            assert_like_the_reference(text, length);
        }
    }
}

static void random_texts_are_read_like_the_reference(void **state)
{
    static const char alphabet[] = "abAF09%%%%+&&==;\xff\x00.~";
    struct cairn_random dice = {1};
    (void)state;
    for (size_t round = 0; round < 100000; round++) {
        char text[32];
        size_t length = 0;
        for (size_t count = (size_t)cairn_random_range(&dice, 0, sizeof(text)); length < count;
             length++) {
            text[length] = alphabet[cairn_random_range(&dice, 0, sizeof(alphabet) - 1)];
        }
        renew_arena(round);
        assert_like_the_reference(text, length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_divided_by_ampersands),
        cmocka_unit_test(the_first_equals_sign_divides_name_and_value),
        cmocka_unit_test(encodings_are_undone_once),
        cmocka_unit_test(values_are_found_by_their_exact_name),
        cmocka_unit_test(what_is_not_encoded_is_not_copied),
        cmocka_unit_test(more_pairs_than_the_cap_are_refused),
        cmocka_unit_test(a_request_has_the_pairs_of_its_query),
        cmocka_unit_test(what_is_written_is_encoded),
        cmocka_unit_test(without_memory_there_are_no_pairs),
        cmocka_unit_test(all_short_texts_are_read_like_the_reference),
        cmocka_unit_test(random_texts_are_read_like_the_reference),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
