#include <cairn/service/call_all.h>

#include "fixture.h"

#include <cairn/service/lend.h>

/* The requests 1, 2, … COUNT. */
static struct cairn_stream numbers(size_t count)
{
    void *values[2048];
    assert_true(count <= sizeof(values) / sizeof(values[0]));
    for (size_t i = 0; i < count; i++)
        values[i] = cairn_test_value_new((int)i + 1);
    return cairn_stream_from_array(values, count, &cairn_test_value_type);
}

/* A stream that the test plays by hand: gives NEXT, or waits where that is 0, or ends or fails. */
struct hand {
    int next;
    bool has_ended;
    struct cairn_error *error;
    struct cairn_waker waker;
    unsigned drops;
};

struct hand_stream {
    struct hand *hand;
};

static enum cairn_poll hand_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct hand *hand = ((struct hand_stream *)state)->hand;
    if (hand->error) {
        out->error = hand->error;
        return CAIRN_FAILED;
    }
    if (!hand->next && !hand->has_ended) {
        cairn_waker_set(&hand->waker, cx);
        return CAIRN_PENDING;
    }
    out->value = hand->next ? cairn_test_value_new(hand->next) : NULL;
    hand->next = 0;
    return CAIRN_READY;
}

static void hand_drop(void *state)
{
    struct hand *hand = ((struct hand_stream *)state)->hand;
    cairn_waker_clear(&hand->waker);
    hand->drops++;
}

static struct cairn_stream by_hand(struct hand *hand)
{
    static const struct cairn_stream_ops ops = {.name = "hand",
        .size = sizeof(struct hand_stream),
        .poll_next = hand_poll_next,
        .drop = hand_drop};
    return cairn_stream_box(&ops, &(struct hand_stream){hand});
}

static struct cairn_service *take_mock(struct fixture *f)
{
    struct cairn_service *service = f->service;
    f->service = NULL;
    return service;
}

static enum cairn_poll next(
    struct fixture *f, struct cairn_stream *stream, union cairn_outcome *out)
{
    struct cairn_context cx = cairn_harness_context(&f->harness);
    return cairn_stream_poll_next(stream, &cx, out);
}

static void assert_waits(struct fixture *f, struct cairn_stream *stream)
{
    union cairn_outcome out;
    assert_int_equal(next(f, stream, &out), CAIRN_PENDING);
}

static void assert_next(struct fixture *f, struct cairn_stream *stream, int number)
{
    union cairn_outcome out;
    assert_int_equal(next(f, stream, &out), CAIRN_READY);
    assert_non_null(out.value);
    assert_int_equal(cairn_call_result_take(out.value, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), number);
}

static void assert_next_failed(struct fixture *f, struct cairn_stream *stream, const char *message)
{
    union cairn_outcome out;
    assert_int_equal(next(f, stream, &out), CAIRN_READY);
    assert_non_null(out.value);
    assert_int_equal(cairn_call_result_take(out.value, &out), CAIRN_FAILED);
    assert_string_equal(out.error->message, message);
    cairn_error_unref(out.error);
}

static void assert_end(struct fixture *f, struct cairn_stream *stream)
{
    union cairn_outcome out;
    assert_int_equal(next(f, stream, &out), CAIRN_READY);
    assert_null(out.value);
    assert_true(cairn_stream_is_empty(stream));
}

static void T130_second_of_two_requests_waits_for_a_new_readiness(void **state)
{
    struct fixture *f = *state;
    cairn_mock_allow(f->mock, 1);
    struct cairn_stream stream = cairn_call_all(take_mock(f), numbers(2), 0);
    assert_waits(f, &stream);
    fixture_respond(f, 1, 10);
    assert_null(cairn_mock_next_request(f->mock));
    assert_next(f, &stream, 10);
    assert_waits(f, &stream);
    assert_null(cairn_mock_next_request(f->mock));
    cairn_harness_is_woken(&f->harness);
    cairn_mock_allow(f->mock, 1);
    assert_true(cairn_harness_is_woken(&f->harness));
    assert_waits(f, &stream);
    fixture_respond(f, 2, 20);
    assert_next(f, &stream, 20);
    assert_end(f, &stream);
}

