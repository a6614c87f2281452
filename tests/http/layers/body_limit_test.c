#include "hand_stream.h"

#include <cairn/http/error_response.h>
#include <cairn/http/layers/body_limit.h>

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_body_limit(.max_bytes = 1), (struct cairn_contract_options){0});
}

static struct cairn_http_response *echo(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_bytes(req, 200, NULL, req->body);
}

static struct cairn_service *limited(uint64_t max_bytes)
{
    return fixture_apply(cairn_body_limit(.max_bytes = max_bytes), cairn_http_handler(echo, NULL));
}

static void assert_too_large(
    struct fixture *f, struct cairn_service *s, struct cairn_http_request *req, const char *layer)
{
    struct cairn_future future = fixture_send(f, s, req);
    const struct cairn_error *error = fixture_failure(f, &future);
    assert_int_equal(error->code, CAIRN_ERROR_TOO_LARGE);
    assert_string_equal(error->layer, layer);
}

static struct cairn_http_request *whole(struct fixture *f, const char *body)
{
    struct cairn_http_request *req = fixture_request(f, "/");
    req->body = cairn_str_from(body);
    return req;
}

static void passes_a_whole_body_up_to_the_limit_and_refuses_one_byte_more(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limited(5);
    assert_int_equal(fixture_ask(f, s, fixture_request(f, "/"))->status, 200);
    assert_str(fixture_ask(f, s, whole(f, "12345"))->body, "12345");
    assert_too_large(f, s, whole(f, "123456"), "body_limit");
    assert_int_equal(fixture_number(s, "refused"), 1);
    assert_int_equal(fixture_number(s, "cut"), 0);
    cairn_service_drop(s);
}

static void refuses_a_body_by_its_length_before_it_is_read(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"123456"}};
    struct cairn_service *s = fixture_around_mock(f, cairn_body_limit(.max_bytes = 5));
    assert_too_large(f, s, hand_stream_request(f, &hand, 6), "body_limit");
    assert_int_equal(hand.given, 0);
    assert_true(hand.is_dropped);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 0);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    cairn_service_drop(s);
}

static void body_of_known_length_within_the_limit_is_passed_as_it_is(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"123", "45"}};
    struct cairn_service *s = limited(5);
    struct cairn_http_request *req = hand_stream_request(f, &hand, 5);
    struct cairn_stream before = req->stream;
    struct cairn_future future = fixture_send(f, s, req);
    assert_ptr_equal(req->stream.state, before.state);
    assert_str(fixture_response(f, &future)->body, "12345");
    cairn_service_drop(s);
}

static void chunked_body_passes_up_to_the_limit_and_fails_when_it_crosses(void **state)
{
    struct fixture *f = *state;
    struct hand_stream fits = {.chunks = {"1", "23", "45"}};
    struct hand_stream crosses = {.chunks = {"1", "23", "456", "7"}};
    struct cairn_service *s = limited(5);
    assert_str(fixture_ask(f, s, hand_stream_request(f, &fits, -1))->body, "12345");
    assert_int_equal(fixture_number(s, "cut"), 0);
    assert_too_large(f, s, hand_stream_request(f, &crosses, -1), "http.body");
    assert_int_equal(crosses.given, 3);
    assert_true(crosses.is_dropped);
    assert_int_equal(fixture_number(s, "cut"), 1);
    assert_int_equal(fixture_number(s, "refused"), 0);
    cairn_service_drop(s);
}

static void other_failures_of_a_body_pass_and_are_not_counted(void **state)
{
    struct fixture *f = *state;
    static struct cairn_error gone = CAIRN_ERROR_STATIC(CAIRN_ERROR_PROTOCOL, "hand", "gone");
    static struct cairn_error trailers =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_TOO_LARGE, CAIRN_HTTP_TRAILERS, "too many fields");
    struct cairn_error *errors[] = {&gone, &trailers};
    struct cairn_service *s = limited(5);
    for (unsigned i = 0; i < 2; i++) {
        struct hand_stream hand = {.chunks = {"1"}, .error = errors[i]};
        struct cairn_future future = fixture_send(f, s, hand_stream_request(f, &hand, -1));
        assert_ptr_equal(fixture_failure(f, &future), errors[i]);
    }
    assert_int_equal(fixture_number(s, "cut"), 0);
    cairn_service_drop(s);
}

