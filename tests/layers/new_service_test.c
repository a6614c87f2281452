#include <cairn/service/new_service.h>

#include "fixture.h"

#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/load_shed.h>
#include <cairn/layers/reconnect.h>
#include <cairn/layers/router_cache.h>
#include <cairn/layers/timeout.h>

/* Two parameters, and layers that know nothing but these. */
CAIRN_PARAM(response_timeout, uint64_t)
CAIRN_PARAM(max_in_flight, size_t)
const struct cairn_param response_timeout_param = {"response_timeout"};
const struct cairn_param max_in_flight_param = {"max_in_flight"};

static struct cairn_layer timeout_of_target(const struct cairn_target *target)
{
    const uint64_t *after_ms = response_timeout_of(target);
    return after_ms ? cairn_timeout(.after_ms = *after_ms) : cairn_layer_none();
}

static struct cairn_layer limit_of_target(const struct cairn_target *target)
{
    const size_t *max = max_in_flight_of(target);
    return cairn_concurrency_limit(.max = max ? *max : 100);
}

static struct cairn_layer shed_always(const struct cairn_target *target)
{
    (void)target;
    return cairn_load_shed();
}

/* A kind of target. */
struct backend {
    const char *name;
    uint64_t timeout_ms; /* 0: none */
    size_t max;
};

static const struct backend quick = {"quick", 500, 1};
static const struct backend slow = {"slow", 2000, 0};
static const struct backend endless = {"endless", 0, 1};
static const struct backend wrong = {"wrong", 86400001, 1};
static const struct backend gone = {"gone", 500, 1};

static const void *backend_param(const struct cairn_target *target, const struct cairn_param *param)
{
    const struct backend *self = target->value;
    if (param == &response_timeout_param)
        return self->timeout_ms ? &self->timeout_ms : NULL;
    if (param == &max_in_flight_param)
        return self->max ? &self->max : NULL;
    return NULL;
}

static struct cairn_service *backend_leaf(const struct cairn_target *target)
{
    if (target->value == &gone)
        return cairn_service_broken(cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "leaf", NULL, "gone"));
    return cairn_mock_service(target->stack->cx);
}

static const struct cairn_new_layer backend_layers[] = {
    {shed_always}, {limit_of_target}, {timeout_of_target}};

static struct cairn_new_service definition(struct fixture *f)
{
    return (struct cairn_new_service){.name = "backend",
        .leaf = backend_leaf,
        .param = backend_param,
        .layers = backend_layers,
        .layer_count = 3,
        .cx = f->mock};
}

static struct cairn_service *make(const struct cairn_new_service *stack, const void *target)
{
    struct cairn_service *s = cairn_new_service_make(stack, target);
    assert_null(cairn_service_error(s));
    return s;
}

static void the_timeout_is_that_of_the_target(void **state)
{
    struct fixture *f = *state;
    const struct cairn_new_service stack = definition(f);
    struct cairn_service *a = make(&stack, &quick);
    struct cairn_service *b = make(&stack, &slow);
    struct cairn_service *c = make(&stack, &endless);
    struct cairn_future to_a = fixture_send(&f->a, a, 1);
    struct cairn_future to_b = fixture_send(&f->b, b, 2);
    struct cairn_future to_c = fixture_send(&f->b, c, 3);
    assert_pending(&f->a, &to_a);
    assert_pending(&f->b, &to_b);
    assert_pending(&f->b, &to_c);
    fixture_advance(f, 500);
    assert_failure(&f->a, &to_a, CAIRN_ERROR_ELAPSED, "timeout", "500 ms passed");
    assert_pending(&f->b, &to_b);
    fixture_advance(f, 1499);
    assert_pending(&f->b, &to_b);
    fixture_advance(f, 1);
    assert_failure(&f->b, &to_b, CAIRN_ERROR_ELAPSED, "timeout", "2000 ms passed");
    fixture_advance(f, 1000000);
    assert_pending(&f->b, &to_c); /* no parameter, no layer */
    cairn_future_drop(&to_c);
    cairn_service_drop(a);
    cairn_service_drop(b);
    cairn_service_drop(c);
}

