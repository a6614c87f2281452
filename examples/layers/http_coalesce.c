/* http_coalesce.c - three clients ask for the same page at the same time; it is made once. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/http_coalesce.h>
#include <cairn/service/alloc.h>
#include <cairn/service/async.h>
#include <cairn/service/call.h>
#include <cairn/service/combine.h>
#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

/* A page that takes a while. */
struct render {
    struct cairn_async async;
    struct cairn_http_request *req;
    unsigned *count;
};

static enum cairn_poll render_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct render *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT_DONE(cairn_sleep(5));
    ++*self->count;
    CAIRN_ASYNC_RETURN(cairn_http_text(self->req, 200, "a page"));
    CAIRN_ASYNC_END();
}

static void render_drop(void *state)
{
    cairn_async_drop(&((struct render *)state)->async);
}

static struct cairn_future render(struct cairn_http_request *req, void *count)
{
    static const struct cairn_future_ops ops = {
        .name = "render", .size = sizeof(struct render), .poll = render_poll, .drop = render_drop};
    return cairn_future_start(&ops, &(struct render){.req = req, .count = count});
}

/* [snippet] */
static const char *const languages[] = {"Accept-Language", NULL};

static struct cairn_service *pages(struct cairn_service *renderer)
{
    return cairn_stack(renderer, cairn_http_coalesce(.vary = languages));
}
/* [/snippet] */

int main(void)
{
    unsigned count = 0;
    unsigned answers = 0;
    struct cairn_future calls[3];
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    union cairn_outcome out;
    struct cairn_service *app = pages(cairn_http_async_handler(render, &count));
    for (int i = 0; i < 3; i++)
        calls[i] = cairn_service_oneshot(
            cairn_service_clone(app), cairn_http_request_new(arena, CAIRN_HTTP_GET, "/page"));
    if (cairn_block_on(runtime, cairn_join_all(calls, 3, &cairn_http_response_type), &out) !=
        CAIRN_READY)
        return 1;
    void **pages_made = out.value;
    for (int i = 0; i < 3; i++) {
        const struct cairn_http_response *res = pages_made[i];
        answers += res->status == 200;
        cairn_type_drop(&cairn_http_response_type, pages_made[i]); /* as a server does */
    }
    cairn_free(pages_made);
    cairn_service_drop(app);
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    printf("%u answers, made %u time(s)\n", answers, count);
    return answers == 3 && count == 1 ? 0 : 1;
}
