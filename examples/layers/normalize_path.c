/* normalize_path.c - a route is found with a slash at the end, and without. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/normalize_path.h>
#include <cairn/http/router.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *list(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_bytes(req, 200, "text/plain", req->target);
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    union cairn_outcome out;
    bool is_found = false;
    /* [snippet] */
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/users", cairn_http_handler(list, NULL));
    struct cairn_service *app =
        cairn_stack(cairn_http_router_service(r), cairn_normalize_path(.merge = true));
    /* [/snippet] */
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "//users/?all");
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, req), &out);
    if (p == CAIRN_READY) {
        const struct cairn_http_response *res = out.value;
        printf("%d %.*s\n", res->status, (int)res->body.length, res->body.data);
        is_found = res->status == 200 && cairn_str_equal(res->body, CAIRN_STR("//users/?all"));
    } else {
        cairn_error_unref(out.error);
    }
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return is_found ? 0 : 1;
}
