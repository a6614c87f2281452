#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/service/future.h>
#include <cairn/service/runtime.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/clock.h>
#include <cairn/testkit/harness.h>
#include <cairn/testkit/misuse.h>
#include <cairn/testkit/value.h>

/* A future that is played by hand, and that counts what is done to it. */
struct plan {
    enum cairn_poll p;
    union cairn_outcome out;
    unsigned polls;
    unsigned drops;
};

struct planned {
    struct plan *plan;
    char padding[40];
};

static enum cairn_poll planned_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct plan *plan = ((struct planned *)state)->plan;

    (void)cx;
    plan->polls++;
    if (plan->p != CAIRN_PENDING)
        *out = plan->out;
    return plan->p;
}

static void planned_drop(void *state)
{
    ((struct planned *)state)->plan->drops++;
}

static const struct cairn_future_ops planned_ops = {
    .name = "planned", .size = sizeof(struct planned), .poll = planned_poll, .drop = planned_drop};

static const struct cairn_future_ops planned_send_ops = {.name = "planned_send",
    .size = sizeof(struct planned),
    .poll = planned_poll,
    .drop = planned_drop,
    .send = true};

/* Wraps another future and counts along; PENDING on the spot is moved into a box. */
struct wrapper {
    struct cairn_future inner;
    struct plan *plan;
};

static enum cairn_poll wrapper_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct wrapper *self = state;

    self->plan->polls++;
    if (self->plan->p == CAIRN_PENDING && !cairn_context_can_wait(cx))
        return CAIRN_PENDING;
    return cairn_future_poll(&self->inner, cx, out);
}

static void wrapper_drop(void *state)
{
    struct wrapper *self = state;

    self->plan->drops++;
    cairn_future_drop(&self->inner);
}

static const struct cairn_future_ops wrapper_ops = {.name = "wrapper",
    .size = sizeof(struct wrapper),
    .poll = wrapper_poll,
    .drop = wrapper_drop,
    .wraps = true};

static const struct cairn_future_ops wrapper_send_ops = {.name = "wrapper_send",
    .size = sizeof(struct wrapper),
    .poll = wrapper_poll,
    .drop = wrapper_drop,
    .wraps = true,
    .send = true};

static const struct cairn_future_ops wrapper_typed_ops = {.name = "wrapper_typed",
    .size = sizeof(struct wrapper),
    .poll = wrapper_poll,
    .drop = wrapper_drop,
    .type = &cairn_test_value_type,
    .wraps = true};

/* Fails without a look at the future inside. */
static enum cairn_poll refusing_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    (void)state, (void)cx;
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static const struct cairn_future_ops refusing_ops = {
    .name = "refusing", .size = sizeof(struct cairn_future), .poll = refusing_poll, .wraps = true};

struct fixture {
    struct cairn_harness harness;
    struct plan plan;
};

static int fixture_open(void **state)
{
    static struct fixture self;

    cairn_test_alloc_begin();
    cairn_harness_init(&self.harness, NULL);
    self.plan = (struct plan){.p = CAIRN_PENDING};
    *state = &self;
    return 0;
}

static int fixture_close(void **state)
{
    struct fixture *self = *state;

    cairn_harness_fini(&self->harness);
    assert_int_equal(cairn_test_value_live(), 0);
    cairn_test_alloc_end();
    return 0;
}

static struct cairn_future planned(struct fixture *self)
{
    return cairn_future_box(&planned_ops, &(struct planned){.plan = &self->plan});
}

static struct cairn_future wrapped(struct plan *plan, struct cairn_future inner)
{
    return cairn_future_wrap(&wrapper_ops, &(struct wrapper){inner, plan});
}

static void ready_carries_its_value_and_allocates_nothing(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future = cairn_future_ready(self);
    union cairn_outcome out;

    assert_true(cairn_future_is_complete(&future));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_READY);
    assert_ptr_equal(out.value, self);
    assert_true(cairn_future_is_empty(&future));
    assert_int_equal(cairn_test_alloc_count(), 0);
}

static void failed_carries_its_error(void **state)
{
    struct fixture *self = *state;
    struct cairn_error *error = cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "no");
    struct cairn_future future = cairn_future_failed(error);
    union cairn_outcome out;

    assert_true(cairn_future_is_complete(&future));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, error);
    assert_true(cairn_future_is_empty(&future));
    cairn_error_unref(error);
}

