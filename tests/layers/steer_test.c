#include <cairn/layers/steer.h>

#include "fixture.h"

#include <cairn/layers/concurrency_limit.h>
#include <cairn/testkit/contract.h>

/* The rest of the request's number. */
static size_t pick_by_rest(void *cx, const void *req, size_t count)
{
    (void)cx;
    return (size_t)cairn_test_value_number(req) % count;
}

static size_t pick_first(void *cx, const void *req, size_t count)
{
    (void)cx;
    (void)req;
    (void)count;
    return 0;
}

static size_t pick_too_far(void *cx, const void *req, size_t count)
{
    (void)cx;
    (void)req;
    return count;
}

static struct cairn_service *steer_one(void *cx, struct cairn_service *inner)
{
    (void)cx;
    return cairn_steer(&inner, 1, pick_by_rest, NULL);
}

static size_t pick_second(void *cx, const void *req, size_t count)
{
    (void)cx;
    (void)req;
    (void)count;
    return 1;
}

static struct cairn_service *steer_to_the_second(void *cx, struct cairn_service *inner)
{
    struct cairn_service *services[] = {cairn_test_echo(NULL), inner};
    (void)cx;
    return cairn_steer(services, 2, pick_second, NULL);
}

static void steer_keeps_the_service_contract(void **state)
{
    const struct cairn_layer one = cairn_layer_fn("steer", steer_one, NULL);
    const struct cairn_layer second = cairn_layer_fn("steer", steer_to_the_second, NULL);
    (void)state;
    cairn_contract_check(&one);
    cairn_contract_check(&second);
}

struct two {
    struct cairn_mock *second;
    struct cairn_service *service; /* steers by rest to the fixture's mock and to the second */
};

static struct two two_open(struct fixture *f)
{
    struct two two = {cairn_mock_new(NULL), NULL};
    struct cairn_service *services[] = {
        cairn_mock_service(f->mock), cairn_mock_service(two.second)};
    two.service = cairn_steer(services, 2, pick_by_rest, NULL);
    assert_null(cairn_service_error(two.service));
    return two;
}

static void two_close(struct two *two)
{
    cairn_service_drop(two->service);
    cairn_mock_free(two->second);
}

static void T127_call_goes_to_the_service_whose_index_was_picked(void **state)
{
    struct fixture *f = *state;
    struct two two = two_open(f);
    struct cairn_future future = fixture_send(&f->a, two.service, 3);
    assert_nothing_sent(f);
    cairn_mock_respond(cairn_mock_expect(two.second, 3), cairn_test_value_new(30));
    assert_response(&f->a, &future, 30);
    future = fixture_send(&f->a, two.service, 4);
    assert_null(cairn_mock_next_request(two.second));
    fixture_respond(f, 4, 40);
    assert_response(&f->a, &future, 40);
    two_close(&two);
}

static void T128_is_pending_while_one_of_two_is_not_ready(void **state)
{
    struct fixture *f = *state;
    struct two two = two_open(f);
    cairn_mock_allow(two.second, 0);
    assert_not_ready(&f->a, two.service);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 1);
    cairn_mock_allow(two.second, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_ready(&f->a, two.service);
    two_close(&two);
}

static void who_is_not_picked_is_released_at_the_call(void **state)
{
    struct fixture *f = *state;
    struct two two = two_open(f);
    struct cairn_future future = fixture_send(&f->a, two.service, 4);
    assert_int_equal(cairn_mock_counts(two.second).reserved, 0);
    assert_int_equal(cairn_mock_counts(two.second).releases, 1);
    fixture_respond(f, 4, 40);
    assert_response(&f->a, &future, 40);
    two_close(&two);
}

static void release_gives_back_the_room_in_all_of_them(void **state)
{
    struct fixture *f = *state;
    struct two two = two_open(f);
    assert_ready(&f->a, two.service);
    cairn_service_release(two.service);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(cairn_mock_counts(two.second).reserved, 0);
    cairn_mock_allow(two.second, 0);
    assert_not_ready(&f->a, two.service);
    cairn_service_release(two.service);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(cairn_mock_counts(two.second).waiting, 0);
    two_close(&two);
}

