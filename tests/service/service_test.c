#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <cairn/service/call.h>
#include <cairn/service/layer.h>
#include <cairn/service/service_fn.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/harness.h>
#include <cairn/testkit/mock.h>
#include <cairn/testkit/value.h>

/* A layer that writes down what it is told, in a log that all of them share. */
struct scribe {
    struct cairn_service base;
    char letter;
};

static char scribe_log[128];

static void scribe_note(const struct cairn_service *base, char what)
{
    size_t length = strlen(scribe_log);

    snprintf(scribe_log + length, sizeof(scribe_log) - length, "%c%c ", what,
        ((const struct scribe *)base)->letter);
}

static enum cairn_poll scribe_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    scribe_note(base, 'p');
    return cairn_service_poll_ready(base->inner, cx, error);
}

static struct cairn_future scribe_call(struct cairn_service *base, void *request)
{
    scribe_note(base, 'c');
    return cairn_service_call(base->inner, request);
}

static void scribe_release(struct cairn_service *base)
{
    scribe_note(base, 'r');
}

static void scribe_cloned(struct cairn_service *base)
{
    scribe_note(base, 'C');
}

static void scribe_drop(struct cairn_service *base)
{
    scribe_note(base, 'd');
}

static const struct cairn_service_ops scribe_ops = {.name = "scribe",
    .size = sizeof(struct scribe),
    .poll_ready = scribe_poll_ready,
    .call = scribe_call,
    .release = scribe_release,
    .cloned = scribe_cloned,
    .drop = scribe_drop};

/* All slots empty. */
static const struct cairn_service_ops glass_ops = {
    .name = "glass", .size = sizeof(struct cairn_service)};

static struct cairn_service *scribe_new(char letter, struct cairn_service *inner)
{
    struct scribe *self = cairn_service_new(&scribe_ops, inner);

    assert_non_null(self);
    self->letter = letter;
    return &self->base;
}

static struct cairn_service *glass_new(struct cairn_service *inner)
{
    struct cairn_service *self = cairn_service_new(&glass_ops, inner);

    assert_non_null(self);
    return self;
}

struct fixture {
    struct cairn_harness harness;
    struct cairn_mock *mock;
    struct cairn_service *service;
};

static int fixture_open(void **state)
{
    static struct fixture self;

    scribe_log[0] = '\0';
    cairn_test_alloc_begin();
    cairn_harness_init(&self.harness, NULL);
    self.mock = cairn_mock_new(NULL);
    self.service = cairn_mock_service(self.mock);
    *state = &self;
    return 0;
}

static int fixture_close(void **state)
{
    struct fixture *self = *state;

    cairn_service_drop(self->service);
    assert_int_equal(cairn_mock_counts(self->mock).services, 0);
    assert_int_equal(cairn_mock_counts(self->mock).futures, 0);
    cairn_mock_free(self->mock);
    cairn_harness_fini(&self->harness);
    assert_int_equal(cairn_test_value_live(), 0);
    cairn_test_alloc_end();
    return 0;
}

static enum cairn_poll ready(struct fixture *self, struct cairn_service *service)
{
    struct cairn_error *error = NULL;
    enum cairn_poll p = cairn_harness_poll_ready(&self->harness, service, &error);

    cairn_error_unref(error);
    return p;
}

static void slots_that_are_empty_pass_through_to_inner(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future;
    union cairn_outcome out;

    self->service = glass_new(glass_new(self->service));
    cairn_mock_allow(self->mock, 0);
    assert_int_equal(ready(self, self->service), CAIRN_PENDING);
    cairn_mock_allow(self->mock, 1);
    assert_true(cairn_harness_is_woken(&self->harness));
    assert_int_equal(ready(self, self->service), CAIRN_READY);
    future = cairn_service_call(self->service, cairn_test_value_new(5));
    cairn_mock_respond(cairn_mock_expect(self->mock, 5), cairn_test_value_new(6));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), 6);
}

static void a_service_gets_the_types_of_its_inner_one(void **state)
{
    struct fixture *self = *state;

    self->service = glass_new(self->service);
    assert_ptr_equal(self->service->request_type, &cairn_test_value_type);
    assert_ptr_equal(self->service->response_type, &cairn_test_value_type);
}

static void a_bottom_without_readiness_is_always_ready(void **state)
{
    struct fixture *self = *state;
    struct cairn_service *echo = glass_new(cairn_test_echo(NULL));

    assert_int_equal(ready(self, echo), CAIRN_READY);
    assert_int_equal(ready(self, echo), CAIRN_READY);
    cairn_service_drop(echo);
}

