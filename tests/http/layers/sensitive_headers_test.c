#include "http_fixture.h"

#include <cairn/http/layers/sensitive_headers.h>
#include <cairn/http/layers/set_header.h>

static const char *const key[] = {"X-Api-Key", NULL};
static const char *const key_and_token[] = {"X-Api-Key", "X-Token", NULL};

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    (void)state;
    struct cairn_http_response *res = cairn_http_text(req, 200, "fine");
    if (!res || cairn_http_response_set(res, "x-api-key", "s3cret"))
        return NULL;
    return res;
}

/* What a log would show of the first field of NAME. */
static struct cairn_str logged(const struct cairn_http_fields *fields, const char *name)
{
    for (size_t i = 0; i < fields->count; i++) {
        if (cairn_str_equal_nocase(fields->items[i].name, cairn_str_from(name)))
            return cairn_http_field_for_log(fields, &fields->items[i]);
    }
    return cairn_str_of(NULL, 0);
}

struct pair {
    struct cairn_http_request *req;
    struct cairn_http_response *res;
};

static struct pair ask(struct fixture *f, struct cairn_layer layer)
{
    struct cairn_service *service = fixture_apply(layer, cairn_http_handler(answer, NULL));
    struct pair pair = {fixture_request(f, "/"), NULL};
    fixture_add_field(pair.req, "X-Api-Key", "s3cret");
    fixture_add_field(pair.req, "Accept", "*/*");
    pair.res = fixture_ask(f, service, pair.req);
    cairn_service_drop(service);
    return pair;
}

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(
        cairn_sensitive_headers(.names = key_and_token), (struct cairn_contract_options){0});
}

static void hides_values_of_requests_and_responses(void **state)
{
    struct pair pair = ask(*state, cairn_sensitive_headers(.names = key_and_token));
    assert_str(logged(&pair.req->fields, "X-Api-Key"), "(sensitive)");
    assert_str(logged(&pair.req->fields, "Accept"), "*/*");
    assert_str(logged(&pair.res->fields, "X-Api-Key"), "(sensitive)");
    assert_str(logged(&pair.res->fields, "Content-Type"), "text/plain; charset=utf-8");
    assert_str(cairn_http_request_field(pair.req, "X-Api-Key"), "s3cret");
    assert_str(fixture_field(pair.res, "X-Api-Key"), "s3cret");
}

static void hides_them_in_one_of_the_two_if_that_is_asked_for(void **state)
{
    struct pair pair =
        ask(*state, cairn_sensitive_headers(.names = key, .of = CAIRN_SENSITIVE_HEADERS_REQUEST));
    assert_str(logged(&pair.req->fields, "X-Api-Key"), "(sensitive)");
    assert_str(logged(&pair.res->fields, "X-Api-Key"), "s3cret");
    pair =
        ask(*state, cairn_sensitive_headers(.names = key, .of = CAIRN_SENSITIVE_HEADERS_RESPONSE));
    assert_str(logged(&pair.req->fields, "X-Api-Key"), "s3cret");
    assert_str(logged(&pair.res->fields, "X-Api-Key"), "(sensitive)");
}

static void hides_a_value_that_is_set_later(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_apply(cairn_set_header(.name = "X-Api-Key", .value = "other"),
            fixture_apply(cairn_sensitive_headers(.names = key), cairn_http_handler(answer, NULL)));
    struct cairn_http_response *res = fixture_ask(f, service, fixture_request(f, "/"));
    assert_str(fixture_field(res, "X-Api-Key"), "other");
    assert_str(logged(&res->fields, "X-Api-Key"), "(sensitive)");
    cairn_service_drop(service);
}

static void two_layers_add_up_and_the_marks_outlive_them(void **state)
{
    static const char *const accept[] = {"Accept", NULL};
    struct fixture *f = *state;
    char name[] = "X-Api-Key";
    const char *const names[] = {name, NULL};
    struct cairn_service *service = fixture_apply(cairn_sensitive_headers(.names = names),
        fixture_apply(cairn_sensitive_headers(.names = accept), cairn_http_handler(answer, NULL)));
    memset(name, '!', sizeof(name) - 1);
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "X-Api-Key", "s3cret");
    fixture_add_field(req, "Accept", "*/*");
    fixture_ask(f, service, req);
    cairn_service_drop(service);
    assert_str(logged(&req->fields, "X-Api-Key"), "(sensitive)");
    assert_str(logged(&req->fields, "Accept"), "(sensitive)");
}

