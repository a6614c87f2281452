#include "layers/http_fixture.h"

#include <cairn/http/codec/chars.h>
#include <cairn/http/cookie.h>
#include <cairn/service/random.h>
#include <cairn/testkit/cookie_reference.h>

static struct cairn_http_request *request_with(struct fixture *f, const char *cookies)
{
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "Cookie", cookies);
    return req;
}

/* All cookies of REQ as "name=value" with a bar behind each. */
static const char *listed(const struct cairn_http_request *req)
{
    static char text[1024];
    struct cairn_http_cookie_cursor cursor = {0};
    struct cairn_http_cookie cookie;
    size_t length = 0;
    text[0] = '\0';
    while (cairn_http_cookie_next(req, &cursor, &cookie))
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%.*s=%.*s|",
            (int)cookie.name.length, cookie.name.data, (int)cookie.value.length, cookie.value.data);
    assert_false(cairn_http_cookie_next(req, &cursor, &cookie));
    return text;
}

static const char *read_of(struct fixture *f, const char *cookies)
{
    return listed(request_with(f, cookies));
}

static void reads_what_browsers_send(void **state)
{
    assert_string_equal(
        read_of(*state, "SID=31d4d96e407aad42; lang=en-US"), "SID=31d4d96e407aad42|lang=en-US|");
    assert_string_equal(read_of(*state, "a=1;b=2;\tc=3 ; ;;d=4;"), "a=1|b=2|c=3|d=4|");
    assert_string_equal(
        read_of(*state, "a=; b=x=y=; c=/path?q[]={1}"), "a=|b=x=y=|c=/path?q[]={1}|");
    assert_string_equal(
        read_of(*state, "__Host-sid=a; __Secure-x=b"), "__Host-sid=a|__Secure-x=b|");
    assert_string_equal(read_of(*state, ""), "");
    assert_string_equal(listed(fixture_request(*state, "/")), "");
}

static void takes_quotes_around_a_value_off(void **state)
{
    assert_string_equal(read_of(*state, "a=\"1\"; b=\"\"; c=2"), "a=1|b=|c=2|");
}

static void reads_all_fields(void **state)
{
    struct cairn_http_request *req = request_with(*state, "a=1; b=2");
    fixture_add_field(req, "cookie", "c=3");
    assert_string_equal(listed(req), "a=1|b=2|c=3|");
}

static void skips_pairs_that_somebody_may_read_in_another_way(void **state)
{
    static const char *const pairs[] = {"b", "=b", "b=1,c=2", "b=a b", "b =1", "b= 1", "b c=1",
        "$Version=1", "$Path=/", "b=\xc3\xa9", "\xc3\xa9=b", "b=a\\b", "b={\"x\":1}", "b=\"a b\"",
        "b=\"a,b\"", "b[]=1", "b@=1", "b:c=1", "b=a\tb"};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
        char text[64];
        snprintf(text, sizeof(text), "a=1; %s; c=3", pairs[i]);
        assert_string_equal(read_of(*state, text), "a=1|c=3|");
    }
}

static void stops_where_quotes_are_left_open_or_escaped(void **state)
{
    static const char *const pairs[] = {"b=\"x", "b=\"", "b=x\"", "\"b=x", "b=\"\"x\"", "\"",
        "b=\"x\\\"", "b=\"x\\y\"", "b={\"x\\\":1\"}"};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
        char text[64];
        snprintf(text, sizeof(text), "a=1; %s; sid=evil; c=y\"", pairs[i]);
        assert_string_equal(read_of(*state, text), "a=1|");
        struct cairn_http_request *req = request_with(*state, text);
        fixture_add_field(req, "Cookie", "d=4");
        assert_string_equal(listed(req), "a=1|d=4|");
    }
}

static void gets_the_first_of_a_name(void **state)
{
    struct cairn_http_request *req = request_with(*state, "A=0; a=1; a=2; b=\"\"");
    assert_str(cairn_http_cookie_get(req, "a"), "1");
    assert_str(cairn_http_cookie_get(req, "A"), "0");
    assert_str(cairn_http_cookie_get(req, "b"), "");
    assert_null(cairn_http_cookie_get(req, "c").data);
}

static void every_byte_is_of_a_value_or_not(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        bool is_listed = c && strchr(COOKIE_REFERENCE_OCTETS, c);
        assert_int_equal(cairn__char_is((char)c, CAIRN__CHAR_COOKIE), is_listed);
    }
}

