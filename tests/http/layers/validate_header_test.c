#include "hunger.h"

#include <cairn/http/layers/validate_header.h>
#include <cairn/layers/concurrency_limit.h>

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "fine");
}

/* What SERVICE with LAYER says to a request with this field; VALUE NULL: without it. */
static struct cairn_http_response *ask(
    struct fixture *f, struct cairn_layer layer, const char *name, const char *value)
{
    struct cairn_service *service = fixture_apply(layer, cairn_http_handler(answer, NULL));
    struct cairn_http_request *req = fixture_request(f, "/");
    if (value)
        fixture_add_field(req, name, value);
    struct cairn_http_response *res = fixture_ask(f, service, req);
    cairn_service_drop(service);
    return res;
}

static int status(struct fixture *f, struct cairn_layer layer, const char *name, const char *value)
{
    return ask(f, layer, name, value)->status;
}

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(
        cairn_validate_header(.accept = "text/plain"), (struct cairn_contract_options){0});
}

static void a_field_must_have_the_value_byte_for_byte(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layer = cairn_validate_header(.name = "X-Key", .value = "Open");
    assert_int_equal(status(f, layer, "x-key", "Open"), 200);
    assert_int_equal(status(f, layer, "X-Key", "open"), 403);
    assert_int_equal(status(f, layer, "X-Key", "Ope"), 403);
    assert_int_equal(status(f, layer, "X-Key", "Opens"), 403);
    assert_int_equal(status(f, layer, "X-Key", ""), 403);
    assert_int_equal(status(f, layer, "X-Keys", "Open"), 403);
    assert_int_equal(status(f, layer, "X-Key", NULL), 403);
}

static void a_field_that_is_there_twice_is_none(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_apply(
        cairn_validate_header(.name = "X-Key", .value = "Open"), cairn_http_handler(answer, NULL));
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "X-Key", "Open");
    fixture_add_field(req, "X-Key", "Open");
    assert_int_equal(fixture_ask(f, service, req)->status, 403);
    assert_int_equal(fixture_number(service, "forbidden"), 1);
    cairn_service_drop(service);
}

static void the_refusal_is_a_problem(void **state)
{
    struct cairn_http_response *res =
        ask(*state, cairn_validate_header(.name = "X-Key", .value = "Open"), "X-Key", "shut");
    assert_str(fixture_field(res, "Content-Type"), "application/problem+json");
}

static void accept_must_allow_one_of_the_types(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layer =
        cairn_validate_header(.accept = "application/json, text/html;level=1");
    assert_int_equal(status(f, layer, "Accept", "application/json"), 200);
    assert_int_equal(status(f, layer, "Accept", "image/png, text/*;q=0.1"), 200);
    assert_int_equal(status(f, layer, "Accept", "*/*"), 200);
    assert_int_equal(status(f, layer, "Accept", "text/html;level=1"), 200);
    assert_int_equal(status(f, layer, "Accept", NULL), 200);
    assert_int_equal(status(f, layer, "Accept", "text/html;level=2"), 406);
    assert_int_equal(status(f, layer, "Accept", "image/png"), 406);
    assert_int_equal(status(f, layer, "Accept", "*/*;q=0"), 406);
}

static void what_is_not_acceptable_names_the_types_that_there_are(void **state)
{
    struct cairn_http_response *res =
        ask(*state, cairn_validate_header(.accept = "a/b, c/d"), "Accept", "text/plain");
    assert_str(res->body, "{\"type\":\"about:blank\",\"title\":\"Not Acceptable\",\"status\":406,"
                          "\"detail\":\"there is only a/b, c/d\"}");
    assert_str(fixture_field(res, "Vary"), "Accept");
}

