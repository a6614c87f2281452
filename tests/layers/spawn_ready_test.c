#include <cairn/layers/deadline.h>
#include <cairn/layers/spawn_ready.h>

#include "fixture.h"

#include <cairn/testkit/contract.h>

static void spawn_ready_keeps_the_service_contract(void **state)
{
    const struct cairn_layer layer = cairn_spawn_ready();
    (void)state;
    cairn_contract_check(&layer);
}

static void readiness_that_is_pending_is_driven_in_the_background(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_spawn_ready());
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    assert_int_equal(fixture_number(s, "is_driving"), 1);
    cairn_mock_allow(f->mock, 1);
    assert_false(cairn_harness_is_woken(&f->a));
    cairn_test_settle(f->runtime);
    /* The reservation was taken though the caller has not come back. */
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_int_equal(fixture_number(s, "is_driving"), 0);
    struct cairn_future future = fixture_send(&f->a, s, 1);
    fixture_respond(f, 1, 2);
    assert_response(&f->a, &future, 2);
    cairn_service_drop(s);
}

static void inner_is_not_driven_before_somebody_asks(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_spawn_ready());
    cairn_test_settle(f->runtime);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 0);
    cairn_service_drop(s);
}

static void inner_knows_who_waits_from_the_first_poll_on(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_spawn_ready());
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 1);
    cairn_service_drop(s);
}

static void T124_inner_readiness_failure_is_reported_with_its_text(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_spawn_ready());
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    cairn_mock_fail_ready(
        f->mock, cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "mock", NULL, "foobar"));
    cairn_test_settle(f->runtime);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_dead(&f->a, s, "foobar");
    assert_dead(&f->a, s, "foobar");
    cairn_service_drop(s);
}

static void T124_failure_at_the_first_poll_is_reported_too(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_spawn_ready());
    cairn_mock_fail_ready(
        f->mock, cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "mock", NULL, "foobar"));
    assert_dead(&f->a, s, "foobar");
    assert_dead(&f->a, s, "foobar");
    cairn_service_drop(s);
}

/* Notes the deadline that holds when it is asked and called; ready at its third poll. */
struct note {
    struct cairn_service base;
    struct note_seen {
        unsigned polls;
        uint64_t at_poll;
        uint64_t at_call;
        struct cairn_waker waker;
    } * seen;
};

static enum cairn_poll note_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    struct note_seen *seen = ((struct note *)base)->seen;
    (void)error;
    seen->at_poll = cairn_deadline_ms();
    if (++seen->polls > 2)
        return CAIRN_READY;
    if (cairn_context_can_wait(cx))
        cairn_waker_set(&seen->waker, cx);
    return CAIRN_PENDING;
}

static struct cairn_future note_call(struct cairn_service *base, void *req)
{
    ((struct note *)base)->seen->at_call = cairn_deadline_ms();
    return cairn_future_ready_of(base->response_type, req);
}

static struct cairn_service *note_new(struct note_seen *seen)
{
    static const struct cairn_service_ops ops = {.name = "note",
        .size = sizeof(struct note),
        .poll_ready = note_poll_ready,
        .call = note_call};
    struct note *self = cairn_service_new(&ops, NULL);
    assert_non_null(self);
    self->base.request_type = self->base.response_type = &cairn_test_value_type;
    self->seen = seen;
    return &self->base;
}

/* Tower's trace context: what holds for a call here is its deadline. */
static void T125_callers_deadline_holds_in_the_background_poll_and_in_the_call(void **state)
{
    struct fixture *f = *state;
    struct note_seen seen = {0};
    union cairn_outcome out;
    struct cairn_service *s = cairn_stack(note_new(&seen), cairn_spawn_ready());
    uint64_t before = cairn_deadline_swap(4711);
    assert_not_ready(&f->a, s);
    cairn_deadline_swap(before);
    seen.at_poll = 0;
    cairn_wake(&seen.waker);
    cairn_test_settle(f->runtime);
    assert_int_equal(seen.at_poll, 4711);
    assert_int_equal(cairn_deadline_ms(), before);
    assert_true(cairn_harness_is_woken(&f->a));
    cairn_deadline_swap(4711);
    assert_ready(&f->a, s);
    struct cairn_future call = cairn_service_call(s, cairn_test_value_new(1));
    cairn_deadline_swap(before);
    assert_int_equal(seen.at_call, 4711);
    assert_int_equal(cairn_harness_poll(&f->a, &call, &out), CAIRN_READY);
    cairn_test_value_drop(out.value);
    cairn_service_drop(s);
}

static void last_task_that_polled_is_woken(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_spawn_ready());
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    assert_not_ready(&f->b, s);
    cairn_mock_allow(f->mock, 1);
    cairn_test_settle(f->runtime);
    assert_false(cairn_harness_is_woken(&f->a));
    assert_true(cairn_harness_is_woken(&f->b));
    cairn_service_drop(s);
}

static void dropping_ends_the_background_work_and_inner_at_once(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_spawn_ready());
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    cairn_service_drop(s);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 0);
    cairn_mock_allow(f->mock, 1);
    cairn_test_settle(f->runtime);
    assert_false(cairn_harness_is_woken(&f->a));
}

static void wake_that_comes_after_the_drop_meets_nobody(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_spawn_ready());
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    cairn_mock_allow(f->mock, 1); /* queues the task */
    cairn_service_drop(s);
    cairn_test_settle(f->runtime);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_false(cairn_harness_is_woken(&f->a));
}

