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

/* [make] */
static struct cairn_str number(const struct cairn_http_request *req, void *state)
{
    unsigned *last = state;
    return cairn_arena_printf(req->arena, "shop-%u", ++*last);
}
/* [/make] */

/* The id of a request through APP, in ID. */
static bool ask(struct cairn_runtime *runtime, struct cairn_arena *arena, struct cairn_service *app,
    struct cairn_str *id)
{
    union cairn_outcome out;
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    if (cairn_block_on(runtime, cairn_service_oneshot(app, req), &out) == CAIRN_FAILED) {
        cairn_error_unref(out.error);
        return false;
    }
    const struct cairn_http_response *res = out.value;
    *id = cairn_http_fields_get(&res->fields, CAIRN_STR("X-Request-Id"));
    return cairn_str_equal(*id, res->body);
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    struct cairn_str id;
    struct cairn_str own;
    /* [snippet] */

    struct cairn_service *app = cairn_stack(cairn_http_handler(tell, NULL), cairn_request_id());
    /* [/snippet] */
    bool is_right = ask(runtime, arena, app, &id) && id.length == 36;
    /* [own] */
    static unsigned last;
    app = cairn_stack(
        cairn_http_handler(tell, NULL), cairn_request_id(.make = number, .state = &last));
    /* [/own] */
    is_right =
        ask(runtime, arena, app, &own) && cairn_str_equal(own, CAIRN_STR("shop-1")) && is_right;
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
