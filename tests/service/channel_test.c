#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/service/channel.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/harness.h>
#include <cairn/testkit/misuse.h>
#include <cairn/testkit/value.h>

/* A channel for two values; the receiver and three senders are tasks of their own. */
struct world {
    struct cairn_channel channel;
    struct cairn_harness receiver;
    struct cairn_harness senders[3];
};

static void world_open(struct world *self, const struct cairn_channel_options *opts)
{
    *self = (struct world){0};
    cairn_harness_init(&self->receiver, NULL);
    for (int i = 0; i < 3; i++)
        cairn_harness_init(&self->senders[i], NULL);
    assert_null(cairn_channel_new(opts, &self->channel));
}

static void world_close(struct world *self)
{
    cairn_stream_drop(&self->channel.receiver);
    cairn_sender_unref(self->channel.sender);
    cairn_harness_fini(&self->receiver);
    for (int i = 0; i < 3; i++)
        cairn_harness_fini(&self->senders[i]);
    assert_int_equal(cairn_test_value_live(), 0);
}

static int open_local(void **state)
{
    static struct world world;
    cairn_test_alloc_begin();
    world_open(
        &world, &(struct cairn_channel_options){.capacity = 2, .type = &cairn_test_value_type});
    *state = &world;
    return 0;
}

static int open_cross_thread(void **state)
{
    static struct world world;
    cairn_test_alloc_begin();
    world_open(&world, &(struct cairn_channel_options){
                           .capacity = 2, .type = &cairn_test_value_type, .cross_thread = true});
    *state = &world;
    return 0;
}

static int close_world(void **state)
{
    world_close(*state);
    cairn_test_alloc_end();
    return 0;
}

static enum cairn_poll try_send(struct world *w, int number)
{
    void *value = cairn_test_value_new(number);
    enum cairn_poll p = cairn_sender_try_send(w->channel.sender, value);
    if (p != CAIRN_READY)
        cairn_test_value_drop(value); /* it remained ours */
    return p;
}

static struct cairn_future send(struct world *w, int number)
{
    return cairn_sender_send(w->channel.sender, cairn_test_value_new(number));
}

static enum cairn_poll poll_send(struct world *w, int sender, struct cairn_future *f)
{
    union cairn_outcome out = {.value = w};
    enum cairn_poll p = cairn_harness_poll(&w->senders[sender], f, &out);
    if (p == CAIRN_FAILED)
        assert_int_equal(out.error->code, CAIRN_ERROR_CLOSED);
    else
        assert_ptr_equal(out.value, p == CAIRN_READY ? NULL : w);
    return p;
}

static enum cairn_poll poll_next(struct world *w, union cairn_outcome *out)
{
    struct cairn_context cx = cairn_harness_context(&w->receiver);
    return cairn_stream_poll_next(&w->channel.receiver, &cx, out);
}

static void receive(struct world *w, int number)
{
    union cairn_outcome out;
    assert_int_equal(poll_next(w, &out), CAIRN_READY);
    assert_int_equal(cairn_test_value_take(out.value), number);
}

static void expect_empty(struct world *w)
{
    union cairn_outcome out = {.value = w};
    assert_int_equal(poll_next(w, &out), CAIRN_PENDING);
    assert_ptr_equal(out.value, w);
}

static void expect_end(struct world *w)
{
    union cairn_outcome out;
    assert_int_equal(poll_next(w, &out), CAIRN_READY);
    assert_null(out.value);
}

static bool is_woken(struct world *w, int sender)
{
    return cairn_harness_is_woken(&w->senders[sender]);
}

static void values_come_out_in_the_order_they_went_in(void **state)
{
    struct world *w = *state;
    for (int round = 0; round < 5; round++) { /* also around the end of the ring */
        assert_int_equal(try_send(w, 2 * round), CAIRN_READY);
        assert_int_equal(try_send(w, 2 * round + 1), CAIRN_READY);
        assert_int_equal(cairn_sender_queued(w->channel.sender), 2);
        receive(w, 2 * round);
        assert_int_equal(try_send(w, 100), CAIRN_READY);
        receive(w, 2 * round + 1);
        receive(w, 100);
        expect_empty(w);
    }
}

static void try_send_has_no_room_when_the_queue_is_full(void **state)
{
    struct world *w = *state;
    assert_int_equal(try_send(w, 1), CAIRN_READY);
    assert_int_equal(try_send(w, 2), CAIRN_READY);
    assert_int_equal(try_send(w, 3), CAIRN_PENDING);
    assert_int_equal(cairn_sender_queued(w->channel.sender), 2);
    receive(w, 1);
    assert_int_equal(try_send(w, 4), CAIRN_READY);
}