static void drop_releases_all_layers_first_then_drops_from_the_outermost_in(void **state)
{
    struct fixture *self = *state;

    self->service = scribe_new('a', glass_new(scribe_new('b', self->service)));
    assert_int_equal(ready(self, self->service), CAIRN_READY);
    assert_int_equal(cairn_mock_counts(self->mock).reserved, 1);
    cairn_service_drop(self->service);
    self->service = NULL;
    assert_string_equal(scribe_log, "pa pb ra rb da db ");
    assert_int_equal(cairn_mock_counts(self->mock).reserved, 0);
    assert_int_equal(cairn_mock_counts(self->mock).services, 0);
}

static void release_reaches_every_layer(void **state)
{
    struct fixture *self = *state;

    self->service = scribe_new('a', glass_new(scribe_new('b', self->service)));
    cairn_service_release(self->service);
    assert_string_equal(scribe_log, "ra rb ");
    assert_int_equal(ready(self, self->service), CAIRN_READY);
    cairn_service_release(self->service);
    cairn_service_release(self->service);
    assert_int_equal(cairn_mock_counts(self->mock).releases, 1);
}

static void a_clone_is_a_copy_of_every_layer_and_not_ready(void **state)
{
    struct fixture *self = *state;
    struct cairn_service *copy;

    self->service = scribe_new('a', glass_new(scribe_new('b', self->service)));
    cairn_mock_allow(self->mock, 1);
    assert_int_equal(ready(self, self->service), CAIRN_READY);
    scribe_log[0] = '\0';
    copy = cairn_service_clone(self->service);
    assert_non_null(copy);
    assert_string_equal(scribe_log, "Cb Ca ");
    assert_ptr_equal(copy->ops, self->service->ops);
    assert_ptr_not_equal(copy->inner, self->service->inner);
    assert_ptr_not_equal(copy->inner->inner, self->service->inner->inner);
    assert_int_equal(ready(self, copy), CAIRN_PENDING);
    assert_int_equal(ready(self, self->service), CAIRN_READY);
    cairn_service_drop(copy);
}

static void one_layer_that_may_not_be_cloned_forbids_it_for_all(void **state)
{
    struct fixture *self = *state;
    const struct cairn_mock_options opts = {.size = sizeof(opts), .not_cloneable = true};
    struct cairn_mock *mock = cairn_mock_new(&opts);
    struct cairn_service *service = glass_new(cairn_mock_service(mock));

    assert_false(cairn_service_is_cloneable(service));
    assert_null(cairn_service_clone(service));
    assert_null(cairn_service_take(&service));
    assert_non_null(service);
    assert_true(cairn_service_is_cloneable(self->service));
    cairn_service_drop(service);
    cairn_mock_free(mock);
}

static void take_moves_the_readied_service_out_and_leaves_a_fresh_copy(void **state)
{
    struct fixture *self = *state;
    struct cairn_service *before = self->service;
    struct cairn_service *taken;
    struct cairn_future future;

    cairn_mock_allow(self->mock, 1);
    assert_int_equal(ready(self, self->service), CAIRN_READY);
    taken = cairn_service_take(&self->service);
    assert_ptr_equal(taken, before);
    assert_ptr_not_equal(self->service, before);
    assert_int_equal(ready(self, self->service), CAIRN_PENDING);
    future = cairn_service_call(taken, cairn_test_value_new(1));
    cairn_future_drop(&future);
    cairn_service_drop(taken);
}

static void clone_and_take_without_memory_leave_everything_as_it_was(void **state)
{
    struct fixture *self = *state;
    struct cairn_service *slot;
    struct cairn_service *before;

    self->service = scribe_new('a', scribe_new('b', self->service));
    slot = before = self->service;
    for (size_t n = 1; n <= 3; n++) {
        cairn_test_alloc_fail_at(n);
        assert_null(cairn_service_clone(self->service));
        cairn_test_alloc_fail_at(n);
        assert_null(cairn_service_take(&slot));
        assert_ptr_equal(slot, before);
    }
    assert_string_equal(scribe_log, "");
    assert_int_equal(cairn_mock_counts(self->mock).services, 1);
}

static void a_new_service_without_memory_leaves_inner_to_the_caller(void **state)
{
    struct fixture *self = *state;

    cairn_test_alloc_fail_at(1);
    assert_null(cairn_service_new(&glass_ops, self->service));
    assert_int_equal(cairn_mock_counts(self->mock).services, 1);
}

static void dropping_null_is_nothing(void **state)
{
    (void)state;
    cairn_service_drop(NULL);
    cairn_service_release(NULL);
    assert_int_equal(cairn_test_alloc_live(), 2); /* the mock and its service */
}

