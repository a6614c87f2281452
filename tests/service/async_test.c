#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/service/async.h>
#include <cairn/service/channel.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/harness.h>
#include <cairn/testkit/misuse.h>
#include <cairn/testkit/value.h>

static struct cairn_error refused = CAIRN_ERROR_STATIC(CAIRN_ERROR_REJECTED, "test", "refused");

/* What the functions under test await comes through a channel. */
struct world {
    struct cairn_harness harness;
    struct cairn_channel channel;
    unsigned drops;
    int step; /* how far a function came */
};

static void world_open(struct world *self)
{
    *self = (struct world){0};
    cairn_test_alloc_exempt(true);
    cairn_harness_init(&self->harness, NULL);
    assert_null(cairn_channel_new(
        &(struct cairn_channel_options){.type = &cairn_test_value_type}, &self->channel));
    cairn_test_alloc_exempt(false);
}

static void world_close(struct world *self)
{
    cairn_stream_drop(&self->channel.receiver);
    cairn_sender_unref(self->channel.sender);
    cairn_harness_fini(&self->harness);
    assert_int_equal(cairn_test_value_live(), 0);
}

static int open_world(void **state)
{
    static struct world world;
    cairn_test_alloc_begin();
    world_open(&world);
    *state = &world;
    return 0;
}

static int close_world(void **state)
{
    world_close(*state);
    cairn_test_alloc_end();
    return 0;
}

static void feed(struct world *w, int number)
{
    cairn_test_alloc_exempt(true);
    void *value = cairn_test_value_new(number);
    cairn_test_alloc_exempt(false);
    assert_int_equal(cairn_sender_try_send(w->channel.sender, value), CAIRN_READY);
}

static struct cairn_future next(struct world *w)
{
    return cairn_stream_next(&w->channel.receiver);
}

static enum cairn_poll poll(struct world *w, struct cairn_future *f, union cairn_outcome *out)
{
    return cairn_harness_poll(&w->harness, f, out);
}

static void expect_pending(struct world *w, struct cairn_future *f)
{
    union cairn_outcome out = {.value = w};
    assert_int_equal(poll(w, f, &out), CAIRN_PENDING);
    assert_ptr_equal(out.value, w);
}

/* Adds two numbers that are awaited; a first number below 0 is given back early. */
struct sum {
    struct cairn_async async;
    struct world *w;
    struct cairn_test_value *a;
    struct cairn_test_value *b;
};

static enum cairn_poll sum_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct sum *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    self->w->step = 1;
    CAIRN_AWAIT(next(self->w), self->a);
    self->w->step = 2;
    if (cairn_test_value_number(self->a) < 0) {
        void *early = self->a;
        self->a = NULL;
        CAIRN_ASYNC_RETURN(early);
    }
    CAIRN_AWAIT(next(self->w), self->b);
    self->w->step = 3;
    cairn_test_value_set(
        self->b, cairn_test_value_number(self->a) + cairn_test_value_number(self->b));
    void *sum = self->b;
    self->b = NULL;
    CAIRN_ASYNC_RETURN(sum);
    CAIRN_ASYNC_END();
}

static void sum_drop(void *state)
{
    struct sum *self = state;
    cairn_async_drop(&self->async);
    cairn_test_value_drop(self->a);
    cairn_test_value_drop(self->b);
    self->w->drops++;
}

static const struct cairn_future_ops sum_ops = {
    .name = "sum", .size = sizeof(struct sum), .poll = sum_poll, .drop = sum_drop};

static struct cairn_future sum(struct world *w)
{
    return cairn_future_start(&sum_ops, &(struct sum){.w = w});
}

