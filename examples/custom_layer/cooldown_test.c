#include "cooldown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/testkit/alloc.h>
#include <cairn/testkit/clock.h>
#include <cairn/testkit/contract.h>
#include <cairn/testkit/harness.h>
#include <cairn/testkit/mock.h>
#include <cairn/testkit/value.h>

/* [contract] */
static void cooldown_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cooldown(.failures = 1, .rest_ms = 100);
    const struct cairn_contract_options opts = {.size = sizeof(opts), .step_ms = 100};
    (void)state;
    cairn_contract_check_with(&layer, &opts);
}
/* [/contract] */

/* [world] */
struct world {
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct cairn_mock *mock;
    struct cairn_harness harness;
    struct cairn_service *service; /* cooldown(3 failures, 500 ms) around the mock */
};

static int world_open(void **state)
{
    static struct world w;
    const struct cairn_layer layer = cooldown(.failures = 3, .rest_ms = 500);
    cairn_test_alloc_begin(); /* from here on, one leaked byte fails the test */
    w.runtime = cairn_test_runtime_new(&w.clock);
    w.mock = cairn_mock_new(NULL);
    cairn_harness_init(&w.harness, w.runtime);
    w.service = cairn_layer_apply(&layer, cairn_mock_service(w.mock));
    *state = &w;
    return 0;
}

static int world_close(void **state)
{
    struct world *w = *state;
    cairn_service_drop(w->service);
    cairn_mock_free(w->mock);
    cairn_harness_fini(&w->harness);
    cairn_runtime_free(w->runtime);
    cairn_test_alloc_end();
    return 0;
}
/* [/world] */

/* [steps] */
static enum cairn_poll ready(struct world *w, struct cairn_service *service)
{
    struct cairn_error *error = NULL;
    return cairn_harness_poll_ready(&w->harness, service, &error);
}

/* One call through the layer, which the mock fails. */
static void fail_one(struct world *w)
{
    static struct cairn_error down = CAIRN_ERROR_STATIC(CAIRN_ERROR_UNAVAILABLE, "mock", "down");
    union cairn_outcome out;
    assert_int_equal(ready(w, w->service), CAIRN_READY);
    struct cairn_future future = cairn_service_call(w->service, cairn_test_value_new(1));
    cairn_mock_fail(cairn_mock_expect(w->mock, 1), &down);
    assert_int_equal(cairn_harness_poll(&w->harness, &future, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &down);
}
/* [/steps] */

static void succeed_one(struct world *w)
{
    union cairn_outcome out;
    assert_int_equal(ready(w, w->service), CAIRN_READY);
    struct cairn_future future = cairn_service_call(w->service, cairn_test_value_new(1));
    cairn_mock_respond(cairn_mock_expect(w->mock, 1), cairn_test_value_new(2));
    assert_int_equal(cairn_harness_poll(&w->harness, &future, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), 2);
}

static void advance(struct world *w, uint64_t ms)
{
    cairn_test_clock_advance_ms(&w->clock, w->runtime, ms);
}

/* [case] */
static void rests_after_three_failures_in_a_row(void **state)
{
    struct world *w = *state;
    fail_one(w);
    fail_one(w);
    fail_one(w);
    assert_int_equal(ready(w, w->service), CAIRN_PENDING);
    advance(w, 499);
    assert_false(cairn_harness_is_woken(&w->harness));
    advance(w, 1);
    assert_true(cairn_harness_is_woken(&w->harness));
    assert_int_equal(ready(w, w->service), CAIRN_READY);
}
/* [/case] */

static void success_ends_the_row(void **state)
{
    struct world *w = *state;
    fail_one(w);
    fail_one(w);
    succeed_one(w);
    fail_one(w);
    fail_one(w);
    assert_int_equal(ready(w, w->service), CAIRN_READY);
}

static void call_that_is_given_up_does_not_count(void **state)
{
    struct world *w = *state;
    fail_one(w);
    fail_one(w);
    assert_int_equal(ready(w, w->service), CAIRN_READY);
    struct cairn_future future = cairn_service_call(w->service, cairn_test_value_new(1));
    cairn_future_drop(&future);
    cairn_mock_request_drop(cairn_mock_expect(w->mock, 1));
    assert_int_equal(ready(w, w->service), CAIRN_READY);
}

/* [ready_stays] */
static void handle_that_was_ready_stays_ready_when_a_rest_begins(void **state)
{
    struct world *w = *state;
    struct cairn_service *copy = cairn_service_clone(w->service);
    assert_int_equal(ready(w, copy), CAIRN_READY);
    fail_one(w);
    fail_one(w);
    fail_one(w);
    assert_int_equal(ready(w, copy), CAIRN_READY);
    assert_int_equal(ready(w, w->service), CAIRN_PENDING);
    cairn_service_drop(copy);
}
/* [/ready_stays] */

static void copies_rest_together(void **state)
{
    struct world *w = *state;
    struct cairn_service *copy = cairn_service_clone(w->service);
    fail_one(w);
    fail_one(w);
    fail_one(w);
    assert_int_equal(ready(w, copy), CAIRN_PENDING);
    advance(w, 500);
    assert_int_equal(ready(w, copy), CAIRN_READY);
    cairn_service_drop(copy);
}

static void options_out_of_range_are_refused_by_name(void **state)
{
    struct world *w = *state;
    const struct cairn_layer layer = cooldown(.failures = 1001);
    struct cairn_service *broken = cairn_layer_apply(&layer, cairn_mock_service(w->mock));
    assert_string_equal(
        cairn_service_error(broken)->message, "failures must be 1 to 1000, got 1001");
    cairn_service_drop(broken);
}

/* [main] */
#define world_test(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cooldown_keeps_the_service_contract),
        world_test(rests_after_three_failures_in_a_row),
        world_test(success_ends_the_row),
        world_test(call_that_is_given_up_does_not_count),
        world_test(handle_that_was_ready_stays_ready_when_a_rest_begins),
        world_test(copies_rest_together),
        world_test(options_out_of_range_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
/* [/main] */
