#include <cairn/service/stack.h>

#include "fixture.h"

#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/load_shed.h>
#include <cairn/layers/rate_limit.h>
#include <cairn/layers/retry.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/map.h>

static void *add(void *cx, void *value)
{
    cairn_test_value_set(value, cairn_test_value_number(value) + *(const int *)cx);
    return value;
}

static struct cairn_service *whole(struct cairn_service *service)
{
    assert_null(cairn_service_error(service));
    return service;
}

static const int ten = 10;
static const int hundred = 100;

/* The outermost first, as in the items; the queue comes with the layer that queues. */
static struct cairn_service *builder_stack(struct fixture *f)
{
    return whole(cairn_stack(cairn_mock_service(f->mock), cairn_concurrency_limit(.max = 5),
        cairn_rate_limit(.num = 5, .per_ms = 5000), cairn_retry(.backoff = {.max_ms = 1}),
        cairn_map_response(NULL, add, (void *)(uintptr_t)&hundred),
        cairn_map_request(NULL, add, (void *)(uintptr_t)&ten)));
}

static void T049_concurrency_rate_retry_and_mappers_work_end_to_end(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = builder_stack(f);
    for (int i = 0; i < 5; i++) {
        struct cairn_future future = fixture_send(&f->a, s, i);
        assert_pending(&f->a, &future);
        fixture_respond(f, i + 10, i);
        assert_response(&f->a, &future, i + 100);
    }
    assert_not_ready(&f->a, s);
    fixture_advance(f, 5000);
    assert_ready(&f->a, s);
    cairn_service_drop(s);
}

static void T050_mapped_request_reaches_inner_and_mapped_response_the_caller(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = builder_stack(f);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_fail(f, 11, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_pending(&f->a, &future);
    /* The mappers are inside of retry: the copy is mapped as the original was, once. */
    fixture_respond(f, 11, 5);
    assert_response(&f->a, &future, 105);
    assert_int_equal(fixture_number(s, "left"), 4);
    cairn_service_drop(s);
}

static struct cairn_service *five_layers(struct cairn_service *leaf)
{
    return whole(cairn_stack(leaf, cairn_load_shed(), cairn_concurrency_limit(.max = 1),
        cairn_rate_limit(.num = 2, .per_ms = 1000), cairn_timeout(.after_ms = 500),
        cairn_retry(.backoff = {.min_ms = 100, .max_ms = 100})));
}

static void outermost_layer_sheds_what_the_limits_inside_do_not_admit(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = five_layers(cairn_mock_service(f->mock));
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->a, s, 2);
    assert_failure(
        &f->a, &second, CAIRN_ERROR_OVERLOADED, "load_shed", "the service is overloaded");
    fixture_respond(f, 1, 11);
    assert_response(&f->a, &first, 11);
    struct cairn_future third = fixture_send(&f->a, s, 3);
    fixture_respond(f, 3, 13);
    assert_response(&f->a, &third, 13);
    /* Two calls in this second: the rate limit has no more, and the permit was not kept for it. */
    struct cairn_future fourth = fixture_send(&f->a, s, 4);
    assert_failure(
        &f->a, &fourth, CAIRN_ERROR_OVERLOADED, "load_shed", "the service is overloaded");
    assert_int_equal(fixture_number(s, "in_flight"), 0);
    assert_int_equal(fixture_number(s, "waiting"), 0);
    cairn_service_drop(s);
}

static void timeout_outside_of_retry_bounds_all_attempts_together(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = five_layers(cairn_mock_service(f->mock));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &future);
    fixture_advance(f, 450);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_pending(&f->a, &future);
    fixture_advance(f, 50);
    assert_failure(&f->a, &future, CAIRN_ERROR_ELAPSED, "timeout", "500 ms passed");
    assert_int_equal(cairn_test_value_live(), 0);
    assert_int_equal(fixture_number(s, "in_flight"), 0);
    assert_nothing_sent(f);
    cairn_service_drop(s);
}

/* A copy of S from the layer NAME inwards. Checking layers may stand in between. */
static struct cairn_service *clone_from(const struct cairn_service *s, const char *name)
{
    while (strcmp(s->ops->name, name) != 0)
        s = s->inner;
    return fixture_clone(s);
}

static void X004_dropping_a_ready_stack_returns_every_reservation_in_it(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = five_layers(cairn_mock_service(f->mock));
    struct cairn_service *other = clone_from(s, "concurrency_limit");
    assert_ready(&f->a, s);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 1);
    assert_not_ready(&f->b, other);
    cairn_service_drop(s);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, other);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 1);
    cairn_service_drop(other);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
}

static void X005_dropping_an_unpolled_future_returns_every_reservation(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = five_layers(cairn_mock_service(f->mock));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    cairn_future_drop(&future);
    assert_int_equal(fixture_number(s, "in_flight"), 0);
    assert_int_equal(cairn_test_value_live(), 1); /* the one that the mock holds */
    cairn_mock_request_drop(cairn_mock_next_request(f->mock));
    cairn_service_drop(s);
}

static void error_names_its_way_through_the_stack(void **state)
{
    struct fixture *f = *state;
    char text[256];
    union cairn_outcome out;
    struct cairn_service *s = five_layers(cairn_mock_service(f->mock));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_fail(f, 1, CAIRN_ERROR_REJECTED, "no");
    assert_int_equal(cairn_harness_poll(&f->a, &future, &out), CAIRN_FAILED);
    assert_string_equal(cairn_error_path(out.error, s, text, sizeof(text)),
        "load_shed > concurrency_limit(1) > rate_limit(2, 1000ms) > timeout(500ms) > retry(3) > "
        "mock: no");
    cairn_error_unref(out.error);
    cairn_service_drop(s);
}

static void each_part_without_memory(void *cx)
{
    (void)cx;
    cairn_test_alloc_exempt(true);
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime = cairn_test_runtime_new(&clock);
    struct cairn_service *leaf = cairn_test_echo(NULL);
    cairn_test_alloc_exempt(false);
    struct cairn_service *s =
        cairn_stack(leaf, cairn_load_shed(), cairn_concurrency_limit(.max = 1),
            cairn_rate_limit(.num = 2), cairn_timeout(.after_ms = 500), cairn_retry());
    const struct cairn_error *error = cairn_service_error(s);
    assert_int_equal(error != NULL, cairn_test_alloc_has_failed());
    assert_true(!error || error->code == CAIRN_ERROR_MEMORY);
    cairn_service_drop(s);
    cairn_runtime_free(runtime);
}

static void stack_without_memory_is_broken_and_leaks_nothing(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(each_part_without_memory, NULL) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(T049_concurrency_rate_retry_and_mappers_work_end_to_end),
        fixture_test(T050_mapped_request_reaches_inner_and_mapped_response_the_caller),
        fixture_test(outermost_layer_sheds_what_the_limits_inside_do_not_admit),
        fixture_test(timeout_outside_of_retry_bounds_all_attempts_together),
        fixture_test(X004_dropping_a_ready_stack_returns_every_reservation_in_it),
        fixture_test(X005_dropping_an_unpolled_future_returns_every_reservation),
        fixture_test(error_names_its_way_through_the_stack),
        cmocka_unit_test(stack_without_memory_is_broken_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
