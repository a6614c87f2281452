#include <cairn/layers/buffer.h>

#include "fixture.h"

#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/deadline.h>
#include <cairn/service/service_fn.h>
#include <cairn/testkit/contract.h>

static void buffer_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_buffer(.bound = 1);
    const struct cairn_contract_options opts = {.size = sizeof(opts), .may_queue = true};
    (void)state;
    cairn_contract_check_with(&layer, &opts);
}

/* The worker by hand: harness b polls it, harness a everything else. */
struct pair {
    struct cairn_service *service;
    struct cairn_future worker;
};

static struct pair pair_open(struct fixture *f, size_t bound)
{
    struct pair pair;
    const struct cairn_buffer_options opts = {.size = sizeof(opts), .bound = bound};
    pair.service = cairn_buffer_pair(cairn_mock_service(f->mock), &opts, &pair.worker);
    assert_null(cairn_service_error(pair.service));
    return pair;
}

static void pair_work(struct fixture *f, struct pair *pair)
{
    assert_pending(&f->b, &pair->worker);
}

/* Drops the handle and lets the worker come to its end. */
static void pair_close(struct fixture *f, struct pair *pair)
{
    union cairn_outcome out;
    cairn_service_drop(pair->service);
    assert_int_equal(cairn_harness_poll(&f->b, &pair->worker, &out), CAIRN_READY);
    assert_null(out.value);
}

static void T023_request_passes_queue_and_worker_and_the_answer_comes_back(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, 10);
    struct cairn_future future = fixture_send(&f->a, pair.service, 1);
    assert_pending(&f->a, &future);
    assert_nothing_sent(f);
    pair_work(f, &pair);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_pending(&f->a, &future);
    fixture_respond(f, 1, 2);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_response(&f->a, &future, 2);
    pair_close(f, &pair);
}

static void T025_T026_abandoned_request_is_skipped_and_the_others_are_answered(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, 10);
    cairn_mock_allow(f->mock, 1);
    struct cairn_future first = fixture_send(&f->a, pair.service, 1);
    pair_work(f, &pair);
    struct cairn_mock_request *request = cairn_mock_expect(f->mock, 1);
    struct cairn_future second = fixture_send(&f->a, pair.service, 2);
    struct cairn_future third = fixture_send(&f->a, pair.service, 3);
    cairn_future_drop(&second);
    assert_int_equal(fixture_number(pair.service, "abandoned"), 1);
    assert_int_equal(fixture_number(pair.service, "queued"), 1);
    pair_work(f, &pair);
    cairn_mock_respond(request, cairn_test_value_new(10));
    assert_response(&f->a, &first, 10);
    cairn_mock_allow(f->mock, 1);
    assert_true(cairn_harness_is_woken(&f->b));
    pair_work(f, &pair);
    fixture_respond(f, 3, 30);
    assert_response(&f->a, &third, 30);
    pair_close(f, &pair);
}

static void T026_request_in_hand_that_is_abandoned_lets_the_next_one_pass(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, 10);
    cairn_mock_allow(f->mock, 0);
    struct cairn_future first = fixture_send(&f->a, pair.service, 1);
    struct cairn_future second = fixture_send(&f->a, pair.service, 2);
    pair_work(f, &pair);
    cairn_harness_is_woken(&f->b);
    cairn_future_drop(&first);
    assert_true(cairn_harness_is_woken(&f->b));
    pair_work(f, &pair);
    cairn_mock_allow(f->mock, 1);
    assert_true(cairn_harness_is_woken(&f->b));
    pair_work(f, &pair);
    fixture_respond(f, 2, 20);
    assert_response(&f->a, &second, 20);
    pair_close(f, &pair);
}

static void place_in_inners_queue_is_given_back_when_all_have_been_abandoned(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, 10);
    cairn_mock_allow(f->mock, 0);
    struct cairn_future future = fixture_send(&f->a, pair.service, 1);
    pair_work(f, &pair);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 1);
    cairn_future_drop(&future);
    pair_work(f, &pair);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 0);
    pair_close(f, &pair);
}

