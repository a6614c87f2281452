/*
 * Whatever a callback may do, done from inside every callback, in random orders: answering,
 * failing, reading, dropping, waking, waiting, hooks, informing; and the peer sends, shuts, leaves
 * in the middle of any of them. CAIRN_SEQUENCES says how many orders, CAIRN_SEED where they begin.
 */
#include "connection_rig.h"

#include <stdlib.h>

#include <cairn/http/body.h>
#include <cairn/http/exchange.h>
#include <cairn/http/handler.h>
#include <cairn/service/random.h>
#include <cairn/service/runtime.h>
#include <cairn/service/semaphore.h>
#include <cairn/service/sleep.h>

#define SEQUENCES 100000
#define STEPS 24
#define MOST_POLLS 12
#define WAKERS 4
#define QUIET_TURNS 200
#define REENTRY_GET "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
#define REENTRY_POST "POST /b HTTP/1.1\r\nHost: a\r\n"

/* What all callbacks of a sequence share, and what was made and has gone. */
static struct {
    struct cairn_random dice;
    struct cairn_waker wakers[WAKERS];
    struct cairn_semaphore *semaphore;
    uint64_t done[32]; /* how often each action was */
    int calls;
    int streams;
    int hooks;
    bool is_ending;
} world;

static unsigned roll(unsigned sides)
{
    return (unsigned)cairn_random_range(&world.dice, 0, sides);
}

static void wake_one(void)
{
    cairn_wake(&world.wakers[roll(WAKERS)]);
}

/* What may be done anywhere, also while something is dropped. */
static void act_anywhere(void)
{
    switch (roll(6)) {
    case 0:
        wake_one();
        break;
    case 1:
        cairn_waker_clear(&world.wakers[roll(WAKERS)]);
        break;
    case 2:
        if (roll(4) == 0)
            rig_close_client();
        break;
    case 3:
        if (rig.client >= 0)
            shutdown(rig.client, roll(2) ? SHUT_WR : SHUT_RD);
        break;
    case 4:
        if (rig.client >= 0)
            send(rig.client, "abc", 3, MSG_NOSIGNAL);
        break;
    default:
        if (rig.client >= 0)
            rig_take();
        break;
    }
}

static void add_hook(struct cairn_http_request *req);

static void hook(void *value, const struct cairn_http_end *end)
{
    assert_int_not_equal(end->reason, CAIRN_HTTP_RUNNING);
    world.hooks--;
    act_anywhere();
    if (roll(8) == 0)
        add_hook(value);
    assert_int_equal(cairn_http_inform(value, 103, NULL), -1);
}

static void add_hook(struct cairn_http_request *req)
{
    if (cairn_http_on_end(req, hook, req) == 0)
        world.hooks++;
}

static enum cairn_poll keep_waiting(const struct cairn_context *cx)
{
    if (cairn_context_can_wait(cx)) {
        cairn_waker_set(&world.wakers[roll(WAKERS)], cx);
        if (roll(2) || world.is_ending)
            cairn_task_wake(cx->task);
    }
    return CAIRN_PENDING;
}

/* A body that is given as it comes to its mind. */
struct talk {
    struct cairn_http_request *req;
    unsigned left;
};

static enum cairn_poll talk_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    static struct cairn_error bored = CAIRN_ERROR_STATIC(CAIRN_ERROR_USER, "test", "bored");
    struct talk *self = state;
    act_anywhere();
    if (roll(4) == 0)
        add_hook(self->req);
    if (self->left && roll(3) == 0) {
        self->left--;
        return keep_waiting(cx);
    }
    out->value = NULL;
    if (self->left == 0)
        return CAIRN_READY;
    self->left--;
    if (roll(8) == 0) {
        out->error = &bored;
        return CAIRN_FAILED;
    }
    out->value = cairn_http_chunk_new("talk", 4);
    return CAIRN_READY;
}

static void talk_drop(void *state)
{
    (void)state;
    world.streams--;
    act_anywhere();
}

static const struct cairn_stream_ops talk_ops = {
    .name = "talk", .size = sizeof(struct talk), .poll_next = talk_poll_next, .drop = talk_drop};

