#include "http_fixture.h"

#include <cairn/http/body.h>
#include <cairn/http/layers/replay_body.h>
#include <cairn/layers/hedge.h>
#include <cairn/layers/retry.h>

static struct cairn_stream one_chunk(const char *text)
{
    void *chunk = cairn_http_chunk_new(text, strlen(text));
    return cairn_stream_from_array(&chunk, 1, &cairn_http_chunk_type);
}

static struct cairn_http_request *put(struct fixture *f, const char *text)
{
    struct cairn_http_request *req = cairn_http_request_new(f->arena, CAIRN_HTTP_PUT, "/");
    assert_int_equal(cairn_http_request_set_body(req, one_chunk(text), -1), 0);
    return req;
}

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_replay_body(), (struct cairn_contract_options){0});
}

/* The mock's next request, whose body is read. */
static struct cairn_mock_request *expect_body(struct fixture *f, const char *text)
{
    const struct cairn_context cx = cairn_harness_context(&f->hand);
    struct cairn_mock_request *request = cairn_mock_next_request(f->mock);
    union cairn_outcome out;
    assert_non_null(request);
    struct cairn_http_request *req = cairn_mock_request_value(request);
    assert_int_equal(cairn_stream_poll_next(&req->stream, &cx, &out), CAIRN_READY);
    struct cairn_http_chunk *chunk = out.value;
    assert_str(chunk->bytes, text);
    cairn_http_chunk_free(chunk);
    return request;
}

static void read_and_fail(struct fixture *f, const char *text)
{
    cairn_mock_fail(
        expect_body(f, text), cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "mock", NULL, "no"));
}

static struct cairn_service *retrying(struct fixture *f, struct cairn_layer layer)
{
    return fixture_apply(layer, fixture_around_mock(f, cairn_retry(.attempts = 2)));
}

static void retry_inside_of_it_sends_the_body_again(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = retrying(f, cairn_replay_body());
    struct cairn_future future = fixture_send(f, service, put(f, "abc"));
    assert_pending(f, &future);
    read_and_fail(f, "abc");
    assert_pending(f, &future);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 1000);
    assert_pending(f, &future);
    read_and_fail(f, "abc");
    cairn_error_unref(fixture_failure(f, &future));
    cairn_service_drop(service);
}

static void a_body_over_the_cap_is_sent_once(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = retrying(f, cairn_replay_body(.max_bytes = 2));
    struct cairn_future future = fixture_send(f, service, put(f, "abc"));
    assert_pending(f, &future);
    read_and_fail(f, "abc");
    struct cairn_error *error = fixture_failure(f, &future);
    assert_string_equal(error->message, "no");
    cairn_error_unref(error);
    cairn_service_drop(service);
}

/* One call has taken 10 ms, so that after as much a second copy is sent. */
static struct cairn_service *hedging(struct fixture *f, struct cairn_layer layer)
{
    struct cairn_service *service = fixture_apply(
        layer, fixture_around_mock(f, cairn_hedge(.min_data_points = 1, .period_ms = 60000)));
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    assert_pending(f, &future);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 10);
    fixture_respond(f, NULL);
    fixture_response(f, &future);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 60000);
    return service;
}

static void hedge_inside_of_it_sends_the_body_twice(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = hedging(f, cairn_replay_body());
    struct cairn_future future = fixture_send(f, service, put(f, "abc"));
    assert_pending(f, &future);
    struct cairn_mock_request *first = expect_body(f, "abc");
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 11);
    assert_pending(f, &future);
    struct cairn_mock_request *second = expect_body(f, "abc");
    cairn_mock_respond(second, cairn_http_text(cairn_mock_request_value(second), 200, "fine"));
    assert_int_equal(fixture_response(f, &future)->status, 200);
    assert_true(cairn_mock_is_abandoned(first));
    cairn_mock_request_drop(first);
    cairn_service_drop(service);
}

static void hedge_sends_no_second_copy_of_a_body_over_the_cap(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = hedging(f, cairn_replay_body(.max_bytes = 2));
    struct cairn_future future = fixture_send(f, service, put(f, "abc"));
    assert_pending(f, &future);
    struct cairn_mock_request *first = expect_body(f, "abc"); /* over the cap from here on */
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 1000);
    assert_pending(f, &future);
    assert_null(cairn_mock_next_request(f->mock));
    assert_int_equal(fixture_number(service, "hedges"), 0);
    cairn_mock_respond(first, cairn_http_text(cairn_mock_request_value(first), 200, "fine"));
    assert_int_equal(fixture_response(f, &future)->status, 200);
    cairn_service_drop(service);
}

static void fails_without_memory_and_gives_the_reservation_back(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_replay_body());
    struct cairn_http_request *req = put(f, "abc");
    struct cairn_error *error = NULL;
    assert_int_equal(cairn_harness_poll_ready(&f->hand, service, &error), CAIRN_READY);
    fixture_exhaust(f);
    struct cairn_future future = cairn_service_call(service, req);
    cairn_test_alloc_fail_at(0);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    assert_true(cairn_http_is_collected(req)); /* its stream is dropped */
    assert_null(cairn_mock_next_request(f->mock));
    cairn_service_drop(service);
}

static void refuses_what_it_cannot_do(void **state)
{
    struct fixture *f = *state;
    assert_refused(cairn_replay_body(.max_bytes = 64 * 1024 * 1024 + 1),
        cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "max_bytes must be 1 to 67108864, got 67108865");
    assert_needs_http(cairn_replay_body());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(retry_inside_of_it_sends_the_body_again),
        fixture_test(a_body_over_the_cap_is_sent_once),
        fixture_test(hedge_inside_of_it_sends_the_body_twice),
        fixture_test(hedge_sends_no_second_copy_of_a_body_over_the_cap),
        fixture_test(fails_without_memory_and_gives_the_reservation_back),
        fixture_test(refuses_what_it_cannot_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
