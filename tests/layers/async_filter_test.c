#include <cairn/layers/async_filter.h>

#include "fixture.h"

#include <cairn/layers/concurrency_limit.h>
#include <cairn/service/sleep.h>
#include <cairn/testkit/contract.h>

static struct cairn_error odd = CAIRN_ERROR_STATIC(CAIRN_ERROR_REJECTED, "test", "odd");

static struct cairn_future pass_all(void *cx, void *req)
{
    (void)cx;
    return cairn_future_ready(req);
}

/* Passes even numbers plus CX, if there is one; rejects odd ones. */
static struct cairn_future pass_even(void *cx, void *req)
{
    if (cairn_test_value_number(req) % 2 == 0) {
        cairn_test_value_set(req, cairn_test_value_number(req) + (cx ? *(int *)cx : 0));
        return cairn_future_ready(req);
    }
    cairn_test_value_drop(req);
    return cairn_future_failed(&odd);
}

static struct cairn_future find_no_memory(void *cx, void *req)
{
    (void)cx;
    cairn_test_value_drop(req);
    return cairn_future_ready(NULL);
}

/* The same verdict, 100 ms later. */
struct late {
    struct cairn_future sleep;
    void *req;
    void *cx;
};

static enum cairn_poll late_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct late *self = state;
    enum cairn_poll p = cairn_future_poll(&self->sleep, cx, out);
    if (p)
        return p;
    struct cairn_future verdict = pass_even(self->cx, self->req);
    self->req = NULL;
    return cairn_future_poll(&verdict, cx, out);
}

static void late_drop(void *state)
{
    struct late *self = state;
    cairn_future_drop(&self->sleep);
    cairn_type_drop(&cairn_test_value_type, self->req);
}

static struct cairn_future pass_even_late(void *cx, void *req)
{
    static const struct cairn_future_ops ops = {
        .name = "late", .size = sizeof(struct late), .poll = late_poll, .drop = late_drop};
    return cairn_future_box(&ops, &(struct late){cairn_sleep(100), req, cx});
}

/* Gives the request after one wait, as the kit's leaf does. */
static struct cairn_future pass_all_after_a_wait(void *cx, void *req)
{
    struct cairn_service *leaf = cairn_test_pending_once(NULL);
    (void)cx;
    if (cairn_service_error(leaf)) {
        cairn_service_drop(leaf);
        cairn_test_value_drop(req);
        return cairn_future_failed(&cairn_error_no_memory);
    }
    struct cairn_future future = cairn_service_call(leaf, req);
    cairn_service_drop(leaf);
    return future;
}

static void async_filter_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_async_filter(.predicate = pass_all);
    (void)state;
    cairn_contract_check(&layer);
}

static void async_filter_that_waits_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_async_filter(.predicate = pass_all_after_a_wait);
    (void)state;
    cairn_contract_check(&layer);
}

static void T052_rejected_request_fails_the_response(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_async_filter(.predicate = pass_even));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_failure(&f->a, &future, CAIRN_ERROR_REJECTED, "test", "odd");
    assert_int_equal(cairn_mock_counts(f->mock).calls, 0);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(fixture_number(s, "rejected"), 1);
    cairn_service_drop(s);
}

static void T052_request_that_is_rejected_later_fails_the_response(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_async_filter(.predicate = pass_even_late));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &future);
    assert_int_equal(fixture_number(s, "waiting"), 1);
    fixture_advance(f, 100);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_failure(&f->a, &future, CAIRN_ERROR_REJECTED, "test", "odd");
    assert_int_equal(fixture_number(s, "waiting"), 0);
    assert_int_equal(fixture_number(s, "rejected"), 1);
    cairn_service_drop(s);
}

static void inner_is_called_once_the_predicate_has_passed(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_async_filter(.predicate = pass_even_late));
    struct cairn_future future = fixture_send(&f->a, s, 2);
    assert_pending(&f->a, &future);
    assert_nothing_sent(f);
    fixture_advance(f, 100);
    assert_pending(&f->a, &future);
    fixture_respond(f, 2, 3);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_response(&f->a, &future, 3);
    assert_int_equal(fixture_number(s, "passed"), 1);
    cairn_service_drop(s);
}

