#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include <cairn/service/blocking.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/harness.h>

/* What needs no thread. blocking_threaded_test.c has the rest. */

struct work {
    unsigned *runs;
    unsigned *drops;
};

static enum cairn_poll work_run(void *state, union cairn_outcome *out)
{
    struct work *self = state;
    ++*self->runs;
    out->value = NULL;
    return CAIRN_READY;
}

static void work_drop(void *state)
{
    struct work *self = state;
    ++*self->drops;
}

static const struct cairn_blocking_ops work_ops = {
    .name = "work", .size = sizeof(struct work), .run = work_run, .drop = work_drop};

static void expect_refused(const struct cairn_blocking_options *opts, const char *message)
{
    struct cairn_error *error = NULL;
    assert_null(cairn_blocking_pool_new(opts, &error));
    assert_int_equal(error->code, CAIRN_ERROR_INVALID);
    assert_string_equal(error->message, message);
    cairn_error_unref(error);
}

static void an_option_out_of_range_is_refused_with_its_range(void **state)
{
    (void)state;
    cairn_test_alloc_begin();
    expect_refused(
        &(struct cairn_blocking_options){.threads = 1025}, "threads is 1025, must be 1 to 1024");
    expect_refused(&(struct cairn_blocking_options){.max_queue = 1048577},
        "max_queue is 1048577, must be 1 to 1048576");
    cairn_test_alloc_end();
}

static void the_most_threads_and_the_longest_queue_are_accepted(void **state)
{
    struct cairn_error *error = NULL;
    const struct cairn_blocking_options opts = {.threads = 1024, .max_queue = 1048576};
    (void)state;
    cairn_test_alloc_begin();
    struct cairn_blocking_pool *pool = cairn_blocking_pool_new(&opts, &error);
    assert_non_null(pool);
    assert_int_equal(cairn_blocking_pool_queued(pool), 0);
    assert_int_equal(cairn_blocking_pool_running(pool), 0);
    cairn_blocking_pool_free(pool);
    cairn_test_alloc_end();
}

static void without_memory_there_is_no_pool(void **state)
{
    struct cairn_error *error = NULL;
    (void)state;
    cairn_test_alloc_begin();
    cairn_test_alloc_fail_at(1);
    assert_null(cairn_blocking_pool_new(NULL, &error));
    assert_ptr_equal(error, &cairn_error_no_memory);
    cairn_test_alloc_end();
    cairn_blocking_pool_free(NULL);
}

static void expect_not_run(struct cairn_future f, enum cairn_error_code code)
{
    struct cairn_harness task;
    union cairn_outcome out;
    cairn_harness_init(&task, NULL);
    assert_int_equal(cairn_harness_poll(&task, &f, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, code);
    cairn_harness_fini(&task);
}

static void without_memory_work_is_dropped_and_does_not_run(void **state)
{
    struct cairn_error *error = NULL;
    unsigned runs = 0, drops = 0;
    const struct work work = {&runs, &drops};
    (void)state;
    cairn_test_alloc_begin();
    struct cairn_blocking_pool *pool = cairn_blocking_pool_new(NULL, &error);
    for (unsigned n = 1; n <= 2; n++) { /* the work, then its future */
        cairn_test_alloc_fail_at(n);
        expect_not_run(cairn_blocking(pool, &work_ops, &work), CAIRN_ERROR_MEMORY);
        assert_true(cairn_test_alloc_has_failed());
        assert_int_equal(drops, n);
    }
    assert_int_equal(runs, 0);
    assert_int_equal(cairn_blocking_pool_queued(pool), 0);
    cairn_blocking_pool_free(pool);
    cairn_test_alloc_end();
}

/* A stack of a petabyte is more than any thread gets. */
static void where_no_thread_can_be_started_work_is_dropped_and_refused(void **state)
{
    struct cairn_error *error = NULL;
    unsigned runs = 0, drops = 0;
    const struct work work = {&runs, &drops};
    pthread_attr_t before, huge;
    (void)state;
    cairn_test_alloc_begin();
    struct cairn_blocking_pool *pool = cairn_blocking_pool_new(NULL, &error);
    pthread_getattr_default_np(&before);
    pthread_attr_init(&huge);
    assert_int_equal(pthread_attr_setstacksize(&huge, (size_t)1 << 50), 0);
    assert_int_equal(pthread_setattr_default_np(&huge), 0);
    struct cairn_future f = cairn_blocking(pool, &work_ops, &work);
    pthread_setattr_default_np(&before);
    pthread_attr_destroy(&huge);
    pthread_attr_destroy(&before);
    expect_not_run(f, CAIRN_ERROR_OVERLOADED);
    assert_int_equal(drops, 1);
    assert_int_equal(runs, 0);
    assert_int_equal(cairn_blocking_pool_queued(pool), 0);
    cairn_blocking_pool_free(pool);
    cairn_test_alloc_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_option_out_of_range_is_refused_with_its_range),
        cmocka_unit_test(the_most_threads_and_the_longest_queue_are_accepted),
        cmocka_unit_test(without_memory_there_is_no_pool),
        cmocka_unit_test(without_memory_work_is_dropped_and_does_not_run),
        cmocka_unit_test(where_no_thread_can_be_started_work_is_dropped_and_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
