/* http_cache.c - an expensive page is made once, until it has changed. */
#include <stdio.h>
#include <string.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/conditional.h>
#include <cairn/http/layers/http_cache.h>
#include <cairn/http/layers/http_coalesce.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *page(struct cairn_http_request *req, void *count)
{
    struct cairn_http_response *res = cairn_http_text(req, 200, "a page");
    ++*(unsigned *)count;
    if (!res || cairn_http_response_set(res, "Cache-Control", "max-age=60"))
        return NULL;
    return res;
}

/* [snippet] */
static const char *const languages[] = {"Accept-Language", NULL};

static struct cairn_service *site(struct cairn_service *pages)
{
    return cairn_stack(pages, cairn_conditional(), /* 304 to who has it already */
        cairn_http_cache(.vary = languages, .stale_ms = 3600000),
        cairn_http_coalesce(.vary = languages)); /* one request fetches what has expired */
}
/* [/snippet] */

/* Sends one request, and returns what became of it. */
static struct cairn_str ask(struct cairn_runtime *runtime, struct cairn_service *app,
    struct cairn_arena *arena, enum cairn_http_method method)
{
    union cairn_outcome out;
    struct cairn_http_request *req = cairn_http_request_new(arena, method, "/page");
    struct cairn_future call = cairn_service_oneshot(cairn_service_clone(app), req);
    if (cairn_block_on(runtime, call, &out) != CAIRN_READY) {
        cairn_error_unref(out.error);
        return CAIRN_STR("");
    }
    const struct cairn_http_response *res = out.value;
    struct cairn_str status =
        cairn_arena_copy(arena, cairn_http_fields_get(&res->fields, CAIRN_STR("Cache-Status")));
    cairn_type_drop(&cairn_http_response_type, out.value); /* as a server does */
    printf("%s: %s\n", cairn_http_method_name(method), status.data);
    return status;
}

int main(void)
{
    unsigned count = 0;
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    struct cairn_service *app = site(cairn_http_handler(page, &count));
    bool is_right =
        cairn_str_equal(
            ask(runtime, app, arena, CAIRN_HTTP_GET), CAIRN_STR("cairn; fwd=miss; stored")) &&
        strncmp(ask(runtime, app, arena, CAIRN_HTTP_GET).data, "cairn; hit; ttl=", 16) == 0 &&
        cairn_str_equal(ask(runtime, app, arena, CAIRN_HTTP_PUT), CAIRN_STR("cairn; fwd=method")) &&
        cairn_str_equal(ask(runtime, app, arena, CAIRN_HTTP_GET),
            CAIRN_STR("cairn; fwd=miss; stored")); /* it has changed */
    cairn_service_drop(app);
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return is_right && count == 3 ? 0 : 1;
}