static void what_handlers_may_collect_becomes_the_limit(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = limited(5);
    struct cairn_http_request *req = whole(f, "12345");
    req->body_limit = 2;
    assert_str(fixture_ask(f, s, req)->body, "12345");
    assert_int_equal(req->body_limit, 5);
    cairn_service_drop(s);
}

static void of_two_within_each_other_both_hold(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < 2; i++) {
        const struct cairn_layer layers[] = {
            cairn_body_limit(.max_bytes = i ? 3 : 9), cairn_body_limit(.max_bytes = i ? 9 : 3)};
        struct hand_stream crosses = {.chunks = {"12", "34"}};
        struct cairn_service *s = cairn_stack_build(cairn_http_handler(echo, NULL), layers, 2);
        assert_too_large(f, s, hand_stream_request(f, &crosses, -1), "http.body");
        assert_too_large(f, s, whole(f, "1234"), "body_limit");
        assert_str(fixture_ask(f, s, whole(f, "123"))->body, "123");
        cairn_service_drop(s);
    }
}

static void body_outlives_every_copy(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"1"}, .is_open = true};
    struct cairn_service *s = limited(5);
    struct cairn_service *copy = cairn_service_clone(s);
    struct cairn_future future = fixture_send(f, copy, hand_stream_request(f, &hand, -1));
    cairn_service_drop(s);
    cairn_service_drop(copy);
    assert_pending(f, &future);
    hand.chunks[1] = "23456";
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_TOO_LARGE);
}

static void default_is_what_handlers_collect_anyway(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_apply(cairn_body_limit_layer(NULL), cairn_http_handler(echo, NULL));
    assert_int_equal(fixture_number(s, "max"), CAIRN_HTTP_BODY_BYTES);
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_ask(f, s, req);
    assert_int_equal(req->body_limit, CAIRN_HTTP_BODY_BYTES);
    cairn_service_drop(s);
}

/* The place where the arena holds the body, for which it has no room, cannot be had. */
static void fails_and_releases_without_memory_to_hold_the_body(void **state)
{
    struct fixture *f = *state;
    struct hand_stream hand = {.chunks = {"1"}};
    struct cairn_error *error = NULL;
    union cairn_outcome out;
    struct cairn_service *s = fixture_around_mock(f, cairn_body_limit(.max_bytes = 5));
    unsigned held = 0;
    for (size_t n = 1; n < 8; n++) {
        hand.is_dropped = false;
        struct cairn_http_request *req = fixture_request(f, "/");
        req->stream = hand_stream_body(&hand);
        req->stream_length = -1;
        assert_int_equal(cairn_harness_poll_ready(&f->hand, s, &error), CAIRN_READY);
        fixture_exhaust(f);
        cairn_test_alloc_fail_at(n);
        struct cairn_future future = cairn_service_call(s, req);
        cairn_test_alloc_fail_at(0);
        if (cairn_future_is_complete(&future)) {
            assert_int_equal(cairn_harness_poll(&f->hand, &future, &out), CAIRN_FAILED);
            assert_ptr_equal(out.error, &cairn_error_no_memory);
            held++;
        }
        cairn_future_drop(&future);
        cairn_mock_request_drop(cairn_mock_next_request(f->mock));
        assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
        fixture_end_exchange(f);
        assert_true(hand.is_dropped);
    }
    assert_in_range(held, 1, 3);
    cairn_service_drop(s);
}

static void what_cannot_be_built_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_invalid(f, cairn_body_limit(.max_bytes = (uint64_t)INT64_MAX + 1),
        "max_bytes must be 1 to 2^63-1, got 9223372036854775808");
    assert_needs_http(cairn_body_limit_layer(NULL));
    assert_refused_without_memory(f, cairn_body_limit(.max_bytes = 5), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(passes_a_whole_body_up_to_the_limit_and_refuses_one_byte_more),
        fixture_test(refuses_a_body_by_its_length_before_it_is_read),
        fixture_test(body_of_known_length_within_the_limit_is_passed_as_it_is),
        fixture_test(chunked_body_passes_up_to_the_limit_and_fails_when_it_crosses),
        fixture_test(other_failures_of_a_body_pass_and_are_not_counted),
        fixture_test(what_handlers_may_collect_becomes_the_limit),
        fixture_test(of_two_within_each_other_both_hold),
        fixture_test(body_outlives_every_copy),
        fixture_test(default_is_what_handlers_collect_anyway),
        fixture_test(fails_and_releases_without_memory_to_hold_the_body),
        fixture_test(what_cannot_be_built_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
