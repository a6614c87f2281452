#include <cairn/layers/cache.h>

#include "fixture.h"

#include <stdio.h>

#include <cairn/layers/coalesce.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/service/service_fn.h>
#include <cairn/testkit/contract.h>

/* The number is the key; negative: none; above 1000 a long one. */
static struct cairn_str key_of(void *cx, const void *request)
{
    static char text[256];
    int number = cairn_test_value_number(request);
    (void)cx;
    if (number < 0)
        return (struct cairn_str){0};
    int width = number > 1000 ? 200 : 1;
    return cairn_str_of(text, (size_t)snprintf(text, sizeof(text), "%0*d", width, number));
}

static bool is_even(void *cx, const void *response)
{
    (void)cx;
    return cairn_test_value_number(response) % 2 == 0;
}

static void cache_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_cache(.key = key_of, .ttl_ms = 1);
    const struct cairn_layer stale = cairn_cache(.key = key_of, .ttl_ms = 1, .stale_ms = 1);
    const struct cairn_contract_options opts = {
        .size = sizeof(opts), .may_repeat = true, .may_recover = true};
    (void)state;
    cairn_contract_check_with(&layer, &opts);
    cairn_contract_check_with(&stale, &opts);
}

static void cache_that_hits_while_unready_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer =
        cairn_cache(.key = key_of, .ttl_ms = 1, .hits_while_unready = true);
    const struct cairn_contract_options opts = {
        .size = sizeof(opts), .may_repeat = true, .may_shed = true};
    (void)state;
    cairn_contract_check_with(&layer, &opts);
}

static struct cairn_service *around_mock(struct fixture *f)
{
    return fixture_around_mock(f, cairn_cache(.key = key_of, .ttl_ms = 100));
}

/* NUMBER is asked for, and inner answers it with ANSWER. */
static void fetch(struct fixture *f, struct cairn_service *s, int number, int answer)
{
    struct cairn_future future = fixture_send(&f->a, s, number);
    fixture_respond(f, number, answer);
    assert_response(&f->a, &future, answer);
}

/* NUMBER is asked for, and answered without inner. */
static void assert_hit(struct fixture *f, struct cairn_service *s, int number, int answer)
{
    struct cairn_future future = fixture_send(&f->a, s, number);
    assert_response(&f->a, &future, answer);
    assert_nothing_sent(f);
}

static void answer_is_kept_for_its_time(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    fetch(f, s, 1, 10);
    assert_hit(f, s, 1, 10);
    fixture_advance(f, 99);
    assert_hit(f, s, 1, 10);
    fixture_advance(f, 1);
    fetch(f, s, 1, 11);
    assert_hit(f, s, 1, 11);
    assert_int_equal(fixture_number(s, "hits"), 3);
    assert_int_equal(fixture_number(s, "misses"), 2);
    assert_int_equal(fixture_number(s, "entries"), 1);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    cairn_service_drop(s);
}

static void copies_share_what_is_kept_and_applications_do_not(void **state)
{
    struct fixture *f = *state;
    const struct cairn_layer layer = cairn_cache(.key = key_of);
    struct cairn_service *s = fixture_around_mock(f, layer);
    struct cairn_service *copy = fixture_clone(s);
    struct cairn_service *other = fixture_around_mock(f, layer);
    fetch(f, s, 1, 10);
    assert_hit(f, copy, 1, 10);
    fetch(f, other, 1, 20);
    assert_hit(f, s, 1, 10);
    cairn_service_drop(s);
    cairn_service_drop(copy);
    cairn_service_drop(other);
}

static void another_key_is_another_answer(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    fetch(f, s, 1, 10);
    fetch(f, s, 2, 20);
    fetch(f, s, 1001, 30);
    fetch(f, s, 1002, 40);
    assert_hit(f, s, 1, 10);
    assert_hit(f, s, 2, 20);
    assert_hit(f, s, 1001, 30);
    assert_hit(f, s, 1002, 40);
    cairn_service_drop(s);
}

static void request_without_a_key_is_not_looked_up(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    fetch(f, s, -1, 10);
    fetch(f, s, -1, 11);
    assert_int_equal(fixture_number(s, "misses"), 0);
    assert_int_equal(fixture_number(s, "entries"), 0);
    cairn_service_drop(s);
}

static void error_is_not_kept(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "mock", "down");
    assert_int_equal(fixture_number(s, "entries"), 0);
    fetch(f, s, 1, 10);
    cairn_service_drop(s);
}

