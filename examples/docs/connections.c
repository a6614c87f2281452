/* connections.c - a connection to an address, and a service that speaks a protocol over it. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cairn/layers/concurrency_limit.h>
#include <cairn/service/async.h>
#include <cairn/service/call.h>
#include <cairn/service/connector.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

/* [connector] */
static struct cairn_service *connector(void)
{
    return cairn_stack(cairn_connector(.timeout_ms = 500, .keep_alive_ms = 60000),
        cairn_concurrency_limit(.max = 16)); /* no more than that connect at a time */
}
/* [/connector] */

/* [talk] */
struct talk {
    struct cairn_async async;
    struct cairn_service *connector;
    struct cairn_address *address;
    struct cairn_byte_stream *boxed;
    struct cairn_byte_stream stream;
    char buffer[64];
    size_t count;
};

static enum cairn_poll talk_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct talk *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT(cairn_service_oneshot(self->connector, self->address), self->boxed);
    self->stream = cairn_byte_stream_unbox(self->boxed);
    CAIRN_AWAIT_DONE(cairn_byte_stream_write(&self->stream, "PING\r\n", 6));
    CAIRN_AWAIT_DONE(cairn_byte_stream_shutdown(&self->stream)); /* that was all from here */
    CAIRN_AWAIT_DONE(
        cairn_byte_stream_read(&self->stream, self->buffer, sizeof(self->buffer), &self->count));
    printf("%.*s", (int)self->count, self->buffer);
    CAIRN_ASYNC_END();
}

static void talk_drop(void *state)
{
    struct talk *self = state;
    cairn_async_drop(&self->async);
    cairn_byte_stream_drop(&self->stream); /* closes it, also when the talk is given up */
}
/* [/talk] */

static const struct cairn_future_ops talk_ops = {
    .name = "talk", .size = sizeof(struct talk), .poll = talk_poll, .drop = talk_drop};

/* The other side, a process of its own: it hears all, then answers. */
static void answer_once(int listener)
{
    char buffer[64];
    int peer = accept(listener, NULL, NULL);
    while (read(peer, buffer, sizeof(buffer)) > 0)
        continue;
    _exit(write(peer, "+PONG\r\n", 7) == 7 ? 0 : 1);
}

static int listen_somewhere(struct cairn_address *address)
{
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    cairn_address_parse(address, CAIRN_STR("127.0.0.1:1"));
    ((struct sockaddr_in *)&address->storage)->sin_port = 0; /* whichever is free */
    if (bind(listener, (struct sockaddr *)&address->storage, address->length) ||
        listen(listener, 1) ||
        getsockname(listener, (struct sockaddr *)&address->storage, &address->length))
        return -1;
    return listener;
}

int main(void)
{
    struct cairn_address address;
    struct cairn_error *error = NULL;
    union cairn_outcome out;
    int listener = listen_somewhere(&address);
    if (listener < 0)
        return 1;
    if (fork() == 0)
        answer_once(listener);
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    struct talk talk = {.connector = connector(), .address = cairn_address_type.clone(&address)};
    enum cairn_poll p = cairn_block_on(runtime, cairn_future_box(&talk_ops, &talk), &out);
    if (p == CAIRN_FAILED) {
        char message[128];
        puts(cairn_error_format(out.error, message, sizeof(message)));
        cairn_error_unref(out.error);
    }
    cairn_runtime_free(runtime);
    close(listener);
    return p == CAIRN_READY ? 0 : 1;
}
