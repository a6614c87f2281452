#include <cairn/layers/router_cache.h>

#include "fixture.h"

#include <cairn/layers/concurrency_limit.h>
#include <cairn/service/alloc.h>
#include <cairn/testkit/contract.h>

/* The number's last digit is the key: 1, 11 and 21 are of one service. Negative: none. */
static struct cairn_str last_digit(void *cx, const void *request)
{
    static char text[2];
    int number = cairn_test_value_number(request);
    (void)cx;
    if (number < 0)
        return (struct cairn_str){0};
    text[0] = (char)('0' + number % 10);
    return cairn_str_of(text, 1);
}

/* Key 9 is broken, key 8 of other types; each of the others has a limit of one call at a time. */
struct maker {
    struct cairn_mock *mock;
    unsigned made;
    unsigned dropped;
};

static struct cairn_service *make(void *cx, struct cairn_str key)
{
    static struct cairn_error broken =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_NOT_FOUND, "maker", "no such");
    static const struct cairn_type other = {.name = "test.other"};
    const struct cairn_layer limit = cairn_concurrency_limit(.max = 1);
    struct maker *self = cx;
    if (key.data[0] == '9')
        return cairn_service_broken(&broken);
    if (key.data[0] == '8')
        return cairn_test_echo(&other);
    self->made++;
    return cairn_layer_apply(&limit, cairn_mock_service(self->mock));
}

static void made_no_more(void *cx)
{
    ((struct maker *)cx)->dropped++;
}

static struct cairn_router_cache_options options_of(struct maker *maker, size_t max_keys)
{
    return (struct cairn_router_cache_options){.size = sizeof(struct cairn_router_cache_options),
        .request_type = &cairn_test_value_type,
        .response_type = &cairn_test_value_type,
        .key = last_digit,
        .make = make,
        .cx = maker,
        .cx_drop = made_no_more,
        .idle_ms = 500,
        .max_keys = max_keys};
}

static struct cairn_service *router_of(struct fixture *f, struct maker *maker, size_t max_keys)
{
    const struct cairn_router_cache_options opts = options_of(maker, max_keys);
    *maker = (struct maker){.mock = f->mock};
    struct cairn_service *s = cairn_router_cache_new(&opts);
    assert_null(cairn_service_error(s));
    return s;
}

/* A layer that routes every key to INNER. */
struct by_way {
    struct cairn_service *inner;
};

static struct cairn_service *hand_out(void *cx, struct cairn_str key)
{
    struct cairn_service *copy = cairn_service_clone(((struct by_way *)cx)->inner);
    (void)key;
    return copy ? copy : cairn_service_broken(&cairn_error_no_memory);
}

static void by_way_drop(void *cx)
{
    cairn_service_drop(((struct by_way *)cx)->inner);
    cairn_free(cx);
}

static struct cairn_service *by_way_apply(void *cx, struct cairn_service *inner)
{
    struct by_way *way = cairn_alloc_zero(sizeof(*way));
    (void)cx;
    if (!way) {
        cairn_service_drop(inner);
        return cairn_service_broken(&cairn_error_no_memory);
    }
    way->inner = inner;
    return cairn_router_cache_new(
        &(struct cairn_router_cache_options){.size = sizeof(struct cairn_router_cache_options),
            .request_type = inner->request_type,
            .response_type = inner->response_type,
            .key = last_digit,
            .make = hand_out,
            .cx = way,
            .cx_drop = by_way_drop});
}

static void router_cache_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_layer_fn("router_cache", by_way_apply, NULL);
    const struct cairn_contract_options opts = {
        .size = sizeof(opts), .may_queue = true, .may_hide_ready = true};
    (void)state;
    cairn_contract_check_with(&layer, &opts);
}

static void each_key_has_a_service_made_on_demand(void **state)
{
    struct fixture *f = *state;
    struct maker maker;
    struct cairn_service *s = router_of(f, &maker, 0);
    assert_int_equal(maker.made, 0);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->a, s, 2);
    assert_int_equal(maker.made, 2);
    fixture_respond(f, 1, 10);
    fixture_respond(f, 2, 20);
    assert_response(&f->a, &first, 10);
    assert_response(&f->a, &second, 20);
    struct cairn_service *copy = fixture_clone(s);
    first = fixture_send(&f->a, copy, 11);
    fixture_respond(f, 11, 30);
    assert_response(&f->a, &first, 30);
    assert_int_equal(maker.made, 2);
    assert_int_equal(fixture_number(s, "keys"), 2);
    assert_int_equal(fixture_number(s, "made"), 2);
    cairn_service_drop(s);
    assert_int_equal(maker.dropped, 0);
    cairn_service_drop(copy);
    assert_int_equal(maker.dropped, 1);
}