static void a_broken_service_fails_readiness_and_calls_with_its_reason(void **state)
{
    struct fixture *self = *state;
    struct cairn_error *reason =
        cairn_error_new(CAIRN_ERROR_INVALID, "test", NULL, "max must be 1 or more");
    struct cairn_service *broken = cairn_service_broken(reason);
    struct cairn_error *error = NULL;
    struct cairn_future future;
    union cairn_outcome out;

    assert_ptr_equal(cairn_service_error(broken), reason);
    assert_null(cairn_service_error(self->service));
    assert_int_equal(cairn_harness_poll_ready(&self->harness, broken, &error), CAIRN_FAILED);
    assert_ptr_equal(error, reason);
    cairn_error_unref(error);
    future = cairn_service_call(broken, NULL);
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, reason);
    cairn_error_unref(out.error);
    assert_false(cairn_service_is_cloneable(broken));
    cairn_service_drop(broken);
}

static void a_broken_service_without_memory_says_so(void **state)
{
    struct cairn_service *broken;

    (void)state;
    cairn_test_alloc_fail_at(2);
    broken = cairn_service_broken(
        cairn_error_new(CAIRN_ERROR_INVALID, "test", NULL, "max must be 1 or more"));
    assert_ptr_equal(cairn_service_error(broken), &cairn_error_no_memory);
    cairn_service_drop(broken);
}

static void T139_oneshot_polls_readiness_again_after_a_wake_and_only_then_calls(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future;
    union cairn_outcome out;

    cairn_mock_allow(self->mock, 0);
    future = cairn_service_oneshot(self->service, cairn_test_value_new(1));
    self->service = NULL;
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_PENDING);
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_PENDING);
    assert_int_equal(cairn_mock_counts(self->mock).calls, 0);
    cairn_mock_allow(self->mock, 1);
    assert_true(cairn_harness_is_woken(&self->harness));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_PENDING);
    cairn_mock_respond(cairn_mock_expect(self->mock, 1), cairn_test_value_new(2));
    assert_true(cairn_harness_is_woken(&self->harness));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), 2);
    assert_true(cairn_mock_is_closed(self->mock));
}

static void oneshot_that_is_dropped_drops_service_and_request(void **state)
{
    struct fixture *self = *state;
    struct cairn_service *copy = cairn_service_clone(self->service);
    struct cairn_future future = cairn_service_oneshot(copy, cairn_test_value_new(1));
    union cairn_outcome out;

    cairn_mock_allow(self->mock, 0);
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_PENDING);
    cairn_future_drop(&future);
    assert_int_equal(cairn_mock_counts(self->mock).services, 1);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void oneshot_fails_when_readiness_does(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future = cairn_service_oneshot(self->service, cairn_test_value_new(1));
    union cairn_outcome out;

    self->service = NULL;
    cairn_mock_fail_ready(self->mock, cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "dead"));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, CAIRN_ERROR_USER);
    cairn_error_unref(out.error);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void oneshot_without_memory_drops_service_and_request(void **state)
{
    struct fixture *self = *state;
    void *request = cairn_test_value_new(1);
    struct cairn_future future;
    union cairn_outcome out;

    cairn_test_alloc_fail_at(1);
    future = cairn_service_oneshot(self->service, request);
    self->service = NULL;
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &cairn_error_no_memory);
    assert_int_equal(cairn_mock_counts(self->mock).services, 0);
}

static void ready_gives_the_service_once_it_is_ready(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future = cairn_service_ready(self->service);
    union cairn_outcome out;

    cairn_mock_allow(self->mock, 0);
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_PENDING);
    cairn_mock_allow(self->mock, 1);
    assert_true(cairn_harness_is_woken(&self->harness));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_READY);
    assert_ptr_equal(out.value, self->service);
    assert_int_equal(cairn_mock_counts(self->mock).reserved, 1);
}

static void ready_that_is_dropped_does_not_release(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future;
    union cairn_outcome out;

    future = cairn_service_ready(self->service);
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_READY);
    future = cairn_service_ready(self->service);
    cairn_future_drop(&future);
    assert_int_equal(cairn_mock_counts(self->mock).reserved, 1);
    assert_int_equal(cairn_mock_counts(self->mock).releases, 0);
}

static void ready_fails_when_the_service_is_dead(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future = cairn_service_ready(self->service);
    union cairn_outcome out;

    cairn_mock_fail_ready(self->mock, cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "dead"));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, CAIRN_ERROR_USER);
    cairn_error_unref(out.error);
}

