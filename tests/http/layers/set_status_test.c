#include "http_fixture.h"

#include <cairn/http/layers/set_status.h>

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_set_status(.status = 404), (struct cairn_contract_options){0});
}

static struct cairn_http_response *say_fine(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "fine");
}

static void sets_the_status_and_leaves_the_rest(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_apply(cairn_set_status(.status = 404), cairn_http_handler(say_fine, NULL));
    struct cairn_http_response *res = fixture_ask(f, s, fixture_request(f, "/"));
    assert_int_equal(res->status, 404);
    assert_str(res->body, "fine");
    assert_int_equal(res->fields.count, 1);
    cairn_service_drop(s);
}

static void sets_it_on_an_answer_that_comes_after_the_layer_is_gone(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_set_status(.status = 599));
    struct cairn_service *copy = cairn_service_clone(s);
    cairn_service_drop(s);
    struct cairn_future future = fixture_send(f, copy, fixture_request(f, "/"));
    cairn_service_drop(copy);
    assert_pending(f, &future);
    fixture_respond(f, NULL);
    assert_int_equal(fixture_response(f, &future)->status, 599);
}

static void passes_errors_on(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_set_status(.status = 200));
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
    assert_invalid(f, cairn_set_status_layer(NULL), "status must be 200 to 599, got 0");
    assert_invalid(f, cairn_set_status(.status = 199), "status must be 200 to 599, got 199");
    assert_invalid(f, cairn_set_status(.status = 600), "status must be 200 to 599, got 600");
    assert_needs_http(cairn_set_status(.status = 200));
    assert_refused_without_memory(f, cairn_set_status(.status = 200), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(sets_the_status_and_leaves_the_rest),
        fixture_test(sets_it_on_an_answer_that_comes_after_the_layer_is_gone),
        fixture_test(passes_errors_on),
        fixture_test(what_cannot_be_built_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
