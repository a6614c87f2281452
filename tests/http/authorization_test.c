#include "layers/http_fixture.h"

#include <cairn/http/authorization.h>
#include <cairn/http/base64.h>
#include <cairn/http/codec/chars.h>
#include <cairn/service/random.h>
#include <cairn/testkit/authorization_reference.h>

static struct cairn_http_request *request_with(struct fixture *f, const char *value)
{
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "Authorization", value);
    return req;
}

static enum cairn_http_credentials basic(struct fixture *f, const char *value)
{
    struct cairn_str user;
    struct cairn_str password;
    return cairn_http_basic_credentials(request_with(f, value), &user, &password);
}

static enum cairn_http_credentials bearer(struct fixture *f, const char *value)
{
    struct cairn_str token;
    return cairn_http_bearer_token(request_with(f, value), &token);
}

static void reads_the_example_of_rfc_7617(void **state)
{
    struct cairn_str user;
    struct cairn_str password;
    struct cairn_http_request *req = request_with(*state, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert_int_equal(
        cairn_http_basic_credentials(req, &user, &password), CAIRN_HTTP_CREDENTIALS_FOUND);
    assert_str(user, "Aladdin");
    assert_str(password, "open sesame");
}

static void the_first_colon_parts_user_and_password(void **state)
{
    struct cairn_str user;
    struct cairn_str password;
    struct cairn_http_request *req = request_with(*state, "basic   YTpiOmM="); /* a:b:c */
    assert_int_equal(
        cairn_http_basic_credentials(req, &user, &password), CAIRN_HTTP_CREDENTIALS_FOUND);
    assert_str(user, "a");
    assert_str(password, "b:c");
    req = request_with(*state, "BASIC Og=="); /* : */
    assert_int_equal(
        cairn_http_basic_credentials(req, &user, &password), CAIRN_HTTP_CREDENTIALS_FOUND);
    assert_int_equal(user.length + password.length, 0);
}

static void reads_a_bearer_token(void **state)
{
    struct cairn_str token;
    struct cairn_http_request *req = request_with(*state, "bearer mF_9.B5f-4.1JqM~+/==");
    assert_int_equal(cairn_http_bearer_token(req, &token), CAIRN_HTTP_CREDENTIALS_FOUND);
    assert_str(token, "mF_9.B5f-4.1JqM~+/==");
}

static void no_field_and_another_scheme_are_no_credentials(void **state)
{
    struct cairn_str token;
    assert_int_equal(
        cairn_http_bearer_token(fixture_request(*state, "/"), &token), CAIRN_HTTP_CREDENTIALS_NONE);
    assert_int_equal(bearer(*state, "Basic Og=="), CAIRN_HTTP_CREDENTIALS_NONE);
    assert_int_equal(bearer(*state, "Bearerx abc"), CAIRN_HTTP_CREDENTIALS_NONE);
    assert_int_equal(bearer(*state, "Bearer\tabc"), CAIRN_HTTP_CREDENTIALS_NONE);
    assert_int_equal(bearer(*state, "Bear"), CAIRN_HTTP_CREDENTIALS_NONE);
    assert_int_equal(bearer(*state, ""), CAIRN_HTTP_CREDENTIALS_NONE);
}

static void malformed_credentials_are_told_from_none(void **state)
{
    assert_int_equal(bearer(*state, "Bearer"), CAIRN_HTTP_CREDENTIALS_MALFORMED);
    assert_int_equal(bearer(*state, "Bearer ="), CAIRN_HTTP_CREDENTIALS_MALFORMED);
    assert_int_equal(bearer(*state, "Bearer a b"), CAIRN_HTTP_CREDENTIALS_MALFORMED);
    assert_int_equal(bearer(*state, "Bearer a=b"), CAIRN_HTTP_CREDENTIALS_MALFORMED);
    assert_int_equal(bearer(*state, "Bearer a, Basic Og=="), CAIRN_HTTP_CREDENTIALS_MALFORMED);
    assert_int_equal(bearer(*state, "Bearer \"a\""), CAIRN_HTTP_CREDENTIALS_MALFORMED);
    assert_int_equal(basic(*state, "Basic YTpi="), CAIRN_HTTP_CREDENTIALS_MALFORMED);
    assert_int_equal(basic(*state, "Basic Og"), CAIRN_HTTP_CREDENTIALS_MALFORMED);
    assert_int_equal(basic(*state, "Basic YWI="), CAIRN_HTTP_CREDENTIALS_MALFORMED);     /* ab */
    assert_int_equal(basic(*state, "Basic YTpiCg=="), CAIRN_HTTP_CREDENTIALS_MALFORMED); /* \n */
    assert_int_equal(basic(*state, "Basic YTp/"), CAIRN_HTTP_CREDENTIALS_MALFORMED);     /* DEL */
}

static void two_fields_are_malformed_whatever_they_say(void **state)
{
    struct cairn_str a;
    struct cairn_str b;
    struct cairn_http_request *req = request_with(*state, "Basic Og==");
    fixture_add_field(req, "authorization", "Basic Og==");
    assert_int_equal(cairn_http_basic_credentials(req, &a, &b), CAIRN_HTTP_CREDENTIALS_MALFORMED);
    assert_int_equal(cairn_http_bearer_token(req, &a), CAIRN_HTTP_CREDENTIALS_MALFORMED);
}

static void every_byte_is_of_a_token_or_not(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        bool is_listed = c && strchr(AUTHORIZATION_REFERENCE_ALNUM "-._~+/", c);
        assert_int_equal(cairn__char_is((char)c, CAIRN__CHAR_TOKEN68), is_listed);
    }
}