static void T028_T029_request_waits_in_the_queue_until_inner_is_ready(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, 10);
    cairn_mock_allow(f->mock, 0);
    struct cairn_future future = fixture_send(&f->a, pair.service, 1);
    pair_work(f, &pair);
    assert_pending(&f->a, &future);
    assert_nothing_sent(f);
    cairn_harness_is_woken(&f->b);
    cairn_mock_allow(f->mock, 1);
    assert_true(cairn_harness_is_woken(&f->b));
    pair_work(f, &pair);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    pair_close(f, &pair);
}

static void T031_readiness_fails_when_the_worker_was_dropped_before_use(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct pair pair = pair_open(f, 10);
    cairn_future_drop(&pair.worker);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
    assert_int_equal(cairn_harness_poll_ready(&f->a, pair.service, &error), CAIRN_FAILED);
    assert_int_equal(error->code, CAIRN_ERROR_CLOSED);
    assert_string_equal(error->layer, "buffer");
    assert_string_equal(error->message, "the worker is gone");
    cairn_error_unref(error);
    cairn_service_drop(pair.service);
}

static void T032_queued_response_fails_when_the_worker_is_dropped(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, 10);
    struct cairn_future future = fixture_send(&f->a, pair.service, 1);
    assert_pending(&f->a, &future);
    cairn_harness_is_woken(&f->a);
    cairn_future_drop(&pair.worker);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_failure(&f->a, &future, CAIRN_ERROR_CLOSED, "buffer", "the worker is gone");
    cairn_service_drop(pair.service);
}

static void T034_T035_answer_frees_exactly_one_place(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, 2);
    cairn_mock_allow(f->mock, 0);
    struct cairn_future futures[4];
    futures[0] = fixture_send(&f->a, pair.service, 1);
    pair_work(f, &pair);
    futures[1] = fixture_send(&f->a, pair.service, 2);
    futures[2] = fixture_send(&f->a, pair.service, 3);
    assert_not_ready(&f->a, pair.service);
    cairn_harness_is_woken(&f->a);
    cairn_mock_allow(f->mock, 1);
    pair_work(f, &pair);
    fixture_respond(f, 1, 10);
    assert_response(&f->a, &futures[0], 10);
    assert_true(cairn_harness_is_woken(&f->a));
    futures[3] = fixture_send(&f->a, pair.service, 4);
    assert_not_ready(&f->a, pair.service);
    cairn_mock_allow(f->mock, CAIRN_MOCK_UNLIMITED);
    pair_work(f, &pair);
    for (int i = 1; i < 4; i++) {
        fixture_respond(f, i + 1, 10 * (i + 1));
        assert_response(&f->a, &futures[i], 10 * (i + 1));
    }
    pair_close(f, &pair);
}

static void T037_call_wakes_the_worker(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, 1);
    pair_work(f, &pair);
    assert_false(cairn_harness_is_woken(&f->b));
    struct cairn_future future = fixture_send(&f->a, pair.service, 1);
    assert_true(cairn_harness_is_woken(&f->b));
    cairn_future_drop(&future);
    pair_close(f, &pair);
}

/* One request in the hand, one queued, and two handles that wait for a place. */
struct crowd {
    struct pair pair;
    struct cairn_future in_hand;
    struct cairn_future queued;
    struct cairn_service *first;
    struct cairn_service *second;
    struct cairn_harness wait_first;
    struct cairn_harness wait_second;
};

static void crowd_open(struct crowd *c, struct fixture *f)
{
    c->pair = pair_open(f, 1);
    cairn_mock_allow(f->mock, 0);
    c->in_hand = fixture_send(&f->a, c->pair.service, 1);
    pair_work(f, &c->pair);
    c->queued = fixture_send(&f->a, c->pair.service, 2);
    c->first = fixture_clone(c->pair.service);
    c->second = fixture_clone(c->pair.service);
    cairn_harness_init(&c->wait_first, f->runtime);
    cairn_harness_init(&c->wait_second, f->runtime);
    assert_not_ready(&c->wait_first, c->first);
    assert_not_ready(&c->wait_second, c->second);
    assert_pending(&f->a, &c->in_hand);
    assert_pending(&f->a, &c->queued);
}

