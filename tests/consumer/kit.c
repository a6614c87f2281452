/* A test of somebody else's, with the installed test kit. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <cairn/testkit/mock.h>
#include <cairn/testkit/value.h>

static void answers_what_the_handle_says(void **state)
{
    (void)state;
    struct cairn_mock *mock = cairn_mock_new(NULL);
    struct cairn_service *service = cairn_mock_service(mock);
    assert_null(cairn_service_error(service));
    cairn_service_drop(service);
    assert_true(cairn_mock_is_closed(mock));
    cairn_mock_free(mock);
    assert_int_equal(cairn_test_value_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers_what_the_handle_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
