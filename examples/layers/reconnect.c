/* reconnect.c - the first attempt to connect fails, the second does not. */
#include <stdio.h>

#include <cairn/layers/buffer.h>
#include <cairn/layers/reconnect.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/call.h>
#include <cairn/service/make_service.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/stack.h>

static const struct cairn_type address = {.name = "address"};
static const struct cairn_type text = {.name = "text"};
static char question[] = "anybody there?";

static void *echo(void *cx, void *req, struct cairn_error **error)
{
    (void)cx;
    (void)error;
    return req;
}

static struct cairn_future connect_to(void *attempts, void *target)
{
    if (++*(unsigned *)attempts == 1)
        return cairn_future_failed(cairn_error_new(
            CAIRN_ERROR_UNAVAILABLE, "connect", NULL, "%s refused", (const char *)target));
    return cairn_future_ready_of(
        &cairn_service_type, cairn_service_fn("echo", &text, &text, echo, NULL));
}

int main(void)
{
    unsigned attempts = 0;
    bool is_answered = false;
    char message[128];
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    union cairn_outcome out;
    /* [snippet] */
    struct cairn_service *maker = cairn_stack(
        cairn_service_async_fn("connect", &address, &cairn_service_type, connect_to, &attempts),
        cairn_timeout(.after_ms = 1000)); /* for each attempt to connect */
    struct cairn_service *client =
        cairn_reconnect(maker, .target = "db.example:5432", .request_type = &text,
            .response_type = &text, .backoff = {.min_ms = 5, .max_ms = 1000, .jitter = 0.5});
    struct cairn_service *app = cairn_stack(client, cairn_buffer(.bound = 64)); /* to be shared */

    for (int i = 0; i < 2; i++) {
        struct cairn_future call = cairn_service_oneshot(cairn_service_clone(app), question);
        is_answered = cairn_block_on(runtime, call, &out) == CAIRN_READY;
        if (is_answered) {
            puts("answered");
        } else { /* "connect: db.example:5432 refused" */
            puts(cairn_error_format(out.error, message, sizeof(message)));
            cairn_error_unref(out.error);
        }
    }
    /* [/snippet] */
    cairn_service_drop(app);
    cairn_runtime_free(runtime);
    return is_answered && attempts == 2 ? 0 : 1;
}
