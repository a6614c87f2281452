#include "http_fixture.h"

#include <pthread.h>

#include <cairn/http/layers/idempotency_memory.h>

enum { WORKERS = 4, KEYS = 3000 };

/* How often each key was carried out, and replayed. */
struct shop {
    struct cairn_idempotency_store *store;
    pthread_barrier_t barrier; /* so that all begin at the same time */
    unsigned carried_out[KEYS];
    unsigned replayed[KEYS];
};

static void work_on(struct shop *shop, unsigned number)
{
    static const struct cairn_idempotency_fingerprint print = {{1, 2}};
    const struct cairn_context spot = {NULL, NULL};
    struct cairn_idempotency_store *store = shop->store;
    struct cairn_idempotency_claim claim;
    union cairn_outcome out;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/");
    struct cairn_str key = cairn_arena_printf(arena, "key %u", number);
    struct cairn_future future = store->ops->begin(store, key, &print, 100000, req, &claim);
    cairn_future_poll(&future, &spot, &out);
    if (claim.found == CAIRN_IDEMPOTENCY_CLAIMED) {
        __atomic_fetch_add(&shop->carried_out[number], 1, __ATOMIC_RELAXED);
        future =
            store->ops->answer(store, key, claim.token, cairn_http_text(req, 200, "made"), 100000);
        cairn_future_poll(&future, &spot, &out);
    } else if (claim.found == CAIRN_IDEMPOTENCY_ANSWERED &&
               cairn_str_equal(claim.answer->body, CAIRN_STR("made"))) {
        __atomic_fetch_add(&shop->replayed[number], 1, __ATOMIC_RELAXED);
    }
    cairn_arena_free(arena);
}

static void two_rounds(struct shop *shop)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < KEYS; i++)
            work_on(shop, i);
    }
    cairn_runtime_free(runtime);
}

static void *work(void *cx)
{
    struct shop *shop = cx;
    pthread_barrier_wait(&shop->barrier);
    two_rounds(shop);
    return NULL;
}

static void workers_carry_each_key_out_once(void **state)
{
    static struct shop shop;
    pthread_t threads[WORKERS];
    struct cairn_error *error = NULL;
    (void)state;
    shop.store = cairn_idempotency_memory_new(NULL, &error);
    assert_non_null(shop.store);
    pthread_barrier_init(&shop.barrier, NULL, WORKERS);
    for (size_t i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &shop), 0);
    for (size_t i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    memset(shop.replayed, 0, sizeof(shop.replayed));
    two_rounds(&shop); /* once more, now that all are answered */
    for (size_t i = 0; i < KEYS; i++) {
        assert_int_equal(shop.carried_out[i], 1);
        assert_int_equal(shop.replayed[i], 2);
    }
    pthread_barrier_destroy(&shop.barrier);
    cairn_idempotency_store_unref(shop.store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_carry_each_key_out_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