static void crowd_close(struct crowd *c)
{
    cairn_service_drop(c->first);
    cairn_service_drop(c->second);
    cairn_harness_fini(&c->wait_first);
    cairn_harness_fini(&c->wait_second);
}

static void T038_T040_T041_dropped_worker_fails_what_is_queued_and_wakes_who_waits(void **state)
{
    struct fixture *f = *state;
    struct crowd c;
    crowd_open(&c, f);
    assert_false(cairn_harness_is_woken(&c.wait_first));
    cairn_future_drop(&c.pair.worker);
    assert_failure(&f->a, &c.in_hand, CAIRN_ERROR_CLOSED, "buffer", "the worker is gone");
    assert_failure(&f->a, &c.queued, CAIRN_ERROR_CLOSED, "buffer", "the worker is gone");
    assert_true(cairn_harness_is_woken(&c.wait_first));
    assert_true(cairn_harness_is_woken(&c.wait_second));
    assert_dead(&c.wait_first, c.first, "the worker is gone");
    assert_dead(&c.wait_second, c.second, "the worker is gone");
    cairn_service_drop(c.pair.service);
    crowd_close(&c);
}

/* Inner's readiness fails, and the worker ends with it. */
static void crowd_fail(struct crowd *c, struct fixture *f)
{
    union cairn_outcome out;
    cairn_mock_fail_ready(
        f->mock, cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "mock", NULL, "no way in"));
    assert_true(cairn_harness_is_woken(&f->b));
    assert_int_equal(cairn_harness_poll(&f->b, &c->pair.worker, &out), CAIRN_READY);
}

static void T043_T044_inner_failure_fails_all_calls_and_wakes_who_waits(void **state)
{
    struct fixture *f = *state;
    struct crowd c;
    union cairn_outcome out;
    crowd_open(&c, f);
    crowd_fail(&c, f);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
    assert_int_equal(cairn_harness_poll(&f->a, &c.in_hand, &out), CAIRN_FAILED);
    assert_string_equal(out.error->message, "the service has failed");
    assert_string_equal(out.error->source->message, "no way in");
    cairn_error_unref(out.error);
    assert_failure(&f->a, &c.queued, CAIRN_ERROR_UNAVAILABLE, "buffer", "the service has failed");
    assert_true(cairn_harness_is_woken(&c.wait_first));
    assert_true(cairn_harness_is_woken(&c.wait_second));
    assert_dead(&c.wait_first, c.first, "the service has failed");
    assert_dead(&c.wait_second, c.second, "the service has failed");
    cairn_service_drop(c.pair.service);
    crowd_close(&c);
}

static void X038_later_polls_and_calls_on_any_copy_fail_with_the_same_cause(void **state)
{
    struct fixture *f = *state;
    struct crowd c;
    struct cairn_error *first = NULL;
    struct cairn_error *again = NULL;
    union cairn_outcome out;
    crowd_open(&c, f);
    crowd_fail(&c, f);
    cairn_future_drop(&c.in_hand);
    cairn_future_drop(&c.queued);
    assert_int_equal(cairn_harness_poll_ready(&f->a, c.first, &first), CAIRN_FAILED);
    assert_int_equal(cairn_harness_poll_ready(&f->a, c.first, &again), CAIRN_FAILED);
    assert_ptr_equal(first, again);
    cairn_error_unref(again);
    struct cairn_service *copy = fixture_clone(c.second);
    assert_int_equal(cairn_harness_poll_ready(&f->a, copy, &again), CAIRN_FAILED);
    assert_ptr_equal(first, again);
    cairn_error_unref(again);
    struct cairn_future future = fixture_call(copy, 9);
    assert_int_equal(cairn_harness_poll(&f->a, &future, &out), CAIRN_FAILED);
    assert_ptr_equal(first, out.error);
    cairn_error_unref(out.error);
    cairn_error_unref(first);
    cairn_service_drop(copy);
    cairn_service_drop(c.pair.service);
    crowd_close(&c);
}