static void failed_readiness_of_one_fails_it_and_gives_back_what_the_others_hold(void **state)
{
    struct fixture *f = *state;
    struct two two = two_open(f);
    cairn_mock_fail_ready(two.second, cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "dead"));
    assert_dead(&f->a, two.service, "dead");
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    two_close(&two);
}

static void copies_have_room_of_their_own_and_share_the_counters(void **state)
{
    struct fixture *f = *state;
    struct two two = two_open(f);
    struct cairn_service *copy = fixture_clone(two.service);
    struct cairn_service *unused = fixture_clone(copy);
    assert_ready(&f->a, two.service);
    assert_ready(&f->b, copy);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 2);
    struct cairn_future first = fixture_call(two.service, 4);
    struct cairn_future second = fixture_call(copy, 6);
    fixture_respond(f, 4, 40);
    fixture_respond(f, 6, 60);
    assert_response(&f->a, &first, 40);
    assert_response(&f->b, &second, 60);
    assert_int_equal(fixture_number(unused, "picked"), 2);
    cairn_service_drop(unused);
    cairn_service_drop(copy);
    two_close(&two);
}

static void copies_that_need_room_in_the_same_two_never_wait_for_each_other(void **state)
{
    struct fixture *f = *state;
    const struct cairn_layer limit = cairn_concurrency_limit(.max = 1);
    struct cairn_service *services[] = {
        fixture_around_mock(f, limit), fixture_around_mock(f, limit)};
    struct cairn_service *s = cairn_steer(services, 2, pick_by_rest, NULL);
    struct cairn_service *copy = fixture_clone(s);
    assert_ready(&f->a, s);
    assert_not_ready(&f->b, copy);
    struct cairn_future future = fixture_call(s, 1);
    assert_not_ready(&f->b, copy); /* has the first, waits for the second */
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    assert_not_ready(&f->a, s); /* behind the copy, though it had the first before */
    assert_ready(&f->b, copy);
    cairn_service_drop(copy);
    assert_ready(&f->a, s);
    cairn_service_drop(s);
}

static void without_memory_a_copy_is_dead_and_the_original_is_not(void **state)
{
    struct fixture *f = *state;
    struct two two = two_open(f);
    for (size_t at = 1; at <= 3; at++) {
        struct cairn_error *error = NULL;
        struct cairn_service *copy = fixture_clone(two.service);
        cairn_test_alloc_fail_at(at);
        assert_int_equal(cairn_harness_poll_ready(&f->a, copy, &error), CAIRN_FAILED);
        assert_ptr_equal(error, &cairn_error_no_memory);
        cairn_service_drop(copy);
    }
    assert_ready(&f->a, two.service);
    two_close(&two);
}

static void services_that_cannot_be_cloned_make_one_that_cannot(void **state)
{
    struct fixture *f = *state;
    const struct cairn_mock_options opts = {.size = sizeof(opts), .not_cloneable = true};
    struct cairn_mock *fixed = cairn_mock_new(&opts);
    struct cairn_service *services[] = {cairn_mock_service(f->mock), cairn_mock_service(fixed)};
    struct cairn_service *s = cairn_steer(services, 2, pick_by_rest, NULL);
    assert_null(cairn_service_error(s));
    assert_false(cairn_service_is_cloneable(s));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    cairn_mock_respond(cairn_mock_expect(fixed, 1), cairn_test_value_new(2));
    assert_response(&f->a, &future, 2);
    assert_int_equal(cairn_mock_counts(f->mock).clones, 0);
    cairn_service_drop(s);
    cairn_mock_free(fixed);
}

