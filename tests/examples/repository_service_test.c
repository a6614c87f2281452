#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/clock.h>
#include <cairn/testkit/harness.h>

#include "memory_repository.h"
#include "repository_service.h"
#include "service_repository.h"

/* A repository that fails, or is slow, a number of times before it answers. */
struct flaky {
    struct user_repository base;
    unsigned bad;
    struct cairn_error *error; /* NULL: it takes ten seconds */
    unsigned calls;
    struct user answer;
};

static struct cairn_future flaky_answer(struct user_repository *base)
{
    struct flaky *self = (struct flaky *)base;
    if (self->calls++ >= self->bad)
        return cairn_future_ready(user_copy(&self->answer));
    return self->error ? cairn_future_failed(self->error) : cairn_sleep(10000);
}

static struct cairn_future flaky_find_by_id(struct user_repository *base, int64_t id)
{
    (void)id;
    return flaky_answer(base);
}

static struct cairn_future flaky_save(struct user_repository *base, const struct user *user)
{
    (void)user;
    return flaky_answer(base);
}

static struct cairn_future flaky_list(struct user_repository *base, int64_t after, size_t limit)
{
    (void)after;
    (void)limit;
    return flaky_answer(base);
}

static void flaky_describe(const struct user_repository *base, struct cairn_describe *d)
{
    cairn_describe_counter(d, "calls", ((const struct flaky *)base)->calls);
}

static const struct user_repository_ops flaky_ops = {
    .name = "flaky",
    .find_by_id = flaky_find_by_id,
    .save = flaky_save,
    .list = flaky_list,
    .delete_by_id = flaky_find_by_id,
    .describe = flaky_describe,
};

static struct cairn_error busy =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_UNAVAILABLE, "flaky", "the database is locked");
static struct cairn_error broken =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_SYSTEM, "flaky", "the disk is full");

struct fixture {
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct cairn_harness harness;
    struct flaky flaky;
    struct user_repository *users;
    struct cairn_future future;
    union cairn_outcome out;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    struct cairn_error *error = NULL;
    memset(&fixture, 0, sizeof(fixture));
    fixture.runtime = cairn_test_runtime_new(&fixture.clock);
    cairn_harness_init(&fixture.harness, fixture.runtime);
    fixture.flaky.base.ops = &flaky_ops;
    fixture.flaky.answer =
        (struct user){.id = 7, .name = CAIRN_STR("Ada"), .email = CAIRN_STR("ada@example.org")};
    fixture.users = service_repository_new(
        repository_stack_new(&fixture.flaky.base,
            &(struct repository_stack_options){.attempts = 3, .timeout_ms = 100}),
        &error);
    *state = &fixture;
    return fixture.users ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    user_repository_close(fixture->users);
    cairn_harness_fini(&fixture->harness);
    cairn_runtime_free(fixture->runtime);
    return 0;
}

/* Polls until the outcome is there, or until no more than MS have passed. */
static enum cairn_poll after_ms(struct fixture *fixture, unsigned ms)
{
    enum cairn_poll p = cairn_harness_poll(&fixture->harness, &fixture->future, &fixture->out);
    for (; ms > 0 && p == CAIRN_PENDING; ms--) {
        cairn_test_clock_advance_ms(&fixture->clock, fixture->runtime, 1);
        if (cairn_harness_is_woken(&fixture->harness))
            p = cairn_harness_poll(&fixture->harness, &fixture->future, &fixture->out);
    }
    return p;
}

static void start_find(struct fixture *fixture)
{
    fixture->future = user_repository_find_by_id(fixture->users, 7);
}

static void start_save(struct fixture *fixture)
{
    fixture->future = user_repository_save(fixture->users, &fixture->flaky.answer);
}

static void assert_answered(struct fixture *fixture)
{
    assert_string_equal(((struct user *)fixture->out.value)->name.data, "Ada");
    user_drop(fixture->out.value);
}

