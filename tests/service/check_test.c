#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>
#include <cairn/testkit/contract.h>
#include <cairn/testkit/harness.h>
#include <cairn/testkit/misuse.h>
#include <cairn/testkit/mock.h>
#include <cairn/testkit/value.h>

/* A service that answers readiness as it is told and breaks what a mock would keep. */
struct liar {
    struct cairn_service base;
    const enum cairn_poll *answers;
    bool has_error;
};

static struct cairn_error liar_error = CAIRN_ERROR_STATIC(CAIRN_ERROR_USER, "liar", "told to fail");

static enum cairn_poll liar_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    struct liar *self = (struct liar *)base;
    enum cairn_poll p = *self->answers++;

    (void)cx;
    if (p == CAIRN_FAILED && self->has_error)
        *error = &liar_error;
    return p;
}

static struct cairn_future liar_call(struct cairn_service *base, void *request)
{
    (void)base;
    (void)request;
    return (struct cairn_future){NULL, NULL};
}

static const struct cairn_service_ops liar_ops = {
    .name = "liar", .size = sizeof(struct liar), .poll_ready = liar_poll_ready, .call = liar_call};

struct fixture {
    struct cairn_harness harness;
    struct cairn_service *service;
};

static void open_liar(struct fixture *self, const enum cairn_poll *answers)
{
    const struct cairn_layer check = cairn_check();
    struct liar *liar = cairn_service_new(&liar_ops, NULL);

    assert_non_null(liar);
    liar->answers = answers;
    liar->has_error = true;
    self->service = cairn_layer_apply(&check, &liar->base);
    cairn_harness_init(&self->harness, NULL);
}

static void close_fixture(struct fixture *self)
{
    cairn_service_drop(self->service);
    cairn_harness_fini(&self->harness);
}

static void poll_ready(void *cx)
{
    struct fixture *self = cx;
    struct cairn_error *error = NULL;

    cairn_harness_poll_ready(&self->harness, self->service, &error);
    cairn_error_unref(error);
}

static void call(void *cx)
{
    struct fixture *self = cx;
    struct cairn_future future = cairn_service_call(self->service, NULL);

    cairn_future_drop(&future);
}

static void a_call_without_a_reservation_names_the_layer(void **state)
{
    const enum cairn_poll answers[] = {CAIRN_PENDING};
    struct fixture self;

    (void)state;
    open_liar(&self, answers);
    assert_string_equal(cairn_test_misuse(call, &self), "liar: called without a reservation");
    poll_ready(&self);
    assert_string_equal(cairn_test_misuse(call, &self), "liar: called without a reservation");
    close_fixture(&self);
}

static void one_reservation_is_good_for_one_call(void **state)
{
    struct cairn_mock *mock = cairn_mock_new(NULL);
    const struct cairn_layer check = cairn_check();
    struct fixture self = {.service = cairn_layer_apply(&check, cairn_mock_service(mock))};

    (void)state;
    cairn_harness_init(&self.harness, NULL);
    poll_ready(&self);
    assert_null(cairn_test_misuse(call, &self));
    assert_string_equal(cairn_test_misuse(call, &self), "mock: called without a reservation");
    close_fixture(&self);
    cairn_mock_free(mock);
}

static void a_reservation_that_was_released_is_gone(void **state)
{
    const enum cairn_poll answers[] = {CAIRN_READY};
    struct fixture self;

    (void)state;
    open_liar(&self, answers);
    poll_ready(&self);
    cairn_service_release(self.service);
    assert_string_equal(cairn_test_misuse(call, &self), "liar: called without a reservation");
    close_fixture(&self);
}

static void a_copy_has_no_reservation(void **state)
{
    const enum cairn_poll answers[] = {CAIRN_READY};
    struct cairn_service *original;
    struct fixture self;

    (void)state;
    open_liar(&self, answers);
    poll_ready(&self);
    original = self.service;
    self.service = cairn_service_clone(original);
    assert_string_equal(cairn_test_misuse(call, &self), "liar: called without a reservation");
    cairn_service_drop(original);
    close_fixture(&self);
}

static void readiness_that_goes_back_to_pending_is_noticed(void **state)
{
    const enum cairn_poll answers[] = {CAIRN_READY, CAIRN_READY, CAIRN_PENDING};
    struct fixture self;

    (void)state;
    open_liar(&self, answers);
    poll_ready(&self);
    assert_null(cairn_test_misuse(poll_ready, &self));
    assert_string_equal(cairn_test_misuse(poll_ready, &self),
        "liar: was ready and went back to pending before the call");
    close_fixture(&self);
}

static void readiness_may_be_pending_again_after_a_release(void **state)
{
    const enum cairn_poll answers[] = {CAIRN_READY, CAIRN_PENDING};
    struct fixture self;

    (void)state;
    open_liar(&self, answers);
    poll_ready(&self);
    cairn_service_release(self.service);
    assert_null(cairn_test_misuse(poll_ready, &self));
    close_fixture(&self);
}