/* A value of pieces that mean something, as they come. */
static void random_value(struct cairn_random *random, char *text)
{
    static const char *const pieces[] = {"Basic ", "basic", "Bearer ", "BEARER", " ", "  ", "\t",
        "=", "==", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Og==", "YTpi", "YTpiOmM=", "AAAA", "fzph", "a",
        ":", ",", "\"", "-._~", "+/", "\x80"};
    struct cairn_str value = {text, 0};
    size_t count = (size_t)cairn_random_range(random, 0, 5);
    for (size_t i = 0; i < count; i++) {
        const char *piece = pieces[cairn_random_range(random, 0, sizeof(pieces) / sizeof(*pieces))];
        if (i == 0 && cairn_random_range(random, 0, 8))
            piece = pieces[cairn_random_range(random, 0, 4)];
        memcpy(text + value.length, piece, strlen(piece));
        value.length += strlen(piece);
    }
    text[value.length] = '\0';
}

/* Both readers of RES say the same of TEXT; returns whether there was something to read. */
static bool agree(struct cairn_http_request *req, const char *text)
{
    char pair[AUTHORIZATION_REFERENCE_BYTES];
    size_t user_length = 0;
    size_t password_length = 0;
    const char *expected = NULL;
    struct cairn_str token;
    struct cairn_str user;
    struct cairn_str password;
    enum cairn_http_credentials found = cairn_http_bearer_token(req, &token);
    assert_int_equal(found, authorization_reference_token(text, "Bearer", &expected));
    if (found == CAIRN_HTTP_CREDENTIALS_FOUND)
        assert_str(token, expected);
    enum cairn_http_credentials basics = cairn_http_basic_credentials(req, &user, &password);
    assert_int_equal(
        basics, authorization_reference_basic(text, pair, &user_length, &password_length));
    if (basics == CAIRN_HTTP_CREDENTIALS_FOUND) {
        assert_true(cairn_str_equal(user, cairn_str_of(pair, user_length)));
        assert_true(
            cairn_str_equal(password, cairn_str_of(pair + user_length + 1, password_length)));
    }
    return found == CAIRN_HTTP_CREDENTIALS_FOUND || basics == CAIRN_HTTP_CREDENTIALS_FOUND;
}

static void agrees_with_a_naive_reader_on_random_values(void **state)
{
    struct cairn_random random;
    size_t read = 0;
    (void)state;
    cairn_random_init(&random, 7);
    struct cairn_arena_cache *cache = cairn_arena_cache_new(0);
    for (int round = 0; round < 100000; round++) {
        char text[256];
        struct cairn_arena *arena = cairn_arena_new(cache);
        struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
        random_value(&random, text);
        if (cairn_http_fields_add(&req->fields, CAIRN_STR("Authorization"), cairn_str_from(text)) ==
            0)
            read += agree(req, text);
        cairn_arena_free(arena);
    }
    cairn_arena_cache_free(cache);
    assert_true(read > 5000);
}