static void a_value_wakes_the_receiver_that_waits_once(void **state)
{
    struct world *w = *state;
    assert_int_equal(try_send(w, 1), CAIRN_READY);
    assert_false(cairn_harness_is_woken(&w->receiver));
    receive(w, 1);
    expect_empty(w);
    expect_empty(w);
    assert_false(cairn_harness_is_woken(&w->receiver));
    assert_int_equal(try_send(w, 2), CAIRN_READY);
    assert_true(cairn_harness_is_woken(&w->receiver));
    assert_int_equal(try_send(w, 3), CAIRN_READY);
    assert_false(cairn_harness_is_woken(&w->receiver));
    receive(w, 2);
    receive(w, 3);
}

static void a_send_with_room_is_ready_at_its_first_poll_and_wakes_the_receiver(void **state)
{
    struct world *w = *state;
    expect_empty(w);
    struct cairn_future f = send(w, 1);
    assert_int_equal(cairn_sender_queued(w->channel.sender), 0);
    assert_int_equal(poll_send(w, 0, &f), CAIRN_READY);
    assert_true(cairn_harness_is_woken(&w->receiver));
    receive(w, 1);
}

static void senders_that_wait_are_served_in_order_each_woken_for_its_own_place(void **state)
{
    struct world *w = *state;
    struct cairn_future f[3];
    try_send(w, 1);
    try_send(w, 2);
    for (int i = 0; i < 3; i++)
        f[i] = send(w, 10 + i);
    for (int i = 0; i < 3; i++)
        assert_int_equal(poll_send(w, i, &f[i]), CAIRN_PENDING);
    for (int i = 0; i < 3; i++)
        assert_false(is_woken(w, i));
    receive(w, 1);
    assert_true(is_woken(w, 0));
    assert_false(is_woken(w, 1));
    assert_int_equal(try_send(w, 99), CAIRN_PENDING); /* nobody overtakes */
    assert_int_equal(poll_send(w, 1, &f[1]), CAIRN_PENDING);
    assert_int_equal(poll_send(w, 0, &f[0]), CAIRN_READY);
    receive(w, 2);
    assert_true(is_woken(w, 1));
    assert_false(is_woken(w, 2));
    receive(w, 10);
    receive(w, 11);
    assert_int_equal(poll_send(w, 2, &f[2]), CAIRN_READY);
    assert_int_equal(poll_send(w, 1, &f[1]), CAIRN_READY);
    receive(w, 12);
}

static void dropping_a_send_before_its_poll_drops_the_value(void **state)
{
    struct world *w = *state;
    struct cairn_future f = send(w, 1);
    cairn_future_drop(&f);
    assert_int_equal(cairn_test_value_live(), 0);
    expect_empty(w);
}

static void dropping_a_send_that_waits_drops_the_value_and_lets_the_next_up(void **state)
{
    struct world *w = *state;
    struct cairn_future f[3];
    try_send(w, 1);
    try_send(w, 2);
    for (int i = 0; i < 3; i++) {
        f[i] = send(w, 10 + i);
        assert_int_equal(poll_send(w, i, &f[i]), CAIRN_PENDING);
    }
    cairn_future_drop(&f[1]);
    cairn_future_drop(&f[2]); /* the last: the queue's end must be right again */
    assert_int_equal(cairn_test_value_live(), 3);
    f[1] = send(w, 20);
    assert_int_equal(poll_send(w, 1, &f[1]), CAIRN_PENDING);
    cairn_future_drop(&f[0]);
    receive(w, 1);
    assert_false(is_woken(w, 0));
    assert_true(is_woken(w, 1));
    receive(w, 2);
    receive(w, 20);
    cairn_future_drop(&f[1]);
}

static void a_value_that_moved_up_is_sent_even_if_its_sender_is_dropped(void **state)
{
    struct world *w = *state;
    try_send(w, 1);
    try_send(w, 2);
    struct cairn_future f = send(w, 3);
    assert_int_equal(poll_send(w, 0, &f), CAIRN_PENDING);
    receive(w, 1);
    cairn_future_drop(&f);
    receive(w, 2);
    receive(w, 3);
}

static void the_stream_ends_when_the_last_sender_is_closed_and_the_queue_is_empty(void **state)
{
    struct world *w = *state;
    struct cairn_sender *second = cairn_sender_ref(w->channel.sender);
    try_send(w, 1);
    receive(w, 1);
    expect_empty(w);
    cairn_sender_unref(second);
    assert_false(cairn_harness_is_woken(&w->receiver));
    expect_empty(w);
    cairn_sender_unref(w->channel.sender);
    w->channel.sender = NULL;
    assert_true(cairn_harness_is_woken(&w->receiver));
    expect_end(w);
    assert_true(cairn_stream_is_empty(&w->channel.receiver));
}

