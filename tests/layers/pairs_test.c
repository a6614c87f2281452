#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/layers/adaptive_limit.h>
#include <cairn/layers/async_filter.h>
#include <cairn/layers/buffer.h>
#include <cairn/layers/cache.h>
#include <cairn/layers/circuit_breaker.h>
#include <cairn/layers/coalesce.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/deadline.h>
#include <cairn/layers/fail_fast.h>
#include <cairn/layers/fallback.h>
#include <cairn/layers/fault_injection.h>
#include <cairn/layers/filter.h>
#include <cairn/layers/gate.h>
#include <cairn/layers/hedge.h>
#include <cairn/layers/load_constant.h>
#include <cairn/layers/load_shed.h>
#include <cairn/layers/peak_ewma.h>
#include <cairn/layers/pending_requests.h>
#include <cairn/layers/priority_queue.h>
#include <cairn/layers/rate_limit.h>
#include <cairn/layers/rate_limit_keyed.h>
#include <cairn/layers/retry.h>
#include <cairn/layers/spawn_ready.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/map.h>
#include <cairn/service/stack.h>
#include <cairn/service/then.h>
#include <cairn/testkit/contract.h>
#include <cairn/testkit/mock.h>
#include <cairn/testkit/value.h>

#include "model.h"

struct entry {
    struct cairn_layer layer;
    struct cairn_contract_options opts;
};

static void *next_number(void *cx, void *value)
{
    (void)cx;
    cairn_test_value_set(value, cairn_test_value_number(value) + 1);
    return value;
}

static struct cairn_error *wrap_error(void *cx, struct cairn_error *error)
{
    (void)cx;
    return cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "pairs", error, "wrapped");
}

static enum cairn_poll same_outcome(void *cx, enum cairn_poll p, union cairn_outcome *out)
{
    (void)cx;
    (void)out;
    return p;
}

static struct cairn_future same_future(void *cx, struct cairn_future future)
{
    (void)cx;
    return future;
}

static struct cairn_future give_value(void *cx, void *value)
{
    (void)cx;
    return cairn_future_ready_of(&cairn_test_value_type, value);
}

static struct cairn_future give_outcome(void *cx, enum cairn_poll p, union cairn_outcome out)
{
    return p == CAIRN_READY ? give_value(cx, out.value) : cairn_future_failed(out.error);
}

static void *pass(void *cx, void *request, struct cairn_error **error)
{
    (void)cx;
    (void)error;
    return request;
}

static bool is_nothing(void *cx, const struct cairn_error *error)
{
    (void)cx;
    (void)error;
    return false;
}

static struct cairn_str any_key(void *cx, const void *request)
{
    (void)cx;
    (void)request;
    return CAIRN_STR("any");
}

/* Never the same: the suite wants each call to reach inner. */
static struct cairn_str new_key(void *cx, const void *request)
{
    static unsigned number;
    (void)cx;
    (void)request;
    number++;
    return cairn_str_of((const char *)&number, sizeof(number));
}

static struct cairn_str one_key(void *cx, const void *req)
{
    (void)cx;
    (void)req;
    return CAIRN_STR("all");
}

