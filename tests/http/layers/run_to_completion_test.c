#include "http_fixture.h"

#include <cairn/http/layers/run_to_completion.h>

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(cairn_run_to_completion(), (struct cairn_contract_options){0});
}

static void lets_a_request_made_by_hand_through(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, cairn_run_to_completion());
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    assert_pending(f, &future);
    fixture_respond(f, NULL);
    assert_int_equal(fixture_response(f, &future)->status, 200);
    cairn_service_drop(service);
}

static void refuses_what_is_not_http(void **state)
{
    (void)state;
    assert_needs_http(cairn_run_to_completion());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(lets_a_request_made_by_hand_through),
        fixture_test(refuses_what_is_not_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
