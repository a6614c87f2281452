/* ws.c - what a client sends to a WebSocket: no report, and any cut gives the same messages. (Which
 * violation a close names, and how early, may differ: wslay looks at a frame as it comes.) */
#include <stdio.h>

#include <cairn/http/ws/ws_connection.h>
#include <cairn/service/async.h>
#include <cairn/testkit/clock.h>
#include <cairn/testkit/harness.h>

#include <cairn/testkit/ws_rig.h>

#define MAX_INPUT 16384

/* Collects what is received, as bytes. */
struct collected {
    size_t length;
    char bytes[1 << 17];
};

struct collect {
    struct cairn_async async;
    struct cairn_ws *ws;
    struct cairn_ws_message *message;
    struct collected *to;
};

static enum cairn_poll collect_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct collect *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    for (;;) {
        CAIRN_AWAIT(cairn_ws_receive(self->ws), self->message);
        if (!self->message)
            break;
        struct collected *to = self->to;
        to->length += (size_t)snprintf(to->bytes + to->length, 32,
            "%d:%zu:", self->message->is_text, self->message->data.length);
        memcpy(to->bytes + to->length, self->message->data.data, self->message->data.length);
        to->length += self->message->data.length;
        cairn_ws_message_free(self->message);
        self->message = NULL;
    }
    CAIRN_ASYNC_RETURN(NULL);
    CAIRN_ASYNC_END();
}

static void collect_drop(void *state)
{
    struct collect *self = state;
    cairn_async_drop(&self->async);
    cairn_ws_message_free(self->message);
}

static const struct cairn_future_ops collect_ops = {
    .name = "collect", .size = sizeof(struct collect), .poll = collect_poll, .drop = collect_drop};

static struct cairn_future run(struct cairn_ws *ws, void *cx)
{
    return cairn_future_box(&collect_ops, &(struct collect){.ws = ws, .to = cx});
}

static void play(
    struct wire *wire, struct collected *collected, const uint8_t *data, size_t size, size_t step)
{
    static const struct cairn_ws_options options = {.size = sizeof(options),
        .max_message = 4096,
        .max_frame = 2048,
        .max_queued = 65536,
        .ping_ms = 30000,
        .close_ms = 5000};
    struct cairn_test_clock clock;
    struct cairn_harness hand;
    union cairn_outcome out;
    struct cairn_runtime *runtime = cairn_test_runtime_new(&clock);
    cairn_harness_init(&hand, runtime);
    wire_init(wire);
    wire->step = step;
    collected->length = 0;
    wire_send_bytes(wire, data, size);
    struct cairn_future future =
        cairn__ws_begin(&options, cairn_str_of(NULL, 0), run, collected, wire->stream);
    if (cairn_harness_poll(&hand, &future, &out) == CAIRN_PENDING) {
        cairn_test_clock_advance_ms(&clock, runtime, 5000);
        cairn_future_drop(&future);
    }
    cairn_harness_fini(&hand);
    cairn_runtime_free(runtime);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wire whole;
    static struct wire cut;
    static struct collected one;
    static struct collected other;
    if (size == 0 || size > MAX_INPUT)
        return 0;
    play(&whole, &one, data + 1, size - 1, 0);
    play(&cut, &other, data + 1, size - 1, 1 + data[0] % 7);
    if (one.length != other.length || memcmp(one.bytes, other.bytes, one.length) != 0)
        __builtin_trap();
    return 0;
}
