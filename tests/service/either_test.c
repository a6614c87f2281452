#include <cairn/service/either.h>

#include "fixture.h"

static struct cairn_service *broken_service(void)
{
    return cairn_service_broken(cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "broken before"));
}

static void the_chosen_one_comes_back_as_it_is_and_the_other_is_dropped(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *mock = f->service;
    f->service = cairn_either(true, f->service, cairn_test_echo(NULL));
    assert_ptr_equal(f->service, mock);
    f->service = cairn_either(false, cairn_test_echo(NULL), f->service);
    assert_ptr_equal(f->service, mock);
    struct cairn_future future = fixture_send(f, f->service, 1);
    fixture_respond(f, 1, 2);
    assert_response(f, &future, 2);
}

static void the_service_that_is_not_chosen_is_dropped(void **state)
{
    struct fixture *f = *state;
    f->service = cairn_either(false, f->service, cairn_test_echo(NULL));
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
    struct cairn_future future = fixture_send(f, f->service, 7);
    assert_response(f, &future, 7);
}

static void types_that_differ_are_refused_whichever_is_chosen(void **state)
{
    const char *message = "needs two services of one kind, got one from test.value to test.value "
                          "and one from test.fixed to test.fixed";
    (void)state;
    for (int is_left = 0; is_left <= 1; is_left++)
        assert_broken(
            cairn_either(is_left, cairn_test_echo(NULL), cairn_test_echo(&cairn_test_fixed_type)),
            CAIRN_ERROR_TYPE, message);
}

static void broken_one_is_told_of_whichever_is_chosen(void **state)
{
    (void)state;
    for (int is_left = 0; is_left <= 1; is_left++) {
        assert_broken(cairn_either(is_left, broken_service(), cairn_test_echo(NULL)),
            CAIRN_ERROR_USER, "broken before");
        assert_broken(cairn_either(is_left, cairn_test_echo(NULL), broken_service()),
            CAIRN_ERROR_USER, "broken before");
        assert_broken(cairn_either(is_left, broken_service(), broken_service()), CAIRN_ERROR_USER,
            "broken before");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_chosen_one_comes_back_as_it_is_and_the_other_is_dropped),
        fixture_test(the_service_that_is_not_chosen_is_dropped),
        fixture_test(types_that_differ_are_refused_whichever_is_chosen),
        fixture_test(broken_one_is_told_of_whichever_is_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
