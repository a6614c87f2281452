/* validate_header.c - an API that speaks JSON alone. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/validate_header.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *list(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_bytes(req, 200, "application/json", CAIRN_STR("[]"));
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    union cairn_outcome out;
    int status = 0;
    if (!runtime || !arena)
        return 1;
    /* [snippet] */
    struct cairn_service *app = cairn_stack(cairn_http_handler(list, NULL),
        cairn_validate_header(.accept = "application/json")); /* else 406 */
    /* [/snippet] */
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/list");
    if (!req ||
        cairn_http_fields_add(&req->fields, CAIRN_STR("Accept"), CAIRN_STR("text/html, */*;q=0")))
        return 1;
    if (cairn_block_on(runtime, cairn_service_oneshot(app, req), &out) == CAIRN_READY) {
        const struct cairn_http_response *res = out.value;
        status = res->status;
        printf("%d %.*s\n", status, (int)res->body.length, res->body.data);
    } else {
        cairn_error_unref(out.error);
    }
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return status == 406 ? 0 : 1;
}
