/* fail_fast.c - a dependency that is away: callers wait for a while, and then no longer. */
#include <stdio.h>

#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/fail_fast.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/stack.h>

static const struct cairn_type text = {.name = "text"};
static char question[] = "are you there?";

static void *answer(void *cx, void *req, struct cairn_error **error)
{
    (void)cx;
    (void)error;
    return req;
}

int main(void)
{
    char message[128];
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    union cairn_outcome out;
    struct cairn_semaphore *connections = cairn_semaphore_new(0); /* there is none */
    struct cairn_service *client = cairn_service_fn("client", &text, &text, answer, NULL);
    /* [snippet] */
    struct cairn_service *app =
        cairn_stack(client, cairn_fail_fast(.after_ms = 20), /* no call got through for so long */
            cairn_concurrency_limit(.semaphore = connections));

    enum cairn_poll p =
        cairn_block_on(runtime, cairn_service_oneshot(cairn_service_clone(app), question), &out);
    if (p == CAIRN_FAILED) /* "fail_fast: not ready for 20 ms" */
        puts(cairn_error_format(out.error, message, sizeof(message)));
    /* [/snippet] */
    bool is_refused = p == CAIRN_FAILED && out.error->code == CAIRN_ERROR_UNAVAILABLE;
    if (p == CAIRN_FAILED)
        cairn_error_unref(out.error);
    /* A connection is there: the task that waited for it sees so before the next caller asks. */
    cairn_semaphore_release(connections);
    while (cairn_runtime_tasks(runtime) > 0)
        cairn_runtime_turn(runtime);
    p = cairn_block_on(runtime, cairn_service_oneshot(app, question), &out);
    cairn_semaphore_unref(connections);
    cairn_runtime_free(runtime);
    return is_refused && p == CAIRN_READY && out.value == question ? 0 : 1;
}