static void copies_of_messages_are_marked_too(void **state)
{
    struct pair pair = ask(*state, cairn_sensitive_headers(.names = key_and_token));
    struct cairn_http_request *req = cairn_http_request_type.clone(pair.req);
    assert_str(logged(&req->fields, "X-Api-Key"), "(sensitive)");
    struct cairn_http_response *res = cairn_http_response_type.clone(pair.res);
    assert_str(logged(&res->fields, "X-Api-Key"), "(sensitive)");
    assert_true(cairn_http_fields_is_sensitive(&res->fields, CAIRN_STR("x-token")));
    cairn_type_drop(&cairn_http_response_type, res);
}

static void marks_an_answer_that_comes_later_and_passes_errors_on(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_sensitive_headers(.names = key));
    struct cairn_future good = fixture_send(f, service, fixture_request(f, "/"));
    struct cairn_future bad = fixture_send(f, service, fixture_request(f, "/"));
    assert_pending(f, &good);
    fixture_respond(f, NULL);
    fixture_fail(f, CAIRN_ERROR_CONFLICT, "no");
    struct cairn_http_response *res = fixture_response(f, &good);
    assert_true(cairn_http_fields_is_sensitive(&res->fields, CAIRN_STR("X-Api-Key")));
    struct cairn_error *error = fixture_failure(f, &bad);
    assert_int_equal(error->code, CAIRN_ERROR_CONFLICT);
    cairn_error_unref(error);
    cairn_service_drop(service);
}

static void fails_without_memory_rather_than_to_go_on_unmarked(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_sensitive_headers(.names = key));
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_exhaust(f);
    struct cairn_future future = fixture_send(f, service, req);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    assert_null(cairn_mock_next_request(f->mock));
    future = fixture_send(f, service, fixture_request(f, "/"));
    fixture_respond(f, NULL);
    fixture_exhaust(f);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    cairn_service_drop(service);
}

static void refuse(struct fixture *f, struct cairn_layer layer, const char *message)
{
    assert_refused(layer, cairn_mock_service(f->mock), CAIRN_ERROR_INVALID, message);
}

static void refuses_names_that_are_none(void **state)
{
    static const char count[] = "names must be 1 to 64 names and a NULL";
    static const char *const none[] = {NULL};
    static const char *const bad[] = {"X-Api-Key", "X Token", NULL};
    const char *many[66] = {NULL};
    struct fixture *f = *state;
    for (size_t i = 0; i < 65; i++)
        many[i] = "X-Api-Key";
    refuse(f, cairn_sensitive_headers_layer(NULL), count);
    refuse(f, cairn_sensitive_headers(.names = none), count);
    refuse(f, cairn_sensitive_headers(.names = many), count);
    refuse(f, cairn_sensitive_headers(.names = bad), "names must be names of header fields");
    refuse(f, cairn_sensitive_headers(.names = key, .of = (enum cairn_sensitive_headers_of)3),
        "of must be one of enum cairn_sensitive_headers_of");
    many[64] = NULL;
    cairn_service_drop(fixture_around_mock(f, cairn_sensitive_headers(.names = many)));
}

static void refuses_what_is_not_http(void **state)
{
    (void)state;
    assert_needs_http(cairn_sensitive_headers(.names = key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(hides_values_of_requests_and_responses),
        fixture_test(hides_them_in_one_of_the_two_if_that_is_asked_for),
        fixture_test(hides_a_value_that_is_set_later),
        fixture_test(two_layers_add_up_and_the_marks_outlive_them),
        fixture_test(copies_of_messages_are_marked_too),
        fixture_test(marks_an_answer_that_comes_later_and_passes_errors_on),
        fixture_test(fails_without_memory_rather_than_to_go_on_unmarked),
        fixture_test(refuses_names_that_are_none),
        fixture_test(refuses_what_is_not_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
