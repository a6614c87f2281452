/* from_fn.c - two layers that are functions: one answers for itself, the other waits on both sides.
 */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/from_fn.h>
#include <cairn/service/async.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

/* [layer] */
static struct cairn_future only_json(
    struct cairn_http_request *req, struct cairn_http_next *next, void *state)
{
    struct cairn_str type = cairn_http_request_field(req, "Content-Type");
    (void)state;
    if (req->method == CAIRN_HTTP_POST && !cairn_str_equal(type, CAIRN_STR("application/json")))
        return cairn_future_ready(cairn_http_text(req, 415, "JSON, please"));
    return cairn_http_next_run(next, req);
}
/* [/layer] */

/* [async] */
struct greeted {
    struct cairn_async async;
    struct cairn_http_request *req;
    struct cairn_http_next *next;
    struct cairn_http_response *res;
    const char *greeting;
};

static enum cairn_poll greeted_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct greeted *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT_DONE(cairn_sleep(10)); /* ask somebody */
    CAIRN_AWAIT(cairn_http_next_run(self->next, self->req), self->res);
    if (cairn_http_response_set(self->res, "X-Greeting", self->greeting))
        CAIRN_ASYNC_FAIL(&cairn_error_no_memory);
    CAIRN_ASYNC_RETURN(self->res);
    CAIRN_ASYNC_END();
}

static void greeted_drop(void *state)
{
    cairn_async_drop(&((struct greeted *)state)->async);
}

static struct cairn_future greeted(
    struct cairn_http_request *req, struct cairn_http_next *next, void *state)
{
    static const struct cairn_future_ops ops = {.name = "greeted",
        .size = sizeof(struct greeted),
        .poll = greeted_poll,
        .drop = greeted_drop};
    return cairn_future_start(&ops, &(struct greeted){.req = req, .next = next, .greeting = state});
}
/* [/async] */

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "Hello!");
}

/* Prints what METHOD gets; returns its status, or 0. Whether it was greeted goes to *IS_GREETED. */
static int ask(struct cairn_runtime *runtime, struct cairn_service *app,
    struct cairn_http_request *req, bool *is_greeted)
{
    union cairn_outcome out;
    enum cairn_poll p =
        cairn_block_on(runtime, cairn_service_oneshot(cairn_service_clone(app), req), &out);
    if (p == CAIRN_FAILED) {
        cairn_error_unref(out.error);
        return 0;
    }
    const struct cairn_http_response *res = out.value;
    struct cairn_str greeting = cairn_http_fields_get(&res->fields, CAIRN_STR("X-Greeting"));
    *is_greeted = cairn_str_equal(greeting, CAIRN_STR("good morning"));
    printf("%d %.*s\n", res->status, (int)greeting.length, greeting.data ? greeting.data : "");
    return res->status;
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    bool is_greeted = false;
    bool was_greeted = false;
    static char morning[] = "good morning";
    /* [snippet] */
    struct cairn_service *app = cairn_stack(cairn_http_handler(hello, NULL),
        cairn_from_fn(.f = only_json), cairn_from_fn(.f = greeted, .state = morning));
    /* [/snippet] */
    struct cairn_http_request *get = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    struct cairn_http_request *post = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/");
    bool is_right = ask(runtime, app, get, &is_greeted) == 200 && is_greeted;
    is_right = ask(runtime, app, post, &was_greeted) == 415 && !was_greeted && is_right;
    cairn_service_drop(app);
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
