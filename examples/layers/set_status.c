/* set_status.c - a page for what is not there, with the status that says so. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/set_status.h>
#include <cairn/http/router.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *home(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "Welcome.");
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    union cairn_outcome out;
    int status = 0;
    /* [snippet] */
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/", cairn_http_handler(home, NULL));
    /* Who is lost sees the same page, but is told. */
    cairn_http_router_fallback(
        r, cairn_stack(cairn_http_handler(home, NULL), cairn_set_status(.status = 404)));
    struct cairn_service *app = cairn_http_router_service(r);
    /* [/snippet] */
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/lost");
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, req), &out);
    if (p == CAIRN_READY) {
        const struct cairn_http_response *res = out.value;
        printf("%d %.*s\n", res->status, (int)res->body.length, res->body.data);
        status = res->status;
    } else {
        cairn_error_unref(out.error);
    }
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return status == 404 ? 0 : 1;
}