static void assert_printed(const struct cairn_service *service, const char *text)
{
    char buffer[512] = "";
    FILE *out = fmemopen(buffer, sizeof(buffer), "w");
    cairn_stack_print(service, out);
    fclose(out);
    assert_string_equal(buffer, text);
}

static void the_first_layer_is_the_outermost_and_an_absent_parameter_a_default(void **state)
{
    struct fixture *f = *state;
    const struct cairn_new_service stack = definition(f);
    struct cairn_service *s = make(&stack, &quick);
    assert_printed(s, "load_shed  passed=0 shed=0\n"
                      "concurrency_limit(max=1)  in_flight=0 waiting=0\n"
                      "timeout(after=500ms)  elapsed=0\n"
                      "mock  calls=0 reserved=0 in_flight=0\n");
    cairn_service_drop(s);
    s = make(&stack, &slow);
    assert_int_equal(fixture_number(s, "max"), 100);
    cairn_service_drop(s);
}

static void each_stack_has_state_of_its_own(void **state)
{
    struct fixture *f = *state;
    const struct cairn_new_service stack = definition(f);
    struct cairn_service *a = make(&stack, &quick);
    struct cairn_service *b = make(&stack, &quick);
    struct cairn_future held = fixture_send(&f->a, a, 1);
    struct cairn_future shed = fixture_send(&f->a, a, 2);
    assert_failure(&f->a, &shed, CAIRN_ERROR_OVERLOADED, "load_shed", "the service is overloaded");
    struct cairn_future other = fixture_send(&f->a, b, 3);
    assert_pending(&f->a, &other);
    cairn_future_drop(&held);
    cairn_future_drop(&other);
    cairn_service_drop(a);
    cairn_service_drop(b);
}

static void assert_broken(
    struct cairn_service *service, enum cairn_error_code code, const char *message)
{
    const struct cairn_error *error = cairn_service_error(service);
    assert_non_null(error);
    assert_int_equal(error->code, code);
    assert_string_equal(error->message, message);
    cairn_service_drop(service);
}

static struct cairn_service *no_leaf(const struct cairn_target *target)
{
    (void)target;
    return NULL;
}

static void what_cannot_be_built_for_a_target_is_broken(void **state)
{
    struct fixture *f = *state;
    struct cairn_new_service stack = definition(f);
    assert_broken(cairn_new_service_make(&stack, &wrong), CAIRN_ERROR_INVALID,
        "after_ms must be 1 to 86400000, got 86400001");
    assert_broken(cairn_new_service_make(&stack, &gone), CAIRN_ERROR_UNAVAILABLE, "gone");
    cairn_service_drop(make(&stack, &quick)); /* and the others are not */
    stack.leaf = no_leaf;
    assert_broken(cairn_new_service_make(&stack, &quick), CAIRN_ERROR_MEMORY, "out of memory");
}

static void without_a_function_nothing_is_said(void **state)
{
    struct fixture *f = *state;
    struct cairn_new_service stack = definition(f);
    stack.param = NULL;
    struct cairn_service *s = make(&stack, &quick);
    assert_int_equal(fixture_number(s, "max"), 100);
    cairn_service_drop(s);
}

static struct cairn_service *numbered_leaf(const struct cairn_target *target)
{
    assert_int_equal(cairn_test_value_number(target->value), 7);
    return cairn_mock_service(target->stack->cx);
}

static const void *numbered_param(
    const struct cairn_target *target, const struct cairn_param *param)
{
    static const size_t two = 2; /* the stack adds what its targets do not know */
    (void)target;
    return param == &max_in_flight_param ? &two : NULL;
}

static struct cairn_new_service numbered(struct fixture *f)
{
    struct cairn_new_service stack = definition(f);
    stack.leaf = numbered_leaf;
    stack.param = numbered_param;
    stack.target_type = &cairn_test_value_type;
    return stack;
}

static void a_maker_takes_the_target(void **state)
{
    struct fixture *f = *state;
    const struct cairn_new_service stack = numbered(f);
    struct cairn_service *maker = cairn_new_service_maker(&stack);
    union cairn_outcome out;
    assert_ptr_equal(maker->request_type, &cairn_test_value_type);
    assert_ptr_equal(maker->response_type, &cairn_service_type);
    assert_printed(maker, "make_service(name=backend)\n");
    struct cairn_future future = fixture_send(&f->a, maker, 7);
    assert_int_equal(cairn_test_value_live(), 0);
    assert_int_equal(cairn_harness_poll(&f->a, &future, &out), CAIRN_READY);
    assert_int_equal(fixture_number(out.value, "max"), 2);
    cairn_service_drop(out.value);
    cairn_service_drop(maker);
}

