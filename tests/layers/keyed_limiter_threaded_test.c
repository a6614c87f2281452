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

/* Calls that were let through, and those that were charged for. */
struct result {
    uint64_t allowed;
    uint64_t charged;
};

static uint64_t charged(const struct cairn_keyed_limiter *limiter, uint32_t keys, uint64_t burst)
{
    uint64_t sum = 0;
    for (uint32_t key = 0; key < keys; key++) {
        struct cairn_str text = cairn_str_of((const char *)&key, sizeof(key));
        struct cairn_keyed_answer answer =
            cairn_keyed_limiter_peek(limiter, text, NULL, 1000 * (uint64_t)MS);
        sum += answer.reset_ms * burst / 60000;
    }
    return sum;
}

/* All threads at it at once. */
static struct result run(
    uint64_t burst, size_t slots_for, uint32_t keys, uint32_t rounds, uint64_t seed)
{
    struct worker workers[THREADS];
    pthread_barrier_t barrier;
    struct cairn_error *error = NULL;
    const struct cairn_keyed_limiter_options opts = {
        .size = sizeof(opts), .num = burst, .per_ms = 60000, .keys = slots_for, .seed = seed};
    struct cairn_keyed_limiter *limiter = cairn_keyed_limiter_new(&opts, &error);
    struct result result = {0, 0};
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
        result.allowed += workers[i].allowed;
    }
    pthread_barrier_destroy(&barrier);
    result.charged = charged(limiter, keys, burst);
    cairn_keyed_limiter_unref(limiter);
    return result;
}

static void threads_together_get_the_burst_of_one_key(void **state)
{
    (void)state;
    struct result result = run(1000, 1, 1, 20000, 1);
    assert_in_range(result.allowed, 1000 - THREADS, 1000 + THREADS);
    assert_true(result.charged >= result.allowed);
}

/* One charged twice in that moment is possible, one not charged is not. */
static void no_charge_is_lost_when_threads_meet_new_keys_at_once(void **state)
{
    enum { RUNS = 200, KEYS = 8, BURST = 3 };
    uint64_t sum = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        struct result result = run(BURST, seed % 2 ? 64 : 8, KEYS, 400, seed);
        assert_true(result.charged >= result.allowed);
        sum += result.allowed;
    }
    assert_in_range(sum, RUNS * KEYS * BURST * 95 / 100, RUNS * KEYS * BURST * 105 / 100);
}

/* What is forgotten begins anew: more passes, and nothing comes to a standstill. */
static void table_that_is_far_too_small_goes_on(void **state)
{
    (void)state;
    uint64_t allowed = run(1, 1, 500, 20000, 9).allowed;
    assert_in_range(allowed, 500, THREADS * 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_together_get_the_burst_of_one_key),
        cmocka_unit_test(no_charge_is_lost_when_threads_meet_new_keys_at_once),
        cmocka_unit_test(table_that_is_far_too_small_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
