#include "hand_stream.h"

#include <cairn/http/layers/in_flight.h>
#include <cairn/testkit/misuse.h>

static void keeps_the_service_contract(void **state)
{
    struct cairn_in_flight *counter = cairn_in_flight_new();
    (void)state;
    fixture_contract(cairn_in_flight(.counter = counter),
        (struct cairn_contract_options){.new_response = fixture_contract_detached});
    assert_int_equal(cairn_in_flight_count(counter), 0);
    cairn_in_flight_unref(counter);
}

static void a_request_counts_until_its_exchange_has_ended(void **state)
{
    struct fixture *f = *state;
    struct cairn_in_flight *counter = cairn_in_flight_new();
    struct cairn_service *service = fixture_around_mock(f, cairn_in_flight(.counter = counter));
    assert_int_equal(cairn_in_flight_count(counter), 0);
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    assert_int_equal(cairn_in_flight_count(counter), 1);
    assert_pending(f, &future);
    fixture_respond(f, NULL);
    assert_str(fixture_response(f, &future)->body, "fine");
    assert_int_equal(cairn_in_flight_count(counter), 1);
    cairn_service_drop(service);
    fixture_end_exchange(f);
    assert_int_equal(cairn_in_flight_count(counter), 0);
    cairn_in_flight_unref(counter);
}

static void a_stream_counts_until_it_has_ended(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"one"}};
    struct cairn_service *service = fixture_around_mock(f, cairn_in_flight());
    struct cairn_http_request *req = fixture_request(f, "/");
    struct cairn_future future = fixture_send(f, service, req);
    fixture_respond(f, hand_stream_response(&hand, req));
    struct cairn_http_response *res = fixture_response(f, &future);
    assert_chunk(f, res, "one");
    assert_int_equal(fixture_number(service, "in_flight"), 1);
    assert_body_end(f, res);
    assert_int_equal(fixture_number(service, "in_flight"), 0);
    cairn_service_drop(service);
}

static void a_stream_that_is_dropped_counts_no_more(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.is_open = true};
    struct cairn_service *service = fixture_around_mock(f, cairn_in_flight());
    struct cairn_http_request *req = fixture_request(f, "/");
    struct cairn_future future = fixture_send(f, service, req);
    fixture_respond(f, hand_stream_response(&hand, req));
    struct cairn_http_response *res = fixture_response(f, &future);
    cairn_stream_drop(&res->stream);
    assert_int_equal(fixture_number(service, "in_flight"), 0);
    cairn_service_drop(service);
}

static void a_failure_and_a_call_that_is_given_up_count_no_more(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_in_flight());
    struct cairn_future failed = fixture_send(f, service, fixture_request(f, "/"));
    struct cairn_future dropped = fixture_send(f, service, fixture_request(f, "/"));
    assert_int_equal(fixture_number(service, "in_flight"), 2);
    fixture_fail(f, CAIRN_ERROR_CLOSED, "gone");
    cairn_error_unref(fixture_failure(f, &failed));
    assert_int_equal(fixture_number(service, "in_flight"), 1);
    cairn_future_drop(&dropped);
    assert_int_equal(fixture_number(service, "in_flight"), 0);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(service);
}

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "fine");
}

static void copies_and_stacks_share_a_counter(void **state)
{
    struct fixture *f = *state;
    struct cairn_in_flight *counter = cairn_in_flight_new();
    struct cairn_layer layer = cairn_in_flight(.counter = counter);
    struct cairn_service *a = fixture_apply(layer, cairn_http_handler(answer, NULL));
    struct cairn_service *b = fixture_apply(layer, cairn_http_handler(answer, NULL));
    struct cairn_service *copy = cairn_service_clone(a);
    fixture_ask(f, a, fixture_request(f, "/"));
    fixture_ask(f, b, fixture_request(f, "/"));
    fixture_ask(f, copy, fixture_request(f, "/"));
    assert_int_equal(fixture_number(b, "in_flight"), 3);
    cairn_in_flight_unref(counter);
    cairn_service_drop(a);
    cairn_service_drop(copy);
    fixture_end_exchange(f);
    assert_int_equal(fixture_number(b, "in_flight"), 0);
    cairn_service_drop(b);
}

