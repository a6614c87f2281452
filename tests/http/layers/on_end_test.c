#include "http_fixture.h"

#include <cairn/http/layers/on_end.h>

struct seen {
    int calls;
    int reason;
    int method;
};

static void see(void *cx, const struct cairn_http_request *req, const struct cairn_http_end *end)
{
    struct seen *seen = cx;
    seen->reason = (int)end->reason;
    seen->method = (int)req->method;
    seen->calls++;
}

static void keeps_the_service_contract(void **state)
{
    struct seen seen = {0};
    (void)state;
    fixture_contract(cairn_on_end(.ended = see, .cx = &seen), (struct cairn_contract_options){0});
}

static void tells_once_when_the_exchange_ends_and_outlives_the_layer(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_service *service = fixture_around_mock(f, cairn_on_end(.ended = see, .cx = &seen));
    struct cairn_future future =
        fixture_send(f, service, cairn_http_request_new(arena, CAIRN_HTTP_PUT, "/"));
    assert_pending(f, &future);
    fixture_respond(f, NULL);
    fixture_response(f, &future);
    assert_int_equal(seen.calls, 0);
    cairn_service_drop(service);
    cairn_arena_free(arena);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.reason, CAIRN_HTTP_DROPPED);
    assert_int_equal(seen.method, CAIRN_HTTP_PUT);
}

static void fails_without_memory_and_gives_the_reservation_back(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    struct cairn_service *service = fixture_around_mock(f, cairn_on_end(.ended = see, .cx = &seen));
    struct cairn_http_request *req = fixture_request(f, "/");
    struct cairn_error *error = NULL;
    assert_int_equal(cairn_harness_poll_ready(&f->hand, service, &error), CAIRN_READY);
    fixture_exhaust(f);
    struct cairn_future future = cairn_service_call(service, req);
    cairn_test_alloc_fail_at(0);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    cairn_service_drop(service);
}

static void refuses_what_it_cannot_do(void **state)
{
    struct fixture *f = *state;
    assert_refused(cairn_on_end(.cx = f), cairn_mock_service(f->mock), CAIRN_ERROR_INVALID,
        "ended is missing");
    assert_needs_http(cairn_on_end(.ended = see));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(tells_once_when_the_exchange_ends_and_outlives_the_layer),
        fixture_test(fails_without_memory_and_gives_the_reservation_back),
        fixture_test(refuses_what_it_cannot_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
