#include "layers/hand_stream.h"

#include <cairn/http/body_end.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/peak_ewma.h>
#include <cairn/layers/pending_requests.h>

static void count(void *value)
{
    ++*(int *)value;
}

static struct cairn_http_response *held(struct fixture *f, struct hand_stream *hand, int *ended)
{
    struct cairn_http_response *res = hand_stream_response(hand, fixture_request(f, "/"));
    assert_int_equal(cairn_http_on_body_end(res, count, ended), 0);
    return res;
}

static void a_whole_body_ends_with_the_exchange(void **state)
{
    struct fixture *f = *state;
    int ended = 0;
    struct cairn_http_response *res = cairn_http_text(fixture_request(f, "/"), 200, "fine");
    assert_int_equal(cairn_http_on_body_end(res, count, &ended), 0);
    assert_str(res->body, "fine");
    assert_int_equal(ended, 0);
    fixture_end_exchange(f);
    assert_int_equal(ended, 1);
}

static void a_stream_ends_behind_its_last_chunk(void **state)
{
    struct fixture *f = *state;
    int ended = 0;
    struct hand_stream hand = {.chunks = {"one", "two"}};
    struct cairn_http_response *res = held(f, &hand, &ended);
    assert_chunk(f, res, "one");
    assert_chunk(f, res, "two");
    assert_int_equal(ended, 0);
    assert_body_end(f, res);
    assert_int_equal(ended, 1);
    fixture_end_exchange(f);
    assert_int_equal(ended, 1);
}

static void a_stream_that_waits_has_not_ended(void **state)
{
    struct fixture *f = *state;
    int ended = 0;
    union cairn_outcome out;
    struct hand_stream hand = {.chunks = {"one"}, .is_open = true};
    struct cairn_http_response *res = held(f, &hand, &ended);
    assert_chunk(f, res, "one");
    assert_int_equal(fixture_poll_body(f, res, &out), CAIRN_PENDING);
    assert_int_equal(ended, 0);
    fixture_end_exchange(f);
    assert_int_equal(ended, 1);
    assert_true(hand.is_dropped);
}

static void a_stream_ends_with_its_failure(void **state)
{
    struct fixture *f = *state;
    int ended = 0;
    union cairn_outcome out;
    struct hand_stream hand = {
        .error = cairn_error_new(CAIRN_ERROR_CLOSED, "hand", NULL, "the source is gone")};
    struct cairn_http_response *res = held(f, &hand, &ended);
    assert_int_equal(fixture_poll_body(f, res, &out), CAIRN_FAILED);
    assert_string_equal(out.error->message, "the source is gone");
    assert_int_equal(ended, 1);
    cairn_error_unref(out.error);
}

static void note_drop(void *value)
{
    struct hand_stream *hand = value;
    assert_true(hand->is_dropped);
    hand->given = 99;
}

static void a_stream_that_is_dropped_has_ended_and_is_gone_by_then(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"one"}};
    struct cairn_http_response *res = hand_stream_response(&hand, fixture_request(f, "/"));
    assert_int_equal(cairn_http_on_body_end(res, note_drop, &hand), 0);
    cairn_stream_drop(&res->stream);
    assert_int_equal(hand.given, 99);
}

static void several_wait_for_one_body(void **state)
{
    struct fixture *f = *state;
    int a = 0;
    int b = 0;
    struct hand_stream hand = {.chunks = {"one"}};
    struct cairn_http_response *res = held(f, &hand, &a);
    assert_int_equal(cairn_http_on_body_end(res, count, &b), 0);
    assert_chunk(f, res, "one");
    assert_int_equal(a + b, 0);
    assert_body_end(f, res);
    assert_int_equal(a, 1);
    assert_int_equal(b, 1);
}

static void leaves_the_value_to_the_caller_without_memory(void **state)
{
    struct fixture *f = *state;
    int ended = 0;
    struct cairn_http_response *res = cairn_http_text(fixture_request(f, "/"), 200, "fine");
    fixture_exhaust(f);
    assert_int_equal(cairn_http_on_body_end(res, count, &ended), -1);
    assert_int_equal(ended, 0);
}

static void leaves_a_stream_as_it_was_without_memory(void **state)
{
    struct fixture *f = *state;
    int ended = 0;
    struct hand_stream hand = {.chunks = {"one"}};
    struct cairn_http_response *res = hand_stream_response(&hand, fixture_request(f, "/"));
    fixture_exhaust(f);
    assert_int_equal(cairn_http_on_body_end(res, count, &ended), -1);
    assert_chunk(f, res, "one");
    assert_body_end(f, res);
    assert_int_equal(ended, 0);
}

/*
 * concurrency_limit
 */

static void assert_not_ready(struct fixture *f, struct cairn_service *service)
{
    struct cairn_error *error = NULL;
    assert_int_equal(cairn_harness_poll_ready(&f->hand, service, &error), CAIRN_PENDING);
}