static void call_on_a_handle_that_was_ready_when_inner_failed_fails(void **state)
{
    struct fixture *f = *state;
    union cairn_outcome out;
    struct pair pair = pair_open(f, 2);
    struct cairn_future first = fixture_send(&f->a, pair.service, 1);
    assert_ready(&f->a, pair.service);
    cairn_mock_fail_ready(
        f->mock, cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "mock", NULL, "no way in"));
    assert_int_equal(cairn_harness_poll(&f->b, &pair.worker, &out), CAIRN_READY);
    struct cairn_future second = fixture_call(pair.service, 2);
    assert_failure(&f->a, &second, CAIRN_ERROR_UNAVAILABLE, "buffer", "the service has failed");
    assert_failure(&f->a, &first, CAIRN_ERROR_UNAVAILABLE, "buffer", "the service has failed");
    cairn_service_drop(pair.service);
}

static void T046_polling_ready_again_reserves_one_place_only(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, 2);
    struct cairn_service *copy = fixture_clone(pair.service);
    for (int i = 0; i < 3; i++)
        assert_ready(&f->a, pair.service);
    assert_ready(&f->a, copy);
    cairn_service_drop(copy);
    pair_close(f, &pair);
}

static void T047_two_ready_handles_leave_no_place_for_a_third(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, 2);
    struct cairn_service *second = fixture_clone(pair.service);
    struct cairn_service *third = fixture_clone(pair.service);
    for (int i = 0; i < 3; i++) {
        assert_ready(&f->a, pair.service);
        assert_ready(&f->a, second);
    }
    assert_not_ready(&f->b, third);
    assert_false(cairn_harness_is_woken(&f->b));
    cairn_service_drop(second);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, third);
    cairn_service_drop(third);
    pair_close(f, &pair);
}

static void requests_are_served_in_the_order_of_their_calls(void **state)
{
    struct fixture *f = *state;
    struct cairn_future futures[8];
    struct pair pair = pair_open(f, 8);
    struct cairn_service *copy = fixture_clone(pair.service);
    for (int i = 0; i < 8; i++)
        futures[i] = fixture_send(&f->a, i % 3 ? pair.service : copy, i);
    pair_work(f, &pair);
    for (int i = 0; i < 8; i++) {
        fixture_respond(f, i, i);
        assert_response(&f->a, &futures[i], i);
    }
    cairn_service_drop(copy);
    pair_close(f, &pair);
}

static void answer_outlives_handles_worker_and_inner(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, 1);
    struct cairn_future future = fixture_send(&f->a, pair.service, 1);
    pair_work(f, &pair);
    pair_close(f, &pair);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
}

static void worker_serves_what_is_queued_before_it_ends(void **state)
{
    struct fixture *f = *state;
    union cairn_outcome out;
    struct pair pair = pair_open(f, 1);
    cairn_mock_allow(f->mock, 0);
    struct cairn_future future = fixture_send(&f->a, pair.service, 1);
    cairn_service_drop(pair.service);
    pair_work(f, &pair);
    cairn_mock_allow(f->mock, 1);
    assert_int_equal(cairn_harness_poll(&f->b, &pair.worker, &out), CAIRN_READY);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
}

static void spawned_worker_serves_and_ends_with_the_last_handle(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_buffer(.bound = 4));
    struct cairn_service *copy = fixture_clone(s);
    assert_int_equal(cairn_runtime_tasks(f->runtime), 1);
    struct cairn_future future = fixture_send(&f->a, copy, 1);
    cairn_test_settle(f->runtime);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    cairn_service_drop(s);
    cairn_test_settle(f->runtime);
    assert_int_equal(cairn_runtime_tasks(f->runtime), 1);
    cairn_service_drop(copy);
    cairn_test_settle(f->runtime);
    assert_int_equal(cairn_runtime_tasks(f->runtime), 0);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
}

static void *note_deadline(void *cx, void *request, struct cairn_error **error)
{
    (void)error;
    *(uint64_t *)cx = cairn_deadline_ms();
    return request;
}

static void worker_calls_under_the_deadline_of_the_call(void **state)
{
    struct fixture *f = *state;
    union cairn_outcome out;
    uint64_t seen = 0;
    struct cairn_service *s = cairn_stack(cairn_service_fn("note", &cairn_test_value_type,
                                              &cairn_test_value_type, note_deadline, &seen),
        cairn_buffer(.bound = 1));
    assert_ready(&f->a, s);
    uint64_t before = cairn_deadline_swap(4711);
    struct cairn_future call = cairn_service_call(s, cairn_test_value_new(1));
    cairn_deadline_swap(before);
    cairn_test_settle(f->runtime);
    assert_int_equal(seen, 4711);
    assert_int_equal(cairn_deadline_ms(), before);
    assert_int_equal(cairn_harness_poll(&f->a, &call, &out), CAIRN_READY);
    cairn_test_value_drop(out.value);
    cairn_service_drop(s);
}

