#include "http_fixture.h"

#include <cairn/http/layers/set_header.h>

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    struct cairn_http_response *res = cairn_http_text(req, 200, "fine");
    if (state)
        cairn_http_response_set(res, "X-Color", state);
    return res;
}

static struct cairn_http_response *ask(struct fixture *f, struct cairn_layer layer, char *color)
{
    struct cairn_service *service = fixture_apply(layer, cairn_http_handler(answer, color));
    struct cairn_http_response *res = fixture_ask(f, service, fixture_request(f, "/"));
    cairn_service_drop(service);
    return res;
}

static size_t count_colors(const struct cairn_http_response *res)
{
    size_t cursor = 0;
    size_t count = 0;
    struct cairn_str value;
    while (cairn_http_fields_next(&res->fields, CAIRN_STR("x-color"), &cursor, &value))
        count++;
    return count;
}

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(
        cairn_set_header(.name = "X-Color", .value = "red"), (struct cairn_contract_options){0});
}

static void overrides_what_the_response_has(void **state)
{
    struct cairn_http_response *res =
        ask(*state, cairn_set_header(.name = "x-color", .value = "red"), "blue");
    assert_int_equal(count_colors(res), 1);
    assert_str(fixture_field(res, "X-Color"), "red");
}

static void appends_one_more(void **state)
{
    struct cairn_http_response *res = ask(*state,
        cairn_set_header(.name = "X-Color", .value = "red", .mode = CAIRN_SET_HEADER_APPEND),
        "blue");
    assert_int_equal(count_colors(res), 2);
    assert_str(res->fields.items[res->fields.count - 1].value, "red");
}

static void leaves_a_field_that_is_present(void **state)
{
    struct cairn_layer layer = cairn_set_header(.name = "X-Color", .value = "red",
        .mode = CAIRN_SET_HEADER_IF_NOT_PRESENT);
    assert_str(fixture_field(ask(*state, layer, "blue"), "X-Color"), "blue");
    assert_str(fixture_field(ask(*state, layer, NULL), "X-Color"), "red");
}

static void sets_an_empty_value(void **state)
{
    struct cairn_http_response *res =
        ask(*state, cairn_set_header(.name = "X-Color", .value = ""), "blue");
    assert_int_equal(fixture_field(res, "X-Color").length, 0);
    assert_int_equal(count_colors(res), 1);
}

static void sets_it_on_an_answer_that_comes_later_and_outlives_the_options(void **state)
{
    struct fixture *f = *state;
    char name[] = "X-Color";
    char value[] = "red";
    struct cairn_service *service =
        fixture_around_mock(f, cairn_set_header(.name = name, .value = value));
    memset(name, '!', sizeof(name) - 1);
    memset(value, '!', sizeof(value) - 1);
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    assert_pending(f, &future);
    cairn_service_drop(service);
    fixture_respond(f, NULL);
    assert_str(fixture_field(fixture_response(f, &future), "X-Color"), "red");
}

static void passes_errors_on(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_around_mock(f, cairn_set_header(.name = "X-Color", .value = "red"));
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    fixture_fail(f, CAIRN_ERROR_CONFLICT, "no");
    struct cairn_error *error = fixture_failure(f, &future);
    assert_string_equal(error->message, "no");
    cairn_error_unref(error);
    cairn_service_drop(service);
}

static void fails_without_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_around_mock(f, cairn_set_header(.name = "X-Color", .value = "red"));
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    fixture_respond(f, NULL);
    fixture_exhaust(f);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    cairn_service_drop(service);
}

static void refuse(struct fixture *f, struct cairn_layer layer, const char *message)
{
    assert_refused(layer, cairn_mock_service(f->mock), CAIRN_ERROR_INVALID, message);
}

static void refuses_names_and_values_that_are_none_of_http(void **state)
{
    struct fixture *f = *state;
    refuse(f, cairn_set_header(.value = "red"), "name is missing");
    refuse(f, cairn_set_header(.name = "X Color", .value = "red"),
        "\"X Color\": name must be the name of a header field");
    refuse(f, cairn_set_header(.name = "A\r\nB", .value = "red"),
        "\"A\\u000d\\u000aB\": name must be the name of a header field");
    refuse(f, cairn_set_header(.name = "", .value = "red"),
        "\"\": name must be the name of a header field");
    refuse(f, cairn_set_header(.name = "X-Color"), "\"X-Color\": value is missing");
    refuse(f, cairn_set_header(.name = "X-Color", .value = "red\r\nEvil: 1"),
        "\"X-Color\": value must have no control characters and no space at an end");
    refuse(f, cairn_set_header(.name = "X-Color", .value = " red"),
        "\"X-Color\": value must have no control characters and no space at an end");
}

