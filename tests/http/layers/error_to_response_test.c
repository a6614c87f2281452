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

/*
 * Rules
 */

enum { SOLD_OUT = CAIRN_ERROR_USER + 1 };

static const struct cairn_error_rule rules[] = {
    {.code = (enum cairn_error_code)SOLD_OUT, .status = 410, .detail = "the show is \"sold\" out"},
    {.code = CAIRN_ERROR_OVERLOADED, .status = 503, .retry_after_s = 30},
    {.code = CAIRN_ERROR_CONFLICT, .status = 418, .grpc_status = 6, .detail = "100% \xc3\xa4"},
    {.code = 0},
};

static void a_rule_says_what_a_code_becomes(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_error_to_response(.rules = rules));
    struct cairn_http_response *res = answer_to(f, service, (enum cairn_error_code)SOLD_OUT);
    assert_int_equal(res->status, 410);
    assert_str(res->body, "{\"type\":\"about:blank\",\"title\":\"Gone\",\"status\":410,"
                          "\"detail\":\"the show is \\\"sold\\\" out\"}");
    assert_null(fixture_field(res, "Retry-After").data);
    res = answer_to(f, service, CAIRN_ERROR_OVERLOADED);
    assert_int_equal(res->status, 503);
    assert_str(fixture_field(res, "Retry-After"), "30");
    assert_int_equal(res->fields.count, 2);
    assert_int_equal(answer_to(f, service, CAIRN_ERROR_NOT_FOUND)->status, 404);
    assert_int_equal(fixture_number(service, "errors_4xx"), 2);
    assert_int_equal(fixture_number(service, "errors_5xx"), 1);
    cairn_service_drop(service);
}

/* ERROR as answer. Takes it. */
static struct cairn_http_response *answer_to_error(struct fixture *f, struct cairn_service *service,
    struct cairn_http_request *req, struct cairn_error *error)
{
    struct cairn_future future = fixture_send(f, service, req);
    cairn_mock_fail(cairn_mock_next_request(f->mock), error);
    return fixture_response(f, &future);
}

static void a_rule_is_found_for_a_source_but_the_outermost_counts(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_error_to_response(.rules = rules));
    struct cairn_error *source =
        cairn_error_new((enum cairn_error_code)SOLD_OUT, "shop", NULL, "nothing left");
    struct cairn_error *error =
        cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "retry", cairn_error_ref(source), "tried enough");
    assert_int_equal(answer_to_error(f, service, fixture_request(f, "/"), error)->status, 410);
    error = cairn_error_new(CAIRN_ERROR_CONFLICT, "retry", source, "tried enough");
    assert_int_equal(answer_to_error(f, service, fixture_request(f, "/"), error)->status, 418);
    cairn_service_drop(service);
}

static void the_function_is_asked_before_the_rules(void **state)
{
    struct fixture *f = *state;
    char text[] = "short and stout";
    struct cairn_service *service =
        fixture_around_mock(f, cairn_error_to_response(.map = teapot, .cx = text, .rules = rules));
    assert_str(answer_to(f, service, CAIRN_ERROR_OVERLOADED)->body, "short and stout");
    assert_int_equal(answer_to(f, service, CAIRN_ERROR_CONFLICT)->status, 418); /* by its rule */
    cairn_service_drop(service);
}

static void rules_and_texts_are_copied(void **state)
{
    struct fixture *f = *state;
    char detail[] = "sold out";
    char header[] = "X-Error-Source";
    struct cairn_error_rule mine[] = {{CAIRN_ERROR_CONFLICT, 409, detail, 0, 0}, {.code = 0}};
    struct cairn_service *service =
        fixture_around_mock(f, cairn_error_to_response(.rules = mine, .source_header = header,
                                   .format = CAIRN_ERROR_TEXT));
    memset(detail, '!', sizeof(detail));
    memset(header, '!', sizeof(header));
    memset(mine, 0xff, sizeof(mine));
    struct cairn_http_response *res = answer_to(f, service, CAIRN_ERROR_CONFLICT);
    cairn_service_drop(service);
    assert_int_equal(res->status, 409);
    assert_str(res->body, "sold out");
    assert_str(fixture_field(res, "X-Error-Source"), "mock");
}

/*
 * Formats
 */

static struct cairn_http_response *answer_accepting(
    struct fixture *f, struct cairn_service *service, const char *accept)
{
    struct cairn_http_request *req = fixture_request(f, "/");
    if (accept)
        fixture_add_field(req, "Accept", accept);
    return answer_to_error(
        f, service, req, cairn_error_new(CAIRN_ERROR_OVERLOADED, "mock", NULL, "the inside"));
}

static void a_text_has_the_name_of_the_status(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_around_mock(f, cairn_error_to_response(.format = CAIRN_ERROR_TEXT));
    struct cairn_http_response *res = answer_accepting(f, service, "application/problem+json");
    assert_int_equal(res->status, 503);
    assert_str(fixture_field(res, "Content-Type"), "text/plain; charset=utf-8");
    assert_str(res->body, "Service Unavailable");
    assert_str(fixture_field(res, "Retry-After"), "1");
    assert_null(fixture_field(res, "Vary").data);
    cairn_service_drop(service);
}