static void nothing_is_allocated_at_a_call(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *services[] = {fixture_plain_echo(), fixture_plain_echo()};
    struct cairn_service *s = cairn_steer(services, 2, pick_first, NULL);
    size_t before = cairn_test_alloc_count();
    assert_ready(&f->a, s);
    struct cairn_future future = fixture_call_plain(s);
    assert_int_equal(cairn_test_alloc_count(), before);
    assert_true(cairn_future_is_complete(&future));
    cairn_future_drop(&future);
    cairn_service_drop(s);
}

struct called {
    struct cairn_service *service;
    void *req;
};

static void call_it(void *cx)
{
    struct called *called = cx;
    struct cairn_future future = cairn_service_call(called->service, called->req);
    cairn_future_drop(&future);
}

static void misuse_is_an_assertion(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *mock = cairn_mock_service(f->mock);
    struct called called = {cairn_steer(&mock, 1, pick_too_far, NULL), cairn_test_value_new(1)};
    assert_string_equal(
        cairn_test_misuse(call_it, &called), "steer: called without having been ready");
    assert_ready(&f->a, called.service);
    assert_string_equal(
        cairn_test_misuse(call_it, &called), "steer: the function picked an index out of range");
    cairn_test_value_drop(called.req);
    cairn_service_drop(called.service);
}

static void assert_broken(struct cairn_service *s, enum cairn_error_code code, const char *message)
{
    const struct cairn_error *error = cairn_service_error(s);
    assert_non_null(error);
    assert_int_equal(error->code, code);
    assert_string_equal(error->message, message);
    cairn_service_drop(s);
}

static void what_does_not_fit_is_refused(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *mock = cairn_mock_service(f->mock);
    assert_broken(cairn_steer(NULL, 0, pick_first, NULL), CAIRN_ERROR_INVALID,
        "count must be 1 to 1024, got 0");
    assert_broken(cairn_steer(&mock, 1, NULL, NULL), CAIRN_ERROR_INVALID, "pick must be set");
    struct cairn_service *mixed[] = {
        cairn_mock_service(f->mock), cairn_test_echo(&cairn_test_fixed_type)};
    assert_broken(cairn_steer(mixed, 2, pick_first, NULL), CAIRN_ERROR_TYPE,
        "needs services of one kind, and number 1 is not of that of number 0");
    struct cairn_service *broken[] = {cairn_mock_service(f->mock),
        cairn_service_broken(cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "broken before"))};
    assert_broken(cairn_steer(broken, 2, pick_first, NULL), CAIRN_ERROR_USER, "broken before");
}

static void build_with_little_memory(void *cx)
{
    struct cairn_service *services[] = {cairn_test_echo(NULL), cairn_test_echo(NULL)};
    struct cairn_service *s = cairn_steer(services, 2, pick_first, NULL);
    (void)cx;
    cairn_service_drop(cairn_service_clone(s));
    cairn_service_drop(s);
}

static void survives_the_failure_of_each_allocation(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(build_with_little_memory, NULL) >= 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steer_keeps_the_service_contract),
        fixture_test(T127_call_goes_to_the_service_whose_index_was_picked),
        fixture_test(T128_is_pending_while_one_of_two_is_not_ready),
        fixture_test(who_is_not_picked_is_released_at_the_call),
        fixture_test(release_gives_back_the_room_in_all_of_them),
        fixture_test(failed_readiness_of_one_fails_it_and_gives_back_what_the_others_hold),
        fixture_test(copies_have_room_of_their_own_and_share_the_counters),
        fixture_test(copies_that_need_room_in_the_same_two_never_wait_for_each_other),
        fixture_test(without_memory_a_copy_is_dead_and_the_original_is_not),
        fixture_test(services_that_cannot_be_cloned_make_one_that_cannot),
        fixture_test(nothing_is_allocated_at_a_call),
        fixture_test(misuse_is_an_assertion),
        fixture_test(what_does_not_fit_is_refused),
        cmocka_unit_test(survives_the_failure_of_each_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