static void refuses_what_the_server_writes_itself(void **state)
{
    struct fixture *f = *state;
    refuse(f, cairn_set_header(.name = "content-length", .value = "5"),
        "\"content-length\": name must not be a field that the server writes itself");
    refuse(f, cairn_set_header(.name = "Transfer-Encoding", .value = "chunked"),
        "\"Transfer-Encoding\": name must not be a field that the server writes itself");
}

static void refuses_an_unknown_mode_and_no_options(void **state)
{
    struct fixture *f = *state;
    refuse(f,
        cairn_set_header(.name = "X-Color", .value = "red", .mode = (enum cairn_set_header_mode)4),
        "\"X-Color\": mode must be one of enum cairn_set_header_mode");
    refuse(f, cairn_set_header_layer(NULL), "name is missing");
}

static void removes_a_field(void **state)
{
    struct cairn_layer layer = cairn_set_header(.name = "x-color", .mode = CAIRN_SET_HEADER_REMOVE);
    struct cairn_http_response *res = ask(*state, layer, "blue");
    assert_int_equal(count_colors(res), 0);
    assert_int_equal(ask(*state, layer, NULL)->fields.count, res->fields.count);
}

static void sets_several_in_order_the_one_of_the_options_first(void **state)
{
    const struct cairn_set_header_field more[] = {
        {.name = "X-Color", .value = "red", .mode = CAIRN_SET_HEADER_APPEND},
        {.name = "X-Taste", .value = "sweet"},
        {.name = "Content-Type", .mode = CAIRN_SET_HEADER_REMOVE}};
    struct cairn_http_response *res = ask(*state,
        cairn_set_header(.name = "X-Color", .value = "green", .fields = more, .field_count = 3),
        "blue");
    assert_int_equal(count_colors(res), 2);
    assert_str(fixture_field(res, "X-Color"), "green");
    assert_str(fixture_field(res, "X-Taste"), "sweet");
    assert_null(fixture_field(res, "Content-Type").data);
}

static void sets_several_that_are_listed(void **state)
{
    struct cairn_http_response *res = ask(*state,
        cairn_set_headers({.name = "X-Color", .value = "red"}, {.name = "X-Taste", .value = ""}),
        "blue");
    assert_int_equal(count_colors(res), 1);
    assert_str(fixture_field(res, "X-Color"), "red");
    assert_str(fixture_field(res, "X-Taste"), "");
}

/* What STATE says, however it looks; the status for "status"; nothing for "nothing". */
static struct cairn_str make(const struct cairn_http_response *res, void *state)
{
    if (strcmp(state, "nothing") == 0)
        return cairn_str_of(NULL, 0);
    if (strcmp(state, "status") == 0)
        return cairn_arena_printf(res->arena, "%d", res->status);
    return cairn_str_from(state);
}

static struct cairn_http_response *ask_made(
    struct fixture *f, char *what, enum cairn_set_header_mode mode, char *own, uint64_t refused)
{
    struct cairn_service *s = fixture_apply(
        cairn_set_header(.name = "X-Color", .make = make, .state = what, .mode = mode),
        cairn_http_handler(answer, own));
    struct cairn_http_response *res = fixture_ask(f, s, fixture_request(f, "/"));
    assert_int_equal(fixture_number(s, "refused"), refused);
    cairn_service_drop(s);
    return res;
}

static void sets_the_value_that_a_function_makes_of_the_response(void **state)
{
    struct cairn_http_response *res = ask_made(*state, "status", CAIRN_SET_HEADER_OVERRIDE, "b", 0);
    assert_str(fixture_field(res, "X-Color"), "200");
    assert_int_equal(count_colors(res), 1);
    res = ask_made(*state, "status", CAIRN_SET_HEADER_APPEND, "blue", 0);
    assert_int_equal(count_colors(res), 2);
    res = ask_made(*state, "", CAIRN_SET_HEADER_OVERRIDE, "blue", 0);
    assert_str(fixture_field(res, "X-Color"), "");
}

static void leaves_the_response_where_the_function_makes_nothing(void **state)
{
    struct cairn_http_response *res =
        ask_made(*state, "nothing", CAIRN_SET_HEADER_OVERRIDE, "blue", 0);
    assert_str(fixture_field(res, "X-Color"), "blue");
    res = ask_made(*state, "nothing", CAIRN_SET_HEADER_APPEND, NULL, 0);
    assert_int_equal(count_colors(res), 0);
}