static void assert_failed(struct fixture *fixture, enum cairn_error_code code)
{
    assert_int_equal(fixture->out.error->code, code);
    cairn_error_unref(fixture->out.error);
}

static void an_answer_at_once_takes_one_attempt(void **state)
{
    struct fixture *fixture = *state;
    start_find(fixture);
    assert_int_equal(after_ms(fixture, 0), CAIRN_READY);
    assert_answered(fixture);
    assert_int_equal(fixture->flaky.calls, 1);
}

static void a_read_that_is_busy_twice_is_answered_by_the_third_attempt(void **state)
{
    struct fixture *fixture = *state;
    fixture->flaky.bad = 2;
    fixture->flaky.error = &busy;
    start_find(fixture);
    assert_int_equal(after_ms(fixture, 0), CAIRN_PENDING);
    assert_int_equal(fixture->flaky.calls, 1);
    assert_int_equal(after_ms(fixture, 100), CAIRN_READY);
    assert_answered(fixture);
    assert_int_equal(fixture->flaky.calls, 3);
}

static void a_save_that_is_busy_changed_nothing_and_is_tried_again(void **state)
{
    struct fixture *fixture = *state;
    fixture->flaky.bad = 2;
    fixture->flaky.error = &busy;
    start_save(fixture);
    assert_int_equal(after_ms(fixture, 100), CAIRN_READY);
    assert_answered(fixture);
    assert_int_equal(fixture->flaky.calls, 3);
}

static void what_is_busy_three_times_fails_as_unavailable(void **state)
{
    struct fixture *fixture = *state;
    fixture->flaky.bad = 3;
    fixture->flaky.error = &busy;
    start_find(fixture);
    assert_int_equal(after_ms(fixture, 1000), CAIRN_FAILED);
    assert_failed(fixture, CAIRN_ERROR_UNAVAILABLE);
    assert_int_equal(fixture->flaky.calls, 3);
}

static void other_failures_are_not_tried_again(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_error *errors[] = {&broken, &user_error_not_found, &user_error_conflict};
    for (size_t i = 0; i < 3; i++) {
        fixture->flaky.calls = 0;
        fixture->flaky.bad = 1;
        fixture->flaky.error = errors[i];
        start_find(fixture);
        assert_int_equal(after_ms(fixture, 0), CAIRN_FAILED);
        assert_failed(fixture, errors[i]->code);
        assert_int_equal(fixture->flaky.calls, 1);
    }
}

static void a_read_that_is_slow_once_is_tried_again_after_its_time(void **state)
{
    struct fixture *fixture = *state;
    fixture->flaky.bad = 1;
    start_find(fixture);
    assert_int_equal(after_ms(fixture, 99), CAIRN_PENDING);
    assert_int_equal(fixture->flaky.calls, 1);
    assert_int_equal(after_ms(fixture, 30), CAIRN_READY);
    assert_answered(fixture);
    assert_int_equal(fixture->flaky.calls, 2);
}

static void a_read_that_stays_slow_fails_as_elapsed(void **state)
{
    struct fixture *fixture = *state;
    fixture->flaky.bad = 9;
    start_find(fixture);
    assert_int_equal(after_ms(fixture, 299), CAIRN_PENDING);
    assert_int_equal(after_ms(fixture, 100), CAIRN_FAILED);
    assert_failed(fixture, CAIRN_ERROR_ELAPSED);
    assert_int_equal(fixture->flaky.calls, 3);
}

static void a_save_that_is_slow_may_have_been_done_and_is_not_tried_again(void **state)
{
    struct fixture *fixture = *state;
    fixture->flaky.bad = 1;
    start_save(fixture);
    assert_int_equal(after_ms(fixture, 101), CAIRN_FAILED);
    assert_failed(fixture, CAIRN_ERROR_ELAPSED);
    assert_int_equal(fixture->flaky.calls, 1);
}

