/* async_handler.c - a handler that waits, and a guard that must not. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/service/async.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>

/* [handler] */
struct coffee {
    struct cairn_async async;
    struct cairn_http_request *req; /* lives as long as the exchange, and so longer than this */
};

static enum cairn_poll coffee_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct coffee *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT_DONE(cairn_sleep(20)); /* grind */
    CAIRN_AWAIT_DONE(cairn_sleep(30)); /* brew */
    CAIRN_ASYNC_RETURN(cairn_http_text(self->req, 200, "coffee"));
    CAIRN_ASYNC_END();
}

static void coffee_drop(void *state)
{
    struct coffee *self = state;
    cairn_async_drop(&self->async);
}

static struct cairn_future coffee(struct cairn_http_request *req, void *state)
{
    static const struct cairn_future_ops ops = {
        .name = "coffee", .size = sizeof(struct coffee), .poll = coffee_poll, .drop = coffee_drop};
    (void)state;
    return cairn_future_start(&ops, &(struct coffee){.req = req});
}
/* [/handler] */

static struct cairn_service *app(void)
{
    return cairn_http_async_handler(coffee, NULL);
}

static int check(int is_right, const char *what)
{
    if (!is_right)
        fprintf(stderr, "wrong: %s\n", what);
    return is_right ? 0 : 1;
}

int main(void)
{
    union cairn_outcome out;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &out.error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return check(0, "runtime and arena");
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/coffee");
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app(), req), &out);
    const struct cairn_http_response *res = p == CAIRN_READY ? out.value : NULL;
    int rc = check(res && cairn_str_equal(res->body, CAIRN_STR("coffee")), "answer");
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return rc;
}