static void only_what_keep_says_is_kept(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_cache(.key = key_of, .keep = is_even));
    fetch(f, s, 1, 11);
    fetch(f, s, 1, 12);
    assert_hit(f, s, 1, 12);
    cairn_service_drop(s);
}

static struct cairn_service *stale_around_mock(struct fixture *f)
{
    return fixture_around_mock(f, cairn_cache(.key = key_of, .ttl_ms = 100, .stale_ms = 50));
}

static void stale_answer_stands_in_for_an_error(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = stale_around_mock(f);
    fetch(f, s, 1, 10);
    fixture_advance(f, 149);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &future);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_response(&f->a, &future, 10);
    assert_int_equal(fixture_number(s, "stale"), 1);
    fixture_advance(f, 1);
    future = fixture_send(&f->a, s, 1);
    fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "mock", "down");
    cairn_service_drop(s);
}

static void stale_answer_is_no_hit_while_inner_answers(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = stale_around_mock(f);
    fetch(f, s, 1, 10);
    fixture_advance(f, 100);
    fetch(f, s, 1, 11);
    assert_hit(f, s, 1, 11);
    cairn_service_drop(s);
}

static bool is_down;

static void *answer_unless_down(void *cx, void *req, struct cairn_error **error)
{
    static struct cairn_error down = CAIRN_ERROR_STATIC(CAIRN_ERROR_UNAVAILABLE, "leaf", "down");
    (void)cx;
    if (!is_down)
        return req;
    cairn_test_value_drop(req);
    *error = &down;
    return NULL;
}

static void stale_answer_stands_in_for_an_error_that_comes_at_once(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_apply(cairn_cache(.key = key_of, .ttl_ms = 100, .stale_ms = 50),
            cairn_service_fn(
                "leaf", &cairn_test_value_type, &cairn_test_value_type, answer_unless_down, NULL));
    is_down = false;
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_response(&f->a, &future, 1);
    fixture_advance(f, 100);
    is_down = true;
    future = fixture_send(&f->a, s, 1);
    assert_response(&f->a, &future, 1);
    future = fixture_send(&f->a, s, 1);
    cairn_future_drop(&future); /* with a copy in it that nobody took */
    future = fixture_send(&f->a, s, 2);
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "leaf", "down");
    assert_int_equal(fixture_number(s, "stale"), 1);
    cairn_service_drop(s);
}

static void least_recently_used_is_forgotten_when_it_is_full(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_cache(.key = key_of, .max_entries = 2));
    fetch(f, s, 1, 10);
    fetch(f, s, 2, 20);
    assert_hit(f, s, 1, 10);
    fetch(f, s, 3, 30);
    assert_hit(f, s, 1, 10);
    fetch(f, s, 2, 21);
    assert_int_equal(fixture_number(s, "evicted"), 2);
    cairn_service_drop(s);
}

static void readiness_is_inners(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    fetch(f, s, 1, 10);
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    cairn_mock_allow(f->mock, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_hit(f, s, 1, 10);
    cairn_service_drop(s);
}

static void assert_cache_refuses(struct fixture *f, struct cairn_service *s, int number)
{
    struct cairn_future future = fixture_send(&f->a, s, number);
    assert_failure(&f->a, &future, CAIRN_ERROR_OVERLOADED, "cache",
        "not in the cache, and the service is not ready");
}

static void hits_while_unready_answers_what_it_has_and_refuses_the_rest(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(
        f, cairn_cache(.key = key_of, .ttl_ms = 100, .stale_ms = 50, .hits_while_unready = true));
    fetch(f, s, 1, 10);
    cairn_mock_allow(f->mock, 0);
    assert_hit(f, s, 1, 10);
    assert_cache_refuses(f, s, 2);
    assert_cache_refuses(f, s, -1);
    assert_int_equal(fixture_number(s, "refused"), 2);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 0);
    fixture_advance(f, 100);
    assert_hit(f, s, 1, 10); /* stale, in place of the refusal */
    assert_int_equal(fixture_number(s, "stale"), 1);
    cairn_mock_allow(f->mock, 1);
    fetch(f, s, 2, 20);
    cairn_service_drop(s);
}

static void X001_ready_stays_ready_while_hits_are_served_unready(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s =
        fixture_around_mock(f, cairn_cache(.key = key_of, .hits_while_unready = true));
    cairn_mock_allow(f->mock, 0);
    assert_ready(&f->a, s);
    cairn_mock_allow(f->mock, 1);
    assert_ready(&f->a, s);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 1);
    struct cairn_service *copy = fixture_clone(s);
    struct cairn_future future = fixture_call(copy, 1); /* X002: not ready itself */
    assert_failure(&f->a, &future, CAIRN_ERROR_OVERLOADED, "cache",
        "not in the cache, and the service is not ready");
    cairn_service_release(s);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    cairn_service_drop(s);
    cairn_service_drop(copy);
}