static struct cairn_service *limit_of(struct fixture *f, size_t max)
{
    return fixture_around_mock(
        f, cairn_concurrency_limit(.max = max, .until = &cairn_http_body_end));
}

/* A limit of one: a permit that is not back is missed at once. */
static void a_limit_until_the_body_ends_keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_concurrency_limit(.max = 1, .until = &cairn_http_body_end),
        (struct cairn_contract_options){
            .new_response = fixture_contract_detached, .may_replace = true});
}

static void a_permit_is_out_until_the_exchange_has_ended(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = limit_of(f, 1);
    struct cairn_service *copy = cairn_service_clone(service);
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    fixture_respond(f, NULL);
    assert_str(fixture_response(f, &future)->body, "fine");
    assert_int_equal(fixture_number(service, "in_flight"), 1);
    assert_not_ready(f, copy);
    assert_not_ready(f, service);
    cairn_service_release(service);
    fixture_end_exchange(f);
    assert_true(cairn_harness_is_woken(&f->hand));
    future = fixture_send(f, copy, fixture_request(f, "/"));
    fixture_respond(f, NULL);
    fixture_response(f, &future);
    cairn_service_drop(copy);
    cairn_service_drop(service);
}

static void a_permit_is_back_when_the_stream_has_ended(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"one"}};
    struct cairn_service *service = limit_of(f, 1);
    struct cairn_http_request *req = fixture_request(f, "/");
    struct cairn_future future = fixture_send(f, service, req);
    fixture_respond(f, hand_stream_response(&hand, req));
    struct cairn_http_response *res = fixture_response(f, &future);
    cairn_service_drop(service); /* the permit outlives it */
    assert_chunk(f, res, "one");
    assert_body_end(f, res);
}

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "fine");
}

static void a_permit_of_an_answer_that_was_there_at_once_is_out_too(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_apply(cairn_concurrency_limit(.max = 2, .until = &cairn_http_body_end),
            cairn_http_handler(answer, NULL));
    fixture_ask(f, service, fixture_request(f, "/"));
    assert_int_equal(fixture_number(service, "in_flight"), 1);
    fixture_ask(f, service, fixture_request(f, "/"));
    assert_not_ready(f, service);
    cairn_service_release(service);
    fixture_end_exchange(f);
    assert_int_equal(fixture_number(service, "in_flight"), 0);
    cairn_service_drop(service);
}

static void a_permit_is_back_when_the_call_fails_or_is_given_up(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = limit_of(f, 2);
    struct cairn_future failed = fixture_send(f, service, fixture_request(f, "/"));
    struct cairn_future dropped = fixture_send(f, service, fixture_request(f, "/"));
    fixture_fail(f, CAIRN_ERROR_CLOSED, "gone");
    cairn_error_unref(fixture_failure(f, &failed));
    assert_int_equal(fixture_number(service, "in_flight"), 1);
    cairn_future_drop(&dropped);
    assert_int_equal(fixture_number(service, "in_flight"), 0);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(service);
}

static void a_permit_is_back_when_there_is_no_memory_to_keep_it(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = limit_of(f, 1);
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    fixture_respond(f, NULL);
    fixture_exhaust(f);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    assert_int_equal(fixture_number(service, "in_flight"), 0);
    cairn_service_drop(service);
}

static void a_limit_until_the_body_ends_refuses_what_is_not_http(void **state)
{
    (void)state;
    assert_refused(cairn_concurrency_limit(.until = &cairn_http_body_end), cairn_test_echo(NULL),
        CAIRN_ERROR_TYPE,
        "needs a service from anything to http.response, got one from test.value to test.value "
        "(echo)");
}

/*
 * load
 */

static void a_load_until_the_body_ends_keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_pending_requests(.completion = {.track = cairn_http_track_load}),
        (struct cairn_contract_options){.new_response = fixture_contract_detached});
}

static void assert_load(const struct cairn_service *service, int expected)
{
    assert_int_equal((int)cairn_load_of(service), expected);
}

static void T088_count_stays_up_after_the_response_until_its_body_has_ended(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"one"}};
    struct cairn_service *service = fixture_around_mock(
        f, cairn_pending_requests(.completion = {.track = cairn_http_track_load}));
    struct cairn_http_request *req = fixture_request(f, "/");
    assert_load(service, 0);
    struct cairn_future future = fixture_send(f, service, req);
    assert_load(service, 1);
    fixture_respond(f, hand_stream_response(&hand, req));
    struct cairn_http_response *res = fixture_response(f, &future);
    assert_load(service, 1);
    assert_chunk(f, res, "one");
    assert_load(service, 1);
    assert_body_end(f, res);
    assert_load(service, 0);
    cairn_service_drop(service);
}

