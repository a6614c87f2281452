#include <cairn/service/make_service.h>

#include "fixture.h"

/* Makes a service of the mock in CX; for the target 0 a broken one, for a negative one none. */
static struct cairn_service *make(void *cx, void *target)
{
    int number = cairn_test_value_take(target);
    if (number < 0)
        return NULL;
    if (number == 0)
        return cairn_service_broken(
            cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "test", NULL, "no such target"));
    return cairn_mock_service(cx);
}

static struct cairn_service *maker(struct fixture *f)
{
    struct cairn_service *s = cairn_make_service("shards", &cairn_test_value_type, make, f->mock);
    assert_null(cairn_service_error(s));
    return s;
}

static void each_call_gives_a_service_of_its_own(void **state)
{
    struct fixture *f = *state;
    union cairn_outcome one, two;
    struct cairn_service *s = maker(f);
    struct cairn_future future = fixture_send(f, s, 1);
    assert_int_equal(cairn_harness_poll(&f->harness, &future, &one), CAIRN_READY);
    future = fixture_send(f, s, 2);
    assert_int_equal(cairn_harness_poll(&f->harness, &future, &two), CAIRN_READY);
    assert_ptr_not_equal(one.value, two.value);
    cairn_service_drop(s); /* what was made does not need it */
    future = fixture_send(f, one.value, 5);
    fixture_respond(f, 5, 50);
    assert_response(f, &future, 50);
    cairn_service_drop(one.value);
    cairn_service_drop(two.value);
}

static void service_that_nobody_asked_for_is_dropped(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = maker(f);
    struct cairn_future future = fixture_send(f, s, 1);
    assert_int_equal(cairn_mock_counts(f->mock).services, 2);
    cairn_future_drop(&future);
    assert_int_equal(cairn_mock_counts(f->mock).services, 1);
    cairn_service_drop(s);
}

static void broken_service_fails_the_call_with_the_reason(void **state)
{
    struct fixture *f = *state;
    union cairn_outcome out;
    struct cairn_service *s = maker(f);
    struct cairn_future future = fixture_send(f, s, 0);
    assert_failure(f, &future, "no such target");
    future = fixture_send(f, s, -1);
    assert_int_equal(cairn_harness_poll(&f->harness, &future, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &cairn_error_no_memory);
    cairn_service_drop(s);
}

static void names_its_types_and_itself_and_may_be_cloned(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = maker(f);
    struct cairn_service *copy = cairn_service_clone(s);
    assert_non_null(copy);
    assert_ptr_equal(copy->request_type, &cairn_test_value_type);
    assert_ptr_equal(copy->response_type, &cairn_service_type);
    assert_printed(copy, "make_service(name=shards)\n");
    cairn_service_drop(s);
    cairn_service_drop(copy);
}

static void values_of_the_type_are_cloned_and_dropped_as_services(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *copy = cairn_service_type.clone(f->service);
    assert_int_equal(cairn_mock_counts(f->mock).services, 2);
    cairn_type_drop(&cairn_service_type, copy);
    assert_int_equal(cairn_mock_counts(f->mock).services, 1);
}

static void into_service_gives_the_make_service_itself(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = maker(f);
    assert_ptr_equal(cairn_make_into_service(s), s);
    cairn_service_drop(s);
    assert_broken(cairn_make_into_service(cairn_test_echo(NULL)), CAIRN_ERROR_TYPE,
        "needs a service from anything to service, got one from test.value to test.value (echo)");
}

static void as_service_leaves_the_make_service_with_its_owner(void **state)
{
    struct fixture *f = *state;
    union cairn_outcome out;
    struct cairn_service *s = maker(f);
    struct cairn_service *loan = cairn_make_as_service(s);
    struct cairn_future future = fixture_send(f, loan, 1);
    assert_int_equal(cairn_harness_poll(&f->harness, &future, &out), CAIRN_READY);
    cairn_service_drop(out.value);
    cairn_service_drop(loan);
    future = fixture_send(f, s, 1);
    assert_int_equal(cairn_harness_poll(&f->harness, &future, &out), CAIRN_READY);
    cairn_service_drop(out.value);
    cairn_service_drop(s);
}

static struct cairn_service *make_echo(void *cx, void *target)
{
    (void)cx;
    cairn_test_value_drop(target);
    return cairn_test_echo(NULL);
}

static void make_with_little_memory(void *cx)
{
    struct cairn_harness harness;
    union cairn_outcome out;
    struct cairn_service *s = cairn_make_service("little", &cairn_test_value_type, make_echo, NULL);
    (void)cx;
    cairn_test_alloc_exempt(true);
    void *target = cairn_test_value_new(1);
    cairn_test_alloc_exempt(false);
    cairn_harness_init(&harness, NULL);
    if (cairn_service_error(s)) {
        cairn_test_value_drop(target);
    } else {
        struct cairn_future future = cairn_service_call(s, target);
        enum cairn_poll p = cairn_harness_poll(&harness, &future, &out);
        if (p == CAIRN_READY)
            cairn_service_drop(out.value);
        else
            assert_ptr_equal(out.error, &cairn_error_no_memory);
    }
    cairn_service_drop(s);
    cairn_harness_fini(&harness);
}

static void survives_the_failure_of_each_allocation(void **state)
{
    (void)state;
    assert_int_equal(cairn_test_each_allocation(make_with_little_memory, NULL), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(each_call_gives_a_service_of_its_own),
        fixture_test(service_that_nobody_asked_for_is_dropped),
        fixture_test(broken_service_fails_the_call_with_the_reason),
        fixture_test(names_its_types_and_itself_and_may_be_cloned),
        fixture_test(values_of_the_type_are_cloned_and_dropped_as_services),
        fixture_test(into_service_gives_the_make_service_itself),
        fixture_test(as_service_leaves_the_make_service_with_its_owner),
        cmocka_unit_test(survives_the_failure_of_each_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
