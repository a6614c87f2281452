/* map_message.c - one function changes each request, another each response. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/map_message.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

/* [functions] */
/* Browsers that cannot send PUT or DELETE say it in a field. */
static struct cairn_http_request *override_method(struct cairn_http_request *req, void *state)
{
    (void)state;
    if (req->method == CAIRN_HTTP_POST &&
        cairn_str_equal(
            cairn_http_request_field(req, "X-Http-Method-Override"), CAIRN_STR("DELETE"))) {
        req->method = CAIRN_HTTP_DELETE;
        req->method_name = CAIRN_STR("DELETE");
    }
    return req;
}

static struct cairn_http_response *name_region(struct cairn_http_response *res, void *region)
{
    return cairn_http_response_set(res, "X-Region", region) ? NULL : res;
}
/* [/functions] */

static struct cairn_http_response *tell_method(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_bytes(req, 200, "text/plain", req->method_name);
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    static char region[] = "north";
    union cairn_outcome out;
    bool is_right = false;
    /* [snippet] */
    struct cairn_service *app = cairn_stack(cairn_http_handler(tell_method, NULL),
        cairn_http_map_request(override_method, NULL),
        cairn_http_map_response(name_region, region));
    /* [/snippet] */
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/users/7");
    if (cairn_http_fields_add(
            &req->fields, CAIRN_STR("X-Http-Method-Override"), CAIRN_STR("DELETE")))
        return 1;
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, req), &out);
    if (p == CAIRN_READY) {
        struct cairn_http_response *res = out.value;
        struct cairn_str where = cairn_http_fields_get(&res->fields, CAIRN_STR("X-Region"));
        printf("%.*s, in the %.*s\n", (int)res->body.length, res->body.data, (int)where.length,
            where.data);
        is_right = cairn_str_equal(res->body, CAIRN_STR("DELETE")) &&
                   cairn_str_equal(where, CAIRN_STR("north"));
    } else {
        cairn_error_unref(out.error);
    }
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