static void T089_count_goes_down_with_each_body_in_any_order(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hands[3] = {{.is_open = true}, {.is_open = true}, {.is_open = true}};
    struct cairn_http_response *responses[3];
    struct cairn_service *service = fixture_around_mock(
        f, cairn_pending_requests(.completion = {.track = cairn_http_track_load}));
    for (size_t i = 0; i < 3; i++) {
        struct cairn_http_request *req = fixture_request(f, "/");
        struct cairn_future future = fixture_send(f, service, req);
        fixture_respond(f, hand_stream_response(&hands[i], req));
        responses[i] = fixture_response(f, &future);
    }
    assert_load(service, 3);
    cairn_stream_drop(&responses[1]->stream);
    assert_load(service, 2);
    cairn_stream_drop(&responses[2]->stream);
    assert_load(service, 1);
    cairn_service_drop(service);
    cairn_stream_drop(&responses[0]->stream);
}

/* Each whole body goes with the arena of its exchange. */
static void T089_count_goes_down_with_each_exchange_in_any_order(void **state)
{
    struct fixture *f = *state;
    struct cairn_arena *arenas[3];
    struct cairn_service *service = fixture_around_mock(
        f, cairn_pending_requests(.completion = {.track = cairn_http_track_load}));
    for (size_t i = 0; i < 3; i++) {
        arenas[i] = cairn_arena_new(NULL);
        struct cairn_future future =
            fixture_send(f, service, cairn_http_request_new(arenas[i], CAIRN_HTTP_GET, "/"));
        fixture_respond(f, NULL);
        fixture_response(f, &future);
    }
    assert_load(service, 3);
    cairn_arena_free(arenas[1]);
    assert_load(service, 2);
    cairn_arena_free(arenas[0]);
    assert_load(service, 1);
    cairn_arena_free(arenas[2]);
    assert_load(service, 0);
    cairn_service_drop(service);
}

static void a_load_goes_down_when_the_call_fails_or_is_given_up(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(
        f, cairn_pending_requests(.completion = {.track = cairn_http_track_load}));
    struct cairn_future failed = fixture_send(f, service, fixture_request(f, "/"));
    struct cairn_future dropped = fixture_send(f, service, fixture_request(f, "/"));
    fixture_fail(f, CAIRN_ERROR_CLOSED, "gone");
    cairn_error_unref(fixture_failure(f, &failed));
    assert_load(service, 1);
    cairn_future_drop(&dropped);
    assert_load(service, 0);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(service);
}

static void a_round_trip_takes_as_long_as_its_body(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.is_open = true};
    struct cairn_service *service = fixture_around_mock(
        f, cairn_peak_ewma(.default_rtt_ms = 1, .completion = {.track = cairn_http_track_load}));
    struct cairn_http_request *req = fixture_request(f, "/");
    struct cairn_future future = fixture_send(f, service, req);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 10);
    fixture_respond(f, hand_stream_response(&hand, req));
    struct cairn_http_response *res = fixture_response(f, &future);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 90);
    cairn_stream_drop(&res->stream);
    assert_int_equal(fixture_number(service, "estimate_us"), 100000);
    cairn_service_drop(service);
}

static void a_load_without_memory_has_ended_with_the_response(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(
        f, cairn_pending_requests(.completion = {.track = cairn_http_track_load}));
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    fixture_respond(f, NULL);
    fixture_exhaust(f);
    assert_str(fixture_response(f, &future)->body, "fine");
    assert_load(service, 0);
    cairn_service_drop(service);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_whole_body_ends_with_the_exchange),
        fixture_test(a_stream_ends_behind_its_last_chunk),
        fixture_test(a_stream_that_waits_has_not_ended),
        fixture_test(a_stream_ends_with_its_failure),
        fixture_test(a_stream_that_is_dropped_has_ended_and_is_gone_by_then),
        fixture_test(several_wait_for_one_body),
        fixture_test(leaves_the_value_to_the_caller_without_memory),
        fixture_test(leaves_a_stream_as_it_was_without_memory),
        cmocka_unit_test(a_limit_until_the_body_ends_keeps_the_service_contract),
        fixture_test(a_permit_is_out_until_the_exchange_has_ended),
        fixture_test(a_permit_is_back_when_the_stream_has_ended),
        fixture_test(a_permit_of_an_answer_that_was_there_at_once_is_out_too),
        fixture_test(a_permit_is_back_when_the_call_fails_or_is_given_up),
        fixture_test(a_permit_is_back_when_there_is_no_memory_to_keep_it),
        fixture_test(a_limit_until_the_body_ends_refuses_what_is_not_http),
        cmocka_unit_test(a_load_until_the_body_ends_keeps_the_service_contract),
        fixture_test(T088_count_stays_up_after_the_response_until_its_body_has_ended),
        fixture_test(T089_count_goes_down_with_each_body_in_any_order),
        fixture_test(T089_count_goes_down_with_each_exchange_in_any_order),
        fixture_test(a_load_goes_down_when_the_call_fails_or_is_given_up),
        fixture_test(a_round_trip_takes_as_long_as_its_body),
        fixture_test(a_load_without_memory_has_ended_with_the_response),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
