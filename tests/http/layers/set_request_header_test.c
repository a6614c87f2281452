#include "http_fixture.h"

#include <cairn/http/layers/set_request_header.h>

static struct cairn_http_response *tell_color(struct cairn_http_request *req, void *state)
{
    size_t cursor = 0;
    int count = 0;
    struct cairn_str value;
    (void)state;
    while (cairn_http_fields_next(&req->fields, CAIRN_STR("x-color"), &cursor, &value))
        count++;
    return cairn_http_bytes(req, 200 + count, NULL, cairn_http_request_field(req, "X-Color"));
}

/* What a handler sees of the color of a request that came with OWN: its count is the status less
 * 200. */
static struct cairn_http_response *ask(struct fixture *f, struct cairn_layer layer, const char *own)
{
    struct cairn_service *s = fixture_apply(layer, cairn_http_handler(tell_color, NULL));
    struct cairn_http_request *req = fixture_request(f, "/red");
    if (own)
        fixture_add_field(req, "X-Color", own);
    struct cairn_http_response *res = fixture_ask(f, s, req);
    cairn_service_drop(s);
    return res;
}

static struct cairn_layer color(enum cairn_set_header_mode mode)
{
    return cairn_set_request_header(.name = "X-Color", .value = "red", .mode = mode);
}

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(color(CAIRN_SET_HEADER_OVERRIDE), (struct cairn_contract_options){0});
}

static void overrides_appends_or_leaves_what_the_request_has(void **state)
{
    struct cairn_http_response *res = ask(*state, color(CAIRN_SET_HEADER_OVERRIDE), "blue");
    assert_str(res->body, "red");
    assert_int_equal(res->status, 201);
    res = ask(*state, color(CAIRN_SET_HEADER_APPEND), "blue");
    assert_str(res->body, "blue");
    assert_int_equal(res->status, 202);
    res = ask(*state, color(CAIRN_SET_HEADER_IF_NOT_PRESENT), "blue");
    assert_str(res->body, "blue");
    assert_int_equal(res->status, 201);
    assert_str(ask(*state, color(CAIRN_SET_HEADER_IF_NOT_PRESENT), NULL)->body, "red");
}

static void removes_a_field(void **state)
{
    struct cairn_layer layer =
        cairn_set_request_header(.name = "x-color", .mode = CAIRN_SET_HEADER_REMOVE);
    assert_int_equal(ask(*state, layer, "blue")->status, 200);
}

static void sets_several_in_order(void **state)
{
    struct cairn_http_response *res = ask(*state,
        cairn_set_request_headers({.name = "X-Color", .mode = CAIRN_SET_HEADER_REMOVE},
            {.name = "X-Color", .value = "green"},
            {.name = "X-Color", .value = "red", .mode = CAIRN_SET_HEADER_APPEND}),
        "blue");
    assert_str(res->body, "green");
    assert_int_equal(res->status, 202);
}

/* Without the first slash of the path. */
static struct cairn_str make(const struct cairn_http_request *req, void *state)
{
    *(const struct cairn_http_request **)state = req;
    return cairn_str_of(req->path.data + 1, req->path.length - 1);
}

static void sets_the_value_that_a_function_makes_of_the_request(void **state)
{
    const struct cairn_http_request *seen = NULL;
    struct cairn_layer layer =
        cairn_set_request_header(.name = "X-Color", .make = make, .state = &seen);
    assert_str(ask(*state, layer, "blue")->body, "red");
    assert_str(seen->path, "/red");
}

static struct cairn_str make_bad(const struct cairn_http_request *req, void *state)
{
    (void)req, (void)state;
    return CAIRN_STR("a\nb");
}

static void counts_a_made_value_that_http_does_not_allow_and_leaves_it_out(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_apply(cairn_set_request_header(.name = "X-Color", .make = make_bad),
            cairn_http_handler(tell_color, NULL));
    struct cairn_service *copy = cairn_service_clone(s);
    assert_int_equal(fixture_ask(f, s, fixture_request(f, "/"))->status, 200);
    assert_int_equal(fixture_ask(f, copy, fixture_request(f, "/"))->status, 200);
    cairn_service_drop(s);
    assert_int_equal(fixture_number(copy, "refused"), 2);
    cairn_service_drop(copy);
}

static void request_outlives_layer_and_options(void **state)
{
    struct fixture *f = *state;
    char name[] = "X-Color";
    char value[] = "red";
    struct cairn_service *s =
        fixture_around_mock(f, cairn_set_request_header(.name = name, .value = value));
    memset(name, '!', sizeof(name) - 1);
    memset(value, '!', sizeof(value) - 1);
    struct cairn_http_request *req = fixture_request(f, "/");
    struct cairn_future future = fixture_send(f, s, req);
    cairn_service_drop(s);
    assert_str(cairn_http_request_field(req, "X-Color"), "red");
    cairn_future_drop(&future);
}

static void fails_and_releases_without_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_service *s = fixture_around_mock(f, color(CAIRN_SET_HEADER_OVERRIDE));
    struct cairn_http_request *req = fixture_request(f, "/");
    assert_int_equal(cairn_harness_poll_ready(&f->hand, s, &error), CAIRN_READY);
    fixture_exhaust(f);
    struct cairn_future future = cairn_service_call(s, req);
    assert_ptr_equal(fixture_failure(f, &future), &cairn_error_no_memory);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 0);
    cairn_service_drop(s);
}

static void refuses_what_frames_the_message_and_allows_a_date(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_set_request_header(.name = "Date", .value = "today"));
    cairn_service_drop(s);
    assert_invalid(f, cairn_set_request_header(.name = "content-length", .value = "5"),
        "\"content-length\": name must not be a field that frames the message");
    assert_invalid(f, cairn_set_request_header(.name = "Connection", .value = "close"),
        "\"Connection\": name must not be a field that frames the message");
}

static void what_cannot_be_built_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_invalid(f, cairn_set_request_header_layer(NULL), "name is missing");
    assert_invalid(f, cairn_set_request_header(.name = "X-Color"), "\"X-Color\": value is missing");
    assert_invalid(f, cairn_set_request_header(.field_count = 1), "fields is missing");
    assert_needs_http(color(CAIRN_SET_HEADER_APPEND));
    assert_refused_without_memory(f, color(CAIRN_SET_HEADER_APPEND), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(overrides_appends_or_leaves_what_the_request_has),
        fixture_test(removes_a_field),
        fixture_test(sets_several_in_order),
        fixture_test(sets_the_value_that_a_function_makes_of_the_request),
        fixture_test(counts_a_made_value_that_http_does_not_allow_and_leaves_it_out),
        fixture_test(request_outlives_layer_and_options),
        fixture_test(fails_and_releases_without_memory),
        fixture_test(refuses_what_frames_the_message_and_allows_a_date),
        fixture_test(what_cannot_be_built_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
