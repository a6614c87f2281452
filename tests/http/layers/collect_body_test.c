#include "hand_stream.h"

#include <cairn/http/layers/collect_body.h>
#include <cairn/layers/concurrency_limit.h>

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_collect_body(),
        (struct cairn_contract_options){.may_queue = true, .may_hide_ready = true});
}

static void inner_is_called_when_the_body_is_whole(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"one"}, .is_open = true};
    struct cairn_service *s = fixture_around_mock(f, cairn_collect_body());
    struct cairn_http_request *req = hand_stream_request(f, &hand, -1);
    struct cairn_future future = fixture_send(f, s, req);
    assert_pending(f, &future);
    assert_int_equal(fixture_number(s, "collecting"), 1);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 0);
    hand.chunks[1] = "two";
    hand.is_open = false;
    assert_pending(f, &future);
    assert_int_equal(fixture_number(s, "collecting"), 0);
    assert_int_equal(fixture_number(s, "waiting"), 0);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 1);
    assert_str(req->body, "onetwo");
    fixture_respond(f, NULL);
    assert_int_equal(fixture_response(f, &future)->status, 200);
    cairn_service_drop(s);
}

static struct cairn_http_response *echo(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_bytes(req, 200, NULL, req->body);
}

static void slow_uploads_hold_no_permit(void **state)
{
    struct fixture *f = *state;
    struct hand_stream slow[3] = {{.is_open = true}, {.is_open = true}, {.is_open = true}};
    struct cairn_future uploads[3];
    const struct cairn_layer layers[] = {cairn_collect_body(), cairn_concurrency_limit(.max = 1)};
    struct cairn_service *s = cairn_stack_build(cairn_http_handler(echo, NULL), layers, 2);
    for (unsigned i = 0; i < 3; i++) {
        uploads[i] = fixture_send(f, s, hand_stream_request(f, &slow[i], -1));
        assert_pending(f, &uploads[i]);
    }
    assert_int_equal(fixture_number(s, "in_flight"), 0);
    assert_int_equal(fixture_ask(f, s, fixture_request(f, "/"))->status, 200);
    for (unsigned i = 0; i < 3; i++) {
        slow[i].is_open = false;
        slow[i].chunks[0] = "late";
        assert_str(fixture_response(f, &uploads[i])->body, "late");
    }
    cairn_service_drop(s);
}

static void call_waits_for_room_in_its_future(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_collect_body());
    cairn_mock_allow(f->mock, 0);
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/"));
    assert_pending(f, &future);
    assert_int_equal(fixture_number(s, "waiting"), 1);
    cairn_mock_allow(f->mock, 1);
    assert_true(cairn_harness_is_woken(&f->hand));
    assert_pending(f, &future);
    assert_int_equal(fixture_number(s, "waiting"), 0);
    fixture_respond(f, NULL);
    assert_int_equal(fixture_response(f, &future)->status, 200);
    cairn_service_drop(s);
}

static void assert_failed(
    struct fixture *f, struct cairn_service *s, struct cairn_future *future, int code)
{
    struct cairn_error *error = fixture_failure(f, future);
    assert_int_equal(error->code, code);
    cairn_error_unref(error);
    assert_int_equal(fixture_number(s, "collecting"), 0);
    assert_int_equal(fixture_number(s, "waiting"), 0);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 0);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
}

static void body_over_the_limit_fails_before_it_is_read_where_its_length_is_known(void **state)
{
    struct fixture *f = *state;
    struct hand_stream known = {.chunks = {"123456"}};
    struct hand_stream unknown = {.chunks = {"123", "456", "789"}};
    struct cairn_service *s = fixture_around_mock(f, cairn_collect_body(.max_bytes = 5));
    struct cairn_future future = fixture_send(f, s, hand_stream_request(f, &known, 6));
    assert_failed(f, s, &future, CAIRN_ERROR_TOO_LARGE);
    assert_int_equal(known.given, 0);
    assert_true(known.is_dropped);
    future = fixture_send(f, s, hand_stream_request(f, &unknown, -1));
    assert_failed(f, s, &future, CAIRN_ERROR_TOO_LARGE);
    assert_int_equal(unknown.given, 2);
    assert_true(unknown.is_dropped);
    assert_int_equal(fixture_number(s, "failed"), 2);
    cairn_service_drop(s);
}

static void without_an_option_the_limit_is_the_requests(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"123456"}};
    struct cairn_service *s = fixture_around_mock(f, cairn_collect_body_layer(NULL));
    struct cairn_http_request *req = hand_stream_request(f, &hand, -1);
    req->body_limit = 5;
    struct cairn_future future = fixture_send(f, s, req);
    assert_failed(f, s, &future, CAIRN_ERROR_TOO_LARGE);
    cairn_service_drop(s);
}

static void body_that_fails_fails_the_call(void **state)
{
    struct fixture *f = *state;
    static struct cairn_error early = CAIRN_ERROR_STATIC(CAIRN_ERROR_PROTOCOL, "hand", "early");
    struct hand_stream hand = {.chunks = {"123456"}, .error = &early};
    struct cairn_service *s = fixture_around_mock(f, cairn_collect_body());
    struct cairn_future future = fixture_send(f, s, hand_stream_request(f, &hand, -1));
    assert_failed(f, s, &future, CAIRN_ERROR_PROTOCOL);
    assert_int_equal(fixture_number(s, "failed"), 1);
    cairn_service_drop(s);
}

