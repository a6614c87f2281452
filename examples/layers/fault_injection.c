/* fault_injection.c - does the retry cope when a third of the calls fails? */
#include <stdio.h>

#include <cairn/layers/fault_injection.h>
#include <cairn/layers/retry.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/stack.h>

static void *same(const void *value)
{
    return (void *)(size_t)value; /* texts of this program live as long as it does */
}

static const struct cairn_type text = {.name = "text", .clone = same};
static char question[] = "are you there?";

static void *answer(void *cx, void *req, struct cairn_error **error)
{
    (void)cx;
    (void)error;
    return req;
}

/* [snippet] */
static struct cairn_service *client_stack(struct cairn_service *client, bool is_rehearsal)
{
    return cairn_stack(client, cairn_retry(.attempts = 5, .backoff = {.min_ms = 1, .max_ms = 2}),
        cairn_fault_injection(.enabled = is_rehearsal, .error_percent = 33, .seed = 1));
}
/* [/snippet] */

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    union cairn_outcome out;
    struct cairn_service *client = cairn_service_fn("client", &text, &text, answer, NULL);
    struct cairn_service *app = client_stack(client, true);
    unsigned answers = 0;
    for (unsigned i = 0; i < 20; i++) {
        struct cairn_future call = cairn_service_oneshot(cairn_service_clone(app), question);
        if (cairn_block_on(runtime, call, &out) == CAIRN_READY)
            answers++;
        else
            cairn_error_unref(out.error);
    }
    cairn_stack_print(app, stdout);
    cairn_service_drop(app);
    cairn_runtime_free(runtime);
    return answers == 20 ? 0 : 1;
}
