#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <cairn/http/html.h>
#include <cairn/service/random.h>
#include <cairn/testkit/alloc.h>

static int arena_setup(void **state)
{
    cairn_test_alloc_begin();
    *state = cairn_arena_new(NULL);
    return *state ? 0 : -1;
}

static int arena_teardown(void **state)
{
    cairn_arena_free(*state);
    cairn_test_alloc_end();
    return 0;
}

static const char *escaped(struct cairn_arena *arena, struct cairn_str text)
{
    struct cairn_str out = cairn_html_escape(arena, text);
    assert_int_equal(strlen(out.data), out.length);
    return out.data;
}

static void what_could_be_markup_is_a_reference(void **state)
{
    assert_string_equal(escaped(*state, CAIRN_STR("<a href=\"x\" b='y'>&amp;</a>")),
        "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;");
}

static void all_else_stays(void **state)
{
    assert_string_equal(
        escaped(*state, CAIRN_STR("Zo\xc3\xab = 1/2;\r\n")), "Zo\xc3\xab = 1/2;\r\n");
    assert_string_equal(escaped(*state, CAIRN_STR("")), "");
    assert_string_equal(escaped(*state, cairn_str_of(NULL, 0)), "");
}

static void a_nul_stays_where_it_is(void **state)
{
    struct cairn_str out = cairn_html_escape(*state, cairn_str_of("a\0<", 3));
    assert_int_equal(out.length, 6);
    assert_memory_equal(out.data, "a\0&lt;", 7);
}

/* The naive reader: OUT with its references undone, in place. */
static size_t unescape(char *out)
{
    static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    size_t length = 0;
    for (const char *s = out; *s;) {
        size_t i = 0;
        while (*s == '&' && strncmp(s, names[i], strlen(names[i])) != 0)
            assert_true(++i < 5); /* no other reference, and no lone ampersand */
        bool is_reference = *s == '&';
        out[length++] = is_reference ? "&<>\"'"[i] : *s;
        s += is_reference ? strlen(names[i]) : 1;
    }
    return length;
}

static void random_texts_come_back_and_have_no_markup(void **state)
{
    struct cairn_random random;
    (void)state;
    cairn_random_init(&random, 1);
    for (int round = 0; round < 100000; round++) {
        char text[8];
        size_t length = (size_t)cairn_random_range(&random, 0, sizeof(text) + 1);
        for (size_t i = 0; i < length; i++)
            text[i] = "&<>\"'amp;"[cairn_random_range(&random, 0, 9)];
        struct cairn_arena *arena = cairn_arena_new(NULL);
        char *out = (char *)(uintptr_t)escaped(arena, cairn_str_of(text, length));
        assert_null(strpbrk(out, "<>\"'"));
        assert_int_equal(unescape(out), length);
        assert_memory_equal(out, text, length);
        cairn_arena_free(arena);
    }
}

static void escape_with_what_memory_there_is(void *cx)
{
    (void)cx;
    cairn_test_alloc_exempt(true);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    cairn_test_alloc_exempt(false);
    for (size_t i = 0; i < 300; i++)
        assert_true(cairn_html_escape(arena, CAIRN_STR("<<<<<<<<<<<<")).data ||
                    cairn_test_alloc_has_failed());
    cairn_arena_free(arena);
}

static void without_memory_there_is_no_text(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(escape_with_what_memory_there_is, NULL) > 2);
}

#define arena_test(f) cmocka_unit_test_setup_teardown(f, arena_setup, arena_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        arena_test(what_could_be_markup_is_a_reference),
        arena_test(all_else_stays),
        arena_test(a_nul_stays_where_it_is),
        cmocka_unit_test(random_texts_come_back_and_have_no_markup),
        cmocka_unit_test(without_memory_there_is_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
