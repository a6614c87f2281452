/* cors.c - an API that the pages of two other origins may use, cookies and all. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/cors.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *save(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "saved");
}

/* What a browser asks before a page of https://app.example may PUT. */
static struct cairn_http_request *preflight(struct cairn_arena *arena)
{
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_OPTIONS, "/settings");
    if (!req ||
        cairn_http_fields_add(
            &req->fields, CAIRN_STR("Origin"), CAIRN_STR("https://app.example")) ||
        cairn_http_fields_add(
            &req->fields, CAIRN_STR("Access-Control-Request-Method"), CAIRN_STR("PUT")))
        return NULL;
    return req;
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = arena ? preflight(arena) : NULL;
    union cairn_outcome out;
    bool is_allowed = false;
    if (!runtime || !req)
        return 1;
    /* [snippet] */
    struct cairn_service *app = cairn_stack(cairn_http_handler(save, NULL),
        cairn_cors(.origins = "https://app.example, http://localhost:3000",
            .methods = "PUT, DELETE",  /* besides GET, HEAD and POST */
            .headers = "Content-Type", /* for JSON */
            .credentials = true, .max_age_s = 3600));
    /* [/snippet] */
    if (cairn_block_on(runtime, cairn_service_oneshot(app, req), &out) == CAIRN_READY) {
        const struct cairn_http_response *res = out.value;
        struct cairn_str origin =
            cairn_http_fields_get(&res->fields, CAIRN_STR("Access-Control-Allow-Origin"));
        if (origin.data)
            printf("%d, for %.*s\n", res->status, (int)origin.length, origin.data);
        is_allowed = res->status == 200 && origin.data;
    } else {
        cairn_error_unref(out.error);
    }
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return is_allowed ? 0 : 1;
}
