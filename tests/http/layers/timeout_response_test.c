#include "hand_stream.h"

#include <cairn/http/layers/timeout_response.h>

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_timeout_response(.after_ms = 60000),
        (struct cairn_contract_options){.may_recover = true});
}

/* What a call becomes that nobody answers for AFTER_MS. */
static struct cairn_http_response *late(
    struct fixture *f, struct cairn_layer layer, uint64_t after_ms)
{
    struct cairn_service *service = fixture_around_mock(f, layer);
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    assert_pending(f, &future);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, after_ms - 1);
    assert_pending(f, &future);
    assert_false(cairn_harness_is_woken(&f->hand));
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 1);
    assert_true(cairn_harness_is_woken(&f->hand));
    struct cairn_http_response *res = fixture_response(f, &future);
    struct cairn_mock_request *request = cairn_mock_next_request(f->mock);
    assert_true(cairn_mock_is_abandoned(request));
    cairn_mock_request_drop(request);
    assert_int_equal(fixture_number(service, "elapsed"), 1);
    cairn_service_drop(service);
    return res;
}

static void answers_503_with_nothing_when_the_time_has_passed(void **state)
{
    struct cairn_http_response *res = late(*state, cairn_timeout_response(.after_ms = 500), 500);
    assert_int_equal(res->status, 503);
    assert_int_equal(res->body.length, 0);
    assert_int_equal(res->fields.count, 0);
}

static void waits_30_seconds_if_nothing_else_is_said(void **state)
{
    assert_int_equal(late(*state, cairn_timeout_response_layer(NULL), 30000)->status, 503);
}

static void answers_with_the_status_that_was_chosen(void **state)
{
    assert_int_equal(
        late(*state, cairn_timeout_response(.after_ms = 5, .status = 408), 5)->status, 408);
    assert_int_equal(
        late(*state, cairn_timeout_response(.after_ms = 5, .status = 504), 5)->status, 504);
}

static void answers_with_a_problem(void **state)
{
    struct cairn_http_response *res = late(*state,
        cairn_timeout_response(.after_ms = 5, .status = 504,
            .body = CAIRN_TIMEOUT_RESPONSE_PROBLEM),
        5);
    assert_int_equal(res->status, 504);
    assert_str(fixture_field(res, "Content-Type"), "application/problem+json");
    assert_str(
        res->body, "{\"type\":\"about:blank\",\"title\":\"Gateway Timeout\",\"status\":504}");
}

static void a_response_in_time_passes_as_it_is(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_timeout_response(.after_ms = 5));
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    assert_pending(f, &future);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 4);
    fixture_respond(f, NULL);
    assert_str(fixture_response(f, &future)->body, "fine");
    assert_int_equal(fixture_number(service, "elapsed"), 0);
    cairn_service_drop(service);
}

static void a_tie_goes_to_the_timeout(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_timeout_response(.after_ms = 5));
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    assert_pending(f, &future);
    fixture_respond(f, NULL); /* nobody has looked for it */
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 5);
    assert_int_equal(fixture_response(f, &future)->status, 503);
    cairn_service_drop(service);
}

static void a_stream_that_came_too_late_is_dropped(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.is_open = true};
    struct cairn_service *service = fixture_around_mock(f, cairn_timeout_response(.after_ms = 5));
    struct cairn_http_request *req = fixture_request(f, "/");
    struct cairn_future future = fixture_send(f, service, req);
    assert_pending(f, &future);
    fixture_respond(f, hand_stream_response(&hand, req));
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 5);
    assert_int_equal(fixture_response(f, &future)->status, 503);
    fixture_end_exchange(f);
    assert_true(hand.is_dropped);
    cairn_service_drop(service);
}

static void a_body_is_not_timed(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"one"}};
    struct cairn_service *service = fixture_around_mock(f, cairn_timeout_response(.after_ms = 5));
    struct cairn_http_request *req = fixture_request(f, "/");
    struct cairn_future future = fixture_send(f, service, req);
    fixture_respond(f, hand_stream_response(&hand, req));
    struct cairn_http_response *res = fixture_response(f, &future);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 1000);
    assert_chunk(f, res, "one");
    assert_body_end(f, res);
    cairn_service_drop(service);
}

static void errors_pass_as_they_are(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_timeout_response(.after_ms = 5));
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    fixture_fail(f, CAIRN_ERROR_CONFLICT, "no");
    struct cairn_error *error = fixture_failure(f, &future);
    assert_string_equal(error->message, "no");
    cairn_error_unref(error);
    cairn_service_drop(service);
}

static void copies_count_together_and_futures_outlive_them(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_timeout_response(.after_ms = 5));
    struct cairn_service *copy = cairn_service_clone(service);
    struct cairn_future future = fixture_send(f, copy, fixture_request(f, "/"));
    assert_pending(f, &future);
    cairn_service_drop(copy);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 5);
    assert_int_equal(fixture_response(f, &future)->status, 503);
    assert_int_equal(fixture_number(service, "elapsed"), 1);
    assert_int_equal(fixture_number(service, "after"), 5);
    assert_int_equal(fixture_number(service, "status"), 503);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(service);
}

static void fails_where_there_is_no_memory_for_an_answer(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_timeout_response(.after_ms = 5));
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    assert_pending(f, &future);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 5);
    fixture_exhaust(f);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(service);
}

static void refuses_options_out_of_range(void **state)
{
    struct fixture *f = *state;
    assert_refused(cairn_timeout_response(.after_ms = 86400001), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "after_ms must be 1 to 86400000, got 86400001");
    assert_refused(cairn_timeout_response(.status = 200), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "status must be 400 to 599, got 200");
    assert_refused(cairn_timeout_response(.status = 600), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "status must be 400 to 599, got 600");
    assert_refused(cairn_timeout_response(.body = (enum cairn_timeout_response_body)2),
        cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "body must be one of enum cairn_timeout_response_body");
}

static void refuses_what_is_not_http(void **state)
{
    (void)state;
    assert_needs_http(cairn_timeout_response_layer(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(answers_503_with_nothing_when_the_time_has_passed),
        fixture_test(waits_30_seconds_if_nothing_else_is_said),
        fixture_test(answers_with_the_status_that_was_chosen),
        fixture_test(answers_with_a_problem),
        fixture_test(a_response_in_time_passes_as_it_is),
        fixture_test(a_tie_goes_to_the_timeout),
        fixture_test(a_stream_that_came_too_late_is_dropped),
        fixture_test(a_body_is_not_timed),
        fixture_test(errors_pass_as_they_are),
        fixture_test(copies_count_together_and_futures_outlive_them),
        fixture_test(fails_where_there_is_no_memory_for_an_answer),
        fixture_test(refuses_options_out_of_range),
        fixture_test(refuses_what_is_not_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
