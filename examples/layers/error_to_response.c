/* error_to_response.c - an error of the application becomes an answer of its choice. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/error_to_response.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

/* [snippet] */
enum { OUT_OF_STOCK = CAIRN_ERROR_USER };

static const struct cairn_error_rule shop_errors[] = {
    {.code = (enum cairn_error_code)OUT_OF_STOCK, .status = 409, .detail = "there are none left"},
    {.code = CAIRN_ERROR_OVERLOADED, .status = 503, .retry_after_s = 30},
    {.code = 0}, /* all others as cairn_http_error_response does it */
};
/* [/snippet] */

/* [map] */
static struct cairn_http_response *shop_answer(
    void *cx, const struct cairn_http_request *req, const struct cairn_error *error)
{
    (void)cx;
    if (cairn_error_find(error, (enum cairn_error_code)OUT_OF_STOCK))
        return cairn_http_text(req, 409, "there are none left");
    return NULL; /* by the rules, if there are any */
}
/* [/map] */

static struct cairn_future buy(struct cairn_http_request *req, void *state)
{
    (void)req;
    (void)state;
    return cairn_future_failed(cairn_error_new(
        (enum cairn_error_code)OUT_OF_STOCK, "shop", NULL, "no chairs in the warehouse"));
}

/* The status of the answer that APP, which it takes, has for a buyer; 0: none. */
static int ask(struct cairn_runtime *runtime, struct cairn_arena *arena, struct cairn_service *app)
{
    union cairn_outcome out;
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/chairs");
    if (cairn_block_on(runtime, cairn_service_oneshot(app, req), &out) == CAIRN_FAILED) {
        cairn_error_unref(out.error);
        return 0;
    }
    const struct cairn_http_response *res = out.value;
    printf("%d %.*s\n", res->status, (int)res->body.length, res->body.data);
    return res->status;
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    /* [snippet] */

    struct cairn_service *app = cairn_stack(cairn_http_async_handler(buy, NULL),
        cairn_error_to_response(.rules = shop_errors, .format = CAIRN_ERROR_NEGOTIATED));
    /* [/snippet] */
    bool is_right = ask(runtime, arena, app) == 409;
    /* [map] */
    app = cairn_stack(
        cairn_http_async_handler(buy, NULL), cairn_error_to_response(.map = shop_answer));
    /* [/map] */
    is_right = is_right && ask(runtime, arena, app) == 409;
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
