/* require_basic.c - an admin page behind a user and a password. */
#include <stdio.h>

#include <cairn/http/authorization.h>
#include <cairn/http/handler.h>
#include <cairn/http/layers/require_basic.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

/* [handler] */
static struct cairn_http_response *page(struct cairn_http_request *req, void *state)
{
    (void)state;
    struct cairn_str user = cairn_http_user(req)->name;
    struct cairn_str text =
        cairn_arena_printf(req->arena, "Hello, %.*s!", (int)user.length, user.data);
    return text.data ? cairn_http_text(req, 200, text.data) : NULL;
}
/* [/handler] */

/* The status that APP answers a request with AUTHORIZATION with. */
static int ask(struct cairn_runtime *runtime, struct cairn_service *app, const char *authorization)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!arena)
        return 0;
    union cairn_outcome out;
    int status = 0;
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    if (authorization)
        cairn_http_fields_add(
            &req->fields, CAIRN_STR("Authorization"), cairn_str_from(authorization));
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
    const char *password = "open sesame"; /* from a file or the environment */
    /* [snippet] */
    struct cairn_service *app = cairn_stack(cairn_http_handler(page, NULL),
        cairn_require_basic(.realm = "admin", .user = "Aladdin", .password = password));
    /* [/snippet] */
    struct cairn_service *copy = cairn_service_clone(app);
    bool is_right = copy && ask(runtime, app, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==") == 200 &&
                    ask(runtime, copy, NULL) == 401;
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