static size_t agree(const struct cairn_http_request *req, const char *text)
{
    struct cookie_reference reference;
    struct cairn_http_cookie_cursor cursor = {0};
    struct cairn_http_cookie cookie;
    cookie_reference_read(&reference, text);
    for (size_t i = 0; i < reference.count; i++) {
        assert_true(cairn_http_cookie_next(req, &cursor, &cookie));
        assert_str(cookie.name, reference.names[i]);
        assert_str(cookie.value, reference.values[i]);
    }
    assert_false(cairn_http_cookie_next(req, &cursor, &cookie));
    return reference.count;
}

static void agrees_with_a_naive_reader_on_random_fields(void **state)
{
    static const char *const pieces[] = {"a", "sid=", "a=1", "b=\"2\"", "=", ";", ";", "; ", "; ",
        " ", "\t", "\"", "\\", ",", "$", "x", "\x80", "{"};
    struct cairn_random random;
    struct cairn_arena_cache *cache = cairn_arena_cache_new(0);
    size_t read = 0;
    (void)state;
    cairn_random_init(&random, 3);
    for (int round = 0; round < 150000; round++) {
        char text[128] = "";
        struct cairn_arena *arena = cairn_arena_new(cache);
        struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
        for (size_t n = (size_t)cairn_random_range(&random, 0, 20); n > 0; n--)
            strcat(text, pieces[cairn_random_range(&random, 0, sizeof(pieces) / sizeof(*pieces))]);
        if (cairn_http_fields_add(&req->fields, CAIRN_STR("Cookie"), cairn_str_from(text)) == 0)
            read += agree(req, text);
        cairn_arena_free(arena);
    }
    cairn_arena_cache_free(cache);
    assert_true(read > 20000);
}

static struct cairn_http_response *response(struct fixture *f)
{
    return cairn_http_response_new(fixture_request(f, "/"), 200);
}

static void a_cookie_is_safe_unless_it_is_said_otherwise(void **state)
{
    struct cairn_http_response *res = response(*state);
    assert_null(cairn_http_set_cookie(res, .name = "sid", .value = "7"));
    assert_str(fixture_field(res, "Set-Cookie"), "sid=7; Path=/; Secure; HttpOnly; SameSite=Lax");
}

static void writes_every_attribute(void **state)
{
    struct cairn_http_response *res = response(*state);
    assert_null(cairn_http_set_cookie(res, .name = "a", .value = "1", .path = "/app",
        .domain = "example.org", .max_age_s = 3600, .expires = 784111777,
        .same_site = CAIRN_HTTP_SAME_SITE_NONE, .is_script_readable = true,
        .is_partitioned = true));
    assert_str(fixture_field(res, "Set-Cookie"),
        "a=1; Path=/app; Domain=example.org; Max-Age=3600; Expires=Sun, 06 Nov 1994 08:49:37 GMT; "
        "Secure; SameSite=None; Partitioned");
    res = response(*state);
    assert_null(cairn_http_set_cookie(res, .name = "a", .path = "", .is_insecure = true,
        .same_site = CAIRN_HTTP_SAME_SITE_STRICT));
    assert_str(fixture_field(res, "Set-Cookie"), "a=; HttpOnly; SameSite=Strict");
}

static void several_cookies_are_several_fields(void **state)
{
    struct cairn_http_response *res = response(*state);
    assert_null(cairn_http_set_cookie(res, .name = "a", .value = "1"));
    assert_null(cairn_http_set_cookie(res, .name = "b", .value = "2"));
    assert_int_equal(res->fields.count, 2);
}

static void removes_a_cookie_where_it_was_set(void **state)
{
    struct cairn_http_response *res = response(*state);
    assert_null(cairn_http_remove_cookie(res, .name = "__Secure-a", .value = "not looked; at",
        .path = "/app", .domain = "example.org", .max_age_s = 7, .expires = 7));
    assert_str(fixture_field(res, "Set-Cookie"),
        "__Secure-a=; Path=/app; Domain=example.org; Max-Age=0; "
        "Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax");
}

static void copies_what_it_is_given(void **state)
{
    struct cairn_http_response *res = response(*state);
    char value[] = "7";
    assert_null(cairn_http_set_cookie(res, .name = "sid", .value = value));
    value[0] = '!';
    assert_str(fixture_field(res, "Set-Cookie"), "sid=7; Path=/; Secure; HttpOnly; SameSite=Lax");
}

#define assert_invalid(res, word, ...)                                         \
    do {                                                                       \
        struct cairn_error *error = cairn_http_set_cookie((res), __VA_ARGS__); \
        assert_non_null(error);                                                \
        assert_int_equal(error->code, CAIRN_ERROR_INVALID);                    \
        assert_ptr_equal(strstr(error->message, word), error->message);        \
        assert_int_equal((res)->fields.count, 0);                              \
    } while (0)