static void *add(void *cx, void *request, struct cairn_error **error)
{
    int number = cairn_test_value_number(request);

    if (number < 0) {
        cairn_test_value_drop(request);
        *error = cairn_error_new(CAIRN_ERROR_USER, "add", NULL, "%d is negative", number);
        return NULL;
    }
    cairn_test_value_set(request, number + *(int *)cx);
    return request;
}

static struct cairn_future add_async(void *cx, void *request)
{
    struct cairn_error *error = NULL;
    void *response = add(cx, request, &error);

    return error ? cairn_future_failed(error)
                 : cairn_future_ready_of(&cairn_test_value_type, response);
}

static void check_function(struct fixture *self, struct cairn_service *service)
{
    struct cairn_service *copy = cairn_service_clone(service);
    struct cairn_future future;
    union cairn_outcome out;

    assert_null(cairn_service_error(service));
    cairn_service_drop(service);
    assert_int_equal(ready(self, copy), CAIRN_READY);
    future = cairn_service_call(copy, cairn_test_value_new(1));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), 2);
    future = cairn_service_call(copy, cairn_test_value_new(-1));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_FAILED);
    assert_string_equal(out.error->message, "-1 is negative");
    cairn_error_unref(out.error);
    future = cairn_service_call(copy, cairn_test_value_new(1));
    cairn_future_drop(&future);
    cairn_service_drop(copy);
}

static void T140_a_function_service_needs_no_readiness_and_gives_f_of_x(void **state)
{
    const struct cairn_type *type = &cairn_test_value_type;
    int one = 1;

    check_function(*state, cairn_service_fn("add", type, type, add, &one));
    check_function(*state, cairn_service_async_fn("add", type, type, add_async, &one));
}

static void a_function_service_without_memory_is_broken(void **state)
{
    const struct cairn_type *type = &cairn_test_value_type;
    struct cairn_service *service;

    (void)state;
    cairn_test_alloc_fail_at(1);
    service = cairn_service_fn("add", type, type, add, NULL);
    assert_non_null(cairn_service_error(service));
    cairn_service_drop(service);
    cairn_test_alloc_fail_at(1);
    service = cairn_service_async_fn("add", type, type, add_async, NULL);
    assert_non_null(cairn_service_error(service));
    cairn_service_drop(service);
}

static void a_request_that_is_not_passed_on_is_dropped_by_its_type(void **state)
{
    struct fixture *self = *state;

    cairn_service_drop_request(self->service, cairn_test_value_new(1));
    cairn_service_drop_request(self->service, NULL);
    assert_int_equal(cairn_test_value_live(), 0);
}

#define WITH_MOCK(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_MOCK(slots_that_are_empty_pass_through_to_inner),
        WITH_MOCK(a_service_gets_the_types_of_its_inner_one),
        WITH_MOCK(a_bottom_without_readiness_is_always_ready),
        WITH_MOCK(drop_releases_all_layers_first_then_drops_from_the_outermost_in),
        WITH_MOCK(release_reaches_every_layer),
        WITH_MOCK(a_clone_is_a_copy_of_every_layer_and_not_ready),
        WITH_MOCK(one_layer_that_may_not_be_cloned_forbids_it_for_all),
        WITH_MOCK(take_moves_the_readied_service_out_and_leaves_a_fresh_copy),
        WITH_MOCK(clone_and_take_without_memory_leave_everything_as_it_was),
        WITH_MOCK(a_new_service_without_memory_leaves_inner_to_the_caller),
        WITH_MOCK(dropping_null_is_nothing),
        WITH_MOCK(a_broken_service_fails_readiness_and_calls_with_its_reason),
        WITH_MOCK(a_broken_service_without_memory_says_so),
        WITH_MOCK(T139_oneshot_polls_readiness_again_after_a_wake_and_only_then_calls),
        WITH_MOCK(oneshot_that_is_dropped_drops_service_and_request),
        WITH_MOCK(oneshot_fails_when_readiness_does),
        WITH_MOCK(oneshot_without_memory_drops_service_and_request),
        WITH_MOCK(ready_gives_the_service_once_it_is_ready),
        WITH_MOCK(ready_that_is_dropped_does_not_release),
        WITH_MOCK(ready_fails_when_the_service_is_dead),
        WITH_MOCK(T140_a_function_service_needs_no_readiness_and_gives_f_of_x),
        WITH_MOCK(a_function_service_without_memory_is_broken),
        WITH_MOCK(a_request_that_is_not_passed_on_is_dropped_by_its_type),
    };

    return cmocka_run_group_tests_name("service", tests, NULL, NULL);
}