static void what_is_queued_is_given_after_the_last_sender_is_closed(void **state)
{
    struct world *w = *state;
    try_send(w, 1);
    try_send(w, 2);
    cairn_sender_unref(w->channel.sender);
    w->channel.sender = NULL;
    receive(w, 1);
    receive(w, 2);
    expect_end(w);
}

static void dropping_the_receiver_drops_what_is_queued_and_fails_every_sender(void **state)
{
    struct world *w = *state;
    try_send(w, 1);
    try_send(w, 2);
    struct cairn_future f[3] = {send(w, 3), send(w, 4), send(w, 5)};
    assert_int_equal(poll_send(w, 0, &f[0]), CAIRN_PENDING);
    assert_int_equal(poll_send(w, 1, &f[1]), CAIRN_PENDING);
    cairn_stream_drop(&w->channel.receiver);
    assert_int_equal(cairn_test_value_live(), 3);
    assert_true(is_woken(w, 0));
    assert_true(is_woken(w, 1));
    assert_false(is_woken(w, 2));
    for (int i = 0; i < 3; i++)
        assert_int_equal(poll_send(w, i, &f[i]), CAIRN_FAILED);
    assert_int_equal(cairn_test_value_live(), 0);
    assert_int_equal(try_send(w, 6), CAIRN_FAILED);
    assert_int_equal(cairn_sender_queued(w->channel.sender), 0);
}

static void a_receiver_that_waits_can_be_dropped(void **state)
{
    struct world *w = *state;
    expect_empty(w);
    cairn_stream_drop(&w->channel.receiver);
    assert_false(cairn_harness_is_woken(&w->receiver));
    assert_int_equal(try_send(w, 1), CAIRN_FAILED);
    assert_false(cairn_harness_is_woken(&w->receiver));
}

static void the_task_that_polled_last_is_woken(void **state)
{
    struct world *w = *state;
    union cairn_outcome out;
    struct cairn_context other = cairn_harness_context(&w->senders[2]);
    expect_empty(w);
    assert_int_equal(cairn_stream_poll_next(&w->channel.receiver, &other, &out), CAIRN_PENDING);
    try_send(w, 1);
    try_send(w, 2);
    assert_false(cairn_harness_is_woken(&w->receiver));
    assert_true(is_woken(w, 2));
    struct cairn_future f = send(w, 3);
    assert_int_equal(poll_send(w, 0, &f), CAIRN_PENDING);
    assert_int_equal(poll_send(w, 1, &f), CAIRN_PENDING);
    receive(w, 1);
    assert_false(is_woken(w, 0));
    assert_true(is_woken(w, 1));
    cairn_future_drop(&f);
}

static void a_send_may_move_to_another_runtime_only_where_the_channel_crosses_threads(void **state)
{
    struct world *w = *state;
    struct world across;
    struct cairn_future here = send(w, 1);
    assert_string_equal(cairn_future_not_send(&here), "send");
    cairn_future_drop(&here);
    world_open(&across,
        &(struct cairn_channel_options){.type = &cairn_test_value_type, .cross_thread = true});
    struct cairn_future there = send(&across, 1);
    assert_null(cairn_future_not_send(&there));
    cairn_future_drop(&there);
    world_close(&across);
}

static void the_default_has_room_for_64_and_drops_no_values(void **state)
{
    static int borrowed;
    struct cairn_channel channel;
    (void)state;
    assert_null(cairn_channel_new(NULL, &channel));
    for (int i = 0; i < 64; i++)
        assert_int_equal(cairn_sender_try_send(channel.sender, &borrowed), CAIRN_READY);
    assert_int_equal(cairn_sender_try_send(channel.sender, &borrowed), CAIRN_PENDING);
    cairn_stream_drop(&channel.receiver);
    cairn_sender_unref(channel.sender);
    cairn_sender_unref(NULL);
}

static void options_of_an_older_header_are_shorter(void **state)
{
    const struct cairn_channel_options opts = {.size = offsetof(struct cairn_channel_options, type),
        .capacity = 1,
        .type = &cairn_test_value_type};
    static int borrowed;
    struct cairn_channel channel;
    (void)state;
    assert_null(cairn_channel_new(&opts, &channel));
    assert_int_equal(cairn_sender_try_send(channel.sender, &borrowed), CAIRN_READY);
    assert_int_equal(cairn_sender_try_send(channel.sender, &borrowed), CAIRN_PENDING);
    cairn_stream_drop(&channel.receiver); /* would drop &borrowed had it read the type */
    cairn_sender_unref(channel.sender);
}

