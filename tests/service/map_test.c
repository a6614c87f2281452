#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/service/map.h>
#include <cairn/service/stack.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/contract.h>
#include <cairn/testkit/harness.h>
#include <cairn/testkit/misuse.h>
#include <cairn/testkit/mock.h>
#include <cairn/testkit/value.h>

struct counted {
    int add;
    unsigned calls;
};

static void *add(void *cx, void *value)
{
    struct counted *self = cx;

    self->calls++;
    cairn_test_value_set(value, cairn_test_value_number(value) + self->add);
    return value;
}

static void *find_no_memory(void *cx, void *value)
{
    (void)cx;
    cairn_test_value_drop(value);
    return NULL;
}

static struct cairn_error *wrap(void *cx, struct cairn_error *error)
{
    ((struct counted *)cx)->calls++;
    return cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "wrap", error, "mapped");
}

struct fixture {
    struct cairn_harness harness;
    struct cairn_mock *mock;
    struct cairn_service *service;
    struct counted counted;
};

static int fixture_open(void **state)
{
    static struct fixture self;

    cairn_test_alloc_begin();
    cairn_harness_init(&self.harness, NULL);
    self.mock = cairn_mock_new(NULL);
    self.service = cairn_mock_service(self.mock);
    self.counted = (struct counted){.add = 10};
    *state = &self;
    return 0;
}

static int fixture_close(void **state)
{
    struct fixture *self = *state;

    cairn_service_drop(self->service);
    assert_int_equal(cairn_mock_counts(self->mock).futures, 0);
    assert_int_equal(cairn_mock_counts(self->mock).reserved, 0);
    cairn_mock_free(self->mock);
    cairn_harness_fini(&self->harness);
    assert_int_equal(cairn_test_value_live(), 0);
    cairn_test_alloc_end();
    return 0;
}

static void around(struct fixture *self, struct cairn_layer layer)
{
    self->service = cairn_stack_build(self->service, &layer, 1);
    assert_null(cairn_service_error(self->service));
}

static enum cairn_poll ready(struct fixture *self, struct cairn_error **error)
{
    return cairn_harness_poll_ready(&self->harness, self->service, error);
}

static struct cairn_future call(struct fixture *self, int number)
{
    struct cairn_error *error = NULL;

    assert_int_equal(ready(self, &error), CAIRN_READY);
    return cairn_service_call(self->service, cairn_test_value_new(number));
}

static void X035_map_request_is_applied_at_call_and_not_at_readiness(void **state)
{
    struct fixture *self = *state;
    struct cairn_error *error = NULL;
    struct cairn_future future;

    around(self, cairn_map_request(NULL, add, &self->counted));
    assert_int_equal(ready(self, &error), CAIRN_READY);
    assert_int_equal(self->counted.calls, 0);
    future = call(self, 1);
    assert_int_equal(self->counted.calls, 1);
    cairn_mock_request_drop(cairn_mock_expect(self->mock, 11));
    cairn_future_drop(&future);
}

static void map_request_may_change_the_type(void **state)
{
    struct fixture *self = *state;

    around(self, cairn_map_request(&cairn_test_fixed_type, add, &self->counted));
    assert_ptr_equal(self->service->request_type, &cairn_test_fixed_type);
    assert_ptr_equal(self->service->response_type, &cairn_test_value_type);
}

static void map_request_that_finds_no_memory_fails_the_call_and_releases(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future;
    union cairn_outcome out;

    around(self, cairn_map_request(NULL, find_no_memory, NULL));
    cairn_mock_allow(self->mock, 1);
    future = call(self, 1);
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &cairn_error_no_memory);
    assert_int_equal(cairn_mock_counts(self->mock).calls, 0);
    assert_int_equal(cairn_mock_counts(self->mock).reserved, 0);
}

