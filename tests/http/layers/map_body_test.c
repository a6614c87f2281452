#include "hand_stream.h"

#include <ctype.h>

#include <cairn/http/layers/map_body.h>

/* Counts the chunks in CX. */
static struct cairn_http_chunk *raise_chunk(void *cx, struct cairn_http_chunk *chunk)
{
    struct cairn_http_chunk *raised = cairn_http_chunk_new(chunk->bytes.data, chunk->bytes.length);
    char *text = raised ? (char *)(raised + 1) : NULL;
    for (size_t i = 0; raised && i < chunk->bytes.length; i++)
        text[i] = (char)toupper(text[i]);
    cairn_http_chunk_free(chunk);
    ++*(unsigned *)cx;
    return raised;
}

static struct cairn_stream raise_case(struct cairn_stream body, void *state)
{
    return cairn_http_body_map(body, raise_chunk, state);
}

static void *contract_request(void *arena)
{
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    req->body = CAIRN_STR("text");
    return req;
}

static void layers_keep_the_service_contract(void **state)
{
    (void)state;
    unsigned count = 0;
    struct cairn_arena_cache *cache = fixture_full_cache();
    struct cairn_arena *arena = cairn_arena_new(cache);
    const struct cairn_layer layers[] = {cairn_map_request_body(.f = raise_case, .state = &count),
        cairn_map_response_body(.f = raise_case, .state = &count)};
    const struct cairn_contract_options options = {.size = sizeof(options),
        .request_type = &cairn_http_request_type,
        .response_type = &cairn_http_response_type,
        .new_request = contract_request,
        .new_response = fixture_contract_response,
        .cx = arena};
    cairn_contract_check_with(&layers[0], &options);
    cairn_contract_check_with(&layers[1], &options);
    cairn_arena_free(arena);
    cairn_arena_cache_free(cache);
}

static struct cairn_http_response *echo(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_bytes(req, 200, NULL, req->body);
}

static void inner_gets_the_mapped_body_of_a_whole_request(void **state)
{
    struct fixture *f = *state;
    unsigned count = 0;
    struct cairn_service *s = fixture_apply(
        cairn_map_request_body(.f = raise_case, .state = &count), cairn_http_handler(echo, NULL));
    struct cairn_http_request *req = fixture_request(f, "/");
    req->body = CAIRN_STR("text");
    assert_str(fixture_ask(f, s, req)->body, "TEXT");
    assert_int_equal(count, 1);
    cairn_service_drop(s);
}

static void inner_gets_the_mapped_body_of_a_streamed_request(void **state)
{
    struct fixture *f = *state;
    unsigned count = 0;
    struct hand_stream hand = {.chunks = {"one ", "two"}};
    struct cairn_service *s = fixture_apply(
        cairn_map_request_body(.f = raise_case, .state = &count), cairn_http_handler(echo, NULL));
    assert_str(fixture_ask(f, s, hand_stream_request(f, &hand, 7))->body, "ONE TWO");
    assert_int_equal(count, 2);
    assert_true(hand.is_dropped);
    cairn_service_drop(s);
}

static void length_is_known_only_where_the_bytes_are_as_many(void **state)
{
    struct fixture *f = *state;
    unsigned count = 0;
    for (unsigned keeps = 0; keeps < 2; keeps++) {
        struct hand_stream hand = {.chunks = {"one"}};
        struct cairn_service *s = fixture_around_mock(
            f, cairn_map_request_body(.f = raise_case, .state = &count, .keeps_bytes = keeps == 1));
        struct cairn_http_request *req = hand_stream_request(f, &hand, 3);
        struct cairn_future future = fixture_send(f, s, req);
        assert_int_equal(cairn_http_request_length(req), keeps ? 3 : -1);
        cairn_future_drop(&future);
        cairn_mock_request_drop(cairn_mock_next_request(f->mock));
        cairn_service_drop(s);
    }
}

static void caller_gets_the_mapped_body_of_a_whole_response(void **state)
{
    struct fixture *f = *state;
    unsigned count = 0;
    struct cairn_service *s = fixture_around_mock(
        f, cairn_map_response_body(.f = raise_case, .state = &count, .keeps_bytes = true));
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/"));
    cairn_service_drop(s);
    fixture_respond(f, NULL);
    struct cairn_http_response *res = fixture_response(f, &future);
    assert_int_equal(cairn_http_response_length(res), 4);
    assert_chunk(f, res, "FINE");
    assert_body_end(f, res);
}

