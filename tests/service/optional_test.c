#include <cairn/service/optional.h>

#include "fixture.h"

static struct cairn_service *absent(void)
{
    struct cairn_service *s = cairn_optional(NULL, &cairn_test_value_type, &cairn_test_value_type);
    assert_null(cairn_service_error(s));
    return s;
}

static void service_that_is_there_comes_back_as_it_is(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *mock = f->service;
    f->service = cairn_optional(mock, &cairn_test_value_type, &cairn_test_value_type);
    assert_ptr_equal(f->service, mock);
}

static void absent_service_is_ready_and_fails_each_call(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = absent();
    for (int i = 0; i < 3; i++) {
        struct cairn_future future = fixture_send(f, s, i);
        union cairn_outcome out;
        assert_int_equal(cairn_harness_poll(&f->harness, &future, &out), CAIRN_FAILED);
        assert_int_equal(out.error->code, CAIRN_ERROR_NOT_FOUND);
        assert_string_equal(out.error->layer, "optional");
        assert_string_equal(out.error->message, "there is no service");
        cairn_error_unref(out.error);
    }
    assert_printed(s, "optional(service=none)\n");
    cairn_service_drop(s);
}

static void call_of_an_absent_service_allocates_nothing_and_drops_the_request(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = absent();
    void *req = cairn_test_value_new(1);
    assert_int_equal(fixture_ready(f, s), CAIRN_READY);
    size_t before = cairn_test_alloc_count();
    struct cairn_future future = cairn_service_call(s, req);
    assert_int_equal(cairn_test_alloc_count(), before);
    assert_int_equal(cairn_test_value_live(), 0);
    cairn_future_drop(&future);
    cairn_service_drop(s);
}

static void absent_service_may_be_cloned_and_has_the_types(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = cairn_optional(NULL, &cairn_test_value_type, &cairn_test_fixed_type);
    struct cairn_service *copy = cairn_service_clone(s);
    assert_ptr_equal(copy->request_type, &cairn_test_value_type);
    assert_ptr_equal(copy->response_type, &cairn_test_fixed_type);
    cairn_service_drop(s);
    struct cairn_future future = fixture_send(f, copy, 1);
    assert_failure(f, &future, "there is no service");
    cairn_service_drop(copy);
}

static void service_of_other_types_is_refused(void **state)
{
    (void)state;
    assert_broken(
        cairn_optional(cairn_test_echo(NULL), &cairn_test_value_type, &cairn_test_fixed_type),
        CAIRN_ERROR_TYPE,
        "needs a service from test.value to test.fixed, got one from test.value to test.value "
        "(echo)");
}

static void broken_service_stays_broken(void **state)
{
    (void)state;
    assert_broken(cairn_optional(cairn_service_broken(cairn_error_new(
                                     CAIRN_ERROR_USER, "test", NULL, "broken before")),
                      &cairn_test_value_type, &cairn_test_value_type),
        CAIRN_ERROR_USER, "broken before");
}

static void without_memory_it_is_broken(void **state)
{
    (void)state;
    cairn_test_alloc_fail_at(1);
    assert_broken(
        cairn_optional(NULL, NULL, NULL), CAIRN_ERROR_MEMORY, cairn_error_no_memory.message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(service_that_is_there_comes_back_as_it_is),
        fixture_test(absent_service_is_ready_and_fails_each_call),
        fixture_test(call_of_an_absent_service_allocates_nothing_and_drops_the_request),
        fixture_test(absent_service_may_be_cloned_and_has_the_types),
        fixture_test(service_of_other_types_is_refused),
        fixture_test(broken_service_stays_broken),
        fixture_test(without_memory_it_is_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