static void failed_that_is_dropped_lets_go_of_its_error(void **state)
{
    struct cairn_future future =
        cairn_future_failed(cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "no"));

    (void)state;
    assert_int_equal(cairn_test_alloc_live(), 1);
    cairn_future_drop(&future);
    assert_int_equal(cairn_test_alloc_live(), 0);
}

static void ready_of_drops_the_value_that_nobody_takes(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future =
        cairn_future_ready_of(&cairn_test_value_type, cairn_test_value_new(1));
    union cairn_outcome out;

    cairn_future_drop(&future);
    assert_int_equal(cairn_test_value_live(), 0);
    future = cairn_future_ready_of(&cairn_test_value_type, cairn_test_value_new(2));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), 2);
}

static void a_wrap_of_a_type_drops_the_value_that_nobody_takes(void **state)
{
    struct fixture *self = *state;
    struct wrapper wrapper = {cairn_future_ready(cairn_test_value_new(1)), &self->plan};
    self->plan.p = CAIRN_READY;
    struct cairn_future future = cairn_future_wrap(&wrapper_typed_ops, &wrapper);
    assert_int_equal(self->plan.drops, 1); /* it began, and ended, on the spot */
    cairn_future_drop(&future);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void a_wrap_that_fails_on_the_spot_lets_go_of_what_is_inside(void **state)
{
    struct fixture *self = *state;
    struct cairn_future inner =
        cairn_future_failed(cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "no"));
    struct cairn_future future = cairn_future_wrap(&refusing_ops, &inner);
    union cairn_outcome out;
    assert_int_equal(cairn_test_alloc_live(), 0);
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &cairn_error_no_memory);
}

static void ready_of_a_type_without_drop_allocates_nothing(void **state)
{
    static const struct cairn_type plain = {.name = "test.plain"};
    int number;
    struct cairn_future future = cairn_future_ready_of(&plain, &number);

    (void)state;
    assert_true(cairn_future_is_complete(&future));
    future = cairn_future_ready_of(NULL, &number);
    assert_true(cairn_future_is_complete(&future));
    assert_int_equal(cairn_test_alloc_count(), 0);
}

static void ready_of_without_memory_drops_the_value_and_has_failed(void **state)
{
    struct fixture *self = *state;
    void *value = cairn_test_value_new(1);
    struct cairn_future future;
    union cairn_outcome out;

    cairn_test_alloc_fail_at(1);
    future = cairn_future_ready_of(&cairn_test_value_type, value);
    assert_int_equal(cairn_test_value_live(), 0);
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &cairn_error_no_memory);
}

static void a_boxed_future_is_polled_until_it_is_ready_and_dropped_once(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future = planned(self);
    union cairn_outcome out = {.value = NULL};

    assert_int_equal(self->plan.polls, 0);
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_PENDING);
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_PENDING);
    assert_null(out.value);
    assert_int_equal(self->plan.drops, 0);
    self->plan.p = CAIRN_READY;
    self->plan.out.value = self;
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_READY);
    assert_ptr_equal(out.value, self);
    assert_int_equal(self->plan.polls, 3);
    assert_int_equal(self->plan.drops, 1);
    assert_true(cairn_future_is_empty(&future));
    cairn_future_drop(&future);
    assert_int_equal(self->plan.drops, 1);
    assert_int_equal(cairn_test_alloc_live(), 0);
}

static void a_boxed_future_that_fails_is_dropped_once(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future = planned(self);
    union cairn_outcome out;

    self->plan.p = CAIRN_FAILED;
    self->plan.out.error = &cairn_error_no_memory;
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &cairn_error_no_memory);
    assert_int_equal(self->plan.drops, 1);
    assert_true(cairn_future_is_empty(&future));
}

static void a_boxed_future_that_is_given_up_is_dropped_once_and_never_polled(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future = planned(self);

    cairn_future_drop(&future);
    cairn_future_drop(&future);
    assert_int_equal(self->plan.polls, 0);
    assert_int_equal(self->plan.drops, 1);
    assert_true(cairn_future_is_empty(&future));
}

static void a_box_without_memory_drops_the_state_and_has_failed(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future;
    union cairn_outcome out;

    cairn_test_alloc_fail_at(1);
    future = planned(self);
    assert_int_equal(self->plan.drops, 1);
    assert_true(cairn_future_is_complete(&future));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &cairn_error_no_memory);
    assert_int_equal(self->plan.polls, 0);
}

