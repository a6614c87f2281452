/* set_header.c - every answer forbids to guess its type, says how long it may be kept, and more. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/set_header.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    struct cairn_http_response *res = cairn_http_text(req, 200, "Hello!");
    if (!res || cairn_http_response_set(res, "Cache-Control", "max-age=60"))
        return NULL;
    return res;
}

/* [make] */
static struct cairn_str body_bytes(const struct cairn_http_response *res, void *state)
{
    (void)state;
    return cairn_arena_printf(res->arena, "body;desc=\"%zu bytes\"", res->body.length);
}
/* [/make] */

static bool has(
    const struct cairn_http_response *res, struct cairn_str name, struct cairn_str value)
{
    struct cairn_str found = cairn_http_fields_get(&res->fields, name);
    printf("%s: %.*s\n", name.data, (int)found.length, found.data);
    return cairn_str_equal(found, value);
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    union cairn_outcome out;
    bool is_set = false;
    /* [snippet] */
    struct cairn_service *app = cairn_stack(cairn_http_handler(hello, NULL),
        cairn_set_header(.name = "X-Content-Type-Options", .value = "nosniff"),
        cairn_set_header(.name = "Cache-Control", .value = "no-store",
            .mode = CAIRN_SET_HEADER_IF_NOT_PRESENT)); /* a handler may know better */
    /* [/snippet] */
    /* [several] */
    app = cairn_stack(app, cairn_set_headers({.name = "X-Frame-Options", .value = "DENY"},
                               {.name = "X-Powered-By", .mode = CAIRN_SET_HEADER_REMOVE},
                               {.name = "Server-Timing", .make = body_bytes}));
    /* [/several] */
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, req), &out);
    if (p == CAIRN_READY)
        is_set = has(out.value, CAIRN_STR("X-Content-Type-Options"), CAIRN_STR("nosniff")) &&
                 has(out.value, CAIRN_STR("X-Frame-Options"), CAIRN_STR("DENY")) &&
                 has(out.value, CAIRN_STR("Server-Timing"), CAIRN_STR("body;desc=\"6 bytes\"")) &&
                 has(out.value, CAIRN_STR("Cache-Control"), CAIRN_STR("max-age=60"));
    else
        cairn_error_unref(out.error);
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return is_set ? 0 : 1;
}
