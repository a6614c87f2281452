#include "layers/http_fixture.h"

#include <cairn/http/attachment.h>

static struct cairn_str attach(struct fixture *f, const char *filename)
{
    struct cairn_http_response *res = cairn_http_text(fixture_request(f, "/"), 200, "");
    assert_int_equal(cairn_http_response_attach(res, filename), 0);
    return fixture_field(res, "Content-Disposition");
}

static void a_plain_name_stands_between_quotes(void **state)
{
    struct fixture *f = *state;
    assert_str(attach(f, "report 1.pdf"), "attachment; filename=\"report 1.pdf\"");
    assert_str(attach(f, "a;b='c'.txt"), "attachment; filename=\"a;b='c'.txt\"");
    assert_str(attach(f, ""), "attachment; filename=\"\"");
}

static void without_a_name_the_client_finds_one(void **state)
{
    assert_str(attach(*state, NULL), "attachment");
}

static void any_other_name_comes_twice(void **state)
{
    struct fixture *f = *state;
    assert_str(attach(f, "caf\xc3\xa9.pdf"),
        "attachment; filename=\"caf_.pdf\"; filename*=UTF-8''caf%C3%A9.pdf");
    assert_str(attach(f, "\xe2\x82\xac 100%.txt"),
        "attachment; filename=\"_ 100_.txt\"; filename*=UTF-8''%E2%82%AC%20100%25.txt");
    assert_str(
        attach(f, "\xf0\x9f\x97\xbf"), "attachment; filename=\"_\"; filename*=UTF-8''%F0%9F%97%BF");
    assert_str(attach(f, "say \"hi\".txt"),
        "attachment; filename=\"say _hi_.txt\"; filename*=UTF-8''say%20%22hi%22.txt");
    assert_str(attach(f, "!#$&+-.^_`|~*'()\xc3\xbc"),
        "attachment; filename=\"!#$&+-.^_`|~*'()_\"; "
        "filename*=UTF-8''!#$&+-.^_`|~%2A%27%28%29%C3%BC");
}

static void what_leads_elsewhere_or_breaks_the_field_becomes_an_underscore(void **state)
{
    struct fixture *f = *state;
    assert_str(attach(f, "../../etc/passwd"), "attachment; filename=\".._.._etc_passwd\"");
    assert_str(attach(f, "C:\\a"), "attachment; filename=\"C:_a\"");
    assert_str(attach(f, "a\r\nSet-Cookie: b\x7f"), "attachment; filename=\"a__Set-Cookie: b_\"");
    assert_str(attach(f, "a\xc2\x85z"), "attachment; filename=\"a_z\"");
}

static void what_is_not_utf_8_becomes_an_underscore(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {"\xff", "\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80",
        "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82",
        "\xf0\x9f\x97"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        char expected[64] = "attachment; filename=\"";
        strncat(expected, "____", strlen(bad[i]));
        strcat(expected, "\"");
        assert_str(attach(f, bad[i]), expected);
    }
}

static void replaces_what_was_there_and_copies_the_name(void **state)
{
    struct fixture *f = *state;
    char name[] = "a.txt";
    struct cairn_http_response *res = cairn_http_text(fixture_request(f, "/"), 200, "");
    assert_int_equal(cairn_http_response_attach(res, "old"), 0);
    assert_int_equal(cairn_http_response_attach(res, name), 0);
    memset(name, '!', sizeof(name) - 1);
    assert_str(fixture_field(res, "content-disposition"), "attachment; filename=\"a.txt\"");
    assert_int_equal(cairn_http_fields_remove(&res->fields, CAIRN_STR("Content-Disposition")), 1);
}

static void fails_without_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_response *res = cairn_http_text(fixture_request(f, "/"), 200, "");
    fixture_exhaust(f);
    assert_int_equal(cairn_http_response_attach(res, "a.txt"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_plain_name_stands_between_quotes),
        fixture_test(without_a_name_the_client_finds_one),
        fixture_test(any_other_name_comes_twice),
        fixture_test(what_leads_elsewhere_or_breaks_the_field_becomes_an_underscore),
        fixture_test(what_is_not_utf_8_becomes_an_underscore),
        fixture_test(replaces_what_was_there_and_copies_the_name),
        fixture_test(fails_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
