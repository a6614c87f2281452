#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/http/accept.h>
#include <cairn/service/alloc.h>
#include <cairn/service/random.h>
#include <cairn/testkit/accept_reference.h>

typedef int choose(const struct cairn_http_fields *fields, const char *const *offers, size_t count);

/* What CHOOSE takes of OFFERS, "a b c", when the lines of field NAME are LINES, cut at newlines. */
static const char *chosen(choose *f, const char *name, const char *lines, const char *offers)
{
    static char text[256];
    static char value[8192];
    const char *list[16];
    size_t count = 0;
    struct cairn_http_field items[8];
    struct cairn_http_fields fields = {.items = items};
    snprintf(text, sizeof(text), "%s", offers);
    for (char *at = strtok(text, " "); at; at = strtok(NULL, " "))
        list[count++] = at;
    snprintf(value, sizeof(value), "%s", lines ? lines : "");
    for (char *at = lines ? value : NULL; at;) {
        char *end = strchr(at, '\n');
        size_t length = end ? (size_t)(end - at) : strlen(at);
        items[fields.count++] =
            (struct cairn_http_field){cairn_str_from(name), cairn_str_of(at, length)};
        at = end ? end + 1 : NULL;
    }
    int i = f(&fields, list, count);
    return i < 0 ? "none" : list[i];
}

static const char *media(const char *lines, const char *offers)
{
    return chosen(cairn_http_accept_media, "accept", lines, offers);
}

static const char *coding(const char *lines, const char *offers)
{
    return chosen(cairn_http_accept_encoding, "accept-encoding", lines, offers);
}

static const char *language(const char *lines, const char *offers)
{
    return chosen(cairn_http_accept_language, "accept-language", lines, offers);
}

static void the_highest_weight_wins_and_then_the_server(void **state)
{
    (void)state;
    assert_string_equal(media("a/b;q=0.5, c/d", "a/b c/d"), "c/d");
    assert_string_equal(media("a/b, c/d", "c/d a/b"), "c/d");
    assert_string_equal(media("a/b, c/d", "a/b c/d"), "a/b");
    assert_string_equal(media("a/b;q=0.001, c/d;q=0.002", "a/b c/d"), "c/d");
    assert_string_equal(media("A/B", "x/y a/b"), "a/b");
    assert_string_equal(media("a/b", "x/y"), "none");
    assert_string_equal(media("a/b;q=0", "a/b"), "none");
    assert_string_equal(media("a/b", ""), "none");
}

/* RFC 9110 section 12.5.1, its table: the weight shows in what else is taken. */
static void the_most_specific_range_counts(void **state)
{
    static const char field[] = "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, "
                                "text/plain;format=fixed;q=0.4, */*;q=0.5";
    (void)state;
    assert_string_equal(media(field, "text/html image/jpeg text/plain;format=fixed"), "image/jpeg");
    assert_string_equal(
        media(field, "text/html text/plain;format=fixed"), "text/plain;format=fixed");
    assert_string_equal(media(field, "image/jpeg text/plain"), "text/plain");
    assert_string_equal(
        media(field, "text/plain text/plain;format=flowed"), "text/plain;format=flowed");
    assert_string_equal(media("a/*, a/b;q=0", "a/b a/c"), "a/c");
    assert_string_equal(media("*/*, a/*;q=0", "a/b c/d"), "c/d");
    assert_string_equal(media("a/b;x=1;y=2;q=0.1, a/b;x=1, c/d;q=0.5", "a/b;x=1;y=2 c/d"), "c/d");
    assert_string_equal(media("a/b;q=0.1, a/b, c/d;q=0.5", "a/b c/d"), "c/d");
}

static void a_range_asks_for_all_its_parameters(void **state)
{
    (void)state;
    assert_string_equal(media("a/b;x=1", "a/b"), "none");
    assert_string_equal(media("a/b;x=1", "a/b;x=2"), "none");
    assert_string_equal(media("a/b;x=\"\\1\"", "a/b;X=1"), "a/b;X=1");
    assert_string_equal(media("a/b;charset=UTF-8", "a/b;charset=utf-8"), "a/b;charset=utf-8");
    assert_string_equal(media("a/*;x=1", "a/c a/b;x=1"), "a/b;x=1");
    assert_string_equal(media("a/b;q=0.2;x=1, c/d;q=0.5", "a/b;x=1 c/d"), "c/d");
    assert_string_equal(media("a/b;x=\",\", c/d;q=0.1", "c/d a/b;x=\",\""), "a/b;x=\",\"");
}