static void map_response_changes_what_the_caller_gets(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future;
    union cairn_outcome out;

    around(self, cairn_map_response(&cairn_test_fixed_type, add, &self->counted));
    assert_ptr_equal(self->service->request_type, &cairn_test_value_type);
    assert_ptr_equal(self->service->response_type, &cairn_test_fixed_type);
    future = call(self, 1);
    cairn_mock_respond(cairn_mock_expect(self->mock, 1), cairn_test_value_new(2));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), 12);
}

static void map_response_leaves_errors_alone(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future;
    union cairn_outcome out;

    around(self, cairn_map_response(NULL, add, &self->counted));
    future = call(self, 1);
    cairn_mock_fail(
        cairn_mock_expect(self->mock, 1), cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "no"));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, CAIRN_ERROR_USER);
    assert_int_equal(self->counted.calls, 0);
    cairn_error_unref(out.error);
}

static void map_error_changes_the_error_of_a_call(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future;
    union cairn_outcome out;

    around(self, cairn_map_error(wrap, &self->counted));
    future = call(self, 1);
    cairn_mock_fail(
        cairn_mock_expect(self->mock, 1), cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "no"));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_FAILED);
    assert_string_equal(out.error->message, "mapped");
    assert_non_null(cairn_error_find(out.error, CAIRN_ERROR_USER));
    cairn_error_unref(out.error);
}

static void X034_map_error_maps_the_errors_of_readiness_too(void **state)
{
    struct fixture *self = *state;
    struct cairn_error *error = NULL;

    around(self, cairn_map_error(wrap, &self->counted));
    cairn_mock_fail_ready(self->mock, cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "dead"));
    assert_int_equal(ready(self, &error), CAIRN_FAILED);
    assert_string_equal(error->message, "mapped");
    assert_int_equal(error->source->code, CAIRN_ERROR_USER);
    cairn_error_unref(error);
}

static void map_error_leaves_responses_and_pending_alone(void **state)
{
    struct fixture *self = *state;
    struct cairn_error *error = NULL;
    struct cairn_future future;
    union cairn_outcome out;

    around(self, cairn_map_error(wrap, &self->counted));
    cairn_mock_allow(self->mock, 0);
    assert_int_equal(ready(self, &error), CAIRN_PENDING);
    assert_null(error);
    cairn_mock_allow(self->mock, 1);
    future = call(self, 1);
    cairn_mock_respond(cairn_mock_expect(self->mock, 1), cairn_test_value_new(2));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), 2);
    assert_int_equal(self->counted.calls, 0);
}

static void readiness_passes_through(void **state)
{
    struct fixture *self = *state;
    struct cairn_error *error = NULL;

    around(self, cairn_map_request(NULL, add, &self->counted));
    around(self, cairn_map_response(NULL, add, &self->counted));
    cairn_mock_allow(self->mock, 0);
    assert_int_equal(ready(self, &error), CAIRN_PENDING);
    cairn_mock_allow(self->mock, 1);
    assert_true(cairn_harness_is_woken(&self->harness));
    assert_int_equal(ready(self, &error), CAIRN_READY);
    assert_int_equal(cairn_mock_counts(self->mock).reserved, 1);
}

/* A value becomes an error, an error the value 99, if there is memory for it. */
static enum cairn_poll swap_outcome(void *cx, enum cairn_poll p, union cairn_outcome *out)
{
    ((struct counted *)cx)->calls++;
    if (p == CAIRN_READY) {
        cairn_test_value_drop(out->value);
        out->error = cairn_error_new(CAIRN_ERROR_REJECTED, "test", NULL, "not wanted");
        return CAIRN_FAILED;
    }
    cairn_error_unref(out->error);
    out->value = cairn_test_value_new(99);
    return CAIRN_READY;
}

static enum cairn_poll same_outcome(void *cx, enum cairn_poll p, union cairn_outcome *out)
{
    ((struct counted *)cx)->calls++;
    (void)out;
    return p;
}