static void it_stops_at_each_await_and_goes_on_from_there(void **state)
{
    struct world *w = *state;
    union cairn_outcome out;
    struct cairn_future f = sum(w);
    assert_int_equal(w->step, 1);
    expect_pending(w, &f);
    expect_pending(w, &f);
    assert_int_equal(w->step, 1);
    feed(w, 20);
    assert_true(cairn_harness_is_woken(&w->harness));
    expect_pending(w, &f);
    assert_int_equal(w->step, 2);
    assert_int_equal(w->drops, 0);
    feed(w, 22);
    assert_true(cairn_harness_is_woken(&w->harness));
    assert_int_equal(poll(w, &f, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), 42);
    assert_int_equal(w->drops, 1);
}

static void it_runs_through_in_one_poll_when_all_is_there(void **state)
{
    struct world *w = *state;
    union cairn_outcome out;
    feed(w, 1);
    feed(w, 2);
    struct cairn_future f = sum(w);
    assert_int_equal(poll(w, &f, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), 3);
    assert_int_equal(w->step, 3);
    assert_int_equal(w->drops, 1);
}

static void an_early_return_ends_it_and_cleans_up_once(void **state)
{
    struct world *w = *state;
    union cairn_outcome out;
    struct cairn_future f = sum(w);
    feed(w, -1);
    feed(w, 5);
    assert_int_equal(poll(w, &f, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), -1);
    assert_int_equal(w->step, 2);
    assert_int_equal(w->drops, 1);
    assert_int_equal(cairn_sender_queued(w->channel.sender), 1);
}

static void dropping_it_at_any_await_cleans_up_once(void **state)
{
    struct world *w = *state;
    struct cairn_future f = sum(w); /* on the spot, waiting for nobody yet */
    cairn_future_drop(&f);
    assert_int_equal(w->drops, 1);
    f = sum(w);
    expect_pending(w, &f);
    cairn_future_drop(&f);
    assert_int_equal(w->drops, 2);
    f = sum(w);
    feed(w, 1);
    expect_pending(w, &f);
    assert_int_equal(cairn_test_value_live(), 1);
    cairn_future_drop(&f);
    assert_int_equal(w->drops, 3);
    assert_int_equal(cairn_test_value_live(), 0);
}

/* Awaits a future that it was given, and more. */
struct given {
    struct cairn_async async;
    struct world *w;
    struct cairn_future future;
    void *value;
    int rounds;
    int total;
};

static void given_drop(void *state)
{
    struct given *self = state;
    cairn_async_drop(&self->async);
    cairn_future_drop(&self->future);
    self->w->drops++;
}

static enum cairn_poll done_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct given *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT_DONE(cairn_future_take(&self->future));
    self->w->step = 1;
    CAIRN_ASYNC_END();
}

static const struct cairn_future_ops done_ops = {
    .name = "done", .size = sizeof(struct given), .poll = done_poll, .drop = given_drop};

static void it_falls_off_its_end_ready_without_a_value_or_a_box(void **state)
{
    struct world *w = *state;
    union cairn_outcome out = {.value = w};
    size_t before = cairn_test_alloc_count();
    struct cairn_future f =
        cairn_future_start(&done_ops, &(struct given){.w = w, .future = cairn_future_ready(w)});
    assert_true(cairn_future_is_complete(&f));
    assert_int_equal(cairn_test_alloc_count(), before);
    assert_int_equal(w->drops, 1);
    assert_int_equal(w->step, 1);
    assert_int_equal(poll(w, &f, &out), CAIRN_READY);
    assert_null(out.value);
}

static void a_failure_that_is_awaited_ends_it_and_cleans_up_once(void **state)
{
    struct world *w = *state;
    union cairn_outcome out;
    struct cairn_future f = cairn_future_start(
        &done_ops, &(struct given){.w = w, .future = cairn_future_failed(&refused)});
    assert_int_equal(w->step, 0);
    assert_int_equal(w->drops, 1);
    assert_int_equal(poll(w, &f, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &refused);
}

static enum cairn_poll value_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct given *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT(next(self->w), self->value);
    cairn_test_value_drop(self->value);
    CAIRN_AWAIT(cairn_future_take(&self->future), self->value);
    self->w->step = 1;
    CAIRN_ASYNC_END();
}

