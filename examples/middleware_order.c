/* middleware_order.c - the same layers in two orders, and what comes of it. The layer named first
 * is the outermost: it sees the request first and the response last. */
#include <stdio.h>

#include <cairn/http/all.h>

/* Fails the first two times, after 30 ms. */
struct flaky {
    struct cairn_async async;
    struct cairn_http_request *req;
    int *calls;
};

static struct cairn_error away = CAIRN_ERROR_STATIC(CAIRN_ERROR_UNAVAILABLE, "upstream", "away");

static enum cairn_poll flaky_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct flaky *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    ++*self->calls;
    CAIRN_AWAIT_DONE(cairn_sleep(30));
    if (*self->calls < 3)
        CAIRN_ASYNC_FAIL(&away);
    CAIRN_ASYNC_RETURN(cairn_http_text(self->req, 200, "there"));
    CAIRN_ASYNC_END();
}

static void flaky_drop(void *state)
{
    cairn_async_drop(&((struct flaky *)state)->async);
}

static struct cairn_future flaky(struct cairn_http_request *req, void *state)
{
    static const struct cairn_future_ops ops = {
        .name = "flaky", .size = sizeof(struct flaky), .poll = flaky_poll, .drop = flaky_drop};
    return cairn_future_box(&ops, &(struct flaky){.req = req, .calls = state});
}

/* Asks APP once; the status, 0 for an error, which is printed. */
static int ask(struct cairn_runtime *runtime, struct cairn_service *app, const int *calls)
{
    union cairn_outcome out;
    char text[256];
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req =
        arena ? cairn_http_request_new(arena, CAIRN_HTTP_GET, "/") : NULL;
    if (!req)
        return -1;
    cairn_stack_print(app, stdout);
    int status = 0;
    if (cairn_block_on(runtime, cairn_service_oneshot(app, req), &out) == CAIRN_READY) {
        status = ((const struct cairn_http_response *)out.value)->status;
        printf("-> %d after %d calls\n\n", status, *calls);
    } else {
        printf(
            "-> %s after %d calls\n\n", cairn_error_format(out.error, text, sizeof(text)), *calls);
        cairn_error_unref(out.error);
    }
    cairn_arena_free(arena);
    return status;
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    int calls = 0;
    if (!runtime)
        return 1;
    /* Inside of retry the timeout is for each attempt: three of them, 30 ms each, are fine. */
    int inside = ask(runtime,
        cairn_stack(cairn_http_async_handler(flaky, &calls), cairn_retry(.attempts = 3),
            cairn_timeout(.after_ms = 60)),
        &calls);
    /* Outside of retry it is for all of them together, with the waits between: too little. */
    calls = 0;
    int outside = ask(runtime,
        cairn_stack(cairn_http_async_handler(flaky, &calls), cairn_timeout(.after_ms = 60),
            cairn_retry(.attempts = 3)),
        &calls);
    cairn_runtime_free(runtime);
    return inside == 200 && outside == 0 ? 0 : 1;
}