static void runtime_that_ends_closes_the_queue(void **state)
{
    struct cairn_test_clock clock;
    struct cairn_harness harness;
    struct cairn_mock *mock = cairn_mock_new(NULL);
    const struct cairn_layer layer = cairn_buffer(.bound = 2);
    (void)state;
    struct cairn_runtime *runtime = cairn_test_runtime_new(&clock);
    cairn_harness_init(&harness, NULL);
    struct cairn_service *s = cairn_layer_apply(&layer, cairn_mock_service(mock));
    struct cairn_future future = fixture_send(&harness, s, 1);
    cairn_runtime_free(runtime);
    assert_int_equal(cairn_mock_counts(mock).services, 0);
    assert_dead(&harness, s, "the worker is gone");
    cairn_future_drop(&future);
    cairn_service_drop(s);
    cairn_harness_fini(&harness);
    cairn_mock_free(mock);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void service_that_cannot_be_cloned_gets_handles_that_can(void **state)
{
    struct fixture *f = *state;
    const struct cairn_mock_options opts = {.size = sizeof(opts), .not_cloneable = true};
    struct cairn_mock *mock = cairn_mock_new(&opts);
    struct cairn_service *s = fixture_apply(cairn_buffer(), cairn_mock_service(mock));
    assert_true(cairn_service_is_cloneable(s));
    cairn_service_drop(fixture_clone(s));
    cairn_service_drop(s);
    cairn_test_settle(f->runtime);
    cairn_mock_free(mock);
}

static void inner_is_described_inside_and_no_more_once_it_is_gone(void **state)
{
    struct fixture *f = *state;
    const struct cairn_buffer_options opts = {.size = sizeof(opts)};
    struct cairn_future worker;
    struct cairn_service *s = cairn_buffer_pair(
        fixture_around_mock(f, cairn_concurrency_limit(.max = 77)), &opts, &worker);
    assert_int_equal(fixture_number(s, "bound"), 1024);
    assert_int_equal(fixture_number(s, "max"), 77);
    cairn_future_drop(&worker);
    assert_int_equal(fixture_number(s, "queued"), 0);
    cairn_service_drop(s);
}

static void call_without_readiness_is_an_assertion(void *cx)
{
    static int plain;
    cairn_service_call(cx, &plain);
}

static void calling_without_a_place_is_misuse(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, 1);
    assert_string_equal(cairn_test_misuse(call_without_readiness_is_an_assertion, pair.service),
        "buffer: called without having been ready");
    pair_close(f, &pair);
}

static void bound_out_of_range_is_refused_by_name(void **state)
{
    struct fixture *f = *state;
    struct cairn_buffer_options opts = {.size = sizeof(opts), .bound = 1048577};
    struct cairn_future worker;
    assert_refused(cairn_buffer(.bound = 1048577), cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "bound must be 1 to 1048576, got 1048577");
    struct cairn_service *s = cairn_buffer_pair(cairn_mock_service(f->mock), &opts, &worker);
    assert_string_equal(cairn_service_error(s)->message, "bound must be 1 to 1048576, got 1048577");
    assert_true(cairn_future_is_complete(&worker));
    cairn_service_drop(s);
    cairn_service_drop(fixture_around_mock(f, cairn_buffer(.bound = 1048576)));
    cairn_test_settle(f->runtime);
}

static void broken_service_comes_back_as_it_is(void **state)
{
    struct fixture *f = *state;
    struct cairn_future worker;
    struct cairn_service *broken = cairn_service_broken(&cairn_error_no_memory);
    (void)f;
    struct cairn_service *s = cairn_buffer_pair(broken, NULL, &worker);
    assert_ptr_equal(s, broken);
    assert_true(cairn_future_is_complete(&worker));
    cairn_service_drop(s);
}