static void wrapping_a_complete_future_polls_on_the_spot_without_a_box(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future;
    union cairn_outcome out;

    self->plan.p = CAIRN_READY;
    future = wrapped(&self->plan, cairn_future_ready(self));
    assert_true(cairn_future_is_complete(&future));
    assert_int_equal(self->plan.polls, 1);
    assert_int_equal(self->plan.drops, 1);
    assert_int_equal(cairn_test_alloc_count(), 0);
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_READY);
    assert_ptr_equal(out.value, self);
    future = wrapped(&self->plan, cairn_future_failed(&cairn_error_no_memory));
    assert_true(cairn_future_is_complete(&future));
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_FAILED);
    assert_int_equal(self->plan.drops, 2);
}

static void ten_wrappers_around_a_complete_future_allocate_nothing(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future = cairn_future_ready(self);

    self->plan.p = CAIRN_READY;
    for (int i = 0; i < 10; i++)
        future = wrapped(&self->plan, future);
    assert_true(cairn_future_is_complete(&future));
    assert_int_equal(self->plan.drops, 10);
    assert_int_equal(cairn_test_alloc_count(), 0);
}

static void wrapping_a_pending_future_does_not_poll_it(void **state)
{
    struct fixture *self = *state;
    struct plan outer = {.p = CAIRN_READY};
    struct cairn_future future = wrapped(&outer, planned(self));

    assert_false(cairn_future_is_complete(&future));
    assert_int_equal(outer.polls, 0);
    assert_int_equal(self->plan.polls, 0);
    cairn_future_drop(&future);
    assert_int_equal(outer.drops, 1);
    assert_int_equal(self->plan.drops, 1);
}

static void a_wrapper_that_cannot_end_on_the_spot_is_boxed_and_polled_again(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future = wrapped(&self->plan, cairn_future_ready(self));
    union cairn_outcome out;

    assert_false(cairn_future_is_complete(&future));
    assert_int_equal(self->plan.polls, 1);
    assert_int_equal(self->plan.drops, 0);
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_READY);
    assert_ptr_equal(out.value, self);
    assert_int_equal(self->plan.polls, 2);
    assert_int_equal(self->plan.drops, 1);
}

static void start_polls_on_the_spot_though_nothing_is_complete(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future;

    self->plan.p = CAIRN_READY;
    self->plan.out.value = self;
    future = cairn_future_start(&planned_ops, &(struct planned){.plan = &self->plan});
    assert_true(cairn_future_is_complete(&future));
    assert_int_equal(self->plan.polls, 1);
    assert_int_equal(self->plan.drops, 1);
    assert_int_equal(cairn_test_alloc_count(), 0);
    self->plan.p = CAIRN_PENDING;
    future = cairn_future_start(&planned_ops, &(struct planned){.plan = &self->plan});
    assert_false(cairn_future_is_complete(&future));
    assert_int_equal(self->plan.polls, 2);
    cairn_future_drop(&future);
    assert_int_equal(self->plan.drops, 2);
}

static void a_boxed_future_on_the_spot_stays_where_it_is(void **state)
{
    struct fixture *self = *state;
    const struct cairn_context spot = {.task = NULL};
    struct cairn_future future = planned(self);
    union cairn_outcome out;

    assert_int_equal(cairn_future_poll(&future, &spot, &out), CAIRN_PENDING);
    assert_int_equal(self->plan.polls, 0);
    cairn_future_drop(&future);
}

static void a_wrapper_without_memory_drops_itself_and_its_inner_future(void **state)
{
    struct fixture *self = *state;
    struct plan outer = {.p = CAIRN_READY};
    struct cairn_future inner = planned(self);
    struct cairn_future future;

    cairn_test_alloc_fail_at(1);
    future = wrapped(&outer, inner);
    assert_true(cairn_future_is_complete(&future));
    assert_int_equal(outer.drops, 1);
    assert_int_equal(self->plan.drops, 1);
    cairn_future_drop(&future);
}

static void take_moves_the_future_out(void **state)
{
    struct fixture *self = *state;
    struct cairn_future future = planned(self);
    struct cairn_future taken = cairn_future_take(&future);

    assert_true(cairn_future_is_empty(&future));
    cairn_future_drop(&future);
    assert_int_equal(self->plan.drops, 0);
    cairn_future_drop(&taken);
    assert_int_equal(self->plan.drops, 1);
}

struct polling {
    struct fixture *fixture;
    struct cairn_future future;
};

static void poll_future(void *cx)
{
    struct polling *self = cx;
    union cairn_outcome out;

    cairn_harness_poll(&self->fixture->harness, &self->future, &out);
}

