/* propagate_header.c - the answer says which question it belongs to. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/propagate_header.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "Hello!");
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    union cairn_outcome out;
    bool is_there = false;
    /* [snippet] */
    struct cairn_service *app = cairn_stack(
        cairn_http_handler(hello, NULL), cairn_propagate_header(.name = "X-Correlation-Id"));
    /* [/snippet] */
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    if (cairn_http_fields_add(&req->fields, CAIRN_STR("x-correlation-id"), CAIRN_STR("order-7")))
        return 1;
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, req), &out);
    if (p == CAIRN_READY) {
        const struct cairn_http_response *res = out.value;
        struct cairn_str id = cairn_http_fields_get(&res->fields, CAIRN_STR("X-Correlation-Id"));
        printf("%.*s\n", (int)id.length, id.data);
        is_there = cairn_str_equal(id, CAIRN_STR("order-7"));
    } else {
        cairn_error_unref(out.error);
    }
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return is_there ? 0 : 1;
}
