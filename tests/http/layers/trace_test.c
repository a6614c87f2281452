#include "hand_stream.h"

#include <stdio.h>

#include <cairn/http/layers/error_to_response.h>
#include <cairn/http/layers/trace.h>

/* What the hooks saw, one line each. */
struct seen {
    char text[1024];
    size_t length;
    unsigned spans;
    unsigned ended;
};

/* Spans end with the arena, behind the end of a test. */
static struct seen *fresh(void)
{
    static struct seen seen;
    seen = (struct seen){.length = 0};
    return &seen;
}

static void see(struct seen *seen, const char *text)
{
    seen->length += (size_t)snprintf(
        seen->text + seen->length, sizeof(seen->text) - seen->length, "%s\n", text);
    assert_true(seen->length < sizeof(seen->text));
}

static void *make_span(void *cx, struct cairn_http_request *req)
{
    struct seen *seen = cx;
    char *name = (char *)(size_t)cairn_arena_printf(req->arena, "%u", ++seen->spans).data;
    assert_non_null(name);
    return name;
}

static void on_request(void *cx, void *span, const struct cairn_http_request *req)
{
    char line[64];
    snprintf(
        line, sizeof(line), "%s request %.*s", (char *)span, (int)req->path.length, req->path.data);
    see(cx, line);
}

static unsigned ms_of(uint64_t ns)
{
    return (unsigned)(ns / 1000000);
}

static void on_response(
    void *cx, void *span, const struct cairn_http_response *res, uint64_t latency_ns)
{
    char line[64];
    snprintf(line, sizeof(line), "%s response %d %u", (char *)span, res->status, ms_of(latency_ns));
    see(cx, line);
}

static void on_body_chunk(void *cx, void *span, struct cairn_str bytes, uint64_t latency_ns)
{
    char line[64];
    snprintf(line, sizeof(line), "%s chunk %.*s %u", (char *)span, (int)bytes.length, bytes.data,
        ms_of(latency_ns));
    see(cx, line);
}

static void on_eos(
    void *cx, void *span, const struct cairn_http_fields *trailers, uint64_t duration_ns)
{
    char line[64];
    snprintf(line, sizeof(line), "%s eos %d %u", (char *)span, trailers ? (int)trailers->count : -1,
        ms_of(duration_ns));
    see(cx, line);
}

static void on_failure(
    void *cx, void *span, const struct cairn_http_failure *failure, uint64_t latency_ns)
{
    char line[128];
    snprintf(line, sizeof(line), "%s failure %d %d %s %u", (char *)span, failure->status,
        failure->grpc_status, failure->error ? failure->error->message : "-", ms_of(latency_ns));
    see(cx, line);
}

static void end_span(void *cx, void *span, const struct cairn_http_end *end)
{
    struct seen *seen = cx;
    assert_non_null(span);
    assert_int_equal(end->reason, CAIRN_HTTP_DROPPED);
    seen->ended++;
}

static struct cairn_trace_hooks hooks_of(struct seen *seen)
{
    return (struct cairn_trace_hooks){
        make_span, on_request, on_response, on_body_chunk, on_eos, on_failure, end_span, seen};
}

static struct cairn_service *traced(struct fixture *f, struct seen *seen)
{
    const struct cairn_trace_hooks hooks = hooks_of(seen);
    return fixture_around_mock(f, cairn_trace(.hooks = &hooks));
}

static struct cairn_service *traced_grpc(struct fixture *f, struct seen *seen)
{
    const struct cairn_trace_hooks hooks = hooks_of(seen);
    return fixture_around_mock(
        f, cairn_trace(.hooks = &hooks, .classifier = cairn_http_classify_grpc(0)));
}

static void assert_seen(const struct seen *seen, const char *expected)
{
    assert_string_equal(seen->text, expected);
}

static void count(void *cx, void *span, const struct cairn_http_request *req)
{
    (void)span;
    (void)req;
    ++*(int *)cx;
}

