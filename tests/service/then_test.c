#include <cairn/service/then.h>

#include "fixture.h"

/* Goes on with another service, of the mock in CX. */
static struct cairn_future ask_other(void *cx, void *response)
{
    struct cairn_service *other = cx;
    const struct cairn_context spot = {0};
    struct cairn_error *error = NULL;
    assert_int_equal(cairn_service_poll_ready(other, &spot, &error), CAIRN_READY);
    return cairn_service_call(other, response);
}

static struct cairn_future pass_on(void *cx, enum cairn_poll p, union cairn_outcome out)
{
    (void)cx;
    if (p == CAIRN_FAILED)
        return cairn_future_failed(out.error);
    return cairn_future_ready_of(&cairn_test_value_type, out.value);
}

static struct cairn_future pass_value_on(void *cx, void *response)
{
    (void)cx;
    return cairn_future_ready_of(&cairn_test_value_type, response);
}

static struct cairn_future pass_plain_on(void *cx, void *response)
{
    (void)cx;
    return cairn_future_ready(response);
}

static struct cairn_future pass_any_on(void *cx, enum cairn_poll p, union cairn_outcome out)
{
    (void)cx;
    return p == CAIRN_FAILED ? cairn_future_failed(out.error) : cairn_future_ready(out.value);
}

/* A value becomes an error, an error the value 99. */
static struct cairn_future swap(void *cx, enum cairn_poll p, union cairn_outcome out)
{
    ++*(unsigned *)cx;
    if (p == CAIRN_FAILED) {
        cairn_error_unref(out.error);
        return cairn_future_ready_of(&cairn_test_value_type, cairn_test_value_new(99));
    }
    cairn_test_value_drop(out.value);
    return cairn_future_failed(
        cairn_error_new(CAIRN_ERROR_REJECTED, "test", NULL, "a value is not wanted"));
}

static void then_and_and_then_keep_the_service_contract(void **state)
{
    const struct cairn_layer then = cairn_then(NULL, pass_on, NULL);
    const struct cairn_layer and_then = cairn_and_then(NULL, pass_value_on, NULL);
    (void)state;
    cairn_contract_check(&then);
    cairn_contract_check(&and_then);
}

static void around(struct fixture *f, struct cairn_layer layer)
{
    f->service = cairn_stack_build(f->service, &layer, 1);
    assert_null(cairn_service_error(f->service));
}

static void X034_then_sees_both_outcomes(void **state)
{
    struct fixture *f = *state;
    unsigned calls = 0;
    around(f, cairn_then(NULL, swap, &calls));
    struct cairn_future future = fixture_send(f, f->service, 1);
    fixture_respond(f, 1, 10);
    assert_failure(f, &future, "a value is not wanted");
    future = fixture_send(f, f->service, 2);
    fixture_fail(f, 2, "no");
    assert_response(f, &future, 99);
    assert_int_equal(calls, 2);
}

static void and_then_goes_on_with_the_next_future(void **state)
{
    struct fixture *f = *state;
    struct cairn_mock *second = cairn_mock_new(NULL);
    struct cairn_service *other = cairn_mock_service(second);
    around(f, cairn_and_then(NULL, ask_other, other));
    struct cairn_future future = fixture_send(f, f->service, 1);
    assert_pending(f, &future);
    fixture_respond(f, 1, 10);
    assert_true(cairn_harness_is_woken(&f->harness));
    assert_pending(f, &future);
    cairn_mock_respond(cairn_mock_expect(second, 10), cairn_test_value_new(100));
    assert_true(cairn_harness_is_woken(&f->harness));
    assert_response(f, &future, 100);
    cairn_service_drop(other);
    cairn_mock_free(second);
}

static void room_of_inner_is_free_while_the_next_future_runs(void **state)
{
    struct fixture *f = *state;
    struct cairn_mock *second = cairn_mock_new(NULL);
    struct cairn_service *other = cairn_mock_service(second);
    around(f, cairn_and_then(NULL, ask_other, other));
    struct cairn_future future = fixture_send(f, f->service, 1);
    fixture_respond(f, 1, 10);
    assert_pending(f, &future);
    assert_int_equal(cairn_mock_counts(f->mock).futures, 0);
    struct cairn_mock_request *request = cairn_mock_expect(second, 10);
    cairn_service_drop(f->service); /* the call goes on without it */
    f->service = NULL;
    cairn_mock_respond(request, cairn_test_value_new(100));
    assert_response(f, &future, 100);
    cairn_service_drop(other);
    cairn_mock_free(second);
}