static void hit_gives_its_permit_back(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(
        cairn_cache(.key = key_of), fixture_around_mock(f, cairn_concurrency_limit(.max = 1)));
    fetch(f, s, 1, 10);
    assert_hit(f, s, 1, 10);
    assert_hit(f, s, 1, 10);
    assert_int_equal(fixture_number(s, "in_flight"), 0);
    cairn_service_drop(s);
}

static void future_outlives_the_service_and_its_answer_is_kept_nowhere(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = around_mock(f);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    cairn_service_drop(s);
    assert_pending(&f->a, &future);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void coalesce_inside_fetches_what_has_expired_once(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(
        cairn_cache(.key = key_of), fixture_around_mock(f, cairn_coalesce(.key = key_of)));
    struct cairn_future first = fixture_send(&f->a, s, 1);
    struct cairn_future second = fixture_send(&f->b, s, 1);
    fixture_respond(f, 1, 10);
    assert_response(&f->a, &first, 10);
    assert_response(&f->b, &second, 10);
    assert_hit(f, s, 1, 10);
    assert_int_equal(cairn_mock_counts(f->mock).calls, 1);
    cairn_service_drop(s);
}

/* A store of one response, over a mock: the test answers each lookup by hand. */
struct slow_store {
    struct cairn_cache_store base;
    struct cairn_mock *mock;
    struct cairn_service *service;
    unsigned puts;
    unsigned freed;
};

static struct cairn_future slow_get(
    struct cairn_cache_store *base, struct cairn_str key, bool is_stale_welcome)
{
    struct slow_store *self = (struct slow_store *)base;
    const struct cairn_context cx = {0};
    struct cairn_error *error = NULL;
    (void)key;
    assert_int_equal(cairn_service_poll_ready(self->service, &cx, &error), CAIRN_READY);
    return cairn_service_call(self->service, cairn_test_value_new(is_stale_welcome));
}

static void slow_put(struct cairn_cache_store *base, struct cairn_str key, const void *response,
    uint64_t fresh_ms, uint64_t stale_ms)
{
    (void)response;
    assert_int_equal(key.length, 1);
    assert_int_equal(fresh_ms, 100);
    assert_int_equal(stale_ms, 50);
    ((struct slow_store *)base)->puts++;
}

static void slow_remove(struct cairn_cache_store *base, struct cairn_str key)
{
    (void)base;
    (void)key;
}

static void slow_free(struct cairn_cache_store *base)
{
    ((struct slow_store *)base)->freed++;
}

static void slow_open(struct slow_store *self)
{
    static const struct cairn_cache_store_ops ops = {.name = "slow",
        .get = slow_get,
        .put = slow_put,
        .remove = slow_remove,
        .free = slow_free,
        .waits = true};
    *self = (struct slow_store){.base = {&ops, 1, NULL}, .mock = cairn_mock_new(NULL)};
    self->service = cairn_mock_service(self->mock);
}

static void slow_close(struct slow_store *self)
{
    assert_int_equal(self->freed, 0);
    cairn_cache_store_unref(&self->base);
    assert_int_equal(self->freed, 1);
    cairn_service_drop(self->service);
    assert_int_equal(cairn_mock_counts(self->mock).futures, 0);
    cairn_mock_free(self->mock);
}

static struct cairn_service *around_slow(struct fixture *f, struct slow_store *store)
{
    slow_open(store);
    return fixture_around_mock(
        f, cairn_cache(.key = key_of, .ttl_ms = 100, .stale_ms = 50, .store = &store->base));
}

static void store_that_waits_is_asked_before_inner(void **state)
{
    struct fixture *f = *state;
    struct slow_store store;
    struct cairn_service *s = around_slow(f, &store);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &future);
    assert_nothing_sent(f);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 1);
    cairn_mock_respond(cairn_mock_expect(store.mock, 0), cairn_test_value_new(10));
    assert_true(cairn_harness_is_woken(&f->a));
    assert_response(&f->a, &future, 10);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(fixture_number(s, "hits"), 1);
    cairn_service_drop(s);
    slow_close(&store);
}

