/* spawn_ready.c - a connection is made while its user is busy with something else. */
#include <stdio.h>

#include <cairn/layers/reconnect.h>
#include <cairn/layers/spawn_ready.h>
#include <cairn/service/call.h>
#include <cairn/service/combine.h>
#include <cairn/service/make_service.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

static const struct cairn_type text = {.name = "text"};
static char question[] = "anybody there?";

static void *echo(void *cx, void *req, struct cairn_error **error)
{
    (void)cx;
    (void)error;
    return req;
}

static void *connected(void *is_connected, void *value)
{
    (void)value;
    *(bool *)is_connected = true;
    return cairn_service_fn("echo", &text, &text, echo, NULL);
}

static struct cairn_future connect_slowly(void *is_connected, void *target)
{
    (void)target;
    return cairn_future_map(cairn_sleep(10), connected, is_connected);
}

int main(void)
{
    bool is_connected = false;
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    union cairn_outcome out;
    struct cairn_service *client = cairn_reconnect(
        cairn_service_async_fn("connect", NULL, &cairn_service_type, connect_slowly, &is_connected),
        .request_type = &text, .response_type = &text);
    /* [snippet] */
    struct cairn_service *app = cairn_stack(client, cairn_spawn_ready());

    /* Asks for readiness, loses interest after a millisecond, and does something else. */
    struct cairn_future either[] = {cairn_service_ready(app), cairn_sleep(1)};
    cairn_block_on(runtime, cairn_select(either, 2, NULL), &out);
    cairn_block_on(runtime, cairn_sleep(50), &out);
    puts(is_connected ? "connected meanwhile" : "not connected");
    /* [/snippet] */
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, question), &out);
    if (p == CAIRN_FAILED)
        cairn_error_unref(out.error);
    cairn_runtime_free(runtime);
    return p == CAIRN_READY && is_connected ? 0 : 1;
}