static void calls_of_one_key_wait_for_its_service_and_those_of_others_do_not(void **state)
{
    struct fixture *f = *state;
    struct maker maker;
    struct cairn_service *s = router_of(f, &maker, 0);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future waits = fixture_send(&f->b, s, 11);
    assert_pending(&f->b, &waits);
    struct cairn_future other = fixture_send(&f->a, s, 2);
    fixture_respond(f, 1, 10);
    fixture_respond(f, 2, 20);
    assert_response(&f->a, &other, 20);
    assert_response(&f->a, &first, 10);
    assert_true(cairn_harness_is_woken(&f->b));
    assert_pending(&f->b, &waits);
    fixture_respond(f, 11, 30);
    assert_response(&f->b, &waits, 30);
    cairn_service_drop(s);
}

static void call_that_waits_may_be_dropped(void **state)
{
    struct fixture *f = *state;
    struct maker maker;
    struct cairn_service *s = router_of(f, &maker, 0);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future unpolled = fixture_send(&f->b, s, 11);
    struct cairn_future waits = fixture_send(&f->b, s, 21);
    struct cairn_future last = fixture_send(&f->a, s, 31);
    assert_pending(&f->b, &waits);
    assert_pending(&f->a, &last);
    cairn_future_drop(&unpolled);
    cairn_future_drop(&waits);
    fixture_respond(f, 1, 10);
    assert_response(&f->a, &first, 10);
    assert_false(cairn_harness_is_woken(&f->b));
    assert_pending(&f->a, &last);
    fixture_respond(f, 31, 40);
    assert_response(&f->a, &last, 40);
    cairn_service_drop(s);
}

static void service_that_had_no_request_for_its_time_is_dropped(void **state)
{
    struct fixture *f = *state;
    struct maker maker;
    struct cairn_service *s = router_of(f, &maker, 0);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_advance(f, 100000);
    assert_int_equal(fixture_number(s, "keys"), 1);
    fixture_respond(f, 1, 10);
    assert_response(&f->a, &future, 10);
    fixture_advance(f, 500);
    assert_int_equal(fixture_number(s, "keys"), 0);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
    cairn_service_drop(s);
}

static void one_key_too_many_is_refused(void **state)
{
    struct fixture *f = *state;
    struct maker maker;
    struct cairn_service *s = router_of(f, &maker, 1);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->a, s, 2);
    assert_failure(&f->a, &second, CAIRN_ERROR_OVERLOADED, "idle_cache", "all 1 keys are in use");
    fixture_respond(f, 1, 10);
    assert_response(&f->a, &first, 10);
    second = fixture_send(&f->a, s, 2);
    fixture_respond(f, 2, 20);
    assert_response(&f->a, &second, 20);
    assert_int_equal(fixture_number(s, "evicted"), 1);
    cairn_service_drop(s);
}

static void request_without_a_key_fails(void **state)
{
    struct fixture *f = *state;
    struct maker maker;
    struct cairn_service *s = router_of(f, &maker, 0);
    struct cairn_future future = fixture_send(&f->a, s, -1);
    assert_failure(&f->a, &future, CAIRN_ERROR_NOT_FOUND, "router_cache", "the request has no key");
    cairn_service_drop(s);
}

static void what_make_says_is_the_calls_error(void **state)
{
    struct fixture *f = *state;
    struct maker maker;
    struct cairn_service *s = router_of(f, &maker, 0);
    struct cairn_future future = fixture_send(&f->a, s, 9);
    assert_failure(&f->a, &future, CAIRN_ERROR_NOT_FOUND, "maker", "no such");
    future = fixture_send(&f->a, s, 8);
    assert_failure(&f->a, &future, CAIRN_ERROR_TYPE, "router_cache",
        "needs a service from test.value to test.value, got one from test.other to test.other "
        "(echo)");
    assert_int_equal(fixture_number(s, "keys"), 0);
    cairn_service_drop(s);
}

static void service_that_died_is_made_anew(void **state)
{
    struct fixture *f = *state;
    struct maker maker;
    struct cairn_service *s = router_of(f, &maker, 0);
    cairn_mock_fail_ready(f->mock, cairn_error_new(CAIRN_ERROR_CLOSED, "mock", NULL, "gone"));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_failure(&f->a, &future, CAIRN_ERROR_CLOSED, "mock", "gone");
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
    future = fixture_send(&f->a, s, 1);
    assert_int_equal(maker.made, 2);
    fixture_respond(f, 1, 10);
    assert_response(&f->a, &future, 10);
    cairn_service_drop(s);
}