static void what_browsers_and_old_java_send_is_understood(void **state)
{
    static const char chrome[] =
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,"
        "*/*;q=0.8,application/signed-exchange;v=b3;q=0.7";
    static const char java[] = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2";
    (void)state;
    assert_string_equal(media(chrome, "application/json text/html"), "text/html");
    assert_string_equal(media(chrome, "application/json"), "application/json");
    assert_string_equal(media(java, "application/json image/gif"), "image/gif");
    assert_string_equal(media("*; q=.2", "application/json"), "application/json");
}

static void no_field_and_nothing_well_formed_take_all_media(void **state)
{
    (void)state;
    assert_string_equal(media(NULL, "a/b c/d"), "a/b");
    assert_string_equal(media("", "a/b c/d"), "a/b");
    assert_string_equal(media(" , ,", "a/b c/d"), "a/b");
    assert_string_equal(media("a", "a/b c/d"), "a/b");
}

static void malformed_members_are_ignored(void **state)
{
    static const char *const malformed[] = {"c/d;q=2", "c/d;q=1.001", "c/d;q=0.1234", "c/d;q=-1",
        "c/d;q=", "c/d;q", "c/d;q=.", "c/d;q=a", "c/d;q=\"1\"", "c/d;q=1;q=1", "c/d;q =1",
        "c/d;x=", "c/d;=1", "c/d;x", "c/d x", "c /d", "c/ d", "c//d", "c/d/", "/d", "c/", "*/d",
        "c/d;x=\"", "c/d;x=\"a\"b", "c/d;x=\"\x01\"", "c/d;x=\"\\\x7f\"", "c/d;x=\"\\", "c,d",
        "\"c/d\"", "c/d;q=1 1"};
    char lines[64];
    (void)state;
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        snprintf(lines, sizeof(lines), "a/b;q=0.1, %s", malformed[i]);
        assert_string_equal(media(lines, "c/d a/b"), "a/b");
    }
    assert_string_equal(
        media("a/b;q=0.1, c/d ; ; x=\"\\\"\" ;", "a/b c/d;x=\"\\\"\""), "c/d;x=\"\\\"\"");
    assert_string_equal(media("c/d;x=\", a/b", "a/b"), "a/b");
    assert_string_equal(media("c/d;x=\", a/b\nc/d", "a/b c/d"), "c/d");
}

static void an_offer_that_is_no_media_type_is_not_chosen(void **state)
{
    (void)state;
    assert_string_equal(media(NULL, "b c/ c/d"), "c/d");
    assert_string_equal(media("*/*", "b"), "none");
}

static void codings_are_chosen_by_weight_and_then_by_the_server(void **state)
{
    (void)state;
    assert_string_equal(coding("gzip, br", "br gzip identity"), "br");
    assert_string_equal(coding("gzip;q=1, br;q=0.9", "br gzip identity"), "gzip");
    assert_string_equal(coding("GZIP", "br gzip identity"), "gzip");
    assert_string_equal(coding("x-gzip", "br gzip identity"), "gzip");
    assert_string_equal(coding("gzip;q=0.001", "gzip identity"), "gzip");
    assert_string_equal(coding("deflate", "br gzip identity"), "identity");
    assert_string_equal(coding("gzip\nbr;q=0.5", "br gzip identity"), "gzip");
    assert_string_equal(coding("identity, gzip;q=0.5", "gzip identity"), "identity");
}

static void a_star_is_every_coding_that_is_not_named(void **state)
{
    (void)state;
    assert_string_equal(coding("*", "br gzip identity"), "br");
    assert_string_equal(coding("br;q=0, *", "br gzip identity"), "gzip");
    assert_string_equal(coding("gzip;q=0.5, *;q=0.2", "br identity gzip"), "gzip");
    assert_string_equal(coding("*;q=0", "br gzip identity"), "none");
    assert_string_equal(coding("*;q=0, identity;q=0.1", "br gzip identity"), "identity");
}

static void identity_can_be_refused(void **state)
{
    (void)state;
    assert_string_equal(coding("identity;q=0", "br gzip identity"), "none");
    assert_string_equal(coding("identity;q=0, gzip;q=0.1", "identity br gzip"), "gzip");
    assert_string_equal(coding("br, identity;q=0", "gzip identity"), "none");
}

