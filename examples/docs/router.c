/* router.c - routes, groups of them behind layers, hosts, and what becomes of the rest. */
#include <stdio.h>
#include <string.h>

#include <cairn/http/error_response.h>
#include <cairn/http/named.h>
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

/* [methods] */
static struct cairn_http_response *no_method(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_problem(req, 405, "read the manual"); /* the router adds Allow */
}

static struct cairn_http_router *methods(void *state)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_on(r, CAIRN_HTTP_BIT(CAIRN_HTTP_PUT) | CAIRN_HTTP_BIT(CAIRN_HTTP_PATCH), "/me",
        cairn_http_handler(fine, state));
    cairn_http_get(r, "/{file}.json", cairn_http_handler(fine, state));
    cairn_http_router_not_allowed(r, cairn_http_handler(no_method, NULL));
    return r;
}
/* [/methods] */

/* [nest] */
static struct cairn_http_response *no_page(struct cairn_http_request *req, void *state)
{
    /* Below "/api" this is "/pages/7", and "/api" in front of it. */
    struct cairn_str path = req->path;
    struct cairn_str prefix = req->route_prefix;
    struct cairn_str whole = cairn_http_request_original_path(req);
    (void)state;
    return whole.length == prefix.length + path.length ? cairn_http_problem(req, 404, "no page")
                                                       : cairn_http_problem(req, 500, NULL);
}

static struct cairn_http_router *api(void *state)
{
    struct cairn_http_router *v1 = cairn_http_router_new();
    cairn_http_get(v1, "/users", cairn_http_named("list_users", cairn_http_handler(fine, state)));
    cairn_http_router_fallback(v1, cairn_http_handler(no_page, NULL));
    cairn_http_router_layer(v1, cairn_timeout(.after_ms = 500)); /* around all so far */
    cairn_http_get(v1, "/events", cairn_http_handler(fine, state));
    cairn_http_route_layer(v1, cairn_load_shed(), cairn_concurrency_limit(.max = 4));

    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_nest(r, "/api", v1);
    cairn_http_nest_service(r, "/old", routes(state)); /* a router, or any other service */
    cairn_http_merge(r, methods(state));
    return r;
}
/* [/nest] */

/* [hosts] */
static struct cairn_service *hosts(void *state)
{
    struct cairn_http_router *tenants = cairn_http_router_new();
    cairn_http_get(tenants, "/", cairn_http_handler(fine, state));

    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_host(r, "api.example.com api.example.org", api(state));
    cairn_http_host(r, "*.example.com", tenants);
    cairn_http_get(r, "/healthz", cairn_http_handler(fine, state)); /* any other host */
    return cairn_http_router_service(r);
}
/* [/hosts] */

static int status_of(struct cairn_runtime *runtime, struct cairn_service *app, const char *host,
    enum cairn_http_method method, const char *target)
{
    union cairn_outcome out;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = arena ? cairn_http_request_new(arena, method, target) : NULL;
    int status = 0;
    if (req && cairn_http_fields_add(&req->fields, CAIRN_STR("Host"), cairn_str_from(host)) == 0 &&
        cairn_block_on(runtime, cairn_service_oneshot(cairn_service_clone(app), req), &out) ==
            CAIRN_READY)
        status = ((struct cairn_http_response *)out.value)->status;
    printf("%s %s %s: %d\n", cairn_http_method_name(method), host, target, status);
    cairn_arena_free(arena);
    return status;
}

struct expected {
    const char *host;
    const char *target;
    enum cairn_http_method method;
    int status;
};

static bool answers(struct cairn_runtime *runtime, struct cairn_service *app)
{
    static const struct expected table[] = {
        {"api.example.com", "/old/users/7", CAIRN_HTTP_GET, 200},
        {"api.example.com", "/old/users", CAIRN_HTTP_POST, 200},
        {"api.example.com", "/old/files/a/b", CAIRN_HTTP_PUT, 200},
        {"api.example.com", "/old/admin", CAIRN_HTTP_GET, 200},
        {"api.example.com", "/old/users/7", CAIRN_HTTP_DELETE, 405},
        {"api.example.com", "/old/users/7", CAIRN_HTTP_OPTIONS, 204},
        {"api.example.com", "/old/nothing", CAIRN_HTTP_GET, 404},
        {"api.example.org", "/api/users", CAIRN_HTTP_GET, 200},
        {"API.example.org:80", "/api/events", CAIRN_HTTP_GET, 200},
        {"api.example.org", "/api/pages/7", CAIRN_HTTP_GET, 404},
        {"api.example.org", "/me", CAIRN_HTTP_PATCH, 200},
        {"api.example.org", "/me.json", CAIRN_HTTP_GET, 200},
        {"api.example.org", "/me", CAIRN_HTTP_DELETE, 405},
        {"somebody.example.com", "/", CAIRN_HTTP_GET, 200},
        {"somebody.example.com", "/healthz", CAIRN_HTTP_GET, 404},
        {"127.0.0.1:8080", "/healthz", CAIRN_HTTP_GET, 200},
    };
    bool is_right = true;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        const struct expected *e = &table[i];
        if (status_of(runtime, app, e->host, e->method, e->target) != e->status)
            is_right = false;
    }
    return is_right;
}

int main(void)
{
    char text[] = "fine";
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_service *app = hosts(text);
    if (!runtime || cairn_service_error(app))
        return 1;
    bool is_right = answers(runtime, app);
    cairn_http_router_print(app, stdout);
    cairn_stack_print(app, stdout);
    cairn_service_drop(app);
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
