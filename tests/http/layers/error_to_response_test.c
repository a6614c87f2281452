#include "http_fixture.h"

#include <cairn/http/layers/error_to_response.h>

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(
        cairn_error_to_response(), (struct cairn_contract_options){.may_recover = true});
}

/* What a call becomes that fails with CODE. */
static struct cairn_http_response *answer_to(
    struct fixture *f, struct cairn_service *service, enum cairn_error_code code)
{
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    fixture_fail(f, code, "the inside");
    return fixture_response(f, &future);
}

static void makes_a_failure_the_answer_of_its_code(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_error_to_response());
    struct cairn_http_response *res = answer_to(f, service, CAIRN_ERROR_ELAPSED);
    assert_int_equal(res->status, 504);
    assert_str(fixture_field(res, "Content-Type"), "application/problem+json");
    assert_int_equal(answer_to(f, service, CAIRN_ERROR_LIMITED)->status, 429);
    cairn_service_drop(service);
}

static void tells_nothing_of_the_inside(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_error_to_response());
    struct cairn_http_response *res = answer_to(f, service, CAIRN_ERROR_INTERNAL);
    assert_str(
        res->body, "{\"type\":\"about:blank\",\"title\":\"Internal Server Error\",\"status\":500}");
    cairn_service_drop(service);
}

static void counts_by_class(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_error_to_response());
    struct cairn_service *copy = cairn_service_clone(service);
    answer_to(f, service, CAIRN_ERROR_NOT_FOUND);
    answer_to(f, copy, CAIRN_ERROR_CONFLICT);
    answer_to(f, service, CAIRN_ERROR_UNAVAILABLE);
    cairn_service_drop(copy);
    assert_int_equal(fixture_number(service, "errors_4xx"), 2);
    assert_int_equal(fixture_number(service, "errors_5xx"), 1);
    cairn_service_drop(service);
}

static void passes_responses_on_uncounted(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_error_to_response());
    struct cairn_http_request *req = fixture_request(f, "/");
    struct cairn_http_response *res = cairn_http_text(req, 500, "my own");
    struct cairn_future future = fixture_send(f, service, req);
    assert_pending(f, &future);
    fixture_respond(f, res);
    assert_ptr_equal(fixture_response(f, &future), res);
    assert_int_equal(fixture_number(service, "errors_5xx"), 0);
    cairn_service_drop(service);
}

static struct cairn_http_response *teapot(
    void *cx, const struct cairn_http_request *req, const struct cairn_error *error)
{
    assert_string_equal(error->message, "the inside");
    assert_str(req->path, "/");
    return error->code == CAIRN_ERROR_CONFLICT ? NULL : cairn_http_text(req, 418, cx);
}

static void asks_the_function_of_the_user_first(void **state)
{
    struct fixture *f = *state;
    char text[] = "short and stout";
    struct cairn_service *service =
        fixture_around_mock(f, cairn_error_to_response(.map = teapot, .cx = text));
    struct cairn_http_response *res = answer_to(f, service, CAIRN_ERROR_INTERNAL);
    assert_int_equal(res->status, 418);
    assert_str(res->body, "short and stout");
    assert_int_equal(fixture_number(service, "errors_4xx"), 1);
    cairn_service_drop(service);
}

static void falls_back_where_that_function_has_no_answer(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_error_to_response(.map = teapot));
    assert_int_equal(answer_to(f, service, CAIRN_ERROR_CONFLICT)->status, 409);
    cairn_service_drop(service);
}

static void passes_the_failure_of_readiness_on(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_service *service = fixture_around_mock(f, cairn_error_to_response());
    cairn_mock_fail_ready(f->mock, cairn_error_new(CAIRN_ERROR_CLOSED, "mock", NULL, "dead"));
    assert_int_equal(cairn_harness_poll_ready(&f->hand, service, &error), CAIRN_FAILED);
    assert_string_equal(error->message, "dead");
    cairn_error_unref(error);
    cairn_service_drop(service);
}

static void passes_the_error_on_where_there_is_no_memory_for_an_answer(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_error_to_response());
    struct cairn_http_request *req = fixture_request(f, "/");
    struct cairn_future future = fixture_send(f, service, req);
    fixture_fail(f, CAIRN_ERROR_ELAPSED, "too late");
    fixture_exhaust(f);
    struct cairn_error *error = fixture_failure(f, &future);
    assert_string_equal(error->message, "too late");
    cairn_error_unref(error);
    cairn_service_drop(service);
}

static void refuses_what_is_not_http(void **state)
{
    (void)state;
    assert_needs_http(cairn_error_to_response_layer(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(makes_a_failure_the_answer_of_its_code),
        fixture_test(tells_nothing_of_the_inside),
        fixture_test(counts_by_class),
        fixture_test(passes_responses_on_uncounted),
        fixture_test(asks_the_function_of_the_user_first),
        fixture_test(falls_back_where_that_function_has_no_answer),
        fixture_test(passes_the_failure_of_readiness_on),
        fixture_test(passes_the_error_on_where_there_is_no_memory_for_an_answer),
        fixture_test(refuses_what_is_not_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