static void keeps_the_service_contract(void **state)
{
    int requests = 0;
    const struct cairn_trace_hooks hooks = {.on_request = count, .cx = &requests};
    (void)state;
    fixture_contract(cairn_trace(.hooks = &hooks), (struct cairn_contract_options){0});
    assert_true(requests > 0);
}

static void a_whole_body_is_one_chunk(void **state)
{
    struct fixture *f = *state;
    struct seen *seen = fresh();
    struct cairn_service *service = traced(f, seen);
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/a"));
    assert_seen(seen, "1 request /a\n");
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 7);
    fixture_respond(f, NULL);
    assert_str(fixture_response(f, &future)->body, "fine");
    assert_seen(seen, "1 request /a\n1 response 200 7\n1 chunk fine 0\n1 eos -1 0\n");
    cairn_service_drop(service);
}

static void an_empty_body_is_none(void **state)
{
    struct fixture *f = *state;
    struct seen *seen = fresh();
    struct cairn_service *service = traced(f, seen);
    struct cairn_http_request *req = fixture_request(f, "/a");
    struct cairn_future future = fixture_send(f, service, req);
    fixture_respond(f, cairn_http_response_new(req, 204));
    fixture_response(f, &future);
    assert_seen(seen, "1 request /a\n1 response 204 0\n1 eos -1 0\n");
    cairn_service_drop(service);
}

static void a_stream_is_seen_as_it_passes(void **state)
{
    struct fixture *f = *state;
    struct seen *seen = fresh();
    struct hand_stream hand = {.chunks = {"one", "two"}};
    struct cairn_service *service = traced(f, seen);
    struct cairn_http_request *req = fixture_request(f, "/a");
    struct cairn_future future = fixture_send(f, service, req);
    fixture_respond(f, hand_stream_response(&hand, req));
    struct cairn_http_response *res = fixture_response(f, &future);
    cairn_service_drop(service);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 10);
    assert_chunk(f, res, "one");
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 5);
    assert_chunk(f, res, "two");
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 1);
    assert_body_end(f, res);
    assert_seen(seen, "1 request /a\n1 response 200 0\n1 chunk one 10\n1 chunk two 5\n"
                      "1 eos -1 16\n");
}

static void trailers_are_seen_at_the_end(void **state)
{
    struct fixture *f = *state;
    struct seen *seen = fresh();
    struct hand_stream hand = {.chunks = {"one"}};
    struct cairn_service *service = traced(f, seen);
    struct cairn_http_request *req = fixture_request(f, "/a");
    struct cairn_future future = fixture_send(f, service, req);
    fixture_respond(f, hand_stream_response(&hand, req));
    struct cairn_http_response *res = fixture_response(f, &future);
    assert_chunk(f, res, "one");
    struct cairn_http_fields trailers = {.arena = f->arena};
    cairn_http_fields_add(&trailers, CAIRN_STR("X-Checksum"), CAIRN_STR("1"));
    res->trailers = &trailers; /* known only now */
    assert_body_end(f, res);
    assert_seen(seen, "1 request /a\n1 response 200 0\n1 chunk one 0\n1 eos 1 0\n");
    cairn_service_drop(service);
}

static void a_body_that_fails_is_a_failure_and_has_no_end(void **state)
{
    struct fixture *f = *state;
    struct seen *seen = fresh();
    union cairn_outcome out;
    struct hand_stream hand = {
        .error = cairn_error_new(CAIRN_ERROR_CLOSED, "hand", NULL, "the source is gone")};
    struct cairn_service *service = traced(f, seen);
    struct cairn_http_request *req = fixture_request(f, "/a");
    struct cairn_future future = fixture_send(f, service, req);
    fixture_respond(f, hand_stream_response(&hand, req));
    struct cairn_http_response *res = fixture_response(f, &future);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 3);
    assert_int_equal(fixture_poll_body(f, res, &out), CAIRN_FAILED);
    cairn_error_unref(out.error);
    assert_seen(seen, "1 request /a\n1 response 200 0\n1 failure 200 -1 the source is gone 3\n");
    assert_int_equal(fixture_number(service, "failures"), 1);
    cairn_service_drop(service);
}