static void T131_responses_come_in_the_order_of_the_requests_and_then_the_end(void **state)
{
    struct fixture *f = *state;
    struct cairn_stream stream = cairn_call_all(take_mock(f), numbers(4), 0);
    struct cairn_mock_request *requests[4];
    assert_waits(f, &stream);
    for (int i = 0; i < 4; i++)
        requests[i] = cairn_mock_expect(f->mock, i + 1);
    cairn_mock_respond(requests[3], cairn_test_value_new(40));
    cairn_mock_respond(requests[1], cairn_test_value_new(20));
    assert_waits(f, &stream);
    cairn_mock_respond(requests[0], cairn_test_value_new(10));
    assert_next(f, &stream, 10);
    assert_next(f, &stream, 20);
    assert_waits(f, &stream);
    cairn_mock_respond(requests[2], cairn_test_value_new(30));
    assert_next(f, &stream, 30);
    assert_next(f, &stream, 40);
    assert_end(f, &stream);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 4);
}

static void T133_unordered_sends_all_and_gives_answers_in_the_order_of_completion(void **state)
{
    struct fixture *f = *state;
    struct cairn_stream stream = cairn_call_all_unordered(take_mock(f), numbers(3), 0);
    struct cairn_mock_request *requests[3];
    assert_waits(f, &stream);
    for (int i = 0; i < 3; i++)
        requests[i] = cairn_mock_expect(f->mock, i + 1);
    cairn_mock_respond(requests[2], cairn_test_value_new(30));
    assert_true(cairn_harness_is_woken(&f->harness));
    assert_next(f, &stream, 30);
    assert_waits(f, &stream);
    cairn_mock_respond(requests[0], cairn_test_value_new(10));
    assert_next(f, &stream, 10);
    cairn_mock_respond(requests[1], cairn_test_value_new(20));
    assert_next(f, &stream, 20);
    assert_end(f, &stream);
}

static void T134_unordered_ends_after_the_last_answer(void **state)
{
    struct fixture *f = *state;
    struct cairn_stream stream = cairn_call_all_unordered(take_mock(f), numbers(2), 0);
    assert_waits(f, &stream);
    fixture_respond(f, 1, 10);
    fixture_respond(f, 2, 20);
    assert_next(f, &stream, 10);
    assert_false(cairn_stream_is_empty(&stream));
    assert_next(f, &stream, 20);
    assert_false(cairn_stream_is_empty(&stream));
    assert_end(f, &stream);
}

static void check_failed_readiness(struct fixture *f, struct cairn_stream *stream)
{
    cairn_mock_allow(f->mock, 1);
    assert_waits(f, stream);
    struct cairn_mock_request *first = cairn_mock_expect(f->mock, 1);
    cairn_mock_fail_ready(f->mock, cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "dead"));
    assert_true(cairn_harness_is_woken(&f->harness));
    assert_next_failed(f, stream, "dead");
    cairn_mock_allow(f->mock, 10);
    assert_waits(f, stream);
    assert_null(cairn_mock_next_request(f->mock));
    cairn_mock_respond(first, cairn_test_value_new(10));
    assert_next(f, stream, 10);
    assert_end(f, stream);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 1);
}

static void T136_T137_failed_readiness_comes_first_then_what_is_on_its_way_then_the_end(
    void **state)
{
    struct fixture *f = *state;
    struct cairn_stream stream = cairn_call_all(take_mock(f), numbers(3), 0);
    check_failed_readiness(f, &stream);
}

static void T136_T137_hold_unordered_too(void **state)
{
    struct fixture *f = *state;
    struct cairn_stream stream = cairn_call_all_unordered(take_mock(f), numbers(3), 0);
    check_failed_readiness(f, &stream);
}

static void failed_readiness_drops_the_requests_that_are_left(void **state)
{
    struct fixture *f = *state;
    struct hand hand = {.next = 1};
    struct cairn_stream stream = cairn_call_all(take_mock(f), by_hand(&hand), 0);
    cairn_mock_fail_ready(f->mock, cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "dead"));
    assert_next_failed(f, &stream, "dead");
    assert_int_equal(hand.drops, 1);
    assert_int_equal(cairn_test_value_live(), 0);
    assert_end(f, &stream);
}

static void idle_stream_keeps_no_reservation(void **state)
{
    struct fixture *f = *state;
    struct hand hand = {0};
    struct cairn_stream stream = cairn_call_all(take_mock(f), by_hand(&hand), 0);
    assert_waits(f, &stream);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    hand.next = 7;
    cairn_wake(&hand.waker);
    assert_waits(f, &stream);
    fixture_respond(f, 7, 70);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_next(f, &stream, 70);
    hand.has_ended = true;
    assert_end(f, &stream);
}