static void thread_without_a_runtime_is_refused(void **state)
{
    struct cairn_mock *mock = cairn_mock_new(NULL);
    (void)state;
    assert_refused(cairn_buffer(), cairn_mock_service(mock), CAIRN_ERROR_RUNTIME,
        "needs a runtime on this thread, for its worker to run on");
    cairn_mock_free(mock);
}

static void pair_without_memory_is_broken(void **state)
{
    struct fixture *f = *state;
    for (size_t n = 1; n <= 4; n++) {
        struct cairn_future worker;
        struct cairn_service *inner = cairn_mock_service(f->mock);
        cairn_test_alloc_fail_at(n);
        struct cairn_service *s = cairn_buffer_pair(inner, NULL, &worker);
        assert_true(cairn_test_alloc_has_failed());
        assert_int_equal(cairn_service_error(s)->code, CAIRN_ERROR_MEMORY);
        assert_true(cairn_future_is_complete(&worker));
        cairn_service_drop(s);
        assert_int_equal(cairn_mock_counts(f->mock).services, 0);
    }
    cairn_test_alloc_fail_at(0);
}

static void call_without_memory_fails_and_gives_its_place_back(void **state)
{
    struct fixture *f = *state;
    struct pair pair = pair_open(f, 1);
    void *value = cairn_test_value_new(1);
    assert_ready(&f->a, pair.service);
    cairn_test_alloc_fail_at(1);
    struct cairn_future future = cairn_service_call(pair.service, value);
    cairn_test_alloc_fail_at(0);
    union cairn_outcome out;
    assert_int_equal(cairn_harness_poll(&f->a, &future, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &cairn_error_no_memory);
    assert_ready(&f->a, pair.service);
    assert_int_equal(fixture_number(pair.service, "abandoned"), 0);
    pair_close(f, &pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffer_keeps_the_service_contract),
        fixture_test(T023_request_passes_queue_and_worker_and_the_answer_comes_back),
        fixture_test(T025_T026_abandoned_request_is_skipped_and_the_others_are_answered),
        fixture_test(T026_request_in_hand_that_is_abandoned_lets_the_next_one_pass),
        fixture_test(place_in_inners_queue_is_given_back_when_all_have_been_abandoned),
        fixture_test(T028_T029_request_waits_in_the_queue_until_inner_is_ready),
        fixture_test(T031_readiness_fails_when_the_worker_was_dropped_before_use),
        fixture_test(T032_queued_response_fails_when_the_worker_is_dropped),
        fixture_test(T034_T035_answer_frees_exactly_one_place),
        fixture_test(T037_call_wakes_the_worker),
        fixture_test(T038_T040_T041_dropped_worker_fails_what_is_queued_and_wakes_who_waits),
        fixture_test(T043_T044_inner_failure_fails_all_calls_and_wakes_who_waits),
        fixture_test(X038_later_polls_and_calls_on_any_copy_fail_with_the_same_cause),
        fixture_test(call_on_a_handle_that_was_ready_when_inner_failed_fails),
        fixture_test(T046_polling_ready_again_reserves_one_place_only),
        fixture_test(T047_two_ready_handles_leave_no_place_for_a_third),
        fixture_test(requests_are_served_in_the_order_of_their_calls),
        fixture_test(answer_outlives_handles_worker_and_inner),
        fixture_test(worker_serves_what_is_queued_before_it_ends),
        fixture_test(worker_calls_under_the_deadline_of_the_call),
        fixture_test(spawned_worker_serves_and_ends_with_the_last_handle),
        cmocka_unit_test(runtime_that_ends_closes_the_queue),
        fixture_test(service_that_cannot_be_cloned_gets_handles_that_can),
        fixture_test(inner_is_described_inside_and_no_more_once_it_is_gone),
        fixture_test(calling_without_a_place_is_misuse),
        fixture_test(bound_out_of_range_is_refused_by_name),
        fixture_test(broken_service_comes_back_as_it_is),
        cmocka_unit_test(thread_without_a_runtime_is_refused),
        fixture_test(pair_without_memory_is_broken),
        fixture_test(call_without_memory_fails_and_gives_its_place_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
