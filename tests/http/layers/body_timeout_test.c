#include "hand_stream.h"

#include <cairn/http/layers/body_timeout.h>

static void layers_keep_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_request_body_timeout(.idle_ms = 1), (struct cairn_contract_options){0});
    fixture_contract(
        cairn_response_body_timeout(.after_ms = 1), (struct cairn_contract_options){0});
}

static struct cairn_http_response *echo(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_bytes(req, 200, NULL, req->body);
}

static void advance(struct fixture *f, uint64_t ms)
{
    cairn_test_clock_advance_ms(&f->clock, f->runtime, ms);
}

/* A handler that collects a request of HAND's body, which waits. */
static struct cairn_future uploading(
    struct fixture *f, struct cairn_service *s, struct hand_stream *hand)
{
    struct cairn_future future = fixture_send(f, s, hand_stream_request(f, hand, -1));
    assert_pending(f, &future);
    return future;
}

static struct cairn_service *request_timeout(uint64_t idle_ms, uint64_t after_ms)
{
    return fixture_apply(cairn_request_body_timeout(.idle_ms = idle_ms, .after_ms = after_ms),
        cairn_http_handler(echo, NULL));
}

static void request_fails_when_no_chunk_comes_in_time(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"one"}, .is_open = true};
    struct cairn_service *s = request_timeout(100, 0);
    struct cairn_future future = uploading(f, s, &hand);
    advance(f, 99);
    assert_false(cairn_harness_is_woken(&f->hand));
    advance(f, 1);
    assert_true(cairn_harness_is_woken(&f->hand));
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_SLOW);
    assert_int_equal(fixture_number(s, "elapsed"), 1);
    assert_true(hand.is_dropped);
    cairn_service_drop(s);
}

static void each_chunk_of_a_request_begins_the_idle_time_anew(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"one"}, .is_open = true};
    struct cairn_service *s = request_timeout(100, 0);
    struct cairn_future future = uploading(f, s, &hand);
    advance(f, 99);
    hand.chunks[1] = "two";
    assert_pending(f, &future);
    advance(f, 99);
    assert_pending(f, &future);
    hand.is_open = false;
    assert_str(fixture_response(f, &future)->body, "onetwo");
    assert_int_equal(fixture_number(s, "elapsed"), 0);
    cairn_service_drop(s);
}

static void request_fails_when_the_whole_body_does_not_come_in_time(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"one"}, .is_open = true};
    struct cairn_service *s = request_timeout(0, 100);
    struct cairn_future future = uploading(f, s, &hand);
    advance(f, 99);
    hand.chunks[1] = "two";
    assert_pending(f, &future);
    advance(f, 1);
    assert_true(cairn_harness_is_woken(&f->hand));
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_SLOW);
    assert_int_equal(fixture_number(s, "elapsed"), 1);
    cairn_service_drop(s);
}

static void deadline_runs_from_the_call_on(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"one", "two"}};
    struct cairn_service *s = fixture_around_mock(f, cairn_request_body_timeout(.after_ms = 100));
    union cairn_outcome out;
    struct cairn_http_request *req = hand_stream_request(f, &hand, -1);
    struct cairn_future future = fixture_send(f, s, req);
    struct cairn_context cx = cairn_harness_context(&f->hand);
    advance(f, 99);
    assert_int_equal(cairn_stream_poll_next(&req->stream, &cx, &out), CAIRN_READY);
    cairn_http_chunk_free(out.value);
    advance(f, 1); /* nobody has waited, and the next chunk is there */
    assert_int_equal(cairn_stream_poll_next(&req->stream, &cx, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, CAIRN_ERROR_SLOW);
    cairn_future_drop(&future);
    cairn_service_drop(s);
}

static void of_both_the_earlier_counts(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < 2; i++) {
        struct hand_stream hand = {.is_open = true};
        struct cairn_service *s = i ? request_timeout(50, 1000) : request_timeout(1000, 50);
        struct cairn_future future = uploading(f, s, &hand);
        advance(f, 50);
        assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_SLOW);
        assert_int_equal(fixture_number(s, "elapsed"), 1);
        cairn_service_drop(s);
    }
}

static void request_that_is_whole_costs_nothing(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_service *s = request_timeout(50, 50);
    struct cairn_http_request *req = fixture_request(f, "/");
    req->body = CAIRN_STR("text");
    assert_int_equal(cairn_harness_poll_ready(&f->hand, s, &error), CAIRN_READY);
    size_t before = cairn_test_alloc_count();
    struct cairn_future future = cairn_service_call(s, req);
    assert_int_equal(cairn_test_alloc_count(), before);
    assert_str(fixture_response(f, &future)->body, "text");
    cairn_service_drop(s);
}

