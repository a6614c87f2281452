/* hedge.c - a call that takes far longer than calls do is sent a second time. */
#include <stdio.h>

#include <cairn/layers/hedge.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

static char question[] = "how much?";

static void *copy_text(const void *value)
{
    return (void *)(size_t)value; /* static: nobody owns it */
}

static const struct cairn_type text = {.name = "text", .clone = copy_text};

/* One in thirty calls is slow. */
static struct cairn_future answer(void *calls, void *req)
{
    (void)req;
    return cairn_sleep(++*(unsigned *)calls % 30 == 0 ? 3000 : 1);
}

static bool ask(struct cairn_runtime *runtime, const struct cairn_service *app)
{
    union cairn_outcome out;
    struct cairn_future call = cairn_service_oneshot(cairn_service_clone(app), question);
    if (cairn_block_on(runtime, call, &out) == CAIRN_READY)
        return true;
    cairn_error_unref(out.error);
    return false;
}

int main(void)
{
    unsigned calls = 0;
    bool is_answered = true;
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    union cairn_outcome out;
    struct cairn_service *server = cairn_service_async_fn("server", &text, &text, answer, &calls);
    /* [snippet] */
    struct cairn_service *app =
        cairn_stack(server, cairn_hedge(.percentile = 0.9, .min_data_points = 5, .period_ms = 200));

    for (int i = 0; i < 29; i++)
        is_answered = ask(runtime, app) && is_answered;
    cairn_block_on(runtime, cairn_sleep(200), &out); /* what was seen is the last full period */
    is_answered = ask(runtime, app) && is_answered;  /* would take three seconds */
    cairn_stack_print(app, stdout);
    /* [/snippet] */
    cairn_service_drop(app);
    cairn_runtime_free(runtime);
    return is_answered ? 0 : 1;
}