static void no_field_and_an_empty_one_take_identity(void **state)
{
    (void)state;
    assert_string_equal(coding(NULL, "br gzip identity"), "identity");
    assert_string_equal(coding(NULL, "br gzip"), "br");
    assert_string_equal(coding("", "br gzip identity"), "identity");
    assert_string_equal(coding("", "br gzip"), "none");
    assert_string_equal(coding("gzip;q=7, br;level=1, /", "br gzip identity"), "identity");
}

static void languages_are_looked_up_by_shortening_the_range(void **state)
{
    (void)state;
    assert_string_equal(language("de-CH", "en de"), "de");
    assert_string_equal(language("de-ch-1996", "de DE-CH"), "DE-CH");
    assert_string_equal(language("zh-Hant-CN-x-private1-private2", "en zh zh-Hant"), "zh-Hant");
    assert_string_equal(language("en-GB, de;q=0.9", "de en"), "en");
    assert_string_equal(language("dex, e", "de en"), "none");
}

static void a_range_that_is_no_longer_found_finds_what_begins_with_it(void **state)
{
    (void)state;
    assert_string_equal(language("de", "en de-CH de-AT"), "de-CH");
    assert_string_equal(language("de", "de-CH de"), "de");
    assert_string_equal(language("de", "den"), "none");
}

static void languages_go_by_weight_and_then_by_their_order(void **state)
{
    (void)state;
    assert_string_equal(language("fr;q=0.5, de", "fr de"), "de");
    assert_string_equal(language("fr, de", "de fr"), "fr");
    assert_string_equal(language("da, en-gb;q=0.8, en;q=0.7", "en en-GB"), "en-GB");
}

static void a_star_is_every_language_that_no_other_range_is(void **state)
{
    (void)state;
    assert_string_equal(language("*", "en de"), "en");
    assert_string_equal(language("en;q=0.1, *;q=0.5", "en de"), "de");
    assert_string_equal(language("de;q=0.1, *", "de-CH"), "de-CH");
    assert_string_equal(language("fr, *;q=0.5", "en de"), "en");
}

static void languages_can_be_refused(void **state)
{
    (void)state;
    assert_string_equal(language("en;q=0", "en"), "none");
    assert_string_equal(language("*, en;q=0", "en en-GB de"), "de");
    assert_string_equal(language("en-GB, en;q=0", "en"), "none");
    assert_string_equal(language("de, *;q=0", "en de"), "de");
    assert_string_equal(language("en, en-GB;q=0", "en-GB en-US"), "en-US");
    assert_string_equal(language("en;q=0, en", "en"), "none");
    assert_string_equal(language("en, en;q=0", "en"), "en");
}

static void malformed_languages_are_ignored(void **state)
{
    (void)state;
    assert_string_equal(language(NULL, "en de"), "en");
    assert_string_equal(language("", "en de"), "en");
    assert_string_equal(
        language("en_GB, e1, en-, -en, en--gb, *-CH, languages-x, de-x", "fr"), "none");
    assert_string_equal(language("en_GB, e1, en-, -en, en--gb, *-CH, languagesx", "fr"), "fr");
    assert_string_equal(language("en;x=1, de;q=0.1", "en de"), "de");
}

/* Sixty-three, and one more that is looked at; the next is not. Empty ones do not count. */
static void members_beyond_the_cap_are_ignored(void **state)
{
    char lines[1024];
    size_t length = 0;
    (void)state;
    for (int i = 0; i < 63; i++)
        length +=
            (size_t)snprintf(lines + length, sizeof(lines) - length, "%s,,", i % 2 ? "x;" : ";");
    snprintf(lines + length, sizeof(lines) - length, "br;q=0.5, gzip");
    assert_string_equal(coding(lines, "gzip br identity"), "br");
    snprintf(lines + length, sizeof(lines) - length, "br;q=0.5\ngzip");
    assert_string_equal(coding(lines, "gzip br identity"), "br");
    snprintf(lines + length, sizeof(lines) - length, ",,gzip");
    assert_string_equal(coding(lines, "gzip br identity"), "gzip");
}

