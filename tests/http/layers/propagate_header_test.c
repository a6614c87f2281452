#include "http_fixture.h"

#include <cairn/http/layers/propagate_header.h>

/* Removes the field from the request, and sets its own on the response if STATE says so. */
static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    struct cairn_http_response *res = cairn_http_text(req, 200, "fine");
    cairn_http_fields_remove(&req->fields, CAIRN_STR("X-Color"));
    if (state)
        cairn_http_response_set(res, "X-Color", state);
    return res;
}

/* What the layer makes of a request with COLORS and a response with OWN color. */
static struct cairn_http_response *ask(
    struct fixture *f, const char *const *colors, size_t count, char *own)
{
    struct cairn_service *s =
        fixture_apply(cairn_propagate_header(.name = "X-Color"), cairn_http_handler(answer, own));
    struct cairn_http_request *req = fixture_request(f, "/");
    for (size_t i = 0; i < count; i++)
        fixture_add_field(req, "x-color", colors[i]);
    struct cairn_http_response *res = fixture_ask(f, s, req);
    cairn_service_drop(s);
    return res;
}

static void *request_with_color(void *arena)
{
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    cairn_http_fields_add(&req->fields, CAIRN_STR("X-Color"), CAIRN_STR("red"));
    return req;
}

static void keeps_the_service_contract(void **state)
{
    (void)state;
    struct cairn_arena_cache *cache = fixture_full_cache();
    struct cairn_arena *arena = cairn_arena_new(cache);
    const struct cairn_layer layer = cairn_propagate_header(.name = "X-Color");
    const struct cairn_contract_options options = {.size = sizeof(options),
        .request_type = &cairn_http_request_type,
        .response_type = &cairn_http_response_type,
        .new_request = request_with_color,
        .new_response = fixture_contract_response,
        .cx = arena};
    cairn_contract_check_with(&layer, &options);
    cairn_arena_free(arena);
    cairn_arena_cache_free(cache);
}

static void copies_the_field_that_the_request_came_with(void **state)
{
    const char *const colors[] = {"red"};
    assert_str(fixture_field(ask(*state, colors, 1, NULL), "X-Color"), "red");
}

static void copies_an_empty_value(void **state)
{
    const char *const colors[] = {""};
    assert_str(fixture_field(ask(*state, colors, 1, NULL), "X-Color"), "");
}

static void copies_the_first_of_several_in_place_of_the_responses_own(void **state)
{
    const char *const colors[] = {"red", "green"};
    char own[] = "blue";
    struct cairn_http_response *res = ask(*state, colors, 2, own);
    size_t cursor = 0;
    struct cairn_str value;
    assert_true(cairn_http_fields_next(&res->fields, CAIRN_STR("X-Color"), &cursor, &value));
    assert_str(value, "red");
    assert_false(cairn_http_fields_next(&res->fields, CAIRN_STR("X-Color"), &cursor, &value));
}

static void leaves_the_response_of_a_request_without_the_field(void **state)
{
    char own[] = "blue";
    assert_str(fixture_field(ask(*state, NULL, 0, own), "X-Color"), "blue");
    assert_null(fixture_field(ask(*state, NULL, 0, NULL), "X-Color").data);
}

static void sets_it_on_an_answer_that_comes_after_layer_and_options_are_gone(void **state)
{
    struct fixture *f = *state;
    char name[] = "X-Color";
    struct cairn_service *s = fixture_around_mock(f, cairn_propagate_header(.name = name));
    memset(name, '!', sizeof(name) - 1);
    struct cairn_service *copy = cairn_service_clone(s);
    cairn_service_drop(s);
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "X-Color", "red");
    struct cairn_future future = fixture_send(f, copy, req);
    cairn_service_drop(copy);
    assert_pending(f, &future);
    fixture_respond(f, NULL);
    assert_str(fixture_field(fixture_response(f, &future), "X-Color"), "red");
}

static void passes_errors_on(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_propagate_header(.name = "X-Color"));
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "X-Color", "red");
    struct cairn_future future = fixture_send(f, s, req);
    fixture_fail(f, CAIRN_ERROR_CONFLICT, "no");
    struct cairn_error *error = fixture_failure(f, &future);
    assert_string_equal(error->message, "no");
    cairn_error_unref(error);
    cairn_service_drop(s);
}

static void fails_without_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_propagate_header(.name = "X-Color"));
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "X-Color", "red");
    struct cairn_http_response *res = cairn_http_response_new(req, 200);
    do
        cairn_http_fields_add(&res->fields, CAIRN_STR("X-Other"), CAIRN_STR("1"));
    while (res->fields.count < res->fields.capacity);
    struct cairn_future future = fixture_send(f, s, req);
    fixture_respond(f, res);
    fixture_exhaust(f);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    cairn_service_drop(s);
}

static void what_cannot_be_built_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_invalid(f, cairn_propagate_header_layer(NULL), "name is missing");
    assert_invalid(f, cairn_propagate_header(.name = "X\nY"),
        "\"X\\u000aY\": name must be the name of a header field");
    assert_invalid(f, cairn_propagate_header(.name = "date"),
        "\"date\": name must not be a field that the server writes itself");
    assert_needs_http(cairn_propagate_header(.name = "X-Color"));
    assert_refused_without_memory(f, cairn_propagate_header(.name = "X-Color"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(copies_the_field_that_the_request_came_with),
        fixture_test(copies_an_empty_value),
        fixture_test(copies_the_first_of_several_in_place_of_the_responses_own),
        fixture_test(leaves_the_response_of_a_request_without_the_field),
        fixture_test(sets_it_on_an_answer_that_comes_after_layer_and_options_are_gone),
        fixture_test(passes_errors_on),
        fixture_test(fails_without_memory),
        fixture_test(what_cannot_be_built_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