static const struct cairn_future_ops value_ops = {
    .name = "value", .size = sizeof(struct given), .poll = value_poll, .drop = given_drop};

static void a_failure_after_a_wait_leaves_the_lvalue_alone(void **state)
{
    struct world *w = *state;
    union cairn_outcome out;
    struct cairn_future f = cairn_future_start(
        &value_ops, &(struct given){.w = w, .future = cairn_future_failed(&refused)});
    expect_pending(w, &f);
    feed(w, 1);
    assert_int_equal(poll(w, &f, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &refused);
    assert_int_equal(w->step, 0);
    assert_int_equal(w->drops, 1);
}

static enum cairn_poll catch_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct given *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT_CATCH(cairn_future_take(&self->future));
    if (self->async.p == CAIRN_FAILED)
        CAIRN_ASYNC_FAIL(
            cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "catch", self->async.last.error, "gave up"));
    CAIRN_ASYNC_RETURN(self->async.last.value);
    CAIRN_ASYNC_END();
}

static const struct cairn_future_ops catch_ops = {
    .name = "catch", .size = sizeof(struct given), .poll = catch_poll, .drop = given_drop};

static void a_caught_failure_is_the_functions_to_decide_upon(void **state)
{
    struct world *w = *state;
    union cairn_outcome out;
    struct cairn_future f = cairn_future_start(
        &catch_ops, &(struct given){.w = w, .future = cairn_future_failed(&refused)});
    assert_int_equal(poll(w, &f, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, CAIRN_ERROR_UNAVAILABLE);
    assert_ptr_equal(out.error->source, &refused);
    cairn_error_unref(out.error);
    f = cairn_future_start(&catch_ops, &(struct given){.w = w, .future = cairn_future_ready(w)});
    assert_int_equal(poll(w, &f, &out), CAIRN_READY);
    assert_ptr_equal(out.value, w);
    assert_int_equal(w->drops, 2);
}

static enum cairn_poll loop_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct given *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    for (self->rounds = 0; self->rounds < 3; self->rounds++) {
        CAIRN_AWAIT(next(self->w), self->value);
        self->total = self->total * 10 + cairn_test_value_take(self->value);
        if (self->total > 90)
            break;
    }
    self->w->step = self->total;
    CAIRN_ASYNC_END();
}

static const struct cairn_future_ops loop_ops = {
    .name = "loop", .size = sizeof(struct given), .poll = loop_poll, .drop = given_drop};

static void an_await_in_a_loop_goes_on_in_its_round(void **state)
{
    struct world *w = *state;
    union cairn_outcome out;
    struct cairn_future f = cairn_future_start(&loop_ops, &(struct given){.w = w});
    for (int i = 1; i <= 2; i++) {
        expect_pending(w, &f);
        feed(w, i);
    }
    expect_pending(w, &f);
    feed(w, 3);
    assert_int_equal(poll(w, &f, &out), CAIRN_READY);
    assert_int_equal(w->step, 123);
    assert_int_equal(w->drops, 1);
}

static void a_loop_with_an_await_may_be_left_early(void **state)
{
    struct world *w = *state;
    union cairn_outcome out;
    struct cairn_future f = cairn_future_start(&loop_ops, &(struct given){.w = w});
    expect_pending(w, &f);
    feed(w, 9);
    expect_pending(w, &f);
    feed(w, 8);
    assert_int_equal(poll(w, &f, &out), CAIRN_READY);
    assert_int_equal(w->step, 98);
}

/* Guards */

static enum cairn_poll guarded_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct given *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    cairn_async_hold(&self->async, "table lock");
    if (self->rounds == 1)
        cairn_async_unhold(&self->async);
    if (self->rounds == 2)
        cairn_async_hold(&self->async, "second lock");
    CAIRN_AWAIT_DONE(cairn_future_take(&self->future));
    cairn_async_unhold(&self->async);
    CAIRN_ASYNC_END();
}