/* Each field on its own block of memory, so that a read past its end is seen. */
static void assert_like_the_reference(const char *field)
{
    static const char *const types[] = {"a/b", "b/a; x=a", "a/a; x=,; y=a", "b/b"};
    static const char *const codings[] = {"gzip", "a", "b", "identity"};
    static const char *const languages[] = {"a-ab", "a", "b-ab-a1", "b"};
    size_t length = strlen(field);
    char *copy = cairn_alloc(length + 1);
    assert_non_null(copy);
    memcpy(copy, field, length);
    copy = cairn_resize(copy, length ? length : 1);
    struct cairn_http_field item = {.value = cairn_str_of(copy, length)};
    struct cairn_http_fields fields = {.items = &item, .count = 1};
    item.name = CAIRN_STR("Accept");
    int found[3];
    static const char *const real_types[] = {"a/b", "b/a;x=a", "a/a;x=\",\";y=a", "b/b"};
    found[0] = cairn_http_accept_media(&fields, real_types, 4);
    item.name = CAIRN_STR("Accept-Encoding");
    found[1] = cairn_http_accept_encoding(&fields, codings, 4);
    item.name = CAIRN_STR("Accept-Language");
    found[2] = cairn_http_accept_language(&fields, languages, 4);
    cairn_free(copy);
    if (found[0] != accept_reference_media(field, types, 4) ||
        found[1] != accept_reference_encoding(field, codings, 4) ||
        found[2] != accept_reference_language(field, languages, 4))
        fail_msg("%s: %d %d %d, and not %d %d %d", field, found[0], found[1], found[2],
            accept_reference_media(field, types, 4), accept_reference_encoding(field, codings, 4),
            accept_reference_language(field, languages, 4));
}

static void all_short_fields_are_read_like_the_reference(void **state)
{
    static const char alphabet[] = "ab/*-,;=q0";
    size_t total = 1;
    (void)state;
    for (size_t length = 0; length <= 5; length++, total *= 10) {
        for (size_t number = 0; number < total; number++) {
            char field[8] = "";
            size_t rest = number;
            for (size_t i = 0; i < length; i++, rest /= 10)
                field[i] = alphabet[rest % 10];
            assert_like_the_reference(field);
        }
    }
}

static void random_fields_are_read_like_the_reference(void **state)
{
    static const char *const pieces[] = {"a", "b", "/", "*", "-", ",", ";", "=", "q", "0", ".5",
        "\"", "\\", " ", "\t", "a/b", "b/a", "*/*", "a/*", ", ", ";q=0", ";q=0.5", ";q=1", ";Q=.2",
        ";x=a", "; X=\"\\A\"", ";x=\",\"", ";y=a", "a-b", "b-ab", "b-a-a", "x-gzip", "gzip",
        "identity", "identity;q=0", "*;q=0", "1", "\x80", "\x01", "é", ";x=\"a;b,c\"", ",a"};
    struct cairn_random dice = {1};
    (void)state;
    for (int round = 0; round < 100000; round++) {
        char field[256] = "";
        for (size_t i = 0, count = 1 + cairn_random_range(&dice, 0, 10); i < count; i++) {
            strcat(field, pieces[cairn_random_range(&dice, 0, sizeof(pieces) / sizeof(pieces[0]))]);
        }
        assert_like_the_reference(field);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_highest_weight_wins_and_then_the_server),
        cmocka_unit_test(the_most_specific_range_counts),
        cmocka_unit_test(a_range_asks_for_all_its_parameters),
        cmocka_unit_test(what_browsers_and_old_java_send_is_understood),
        cmocka_unit_test(no_field_and_nothing_well_formed_take_all_media),
        cmocka_unit_test(malformed_members_are_ignored),
        cmocka_unit_test(an_offer_that_is_no_media_type_is_not_chosen),
        cmocka_unit_test(codings_are_chosen_by_weight_and_then_by_the_server),
        cmocka_unit_test(a_star_is_every_coding_that_is_not_named),
        cmocka_unit_test(identity_can_be_refused),
        cmocka_unit_test(no_field_and_an_empty_one_take_identity),
        cmocka_unit_test(languages_are_looked_up_by_shortening_the_range),
        cmocka_unit_test(a_range_that_is_no_longer_found_finds_what_begins_with_it),
        cmocka_unit_test(languages_go_by_weight_and_then_by_their_order),
        cmocka_unit_test(a_star_is_every_language_that_no_other_range_is),
        cmocka_unit_test(languages_can_be_refused),
        cmocka_unit_test(malformed_languages_are_ignored),
        cmocka_unit_test(members_beyond_the_cap_are_ignored),
        cmocka_unit_test(all_short_fields_are_read_like_the_reference),
        cmocka_unit_test(random_fields_are_read_like_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