static void a_future_that_is_dropped_while_it_waits_leaves_nothing_behind(void **state)
{
    struct fixture *fixture = *state;
    fixture->flaky.bad = 9;
    fixture->flaky.error = &busy;
    start_save(fixture);
    assert_int_equal(after_ms(fixture, 0), CAIRN_PENDING);
    cairn_future_drop(&fixture->future);
    cairn_test_clock_advance_ms(&fixture->clock, fixture->runtime, 1000);
    assert_int_equal(fixture->flaky.calls, 1);
}

static void the_stack_describes_its_layers_and_the_repository(void **state)
{
    struct fixture *fixture = *state;
    char text[1024] = "";
    fixture->flaky.bad = 1;
    fixture->flaky.error = &busy;
    start_find(fixture);
    assert_int_equal(after_ms(fixture, 100), CAIRN_READY);
    assert_answered(fixture);
    struct cairn_service *stack = repository_stack_new(&fixture->flaky.base, NULL);
    FILE *out = fmemopen(text, sizeof(text), "w");
    cairn_stack_print(stack, out);
    fclose(out);
    cairn_service_drop(stack);
    const char *retry = strstr(text, "retry");
    const char *timeout = retry ? strstr(retry, "timeout") : NULL;
    const char *repository = timeout ? strstr(timeout, "flaky") : NULL;
    assert_non_null(repository);
    assert_non_null(strstr(repository, "calls"));
}

static void a_bad_option_gives_no_repository_and_says_why(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_error *error = NULL;
    struct cairn_service *stack = repository_stack_new(
        &fixture->flaky.base, &(struct repository_stack_options){.attempts = 101});
    assert_null(service_repository_new(stack, &error));
    assert_int_equal(error->code, CAIRN_ERROR_INVALID);
    assert_non_null(strstr(error->message, "attempts"));
    cairn_error_unref(error);
}

/* With one allocation failing anywhere: out of memory, or as if nothing had been. */
static void save_and_find(void *cx)
{
    struct cairn_test_clock clock;
    struct cairn_error *error = NULL;
    (void)cx;
    cairn_test_alloc_exempt(true);
    struct cairn_runtime *runtime = cairn_test_runtime_new(&clock);
    struct user *draft = user_new(0, CAIRN_STR("Ada"), CAIRN_STR("ada@example.org"), 0);
    cairn_test_alloc_exempt(false);
    struct user_repository *store = memory_repository_new();
    struct user_repository *users =
        store ? service_repository_new(repository_stack_new(store, NULL), &error) : NULL;
    cairn_error_unref(error);
    for (int i = 0; i < 2 && users; i++) {
        union cairn_outcome out;
        struct cairn_future future =
            i == 0 ? user_repository_save(users, draft) : user_repository_list(users, 0, 9);
        enum cairn_poll p = cairn_block_on(runtime, future, &out);
        assert_true(p == CAIRN_READY || out.error->code == CAIRN_ERROR_MEMORY);
        if (p == CAIRN_READY)
            user_drop(out.value);
    }
    user_repository_close(users);
    user_repository_close(store);
    user_drop(draft);
    cairn_runtime_free(runtime);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(save_and_find, NULL) > 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_at_once_takes_one_attempt),
        TEST(a_read_that_is_busy_twice_is_answered_by_the_third_attempt),
        TEST(a_save_that_is_busy_changed_nothing_and_is_tried_again),
        TEST(what_is_busy_three_times_fails_as_unavailable),
        TEST(other_failures_are_not_tried_again),
        TEST(a_read_that_is_slow_once_is_tried_again_after_its_time),
        TEST(a_read_that_stays_slow_fails_as_elapsed),
        TEST(a_save_that_is_slow_may_have_been_done_and_is_not_tried_again),
        TEST(a_future_that_is_dropped_while_it_waits_leaves_nothing_behind),
        TEST(the_stack_describes_its_layers_and_the_repository),
        TEST(a_bad_option_gives_no_repository_and_says_why),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