static void polling_an_empty_future_is_an_assertion(void **state)
{
    struct fixture *self = *state;
    struct polling polling = {.fixture = self};
    union cairn_outcome out;

    assert_string_equal(
        cairn_test_misuse(poll_future, &polling), "future: polled after it was complete, or empty");
    polling.future = cairn_future_ready(self);
    cairn_harness_poll(&self->harness, &polling.future, &out);
    assert_non_null(cairn_test_misuse(poll_future, &polling));
}

static void not_send_names_the_part_that_may_not_move(void **state)
{
    struct fixture *self = *state;
    const struct planned plan = {.plan = &self->plan};
    struct cairn_future empty = {NULL, NULL};
    struct cairn_future ready = cairn_future_ready(self);
    struct cairn_future future = cairn_future_box(&planned_ops, &plan);

    assert_null(cairn_future_not_send(&empty));
    assert_null(cairn_future_not_send(&ready));
    assert_string_equal(cairn_future_not_send(&future), "planned");
    future = cairn_future_wrap(&wrapper_send_ops, &(struct wrapper){future, &self->plan});
    assert_string_equal(cairn_future_not_send(&future), "planned");
    cairn_future_drop(&future);

    future = cairn_future_box(&planned_send_ops, &plan);
    assert_null(cairn_future_not_send(&future));
    future = cairn_future_wrap(&wrapper_send_ops, &(struct wrapper){future, &self->plan});
    assert_null(cairn_future_not_send(&future));
    future = cairn_future_wrap(&wrapper_ops, &(struct wrapper){future, &self->plan});
    assert_string_equal(cairn_future_not_send(&future), "wrapper");
    cairn_future_drop(&future);
}

static void polling_on_another_runtime_is_an_assertion(void **state)
{
    struct fixture *self = *state;
    struct cairn_test_clock clock;
    struct cairn_runtime *first = cairn_test_runtime_new(&clock);
    struct polling polling = {.fixture = self, .future = planned(self)};
    struct polling moving = {.fixture = self,
        .future = cairn_future_box(&planned_send_ops, &(struct planned){.plan = &self->plan})};

    cairn_runtime_free(first);
    assert_string_equal(cairn_test_misuse(poll_future, &polling),
        "planned: polled on another runtime than the one that made it");
    assert_null(cairn_test_misuse(poll_future, &moving));
    cairn_future_drop(&polling.future);
    cairn_future_drop(&moving.future);
}

static void a_box_of_any_size_keeps_its_state(void **state)
{
    static char bytes[3000];
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime = cairn_test_runtime_new(&clock);

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)i;
    for (int round = 0; round < 3; round++) {
        for (size_t size = 1; size < sizeof(bytes); size += 13) {
            const struct cairn_future_ops ops = {.name = "bytes", .size = size};
            struct cairn_future future = cairn_future_box(&ops, bytes);

            assert_false(cairn_future_is_complete(&future));
            assert_int_equal((uintptr_t)future.state % _Alignof(max_align_t), 0);
            assert_memory_equal(future.state, bytes, size);
            cairn_future_drop(&future);
        }
    }
    cairn_runtime_free(runtime);
}

static void boxes_may_be_freed_where_they_were_not_made(void **state)
{
    struct fixture *self = *state;
    struct cairn_test_clock clock;
    struct cairn_future outside = planned(self);
    struct cairn_runtime *runtime = cairn_test_runtime_new(&clock);
    struct cairn_future inside = planned(self);

    cairn_future_drop(&outside);
    cairn_runtime_free(runtime);
    cairn_future_drop(&inside);
    assert_int_equal(self->plan.drops, 2);
}

/* Has no poll: it only holds something while the inner future is pending. */
static const struct cairn_future_ops holder_ops = {
    .name = "holder", .size = sizeof(struct wrapper), .drop = wrapper_drop, .wraps = true};

static void a_wrapper_without_a_poll_passes_on_and_drops_after_the_inner_one(void **state)
{
    struct fixture *self = *state;
    struct plan holds[3] = {{0}};
    struct cairn_future future = planned(self);
    union cairn_outcome out;
    int value;

    for (int i = 0; i < 3; i++)
        future = cairn_future_wrap(&holder_ops, &(struct wrapper){future, &holds[i]});
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_PENDING);
    assert_int_equal(self->plan.polls, 1);
    assert_int_equal(holds[0].drops, 0);
    self->plan = (struct plan){.p = CAIRN_READY, .out.value = &value};
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_READY);
    assert_ptr_equal(out.value, &value);
    assert_int_equal(self->plan.drops, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(holds[i].drops, 1);
    assert_true(cairn_future_is_empty(&future));
}

