#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include <cairn/service/alloc.h>
#include <cairn/service/channel.h>
#include <cairn/service/runtime.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/value.h>

enum { PRODUCERS = 3, VALUES = 2000 };

/* A thread with a runtime of its own and a sending end that it closes. */
struct producer {
    pthread_t thread;
    struct cairn_sender *sender;
    int number;
    int values;
    bool gives_up; /* drops every other send after one poll */
    int failures;
};

static struct cairn_runtime *new_runtime(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    assert_non_null(runtime);
    return runtime;
}

/* A counted task: the receiver's thread may be waking it while the send is dropped. */
static void idle_woken(struct cairn_task *task)
{
    (void)task;
}

static void idle_free(struct cairn_task *task)
{
    cairn_free(task);
}

static void give_up(struct cairn_future f)
{
    static const struct cairn_task_ops ops = {
        .name = "idle", .free = idle_free, .woken = idle_woken};
    struct cairn_task *task = cairn_alloc(sizeof(*task));
    const struct cairn_context cx = {task, NULL};
    union cairn_outcome out;
    cairn_task_init(task, &ops, NULL);
    cairn_future_poll(&f, &cx, &out);
    cairn_future_drop(&f);
    cairn_task_unref(task);
}

static void *produce(void *argument)
{
    struct producer *self = argument;
    struct cairn_runtime *runtime = new_runtime();
    for (int i = 0; i < self->values; i++) {
        union cairn_outcome out;
        struct cairn_test_value *value = cairn_test_value_new(self->number * VALUES + i);
        struct cairn_future f = cairn_sender_send(self->sender, value);
        if (self->gives_up && i % 2)
            give_up(f);
        else if (cairn_block_on(runtime, f, &out) == CAIRN_FAILED)
            self->failures += out.error->code == CAIRN_ERROR_CLOSED;
    }
    cairn_sender_unref(self->sender);
    cairn_runtime_free(runtime);
    return NULL;
}

static struct cairn_stream start(struct producer *producers, size_t capacity)
{
    const struct cairn_channel_options opts = {
        .capacity = capacity, .type = &cairn_test_value_type, .cross_thread = true};
    struct cairn_channel channel;
    assert_null(cairn_channel_new(&opts, &channel));
    for (int i = 0; i < PRODUCERS; i++) {
        producers[i].number = i;
        producers[i].sender = cairn_sender_ref(channel.sender);
        assert_int_equal(pthread_create(&producers[i].thread, NULL, produce, &producers[i]), 0);
    }
    cairn_sender_unref(channel.sender);
    return channel.receiver;
}

static int join(struct producer *producers)
{
    int failures = 0;
    for (int i = 0; i < PRODUCERS; i++) {
        pthread_join(producers[i].thread, NULL);
        failures += producers[i].failures;
    }
    return failures;
}

static void *receive(struct cairn_runtime *runtime, struct cairn_stream *s)
{
    union cairn_outcome out;
    assert_int_equal(cairn_block_on(runtime, cairn_stream_next(s), &out), CAIRN_READY);
    return out.value;
}

static void each_senders_values_arrive_complete_and_in_order(void **state)
{
    struct producer producers[PRODUCERS] = {
        {.values = VALUES}, {.values = VALUES}, {.values = VALUES}};
    int next[PRODUCERS] = {0};
    (void)state;
    cairn_test_alloc_begin();
    struct cairn_runtime *runtime = new_runtime();
    struct cairn_stream receiver = start(producers, 2);
    for (void *value = receive(runtime, &receiver); value; value = receive(runtime, &receiver)) {
        int number = cairn_test_value_take(value);
        assert_int_equal(number % VALUES, next[number / VALUES]++);
    }
    for (int i = 0; i < PRODUCERS; i++)
        assert_int_equal(next[i], VALUES);
    assert_int_equal(join(producers), 0);
    cairn_runtime_free(runtime);
    cairn_test_alloc_end();
}

static void senders_that_give_up_lose_no_other_value(void **state)
{
    struct producer producers[PRODUCERS] = {{.values = VALUES, .gives_up = true},
        {.values = VALUES}, {.values = VALUES, .gives_up = true}};
    int steady = 0, last = -1;
    (void)state;
    cairn_test_alloc_begin();
    struct cairn_runtime *runtime = new_runtime();
    struct cairn_stream receiver = start(producers, 1);
    for (void *value = receive(runtime, &receiver); value; value = receive(runtime, &receiver)) {
        int number = cairn_test_value_take(value);
        if (number / VALUES == 1) {
            assert_true(number > last);
            last = number;
            steady++;
        }
    }
    assert_int_equal(steady, VALUES);
    assert_int_equal(join(producers), 0);
    cairn_runtime_free(runtime);
    assert_int_equal(cairn_test_value_live(), 0);
    cairn_test_alloc_end();
}

static void every_sender_fails_once_the_receiver_is_gone(void **state)
{
    struct producer producers[PRODUCERS] = {
        {.values = VALUES}, {.values = VALUES}, {.values = VALUES}};
    int received = 0;
    (void)state;
    cairn_test_alloc_begin();
    struct cairn_runtime *runtime = new_runtime();
    struct cairn_stream receiver = start(producers, 4);
    for (; received < 100; received++)
        cairn_test_value_drop(receive(runtime, &receiver));
    cairn_stream_drop(&receiver);
    int failures = join(producers);
    /* What was not received failed, but for what was in the queue. */
    assert_in_range(failures, PRODUCERS * VALUES - received - 4, PRODUCERS * VALUES - received);
    cairn_runtime_free(runtime);
    assert_int_equal(cairn_test_value_live(), 0);
    cairn_test_alloc_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_senders_values_arrive_complete_and_in_order),
        cmocka_unit_test(senders_that_give_up_lose_no_other_value),
        cmocka_unit_test(every_sender_fails_once_the_receiver_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