static void inner_is_called_when_the_store_has_nothing_or_fails(void **state)
{
    struct fixture *f = *state;
    struct slow_store store;
    struct cairn_service *s = around_slow(f, &store);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &future);
    cairn_mock_respond(cairn_mock_expect(store.mock, 0), NULL);
    assert_pending(&f->a, &future);
    fixture_respond(f, 1, 10);
    assert_response(&f->a, &future, 10);
    assert_int_equal(store.puts, 1);
    future = fixture_send(&f->a, s, 2);
    assert_pending(&f->a, &future);
    cairn_mock_request_drop(cairn_mock_expect(store.mock, 0)); /* fails */
    assert_pending(&f->a, &future);
    fixture_respond(f, 2, 20);
    assert_response(&f->a, &future, 20);
    assert_int_equal(fixture_number(s, "store_errors"), 1);
    assert_int_equal(fixture_number(s, "misses"), 2);
    cairn_service_drop(s);
    slow_close(&store);
}

static void store_that_waits_is_asked_for_a_stale_answer_after_an_error(void **state)
{
    struct fixture *f = *state;
    struct slow_store store;
    struct cairn_service *s = around_slow(f, &store);
    for (int i = 0; i < 2; i++) {
        struct cairn_future future = fixture_send(&f->a, s, 1);
        assert_pending(&f->a, &future);
        cairn_mock_respond(cairn_mock_expect(store.mock, 0), NULL);
        assert_pending(&f->a, &future);
        fixture_fail(f, 1, CAIRN_ERROR_UNAVAILABLE, "down");
        assert_pending(&f->a, &future);
        struct cairn_mock_request *lookup = cairn_mock_expect(store.mock, 1);
        cairn_mock_respond(lookup, i == 0 ? cairn_test_value_new(10) : NULL);
        if (i == 0)
            assert_response(&f->a, &future, 10);
        else
            assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "mock", "down");
    }
    cairn_service_drop(s);
    slow_close(&store);
}

static void lookup_that_is_given_up_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct slow_store store;
    struct cairn_service *s = around_slow(f, &store);
    struct cairn_future unpolled = fixture_send(&f->a, s, 1);
    struct cairn_future polled = fixture_send(&f->a, s, 1);
    assert_pending(&f->a, &polled);
    cairn_future_drop(&unpolled);
    cairn_service_drop(s);
    cairn_future_drop(&polled);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
    cairn_mock_request_drop(cairn_mock_next_request(store.mock));
    cairn_mock_request_drop(cairn_mock_next_request(store.mock));
    slow_close(&store);
}

static void store_may_be_shared_and_what_has_changed_removed(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_cache_store *store = cairn_cache_memory_new(
        &(struct cairn_cache_memory_options){
            .size = sizeof(struct cairn_cache_memory_options), .type = &cairn_test_value_type},
        &error);
    struct cairn_service *s = fixture_around_mock(f, cairn_cache(.key = key_of, .store = store));
    struct cairn_service *other =
        fixture_around_mock(f, cairn_cache(.key = key_of, .store = store));
    fetch(f, s, 1, 10);
    assert_hit(f, other, 1, 10);
    cairn_cache_store_remove(store, CAIRN_STR("1"));
    fetch(f, other, 1, 11);
    cairn_cache_store_unref(store);
    assert_hit(f, s, 1, 11);
    cairn_service_drop(s);
    cairn_service_drop(other);
}

static void ask_without_memory(void *cx)
{
    struct fixture f = {0};
    union cairn_outcome out;
    bool is_long = *(bool *)cx;
    cairn_test_alloc_exempt(true);
    f.runtime = cairn_test_runtime_new(&f.clock);
    struct cairn_service *s =
        fixture_apply(cairn_cache(.key = key_of, .ttl_ms = 100), cairn_test_echo(NULL));
    cairn_harness_init(&f.a, f.runtime);
    for (int i = 0; i < 2; i++) {
        struct cairn_test_value *request = cairn_test_value_new(is_long ? 1001 : 1);
        assert_ready(&f.a, s);
        cairn_test_alloc_exempt(false);
        struct cairn_future future = cairn_service_call(s, request);
        enum cairn_poll p = cairn_harness_poll(&f.a, &future, &out);
        cairn_test_alloc_exempt(true);
        assert_int_not_equal(p, CAIRN_PENDING);
        if (p == CAIRN_READY)
            cairn_test_value_drop(out.value);
        else
            assert_ptr_equal(out.error, &cairn_error_no_memory);
    }
    cairn_service_drop(s);
    cairn_harness_fini(&f.a);
    cairn_runtime_free(f.runtime);
    cairn_test_alloc_exempt(false);
}

