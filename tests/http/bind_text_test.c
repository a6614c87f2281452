/* Numbers from text, held to plain references. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <regex.h>
#include <stdlib.h>

#include <cairn/http/extract/bind_scalar.h>
#include <cairn/service/random.h>

static struct cairn_random dice = {1};

static size_t random_below(size_t n)
{
    return (size_t)cairn_random_range(&dice, 0, n);
}

/* In a block of its own size, so that a byte too many is seen. */
static struct cairn_str random_text(const char *alphabet, char *terminated)
{
    size_t length = random_below(24);
    char *text = malloc(length ? length : 1);
    for (size_t i = 0; i < length; i++)
        text[i] = terminated[i] = alphabet[random_below(strlen(alphabet))];
    terminated[length] = '\0';
    return cairn_str_of(text, length);
}

static void whole_numbers_are_those_of_strtoll(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++) {
        char text[32];
        char *end;
        int64_t value = 77;
        struct cairn_str s = random_text("0123456789012345678901234567899-", text);
        errno = 0;
        long long expected = strtoll(text, &end, 10);
        bool is_number = s.length > 0 && *end == '\0' && errno == 0 && end > text;
        assert_int_equal(cairn__bind_text_int(s, &value), is_number);
        assert_true(value == (is_number ? expected : 77));
        free((char *)s.data);
    }
}

static void other_numbers_are_those_of_the_grammar(void **state)
{
    regex_t grammar;
    (void)state;
    assert_int_equal(regcomp(&grammar, "^-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?$",
                         REG_EXTENDED | REG_NOSUB),
        0);
    for (int i = 0; i < 100000; i++) {
        char text[32];
        double value = 77;
        struct cairn_str s = random_text("00112345-+.eE", text);
        bool is_number = regexec(&grammar, text, 0, NULL, 0) == 0 && isfinite(strtod(text, NULL));
        assert_int_equal(cairn__bind_text_double(s, &value), is_number);
        assert_true(value == (is_number ? strtod(text, NULL) : 77));
        free((char *)s.data);
    }
    regfree(&grammar);
}

static void a_number_of_many_digits_is_none(void **state)
{
    char text[101];
    double value;
    (void)state;
    memset(text, '1', sizeof(text));
    assert_true(cairn__bind_text_double(cairn_str_of(text, 100), &value));
    assert_false(cairn__bind_text_double(cairn_str_of(text, 101), &value));
}

static void nothing_is_no_number(void **state)
{
    double real;
    int64_t whole;
    bool truth;
    (void)state;
    assert_false(cairn__bind_text_double(cairn_str_of(NULL, 0), &real));
    assert_false(cairn__bind_text_int(cairn_str_of(NULL, 0), &whole));
    assert_false(cairn__bind_text_bool(cairn_str_of(NULL, 0), &truth));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_are_those_of_strtoll),
        cmocka_unit_test(other_numbers_are_those_of_the_grammar),
        cmocka_unit_test(a_number_of_many_digits_is_none),
        cmocka_unit_test(nothing_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