static void release_ends_the_background_work_and_readiness_can_begin_again(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_spawn_ready());
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    cairn_service_release(s);
    assert_int_equal(cairn_mock_counts(f->mock).waiting, 0);
    cairn_mock_allow(f->mock, 1);
    cairn_test_settle(f->runtime);
    assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
    assert_false(cairn_harness_is_woken(&f->a));
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    cairn_mock_allow(f->mock, 1);
    cairn_test_settle(f->runtime);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_ready(&f->a, s);
    cairn_service_drop(s);
}

static void second_wait_needs_no_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_spawn_ready());
    for (int i = 0; i < 3; i++) {
        size_t before = cairn_test_alloc_count();
        cairn_mock_allow(f->mock, 0);
        assert_not_ready(&f->a, s);
        assert_int_equal(cairn_test_alloc_count() - before, i == 0);
        cairn_mock_allow(f->mock, 1);
        cairn_test_settle(f->runtime);
        assert_ready(&f->a, s);
        cairn_service_release(s);
    }
    cairn_service_drop(s);
}

static void readiness_that_is_there_at_once_needs_no_task(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_spawn_ready());
    size_t before = cairn_test_alloc_count();
    assert_ready(&f->a, s);
    assert_int_equal(cairn_test_alloc_count(), before);
    cairn_service_drop(s);
}

static void without_memory_the_caller_drives_readiness(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_spawn_ready());
    cairn_mock_allow(f->mock, 0);
    cairn_test_alloc_fail_at(1);
    assert_not_ready(&f->a, s);
    assert_true(cairn_test_alloc_has_failed());
    assert_int_equal(fixture_number(s, "is_driving"), 0);
    cairn_mock_allow(f->mock, 1);
    assert_true(cairn_harness_is_woken(&f->a));
    assert_ready(&f->a, s);
    cairn_service_drop(s);
}

static void copy_drives_its_own_readiness(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_around_mock(f, cairn_spawn_ready());
    cairn_mock_allow(f->mock, 0);
    assert_not_ready(&f->a, s);
    struct cairn_service *copy = fixture_clone(s);
    assert_int_equal(fixture_number(copy, "is_driving"), 0);
    assert_not_ready(&f->b, copy);
    cairn_service_drop(s);
    cairn_mock_allow(f->mock, 1);
    cairn_test_settle(f->runtime);
    assert_false(cairn_harness_is_woken(&f->a));
    assert_true(cairn_harness_is_woken(&f->b));
    assert_ready(&f->b, copy);
    cairn_service_drop(copy);
}

static void service_outlives_a_runtime_that_ends_while_it_waits(void **state)
{
    struct cairn_test_clock clock;
    struct cairn_harness harness;
    struct cairn_mock *mock = cairn_mock_new(NULL);
    const struct cairn_layer layer = cairn_spawn_ready();
    (void)state;
    struct cairn_runtime *runtime = cairn_test_runtime_new(&clock);
    cairn_harness_init(&harness, runtime);
    struct cairn_service *s = cairn_layer_apply(&layer, cairn_mock_service(mock));
    cairn_mock_allow(mock, 0);
    assert_not_ready(&harness, s);
    cairn_mock_allow(mock, 1); /* the task is queued when the runtime ends */
    cairn_runtime_free(runtime);
    cairn_service_drop(s);
    assert_int_equal(cairn_mock_counts(mock).services, 0);
    cairn_harness_fini(&harness);
    cairn_mock_free(mock);
}

static void default_options_do(void **state)
{
    struct fixture *f = *state;
    cairn_service_drop(fixture_around_mock(f, cairn_spawn_ready_layer(NULL)));
    assert_string_equal(cairn_spawn_ready_layer(NULL).name, "spawn_ready");
}

static void without_memory_the_layer_is_refused(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *inner = cairn_mock_service(f->mock);
    cairn_test_alloc_fail_at(1);
    assert_refused(cairn_spawn_ready(), inner, CAIRN_ERROR_MEMORY, "out of memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spawn_ready_keeps_the_service_contract),
        fixture_test(readiness_that_is_pending_is_driven_in_the_background),
        fixture_test(inner_is_not_driven_before_somebody_asks),
        fixture_test(inner_knows_who_waits_from_the_first_poll_on),
        fixture_test(T124_inner_readiness_failure_is_reported_with_its_text),
        fixture_test(T124_failure_at_the_first_poll_is_reported_too),
        fixture_test(T125_callers_deadline_holds_in_the_background_poll_and_in_the_call),
        fixture_test(last_task_that_polled_is_woken),
        fixture_test(dropping_ends_the_background_work_and_inner_at_once),
        fixture_test(wake_that_comes_after_the_drop_meets_nobody),
        fixture_test(release_ends_the_background_work_and_readiness_can_begin_again),
        fixture_test(second_wait_needs_no_memory),
        fixture_test(readiness_that_is_there_at_once_needs_no_task),
        fixture_test(without_memory_the_caller_drives_readiness),
        fixture_test(copy_drives_its_own_readiness),
        cmocka_unit_test(service_outlives_a_runtime_that_ends_while_it_waits),
        fixture_test(default_options_do),
        fixture_test(without_memory_the_layer_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
