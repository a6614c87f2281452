/* cache_control.c - files with a hash in their name may be kept, pages may not. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/cache_control.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *serve(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_bytes(req, 200, "text/css", CAIRN_STR("a { color: red }"));
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    union cairn_outcome out;
    bool is_kept = false;
    if (!runtime || !arena)
        return 1;
    /* [snippet] */
    struct cairn_service *app = cairn_stack(cairn_http_handler(serve, NULL),
        cairn_cache_control_rules(
            /* Their names change with what is in them. */
            {.path = "/assets", .value = "public, max-age=31536000, immutable"},
            {.type = "text/html", .value = "no-cache"},     /* kept, but asked about */
            {.status = 404, .value = "public, max-age=10"}, /* who is lost asks often */
            {.value = "no-store"}));
    /* [/snippet] */
    struct cairn_http_request *req =
        cairn_http_request_new(arena, CAIRN_HTTP_GET, "/assets/style.1f3a.css");
    if (cairn_block_on(runtime, cairn_service_oneshot(app, req), &out) == CAIRN_READY) {
        const struct cairn_http_response *res = out.value;
        struct cairn_str value = cairn_http_fields_get(&res->fields, CAIRN_STR("Cache-Control"));
        is_kept = value.length == strlen("public, max-age=31536000, immutable");
        if (is_kept)
            printf("%.*s\n", (int)value.length, value.data);
    } else {
        cairn_error_unref(out.error);
    }
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return is_kept ? 0 : 1;
}