static void a_capacity_out_of_range_is_refused_with_its_range(void **state)
{
    const struct cairn_channel_options opts = {.capacity = 16777217};
    struct cairn_channel channel;
    (void)state;
    struct cairn_error *error = cairn_channel_new(&opts, &channel);
    assert_int_equal(error->code, CAIRN_ERROR_INVALID);
    assert_string_equal(error->message, "capacity is 16777217, must be 1 to 16777216");
    assert_null(channel.sender);
    assert_true(cairn_stream_is_empty(&channel.receiver));
    cairn_error_unref(error);
}

static void try_send_null(void *cx)
{
    cairn_sender_try_send(cx, NULL);
}

static void send_null(void *cx)
{
    cairn_sender_send(cx, NULL);
}

static void sending_null_is_a_programming_error(void **state)
{
    struct world *w = *state;
    assert_string_equal(
        cairn_test_misuse(try_send_null, w->channel.sender), "channel: NULL was sent");
    assert_string_equal(cairn_test_misuse(send_null, w->channel.sender), "channel: NULL was sent");
}

static void new_and_send(void *cx)
{
    const struct cairn_channel_options opts = {
        .capacity = 1, .type = &cairn_test_value_type, .cross_thread = cx != NULL};
    struct cairn_channel channel;
    struct cairn_harness task;
    struct cairn_error *error = cairn_channel_new(&opts, &channel);
    if (error) {
        assert_int_equal(error->code, CAIRN_ERROR_MEMORY);
        assert_null(channel.sender);
        return;
    }
    cairn_harness_init(&task, NULL);
    cairn_test_alloc_exempt(true);
    void *value = cairn_test_value_new(1);
    cairn_test_alloc_exempt(false);
    struct cairn_future f = cairn_sender_send(channel.sender, value);
    union cairn_outcome out;
    if (cairn_harness_poll(&task, &f, &out) == CAIRN_FAILED)
        assert_int_equal(out.error->code, CAIRN_ERROR_MEMORY);
    cairn_stream_drop(&channel.receiver);
    cairn_sender_unref(channel.sender);
    cairn_harness_fini(&task);
    assert_int_equal(cairn_test_value_live(), 0);
}

static void it_survives_each_failed_allocation(void **state)
{
    (void)state;
    /* the channel, the receiver's box, the send's box */
    assert_int_equal(cairn_test_each_allocation(new_and_send, NULL), 3);
    assert_int_equal(cairn_test_each_allocation(new_and_send, &state), 3);
}

/* Each of them with and without the lock. */
#define BOTH_TEST(name)                                             \
    cmocka_unit_test_setup_teardown(name, open_local, close_world), \
        cmocka_unit_test_setup_teardown(name, open_cross_thread, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH_TEST(values_come_out_in_the_order_they_went_in),
        BOTH_TEST(try_send_has_no_room_when_the_queue_is_full),
        BOTH_TEST(a_value_wakes_the_receiver_that_waits_once),
        BOTH_TEST(a_send_with_room_is_ready_at_its_first_poll_and_wakes_the_receiver),
        BOTH_TEST(senders_that_wait_are_served_in_order_each_woken_for_its_own_place),
        BOTH_TEST(dropping_a_send_before_its_poll_drops_the_value),
        BOTH_TEST(dropping_a_send_that_waits_drops_the_value_and_lets_the_next_up),
        BOTH_TEST(a_value_that_moved_up_is_sent_even_if_its_sender_is_dropped),
        BOTH_TEST(the_stream_ends_when_the_last_sender_is_closed_and_the_queue_is_empty),
        BOTH_TEST(what_is_queued_is_given_after_the_last_sender_is_closed),
        BOTH_TEST(dropping_the_receiver_drops_what_is_queued_and_fails_every_sender),
        BOTH_TEST(a_receiver_that_waits_can_be_dropped),
        BOTH_TEST(the_task_that_polled_last_is_woken),
        BOTH_TEST(sending_null_is_a_programming_error),
        cmocka_unit_test_setup_teardown(
            a_send_may_move_to_another_runtime_only_where_the_channel_crosses_threads, open_local,
            close_world),
        cmocka_unit_test(the_default_has_room_for_64_and_drops_no_values),
        cmocka_unit_test(options_of_an_older_header_are_shorter),
        cmocka_unit_test(a_capacity_out_of_range_is_refused_with_its_range),
        cmocka_unit_test(it_survives_each_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