static void X031_predicate_may_replace_the_request(void **state)
{
    struct fixture *f = *state;
    int ten = 10;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_async_filter(.predicate = pass_even_late, .cx = &ten));
    struct cairn_future future = fixture_send(&f->a, s, 2);
    assert_pending(&f->a, &future);
    fixture_advance(f, 100);
    assert_pending(&f->a, &future);
    fixture_respond(f, 12, 3);
    assert_response(&f->a, &future, 3);
    cairn_service_drop(s);
}

static void X032_reservation_of_the_moved_instance_is_released_on_rejection(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_async_filter(.predicate = pass_even_late));
    cairn_mock_allow(f->mock, 1);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &future);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 1);
    assert_not_ready(&f->b, s);
    fixture_advance(f, 100);
    assert_failure(&f->a, &future, CAIRN_ERROR_REJECTED, "test", "odd");
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, s);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 0);
    cairn_service_drop(s);
}

static void call_that_is_given_up_releases_and_drops_the_request(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_async_filter(.predicate = pass_even_late));
    struct cairn_future polled = fixture_send(&f->a, s, 2);
    struct cairn_future unpolled = fixture_send(&f->a, s, 4);
    assert_pending(&f->a, &polled);
    cairn_future_drop(&polled);
    cairn_future_drop(&unpolled);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(fixture_number(s, "waiting"), 0);
    assert_int_equal(fixture_number(s, "rejected"), 0);
    cairn_service_drop(s);
}

static void call_outlives_every_copy(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_async_filter(.predicate = pass_even_late));
    struct cairn_future future = fixture_send(&f->a, s, 2);
    cairn_service_drop(s);
    assert_pending(&f->a, &future);
    fixture_advance(f, 100);
    assert_pending(&f->a, &future);
    fixture_respond(f, 2, 3);
    assert_response(&f->a, &future, 3);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
}

static void second_call_waits_beside_the_first_with_room_of_its_own(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layers[] = {
        cairn_async_filter(.predicate = pass_even_late), cairn_concurrency_limit(.max = 2)};
    struct cairn_service *s = cairn_stack_build(cairn_mock_service(f->mock), layers, 2);
    struct cairn_future first = fixture_send(&f->a, s, 2);
    struct cairn_future second = fixture_send(&f->a, s, 4);
    assert_not_ready(&f->b, s);
    assert_pending(&f->a, &first);
    assert_pending(&f->a, &second);
    fixture_advance(f, 100);
    assert_pending(&f->a, &first);
    assert_pending(&f->a, &second);
    fixture_respond(f, 2, 3);
    fixture_respond(f, 4, 5);
    assert_response(&f->a, &second, 5);
    assert_response(&f->a, &first, 3);
    assert_ready(&f->b, s);
    cairn_service_drop(s);
}

static void copies_that_are_done_are_used_again(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_async_filter(.predicate = pass_even_late));
    for (unsigned i = 0; i < 5; i++) {
        struct cairn_future first = fixture_send(&f->a, s, 1);
        struct cairn_future second = fixture_send(&f->a, s, 3);
        assert_pending(&f->a, &first);
        assert_pending(&f->a, &second);
        fixture_advance(f, 100);
        assert_failure(&f->a, &first, CAIRN_ERROR_REJECTED, "test", "odd");
        assert_failure(&f->a, &second, CAIRN_ERROR_REJECTED, "test", "odd");
    }
    assert_int_equal(cairn_mock_counts(f->mock).clones, 2);
    assert_int_equal(cairn_mock_counts(f->mock).services, 3);
    cairn_service_drop(s);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
}

static void more_than_a_few_copies_are_not_kept(void **state)
{
    struct fixture *f = *state;
    struct cairn_future futures[40];
    struct cairn_service *s =
        fixture_around_mock(f, cairn_async_filter(.predicate = pass_even_late));
    for (unsigned i = 0; i < 40; i++)
        futures[i] = fixture_send(&f->a, s, 1);
    assert_int_equal(cairn_mock_counts(f->mock).services, 41);
    for (unsigned i = 0; i < 40; i++)
        cairn_future_drop(&futures[i]);
    assert_int_equal(cairn_mock_counts(f->mock).services, 17);
    cairn_service_drop(s);
}