static void X034_map_result_sees_both_outcomes(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future;
    union cairn_outcome out;

    around(self, cairn_map_result(NULL, swap_outcome, &self->counted));
    future = call(self, 1);
    cairn_mock_respond(cairn_mock_expect(self->mock, 1), cairn_test_value_new(2));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_FAILED);
    assert_string_equal(out.error->message, "not wanted");
    cairn_error_unref(out.error);
    future = call(self, 3);
    cairn_mock_fail(
        cairn_mock_expect(self->mock, 3), cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "no"));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), 99);
    assert_int_equal(self->counted.calls, 2);
}

static void map_result_does_not_see_the_errors_of_readiness(void **state)
{
    struct fixture *self = *state;
    struct cairn_error *error = NULL;

    around(self, cairn_map_result(NULL, swap_outcome, &self->counted));
    cairn_mock_fail_ready(self->mock, cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "dead"));
    assert_int_equal(ready(self, &error), CAIRN_FAILED);
    assert_string_equal(error->message, "dead");
    assert_int_equal(self->counted.calls, 0);
    cairn_error_unref(error);
}

static void map_result_may_change_the_type_and_values_that_nobody_polls_are_dropped(void **state)
{
    struct fixture *self = *state;
    static const struct cairn_type plain = {.name = "test.plain"};
    const struct cairn_layer layer =
        cairn_map_result(&cairn_test_value_type, same_outcome, &self->counted);
    struct cairn_service *service = cairn_stack_build(cairn_test_echo(&plain), &layer, 1);
    struct cairn_error *error = NULL;

    assert_ptr_equal(service->request_type, &plain);
    assert_ptr_equal(service->response_type, &cairn_test_value_type);
    assert_int_equal(cairn_harness_poll_ready(&self->harness, service, &error), CAIRN_READY);
    struct cairn_future future = cairn_service_call(service, cairn_test_value_new(1));
    cairn_future_drop(&future);
    assert_int_equal(cairn_test_value_live(), 0);
    cairn_service_drop(service);
}

static enum cairn_poll forget(void *cx, enum cairn_poll p, union cairn_outcome *out)
{
    (void)cx;
    (void)p;
    (void)out;
    return CAIRN_PENDING;
}

static void poll_forgetful(void *cx)
{
    struct cairn_future future = cairn_service_call(cx, cx);

    cairn_future_drop(&future);
}

static void map_result_that_answers_pending_is_an_assertion(void **state)
{
    static const struct cairn_type plain = {.name = "test.plain"};
    struct fixture *self = *state;
    const struct cairn_layer layer = cairn_map_result(NULL, forget, NULL);
    struct cairn_service *service = cairn_stack_build(cairn_test_echo(&plain), &layer, 1);
    struct cairn_error *error = NULL;

    assert_int_equal(cairn_harness_poll_ready(&self->harness, service, &error), CAIRN_READY);
    assert_string_equal(cairn_test_misuse(poll_forgetful, service),
        "map_result: the function returned CAIRN_PENDING");
    cairn_service_drop(service);
}

static struct cairn_future give_up(void *cx, struct cairn_future future)
{
    static struct cairn_error given_up =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_CANCELLED, "test", "given up");

    ((struct counted *)cx)->calls++;
    cairn_future_drop(&future);
    return cairn_future_failed(&given_up);
}

static struct cairn_future same_future(void *cx, struct cairn_future future)
{
    ((struct counted *)cx)->calls++;
    return future;
}

static void map_future_gives_the_caller_another_future(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future;
    union cairn_outcome out;

    around(self, cairn_map_future(&cairn_test_fixed_type, give_up, &self->counted));
    assert_ptr_equal(self->service->response_type, &cairn_test_fixed_type);
    future = call(self, 1);
    assert_int_equal(self->counted.calls, 1);
    struct cairn_mock_request *request = cairn_mock_expect(self->mock, 1);
    assert_true(cairn_mock_is_abandoned(request));
    cairn_mock_request_drop(request);
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_FAILED);
    assert_string_equal(out.error->message, "given up");
    cairn_error_unref(out.error);
}