static void a_user_is_there_for_whoever_comes_later(void **state)
{
    int data = 0;
    struct cairn_http_request *req = fixture_request(*state, "/");
    assert_null(cairn_http_user(req));
    char name[] = "ann";
    const struct cairn_http_user *user = cairn_http_user_new(req, cairn_str_from(name), &data);
    assert_int_equal(cairn_http_set_user(req, user), 0);
    name[0] = '!';
    assert_ptr_equal(cairn_http_user(req), user);
    assert_string_equal(user->name.data, "ann");
    assert_ptr_equal(user->data, &data);
    user = cairn_http_user_new(req, cairn_str_of(NULL, 0), NULL);
    assert_int_equal(cairn_http_set_user(req, user), 0);
    assert_str(cairn_http_user(req)->name, "");
}

static void assert_challenge(
    const struct cairn_http_response *res, int status, const char *challenge)
{
    assert_non_null(res);
    assert_int_equal(res->status, status);
    assert_str(fixture_field(res, "WWW-Authenticate"), challenge);
    assert_str(fixture_field(res, "Content-Type"), "application/problem+json");
}

static void a_basic_challenge_names_realm_and_charset(void **state)
{
    struct cairn_http_request *req = fixture_request(*state, "/");
    assert_challenge(cairn_http_basic_challenge(req, "the \"inner\" c:\\ircle"), 401,
        "Basic realm=\"the \\\"inner\\\" c:\\\\ircle\", charset=\"UTF-8\"");
    assert_null(cairn_http_basic_challenge(req, "a\r\nb"));
}

static struct cairn_http_response *bearer_challenge(struct fixture *f,
    enum cairn_http_bearer_error error, const char *description, const char *scope)
{
    const struct cairn_http_bearer_challenge challenge = {"api", error, description, scope};
    return cairn_http_bearer_challenge(fixture_request(f, "/"), &challenge);
}

static void a_bearer_challenge_says_what_rfc_6750_says(void **state)
{
    assert_challenge(bearer_challenge(*state, CAIRN_HTTP_BEARER_NO_TOKEN, NULL, "x"), 401,
        "Bearer realm=\"api\"");
    assert_challenge(bearer_challenge(*state, CAIRN_HTTP_BEARER_INVALID_REQUEST, NULL, NULL), 400,
        "Bearer realm=\"api\", error=\"invalid_request\"");
    assert_challenge(
        bearer_challenge(*state, CAIRN_HTTP_BEARER_INVALID_TOKEN, "the token has expired", "x"),
        401,
        "Bearer realm=\"api\", error=\"invalid_token\", "
        "error_description=\"the token has expired\"");
    assert_challenge(
        bearer_challenge(*state, CAIRN_HTTP_BEARER_INSUFFICIENT_SCOPE, NULL, "read write"), 403,
        "Bearer realm=\"api\", error=\"insufficient_scope\", scope=\"read write\"");
    assert_null(bearer_challenge(*state, CAIRN_HTTP_BEARER_INVALID_TOKEN, "a\nb", NULL));
}

/* From the first allocation on: each step that needs memory says so. */
static void says_when_there_is_no_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_str user;
    struct cairn_str password;
    struct cairn_http_request *req = request_with(f, "Basic Og==");
    fixture_exhaust(f);
    assert_int_equal(
        cairn_http_basic_credentials(req, &user, &password), CAIRN_HTTP_CREDENTIALS_NO_MEMORY);
    fixture_exhaust(f);
    assert_null(cairn_http_user_new(req, CAIRN_STR("ann"), NULL));
    fixture_exhaust(f);
    assert_null(cairn_http_basic_challenge(req, "api"));
    fixture_exhaust(f);
    const struct cairn_http_bearer_challenge challenge = {
        "api", CAIRN_HTTP_BEARER_INSUFFICIENT_SCOPE, "no", "read"};
    assert_null(cairn_http_bearer_challenge(req, &challenge));
    const struct cairn_http_user someone = {CAIRN_STR_INIT("ann"), NULL};
    fixture_exhaust(f);
    assert_int_equal(cairn_http_set_user(req, &someone), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(reads_the_example_of_rfc_7617),
        fixture_test(the_first_colon_parts_user_and_password),
        fixture_test(reads_a_bearer_token),
        fixture_test(no_field_and_another_scheme_are_no_credentials),
        fixture_test(malformed_credentials_are_told_from_none),
        fixture_test(two_fields_are_malformed_whatever_they_say),
        cmocka_unit_test(every_byte_is_of_a_token_or_not),
        cmocka_unit_test(agrees_with_a_naive_reader_on_random_values),
        fixture_test(a_user_is_there_for_whoever_comes_later),
        fixture_test(a_basic_challenge_names_realm_and_charset),
        fixture_test(a_bearer_challenge_says_what_rfc_6750_says),
        fixture_test(says_when_there_is_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
