/* request_id.c - a request has a name, which the handler knows and the answer carries. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/request_id.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

/* [snippet] */
static struct cairn_http_response *tell(struct cairn_http_request *req, void *state)
{
    (void)state;
    struct cairn_str id = cairn_http_request_id(req);
    printf("working on %.*s\n", (int)id.length, id.data);
    return cairn_http_bytes(req, 200, "text/plain", id);
}
/* [/snippet] */

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    union cairn_outcome out;
    bool is_same = false;
    /* [snippet] */

    struct cairn_service *app = cairn_stack(cairn_http_handler(tell, NULL), cairn_request_id());
    /* [/snippet] */
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, req), &out);
    if (p == CAIRN_READY) {
        struct cairn_http_response *res = out.value;
        struct cairn_str id = cairn_http_fields_get(&res->fields, CAIRN_STR("X-Request-Id"));
        is_same = id.length == 36 && cairn_str_equal(id, res->body);
    } else {
        cairn_error_unref(out.error);
    }
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return is_same ? 0 : 1;
}
