#include <cairn/layers/make_balance.h>

#include "fixture.h"

#include <cairn/service/service_fn.h>
#include <cairn/testkit/contract.h>

/* Discovery of one mock, whatever the target; takes the request. */
static struct cairn_stream *one_endpoint(struct cairn_mock *mock, void *target)
{
    struct cairn_service *service = cairn_mock_service(mock);
    cairn_test_value_drop(target);
    return cairn_discover_box(cairn_discover_list(&service, 1));
}

static void *discover(void *cx, void *target, struct cairn_error **error)
{
    struct cairn_stream *box = one_endpoint(cx, target);
    if (!box)
        *error = &cairn_error_no_memory;
    return box;
}

static struct cairn_service *registry(struct fixture *f)
{
    return cairn_service_fn(
        "registry", &cairn_test_value_type, &cairn_discover_type, discover, f->mock);
}

static struct cairn_layer layer(void)
{
    return cairn_make_balance(.request_type = &cairn_test_value_type,
        .response_type = &cairn_test_value_type);
}

static void *empty_discovery(void *cx)
{
    (void)cx;
    return cairn_discover_box((struct cairn_stream){0});
}

static void make_balance_keeps_the_service_contract(void **state)
{
    const struct cairn_layer checked = layer();
    const struct cairn_contract_options opts = {.size = sizeof(opts),
        .response_type = &cairn_discover_type,
        .new_response = empty_discovery};
    (void)state;
    cairn_contract_check_with(&checked, &opts);
}

static struct cairn_service *make(struct cairn_harness *harness, struct cairn_service *maker)
{
    union cairn_outcome out;
    struct cairn_future future = fixture_send(harness, maker, 1);
    assert_int_equal(cairn_harness_poll(harness, &future, &out), CAIRN_READY);
    return out.value;
}

static void each_target_gets_a_balancer_of_its_own(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *maker = fixture_apply(layer(), registry(f));
    assert_ptr_equal(maker->response_type, &cairn_service_type);
    struct cairn_service *first = make(&f->a, maker);
    struct cairn_service *second = make(&f->a, maker);
    assert_int_equal(fixture_number(maker, "made"), 2);
    cairn_service_drop(maker);
    assert_ready(&f->a, first);
    assert_int_equal(cairn_balance_len(first), 1);
    assert_true(cairn_balance_is_empty(second)); /* discovery is taken in when it is polled */
    struct cairn_future future = fixture_call(first, 5);
    fixture_respond(f, 5, 6);
    assert_response(&f->a, &future, 6);
    cairn_service_drop(first);
    cairn_service_drop(second);
}

static void an_error_of_inner_is_the_calls(void **state)
{
    struct fixture *f = *state;
    const struct cairn_mock_options opts = {
        .size = sizeof(opts), .response_type = &cairn_discover_type};
    struct cairn_mock *mock = cairn_mock_new(&opts);
    struct cairn_service *maker = fixture_apply(layer(), cairn_mock_service(mock));
    struct cairn_future future = fixture_send(&f->a, maker, 1);
    assert_pending(&f->a, &future);
    cairn_service_drop(maker);
    cairn_mock_fail(cairn_mock_expect(mock, 1),
        cairn_error_new(CAIRN_ERROR_NOT_FOUND, "registry", NULL, "no such service"));
    assert_failure(&f->a, &future, CAIRN_ERROR_NOT_FOUND, "registry", "no such service");
    cairn_mock_free(mock);
}

static void a_balancer_that_nobody_takes_is_dropped(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *maker = fixture_apply(layer(), registry(f));
    struct cairn_future future = fixture_send(&f->a, maker, 1);
    cairn_future_drop(&future);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
    cairn_service_drop(maker);
}

static void what_does_not_fit_is_refused_by_name(void **state)
{
    struct fixture *f = *state;
    assert_refused(cairn_make_balance(.seed = 1), registry(f), CAIRN_ERROR_INVALID,
        "request_type and response_type must be set");
    assert_refused(layer(), cairn_mock_service(f->mock), CAIRN_ERROR_TYPE,
        "needs a service from anything to discover, got one from test.value to test.value (mock)");
}

static void make_without_memory(void *cx)
{
    struct fixture *f = cx;
    union cairn_outcome out;
    const struct cairn_layer applied = layer();
    struct cairn_service *maker = cairn_layer_apply(&applied, registry(f));
    cairn_test_alloc_exempt(true);
    void *target = cairn_test_value_new(1);
    cairn_test_alloc_exempt(false);
    if (cairn_service_error(maker)) {
        cairn_test_value_drop(target);
        cairn_service_drop(maker);
        return;
    }
    struct cairn_future future = cairn_service_call(maker, target);
    if (cairn_harness_poll(&f->a, &future, &out) == CAIRN_READY)
        cairn_service_drop(out.value);
    else
        cairn_error_unref(out.error);
    cairn_service_drop(maker);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
}

static void without_memory_the_call_fails_and_nothing_is_lost(void **state)
{
    struct fixture f = {.runtime = NULL};
    (void)state;
    f.mock = cairn_mock_new(NULL);
    cairn_harness_init(&f.a, NULL);
    assert_true(cairn_test_each_allocation(make_without_memory, &f) > 8);
    cairn_harness_fini(&f.a);
    cairn_mock_free(f.mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(make_balance_keeps_the_service_contract),
        fixture_test(each_target_gets_a_balancer_of_its_own),
        fixture_test(an_error_of_inner_is_the_calls),
        fixture_test(a_balancer_that_nobody_takes_is_dropped),
        fixture_test(what_does_not_fit_is_refused_by_name),
        cmocka_unit_test(without_memory_the_call_fails_and_nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
