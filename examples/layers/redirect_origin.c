/* redirect_origin.c - one host, by https; and a page that has moved. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/redirect_origin.h>
#include <cairn/http/redirect.h>
#include <cairn/http/router.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *home(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "Welcome.");
}

/* Where APP sends who asks for TARGET at HOST. */
static bool is_sent(struct cairn_runtime *runtime, struct cairn_service *app,
    struct cairn_http_request *req, const char *host)
{
    union cairn_outcome out;
    struct cairn_service *copy = cairn_service_clone(app);
    if (!copy || !req ||
        cairn_http_fields_add(&req->fields, CAIRN_STR("Host"), cairn_str_from(host)))
        return false;
    if (cairn_block_on(runtime, cairn_service_oneshot(copy, req), &out) != CAIRN_READY) {
        cairn_error_unref(out.error);
        return false;
    }
    const struct cairn_http_response *res = out.value;
    struct cairn_str to = cairn_http_fields_get(&res->fields, CAIRN_STR("Location"));
    if (to.data)
        printf("%d %.*s\n", res->status, (int)to.length, to.data);
    return res->status == 308 && to.data;
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    /* [snippet] */
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/", cairn_http_handler(home, NULL));
    /* [moved] */
    cairn_http_get(r, "/welcome.html", cairn_http_redirect_service(308, "/"));
    /* [/moved] */
    struct cairn_service *app = cairn_stack(
        cairn_http_router_service(r), cairn_redirect_origin(.origin = "https://www.example.org"));
    /* [/snippet] */
    bool is_ours = is_sent(
        runtime, app, cairn_http_request_new(arena, CAIRN_HTTP_GET, "/a?b=c"), "example.org");
    bool is_moved = is_sent(runtime, app,
        cairn_http_request_new(arena, CAIRN_HTTP_GET, "/welcome.html"), "www.example.org");
    cairn_service_drop(app);
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return is_ours && is_moved ? 0 : 1;
}