static struct cairn_stream talk(struct cairn_http_request *req)
{
    world.streams++;
    return cairn_stream_box(&talk_ops, &(struct talk){req, 1 + roll(6)});
}

/* One call of the handler. */
struct call {
    struct cairn_http_request *req;
    struct cairn_stream body;
    struct cairn_future inner;
    struct cairn_semaphore_wait wait;
    unsigned permits;
    unsigned polls;
};

static struct cairn_http_response *respond(struct call *self)
{
    switch (roll(5)) {
    case 0:
        return cairn_http_response_new(self->req, 204);
    case 1:
        return cairn_http_stream(self->req, 200, NULL, talk(self->req), -1);
    case 2:
        return cairn_http_stream(self->req, 200, NULL, talk(self->req), 8);
    case 3:
        return cairn_http_stream(self->req, 200, NULL, cairn_http_request_take_body(self->req), -1);
    default:
        return cairn_http_text(self->req, 200, "done");
    }
}

static struct cairn_future begin(struct call *self)
{
    switch (roll(4)) {
    case 0:
        return cairn_sleep(roll(3));
    case 1:
        return cairn_http_discard(self->req);
    case 2:
        return cairn_spawn_join(cairn_runtime_current(), cairn_sleep(roll(3)), NULL);
    default:
        return cairn_http_collect(self->req, 100);
    }
}

static void poll_inner(struct call *self, const struct cairn_context *cx)
{
    union cairn_outcome out = {NULL};
    if (self->inner.ops && cairn_future_poll(&self->inner, cx, &out) == CAIRN_FAILED)
        cairn_error_unref(out.error);
}

static void poll_body(struct call *self, const struct cairn_context *cx)
{
    union cairn_outcome out = {NULL};
    enum cairn_poll p = cairn_stream_poll_next(&self->body, cx, &out);
    if (p == CAIRN_FAILED)
        cairn_error_unref(out.error);
    else if (p == CAIRN_READY)
        cairn_http_chunk_free(out.value);
}

static void take_permit(struct call *self, const struct cairn_context *cx)
{
    if (!cairn_context_can_wait(cx))
        self->permits += cairn_semaphore_try_acquire(world.semaphore);
    else if (cairn_semaphore_poll(world.semaphore, &self->wait, cx) == CAIRN_READY)
        self->permits++;
}

static void give_permit(struct call *self)
{
    if (self->permits) {
        self->permits--;
        cairn_semaphore_release(world.semaphore);
    }
}

static void inform(struct call *self)
{
    cairn_http_inform(self->req, 103, NULL);
    assert_int_equal(cairn_http_connection_info(self->req).request > 0,
        cairn_http_connection_info(self->req).peer != NULL);
}

/* One of a call's own actions. */
static void act(struct call *self, const struct cairn_context *cx)
{
    unsigned which = roll(14);
    world.done[which]++;
    switch (which) {
    case 0:
        cairn_stream_drop(&self->body);
        self->body = cairn_http_request_take_body(self->req);
        break;
    case 1:
    case 2:
        poll_body(self, cx);
        break;
    case 3:
        cairn_stream_drop(&self->body);
        break;
    case 4:
        cairn_future_drop(&self->inner);
        self->inner = begin(self);
        break;
    case 5:
    case 6:
        poll_inner(self, cx);
        break;
    case 7:
        cairn_future_drop(&self->inner);
        break;
    case 8:
        inform(self);
        break;
    case 9:
        add_hook(self->req);
        break;
    case 10:
        cairn_http_run_to_completion(self->req);
        break;
    case 11:
        take_permit(self, cx);
        break;
    case 12:
        give_permit(self);
        break;
    default:
        act_anywhere();
        break;
    }
}

static enum cairn_poll call_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    static struct cairn_error tired = CAIRN_ERROR_STATIC(CAIRN_ERROR_UNAVAILABLE, "test", "tired");
    struct call *self = state;
    for (unsigned i = roll(4); i > 0; i--)
        act(self, cx);
    bool must_end = world.is_ending || self->polls++ == MOST_POLLS;
    unsigned choice = must_end ? roll(2) : roll(8);
    if (choice == 0) {
        out->error = &tired;
        return CAIRN_FAILED;
    }
    if (choice == 1) {
        out->value = respond(self);
        return CAIRN_READY;
    }
    return keep_waiting(cx);
}

