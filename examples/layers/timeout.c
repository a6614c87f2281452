/* timeout.c - a call that takes too long fails in time. */
#include <stdio.h>

#include <cairn/layers/timeout.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

static const struct cairn_type text = {.name = "text"};
static char question[] = "how long?";

static struct cairn_future answer_in_a_minute(void *cx, void *req)
{
    (void)cx;
    (void)req;
    return cairn_sleep(60000);
}

int main(void)
{
    char message[128];
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    union cairn_outcome out;
    /* [snippet] */
    struct cairn_service *slow =
        cairn_service_async_fn("slow", &text, &text, answer_in_a_minute, NULL);
    struct cairn_service *app = cairn_stack(slow, cairn_timeout(.after_ms = 20));

    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, question), &out);
    if (p == CAIRN_FAILED) /* "timeout: 20 ms passed" */
        puts(cairn_error_format(out.error, message, sizeof(message)));
    /* [/snippet] */
    bool is_elapsed = p == CAIRN_FAILED && out.error->code == CAIRN_ERROR_ELAPSED;
    if (p == CAIRN_FAILED)
        cairn_error_unref(out.error);
    cairn_runtime_free(runtime);
    return is_elapsed ? 0 : 1;
}