static void calls_outlive_the_router(void **state)
{
    struct fixture *f = *state;
    struct maker maker;
    struct cairn_service *s = router_of(f, &maker, 0);
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->b, s, 11);
    cairn_service_drop(s);
    assert_int_equal(maker.dropped, 0);
    fixture_respond(f, 1, 10);
    assert_response(&f->a, &first, 10);
    assert_pending(&f->b, &second);
    fixture_respond(f, 11, 20);
    assert_response(&f->b, &second, 20);
    assert_int_equal(maker.dropped, 1);
}

static void known_key_costs_no_more_than_a_box(void **state)
{
    struct fixture *f = *state;
    struct maker maker;
    struct cairn_service *s = router_of(f, &maker, 0);
    size_t used[3];
    for (int i = 0; i < 3; i++) {
        struct cairn_test_value *req = cairn_test_value_new(1);
        assert_ready(&f->a, s);
        size_t before = cairn_test_alloc_count();
        struct cairn_future future = cairn_service_call(s, req);
        used[i] = cairn_test_alloc_count() - before;
        fixture_respond(f, 1, 10);
        assert_response(&f->a, &future, 10);
    }
    assert_true(used[0] > used[1]);
    assert_int_equal(used[1], used[2]);
    cairn_service_drop(s);
}

static void two_keys(void *cx)
{
    struct maker maker = {0};
    struct fixture f = {0};
    union cairn_outcome out;
    (void)cx;
    cairn_test_alloc_exempt(true);
    f.runtime = cairn_test_runtime_new(&f.clock);
    f.mock = maker.mock = cairn_mock_new(NULL);
    cairn_harness_init(&f.a, f.runtime);
    struct cairn_test_value *requests[] = {cairn_test_value_new(1), cairn_test_value_new(2)};
    cairn_test_alloc_exempt(false);
    const struct cairn_router_cache_options opts = options_of(&maker, 0);
    struct cairn_service *s = cairn_router_cache_new(&opts);
    for (unsigned i = 0; i < 2; i++) {
        if (cairn_service_error(s)) {
            cairn_test_value_drop(requests[i]);
            continue;
        }
        struct cairn_future future = cairn_service_call(s, requests[i]);
        struct cairn_mock_request *request = cairn_mock_next_request(f.mock);
        cairn_mock_request_drop(request);
        if (cairn_harness_poll(&f.a, &future, &out) == CAIRN_FAILED)
            cairn_error_unref(out.error);
        cairn_future_drop(&future);
    }
    cairn_service_drop(s);
    assert_int_equal(maker.dropped, 1);
    cairn_harness_fini(&f.a);
    cairn_mock_free(f.mock);
    cairn_runtime_free(f.runtime);
}

static void survives_the_failure_of_each_allocation(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(two_keys, NULL) >= 10);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void options_out_of_range_are_refused_by_name(void **state)
{
    struct maker maker = {0};
    struct cairn_router_cache_options opts = options_of(&maker, 16777217);
    (void)state;
    struct cairn_service *s = cairn_router_cache_new(&opts);
    assert_string_equal(
        cairn_service_error(s)->message, "max_keys must be 1 to 16777216, got 16777217");
    assert_int_equal(maker.dropped, 1);
    cairn_service_drop(s);
    s = cairn_router_cache_new(NULL);
    assert_string_equal(cairn_service_error(s)->message, "key must be set");
    cairn_service_drop(s);
    opts.make = NULL;
    s = cairn_router_cache_new(&opts);
    assert_string_equal(cairn_service_error(s)->message, "make must be set");
    assert_int_equal(maker.dropped, 2);
    cairn_service_drop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(router_cache_keeps_the_service_contract),
        fixture_test(each_key_has_a_service_made_on_demand),
        fixture_test(calls_of_one_key_wait_for_its_service_and_those_of_others_do_not),
        fixture_test(call_that_waits_may_be_dropped),
        fixture_test(service_that_had_no_request_for_its_time_is_dropped),
        fixture_test(one_key_too_many_is_refused),
        fixture_test(request_without_a_key_fails),
        fixture_test(what_make_says_is_the_calls_error),
        fixture_test(service_that_died_is_made_anew),
        fixture_test(calls_outlive_the_router),
        fixture_test(known_key_costs_no_more_than_a_box),
        cmocka_unit_test(survives_the_failure_of_each_allocation),
        fixture_test(options_out_of_range_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
