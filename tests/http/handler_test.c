#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <cairn/http/handler.h>
#include <cairn/service/call.h>
#include <cairn/service/combine.h>
#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/clock.h>
#include <cairn/testkit/harness.h>

struct rig {
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct cairn_arena *arena;
    struct cairn_harness hand;
};

static int setup(void **state)
{
    static struct rig rig;
    cairn_test_alloc_begin();
    rig.runtime = cairn_test_runtime_new(&rig.clock);
    rig.arena = cairn_arena_new(NULL);
    cairn_harness_init(&rig.hand, rig.runtime);
    *state = &rig;
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;
    cairn_harness_fini(&rig->hand);
    cairn_arena_free(rig->arena);
    cairn_runtime_free(rig->runtime);
    cairn_test_alloc_end();
    return 0;
}

#define rig_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static struct cairn_http_response *echo(struct cairn_http_request *req, void *state)
{
    return state ? cairn_http_bytes(req, 201, state, req->target) : NULL;
}

static struct cairn_future call(struct rig *rig, struct cairn_service *service)
{
    struct cairn_error *error = NULL;
    assert_int_equal(cairn_harness_poll_ready(&rig->hand, service, &error), CAIRN_READY);
    return cairn_service_call(
        service, cairn_http_request_new(rig->arena, CAIRN_HTTP_GET, "/users/7"));
}

static void answers_at_once_with_what_the_function_returns(void **state)
{
    struct rig *rig = *state;
    union cairn_outcome out;
    char type[] = "text/plain";
    struct cairn_service *service = cairn_http_handler(echo, type);
    struct cairn_future future = call(rig, service);
    assert_true(cairn_future_is_complete(&future));
    assert_int_equal(cairn_harness_poll(&rig->hand, &future, &out), CAIRN_READY);
    struct cairn_http_response *res = out.value;
    assert_int_equal(res->status, 201);
    assert_memory_equal(res->body.data, "/users/7", 8);
    assert_true(cairn_str_equal(
        cairn_http_fields_get(&res->fields, CAIRN_STR("content-type")), CAIRN_STR("text/plain")));
    cairn_service_drop(service);
}

static void fails_without_memory_where_the_function_returns_null(void **state)
{
    struct rig *rig = *state;
    union cairn_outcome out;
    struct cairn_service *service = cairn_http_handler(echo, NULL);
    struct cairn_future future = call(rig, service);
    assert_int_equal(cairn_harness_poll(&rig->hand, &future, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, CAIRN_ERROR_MEMORY);
    cairn_service_drop(service);
}

static void *slept(void *req, void *nothing)
{
    assert_null(nothing);
    return cairn_http_text(req, 200, "slept");
}

static struct cairn_future sleep_for(struct cairn_http_request *req, void *state)
{
    assert_true(cairn_str_equal(req->path, CAIRN_STR("/users/7")));
    return cairn_future_map(cairn_sleep(*(uint64_t *)state), slept, req);
}

static struct cairn_future sleep_and_give_nothing(struct cairn_http_request *req, void *state)
{
    (void)req;
    return cairn_sleep(*(uint64_t *)state);
}

static void awaits_the_future_that_an_async_function_returns(void **state)
{
    struct rig *rig = *state;
    union cairn_outcome out;
    uint64_t ms = 20;
    struct cairn_service *service = cairn_http_async_handler(sleep_for, &ms);
    struct cairn_future future = call(rig, service);
    assert_int_equal(cairn_harness_poll(&rig->hand, &future, &out), CAIRN_PENDING);
    cairn_test_clock_advance_ms(&rig->clock, rig->runtime, 21);
    assert_true(cairn_harness_is_woken(&rig->hand));
    assert_int_equal(cairn_harness_poll(&rig->hand, &future, &out), CAIRN_READY);
    assert_int_equal(((struct cairn_http_response *)out.value)->status, 200);
    cairn_service_drop(service);
}

static void fails_without_memory_where_the_future_gives_null(void **state)
{
    struct rig *rig = *state;
    union cairn_outcome out;
    for (uint64_t ms = 0; ms < 2; ms++) { /* at once, and later */
        struct cairn_service *service = cairn_http_async_handler(sleep_and_give_nothing, &ms);
        struct cairn_future future = call(rig, service);
        if (ms) {
            assert_int_equal(cairn_harness_poll(&rig->hand, &future, &out), CAIRN_PENDING);
            cairn_test_clock_advance_ms(&rig->clock, rig->runtime, ms);
        }
        assert_int_equal(cairn_harness_poll(&rig->hand, &future, &out), CAIRN_FAILED);
        assert_int_equal(out.error->code, CAIRN_ERROR_MEMORY);
        cairn_service_drop(service);
    }
}

static void are_services_from_http_request_to_http_response_and_may_be_cloned(void **state)
{
    uint64_t ms = 0;
    struct cairn_service *services[] = {
        cairn_http_handler(echo, NULL), cairn_http_async_handler(sleep_for, &ms)};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct cairn_service *copy = cairn_service_clone(services[i]);
        assert_non_null(copy);
        assert_ptr_equal(copy->request_type, &cairn_http_request_type);
        assert_ptr_equal(copy->response_type, &cairn_http_response_type);
        struct cairn_future future = call(*state, copy);
        cairn_future_drop(&future);
        cairn_service_drop(copy);
        cairn_service_drop(services[i]);
    }
}

static void are_broken_without_memory(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        cairn_test_alloc_fail_at(1);
        struct cairn_service *service =
            i ? cairn_http_handler(echo, NULL) : cairn_http_async_handler(sleep_for, NULL);
        assert_int_equal(cairn_service_error(service)->code, CAIRN_ERROR_MEMORY);
        cairn_service_drop(service);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(answers_at_once_with_what_the_function_returns),
        rig_test(fails_without_memory_where_the_function_returns_null),
        rig_test(awaits_the_future_that_an_async_function_returns),
        rig_test(fails_without_memory_where_the_future_gives_null),
        rig_test(are_services_from_http_request_to_http_response_and_may_be_cloned),
        rig_test(are_broken_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