/* Passes "yes", answers "no", has no memory for anything else. */
static bool decide(void *cx, struct cairn_http_request *req, struct cairn_http_response **res)
{
    struct cairn_str value = cairn_http_request_field(req, "X-Key");
    (*(int *)cx)++;
    if (cairn_str_equal(value, CAIRN_STR("yes")))
        return true;
    *res = value.data && value.data[0] == 'n' ? cairn_http_text(req, 418, "no") : NULL;
    return false;
}

static void a_function_may_pass_or_answer(void **state)
{
    struct fixture *f = *state;
    int calls = 0;
    struct cairn_layer layer = cairn_validate_header(.validate = decide, .cx = &calls);
    assert_int_equal(status(f, layer, "X-Key", "yes"), 200);
    struct cairn_http_response *res = ask(f, layer, "X-Key", "no");
    assert_int_equal(res->status, 418);
    assert_str(res->body, "no");
    assert_int_equal(calls, 2);
}

static void a_function_without_memory_fails_the_call(void **state)
{
    struct fixture *f = *state;
    int calls = 0;
    struct cairn_service *service =
        fixture_around_mock(f, cairn_validate_header(.validate = decide, .cx = &calls));
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    assert_int_equal(fixture_number(service, "answered"), 1);
    cairn_service_drop(service);
}

static int ask_both(
    struct fixture *f, const struct cairn_layer *layer, const char *key, const char *accept)
{
    struct cairn_service *service = fixture_apply(*layer, cairn_http_handler(answer, NULL));
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "X-Key", key);
    fixture_add_field(req, "Accept", accept);
    int answered = fixture_ask(f, service, req)->status;
    cairn_service_drop(service);
    return answered;
}

static void the_first_check_that_fails_is_the_answer(void **state)
{
    int calls = 0;
    const struct cairn_layer layer = cairn_validate_header(.name = "X-Key", .value = "no",
        .accept = "a/b", .validate = decide, .cx = &calls);
    assert_int_equal(ask_both(*state, &layer, "wrong", "c/d"), 403);
    assert_int_equal(ask_both(*state, &layer, "no", "c/d"), 406);
    assert_int_equal(calls, 0);
    assert_int_equal(ask_both(*state, &layer, "no", "a/b"), 418);
}

static void what_is_refused_never_reaches_inner_and_gives_its_room_back(void **state)
{
    struct fixture *f = *state;
    const struct cairn_layer layers[] = {
        cairn_validate_header(.name = "X-Key", .value = "a"), cairn_concurrency_limit(.max = 1)};
    struct cairn_service *service = cairn_stack_build(cairn_mock_service(f->mock), layers, 2);
    for (int i = 0; i < 3; i++)
        fixture_ask(f, service, fixture_request(f, "/"));
    assert_null(cairn_mock_next_request(f->mock));
    assert_int_equal(fixture_number(service, "in_flight"), 0);
    cairn_service_drop(service);
}

static int dropped;

static void stream_drop(void *state)
{
    (void)state;
    dropped++;
}

static void what_is_refused_is_dropped(void **state)
{
    struct fixture *f = *state;
    static const struct cairn_stream_ops ops = {.name = "test", .drop = stream_drop};
    struct cairn_service *service =
        fixture_around_mock(f, cairn_validate_header(.name = "X-Key", .value = "a"));
    struct cairn_http_request *req = fixture_request(f, "/");
    dropped = 0;
    req->stream = (struct cairn_stream){&ops, NULL};
    fixture_ask(f, service, req);
    assert_int_equal(dropped, 1);
    cairn_service_drop(service);
}