/* Limits that bite, so that a permit that is lost shows at once; times that no step reaches. */
static size_t all_layers(struct entry *out)
{
    static struct cairn_gate *gate; /* for the life of the program */
    static struct cairn_service *second;
    if (!second)
        second = cairn_test_echo(NULL);
    if (!gate)
        gate = cairn_gate_new(); /* open: a limit would be taken twice when it is both of a pair */
    const struct cairn_backoff backoff = {.min_ms = 10, .max_ms = 20};
    const struct cairn_backoff brief = {.min_ms = 10, .max_ms = 10};
    const struct entry entries[] = {
        {cairn_timeout(.after_ms = 3600000), {0}},
        {cairn_concurrency_limit(.max = 1), {0}},
        {cairn_rate_limit(.num = 1, .per_ms = 100), {.step_ms = 100}},
        {cairn_load_shed_layer(NULL), {.may_shed = true}},
        {cairn_retry(.attempts = 3, .backoff = backoff, .seed = 1),
            {.may_repeat = true, .step_ms = 100}},
        {cairn_hedge(.min_data_points = 1, .period_ms = 100), {.may_repeat = true, .step_ms = 100}},
        {cairn_buffer(.bound = 1), {.may_queue = true}},
        {cairn_spawn_ready(), {0}},
        {cairn_circuit_breaker(.failures = 1, .backoff = brief), {.may_shed = true}},
        {cairn_rate_limit_keyed(.key = one_key, .num = 1, .per_ms = 100, .max_wait_ms = 3600000,
             .keys = 1),
            {.may_queue = true, .step_ms = 100}},
        {cairn_adaptive_limit(.max = 1, .min_samples = 1), {0}},
        {cairn_deadline(.after_ms = 3600000), {0}},
        {cairn_priority_queue(.bound = 1), {.may_queue = true}},
        {cairn_map_request(NULL, next_number, NULL), {0}},
        {cairn_map_response(NULL, next_number, NULL), {0}},
        {cairn_map_error(wrap_error, NULL), {0}},
        {cairn_map_result(NULL, same_outcome, NULL), {0}},
        {cairn_map_future(NULL, same_future, NULL), {0}},
        {cairn_then(NULL, give_outcome, NULL), {0}},
        {cairn_and_then(NULL, give_value, NULL), {0}},
        {cairn_filter(.predicate = pass), {0}},
        {cairn_async_filter(.predicate = give_value), {0}},
        {cairn_pending_requests(), {0}},
        {cairn_peak_ewma(), {0}},
        {cairn_load_constant(1), {0}},
        {cairn_boxed(&cairn_test_value_type, &cairn_test_value_type), {0}},
        {cairn_fail_fast(.after_ms = 3600000), {0}},
        {cairn_gate(.gate = gate), {0}},
        {cairn_fallback(.service = second, .after_ms = 3600000, .on_error = is_nothing), {0}},
        {cairn_coalesce(.key = any_key), {0}},
        {cairn_cache(.key = new_key), {0}},
        {cairn_fault_injection(.enabled = true, .delay_percent = 50, .delay_min_ms = 1, .seed = 1),
            {.step_ms = 100}},
        {cairn_check(), {0}},
    };
    const size_t count = sizeof(entries) / sizeof(entries[0]);

    for (size_t i = 0; i < count; i++)
        out[i] = entries[i];
    return count;
}

static void X001_X002_X004_X005_hold_for_every_layer(void **state)
{
    struct entry entries[48];
    size_t count = all_layers(entries);

    (void)state;
    for (size_t i = 0; i < count; i++)
        cairn_contract_check_with(&entries[i].layer, &entries[i].opts);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void X001_X002_X004_X005_hold_for_every_pair_of_layers(void **state)
{
    struct entry entries[48];
    size_t count = all_layers(entries);

    (void)state;
    for (size_t outer = 0; outer < count; outer++)
        for (size_t inner = 0; inner < count; inner++)
            cairn_contract_check_pair(&entries[outer].layer, &entries[outer].opts,
                &entries[inner].layer, &entries[inner].opts);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void any_order_of_calls_leaks_nothing_and_loses_no_wake(void **state)
{
    struct entry entries[48];
    struct cairn_layer layers[48];
    size_t count = all_layers(entries);

    (void)state;
    for (size_t i = 0; i < count; i++)
        layers[i] = entries[i].layer;
    model_play(layers, count, 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(X001_X002_X004_X005_hold_for_every_layer),
        cmocka_unit_test(X001_X002_X004_X005_hold_for_every_pair_of_layers),
        cmocka_unit_test(any_order_of_calls_leaks_nothing_and_loses_no_wake),
    };

    return cmocka_run_group_tests_name("pairs", tests, NULL, NULL);
}