static void length_of_a_request_is_as_before(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"one"}};
    struct cairn_service *s = fixture_around_mock(f, cairn_request_body_timeout(.after_ms = 100));
    struct cairn_http_request *req = hand_stream_request(f, &hand, 3);
    struct cairn_future future = fixture_send(f, s, req);
    assert_int_equal(cairn_http_request_length(req), 3);
    cairn_future_drop(&future);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(s);
}

static struct cairn_http_response *downloading(
    struct fixture *f, struct cairn_service *s, struct hand_stream *hand)
{
    struct cairn_http_request *req = fixture_request(f, "/");
    struct cairn_future future = fixture_send(f, s, req);
    struct cairn_http_response *res = hand_stream_response(hand, req);
    res->stream_length = 6;
    fixture_respond(f, res);
    assert_ptr_equal(fixture_response(f, &future), res);
    assert_int_equal(cairn_http_response_length(res), 6);
    return res;
}

static void assert_elapsed(struct fixture *f, struct cairn_http_response *res)
{
    union cairn_outcome out;
    assert_int_equal(fixture_poll_body(f, res, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, CAIRN_ERROR_ELAPSED);
}

static void response_fails_when_no_chunk_comes_in_time(void **state)
{
    struct fixture *f = *state;
    union cairn_outcome out;
    struct hand_stream hand = {.chunks = {"one"}, .is_open = true};
    struct cairn_service *s = fixture_around_mock(f, cairn_response_body_timeout(.idle_ms = 100));
    struct cairn_http_response *res = downloading(f, s, &hand);
    advance(f, 500); /* nobody asks */
    assert_chunk(f, res, "one");
    advance(f, 500);
    assert_int_equal(fixture_poll_body(f, res, &out), CAIRN_PENDING);
    advance(f, 99);
    assert_false(cairn_harness_is_woken(&f->hand));
    advance(f, 1);
    assert_true(cairn_harness_is_woken(&f->hand));
    assert_elapsed(f, res);
    assert_int_equal(fixture_number(s, "elapsed"), 1);
    cairn_service_drop(s);
}

static void response_fails_when_it_is_not_over_in_time(void **state)
{
    struct fixture *f = *state;
    union cairn_outcome out;
    struct hand_stream hand = {.chunks = {"one"}, .is_open = true};
    struct cairn_service *s = fixture_around_mock(f, cairn_response_body_timeout(.after_ms = 100));
    struct cairn_http_response *res = downloading(f, s, &hand);
    assert_chunk(f, res, "one");
    assert_int_equal(fixture_poll_body(f, res, &out), CAIRN_PENDING);
    advance(f, 99);
    assert_false(cairn_harness_is_woken(&f->hand));
    advance(f, 1);
    assert_true(cairn_harness_is_woken(&f->hand));
    assert_elapsed(f, res);
    assert_int_equal(fixture_number(s, "elapsed"), 1);
    cairn_service_drop(s);
}

static void response_that_is_over_in_time_passes_and_outlives_the_layer(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"one", "two"}};
    struct cairn_service *s =
        fixture_around_mock(f, cairn_response_body_timeout(.idle_ms = 100, .after_ms = 100));
    struct cairn_service *copy = cairn_service_clone(s);
    struct cairn_http_response *res = downloading(f, copy, &hand);
    cairn_service_drop(s);
    cairn_service_drop(copy);
    assert_chunk(f, res, "one");
    advance(f, 99);
    assert_chunk(f, res, "two");
    assert_body_end(f, res);
}

static void whole_response_stays_whole(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_apply(cairn_response_body_timeout(.after_ms = 100), cairn_http_handler(echo, NULL));
    struct cairn_http_request *req = fixture_request(f, "/");
    req->body = CAIRN_STR("text");
    assert_str(fixture_ask(f, s, req)->body, "text");
    cairn_service_drop(s);
}

