/* idempotency_keys.c - an order that is sent twice is one order. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/idempotency_keys.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *order(struct cairn_http_request *req, void *state)
{
    int *orders = state;
    struct cairn_str text = cairn_arena_printf(req->arena, "order %d", ++*orders);
    return text.data ? cairn_http_text(req, 201, text.data) : NULL;
}

/* The status of the answer to a POST under KEY; 0: none. */
static int ask(struct cairn_runtime *runtime, const struct cairn_service *app,
    struct cairn_arena *arena, const char *key, const char *body)
{
    union cairn_outcome out;
    struct cairn_service *copy = cairn_service_clone(app);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/orders");
    if (!copy || !req ||
        cairn_http_fields_add(&req->fields, CAIRN_STR("Idempotency-Key"), cairn_str_from(key)))
        return 0;
    req->body = cairn_str_from(body);
    if (cairn_block_on(runtime, cairn_service_oneshot(copy, req), &out) == CAIRN_FAILED)
        return 0;
    const struct cairn_http_response *res = out.value;
    printf("%d %.*s\n", res->status, (int)res->body.length, res->body.data);
    return res->status;
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    int orders = 0;
    if (!runtime || !arena)
        return 1;
    /* [snippet] */
    /* one for all workers */
    struct cairn_idempotency_store *store = cairn_idempotency_memory_new(NULL, &error);

    struct cairn_service *app = cairn_stack(cairn_http_handler(order, &orders),
        cairn_idempotency_keys(.store = store, .required = true));
    /* [/snippet] */
    bool is_right = ask(runtime, app, arena, "\"8e03978e-40d5\"", "{\"chairs\":4}") == 201 &&
                    ask(runtime, app, arena, "\"8e03978e-40d5\"", "{\"chairs\":4}") == 201 &&
                    ask(runtime, app, arena, "\"8e03978e-40d5\"", "{\"chairs\":5}") == 422;
    cairn_service_drop(app);
    cairn_idempotency_store_unref(store);
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return is_right && orders == 1 ? 0 : 1;
}
