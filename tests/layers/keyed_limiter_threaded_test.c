#include <cairn/layers/keyed_limiter.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/service/random.h>

enum { THREADS = 4, MS = 1000000 };

struct worker {
    pthread_t thread;
    struct cairn_keyed_limiter *limiter;
    pthread_barrier_t *barrier;
    uint32_t keys;
    uint32_t rounds;
    uint64_t seed;
    uint64_t allowed;
};

/* Time stands still: what is let through is what the bursts had. */
static void *work(void *cx)
{
    struct worker *self = cx;
    struct cairn_random random;
    cairn_random_init(&random, self->seed);
    pthread_barrier_wait(self->barrier);
    for (uint32_t i = 0; i < self->rounds; i++) {
        uint32_t key = (uint32_t)cairn_random_range(&random, 0, self->keys);
        struct cairn_str text = cairn_str_of((const char *)&key, sizeof(key));
        self->allowed +=
            cairn_keyed_limiter_take(self->limiter, text, NULL, 0, 1000 * (uint64_t)MS).is_allowed;
    }
    cairn_keyed_limiter_unref(self->limiter);
    return NULL;
}

/* All threads at it at once; how many calls were let through. */
static uint64_t run(uint64_t burst, size_t slots_for, uint32_t keys, uint32_t rounds, uint64_t seed)
{
    struct worker workers[THREADS];
    pthread_barrier_t barrier;
    struct cairn_error *error = NULL;
    const struct cairn_keyed_limiter_options opts = {
        .size = sizeof(opts), .num = burst, .per_ms = 60000, .keys = slots_for, .seed = seed};
    struct cairn_keyed_limiter *limiter = cairn_keyed_limiter_new(&opts, &error);
    uint64_t allowed = 0;
    assert_non_null(limiter);
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.limiter = cairn_keyed_limiter_ref(limiter),
            .barrier = &barrier,
            .keys = keys,
            .rounds = rounds,
            .seed = seed + i + 1};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        allowed += workers[i].allowed;
    }
    pthread_barrier_destroy(&barrier);
    cairn_keyed_limiter_unref(limiter);
    return allowed;
}

static void threads_together_get_exactly_the_burst_of_one_key(void **state)
{
    (void)state;
    assert_int_equal(run(1000, 1, 1, 20000, 1), 1000);
}

/* One charged twice in that moment is possible, one not charged is not. */
static void no_charge_is_lost_when_threads_meet_new_keys_at_once(void **state)
{
    enum { RUNS = 200, KEYS = 8, BURST = 3 };
    uint64_t sum = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        uint64_t allowed = run(BURST, 64, KEYS, 400, seed);
        assert_true(allowed <= KEYS * BURST);
        sum += allowed;
    }
    assert_true(sum > RUNS * KEYS * BURST * 9 / 10);
}

/* What is forgotten begins anew: more passes, and nothing comes to a standstill. */
static void table_that_is_far_too_small_goes_on(void **state)
{
    (void)state;
    uint64_t allowed = run(1, 1, 500, 20000, 9);
    assert_true(allowed >= 500 && allowed <= THREADS * 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_together_get_exactly_the_burst_of_one_key),
        cmocka_unit_test(no_charge_is_lost_when_threads_meet_new_keys_at_once),
        cmocka_unit_test(table_that_is_far_too_small_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