static void counts_a_made_value_that_http_does_not_allow_and_leaves_it_out(void **state)
{
    struct cairn_http_response *res =
        ask_made(*state, "a\r\nEvil: 1", CAIRN_SET_HEADER_OVERRIDE, "blue", 1);
    assert_str(fixture_field(res, "X-Color"), "blue");
    ask_made(*state, " a", CAIRN_SET_HEADER_APPEND, NULL, 1);
}

static void asks_no_function_where_the_field_is_present(void **state)
{
    struct cairn_http_response *res =
        ask_made(*state, "a\r\n", CAIRN_SET_HEADER_IF_NOT_PRESENT, "blue", 0);
    assert_str(fixture_field(res, "X-Color"), "blue");
    res = ask_made(*state, "red", CAIRN_SET_HEADER_IF_NOT_PRESENT, NULL, 0);
    assert_str(fixture_field(res, "X-Color"), "red");
}

static void fails_where_there_is_no_memory_for_a_field_in_between(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_around_mock(f, cairn_set_headers({.name = "X-Made", .make = make, .state = "made"},
                                   {.name = "X-Color", .value = "red"}));
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    fixture_respond(f, NULL);
    fixture_exhaust(f);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    cairn_service_drop(service);
}

static void refuses_what_does_not_go_together(void **state)
{
    struct fixture *f = *state;
    assert_invalid(f, cairn_set_header(.name = "X-Color", .value = "red", .make = make),
        "\"X-Color\": value and make exclude each other");
    assert_invalid(f,
        cairn_set_header(.name = "X-Color", .value = "", .mode = CAIRN_SET_HEADER_REMOVE),
        "\"X-Color\": a field that is removed takes no value");
    assert_invalid(f,
        cairn_set_header(.name = "X-Color", .make = make, .mode = CAIRN_SET_HEADER_REMOVE),
        "\"X-Color\": a field that is removed takes no value");
    assert_invalid(f, cairn_set_header(.field_count = 1), "fields is missing");
}

static void refuses_a_list_with_one_that_is_invalid_or_too_many(void **state)
{
    struct fixture *f = *state;
    static const struct cairn_set_header_field many[65] = {{.name = "X-Color", .value = "red"}};
    assert_invalid(f,
        cairn_set_headers({.name = "X-Color", .value = "red"}, {.name = "Date", .value = "now"}),
        "\"Date\": name must not be a field that the server writes itself");
    assert_invalid(
        f, cairn_set_headers({.name = "X-Color", .value = "red"}, {0}), "name is missing");
    assert_invalid(f, cairn_set_header(.fields = many, .field_count = 65), "more than 64 fields");
}

static void refuses_to_be_built_without_memory(void **state)
{
    assert_refused_without_memory(*state, cairn_set_header(.name = "X-Color", .value = "red"), 2);
}

static void refuses_what_is_not_http(void **state)
{
    (void)state;
    assert_needs_http(cairn_set_header(.name = "X-Color", .value = "red"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(overrides_what_the_response_has),
        fixture_test(appends_one_more),
        fixture_test(leaves_a_field_that_is_present),
        fixture_test(sets_an_empty_value),
        fixture_test(sets_it_on_an_answer_that_comes_later_and_outlives_the_options),
        fixture_test(passes_errors_on),
        fixture_test(fails_without_memory),
        fixture_test(refuses_names_and_values_that_are_none_of_http),
        fixture_test(refuses_what_the_server_writes_itself),
        fixture_test(refuses_an_unknown_mode_and_no_options),
        fixture_test(removes_a_field),
        fixture_test(sets_several_in_order_the_one_of_the_options_first),
        fixture_test(sets_several_that_are_listed),
        fixture_test(sets_the_value_that_a_function_makes_of_the_response),
        fixture_test(leaves_the_response_where_the_function_makes_nothing),
        fixture_test(counts_a_made_value_that_http_does_not_allow_and_leaves_it_out),
        fixture_test(asks_no_function_where_the_field_is_present),
        fixture_test(fails_where_there_is_no_memory_for_a_field_in_between),
        fixture_test(refuses_what_does_not_go_together),
        fixture_test(refuses_a_list_with_one_that_is_invalid_or_too_many),
        fixture_test(refuses_to_be_built_without_memory),
        fixture_test(refuses_what_is_not_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
