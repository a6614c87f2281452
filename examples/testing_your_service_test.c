/* testing_your_service_test.c - a service with layers and a dependency, tested without sockets and
 * without sleeping: the dependency is played by hand, and time stands still until the test moves
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <cairn/http/all.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/clock.h>
#include <cairn/testkit/harness.h>
#include <cairn/testkit/mock.h>

/* The service: passes requests on to prices, each attempt within 100 ms, twice at most. */
static struct cairn_service *shop(struct cairn_service *prices)
{
    return cairn_stack(prices, cairn_error_to_response(), cairn_retry(.attempts = 2),
        cairn_timeout(.after_ms = 100));
}

struct world {
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct cairn_arena *arena;
    struct cairn_mock *prices;
    struct cairn_harness hand;
    struct cairn_future answer;
};

static int setup(void **state)
{
    static struct world w;
    const struct cairn_mock_options types = {.size = sizeof(types),
        .request_type = &cairn_http_request_type,
        .response_type = &cairn_http_response_type};
    cairn_test_alloc_begin(); /* one leaked byte fails the test */
    w.runtime = cairn_test_runtime_new(&w.clock);
    w.arena = cairn_arena_new(NULL);
    w.prices = cairn_mock_new(&types);
    cairn_harness_init(&w.hand, w.runtime);
    struct cairn_http_request *req = cairn_http_request_new(w.arena, CAIRN_HTTP_GET, "/chair");
    w.answer = cairn_service_oneshot(shop(cairn_mock_service(w.prices)), req);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    cairn_future_drop(&w->answer);
    cairn_mock_free(w->prices);
    cairn_harness_fini(&w->hand);
    cairn_arena_free(w->arena);
    cairn_runtime_free(w->runtime);
    cairn_test_alloc_end();
    return 0;
}

/* The answer's status; 0: there is none yet. */
static int look(struct world *w)
{
    union cairn_outcome out;
    if (cairn_harness_poll(&w->hand, &w->answer, &out) != CAIRN_READY)
        return 0;
    return ((const struct cairn_http_response *)out.value)->status;
}

static void say(struct world *w, const char *price)
{
    struct cairn_mock_request *request = cairn_mock_next_request(w->prices);
    assert_non_null(request);
    struct cairn_http_request *req = cairn_mock_request_value(request);
    cairn_mock_respond(request, cairn_http_text(req, 200, price));
}

static void answers_with_what_the_dependency_says(void **state)
{
    struct world *w = *state;
    assert_int_equal(look(w), 0);
    say(w, "99");
    assert_true(cairn_harness_is_woken(&w->hand));
    assert_int_equal(look(w), 200);
}

static void asks_again_when_the_dependency_fails(void **state)
{
    struct world *w = *state;
    assert_int_equal(look(w), 0);
    cairn_mock_fail(cairn_mock_next_request(w->prices),
        cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "prices", NULL, "connection refused"));
    assert_int_equal(look(w), 0);
    cairn_test_clock_advance_ms(&w->clock, w->runtime, 1000); /* the back-off */
    assert_int_equal(look(w), 0);
    say(w, "99");
    assert_int_equal(look(w), 200);
}

static void gives_up_on_a_dependency_that_hangs(void **state)
{
    struct world *w = *state;
    for (int attempt = 0; attempt < 2; attempt++) {
        assert_int_equal(look(w), 0);
        struct cairn_mock_request *request = cairn_mock_next_request(w->prices);
        assert_non_null(request);
        cairn_test_clock_advance_ms(&w->clock, w->runtime, 100);
        if (attempt == 0)
            assert_int_equal(look(w), 0);
        else
            assert_int_equal(look(w), 504);
        assert_true(cairn_mock_is_abandoned(request)); /* nobody waits for it any more */
        cairn_mock_request_drop(request);
        cairn_test_clock_advance_ms(&w->clock, w->runtime, 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_with_what_the_dependency_says, setup, teardown),
        cmocka_unit_test_setup_teardown(asks_again_when_the_dependency_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(gives_up_on_a_dependency_that_hangs, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
