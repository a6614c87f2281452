#include <cairn/service/shared.h>

#include "fixture.h"

static struct cairn_service *make_one(struct fixture *f, struct cairn_service *shared)
{
    union cairn_outcome out;
    struct cairn_future future = fixture_send(f, shared, 1);
    assert_int_equal(cairn_harness_poll(&f->harness, &future, &out), CAIRN_READY);
    return out.value;
}

static void check_two_copies(struct fixture *f, struct cairn_service *shared)
{
    struct cairn_service *first = make_one(f, shared);
    struct cairn_service *second = make_one(f, shared);
    struct cairn_future one = fixture_send(f, first, 10);
    struct cairn_future two = fixture_send(f, second, 20);
    cairn_service_drop(first);
    fixture_respond(f, 10, 11);
    fixture_respond(f, 20, 21);
    assert_response(f, &one, 11);
    assert_response(f, &two, 21);
    cairn_service_drop(second);
}

static void share(struct fixture *f)
{
    f->service = cairn_shared(&cairn_test_value_type, f->service);
    assert_null(cairn_service_error(f->service));
}

static void hands_out_copies_of_one_service(void **state)
{
    struct fixture *f = *state;
    share(f);
    check_two_copies(f, f->service);
    assert_int_equal(cairn_mock_counts(f->mock).clones, 2);
}

static void T142_works_the_same_through_the_plain_service_adapters(void **state)
{
    struct fixture *f = *state;
    share(f);
    struct cairn_service *loan = cairn_make_as_service(f->service);
    check_two_copies(f, loan);
    cairn_service_drop(loan);
    f->service = cairn_make_into_service(f->service);
    check_two_copies(f, f->service);
}

static void is_ready_where_the_service_is_not(void **state)
{
    struct fixture *f = *state;
    share(f);
    cairn_mock_allow(f->mock, 0);
    struct cairn_service *copy = make_one(f, f->service);
    assert_int_equal(fixture_ready(f, copy), CAIRN_PENDING);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 1);
    cairn_service_drop(copy);
}

static void target_is_dropped_as_its_type_says(void **state)
{
    struct fixture *f = *state;
    share(f);
    struct cairn_future future = fixture_send(f, f->service, 1);
    assert_int_equal(cairn_test_value_live(), 0);
    cairn_future_drop(&future);
    assert_int_equal(cairn_mock_counts(f->mock).services, 1);
}

static void may_be_cloned_and_shows_what_is_inside(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = cairn_shared(&cairn_test_fixed_type, cairn_test_echo(NULL));
    struct cairn_service *copy = cairn_service_clone(s);
    (void)f;
    assert_ptr_equal(copy->request_type, &cairn_test_fixed_type);
    assert_ptr_equal(copy->response_type, &cairn_service_type);
    assert_printed(copy, "shared\necho\n");
    cairn_service_drop(s);
    cairn_service_drop(copy);
}

static void without_memory_the_call_fails(void **state)
{
    struct fixture *f = *state;
    union cairn_outcome out;
    share(f);
    for (size_t at = 1; at <= 2; at++) {
        void *target = cairn_test_value_new(1);
        cairn_test_alloc_fail_at(at);
        struct cairn_future future = cairn_service_call(f->service, target);
        assert_true(cairn_test_alloc_has_failed());
        assert_int_equal(cairn_harness_poll(&f->harness, &future, &out), CAIRN_FAILED);
        assert_ptr_equal(out.error, &cairn_error_no_memory);
    }
    assert_int_equal(cairn_mock_counts(f->mock).services, 1);
}

static void what_cannot_be_shared_is_refused(void **state)
{
    const struct cairn_mock_options opts = {.size = sizeof(opts), .not_cloneable = true};
    struct cairn_mock *fixed = cairn_mock_new(&opts);
    (void)state;
    assert_broken(cairn_shared(NULL, cairn_mock_service(fixed)), CAIRN_ERROR_TYPE,
        "needs a service that can be cloned; mock cannot");
    cairn_mock_free(fixed);
    assert_broken(cairn_shared(NULL, cairn_service_broken(cairn_error_new(
                                         CAIRN_ERROR_USER, "test", NULL, "broken before"))),
        CAIRN_ERROR_USER, "broken before");
    struct cairn_service *echo = cairn_test_echo(NULL);
    cairn_test_alloc_fail_at(1);
    assert_broken(cairn_shared(NULL, echo), CAIRN_ERROR_MEMORY, cairn_error_no_memory.message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(hands_out_copies_of_one_service),
        fixture_test(T142_works_the_same_through_the_plain_service_adapters),
        fixture_test(is_ready_where_the_service_is_not),
        fixture_test(target_is_dropped_as_its_type_says),
        fixture_test(may_be_cloned_and_shows_what_is_inside),
        fixture_test(without_memory_the_call_fails),
        fixture_test(what_cannot_be_shared_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
