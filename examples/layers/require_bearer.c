/* require_bearer.c - an API for two clients, who have a token each. */
#include <stdio.h>

#include <cairn/http/authorization.h>
#include <cairn/http/handler.h>
#include <cairn/http/layers/require_bearer.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, cairn_http_user(req)->name.data);
}

static int ask(struct cairn_runtime *runtime, struct cairn_service *app, const char *authorization)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!arena)
        return 0;
    union cairn_outcome out;
    int status = 0;
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    cairn_http_fields_add(&req->fields, CAIRN_STR("Authorization"), cairn_str_from(authorization));
    if (cairn_block_on(runtime, cairn_service_oneshot(app, req), &out) == CAIRN_READY) {
        const struct cairn_http_response *res = out.value;
        status = res->status;
        printf("%d %.*s\n", status, (int)res->body.length, res->body.data);
    } else {
        cairn_error_unref(out.error);
    }
    cairn_arena_free(arena);
    return status;
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    const char *token_of_shop = "c2hvcA";
    const char *token_of_report = "cmVwb3J0";
    /* [snippet] */
    const struct cairn_bearer_token tokens[] = {
        {.token = token_of_shop, .user = "shop"}, {.token = token_of_report, .user = "report"}};
    struct cairn_service *app = cairn_stack(cairn_http_handler(hello, NULL),
        cairn_require_bearer(.realm = "api", .tokens = tokens, .token_count = 2));
    /* [/snippet] */
    struct cairn_service *copy = cairn_service_clone(app);
    bool is_right = copy && ask(runtime, app, "Bearer cmVwb3J0") == 200 &&
                    ask(runtime, copy, "Bearer guess") == 401;
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