static void a_dead_service_is_not_polled_again(void **state)
{
    const enum cairn_poll answers[] = {CAIRN_FAILED, CAIRN_READY};
    struct fixture self;

    (void)state;
    open_liar(&self, answers);
    poll_ready(&self);
    assert_string_equal(cairn_test_misuse(poll_ready, &self),
        "liar: polled for readiness after its readiness had failed");
    assert_string_equal(cairn_test_misuse(call, &self), "liar: called without a reservation");
    close_fixture(&self);
}

static void a_failed_readiness_has_an_error(void **state)
{
    const enum cairn_poll answers[] = {CAIRN_FAILED};
    struct fixture self;

    (void)state;
    open_liar(&self, answers);
    ((struct liar *)self.service->inner)->has_error = false;
    assert_string_equal(
        cairn_test_misuse(poll_ready, &self), "liar: readiness failed without an error");
    close_fixture(&self);
}

static void the_error_of_a_failed_readiness_passes_through(void **state)
{
    const enum cairn_poll answers[] = {CAIRN_FAILED};
    struct cairn_error *error = NULL;
    struct fixture self;

    (void)state;
    open_liar(&self, answers);
    assert_int_equal(cairn_harness_poll_ready(&self.harness, self.service, &error), CAIRN_FAILED);
    assert_ptr_equal(error, &liar_error);
    close_fixture(&self);
}

static void a_call_that_returns_an_empty_future_is_noticed(void **state)
{
    const enum cairn_poll answers[] = {CAIRN_READY};
    struct fixture self;

    (void)state;
    open_liar(&self, answers);
    poll_ready(&self);
    assert_string_equal(cairn_test_misuse(call, &self), "liar: a call returned an empty future");
    close_fixture(&self);
}

struct elsewhere {
    struct fixture fixture;
    char message[128];
};

/* On a thread with a runtime of its own; NULL where the service was built without one. */
static void *use_elsewhere(void *cx)
{
    struct elsewhere *self = cx;
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    const char *message = cairn_test_misuse(poll_ready, &self->fixture);

    snprintf(self->message, sizeof(self->message), "%s", message ? message : "nothing");
    cairn_runtime_free(runtime);
    return NULL;
}

static void use_in_thread(struct elsewhere *self)
{
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, use_elsewhere, self), 0);
    pthread_join(thread, NULL);
}

static void a_service_stays_on_the_runtime_that_built_it(void **state)
{
    const enum cairn_poll answers[] = {CAIRN_READY};
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct elsewhere self;

    (void)state;
    assert_non_null(runtime);
    open_liar(&self.fixture, answers);
    use_in_thread(&self);
    assert_string_equal(self.message, "liar: used on another runtime than the one that built it");
    close_fixture(&self.fixture);
    cairn_runtime_free(runtime);
}

static void a_service_built_outside_of_any_runtime_may_be_used_in_one(void **state)
{
    const enum cairn_poll answers[] = {CAIRN_READY};
    struct elsewhere self;

    (void)state;
    open_liar(&self.fixture, answers);
    use_in_thread(&self);
    assert_string_equal(self.message, "nothing");
    close_fixture(&self.fixture);
}

static void the_innermost_breach_is_blamed_on_its_own_layer(void **state)
{
    const struct cairn_layer layers[] = {cairn_check(), cairn_check()};
    struct cairn_mock *mock = cairn_mock_new(NULL);
    struct fixture self = {.service = cairn_stack_build(cairn_mock_service(mock), layers, 2)};

    (void)state;
    cairn_harness_init(&self.harness, NULL);
    assert_string_equal(cairn_test_misuse(call, &self), "mock: called without a reservation");
    close_fixture(&self);
    cairn_mock_free(mock);
}

static void printing_leaves_the_check_out(void **state)
{
    const enum cairn_poll answers[] = {CAIRN_READY};
    struct fixture self;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    open_liar(&self, answers);
    cairn_stack_print(self.service, out);
    fclose(out);
    assert_string_equal(text, "liar\n");
    free(text);
    close_fixture(&self);
}

static void the_check_itself_keeps_the_contract(void **state)
{
    const struct cairn_layer check = cairn_check();

    (void)state;
    cairn_contract_check(&check);
    assert_int_equal(cairn_test_value_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_without_a_reservation_names_the_layer),
        cmocka_unit_test(one_reservation_is_good_for_one_call),
        cmocka_unit_test(a_reservation_that_was_released_is_gone),
        cmocka_unit_test(a_copy_has_no_reservation),
        cmocka_unit_test(readiness_that_goes_back_to_pending_is_noticed),
        cmocka_unit_test(readiness_may_be_pending_again_after_a_release),
        cmocka_unit_test(a_dead_service_is_not_polled_again),
        cmocka_unit_test(a_failed_readiness_has_an_error),
        cmocka_unit_test(the_error_of_a_failed_readiness_passes_through),
        cmocka_unit_test(a_call_that_returns_an_empty_future_is_noticed),
        cmocka_unit_test(a_service_stays_on_the_runtime_that_built_it),
        cmocka_unit_test(a_service_built_outside_of_any_runtime_may_be_used_in_one),
        cmocka_unit_test(the_innermost_breach_is_blamed_on_its_own_layer),
        cmocka_unit_test(printing_leaves_the_check_out),
        cmocka_unit_test(the_check_itself_keeps_the_contract),
    };

    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