static void copies_count_together_and_outlive_the_options(void **state)
{
    struct fixture *f = *state;
    char name[] = "X-Key";
    char value[] = "Open";
    char accept[] = "a/b, c/d";
    struct cairn_service *service =
        fixture_apply(cairn_validate_header(.name = name, .value = value, .accept = accept),
            cairn_http_handler(answer, NULL));
    struct cairn_service *copy = cairn_service_clone(service);
    memset(name, '!', sizeof(name) - 1);
    memset(value, '!', sizeof(value) - 1);
    memset(accept, '!', sizeof(accept) - 1);
    cairn_service_drop(service);
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "X-Key", "Open");
    fixture_add_field(req, "Accept", "c/d");
    assert_int_equal(fixture_ask(f, copy, req)->status, 200);
    cairn_http_fields_set(&req->fields, CAIRN_STR("Accept"), CAIRN_STR("e/f"));
    assert_int_equal(fixture_ask(f, copy, req)->status, 406);
    assert_int_equal(fixture_number(copy, "not_acceptable"), 1);
    cairn_service_drop(copy);
}

static struct cairn_http_request *ask_for_png(struct fixture *f)
{
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "Accept", "image/png");
    return req;
}

static void fails_whichever_memory_is_missing(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_around_mock(f, cairn_validate_header(.accept = "text/html"));
    assert_whole_or_failed(f, service, ask_for_png, 2);
    cairn_service_drop(service);
    service = fixture_around_mock(f, cairn_validate_header(.name = "X-Key", .value = "a"));
    assert_whole_or_failed(f, service, ask_for_png, 1);
    cairn_service_drop(service);
}

static void refuses_a_check_that_is_none(void **state)
{
    struct fixture *f = *state;
    assert_invalid(
        f, cairn_validate_header_layer(NULL), "name and value, accept or validate must be set");
    assert_invalid(
        f, cairn_validate_header(.name = "X-Key"), "name and value must be set together");
    assert_invalid(f, cairn_validate_header(.value = "a"), "name and value must be set together");
    assert_invalid(f, cairn_validate_header(.name = "X Key", .value = "a"),
        "name must be the name of a header field");
    static const char *const values[] = {"", " a", "a\n"};
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
        assert_invalid(f, cairn_validate_header(.name = "X-Key", .value = values[i]),
            "value must not be empty, and have no control characters and no space at an end");
}

static void refuses_what_is_no_list_of_types(void **state)
{
    struct fixture *f = *state;
    static const char *const lists[] = {
        "", ",", "text", "text/html,", "*/*", "text/*", "*/html", "text/ html"};
    for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
        assert_invalid(f, cairn_validate_header(.accept = lists[i]),
            "accept must be 1 to 64 media types, separated by commas");
    char many[65 * 4] = "";
    for (size_t i = 0; i < 65; i++)
        memcpy(many + 4 * i, "a/b,", 4);
    many[sizeof(many) - 1] = '\0';
    assert_invalid(f, cairn_validate_header(.accept = many),
        "accept must be 1 to 64 media types, separated by commas");
    many[sizeof(many) - 5] = '\0';
    assert_int_equal(status(f, cairn_validate_header(.accept = many), "Accept", "a/b"), 200);
}

static void refuses_what_is_not_http_and_to_be_built_without_memory(void **state)
{
    assert_needs_http(cairn_validate_header(.accept = "a/b"));
    assert_refused_without_memory(*state, cairn_validate_header(.name = "X-Key", .value = "a"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(a_field_must_have_the_value_byte_for_byte),
        fixture_test(a_field_that_is_there_twice_is_none),
        fixture_test(the_refusal_is_a_problem),
        fixture_test(accept_must_allow_one_of_the_types),
        fixture_test(what_is_not_acceptable_names_the_types_that_there_are),
        fixture_test(a_function_may_pass_or_answer),
        fixture_test(a_function_without_memory_fails_the_call),
        fixture_test(the_first_check_that_fails_is_the_answer),
        fixture_test(what_is_refused_never_reaches_inner_and_gives_its_room_back),
        fixture_test(what_is_refused_is_dropped),
        fixture_test(copies_count_together_and_outlive_the_options),
        fixture_test(fails_whichever_memory_is_missing),
        fixture_test(refuses_a_check_that_is_none),
        fixture_test(refuses_what_is_no_list_of_types),
        fixture_test(refuses_what_is_not_http_and_to_be_built_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