static void a_call_that_fails_is_a_failure_without_a_response(void **state)
{
    struct fixture *f = *state;
    struct seen *seen = fresh();
    struct cairn_service *service = traced(f, seen);
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/a"));
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 3);
    fixture_fail(f, CAIRN_ERROR_ELAPSED, "too late");
    struct cairn_error *error = fixture_failure(f, &future);
    assert_string_equal(error->message, "too late");
    cairn_error_unref(error);
    assert_seen(seen, "1 request /a\n1 failure 0 -1 too late 3\n");
    cairn_service_drop(service);
}

static void a_status_of_5xx_is_a_failure_behind_its_response(void **state)
{
    struct fixture *f = *state;
    struct seen *seen = fresh();
    struct cairn_service *service = traced(f, seen);
    struct cairn_http_request *req = fixture_request(f, "/a");
    struct cairn_future future = fixture_send(f, service, req);
    fixture_respond(f, cairn_http_response_new(req, 503));
    fixture_response(f, &future);
    assert_seen(seen, "1 request /a\n1 response 503 0\n1 failure 503 -1 - 0\n1 eos -1 0\n");
    cairn_service_drop(service);
}

static void a_failure_is_told_once(void **state)
{
    struct fixture *f = *state;
    struct seen *seen = fresh();
    union cairn_outcome out;
    struct hand_stream hand = {.error = &cairn_error_no_memory};
    struct cairn_service *service = traced(f, seen);
    struct cairn_http_request *req = fixture_request(f, "/a");
    struct cairn_future future = fixture_send(f, service, req);
    struct cairn_http_response *res = hand_stream_response(&hand, req);
    res->status = 500;
    fixture_respond(f, res);
    fixture_response(f, &future);
    assert_int_equal(fixture_poll_body(f, res, &out), CAIRN_FAILED);
    assert_seen(seen, "1 request /a\n1 response 500 0\n1 failure 500 -1 - 0\n");
    assert_int_equal(fixture_number(service, "failures"), 1);
    cairn_service_drop(service);
}

static void the_classifier_is_the_users(void **state)
{
    struct fixture *f = *state;
    struct seen *seen = fresh();
    const struct cairn_trace_hooks hooks = hooks_of(seen);
    struct cairn_service *service = fixture_around_mock(
        f, cairn_trace(.hooks = &hooks, .classifier = cairn_http_classify_status(400, 499)));
    struct cairn_http_request *req = fixture_request(f, "/a");
    struct cairn_future future = fixture_send(f, service, req);
    fixture_respond(f, cairn_http_response_new(req, 503));
    fixture_response(f, &future);
    assert_int_equal(fixture_number(service, "failures"), 0);
    future = fixture_send(f, service, req);
    fixture_respond(f, cairn_http_response_new(req, 404));
    fixture_response(f, &future);
    assert_int_equal(fixture_number(service, "failures"), 1);
    cairn_service_drop(service);
}

static void grpc_fails_at_the_end_of_the_stream(void **state)
{
    struct fixture *f = *state;
    struct seen *seen = fresh();
    struct hand_stream hand = {.chunks = {"one"}};
    struct cairn_service *service = traced_grpc(f, seen);
    struct cairn_http_request *req = fixture_request(f, "/a");
    struct cairn_future future = fixture_send(f, service, req);
    struct cairn_http_response *res = hand_stream_response(&hand, req);
    struct cairn_http_fields trailers = {.arena = f->arena};
    cairn_http_fields_add(&trailers, CAIRN_STR("grpc-status"), CAIRN_STR("14"));
    res->trailers = &trailers;
    fixture_respond(f, res);
    fixture_response(f, &future);
    assert_chunk(f, res, "one");
    assert_int_equal(fixture_number(service, "failures"), 0);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 9);
    assert_body_end(f, res);
    assert_seen(seen, "1 request /a\n1 response 200 0\n1 chunk one 0\n1 eos 1 9\n"
                      "1 failure 200 14 - 9\n");
    cairn_service_drop(service);
}

