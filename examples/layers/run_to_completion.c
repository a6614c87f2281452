/* run_to_completion.c - a payment goes on when who pays closes the page. */
#include <cairn/http/all.h>

static struct cairn_http_response *pay(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 201, "paid");
}

/* [snippet] */
static struct cairn_service *app(void)
{
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_post(
        r, "/payments", cairn_stack(cairn_http_handler(pay, NULL), cairn_run_to_completion()));
    return cairn_stack(cairn_http_router_service(r), cairn_error_to_response(),
        cairn_timeout(.after_ms = 5000)); /* for those without a client, too */
}
/* [/snippet] */

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    union cairn_outcome out;
    if (!runtime || !arena)
        return 1;
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/payments");
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app(), req), &out);
    int status = p == CAIRN_READY ? ((const struct cairn_http_response *)out.value)->status : 0;
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return status == 201 ? 0 : 1;
}