/* Values that nobody drops: what an answer at once costs is the layers' alone. */
static const struct cairn_type plain_type = {.name = "test.plain"};

static void *same(void *cx, void *value)
{
    (void)cx;
    return value;
}

static void a_call_that_is_answered_at_once_allocates_nothing(void **state)
{
    struct fixture *self = *state;
    struct cairn_layer layers[] = {cairn_map_request(NULL, same, NULL),
        cairn_map_response(NULL, same, NULL), cairn_map_error(wrap, &self->counted),
        cairn_map_result(NULL, same_outcome, &self->counted),
        cairn_map_future(NULL, same_future, &self->counted)};
    struct cairn_service *service = cairn_stack_build(cairn_test_echo(&plain_type), layers, 5);
    struct cairn_error *error = NULL;
    size_t before = cairn_test_alloc_count();
    struct cairn_future future;
    union cairn_outcome out;
    int request = 5;

    assert_int_equal(cairn_harness_poll_ready(&self->harness, service, &error), CAIRN_READY);
    future = cairn_service_call(service, &request);
    assert_true(cairn_future_is_complete(&future));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_READY);
    assert_ptr_equal(out.value, &request);
    assert_int_equal(cairn_test_alloc_count(), before);
    cairn_service_drop(service);
}

static void a_layer_without_its_function_is_refused(void **state)
{
    const struct cairn_layer layers[] = {cairn_map_request(NULL, NULL, NULL),
        cairn_map_response(NULL, NULL, NULL), cairn_map_error(NULL, NULL),
        cairn_map_result(NULL, NULL, NULL), cairn_map_future(NULL, NULL, NULL)};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct cairn_service *service = cairn_stack_build(cairn_test_echo(NULL), &layers[i], 1);
        const struct cairn_error *error = cairn_service_error(service);

        assert_non_null(error);
        assert_int_equal(error->code, CAIRN_ERROR_INVALID);
        assert_string_equal(error->layer, layers[i].name);
        cairn_service_drop(service);
    }
}

static void the_map_layers_keep_the_contract(void **state)
{
    struct counted counted = {.add = 1};
    const struct cairn_layer layers[] = {cairn_map_request(NULL, add, &counted),
        cairn_map_response(NULL, add, &counted), cairn_map_error(wrap, &counted),
        cairn_map_result(NULL, same_outcome, &counted),
        cairn_map_future(NULL, same_future, &counted),
        cairn_boxed(&cairn_test_value_type, &cairn_test_value_type)};

    (void)state;
    for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++)
        cairn_contract_check(&layers[i]);
    assert_true(counted.calls > 0);
}

#define WITH_MOCK(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_MOCK(X035_map_request_is_applied_at_call_and_not_at_readiness),
        WITH_MOCK(map_request_may_change_the_type),
        WITH_MOCK(map_request_that_finds_no_memory_fails_the_call_and_releases),
        WITH_MOCK(map_response_changes_what_the_caller_gets),
        WITH_MOCK(map_response_leaves_errors_alone),
        WITH_MOCK(map_error_changes_the_error_of_a_call),
        WITH_MOCK(X034_map_error_maps_the_errors_of_readiness_too),
        WITH_MOCK(map_error_leaves_responses_and_pending_alone),
        WITH_MOCK(X034_map_result_sees_both_outcomes),
        WITH_MOCK(map_result_does_not_see_the_errors_of_readiness),
        WITH_MOCK(map_result_may_change_the_type_and_values_that_nobody_polls_are_dropped),
        WITH_MOCK(map_result_that_answers_pending_is_an_assertion),
        WITH_MOCK(map_future_gives_the_caller_another_future),
        WITH_MOCK(readiness_passes_through),
        WITH_MOCK(a_call_that_is_answered_at_once_allocates_nothing),
        WITH_MOCK(a_layer_without_its_function_is_refused),
        cmocka_unit_test(the_map_layers_keep_the_contract),
    };

    return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