static void a_broken_stack_fails_the_call_of_the_maker(void **state)
{
    struct fixture *f = *state;
    const struct cairn_new_service stack = definition(f);
    struct cairn_service *maker = cairn_new_service_maker(&stack);
    assert_ready(&f->a, maker);
    struct cairn_future future = cairn_service_call(maker, (void *)(size_t)&gone);
    assert_failure(&f->a, &future, CAIRN_ERROR_UNAVAILABLE, "leaf", "gone");
    cairn_service_drop(maker);
}

static void reconnect_takes_it_as_a_maker(void **state)
{
    struct fixture *f = *state;
    const struct cairn_new_service stack = numbered(f);
    struct cairn_test_value *target = cairn_test_value_new(7);
    struct cairn_service *s = cairn_reconnect(cairn_new_service_maker(&stack), .target = target,
        .request_type = &cairn_test_value_type, .response_type = &cairn_test_value_type);
    assert_null(cairn_service_error(s));
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    cairn_service_drop(s);
    cairn_test_value_drop(target);
}

/* The name of a target is the key of a router cache. */
static struct cairn_str target_name(void *cx, const void *request)
{
    (void)cx;
    return cairn_str_from(cairn_test_value_number(request) == 1 ? "quick" : "slow");
}

static struct cairn_service *make_by_name(void *stack, struct cairn_str key)
{
    return cairn_new_service_make(stack, cairn_str_equal(key, CAIRN_STR("quick")) ? &quick : &slow);
}

static void router_cache_makes_a_stack_for_each_key(void **state)
{
    struct fixture *f = *state;
    struct cairn_new_service stack = definition(f);
    struct cairn_service *s = cairn_router_cache_new(
        &(struct cairn_router_cache_options){.size = sizeof(struct cairn_router_cache_options),
            .request_type = &cairn_test_value_type,
            .response_type = &cairn_test_value_type,
            .key = target_name,
            .make = make_by_name,
            .cx = &stack});
    struct cairn_future a = fixture_send(&f->a, s, 1);
    struct cairn_future b = fixture_send(&f->b, s, 2);
    assert_pending(&f->a, &a);
    assert_pending(&f->b, &b);
    fixture_advance(f, 500);
    assert_failure(&f->a, &a, CAIRN_ERROR_ELAPSED, "timeout", "500 ms passed");
    fixture_respond(f, 1, 0); /* which nobody waits for any more */
    fixture_respond(f, 2, 20);
    assert_response(&f->b, &b, 20);
    cairn_service_drop(s);
}

/* Every allocation of a stack that is made for a target. */
static void make_one(void *cx)
{
    const struct cairn_new_service *stack = cx;
    struct cairn_service *s = cairn_new_service_make(stack, &quick);
    const struct cairn_error *error = cairn_service_error(s);
    if (error)
        assert_int_equal(error->code, CAIRN_ERROR_MEMORY);
    cairn_service_drop(s);
}

static struct cairn_service *echo_leaf(const struct cairn_target *target)
{
    (void)target;
    return cairn_test_echo(NULL);
}

static void every_allocation_may_fail(void **state)
{
    struct cairn_new_service stack = {.name = "backend",
        .leaf = echo_leaf,
        .param = backend_param,
        .layers = backend_layers,
        .layer_count = 3};
    (void)state;
    assert_in_range(cairn_test_each_allocation(make_one, &stack), 4, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_timeout_is_that_of_the_target),
        fixture_test(the_first_layer_is_the_outermost_and_an_absent_parameter_a_default),
        fixture_test(each_stack_has_state_of_its_own),
        fixture_test(what_cannot_be_built_for_a_target_is_broken),
        fixture_test(without_a_function_nothing_is_said),
        fixture_test(a_maker_takes_the_target),
        fixture_test(a_broken_stack_fails_the_call_of_the_maker),
        fixture_test(reconnect_takes_it_as_a_maker),
        fixture_test(router_cache_makes_a_stack_for_each_key),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
