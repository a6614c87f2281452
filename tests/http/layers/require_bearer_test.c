#include "http_fixture.h"

#include <cairn/http/layers/require_bearer.h>

#define TOKEN "mF_9.B5f-4.1JqM"

static struct cairn_http_response *greet(struct cairn_http_request *req, void *state)
{
    (void)state;
    const struct cairn_http_user *user = cairn_http_user(req);
    return cairn_http_text(req, 200, user ? user->name.data : "nobody");
}

static struct cairn_service *service_of(struct cairn_layer layer)
{
    return fixture_apply(layer, cairn_http_handler(greet, NULL));
}

/* VALUE NULL: no field. */
static struct cairn_http_request *request_of(struct fixture *f, const char *value)
{
    struct cairn_http_request *req = fixture_request(f, "/");
    if (value)
        fixture_add_field(req, "Authorization", value);
    return req;
}

static void assert_answers(struct fixture *f, struct cairn_service *service, const char *value,
    int status, const char *challenge)
{
    struct cairn_http_response *res = fixture_ask(f, service, request_of(f, value));
    assert_int_equal(res->status, status);
    assert_str(fixture_field(res, "WWW-Authenticate"), challenge);
    assert_str(fixture_field(res, "Content-Type"), "application/problem+json");
}

static struct cairn_error busy = CAIRN_ERROR_STATIC(CAIRN_ERROR_OVERLOADED, "test", "busy");

/* "good", "small" (not enough scope) and "busy" (cannot tell); no other is known. */
static struct cairn_future check(void *cx, struct cairn_http_request *req, struct cairn_str token)
{
    if (cairn_str_equal(token, CAIRN_STR("good")))
        return cairn_future_ready(
            (void *)(uintptr_t)cairn_http_user_new(req, CAIRN_STR("ann"), cx));
    if (cairn_str_equal(token, CAIRN_STR("small")))
        return cairn_future_failed(
            cairn_error_new(CAIRN_ERROR_REJECTED, "test", NULL, "only reads"));
    if (cairn_str_equal(token, CAIRN_STR("busy")))
        return cairn_future_failed(&busy);
    return cairn_future_ready(NULL);
}

static void *request_with_credentials(void *arena)
{
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    if (!req ||
        cairn_http_fields_add(&req->fields, CAIRN_STR("Authorization"), CAIRN_STR("Bearer " TOKEN)))
        return NULL;
    return req;
}

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_require_bearer(.token = TOKEN),
        (struct cairn_contract_options){.new_request = request_with_credentials});
}

static void lets_in_who_has_the_token(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = service_of(cairn_require_bearer(.token = TOKEN));
    struct cairn_http_response *res = fixture_ask(f, service, request_of(f, "Bearer " TOKEN));
    assert_int_equal(res->status, 200);
    assert_str(res->body, "");
    assert_int_equal(fixture_number(service, "passed"), 1);
    assert_int_equal(fixture_number(service, "tokens"), 1);
    cairn_service_drop(service);
}

static void several_tokens_have_users(void **state)
{
    static const struct cairn_bearer_token tokens[] = {
        {"aaa", "ann"}, {"bbb", "bob"}, {"ccc", NULL}};
    struct fixture *f = *state;
    struct cairn_service *service =
        service_of(cairn_require_bearer(.tokens = tokens, .token_count = 3));
    assert_str(fixture_ask(f, service, request_of(f, "Bearer aaa"))->body, "ann");
    assert_str(fixture_ask(f, service, request_of(f, "Bearer bbb"))->body, "bob");
    assert_str(fixture_ask(f, service, request_of(f, "Bearer ccc"))->body, "");
    assert_int_equal(fixture_ask(f, service, request_of(f, "Bearer aab"))->status, 401);
    cairn_service_drop(service);
}

static void answers_as_rfc_6750_says(void **state)
{
    static const char none[] = "Bearer realm=\"restricted\"";
    static const char malformed[] = "Bearer realm=\"restricted\", error=\"invalid_request\"";
    static const char wrong[] = "Bearer realm=\"restricted\", error=\"invalid_token\"";
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_around_mock(f, cairn_require_bearer(.token = TOKEN, .scope = "read"));
    assert_answers(f, service, NULL, 401, none);
    assert_answers(f, service, "Basic Og==", 401, none);
    assert_answers(f, service, "Bearer", 400, malformed);
    assert_answers(f, service, "Bearer a b", 400, malformed);
    assert_answers(f, service, "Bearer x", 401, wrong);
    assert_answers(f, service, "Bearer " TOKEN "M", 401, wrong);
    assert_answers(f, service, "Bearer " TOKEN "=", 401, wrong);
    assert_null(cairn_mock_next_request(f->mock));
    assert_int_equal(fixture_number(service, "refused"), 7);
    cairn_service_drop(service);
}

