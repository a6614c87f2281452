/* retry.c - a service that is down twice and then answers; the caller sees the answer alone. */
#include <stdio.h>

#include <cairn/layers/retry.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/stack.h>

/* The texts are static: a copy of one is itself. */
static void *text_clone(const void *value)
{
    return (void *)value;
}

static const struct cairn_type text = {.name = "text", .clone = text_clone};
static char question[] = "are you there?";
static char answer[] = "yes";

static void *answer_the_third_time(void *cx, void *req, struct cairn_error **error)
{
    static struct cairn_error down =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_UNAVAILABLE, "flaky", "connection refused");
    unsigned *calls = cx;
    (void)req;
    if (++*calls == 3)
        return answer;
    *error = &down;
    return NULL;
}

int main(void)
{
    unsigned calls = 0;
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    union cairn_outcome out;
    struct cairn_service *flaky =
        cairn_service_fn("flaky", &text, &text, answer_the_third_time, &calls);
    /* [snippet] */
    struct cairn_service *app =
        cairn_stack(flaky, cairn_timeout(.after_ms = 2000), /* for the whole */
            cairn_retry(.attempts = 4, .backoff = {.min_ms = 5, .max_ms = 100, .jitter = 0.5}),
            cairn_timeout(.after_ms = 500)); /* for each attempt */

    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, question), &out);
    if (p == CAIRN_READY)
        printf("%s, after %u attempts\n", (const char *)out.value, calls);
    /* [/snippet] */
    if (p == CAIRN_FAILED)
        cairn_error_unref(out.error);
    cairn_runtime_free(runtime);
    return p == CAIRN_READY && calls == 3 ? 0 : 1;
}