static const struct cairn_future_ops guarded_ops = {
    .name = "guarded", .size = sizeof(struct given), .poll = guarded_poll, .drop = given_drop};

static void start_guarded(void *cx)
{
    cairn_future_start(&guarded_ops, cx);
}

static void waiting_with_a_guard_held_is_a_programming_error_that_names_it(void **state)
{
    struct world *w = *state;
    struct given frame = {.w = w, .future = next(w)};
    assert_string_equal(cairn_test_misuse(start_guarded, &frame), "table lock: held over a wait");
    given_drop(&frame);
}

static void holding_two_guards_is_a_programming_error(void **state)
{
    struct world *w = *state;
    struct given frame = {.w = w, .rounds = 2};
    assert_string_equal(
        cairn_test_misuse(start_guarded, &frame), "second lock: held while another guard is");
}

static void a_guard_may_be_held_over_an_await_that_does_not_wait(void **state)
{
    struct world *w = *state;
    union cairn_outcome out;
    struct cairn_future f = cairn_future_start(
        &guarded_ops, &(struct given){.w = w, .future = cairn_future_ready(NULL)});
    assert_int_equal(poll(w, &f, &out), CAIRN_READY);
}

static void after_a_guard_is_let_go_it_may_wait(void **state)
{
    struct world *w = *state;
    union cairn_outcome out;
    struct cairn_future f =
        cairn_future_start(&guarded_ops, &(struct given){.w = w, .rounds = 1, .future = next(w)});
    expect_pending(w, &f);
    cairn_sender_unref(w->channel.sender); /* the stream ends */
    w->channel.sender = NULL;
    assert_int_equal(poll(w, &f, &out), CAIRN_READY);
    assert_int_equal(w->drops, 1);
}

/* Memory */

static void sum_of_two(void *cx)
{
    struct world world, *w = &world;
    union cairn_outcome out;
    (void)cx;
    world_open(w);
    struct cairn_future f = sum(w);
    feed(w, 1);
    enum cairn_poll p = poll(w, &f, &out);
    feed(w, 2);
    if (p == CAIRN_PENDING)
        p = poll(w, &f, &out);
    if (p == CAIRN_READY)
        assert_int_equal(cairn_test_value_take(out.value), 3);
    else
        assert_ptr_equal(out.error, &cairn_error_no_memory);
    assert_int_equal(w->drops, 1);
    world_close(w);
}

static void it_survives_each_failed_allocation(void **state)
{
    (void)state;
    /* the frame and two futures */
    assert_int_equal(cairn_test_each_allocation(sum_of_two, NULL), 3);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(it_stops_at_each_await_and_goes_on_from_there),
        WORLD_TEST(it_runs_through_in_one_poll_when_all_is_there),
        WORLD_TEST(an_early_return_ends_it_and_cleans_up_once),
        WORLD_TEST(dropping_it_at_any_await_cleans_up_once),
        WORLD_TEST(it_falls_off_its_end_ready_without_a_value_or_a_box),
        WORLD_TEST(a_failure_that_is_awaited_ends_it_and_cleans_up_once),
        WORLD_TEST(a_failure_after_a_wait_leaves_the_lvalue_alone),
        WORLD_TEST(a_caught_failure_is_the_functions_to_decide_upon),
        WORLD_TEST(an_await_in_a_loop_goes_on_in_its_round),
        WORLD_TEST(a_loop_with_an_await_may_be_left_early),
        WORLD_TEST(waiting_with_a_guard_held_is_a_programming_error_that_names_it),
        WORLD_TEST(holding_two_guards_is_a_programming_error),
        WORLD_TEST(a_guard_may_be_held_over_an_await_that_does_not_wait),
        WORLD_TEST(after_a_guard_is_let_go_it_may_wait),
        cmocka_unit_test(it_survives_each_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
