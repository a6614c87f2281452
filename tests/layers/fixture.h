/* fixture.h - what the tests of layers share: a test clock, a mock, two hands to poll with. */
#ifndef CAIRN_TESTS_LAYERS_FIXTURE_H
#define CAIRN_TESTS_LAYERS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <cairn/service/layer.h>
#include <cairn/service/stack.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/clock.h>
#include <cairn/testkit/harness.h>
#include <cairn/testkit/misuse.h>
#include <cairn/testkit/mock.h>
#include <cairn/testkit/value.h>

struct fixture {
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct cairn_mock *mock;
    struct cairn_harness a;
    struct cairn_harness b;
};

/* Every test is traced: one byte that it leaks fails it. */
static inline int fixture_setup(void **state)
{
    static struct fixture f;
    cairn_test_alloc_begin();
    f.runtime = cairn_test_runtime_new(&f.clock);
    f.mock = cairn_mock_new(NULL);
    cairn_harness_init(&f.a, f.runtime);
    cairn_harness_init(&f.b, f.runtime);
    *state = &f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    cairn_mock_free(f->mock);
    cairn_harness_fini(&f->a);
    cairn_harness_fini(&f->b);
    cairn_runtime_free(f->runtime);
    cairn_test_alloc_end();
    assert_int_equal(cairn_test_value_live(), 0);
    return 0;
}

#define fixture_test(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

/* LAYER around SERVICE, which must be whole. */
static inline struct cairn_service *fixture_apply(
    struct cairn_layer layer, struct cairn_service *service)
{
    struct cairn_service *outer = cairn_layer_apply(&layer, service);
    assert_null(cairn_service_error(outer));
    return outer;
}

static inline struct cairn_service *fixture_around_mock(struct fixture *f, struct cairn_layer layer)
{
    return fixture_apply(layer, cairn_mock_service(f->mock));
}

static inline struct cairn_service *fixture_clone(const struct cairn_service *service)
{
    struct cairn_service *copy = cairn_service_clone(service);
    assert_non_null(copy);
    return copy;
}

static inline void assert_ready(struct cairn_harness *harness, struct cairn_service *service)
{
    struct cairn_error *error = NULL;
    assert_int_equal(cairn_harness_poll_ready(harness, service, &error), CAIRN_READY);
}

static inline void assert_not_ready(struct cairn_harness *harness, struct cairn_service *service)
{
    struct cairn_error *error = NULL;
    assert_int_equal(cairn_harness_poll_ready(harness, service, &error), CAIRN_PENDING);
}

static inline void assert_dead(
    struct cairn_harness *harness, struct cairn_service *service, const char *message)
{
    struct cairn_error *error = NULL;
    assert_int_equal(cairn_harness_poll_ready(harness, service, &error), CAIRN_FAILED);
    assert_string_equal(error->message, message);
    cairn_error_unref(error);
}

static inline struct cairn_future fixture_call(struct cairn_service *service, int number)
{
    return cairn_service_call(service, cairn_test_value_new(number));
}

/* A leaf whose responses need no drop: they are complete at once, without a box. */
static inline struct cairn_service *fixture_plain_echo(void)
{
    static const struct cairn_type plain = {.name = "test.plain"};
    return cairn_test_echo(&plain);
}

static inline struct cairn_future fixture_call_plain(struct cairn_service *service)
{
    static int value;
    return cairn_service_call(service, &value);
}

/* Polls SERVICE ready, and calls it. */
static inline struct cairn_future fixture_send(
    struct cairn_harness *harness, struct cairn_service *service, int number)
{
    assert_ready(harness, service);
    return fixture_call(service, number);
}

static inline void assert_pending(struct cairn_harness *harness, struct cairn_future *future)
{
    union cairn_outcome out;
    assert_int_equal(cairn_harness_poll(harness, future, &out), CAIRN_PENDING);
}

static inline void assert_response(
    struct cairn_harness *harness, struct cairn_future *future, int number)
{
    union cairn_outcome out;
    assert_int_equal(cairn_harness_poll(harness, future, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), number);
}

static inline void assert_failure(struct cairn_harness *harness, struct cairn_future *future,
    enum cairn_error_code code, const char *layer, const char *message)
{
    union cairn_outcome out;
    assert_int_equal(cairn_harness_poll(harness, future, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, code);
    assert_string_equal(out.error->layer, layer);
    assert_string_equal(out.error->message, message);
    cairn_error_unref(out.error);
}

/* The mock's next request is NUMBER: answers it with ANSWER. */
static inline void fixture_respond(struct fixture *f, int number, int answer)
{
    cairn_mock_respond(cairn_mock_expect(f->mock, number), cairn_test_value_new(answer));
}

static inline void fixture_fail(
    struct fixture *f, int number, enum cairn_error_code code, const char *message)
{
    cairn_mock_fail(
        cairn_mock_expect(f->mock, number), cairn_error_new(code, "mock", NULL, "%s", message));
}

/* No request has reached the mock that the test has not seen. */
static inline void assert_nothing_sent(struct fixture *f)
{
    assert_null(cairn_mock_next_request(f->mock));
}

static inline void fixture_advance(struct fixture *f, uint64_t ms)
{
    cairn_test_clock_advance_ms(&f->clock, f->runtime, ms);
}

/* LAYER refuses to be built around INNER with CODE and MESSAGE. */
static inline void assert_refused(struct cairn_layer layer, struct cairn_service *inner,
    enum cairn_error_code code, const char *message)
{
    struct cairn_service *broken = cairn_layer_apply(&layer, inner);
    const struct cairn_error *error = cairn_service_error(broken);
    assert_non_null(error);
    assert_int_equal(error->code, code);
    assert_string_equal(error->layer, layer.name);
    assert_string_equal(error->message, message);
    cairn_service_drop(broken);
}

struct fixture_number {
    const char *key;
    uint64_t value;
    bool is_found;
};

static inline void fixture_number_see(
    void *cx, enum cairn_describe_kind kind, const char *key, uint64_t value, const char *unit)
{
    struct fixture_number *number = cx;
    (void)kind;
    (void)unit;
    if (number->is_found || strcmp(key, number->key) != 0)
        return;
    number->value = value;
    number->is_found = true;
}

/* What the outermost layer of SERVICE that knows KEY tells of it. */
static inline uint64_t fixture_number(const struct cairn_service *service, const char *key)
{
    static const struct cairn_describe_ops ops = {.number = fixture_number_see};
    struct fixture_number number = {.key = key};
    struct cairn_describe d = {&ops, &number};
    cairn_describe_service(&d, service);
    assert_true(number.is_found);
    return number.value;
}

#endif