static void and_then_leaves_errors_alone(void **state)
{
    struct fixture *f = *state;
    around(f, cairn_and_then(NULL, ask_other, NULL));
    struct cairn_future future = fixture_send(f, f->service, 1);
    fixture_fail(f, 1, "no");
    assert_failure(f, &future, "no");
}

static void dropping_cancels_whichever_future_runs(void **state)
{
    struct fixture *f = *state;
    struct cairn_mock *second = cairn_mock_new(NULL);
    struct cairn_service *other = cairn_mock_service(second);
    around(f, cairn_and_then(NULL, ask_other, other));
    struct cairn_future first = fixture_send(f, f->service, 1);
    struct cairn_mock_request *request = cairn_mock_expect(f->mock, 1);
    assert_pending(f, &first);
    cairn_future_drop(&first);
    assert_true(cairn_mock_is_abandoned(request));
    cairn_mock_request_drop(request);
    first = fixture_send(f, f->service, 2);
    fixture_respond(f, 2, 20);
    assert_pending(f, &first);
    request = cairn_mock_expect(second, 20);
    cairn_future_drop(&first);
    assert_true(cairn_mock_is_abandoned(request));
    cairn_mock_request_drop(request);
    cairn_service_drop(other);
    cairn_mock_free(second);
}

static void readiness_and_its_errors_pass_through(void **state)
{
    struct fixture *f = *state;
    unsigned calls = 0;
    around(f, cairn_then(NULL, swap, &calls));
    cairn_mock_allow(f->mock, 0);
    assert_int_equal(fixture_ready(f, f->service), CAIRN_PENDING);
    cairn_mock_fail_ready(f->mock, cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "dead"));
    assert_dead(f, f->service, "dead");
    assert_int_equal(calls, 0);
}

static void response_type_may_change(void **state)
{
    struct fixture *f = *state;
    around(f, cairn_then(&cairn_test_fixed_type, pass_on, NULL));
    assert_ptr_equal(f->service->request_type, &cairn_test_value_type);
    assert_ptr_equal(f->service->response_type, &cairn_test_fixed_type);
}

static void nothing_is_allocated_where_all_is_complete_at_once(void **state)
{
    static const struct cairn_type plain = {.name = "test.plain"};
    struct fixture *f = *state;
    const struct cairn_layer layers[] = {
        cairn_then(NULL, pass_any_on, NULL), cairn_and_then(NULL, pass_plain_on, NULL)};
    struct cairn_service *service = cairn_stack_build(cairn_test_echo(&plain), layers, 2);
    int value = 5;
    assert_int_equal(fixture_ready(f, service), CAIRN_READY);
    size_t before = cairn_test_alloc_count();
    struct cairn_future future = cairn_service_call(service, &value);
    assert_int_equal(cairn_test_alloc_count(), before);
    assert_true(cairn_future_is_complete(&future));
    cairn_future_drop(&future);
    cairn_service_drop(service);
}

static void layer_without_its_function_is_refused(void **state)
{
    const struct cairn_layer layers[] = {
        cairn_then(NULL, NULL, NULL), cairn_and_then(NULL, NULL, NULL)};
    (void)state;
    for (size_t i = 0; i < 2; i++)
        assert_broken(cairn_stack_build(cairn_test_echo(NULL), &layers[i], 1), CAIRN_ERROR_INVALID,
            "needs a function");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(then_and_and_then_keep_the_service_contract),
        fixture_test(X034_then_sees_both_outcomes),
        fixture_test(and_then_goes_on_with_the_next_future),
        fixture_test(room_of_inner_is_free_while_the_next_future_runs),
        fixture_test(and_then_leaves_errors_alone),
        fixture_test(dropping_cancels_whichever_future_runs),
        fixture_test(readiness_and_its_errors_pass_through),
        fixture_test(response_type_may_change),
        fixture_test(nothing_is_allocated_where_all_is_complete_at_once),
        cmocka_unit_test(layer_without_its_function_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