static void survives_the_failure_of_each_allocation(void **state)
{
    bool is_long = false;
    (void)state;
    assert_true(cairn_test_each_allocation(ask_without_memory, &is_long) >= 4);
    is_long = true;
    assert_true(cairn_test_each_allocation(ask_without_memory, &is_long) >= 6);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void refuses_what_does_not_fit(void **state)
{
    static const struct cairn_mock_options fixed = {.size = sizeof(fixed),
        .request_type = &cairn_test_fixed_type,
        .response_type = &cairn_test_fixed_type};
    static const struct cairn_mock_options single = {.size = sizeof(single), .not_cloneable = true};
    static const struct cairn_type other = {.name = "test.other"};
    struct fixture *f = *state;
    struct cairn_mock *fixed_mock = cairn_mock_new(&fixed);
    struct cairn_mock *single_mock = cairn_mock_new(&single);
    struct slow_store store;
    slow_open(&store);
    assert_refused(cairn_cache_layer(NULL), cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "key must be set");
    assert_refused(cairn_cache(.key = key_of, .ttl_ms = 2592000001), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "ttl_ms must be 1 to 2592000000, got 2592000001");
    assert_refused(cairn_cache(.key = key_of, .stale_ms = 2592000001), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "stale_ms must be 0 to 2592000000, got 2592000001");
    assert_refused(cairn_cache(.key = key_of, .max_entries = 16777217), cairn_mock_service(f->mock),
        CAIRN_ERROR_INVALID, "max_entries must be 1 to 16777216, got 16777217");
    assert_refused(cairn_cache(.key = key_of, .max_entries = 5, .store = &store.base),
        cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "max_entries must be 0 with a store, which has its own bounds, got 5");
    assert_refused(cairn_cache(.key = key_of), cairn_mock_service(fixed_mock), CAIRN_ERROR_TYPE,
        "needs a response that can be cloned; test.fixed cannot");
    assert_refused(cairn_cache(.key = key_of, .store = &store.base),
        cairn_mock_service(single_mock), CAIRN_ERROR_TYPE,
        "needs a service that can be cloned for a store that waits (slow)");
    store.base.type = &other;
    assert_refused(cairn_cache(.key = key_of, .store = &store.base), cairn_mock_service(f->mock),
        CAIRN_ERROR_TYPE, "needs a store of test.value, got one of test.other (slow)");
    slow_close(&store);
    cairn_mock_free(fixed_mock);
    cairn_mock_free(single_mock);
}

static void defaults_are_10_seconds_1024_entries_and_no_stale_answers(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_cache(.key = key_of));
    assert_int_equal(fixture_number(s, "ttl"), 10000);
    assert_int_equal(fixture_number(s, "stale_for"), 0);
    assert_int_equal(fixture_number(s, "max_entries"), 1024);
    cairn_service_drop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cache_keeps_the_service_contract),
        cmocka_unit_test(cache_that_hits_while_unready_keeps_the_service_contract),
        fixture_test(answer_is_kept_for_its_time),
        fixture_test(copies_share_what_is_kept_and_applications_do_not),
        fixture_test(another_key_is_another_answer),
        fixture_test(request_without_a_key_is_not_looked_up),
        fixture_test(error_is_not_kept),
        fixture_test(only_what_keep_says_is_kept),
        fixture_test(stale_answer_stands_in_for_an_error),
        fixture_test(stale_answer_is_no_hit_while_inner_answers),
        fixture_test(stale_answer_stands_in_for_an_error_that_comes_at_once),
        fixture_test(least_recently_used_is_forgotten_when_it_is_full),
        fixture_test(readiness_is_inners),
        fixture_test(hits_while_unready_answers_what_it_has_and_refuses_the_rest),
        fixture_test(X001_ready_stays_ready_while_hits_are_served_unready),
        fixture_test(hit_gives_its_permit_back),
        fixture_test(future_outlives_the_service_and_its_answer_is_kept_nowhere),
        fixture_test(coalesce_inside_fetches_what_has_expired_once),
        fixture_test(store_that_waits_is_asked_before_inner),
        fixture_test(inner_is_called_when_the_store_has_nothing_or_fails),
        fixture_test(store_that_waits_is_asked_for_a_stale_answer_after_an_error),
        fixture_test(lookup_that_is_given_up_leaves_nothing),
        fixture_test(store_may_be_shared_and_what_has_changed_removed),
        cmocka_unit_test(survives_the_failure_of_each_allocation),
        fixture_test(refuses_what_does_not_fit),
        fixture_test(defaults_are_10_seconds_1024_entries_and_no_stale_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
