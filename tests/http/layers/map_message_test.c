#include "http_fixture.h"

#include <cairn/http/layers/map_message.h>

static struct cairn_http_request *add_color(struct cairn_http_request *req, void *color)
{
    if (cairn_http_fields_set(&req->fields, CAIRN_STR("X-Color"), cairn_str_from(color)))
        return NULL;
    return req;
}

static struct cairn_http_request *find_no_memory(struct cairn_http_request *req, void *state)
{
    (void)req, (void)state;
    return NULL;
}

static struct cairn_http_response *add_status(struct cairn_http_response *res, void *step)
{
    res->status += *(int *)step;
    return res;
}

/* Another response in place of the one that is there. */
static struct cairn_http_response *replace(struct cairn_http_response *res, void *other)
{
    (void)res;
    return other;
}

static struct cairn_http_response *tell_color(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_bytes(req, 200, NULL, cairn_http_request_field(req, "X-Color"));
}

static void layers_keep_the_service_contract(void **state)
{
    int step = 1;
    char red[] = "red";
    (void)state;
    fixture_contract(cairn_http_map_request(add_color, red), (struct cairn_contract_options){0});
    fixture_contract(
        cairn_http_map_response(add_status, &step), (struct cairn_contract_options){0});
}

static void inner_gets_what_the_function_makes_of_the_request(void **state)
{
    struct fixture *f = *state;
    char red[] = "red";
    struct cairn_service *s =
        fixture_apply(cairn_http_map_request(add_color, red), cairn_http_handler(tell_color, NULL));
    assert_str(fixture_ask(f, s, fixture_request(f, "/"))->body, "red");
    cairn_service_drop(s);
}

static void request_of_null_is_out_of_memory_and_releases(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_http_map_request(find_no_memory, NULL));
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/"));
    assert_ptr_equal(fixture_failure(f, &future), &cairn_error_no_memory);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 0);
    cairn_service_drop(s);
}

static void caller_gets_what_the_function_makes_of_the_response(void **state)
{
    struct fixture *f = *state;
    int step = 4;
    struct cairn_service *s = fixture_around_mock(f, cairn_http_map_response(add_status, &step));
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/"));
    cairn_service_drop(s);
    assert_pending(f, &future);
    fixture_respond(f, NULL);
    assert_int_equal(fixture_response(f, &future)->status, 204);
}

static void caller_may_get_another_response(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f, "/");
    struct cairn_http_response *other = cairn_http_text(req, 410, "gone");
    struct cairn_service *s = fixture_apply(
        cairn_http_map_response(replace, other), cairn_http_handler(tell_color, NULL));
    assert_ptr_equal(fixture_ask(f, s, req), other);
    cairn_service_drop(s);
}

static void response_of_null_is_out_of_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_apply(cairn_http_map_response(replace, NULL), cairn_http_handler(tell_color, NULL));
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/"));
    assert_ptr_equal(fixture_failure(f, &future), &cairn_error_no_memory);
    cairn_service_drop(s);
}

static void errors_pass_through(void **state)
{
    struct fixture *f = *state;
    int step = 4;
    struct cairn_service *s = fixture_around_mock(f, cairn_http_map_response(add_status, &step));
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/"));
    fixture_fail(f, CAIRN_ERROR_CONFLICT, "no");
    struct cairn_error *error = fixture_failure(f, &future);
    assert_string_equal(error->message, "no");
    cairn_error_unref(error);
    cairn_service_drop(s);
}

static void what_cannot_be_built_is_refused(void **state)
{
    struct fixture *f = *state;
    int step = 4;
    assert_invalid(f, cairn_http_map_request(NULL, NULL), "needs a function");
    assert_invalid(f, cairn_http_map_response(NULL, NULL), "needs a function");
    assert_needs_http(cairn_http_map_request(find_no_memory, NULL));
    assert_needs_http(cairn_http_map_response(add_status, &step));
    assert_refused_without_memory(f, cairn_http_map_response(add_status, &step), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_keep_the_service_contract),
        fixture_test(inner_gets_what_the_function_makes_of_the_request),
        fixture_test(request_of_null_is_out_of_memory_and_releases),
        fixture_test(caller_gets_what_the_function_makes_of_the_response),
        fixture_test(caller_may_get_another_response),
        fixture_test(response_of_null_is_out_of_memory),
        fixture_test(errors_pass_through),
        fixture_test(what_cannot_be_built_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