static void the_client_chooses_the_format_where_it_may(void **state)
{
    static const struct {
        const char *accept;
        const char *type;
    } cases[] = {{NULL, "application/problem+json"}, {"*/*", "application/problem+json"},
        {"text/plain", "text/plain; charset=utf-8"}, {"text/*", "text/plain; charset=utf-8"},
        {"application/json", "application/problem+json"},
        {"text/plain;q=0.5, application/json", "application/problem+json"},
        {"text/plain, application/problem+json;q=0.5", "text/plain; charset=utf-8"},
        {"image/png", "application/problem+json"}};
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_around_mock(f, cairn_error_to_response(.format = CAIRN_ERROR_NEGOTIATED));
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct cairn_http_response *res = answer_accepting(f, service, cases[i].accept);
        assert_str(fixture_field(res, "Content-Type"), cases[i].type);
        assert_str(fixture_field(res, "Vary"), "Accept");
    }
    cairn_service_drop(service);
}

static void no_format_tells_of_the_inside(void **state)
{
    static const char *const accepts[] = {"application/json", "text/plain"};
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_around_mock(f, cairn_error_to_response(.format = CAIRN_ERROR_NEGOTIATED));
    for (size_t i = 0; i < 2; i++) {
        struct cairn_http_request *req = fixture_request(f, "/");
        fixture_add_field(req, "Accept", accepts[i]);
        struct cairn_error *source = cairn_error_new(CAIRN_ERROR_SYSTEM, "db", NULL, "secret");
        struct cairn_http_response *res = answer_to_error(
            f, service, req, cairn_error_new(CAIRN_ERROR_INTERNAL, "secret", source, "secret"));
        assert_int_equal(res->status, 500);
        assert_null(memmem(res->body.data, res->body.length, "secret", 6));
        for (size_t j = 0; j < res->fields.count; j++)
            assert_null(memmem(
                res->fields.items[j].value.data, res->fields.items[j].value.length, "secret", 6));
    }
    cairn_service_drop(service);
}

static void names_the_layer_that_raised_the_error_where_asked(void **state)
{
    struct fixture *f = *state;
    char text[] = "short and stout";
    struct cairn_service *service = fixture_around_mock(
        f, cairn_error_to_response(.map = teapot, .cx = text, .source_header = "X-Error-Source"));
    struct cairn_http_response *res = answer_to(f, service, CAIRN_ERROR_INTERNAL);
    assert_int_equal(res->status, 418);
    assert_str(fixture_field(res, "x-error-source"), "mock");
    res = answer_to_error(f, service, fixture_request(f, "/"),
        cairn_error_new(CAIRN_ERROR_CONFLICT, "not\na field", NULL, "the inside"));
    assert_int_equal(res->status, 409);
    assert_null(fixture_field(res, "x-error-source").data);
    cairn_service_drop(service);
}

/*
 * gRPC
 */

static struct cairn_http_response *answer_grpc(struct fixture *f, struct cairn_service *service,
    const char *content_type, enum cairn_error_code code)
{
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "Content-Type", content_type);
    return answer_to_error(f, service, req, cairn_error_new(code, "mock", NULL, "the inside"));
}

static void grpc_gets_trailers_alone(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_around_mock(f, cairn_error_to_response(.grpc = true, .rules = rules));
    struct cairn_http_response *res =
        answer_grpc(f, service, "application/grpc+proto", CAIRN_ERROR_ELAPSED);
    assert_int_equal(res->status, 200);
    assert_int_equal(res->body.length, 0);
    assert_str(fixture_field(res, "Content-Type"), "application/grpc+proto");
    assert_str(fixture_field(res, "grpc-status"), "4");
    assert_null(fixture_field(res, "grpc-message").data);
    assert_int_equal(fixture_number(service, "errors_5xx"), 1);
    res = answer_grpc(f, service, "application/grpc", CAIRN_ERROR_CONFLICT);
    assert_str(fixture_field(res, "grpc-status"), "6");
    assert_str(fixture_field(res, "grpc-message"), "100%25%20%C3%A4");
    assert_int_equal(fixture_number(service, "errors_4xx"), 1);
    cairn_service_drop(service);
}

static void grpc_has_a_status_for_each_code(void **state)
{
    static const struct {
        enum cairn_error_code code;
        const char *status;
    } cases[] = {{CAIRN_ERROR_CANCELLED, "1"}, {CAIRN_ERROR_PROTOCOL, "3"},
        {CAIRN_ERROR_ELAPSED, "4"}, {CAIRN_ERROR_SLOW, "4"}, {CAIRN_ERROR_NOT_FOUND, "5"},
        {CAIRN_ERROR_REJECTED, "7"}, {CAIRN_ERROR_LIMITED, "8"}, {CAIRN_ERROR_TOO_LARGE, "8"},
        {CAIRN_ERROR_CONFLICT, "10"}, {CAIRN_ERROR_OVERLOADED, "14"}, {CAIRN_ERROR_MEMORY, "14"},
        {CAIRN_ERROR_UNAVAILABLE, "14"}, {CAIRN_ERROR_CLOSED, "14"}, {CAIRN_ERROR_INTERNAL, "13"},
        {CAIRN_ERROR_USER, "13"}};
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_error_to_response(.grpc = true));
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_str(fixture_field(
                       answer_grpc(f, service, "Application/GRPC", cases[i].code), "grpc-status"),
            cases[i].status);
    cairn_service_drop(service);
}

