#include "http_fixture.h"

#include <pthread.h>

#include <cairn/http/layers/in_flight.h>

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "fine");
}

enum { ROUNDS = 8000 };

static void *work(void *cx)
{
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &(struct cairn_error *){NULL});
    struct cairn_layer layer = cairn_in_flight(.counter = cx);
    struct cairn_service *service = cairn_layer_apply(&layer, cairn_http_handler(answer, NULL));
    struct cairn_harness hand;
    cairn_harness_init(&hand, runtime);
    for (int i = 0; i < ROUNDS; i++) {
        union cairn_outcome out;
        struct cairn_error *error = NULL;
        struct cairn_arena *arena = cairn_arena_new(NULL);
        cairn_harness_poll_ready(&hand, service, &error);
        struct cairn_future future =
            cairn_service_call(service, cairn_http_request_new(arena, CAIRN_HTTP_GET, "/"));
        cairn_harness_poll(&hand, &future, &out);
        cairn_arena_free(arena);
    }
    cairn_service_drop(service);
    cairn_harness_fini(&hand);
    cairn_runtime_free(runtime);
    return NULL;
}

static void workers_share_a_counter_without_losing_one(void **state)
{
    pthread_t threads[4];
    struct cairn_in_flight *counter = cairn_in_flight_new();
    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, counter), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(cairn_in_flight_count(counter), 0);
    cairn_in_flight_unref(counter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_share_a_counter_without_losing_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
