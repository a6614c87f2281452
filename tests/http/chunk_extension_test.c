/* The reference is the grammar as a regular expression. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <regex.h>
#include <string.h>

#include <cairn/http/codec/chunk_extension.h>
#include <cairn/service/random.h>

#define ROUNDS 200000
#define LONGEST 12
#define TOKEN "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
/* In a bracket expression the backslash is a byte as others are. */
#define QUOTED "\"([\t !#-[\x80-\xff]|[]^-~]|\\\\[\t -~\x80-\xff])*\""
#define GRAMMAR "^(;" TOKEN "(=(" TOKEN "|" QUOTED "))?)+$"

/* Behind the first semicolon, which the guard takes. */
static bool is_accepted(const char *text)
{
    enum cairn__chunk_extension state = CAIRN__EXTENSION_NAME_START;
    for (const char *at = text + 1; *at; at++) {
        if (!cairn__chunk_extension_step(&state, *at))
            return false;
    }
    return cairn__chunk_extension_is_whole(state);
}

static void names_values_and_quoted_strings_are_read(void **state)
{
    (void)state;
    assert_true(is_accepted(";a"));
    assert_true(is_accepted(";a;b"));
    assert_true(is_accepted(";a=1;b=2;c"));
    assert_true(is_accepted(";a=\"\""));
    assert_true(is_accepted(";a=\"b;c\";d"));
    assert_true(is_accepted(";a=\"\\\"\\\\\""));
    assert_true(is_accepted(";a=\"\xc3\xa4\t\""));
}

static void what_is_not_whole_or_has_other_bytes_is_refused(void **state)
{
    static const char *const cases[] = {";", ";;a", ";a;", ";a=", ";=1", ";a=1=2", ";a=\"",
        ";a=\"\\\"", ";a=\"1\"2", ";a=\"1\"=2", "; a", ";a ", ";a =1", ";a= 1", ";a=\"\x7f\"",
        ";a=\"\x01\"", ";a=\"\\\x01\"", ";a=b\"c\"", ";\xc3\xa4", ";\"a\""};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        if (is_accepted(cases[i]))
            fail_msg("accepted: %s", cases[i]);
    }
}

static void random_extensions_are_judged_as_the_grammar_does(void **state)
{
    static const char bytes[] = ";;==aZ9!\"\"\\\\ \t(\x01\x7f\xc3";
    char text[LONGEST + 2] = ";";
    unsigned accepted = 0;
    struct cairn_random dice = {1};
    regex_t grammar;
    (void)state;
    assert_int_equal(regcomp(&grammar, GRAMMAR, REG_EXTENDED | REG_NOSUB), 0);
    for (int i = 0; i < ROUNDS; i++) {
        size_t length = 1 + (size_t)cairn_random_range(&dice, 0, LONGEST);
        for (size_t at = 1; at <= length; at++) {
            text[at] = bytes[cairn_random_range(&dice, 0, sizeof(bytes) - 1)];
        }
        text[length + 1] = '\0';
        bool expected = regexec(&grammar, text, 0, NULL, 0) == 0;
        if (is_accepted(text) != expected)
            fail_msg("%s: %s", expected ? "refused" : "accepted", text);
        accepted += expected;
    }
    regfree(&grammar);
    assert_true(accepted > ROUNDS / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_values_and_quoted_strings_are_read),
        cmocka_unit_test(what_is_not_whole_or_has_other_bytes_is_refused),
        cmocka_unit_test(random_extensions_are_judged_as_the_grammar_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