static void call_drop(void *state)
{
    struct call *self = state;
    world.calls--;
    cairn_http_exchange_end(self->req);
    cairn_semaphore_leave(&self->wait);
    while (self->permits)
        give_permit(self);
    cairn_future_drop(&self->inner);
    act_anywhere();
    cairn_stream_drop(&self->body);
}

static const struct cairn_future_ops call_ops = {
    .name = "call", .size = sizeof(struct call), .poll = call_poll, .drop = call_drop};

static struct cairn_future handle(struct cairn_http_request *req, void *state)
{
    (void)state;
    world.calls++;
    add_hook(req);
    act_anywhere();
    return cairn_future_box(&call_ops, &(struct call){.req = req});
}

static void say_something(void)
{
    static const char *const pieces[] = {
        REENTRY_GET,
        REENTRY_GET REENTRY_POST "Content-Length: 3\r\n\r\nabc",
        REENTRY_POST "Content-Length: 6\r\n\r\nabc",
        REENTRY_POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        REENTRY_POST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n",
        "3\r\nabc\r\n",
        "0\r\n\r\n",
        "def",
    };
    const char *piece = pieces[roll(sizeof(pieces) / sizeof(*pieces))];
    if (rig.client >= 0)
        send(rig.client, piece, strlen(piece), MSG_NOSIGNAL);
}

static void step(void)
{
    switch (roll(8)) {
    case 0:
    case 1:
        say_something();
        break;
    case 2:
        act_anywhere();
        break;
    case 3:
        cairn_test_clock_advance_ms(&rig.clock, rig.worker.runtime, roll(4));
        break;
    case 4:
        if (roll(8) == 0 && rig.worker.connections)
            rig_drain();
        break;
    case 5:
        if (roll(8) == 0)
            rig_kill();
        break;
    default:
        cairn_runtime_turn(rig.worker.runtime);
        break;
    }
}

static bool is_quiet(void)
{
    return world.calls == 0 && world.streams == 0 && world.hooks == 0;
}

static void end_sequence(uint64_t seed)
{
    world.is_ending = true;
    rig_close_client();
    rig_kill();
    for (int i = 0; i < QUIET_TURNS && !is_quiet(); i++) {
        for (int k = 0; k < WAKERS; k++)
            cairn_wake(&world.wakers[k]);
        cairn_test_clock_advance_ms(&rig.clock, rig.worker.runtime, 1);
    }
    for (int k = 0; k < WAKERS; k++)
        cairn_waker_clear(&world.wakers[k]);
    if (!is_quiet() || cairn_semaphore_available(world.semaphore) != 1)
        fail_msg("seed %llu: %d calls, %d streams, %d hooks are left", (unsigned long long)seed,
            world.calls, world.streams, world.hooks);
}

static void play(uint64_t seed)
{
    cairn_random_init(&world.dice, seed);
    world.is_ending = false;
    rig.worker.has_drained = false;
    assert_int_equal(rig_connect(), 0);
    say_something();
    for (int i = 0; i < STEPS; i++)
        step();
    end_sequence(seed);
}

static uint64_t number_from(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : fallback;
}

static void every_order_of_calls_in_every_callback_leaves_nothing_behind(void **state)
{
    uint64_t seed = number_from("CAIRN_SEED", 1);
    uint64_t count = number_from("CAIRN_SEQUENCES", SEQUENCES);
    (void)state;
    rig_open(cairn_http_stream_handler(handle, NULL), NULL);
    rig_close_client();
    rig_kill();
    world.semaphore = cairn_semaphore_new(1);
    for (uint64_t i = 0; i < count; i++)
        play(seed + i);
    cairn_semaphore_unref(world.semaphore);
    for (int i = 0; i < 13; i++)
        assert_true(world.done[i] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(every_order_of_calls_in_every_callback_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
