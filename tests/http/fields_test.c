#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cairn/http/fields.h>
#include <cairn/testkit/alloc.h>

static struct cairn_arena *arena;
static struct cairn_http_fields fields;

static int open_fields(void **state)
{
    (void)state;
    arena = cairn_arena_new(NULL);
    fields = (struct cairn_http_fields){.arena = arena};
    return arena ? 0 : -1;
}

static int close_fields(void **state)
{
    (void)state;
    cairn_arena_free(arena);
    return 0;
}

static int add(const char *name, const char *value)
{
    return cairn_http_fields_add(&fields, cairn_str_from(name), cairn_str_from(value));
}

static void assert_str(struct cairn_str s, const char *expected)
{
    assert_non_null(s.data);
    assert_int_equal(s.length, strlen(expected));
    assert_memory_equal(s.data, expected, s.length);
}

static void gets_the_first_value_without_case(void **state)
{
    (void)state;
    assert_int_equal(add("Accept", "a"), 0);
    assert_int_equal(add("X", "b"), 0);
    assert_int_equal(add("ACCEPT", "c"), 0);
    assert_str(cairn_http_fields_get(&fields, CAIRN_STR("accept")), "a");
    assert_null(cairn_http_fields_get(&fields, CAIRN_STR("accep")).data);
    assert_null(cairn_http_fields_get(&fields, CAIRN_STR("")).data);
}

static void walks_all_values_in_order(void **state)
{
    size_t cursor = 0;
    struct cairn_str value;
    (void)state;
    add("a", "1");
    add("b", "2");
    add("A", "3");
    assert_true(cairn_http_fields_next(&fields, CAIRN_STR("a"), &cursor, &value));
    assert_str(value, "1");
    assert_true(cairn_http_fields_next(&fields, CAIRN_STR("a"), &cursor, &value));
    assert_str(value, "3");
    assert_false(cairn_http_fields_next(&fields, CAIRN_STR("a"), &cursor, &value));
    assert_false(cairn_http_fields_next(&fields, CAIRN_STR("a"), &cursor, &value));
}

static bool has(const char *token)
{
    return cairn_http_fields_has_token(&fields, CAIRN_STR("connection"), cairn_str_from(token));
}

static void finds_tokens_in_all_lists_of_a_name(void **state)
{
    (void)state;
    assert_false(has("close"));
    add("Connection", "a, ,\t Keep-Alive\t,b");
    add("Connection", "");
    add("Connection", "c d,close");
    assert_true(has("a"));
    assert_true(has("keep-alive"));
    assert_true(has("B"));
    assert_true(has("close"));
    assert_false(has("c"));
    assert_false(has("keep"));
    assert_false(has("alive"));
}

static void sets_in_place_of_all_of_a_name(void **state)
{
    (void)state;
    add("a", "1");
    add("b", "2");
    add("A", "3");
    add("c", "4");
    add("a", "5");
    assert_int_equal(cairn_http_fields_set(&fields, CAIRN_STR("A"), CAIRN_STR("new")), 0);
    assert_int_equal(fields.count, 3);
    assert_str(fields.items[0].name, "A");
    assert_str(fields.items[0].value, "new");
    assert_str(fields.items[1].name, "b");
    assert_str(fields.items[2].name, "c");
    assert_int_equal(cairn_http_fields_set(&fields, CAIRN_STR("d"), CAIRN_STR("6")), 0);
    assert_str(cairn_http_fields_get(&fields, CAIRN_STR("d")), "6");
}

static void removes_all_of_a_name(void **state)
{
    (void)state;
    add("a", "1");
    add("b", "2");
    add("A", "3");
    assert_int_equal(cairn_http_fields_remove(&fields, CAIRN_STR("a")), 2);
    assert_int_equal(cairn_http_fields_remove(&fields, CAIRN_STR("a")), 0);
    assert_int_equal(fields.count, 1);
    assert_str(fields.items[0].value, "2");
}

static void keeps_its_fields_when_it_grows(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        assert_int_equal(add(i % 2 ? "odd" : "even", "x"), 0);
    assert_int_equal(fields.count, 100);
    assert_int_equal(cairn_http_fields_remove(&fields, CAIRN_STR("odd")), 50);
}

static void refuses_what_is_no_token_or_no_value(void **state)
{
    static const char *const names[] = {
        "", "a b", "a:", "a\r", "a\n", "\"", "(", "\xc3\xa4", "a\x7f"};
    static const char *const values[] = {" a", "a ", "\ta", "a\t", " ", "\r", "a\nb", "a\r\nb: c",
        "long enough for words \r and more", "a\x7f", "0123456\x01", "01234567\x1f", "\0371234567"};
    (void)state;
    add("a", "1");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(add(names[i], "x"), -1);
        assert_int_equal(
            cairn_http_fields_set(&fields, cairn_str_from(names[i]), CAIRN_STR("x")), -1);
    }
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        assert_int_equal(add("x", values[i]), -1);
        assert_int_equal(
            cairn_http_fields_set(&fields, CAIRN_STR("a"), cairn_str_from(values[i])), -1);
    }
    assert_int_equal(cairn_http_fields_add(&fields, CAIRN_STR("x"), CAIRN_STR("a\0b")), -1);
    assert_int_equal(fields.count, 1);
    assert_str(fields.items[0].value, "1");
}