static void others_than_grpc_get_a_status_of_http(void **state)
{
    static const char *const types[] = {"application/json", "application/grpcx", "application/gr"};
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_error_to_response(.grpc = true));
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(answer_grpc(f, service, types[i], CAIRN_ERROR_ELAPSED)->status, 504);
    assert_int_equal(answer_to(f, service, CAIRN_ERROR_ELAPSED)->status, 504);
    cairn_service_drop(service);
    service = fixture_around_mock(f, cairn_error_to_response());
    assert_int_equal(answer_grpc(f, service, "application/grpc", CAIRN_ERROR_ELAPSED)->status, 504);
    cairn_service_drop(service);
}

static void refuse(struct fixture *f, struct cairn_layer layer, const char *message)
{
    assert_refused(layer, cairn_mock_service(f->mock), CAIRN_ERROR_INVALID, message);
}

static void refuses_rules_and_options_out_of_range(void **state)
{
    struct fixture *f = *state;
    struct cairn_error_rule bad[66] = {{CAIRN_ERROR_CONFLICT, 399, NULL, 0, 0}};
    refuse(f, cairn_error_to_response(.rules = bad), "the status of a rule must be 400 to 599");
    bad[0].status = 600;
    refuse(f, cairn_error_to_response(.rules = bad), "the status of a rule must be 400 to 599");
    bad[0].status = 400;
    bad[0].grpc_status = 17;
    refuse(f, cairn_error_to_response(.rules = bad), "the grpc_status of a rule must be 1 to 16");
    for (size_t i = 0; i < 65; i++)
        bad[i] = (struct cairn_error_rule){CAIRN_ERROR_CONFLICT, 400, NULL, 0, 0};
    refuse(f, cairn_error_to_response(.rules = bad), "rules must be 64 at most, and a code of 0");
    refuse(f, cairn_error_to_response(.format = (enum cairn_error_format)3),
        "format must be one of enum cairn_error_format");
    refuse(f, cairn_error_to_response(.source_header = "X Y"),
        "source_header must be the name of a header field");
}

/* Each form of an answer, with each allocation failing in turn. */
static void an_answer_that_is_there_is_whole(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(
        f, cairn_error_to_response(.rules = rules, .grpc = true, .format = CAIRN_ERROR_NEGOTIATED));
    for (size_t i = 0; i < 3 * 256; i++) {
        struct cairn_arena *arena = cairn_arena_new(NULL);
        struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
        bool is_grpc = i % 3 == 0;
        fixture_add_field(req, is_grpc ? "Content-Type" : "Accept",
            is_grpc      ? "application/grpc"
            : i % 3 == 1 ? "text/plain"
                         : "application/json");
        struct cairn_future future = fixture_send(f, service, req);
        fixture_fail(f, i % 2 ? CAIRN_ERROR_CONFLICT : CAIRN_ERROR_OVERLOADED, "the inside");
        union cairn_outcome out;
        cairn_arena_alloc(arena, i / 3 * 16 + 1);
        cairn_test_alloc_fail_at(1);
        if (cairn_harness_poll(&f->hand, &future, &out) == CAIRN_FAILED) {
            assert_string_equal(out.error->message, "the inside");
            cairn_error_unref(out.error);
        } else {
            const struct cairn_http_response *res = out.value;
            assert_int_equal(res->fields.count, is_grpc ? (i % 2 ? 3 : 2) : (i % 2 ? 2 : 3));
        }
        cairn_test_alloc_fail_at(0);
        cairn_arena_free(arena);
    }
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
        fixture_test(a_rule_says_what_a_code_becomes),
        fixture_test(a_rule_is_found_for_a_source_but_the_outermost_counts),
        fixture_test(the_function_is_asked_before_the_rules),
        fixture_test(rules_and_texts_are_copied),
        fixture_test(a_text_has_the_name_of_the_status),
        fixture_test(the_client_chooses_the_format_where_it_may),
        fixture_test(no_format_tells_of_the_inside),
        fixture_test(names_the_layer_that_raised_the_error_where_asked),
        fixture_test(grpc_gets_trailers_alone),
        fixture_test(grpc_has_a_status_for_each_code),
        fixture_test(others_than_grpc_get_a_status_of_http),
        fixture_test(refuses_rules_and_options_out_of_range),
        fixture_test(an_answer_that_is_there_is_whole),
        fixture_test(refuses_what_is_not_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