static void refuses_what_would_become_something_else(void **state)
{
    struct cairn_http_response *res = response(*state);
    assert_invalid(res, "name", .value = "1");
    assert_invalid(res, "name", .name = "");
    assert_invalid(res, "name", .name = "a b");
    assert_invalid(res, "name", .name = "a=b");
    assert_invalid(res, "name", .name = "$a");
    assert_invalid(res, "value", .name = "a", .value = "1; Domain=evil.org");
    assert_invalid(res, "value", .name = "a", .value = "a b");
    assert_invalid(res, "value", .name = "a", .value = "1\r\nX: y");
    assert_invalid(res, "value", .name = "a", .value = "\"1\"");
    assert_invalid(res, "value", .name = "a", .value = "\xc3\xa9");
    assert_invalid(res, "path", .name = "a", .path = "app");
    assert_invalid(res, "path", .name = "a", .path = "/;Domain=evil.org");
    assert_invalid(res, "path", .name = "a", .path = "/\n");
    assert_invalid(res, "path", .name = "a", .path = "/ ");
    assert_invalid(res, "domain", .name = "a", .domain = "");
    assert_invalid(res, "domain", .name = "a", .domain = "a b");
    assert_invalid(res, "domain", .name = "a", .domain = "a;b");
    assert_invalid(res, "max_age_s", .name = "a", .max_age_s = 34560001);
    assert_invalid(res, "same_site", .name = "a", .same_site = (enum cairn_http_same_site)3);
}

static void refuses_what_is_too_long(void **state)
{
    struct cairn_http_response *res = response(*state);
    char text[4097];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_invalid(res, "name and value", .name = "a", .value = text);
    assert_invalid(res, "name and value", .name = text, .value = "a");
    text[1025] = '\0';
    assert_invalid(res, "domain", .name = "a", .domain = text);
    text[0] = '/';
    assert_invalid(res, "path", .name = "a", .path = text);
    text[1024] = '\0';
    assert_null(cairn_http_set_cookie(res, .name = "a", .path = text, .domain = text + 1));
    memset(text, 'x', sizeof(text) - 1);
    assert_null(cairn_http_set_cookie(res, .name = "a", .value = text + 1));
}

static void refuses_what_browsers_would_drop(void **state)
{
    struct cairn_http_response *res = response(*state);
    assert_invalid(res, "is_insecure", .name = "__Secure-a", .is_insecure = true);
    assert_invalid(res, "is_insecure", .name = "__host-a", .is_insecure = true);
    assert_invalid(res, "is_insecure", .name = "a", .is_insecure = true, .is_partitioned = true);
    assert_invalid(res, "is_insecure", .name = "a", .is_insecure = true,
        .same_site = CAIRN_HTTP_SAME_SITE_NONE);
    assert_invalid(res, "a name with __Host-", .name = "__Host-a", .domain = "example.org");
    assert_invalid(res, "a name with __Host-", .name = "__HOST-a", .path = "/app");
    assert_invalid(res, "a name with __Host-", .name = "__Host-a", .path = "");
    assert_null(cairn_http_set_cookie(res, .name = "__Host-a", .path = "/"));
    assert_null(cairn_http_set_cookie(res, .name = "__Secure-a", .domain = "example.org"));
}

static void says_when_there_is_no_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_response *res = response(f);
    fixture_exhaust(f);
    assert_ptr_equal(cairn_http_set_cookie(res, .name = "a"), &cairn_error_no_memory);
    fixture_exhaust(f);
    assert_ptr_equal(cairn_http_remove_cookie(res, .name = "a"), &cairn_error_no_memory);
    assert_int_equal(res->fields.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(reads_what_browsers_send),
        fixture_test(takes_quotes_around_a_value_off),
        fixture_test(reads_all_fields),
        fixture_test(skips_pairs_that_somebody_may_read_in_another_way),
        fixture_test(stops_where_quotes_are_left_open_or_escaped),
        fixture_test(gets_the_first_of_a_name),
        cmocka_unit_test(every_byte_is_of_a_value_or_not),
        cmocka_unit_test(agrees_with_a_naive_reader_on_random_fields),
        fixture_test(a_cookie_is_safe_unless_it_is_said_otherwise),
        fixture_test(writes_every_attribute),
        fixture_test(several_cookies_are_several_fields),
        fixture_test(removes_a_cookie_where_it_was_set),
        fixture_test(copies_what_it_is_given),
        fixture_test(refuses_what_would_become_something_else),
        fixture_test(refuses_what_is_too_long),
        fixture_test(refuses_what_browsers_would_drop),
        fixture_test(says_when_there_is_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