static void takes_empty_values_tabs_inside_and_bytes_beyond_ascii(void **state)
{
    (void)state;
    assert_int_equal(add("a", ""), 0);
    assert_int_equal(add("a", "b\tc"), 0);
    assert_int_equal(add("a", "long enough for words\tand \x80\x9f\xa0\xff more"), 0);
    assert_int_equal(add("!#$%&'*+-.^_`|~09azAZ", "x"), 0);
}

static bool is_token_byte(int c)
{
    return c != 0 && strchr("!#$%&'*+-.^_`|~0123456789"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
                         c);
}

static void assert_is_judged_by_the_rule(struct cairn_str text, size_t at)
{
    int c = (unsigned char)text.data[at];
    bool is_end = at == 0 || at == text.length - 1;
    bool is_value = c == '\t' || c == ' ' ? !is_end : c > ' ' && c != 127;
    assert_int_equal(cairn_http_is_field_value(text), is_value);
    assert_int_equal(cairn_http_is_token(text), is_token_byte(c));
}

/* Of each length with each byte at each place, in memory that ends where the text does. */
static void names_and_values_are_judged_alike_at_every_length_and_place(void **state)
{
    (void)state;
    for (size_t length = 1; length <= 36; length++) {
        char *text = malloc(length);
        memset(text, 'v', length);
        for (size_t at = 0; at < length; at++) {
            for (int c = 0; c < 256; c++) {
                text[at] = (char)c;
                assert_is_judged_by_the_rule(cairn_str_of(text, length), at);
            }
            text[at] = 'v';
        }
        free(text);
    }
}

static void changes_nothing_without_memory(void **state)
{
    (void)state;
    cairn_test_alloc_begin();
    struct cairn_arena *full = cairn_arena_new(NULL);
    struct cairn_http_fields none = {.arena = full};
    while (cairn_arena_size(full) == 4096)
        assert_non_null(cairn_arena_alloc_text(full, 1));
    for (int i = 0; i < 4032; i++)
        assert_non_null(cairn_arena_alloc_text(full, 1));
    cairn_test_alloc_fail_at(1);
    assert_int_equal(cairn_http_fields_add(&none, CAIRN_STR("a"), CAIRN_STR("b")), -1);
    assert_true(cairn_test_alloc_has_failed());
    assert_int_equal(none.count, 0);
    cairn_arena_free(full);
    cairn_test_alloc_end();
}

static void credentials_and_cookies_are_always_sensitive(void **state)
{
    (void)state;
    add("authorization", "Basic Og==");
    add("Accept", "*/*");
    assert_str(cairn_http_field_for_log(&fields, &fields.items[0]), "(sensitive)");
    assert_str(cairn_http_field_for_log(&fields, &fields.items[1]), "*/*");
    assert_true(cairn_http_fields_is_sensitive(&fields, CAIRN_STR("Proxy-Authorization")));
    assert_true(cairn_http_fields_is_sensitive(&fields, CAIRN_STR("COOKIE")));
    assert_true(cairn_http_fields_is_sensitive(&fields, CAIRN_STR("Set-Cookie")));
    assert_false(cairn_http_fields_is_sensitive(&fields, CAIRN_STR("Set-Cookie2")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            gets_the_first_value_without_case, open_fields, close_fields),
        cmocka_unit_test_setup_teardown(walks_all_values_in_order, open_fields, close_fields),
        cmocka_unit_test_setup_teardown(
            finds_tokens_in_all_lists_of_a_name, open_fields, close_fields),
        cmocka_unit_test_setup_teardown(sets_in_place_of_all_of_a_name, open_fields, close_fields),
        cmocka_unit_test_setup_teardown(removes_all_of_a_name, open_fields, close_fields),
        cmocka_unit_test_setup_teardown(keeps_its_fields_when_it_grows, open_fields, close_fields),
        cmocka_unit_test_setup_teardown(
            refuses_what_is_no_token_or_no_value, open_fields, close_fields),
        cmocka_unit_test_setup_teardown(
            takes_empty_values_tabs_inside_and_bytes_beyond_ascii, open_fields, close_fields),
        cmocka_unit_test(names_and_values_are_judged_alike_at_every_length_and_place),
        cmocka_unit_test(changes_nothing_without_memory),
        cmocka_unit_test_setup_teardown(
            credentials_and_cookies_are_always_sensitive, open_fields, close_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
