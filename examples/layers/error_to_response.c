/* error_to_response.c - an error of the application becomes an answer of its choice. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/error_to_response.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

/* [snippet] */
enum { OUT_OF_STOCK = CAIRN_ERROR_USER };

static struct cairn_http_response *shop_answer(
    void *cx, const struct cairn_http_request *req, const struct cairn_error *error)
{
    (void)cx;
    if (error->code == (enum cairn_error_code)OUT_OF_STOCK)
        return cairn_http_problem(req, 409, "there are none left");
    return NULL; /* all others as cairn_http_error_response does it */
}
/* [/snippet] */

static struct cairn_future buy(struct cairn_http_request *req, void *state)
{
    (void)req;
    (void)state;
    return cairn_future_failed(cairn_error_new(
        (enum cairn_error_code)OUT_OF_STOCK, "shop", NULL, "no chairs in the warehouse"));
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    union cairn_outcome out;
    int status = 0;
    /* [snippet] */

    struct cairn_service *app = cairn_stack(
        cairn_http_async_handler(buy, NULL), cairn_error_to_response(.map = shop_answer));
    /* [/snippet] */
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/chairs");
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, req), &out);
    if (p == CAIRN_READY) {
        struct cairn_http_response *res = out.value;
        status = res->status;
        printf("%d %.*s\n", status, (int)res->body.length, res->body.data);
    } else {
        cairn_error_unref(out.error);
    }
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return status == 409 ? 0 : 1;
}