static void grpc_succeeds_at_the_end_of_the_stream(void **state)
{
    struct fixture *f = *state;
    struct seen *seen = fresh();
    struct hand_stream hand = {.chunks = {"one"}};
    struct cairn_service *service = traced_grpc(f, seen);
    struct cairn_http_request *req = fixture_request(f, "/a");
    struct cairn_future future = fixture_send(f, service, req);
    struct cairn_http_response *res = hand_stream_response(&hand, req);
    struct cairn_http_fields trailers = {.arena = f->arena};
    cairn_http_fields_add(&trailers, CAIRN_STR("grpc-status"), CAIRN_STR("0"));
    res->trailers = &trailers;
    fixture_respond(f, res);
    fixture_response(f, &future);
    assert_chunk(f, res, "one");
    assert_body_end(f, res);
    assert_int_equal(fixture_number(service, "failures"), 0);
    cairn_service_drop(service);
}

static void what_the_head_has_decided_is_not_asked_again(void **state)
{
    struct fixture *f = *state;
    struct seen *seen = fresh();
    struct cairn_service *service = traced_grpc(f, seen);
    struct cairn_http_request *req = fixture_request(f, "/a");
    struct cairn_future future = fixture_send(f, service, req);
    struct cairn_http_response *res = cairn_http_response_new(req, 200);
    cairn_http_response_set(res, "grpc-status", "0");
    fixture_respond(f, res);
    fixture_response(f, &future);
    assert_seen(seen, "1 request /a\n1 response 200 0\n1 eos -1 0\n");
    cairn_service_drop(service);
}

static void a_whole_body_is_classified_at_its_end_too(void **state)
{
    struct fixture *f = *state;
    struct seen *seen = fresh();
    struct cairn_service *service = traced_grpc(f, seen);
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/a"));
    fixture_respond(f, NULL); /* no status anywhere */
    fixture_response(f, &future);
    assert_seen(seen, "1 request /a\n1 response 200 0\n1 chunk fine 0\n1 eos -1 0\n"
                      "1 failure 200 2 - 0\n");
    cairn_service_drop(service);
}

static void each_span_has_its_end_with_its_exchange(void **state)
{
    struct fixture *f = *state;
    struct seen *seen = fresh();
    struct hand_stream hand = {.is_open = true};
    struct cairn_service *service = traced(f, seen);
    struct cairn_http_request *req = fixture_request(f, "/b");
    struct cairn_future given_up = fixture_send(f, service, fixture_request(f, "/a"));
    struct cairn_future answered = fixture_send(f, service, req);
    cairn_future_drop(&given_up);
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    fixture_respond(f, hand_stream_response(&hand, req));
    fixture_response(f, &answered);
    cairn_service_drop(service);
    assert_int_equal(seen->ended, 0);
    fixture_end_exchange(f);
    assert_true(hand.is_dropped);
    assert_int_equal(seen->ended, 2);
    assert_seen(seen, "1 request /a\n2 request /b\n2 response 200 0\n");
}

static void every_hook_may_be_left_out(void **state)
{
    struct fixture *f = *state;
    const struct cairn_trace_hooks none = {.cx = NULL};
    struct hand_stream hand = {.chunks = {"one"}};
    struct cairn_service *service = fixture_around_mock(f, cairn_trace(.hooks = &none));
    struct cairn_http_request *req = fixture_request(f, "/a");
    struct cairn_future future = fixture_send(f, service, req);
    struct cairn_http_response *res = hand_stream_response(&hand, req);
    res->status = 500;
    fixture_respond(f, res);
    fixture_response(f, &future);
    assert_chunk(f, res, "one");
    assert_body_end(f, res);
    assert_int_equal(fixture_number(service, "failures"), 1);
    cairn_service_drop(service);
}

static void a_request_without_memory_passes_untraced(void **state)
{
    struct fixture *f = *state;
    struct seen *seen = fresh();
    struct cairn_error *error = NULL;
    struct cairn_service *service = traced(f, seen);
    struct cairn_http_request *req = fixture_request(f, "/a");
    struct cairn_http_response *res = cairn_http_text(req, 200, "fine");
    assert_int_equal(cairn_harness_poll_ready(&f->hand, service, &error), CAIRN_READY);
    fixture_exhaust(f);
    struct cairn_future future = cairn_service_call(service, req);
    fixture_respond(f, res);
    assert_ptr_equal(fixture_response(f, &future), res);
    assert_seen(seen, "");
    assert_int_equal(seen->spans, seen->ended);
    assert_int_equal(fixture_number(service, "untraced"), 1);
    cairn_service_drop(service);
}

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "fine");
}