static void failed_call_is_a_result_and_ends_nothing(void **state)
{
    struct fixture *f = *state;
    struct cairn_stream stream = cairn_call_all(take_mock(f), numbers(2), 0);
    assert_waits(f, &stream);
    fixture_fail(f, 1, "no");
    fixture_respond(f, 2, 20);
    assert_next_failed(f, &stream, "no");
    assert_next(f, &stream, 20);
    assert_end(f, &stream);
}

static void requests_that_fail_end_it_with_their_error_after_what_is_on_its_way(void **state)
{
    static struct cairn_error broken = CAIRN_ERROR_STATIC(CAIRN_ERROR_USER, "test", "broken");
    struct fixture *f = *state;
    union cairn_outcome out;
    struct hand hand = {.next = 1};
    struct cairn_stream stream = cairn_call_all(take_mock(f), by_hand(&hand), 0);
    assert_waits(f, &stream);
    hand.error = &broken;
    assert_waits(f, &stream);
    assert_int_equal(hand.drops, 1);
    fixture_respond(f, 1, 10);
    assert_next(f, &stream, 10);
    assert_int_equal(next(f, &stream, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &broken);
    assert_true(cairn_stream_is_empty(&stream));
}

static void no_more_than_max_are_on_their_way(void **state)
{
    struct fixture *f = *state;
    struct cairn_stream stream = cairn_call_all(take_mock(f), numbers(4), 2);
    assert_waits(f, &stream);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 2);
    struct cairn_mock_request *first = cairn_mock_expect(f->mock, 1);
    fixture_respond(f, 2, 20);
    assert_waits(f, &stream); /* the second is done, but has to wait for the first */
    assert_int_equal(cairn_mock_counts(f->mock).calls, 2);
    cairn_mock_respond(first, cairn_test_value_new(10));
    assert_next(f, &stream, 10);
    assert_next(f, &stream, 20);
    assert_waits(f, &stream);
    fixture_respond(f, 3, 30);
    fixture_respond(f, 4, 40);
    assert_next(f, &stream, 30);
    assert_next(f, &stream, 40);
    assert_end(f, &stream);
}

static void max_is_1024_by_default(void **state)
{
    struct fixture *f = *state;
    struct cairn_stream stream = cairn_call_all_unordered(take_mock(f), numbers(1030), 0);
    assert_waits(f, &stream);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 1024);
    for (int i = 1; i <= 1024; i++)
        cairn_mock_request_drop(cairn_mock_expect(f->mock, i));
    cairn_stream_drop(&stream);
}

static void service_can_be_kept_by_lending_it(void **state)
{
    struct fixture *f = *state;
    struct cairn_stream stream = cairn_call_all(cairn_lend(f->service), numbers(1), 0);
    assert_waits(f, &stream);
    fixture_respond(f, 1, 10);
    assert_next(f, &stream, 10);
    assert_end(f, &stream);
    struct cairn_future future = fixture_send(f, f->service, 2);
    fixture_respond(f, 2, 20);
    assert_response(f, &future, 20);
}

static void dropping_the_stream_drops_all_that_it_holds(void **state)
{
    struct fixture *f = *state;
    struct cairn_stream stream = cairn_call_all(take_mock(f), numbers(5), 0);
    cairn_mock_allow(f->mock, 3);
    assert_waits(f, &stream); /* three calls, one request that waits, one still in the stream */
    struct cairn_mock_request *first = cairn_mock_expect(f->mock, 1);
    fixture_respond(f, 2, 20);
    fixture_fail(f, 3, "no");
    assert_waits(f, &stream);
    cairn_stream_drop(&stream);
    assert_true(cairn_mock_is_abandoned(first));
    cairn_mock_request_drop(first);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
}

static void stream_that_was_never_polled_can_be_dropped(void **state)
{
    struct fixture *f = *state;
    struct cairn_stream stream = cairn_call_all(take_mock(f), numbers(2), 0);
    cairn_stream_drop(&stream);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
}

static void no_request_is_the_end_at_once(void **state)
{
    struct fixture *f = *state;
    struct cairn_stream stream = cairn_call_all(take_mock(f), (struct cairn_stream){0}, 0);
    assert_end(f, &stream);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 0);
}

