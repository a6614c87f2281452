/* circuit_breaker.c - a dependency that is down is left alone, and asked again after a while. */
#include <stdio.h>

#include <cairn/layers/circuit_breaker.h>
#include <cairn/service/call.h>
#include <cairn/service/combine.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

static const struct cairn_type text = {.name = "text"};
static char question[] = "are you there?";

struct dependency {
    bool is_down;
    unsigned calls;
};

static void *answer(void *cx, void *req, struct cairn_error **error)
{
    struct dependency *self = cx;
    self->calls++;
    if (!self->is_down)
        return req;
    *error = cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "dependency", NULL, "connection refused");
    return NULL;
}

static bool ask(struct cairn_runtime *runtime, const struct cairn_service *app)
{
    char message[128];
    union cairn_outcome out;
    struct cairn_future call = cairn_service_oneshot(cairn_service_clone(app), question);
    if (cairn_block_on(runtime, call, &out) == CAIRN_READY)
        return true;
    puts(cairn_error_format(out.error, message, sizeof(message)));
    cairn_error_unref(out.error);
    return false;
}

int main(void)
{
    struct dependency dependency = {.is_down = true};
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    union cairn_outcome out;
    struct cairn_service *client = cairn_service_fn("client", &text, &text, answer, &dependency);
    /* [snippet] */
    struct cairn_service *app = cairn_stack(
        client, cairn_circuit_breaker(.failures = 2, .backoff = {.min_ms = 20, .max_ms = 1000}));

    for (int i = 0; i < 5; i++) /* two reach it; three are refused, "… 2 failures in a row: …" */
        ask(runtime, app);
    cairn_stack_print(app, stdout); /* state=open, and the reason */
    /* [/snippet] */
    bool is_spared = dependency.calls == 2;
    dependency.is_down = false;
    cairn_block_on(runtime, cairn_sleep(30), &out);
    bool is_back = ask(runtime, app) && ask(runtime, app);
    cairn_service_drop(app);
    cairn_runtime_free(runtime);
    return is_spared && is_back ? 0 : 1;
}