static void caller_gets_the_mapped_body_of_a_streamed_response(void **state)
{
    struct fixture *f = *state;
    unsigned count = 0;
    struct hand_stream hand = {.chunks = {"one", "two"}};
    struct cairn_service *s =
        fixture_around_mock(f, cairn_map_response_body(.f = raise_case, .state = &count));
    struct cairn_http_request *req = fixture_request(f, "/");
    struct cairn_future future = fixture_send(f, s, req);
    fixture_respond(f, hand_stream_response(&hand, req));
    struct cairn_http_response *res = fixture_response(f, &future);
    assert_int_equal(cairn_http_response_length(res), -1);
    assert_chunk(f, res, "ONE");
    assert_chunk(f, res, "TWO");
    assert_body_end(f, res);
    cairn_service_drop(s);
}

static struct cairn_stream refuse_body(struct cairn_stream body, void *state)
{
    (void)state;
    cairn_stream_drop(&body);
    return cairn_stream_failed(&cairn_error_no_memory);
}

static void message_without_a_body_stays_as_it_is(void **state)
{
    struct fixture *f = *state;
    const struct cairn_layer layers[] = {
        cairn_map_response_body(.f = refuse_body), cairn_map_request_body(.f = refuse_body)};
    struct cairn_service *s = cairn_stack_build(cairn_http_handler(echo, NULL), layers, 2);
    struct cairn_http_response *res = fixture_ask(f, s, fixture_request(f, "/"));
    assert_true(cairn_stream_is_empty(&res->stream));
    assert_int_equal(res->body.length, 0);
    cairn_service_drop(s);
}

static struct cairn_stream pass(struct cairn_stream body, void *state)
{
    (void)state;
    return body;
}

static void errors_pass_through(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_map_response_body(.f = refuse_body));
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/"));
    fixture_fail(f, CAIRN_ERROR_CONFLICT, "no");
    struct cairn_error *error = fixture_failure(f, &future);
    assert_string_equal(error->message, "no");
    cairn_error_unref(error);
    cairn_service_drop(s);
}

static void call_fails_and_releases_without_memory_to_hold_the_requests_body(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_service *s = fixture_around_mock(f, cairn_map_request_body(.f = pass));
    struct hand_stream hand = {.chunks = {"one"}};
    struct cairn_http_request *req = fixture_request(f, "/");
    req->stream = hand_stream_body(&hand);
    req->stream_length = -1;
    assert_int_equal(cairn_harness_poll_ready(&f->hand, s, &error), CAIRN_READY);
    fixture_exhaust(f);
    struct cairn_future future = cairn_service_call(s, req);
    assert_ptr_equal(fixture_failure(f, &future), &cairn_error_no_memory);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 0);
    assert_true(hand.is_dropped);
    cairn_service_drop(s);
}

static void response_fails_without_memory_to_hold_its_body(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_map_response_body(.f = pass));
    struct hand_stream hand = {.chunks = {"one"}};
    struct cairn_http_request *req = fixture_request(f, "/");
    struct cairn_http_response *res = cairn_http_response_new(req, 200);
    res->stream = hand_stream_body(&hand);
    res->stream_length = -1;
    struct cairn_future future = fixture_send(f, s, req);
    fixture_respond(f, res);
    fixture_exhaust(f);
    assert_ptr_equal(fixture_failure(f, &future), &cairn_error_no_memory);
    assert_true(hand.is_dropped);
    cairn_service_drop(s);
}

static void body_fails_without_memory_to_be_a_stream(void **state)
{
    struct fixture *f = *state;
    union cairn_outcome out;
    struct cairn_service *s = fixture_around_mock(f, cairn_map_response_body(.f = pass));
    struct cairn_future future = fixture_send(f, s, fixture_request(f, "/"));
    fixture_respond(f, NULL);
    fixture_exhaust(f);
    struct cairn_http_response *res = fixture_response(f, &future);
    assert_int_equal(fixture_poll_body(f, res, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &cairn_error_no_memory);
    cairn_service_drop(s);
}

static void what_cannot_be_built_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_invalid(f, cairn_map_request_body_layer(NULL), "f must be set");
    assert_invalid(f, cairn_map_response_body_layer(NULL), "f must be set");
    assert_needs_http(cairn_map_request_body(.f = refuse_body));
    assert_needs_http(cairn_map_response_body(.f = refuse_body));
    assert_refused_without_memory(f, cairn_map_request_body(.f = refuse_body), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_keep_the_service_contract),
        fixture_test(inner_gets_the_mapped_body_of_a_whole_request),
        fixture_test(inner_gets_the_mapped_body_of_a_streamed_request),
        fixture_test(length_is_known_only_where_the_bytes_are_as_many),
        fixture_test(caller_gets_the_mapped_body_of_a_whole_response),
        fixture_test(caller_gets_the_mapped_body_of_a_streamed_response),
        fixture_test(message_without_a_body_stays_as_it_is),
        fixture_test(errors_pass_through),
        fixture_test(call_fails_and_releases_without_memory_to_hold_the_requests_body),
        fixture_test(response_fails_without_memory_to_hold_its_body),
        fixture_test(body_fails_without_memory_to_be_a_stream),
        fixture_test(what_cannot_be_built_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