static void answers_at_once_come_one_by_one(void **state)
{
    struct fixture *f = *state;
    struct cairn_stream ordered = cairn_call_all(cairn_test_echo(NULL), numbers(3), 1);
    struct cairn_stream unordered = cairn_call_all_unordered(cairn_test_echo(NULL), numbers(3), 1);
    for (int i = 1; i <= 3; i++) {
        assert_next(f, &ordered, i);
        assert_next(f, &unordered, i);
    }
    assert_end(f, &ordered);
    assert_end(f, &unordered);
}

static void results_can_be_collected(void **state)
{
    struct fixture *f = *state;
    union cairn_outcome out;
    struct cairn_future all = cairn_stream_collect(
        cairn_call_all(take_mock(f), numbers(3), 0), 0, &cairn_call_result_type);
    assert_pending(f, &all);
    fixture_respond(f, 1, 10);
    fixture_fail(f, 2, "no");
    fixture_respond(f, 3, 30);
    assert_int_equal(cairn_harness_poll(&f->harness, &all, &out), CAIRN_READY);
    struct cairn_stream_values *values = out.value;
    assert_int_equal(values->count, 3);
    const struct cairn_call_result *second = values->values[1];
    assert_int_equal(second->p, CAIRN_FAILED);
    assert_string_equal(second->out.error->message, "no");
    cairn_stream_values_free(values);
}

static void freeing_no_result_does_nothing(void **state)
{
    (void)state;
    cairn_call_result_free(NULL);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void run_with_little_memory(void *cx)
{
    struct cairn_harness harness;
    const bool *is_ordered = cx;
    cairn_test_alloc_exempt(true);
    cairn_harness_init(&harness, NULL);
    struct cairn_stream requests = numbers(3);
    struct cairn_service *service = cairn_test_pending_once(NULL);
    cairn_test_alloc_exempt(false);
    struct cairn_context context = cairn_harness_context(&harness);
    union cairn_outcome out;
    struct cairn_stream stream = *is_ordered ? cairn_call_all(service, requests, 0)
                                             : cairn_call_all_unordered(service, requests, 0);
    for (unsigned polls = 0; polls < 20 && !cairn_stream_is_empty(&stream); polls++) {
        enum cairn_poll p = cairn_stream_poll_next(&stream, &context, &out);
        if (p == CAIRN_READY)
            cairn_call_result_free(out.value);
        else if (p == CAIRN_FAILED)
            cairn_error_unref(out.error);
    }
    assert_true(cairn_stream_is_empty(&stream));
    cairn_harness_fini(&harness);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void survives_the_failure_of_each_allocation(void **state)
{
    bool is_ordered = true;
    (void)state;
    assert_true(cairn_test_each_allocation(run_with_little_memory, &is_ordered) >= 7);
    is_ordered = false;
    assert_true(cairn_test_each_allocation(run_with_little_memory, &is_ordered) >= 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(T130_second_of_two_requests_waits_for_a_new_readiness),
        fixture_test(T131_responses_come_in_the_order_of_the_requests_and_then_the_end),
        fixture_test(T133_unordered_sends_all_and_gives_answers_in_the_order_of_completion),
        fixture_test(T134_unordered_ends_after_the_last_answer),
        fixture_test(T136_T137_failed_readiness_comes_first_then_what_is_on_its_way_then_the_end),
        fixture_test(T136_T137_hold_unordered_too),
        fixture_test(failed_readiness_drops_the_requests_that_are_left),
        fixture_test(idle_stream_keeps_no_reservation),
        fixture_test(failed_call_is_a_result_and_ends_nothing),
        fixture_test(requests_that_fail_end_it_with_their_error_after_what_is_on_its_way),
        fixture_test(no_more_than_max_are_on_their_way),
        fixture_test(max_is_1024_by_default),
        fixture_test(service_can_be_kept_by_lending_it),
        fixture_test(dropping_the_stream_drops_all_that_it_holds),
        fixture_test(stream_that_was_never_polled_can_be_dropped),
        fixture_test(no_request_is_the_end_at_once),
        fixture_test(answers_at_once_come_one_by_one),
        fixture_test(results_can_be_collected),
        cmocka_unit_test(freeing_no_result_does_nothing),
        cmocka_unit_test(survives_the_failure_of_each_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
