/* router.c - routes, a group of them behind layers, and what becomes of the rest. */
#include <stdio.h>

#include <cairn/http/error_response.h>
#include <cairn/http/router.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/load_shed.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

/* [snippet] */
static struct cairn_http_response *get_user(struct cairn_http_request *req, void *state)
{
    (void)state;
    struct cairn_str id = cairn_http_request_param(req, "id");
    return cairn_http_bytes(req, 200, "text/plain", id);
}
/* [/snippet] */

static struct cairn_http_response *fine(struct cairn_http_request *req, void *state)
{
    return cairn_http_text(req, 200, state);
}

/* [snippet] */

static struct cairn_service *routes(void *state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/users/{id}", cairn_http_handler(get_user, state));
    cairn_http_post(
        r, "/users", cairn_stack(cairn_http_handler(fine, state), cairn_timeout(.after_ms = 500)));
    cairn_http_any(r, "/files/{*path}", cairn_http_handler(fine, state));

    struct cairn_http_router *admin = cairn_http_router_new();
    cairn_http_get(admin, "/", cairn_http_handler(fine, state)); /* /admin */
    cairn_http_delete(admin, "/cache", cairn_http_handler(fine, state));
    cairn_http_group(r, "/admin", admin, cairn_load_shed(), cairn_concurrency_limit(.max = 2));

    return cairn_http_router_service(r);
}
/* [/snippet] */

static int status_of(struct cairn_runtime *runtime, struct cairn_service *app,
    enum cairn_http_method method, const char *target)
{
    union cairn_outcome out;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = arena ? cairn_http_request_new(arena, method, target) : NULL;
    int status = 0;
    if (req && cairn_block_on(runtime, cairn_service_oneshot(cairn_service_clone(app), req),
                   &out) == CAIRN_READY)
        status = ((struct cairn_http_response *)out.value)->status;
    printf("%s %s: %d\n", cairn_http_method_name(method), target, status);
    cairn_arena_free(arena);
    return status;
}

int main(void)
{
    char text[] = "fine";
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_service *app = routes(text);
    if (!runtime || cairn_service_error(app))
        return 1;
    bool is_right = status_of(runtime, app, CAIRN_HTTP_GET, "/users/7") == 200 &&
                    status_of(runtime, app, CAIRN_HTTP_POST, "/users") == 200 &&
                    status_of(runtime, app, CAIRN_HTTP_PUT, "/files/a/b") == 200 &&
                    status_of(runtime, app, CAIRN_HTTP_GET, "/admin") == 200 &&
                    status_of(runtime, app, CAIRN_HTTP_DELETE, "/users/7") == 405 &&
                    status_of(runtime, app, CAIRN_HTTP_OPTIONS, "/users/7") == 204 &&
                    status_of(runtime, app, CAIRN_HTTP_GET, "/nothing") == 404;
    cairn_stack_print(app, stdout);
    cairn_service_drop(app);
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