static void a_wrapper_without_a_poll_around_a_complete_future_ends_on_the_spot(void **state)
{
    struct fixture *self = *state;
    struct plan hold = {0};
    struct cairn_future future = cairn_future_wrap(
        &holder_ops, &(struct wrapper){cairn_future_failed(&cairn_error_no_memory), &hold});
    union cairn_outcome out;

    assert_true(cairn_future_is_complete(&future));
    assert_int_equal(hold.drops, 1);
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &cairn_error_no_memory);
}

static const struct cairn_future_ops typed_ops = {.name = "typed",
    .size = sizeof(struct planned),
    .poll = planned_poll,
    .drop = planned_drop,
    .type = &cairn_test_value_type};

static void a_value_that_was_there_at_once_is_dropped_as_its_type_says(void **state)
{
    struct fixture *self = *state;
    union cairn_outcome out;

    self->plan = (struct plan){.p = CAIRN_READY, .out.value = cairn_test_value_new(1)};
    struct cairn_future future =
        cairn_future_start(&typed_ops, &(struct planned){.plan = &self->plan});
    assert_int_equal(self->plan.drops, 1);
    cairn_future_drop(&future);
    assert_int_equal(cairn_test_value_live(), 0);

    self->plan = (struct plan){.p = CAIRN_READY, .out.value = cairn_test_value_new(2)};
    future = cairn_future_start(&typed_ops, &(struct planned){.plan = &self->plan});
    assert_int_equal(cairn_harness_poll(&self->harness, &future, &out), CAIRN_READY);
    cairn_type_drop(&cairn_test_value_type, out.value);
}

#define WITH_HARNESS(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HARNESS(ready_carries_its_value_and_allocates_nothing),
        WITH_HARNESS(failed_carries_its_error),
        WITH_HARNESS(failed_that_is_dropped_lets_go_of_its_error),
        WITH_HARNESS(ready_of_drops_the_value_that_nobody_takes),
        WITH_HARNESS(a_wrap_of_a_type_drops_the_value_that_nobody_takes),
        WITH_HARNESS(a_wrap_that_fails_on_the_spot_lets_go_of_what_is_inside),
        WITH_HARNESS(ready_of_a_type_without_drop_allocates_nothing),
        WITH_HARNESS(ready_of_without_memory_drops_the_value_and_has_failed),
        WITH_HARNESS(a_boxed_future_is_polled_until_it_is_ready_and_dropped_once),
        WITH_HARNESS(a_boxed_future_that_fails_is_dropped_once),
        WITH_HARNESS(a_boxed_future_that_is_given_up_is_dropped_once_and_never_polled),
        WITH_HARNESS(a_box_without_memory_drops_the_state_and_has_failed),
        WITH_HARNESS(wrapping_a_complete_future_polls_on_the_spot_without_a_box),
        WITH_HARNESS(ten_wrappers_around_a_complete_future_allocate_nothing),
        WITH_HARNESS(wrapping_a_pending_future_does_not_poll_it),
        WITH_HARNESS(a_wrapper_that_cannot_end_on_the_spot_is_boxed_and_polled_again),
        WITH_HARNESS(start_polls_on_the_spot_though_nothing_is_complete),
        WITH_HARNESS(a_boxed_future_on_the_spot_stays_where_it_is),
        WITH_HARNESS(a_wrapper_without_memory_drops_itself_and_its_inner_future),
        WITH_HARNESS(a_wrapper_without_a_poll_passes_on_and_drops_after_the_inner_one),
        WITH_HARNESS(a_wrapper_without_a_poll_around_a_complete_future_ends_on_the_spot),
        WITH_HARNESS(a_value_that_was_there_at_once_is_dropped_as_its_type_says),
        WITH_HARNESS(take_moves_the_future_out),
        WITH_HARNESS(polling_an_empty_future_is_an_assertion),
        WITH_HARNESS(not_send_names_the_part_that_may_not_move),
        WITH_HARNESS(polling_on_another_runtime_is_an_assertion),
        WITH_HARNESS(a_box_of_any_size_keeps_its_state),
        WITH_HARNESS(boxes_may_be_freed_where_they_were_not_made),
    };

    return cmocka_run_group_tests_name("future", tests, NULL, NULL);
}