static void readiness_that_fails_fails_the_call_and_the_service_goes(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_collect_body());
    cairn_mock_fail_ready(f->mock, cairn_error_new(CAIRN_ERROR_CLOSED, "mock", NULL, "gone"));
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/"));
    assert_failed(f, s, &future, CAIRN_ERROR_CLOSED);
    assert_int_equal(fixture_number(s, "failed"), 0);
    assert_int_equal(cairn_mock_counts(f->mock).services, 1);
    cairn_service_drop(s);
}

static void call_that_is_given_up_gives_everything_back(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.is_open = true};
    struct cairn_service *s = fixture_around_mock(f, cairn_collect_body());
    cairn_mock_allow(f->mock, 0);
    struct cairn_future reading = fixture_send(f, s, hand_stream_request(f, &hand, -1));
    struct cairn_future unpolled = fixture_send(f, s, fixture_request(f, "/"));
    struct cairn_future waiting = fixture_send(f, s, fixture_request(f, "/"));
    assert_pending(f, &reading);
    assert_pending(f, &waiting);
    cairn_future_drop(&reading);
    assert_true(hand.is_dropped);
    cairn_future_drop(&unpolled);
    cairn_future_drop(&waiting);
    assert_int_equal(fixture_number(s, "collecting"), 0);
    assert_int_equal(fixture_number(s, "waiting"), 0);
    assert_int_equal(fixture_number(s, "failed"), 0);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    cairn_service_drop(s);
}

static void call_outlives_every_copy(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"one"}, .is_open = true};
    struct cairn_service *s = fixture_around_mock(f, cairn_collect_body());
    struct cairn_future future = fixture_send(f, s, hand_stream_request(f, &hand, -1));
    cairn_service_drop(s);
    assert_pending(f, &future);
    hand.is_open = false;
    assert_pending(f, &future);
    fixture_respond(f, NULL);
    assert_int_equal(fixture_response(f, &future)->status, 200);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
}

static void services_that_are_done_are_used_again(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_collect_body());
    for (unsigned i = 0; i < 3; i++) {
        struct cairn_future first = fixture_send(f, s, fixture_request(f, "/"));
        struct cairn_future second = fixture_send(f, s, fixture_request(f, "/"));
        fixture_respond(f, NULL);
        fixture_respond(f, NULL);
        fixture_response(f, &first);
        fixture_response(f, &second);
    }
    assert_in_range(cairn_mock_counts(f->mock).clones, 1, 2);
    cairn_service_drop(s);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
}

static void whole_request_with_room_allocates_nothing_at_steady_state(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_service *s = fixture_apply(cairn_collect_body(), cairn_http_handler(echo, NULL));
    fixture_ask(f, s, fixture_request(f, "/"));
    struct cairn_http_request *req = fixture_request(f, "/");
    assert_int_equal(cairn_harness_poll_ready(&f->hand, s, &error), CAIRN_READY);
    size_t before = cairn_test_alloc_count();
    struct cairn_future future = cairn_service_call(s, req);
    assert_int_equal(cairn_test_alloc_count(), before);
    assert_true(cairn_future_is_complete(&future));
    assert_int_equal(fixture_response(f, &future)->status, 200);
    cairn_service_drop(s);
}

static void fails_without_memory_at_each_step(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    unsigned failed = 0;
    for (size_t n = 1; n < 6; n++) {
        union cairn_outcome out;
        struct hand_stream hand = {.is_open = true};
        struct cairn_service *s = fixture_around_mock(f, cairn_collect_body());
        struct cairn_http_request *req = hand_stream_request(f, &hand, -1);
        assert_int_equal(cairn_harness_poll_ready(&f->hand, s, &error), CAIRN_READY);
        cairn_test_alloc_fail_at(n);
        struct cairn_future future = cairn_service_call(s, req);
        cairn_test_alloc_fail_at(0);
        if (cairn_harness_poll(&f->hand, &future, &out) == CAIRN_FAILED) {
            assert_ptr_equal(out.error, &cairn_error_no_memory);
            failed++;
        }
        cairn_future_drop(&future);
        assert_true(hand.is_dropped);
        assert_int_equal(fixture_number(s, "collecting"), 0);
        cairn_service_drop(s);
    }
    assert_int_equal(failed, 3); /* the copy, the box that collects, the layer's own */
}

static void what_cannot_be_built_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct cairn_mock_options fixed = {.size = sizeof(fixed),
        .not_cloneable = true,
        .request_type = &cairn_http_request_type,
        .response_type = &cairn_http_response_type};
    struct cairn_mock *mock = cairn_mock_new(&fixed);
    assert_invalid(f, cairn_collect_body(.max_bytes = (uint64_t)INT64_MAX + 1),
        "max_bytes must be 1 to 2^63-1, got 9223372036854775808");
    assert_refused(cairn_collect_body(), cairn_mock_service(mock), CAIRN_ERROR_TYPE,
        "needs a service that can be cloned; mock cannot");
    assert_needs_http(cairn_collect_body());
    assert_refused_without_memory(f, cairn_collect_body(), 2);
    cairn_mock_free(mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(inner_is_called_when_the_body_is_whole),
        fixture_test(slow_uploads_hold_no_permit),
        fixture_test(call_waits_for_room_in_its_future),
        fixture_test(body_over_the_limit_fails_before_it_is_read_where_its_length_is_known),
        fixture_test(without_an_option_the_limit_is_the_requests),
        fixture_test(body_that_fails_fails_the_call),
        fixture_test(readiness_that_fails_fails_the_call_and_the_service_goes),
        fixture_test(call_that_is_given_up_gives_everything_back),
        fixture_test(call_outlives_every_copy),
        fixture_test(services_that_are_done_are_used_again),
        fixture_test(whole_request_with_room_allocates_nothing_at_steady_state),
        fixture_test(fails_without_memory_at_each_step),
        fixture_test(what_cannot_be_built_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