static void predicate_that_answers_at_once_needs_neither_box_nor_copy(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_apply(cairn_async_filter(.predicate = pass_all), fixture_plain_echo());
    assert_ready(&f->a, s);
    size_t before = cairn_test_alloc_count();
    struct cairn_future future = fixture_call_plain(s);
    assert_int_equal(cairn_test_alloc_count(), before);
    assert_true(cairn_future_is_complete(&future));
    cairn_future_drop(&future);
    cairn_service_drop(s);
}

static void predicate_that_gives_null_found_no_memory(void **state)
{
    struct fixture *f = *state;
    union cairn_outcome out;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_async_filter(.predicate = find_no_memory));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_int_equal(cairn_harness_poll(&f->a, &future, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &cairn_error_no_memory);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    cairn_service_drop(s);
}

static void without_memory_for_a_copy_the_call_fails_and_the_room_is_given_back(void **state)
{
    struct fixture *f = *state;
    union cairn_outcome out;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_async_filter(.predicate = pass_even_late));
    assert_ready(&f->a, s);
    void *req = cairn_test_value_new(2);
    /* The sleep's box, the predicate's, then the copy. */
    cairn_test_alloc_fail_at(3);
    struct cairn_future future = cairn_service_call(s, req);
    assert_true(cairn_test_alloc_has_failed());
    assert_int_equal(cairn_harness_poll(&f->a, &future, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &cairn_error_no_memory);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 0);
    cairn_service_drop(s);
}

static void check_runs_the_predicate_alone(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layer = cairn_async_filter(.predicate = pass_even);
    struct cairn_service *s = cairn_stack_build(cairn_mock_service(f->mock), &layer, 1);
    struct cairn_future future = cairn_async_filter_check(s, cairn_test_value_new(2));
    assert_response(&f->a, &future, 2);
    future = cairn_async_filter_check(s, cairn_test_value_new(1));
    assert_failure(&f->a, &future, CAIRN_ERROR_REJECTED, "test", "odd");
    assert_int_equal(fixture_number(s, "passed"), 0);
    assert_int_equal(fixture_number(s, "rejected"), 0);
    cairn_service_drop(s);
}

static void check_of_no_filter(void *cx)
{
    (void)cairn_async_filter_check(cx, NULL);
}

static void check_of_no_filter_is_an_assertion(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = cairn_mock_service(f->mock);
    assert_string_equal(cairn_test_misuse(check_of_no_filter, s),
        "async_filter_check: the outermost layer is no async_filter");
    cairn_service_drop(s);
}

static void what_cannot_be_built_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct cairn_mock_options fixed = {.size = sizeof(fixed), .not_cloneable = true};
    struct cairn_mock *mock = cairn_mock_new(&fixed);
    assert_refused(cairn_async_filter_layer(NULL), cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "predicate must be set");
    assert_refused(cairn_async_filter(.predicate = pass_even), cairn_mock_service(mock),
        CAIRN_ERROR_TYPE, "needs a service that can be cloned; mock cannot");
    cairn_mock_free(mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(async_filter_keeps_the_service_contract),
        cmocka_unit_test(async_filter_that_waits_keeps_the_service_contract),
        fixture_test(T052_rejected_request_fails_the_response),
        fixture_test(T052_request_that_is_rejected_later_fails_the_response),
        fixture_test(inner_is_called_once_the_predicate_has_passed),
        fixture_test(X031_predicate_may_replace_the_request),
        fixture_test(X032_reservation_of_the_moved_instance_is_released_on_rejection),
        fixture_test(call_that_is_given_up_releases_and_drops_the_request),
        fixture_test(call_outlives_every_copy),
        fixture_test(second_call_waits_beside_the_first_with_room_of_its_own),
        fixture_test(copies_that_are_done_are_used_again),
        fixture_test(more_than_a_few_copies_are_not_kept),
        fixture_test(predicate_that_answers_at_once_needs_neither_box_nor_copy),
        fixture_test(predicate_that_gives_null_found_no_memory),
        fixture_test(without_memory_for_a_copy_the_call_fails_and_the_room_is_given_back),
        fixture_test(check_runs_the_predicate_alone),
        fixture_test(check_of_no_filter_is_an_assertion),
        fixture_test(what_cannot_be_built_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