static void a_ready_answer_allocates_nothing(void **state)
{
    struct fixture *f = *state;
    int requests = 0;
    const struct cairn_trace_hooks hooks = {.on_request = count, .cx = &requests};
    struct cairn_service *service =
        fixture_apply(cairn_trace(.hooks = &hooks), cairn_http_handler(answer, NULL));
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_ask(f, service, req);
    size_t before = cairn_test_alloc_count();
    for (int i = 0; i < 3; i++)
        fixture_ask(f, service, req);
    assert_int_equal(cairn_test_alloc_count(), before);
    assert_int_equal(requests, 4);
    cairn_service_drop(service);
}

static void *add_traceparent(void *cx, struct cairn_http_request *req)
{
    cairn_http_fields_set(&req->fields, CAIRN_STR("traceparent"), CAIRN_STR("00-1-2-03"));
    return cx;
}

static void hooks_may_change_the_request(void **state)
{
    struct fixture *f = *state;
    const struct cairn_trace_hooks hooks = {.make_span = add_traceparent};
    struct cairn_service *service = fixture_around_mock(f, cairn_trace(.hooks = &hooks));
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    struct cairn_mock_request *request = cairn_mock_next_request(f->mock);
    assert_str(
        cairn_http_request_field(cairn_mock_request_value(request), "traceparent"), "00-1-2-03");
    cairn_mock_request_drop(request);
    cairn_future_drop(&future);
    cairn_service_drop(service);
}

static void outside_of_error_to_response_an_error_is_a_response(void **state)
{
    struct fixture *f = *state;
    struct seen *seen = fresh();
    const struct cairn_trace_hooks hooks = hooks_of(seen);
    struct cairn_service *service = fixture_apply(
        cairn_trace(.hooks = &hooks), fixture_around_mock(f, cairn_error_to_response()));
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/a"));
    fixture_fail(f, CAIRN_ERROR_NOT_FOUND, "nothing here");
    assert_int_equal(fixture_response(f, &future)->status, 404);
    assert_int_equal(fixture_number(service, "failures"), 0);
    cairn_service_drop(service);
}

static void refuses_to_do_without_hooks(void **state)
{
    struct fixture *f = *state;
    assert_refused(cairn_trace_layer(NULL), cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "hooks are missing");
}

static void refuses_what_is_not_http(void **state)
{
    (void)state;
    assert_needs_http(cairn_trace_layer(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(a_whole_body_is_one_chunk),
        fixture_test(an_empty_body_is_none),
        fixture_test(a_stream_is_seen_as_it_passes),
        fixture_test(trailers_are_seen_at_the_end),
        fixture_test(a_body_that_fails_is_a_failure_and_has_no_end),
        fixture_test(a_call_that_fails_is_a_failure_without_a_response),
        fixture_test(a_status_of_5xx_is_a_failure_behind_its_response),
        fixture_test(a_failure_is_told_once),
        fixture_test(the_classifier_is_the_users),
        fixture_test(grpc_fails_at_the_end_of_the_stream),
        fixture_test(grpc_succeeds_at_the_end_of_the_stream),
        fixture_test(what_the_head_has_decided_is_not_asked_again),
        fixture_test(a_whole_body_is_classified_at_its_end_too),
        fixture_test(each_span_has_its_end_with_its_exchange),
        fixture_test(every_hook_may_be_left_out),
        fixture_test(a_request_without_memory_passes_untraced),
        fixture_test(a_ready_answer_allocates_nothing),
        fixture_test(hooks_may_change_the_request),
        fixture_test(outside_of_error_to_response_an_error_is_a_response),
        fixture_test(refuses_to_do_without_hooks),
        fixture_test(refuses_what_is_not_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
