/* greeter_test.c - a service and a stack tested without sockets and without sleeping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/http/handler.h>
#include <cairn/http/router.h>
#include <cairn/layers/retry.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/call.h>
#include <cairn/service/stack.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/clock.h>
#include <cairn/testkit/harness.h>
#include <cairn/testkit/misuse.h>
#include <cairn/testkit/mock.h>
#include <cairn/testkit/value.h>

/* [app] */
static struct cairn_http_response *greet(struct cairn_http_request *req, void *state)
{
    struct cairn_str name = cairn_http_request_param(req, "name");
    (void)state;
    return cairn_http_bytes(req, 200, "text/plain", name);
}

static struct cairn_service *app(void)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/greet/{name}", cairn_http_handler(greet, NULL));
    return cairn_http_router_service(r);
}
/* [/app] */

struct world {
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct cairn_arena *arena;
    struct cairn_harness harness;
};

static int world_open(void **state)
{
    static struct world w;
    cairn_test_alloc_begin();
    w.runtime = cairn_test_runtime_new(&w.clock);
    w.arena = cairn_arena_new(NULL);
    cairn_harness_init(&w.harness, w.runtime);
    *state = &w;
    return 0;
}

static int world_close(void **state)
{
    struct world *w = *state;
    cairn_harness_fini(&w->harness);
    cairn_arena_free(w->arena);
    cairn_runtime_free(w->runtime);
    cairn_test_alloc_end();
    return 0;
}

/* [ask] */
static struct cairn_http_response *ask(
    struct world *w, enum cairn_http_method method, const char *target)
{
    union cairn_outcome out;
    struct cairn_http_request *req = cairn_http_request_new(w->arena, method, target);
    struct cairn_future answer = cairn_service_oneshot(app(), req);
    assert_int_equal(cairn_block_on(w->runtime, answer, &out), CAIRN_READY);
    return out.value;
}

static void greets_by_name(void **state)
{
    struct cairn_http_response *res = ask(*state, CAIRN_HTTP_GET, "/greet/Ada");
    assert_int_equal(res->status, 200);
    assert_true(cairn_str_equal(res->body, CAIRN_STR("Ada")));
}

static void knows_no_other_path(void **state)
{
    assert_int_equal(ask(*state, CAIRN_HTTP_GET, "/bye/Ada")->status, 404);
}
/* [/ask] */

/* [mock] */
static void second_attempt_answers_within_the_time_of_the_call(void **state)
{
    static struct cairn_error down = CAIRN_ERROR_STATIC(CAIRN_ERROR_UNAVAILABLE, "mock", "down");
    struct world *w = *state;
    union cairn_outcome out;
    struct cairn_mock *mock = cairn_mock_new(NULL);
    struct cairn_service *service = cairn_stack(cairn_mock_service(mock),
        cairn_timeout(.after_ms = 500), cairn_retry(.backoff = {.min_ms = 10, .max_ms = 10}));

    struct cairn_future call = cairn_service_oneshot(service, cairn_test_value_new(1));
    assert_int_equal(cairn_harness_poll(&w->harness, &call, &out), CAIRN_PENDING);
    cairn_mock_fail(cairn_mock_expect(mock, 1), &down);
    assert_int_equal(cairn_harness_poll(&w->harness, &call, &out), CAIRN_PENDING);

    cairn_test_clock_advance_ms(&w->clock, w->runtime, 10); /* the back-off */
    assert_true(cairn_harness_is_woken(&w->harness));
    assert_int_equal(cairn_harness_poll(&w->harness, &call, &out), CAIRN_PENDING);
    cairn_mock_respond(cairn_mock_expect(mock, 1), cairn_test_value_new(2));
    assert_int_equal(cairn_harness_poll(&w->harness, &call, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), 2);
    cairn_mock_free(mock);
}
/* [/mock] */

/* [memory] */
/* With any allocation failing the outcome is an answer or an error: no crash, no leak, no hang. */
static void greet_once(void *cx)
{
    struct cairn_error *error;
    union cairn_outcome out;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req =
        arena ? cairn_http_request_new(arena, CAIRN_HTTP_GET, "/greet/Ada") : NULL;
    (void)cx;
    if (runtime && req &&
        cairn_block_on(runtime, cairn_service_oneshot(app(), req), &out) == CAIRN_FAILED)
        cairn_error_unref(out.error);
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
}

static void survives_the_failure_of_each_allocation(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(greet_once, NULL) > 10);
}
/* [/memory] */

/* [misuse] */
static void poll_an_empty_future(void *cx)
{
    const struct cairn_context none = {0};
    struct cairn_future empty = {0};
    (void)cairn_future_poll(&empty, &none, cx);
}

static void empty_future_is_not_polled(void **state)
{
    union cairn_outcome out;
    (void)state;
    assert_string_equal(cairn_test_misuse(poll_an_empty_future, &out),
        "future: polled after it was complete, or empty");
}
/* [/misuse] */

#define world_test(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(greets_by_name),
        world_test(knows_no_other_path),
        world_test(second_attempt_answers_within_the_time_of_the_call),
        cmocka_unit_test(survives_the_failure_of_each_allocation),
        cmocka_unit_test(empty_future_is_not_polled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