static void a_check_of_ones_own_decides(void **state)
{
    struct fixture *f = *state;
    int data = 0;
    struct cairn_service *service = service_of(
        cairn_require_bearer(.realm = "api", .check = check, .cx = &data, .scope = "read write"));
    struct cairn_http_request *req = request_of(f, "Bearer good");
    assert_str(fixture_ask(f, service, req)->body, "ann");
    assert_ptr_equal(cairn_http_user(req)->data, &data);
    assert_answers(f, service, "Bearer bad", 401, "Bearer realm=\"api\", error=\"invalid_token\"");
    assert_answers(f, service, "Bearer small", 403,
        "Bearer realm=\"api\", error=\"insufficient_scope\", scope=\"read write\"");
    struct cairn_future future = fixture_send(f, service, request_of(f, "Bearer busy"));
    assert_ptr_equal(fixture_failure(f, &future), &busy);
    cairn_service_drop(service);
}

static void says_no_token(void **state)
{
    struct fixture *f = *state;
    char text[1024] = "";
    FILE *file = fmemopen(text, sizeof(text), "w");
    struct cairn_service *service = service_of(cairn_require_bearer(.token = TOKEN));
    fixture_ask(f, service, request_of(f, "Bearer " TOKEN));
    cairn_stack_print(service, file);
    fclose(file);
    assert_non_null(strstr(text, "require_bearer"));
    assert_null(strstr(text, TOKEN));
    cairn_service_drop(service);
}

static void any_allocation_may_fail(void **state)
{
    static const char *const values[] = {"Bearer " TOKEN, "Bearer x", "Bearer", NULL};
    struct fixture *f = *state;
    struct cairn_service *service = service_of(cairn_require_bearer(.token = TOKEN));
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        struct cairn_http_request *req = request_of(f, values[i]);
        fixture_exhaust(f);
        struct cairn_future future = fixture_send(f, service, req);
        assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    }
    cairn_service_drop(service);
}

static void refuse(struct fixture *f, struct cairn_layer layer, const char *message)
{
    assert_refused(layer, cairn_mock_service(f->mock), CAIRN_ERROR_INVALID, message);
}

static void refuses_options_that_make_no_sense(void **state)
{
    static const char one[] = "one of token, tokens and check must be set";
    static const char token[] =
        "a token must not be empty, and have only A-Z a-z 0-9 - . _ ~ + / and = at its end";
    static const char count[] = "token_count must be 1 to 64";
    static const struct cairn_bearer_token tokens[] = {{"good", NULL}, {NULL, "ann"}};
    struct fixture *f = *state;
    refuse(f, cairn_require_bearer_layer(NULL), one);
    refuse(f, cairn_require_bearer(.token = "a", .check = check), one);
    refuse(f, cairn_require_bearer(.token = "a", .tokens = tokens, .token_count = 1), one);
    refuse(f, cairn_require_bearer(.tokens = tokens), count);
    refuse(f, cairn_require_bearer(.tokens = tokens, .token_count = 65), count);
    refuse(f, cairn_require_bearer(.tokens = tokens, .token_count = 2), token);
    refuse(f, cairn_require_bearer(.token = ""), token);
    refuse(f, cairn_require_bearer(.token = "a b"), token);
    refuse(f, cairn_require_bearer(.token = "=a"), token);
    refuse(f, cairn_require_bearer(.token = "a", .realm = "a\nb"),
        "realm must be a text without control characters and without a space at an end");
    refuse(f, cairn_require_bearer(.token = "a", .scope = " "),
        "scope must be a text without control characters and without a space at an end");
}

static void refuses_what_is_not_http(void **state)
{
    (void)state;
    assert_needs_http(cairn_require_bearer(.token = TOKEN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(lets_in_who_has_the_token),
        fixture_test(several_tokens_have_users),
        fixture_test(answers_as_rfc_6750_says),
        fixture_test(a_check_of_ones_own_decides),
        fixture_test(says_no_token),
        fixture_test(any_allocation_may_fail),
        fixture_test(refuses_options_that_make_no_sense),
        fixture_test(refuses_what_is_not_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
