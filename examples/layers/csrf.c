/* csrf.c - a form that only our own pages, and one partner's, may send. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/csrf.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *transfer(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "done");
}

/* What a browser sends when a page of https://evil.example has a form for us. */
static struct cairn_http_request *forged(struct cairn_arena *arena)
{
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/transfer");
    if (!req ||
        cairn_http_fields_add(
            &req->fields, CAIRN_STR("Origin"), CAIRN_STR("https://evil.example")) ||
        cairn_http_fields_add(&req->fields, CAIRN_STR("Sec-Fetch-Site"), CAIRN_STR("cross-site")))
        return NULL;
    return req;
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = arena ? forged(arena) : NULL;
    union cairn_outcome out;
    int status = 0;
    if (!runtime || !req)
        return 1;
    /* [snippet] */
    struct cairn_service *app = cairn_stack(
        cairn_http_handler(transfer, NULL), cairn_csrf(.trusted = "https://partner.example"));
    /* [/snippet] */
    if (cairn_block_on(runtime, cairn_service_oneshot(app, req), &out) == CAIRN_READY) {
        const struct cairn_http_response *res = out.value;
        status = res->status;
        printf("%d %.*s\n", status, (int)res->body.length, res->body.data);
    } else {
        cairn_error_unref(out.error);
    }
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return status == 403 ? 0 : 1;
}