static void applications_without_one_have_counters_of_their_own(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layer = cairn_in_flight_layer(NULL);
    struct cairn_service *a = fixture_apply(layer, cairn_http_handler(answer, NULL));
    struct cairn_service *b = fixture_apply(layer, cairn_http_handler(answer, NULL));
    fixture_ask(f, a, fixture_request(f, "/"));
    assert_int_equal(fixture_number(a, "in_flight"), 1);
    assert_int_equal(fixture_number(b, "in_flight"), 0);
    cairn_service_drop(a);
    cairn_service_drop(b);
}

static void counts_until_the_response_where_there_is_no_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_in_flight());
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    fixture_respond(f, NULL);
    fixture_exhaust(f);
    assert_str(fixture_response(f, &future)->body, "fine");
    assert_int_equal(fixture_number(service, "in_flight"), 0);
    cairn_service_drop(service);
}

static void a_ready_answer_allocates_nothing(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        fixture_apply(cairn_in_flight(), cairn_http_handler(answer, NULL));
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_ask(f, service, req);
    size_t before = cairn_test_alloc_count();
    for (int i = 0; i < 4; i++)
        fixture_ask(f, service, req);
    assert_int_equal(cairn_test_alloc_count(), before);
    cairn_service_drop(service);
}

/*
 * The emitter
 */

struct emitted {
    size_t times;
    uint64_t last;
};

static void emit(void *cx, uint64_t count)
{
    struct emitted *emitted = cx;
    emitted->times++;
    emitted->last = count;
}

static void the_emitter_tells_the_number_at_once_and_at_each_interval(void **state)
{
    struct fixture *f = *state;
    struct emitted emitted = {0};
    struct cairn_in_flight *counter = cairn_in_flight_new();
    struct cairn_service *service =
        fixture_apply(cairn_in_flight(.counter = counter), cairn_http_handler(answer, NULL));
    assert_null(
        cairn_spawn(f->runtime, cairn_in_flight_emitter(counter, 100, emit, &emitted), NULL));
    cairn_in_flight_unref(counter);
    cairn_test_settle(f->runtime);
    assert_int_equal(emitted.times, 1);
    assert_int_equal(emitted.last, 0);
    fixture_ask(f, service, fixture_request(f, "/"));
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 99);
    assert_int_equal(emitted.times, 1);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 1);
    assert_int_equal(emitted.times, 2);
    assert_int_equal(emitted.last, 1);
    fixture_end_exchange(f);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 100);
    assert_int_equal(emitted.times, 3);
    assert_int_equal(emitted.last, 0);
    cairn_service_drop(service);
}

static void the_emitter_does_not_make_up_for_time_that_was_lost(void **state)
{
    struct fixture *f = *state;
    struct emitted emitted = {0};
    struct cairn_in_flight *counter = cairn_in_flight_new();
    struct cairn_future future = cairn_in_flight_emitter(counter, 100, emit, &emitted);
    assert_pending(f, &future);
    cairn_test_clock_advance_ms(&f->clock, NULL, 1000);
    cairn_test_settle(f->runtime);
    assert_true(cairn_harness_is_woken(&f->hand));
    assert_pending(f, &future);
    assert_int_equal(emitted.times, 2);
    cairn_future_drop(&future);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 1000);
    assert_int_equal(emitted.times, 2);
    cairn_in_flight_unref(counter);
}

static void emit_never(void *cx)
{
    cairn_in_flight_emitter(cx, 0, emit, NULL);
}

static void an_interval_of_nothing_is_a_mistake(void **state)
{
    struct cairn_in_flight *counter = cairn_in_flight_new();
    (void)state;
    assert_string_equal(cairn_test_misuse(emit_never, counter),
        "cairn_in_flight_emitter: every_ms is 1 to 86400000");
    cairn_in_flight_unref(counter);
}

static void refuses_what_is_not_http(void **state)
{
    (void)state;
    assert_needs_http(cairn_in_flight_layer(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(a_request_counts_until_its_exchange_has_ended),
        fixture_test(a_stream_counts_until_it_has_ended),
        fixture_test(a_stream_that_is_dropped_counts_no_more),
        fixture_test(a_failure_and_a_call_that_is_given_up_count_no_more),
        fixture_test(copies_and_stacks_share_a_counter),
        fixture_test(applications_without_one_have_counters_of_their_own),
        fixture_test(counts_until_the_response_where_there_is_no_memory),
        fixture_test(a_ready_answer_allocates_nothing),
        fixture_test(the_emitter_tells_the_number_at_once_and_at_each_interval),
        fixture_test(the_emitter_does_not_make_up_for_time_that_was_lost),
        fixture_test(an_interval_of_nothing_is_a_mistake),
        fixture_test(refuses_what_is_not_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
