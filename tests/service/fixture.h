/* fixture.h - what the tests of services made of services share: a mock and a hand to poll with. */
#ifndef CAIRN_TESTS_SERVICE_FIXTURE_H
#define CAIRN_TESTS_SERVICE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <cairn/service/stack.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/contract.h>
#include <cairn/testkit/harness.h>
#include <cairn/testkit/misuse.h>
#include <cairn/testkit/mock.h>
#include <cairn/testkit/value.h>

struct fixture {
    struct cairn_harness harness;
    struct cairn_mock *mock;
    struct cairn_service *service; /* of the mock, until a test makes another of it */
};

/* Every test is traced: one byte that it leaks fails it. */
static inline int fixture_open(void **state)
{
    static struct fixture f;
    cairn_test_alloc_begin();
    cairn_harness_init(&f.harness, NULL);
    f.mock = cairn_mock_new(NULL);
    f.service = cairn_mock_service(f.mock);
    *state = &f;
    return 0;
}

/* Nothing is left reserved or waiting in the mock when its services are gone. */
static inline int fixture_close(void **state)
{
    struct fixture *f = *state;
    cairn_service_drop(f->service);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 0);
    assert_int_equal(cairn_mock_counts(f->mock).futures, 0);
    cairn_mock_free(f->mock);
    cairn_harness_fini(&f->harness);
    assert_int_equal(cairn_test_value_live(), 0);
    cairn_test_alloc_end();
    return 0;
}

#define fixture_test(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

static inline enum cairn_poll fixture_ready(struct fixture *f, struct cairn_service *service)
{
    struct cairn_error *error = NULL;
    enum cairn_poll p = cairn_harness_poll_ready(&f->harness, service, &error);
    cairn_error_unref(error);
    return p;
}

/* Polls SERVICE ready, and calls it. */
static inline struct cairn_future fixture_send(
    struct fixture *f, struct cairn_service *service, int number)
{
    assert_int_equal(fixture_ready(f, service), CAIRN_READY);
    return cairn_service_call(service, cairn_test_value_new(number));
}

/* The mock's next request is NUMBER: answers it with ANSWER. */
static inline void fixture_respond(struct fixture *f, int number, int answer)
{
    cairn_mock_respond(cairn_mock_expect(f->mock, number), cairn_test_value_new(answer));
}

static inline void fixture_fail(struct fixture *f, int number, const char *message)
{
    cairn_mock_fail(cairn_mock_expect(f->mock, number),
        cairn_error_new(CAIRN_ERROR_USER, "mock", NULL, "%s", message));
}

static inline void assert_pending(struct fixture *f, struct cairn_future *future)
{
    union cairn_outcome out;
    assert_int_equal(cairn_harness_poll(&f->harness, future, &out), CAIRN_PENDING);
}

static inline void assert_response(struct fixture *f, struct cairn_future *future, int number)
{
    union cairn_outcome out;
    assert_int_equal(cairn_harness_poll(&f->harness, future, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), number);
}

static inline void assert_failure(
    struct fixture *f, struct cairn_future *future, const char *message)
{
    union cairn_outcome out;
    assert_int_equal(cairn_harness_poll(&f->harness, future, &out), CAIRN_FAILED);
    assert_string_equal(out.error->message, message);
    cairn_error_unref(out.error);
}

static inline void assert_dead(
    struct fixture *f, struct cairn_service *service, const char *message)
{
    struct cairn_error *error = NULL;
    assert_int_equal(cairn_harness_poll_ready(&f->harness, service, &error), CAIRN_FAILED);
    assert_string_equal(error->message, message);
    cairn_error_unref(error);
}

/* SERVICE is broken with CODE and MESSAGE. Takes SERVICE. */
static inline void assert_broken(
    struct cairn_service *service, enum cairn_error_code code, const char *message)
{
    const struct cairn_error *error = cairn_service_error(service);
    assert_non_null(error);
    assert_int_equal(error->code, code);
    assert_string_equal(error->message, message);
    cairn_service_drop(service);
}

/* SERVICE is printed as TEXT. */
static inline void assert_printed(const struct cairn_service *service, const char *text)
{
    char buffer[512] = "";
    FILE *out = fmemopen(buffer, sizeof(buffer), "w");
    assert_non_null(out);
    cairn_stack_print(service, out);
    fclose(out);
    assert_string_equal(buffer, text);
}

#endif