static void errors_and_other_failures_pass_and_are_not_counted(void **state)
{
    struct fixture *f = *state;
    static struct cairn_error gone = CAIRN_ERROR_STATIC(CAIRN_ERROR_CLOSED, "hand", "gone");
    union cairn_outcome out;
    struct hand_stream hand = {.error = &gone};
    struct cairn_service *s = fixture_around_mock(f, cairn_response_body_timeout(.idle_ms = 100));
    struct cairn_http_response *res = downloading(f, s, &hand);
    assert_int_equal(fixture_poll_body(f, res, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &gone);
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/"));
    fixture_fail(f, CAIRN_ERROR_CONFLICT, "no");
    cairn_error_unref(fixture_failure(f, &future));
    assert_int_equal(fixture_number(s, "elapsed"), 0);
    cairn_service_drop(s);
}

/* N-th allocation fails, of those that a call with a streamed request makes; its body ends either
 * way. */
static bool call_without_memory(struct fixture *f, struct cairn_service *s, size_t n)
{
    union cairn_outcome out;
    struct cairn_error *error = NULL;
    struct hand_stream hand = {.is_open = true};
    struct cairn_http_request *req = fixture_request(f, "/");
    req->stream = hand_stream_body(&hand);
    req->stream_length = -1;
    assert_int_equal(cairn_harness_poll_ready(&f->hand, s, &error), CAIRN_READY);
    fixture_exhaust(f);
    cairn_test_alloc_fail_at(n);
    struct cairn_future future = cairn_service_call(s, req);
    cairn_test_alloc_fail_at(0);
    bool has_failed = cairn_future_is_complete(&future);
    if (has_failed) {
        assert_int_equal(cairn_harness_poll(&f->hand, &future, &out), CAIRN_FAILED);
        assert_ptr_equal(out.error, &cairn_error_no_memory);
    }
    cairn_future_drop(&future);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    fixture_end_exchange(f);
    assert_true(hand.is_dropped);
    return has_failed;
}

static void request_fails_and_releases_without_memory_to_hold_the_body(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_request_body_timeout(.idle_ms = 100, .after_ms = 100));
    unsigned failed = 0;
    for (size_t n = 1; n < 8; n++)
        failed += call_without_memory(f, s, n);
    assert_in_range(failed, 1, 4);
    cairn_service_drop(s);
}

static void response_fails_without_memory_to_hold_its_body(void **state)
{
    struct fixture *f = *state;
    unsigned failed = 0;
    struct cairn_service *s = fixture_around_mock(f, cairn_response_body_timeout(.after_ms = 100));
    for (size_t n = 1; n < 6; n++) {
        union cairn_outcome out;
        struct hand_stream hand = {.is_open = true};
        struct cairn_http_request *req = fixture_request(f, "/");
        struct cairn_http_response *res = cairn_http_response_new(req, 200);
        res->stream = hand_stream_body(&hand);
        struct cairn_future future = fixture_send(f, s, req);
        fixture_respond(f, res);
        fixture_exhaust(f);
        cairn_test_alloc_fail_at(n);
        if (cairn_harness_poll(&f->hand, &future, &out) == CAIRN_FAILED) {
            assert_ptr_equal(out.error, &cairn_error_no_memory);
            failed++;
        }
        cairn_test_alloc_fail_at(0);
        fixture_end_exchange(f);
        assert_true(hand.is_dropped);
    }
    assert_in_range(failed, 1, 3);
    cairn_service_drop(s);
}

static void what_cannot_be_built_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_invalid(f, cairn_request_body_timeout_layer(NULL), "idle_ms or after_ms must be set");
    assert_invalid(f, cairn_response_body_timeout_layer(NULL), "idle_ms or after_ms must be set");
    assert_invalid(f, cairn_request_body_timeout(.idle_ms = 86400001),
        "idle_ms must be 1 to 86400000, got 86400001");
    assert_invalid(f, cairn_response_body_timeout(.after_ms = 86400001),
        "after_ms must be 1 to 86400000, got 86400001");
    assert_needs_http(cairn_request_body_timeout(.idle_ms = 1));
    assert_needs_http(cairn_response_body_timeout(.idle_ms = 1));
    assert_refused_without_memory(f, cairn_request_body_timeout(.idle_ms = 1), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_keep_the_service_contract),
        fixture_test(request_fails_when_no_chunk_comes_in_time),
        fixture_test(each_chunk_of_a_request_begins_the_idle_time_anew),
        fixture_test(request_fails_when_the_whole_body_does_not_come_in_time),
        fixture_test(deadline_runs_from_the_call_on),
        fixture_test(of_both_the_earlier_counts),
        fixture_test(request_that_is_whole_costs_nothing),
        fixture_test(length_of_a_request_is_as_before),
        fixture_test(response_fails_when_no_chunk_comes_in_time),
        fixture_test(response_fails_when_it_is_not_over_in_time),
        fixture_test(response_that_is_over_in_time_passes_and_outlives_the_layer),
        fixture_test(whole_response_stays_whole),
        fixture_test(errors_and_other_failures_pass_and_are_not_counted),
        fixture_test(request_fails_and_releases_without_memory_to_hold_the_body),
        fixture_test(response_fails_without_memory_to_hold_its_body),
        fixture_test(what_cannot_be_built_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
