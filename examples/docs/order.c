/* order.c - the usual stack of a server, and that of a client of something that may fail. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/access_log.h>
#include <cairn/http/layers/error_to_response.h>
#include <cairn/http/layers/request_id.h>
#include <cairn/http/layers/set_header.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/load_shed.h>
#include <cairn/layers/retry.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/stack.h>

/* [server] */
static struct cairn_service *server_stack(struct cairn_service *router)
{
    return cairn_stack(router,            /* inside of all layers */
        cairn_request_id(),               /* everything inside can name the request */
        cairn_access_log(.file = stderr), /* sees every answer, also of errors */
        cairn_set_header(.name = "X-Content-Type-Options", .value = "nosniff"),
        cairn_error_to_response(),           /* from here out there are only responses */
        cairn_load_shed(),                   /* refuses where the next layer would wait */
        cairn_concurrency_limit(.max = 512), /* how many requests at a time */
        cairn_timeout(.after_ms = 2000));    /* for each of them */
}
/* [/server] */

/* [client] */
static struct cairn_service *client_stack(struct cairn_service *client)
{
    return cairn_stack(client,              /* inside of all layers */
        cairn_timeout(.after_ms = 2000),    /* for the call as a whole */
        cairn_retry(.attempts = 3),         /* each attempt passes all that is inside */
        cairn_concurrency_limit(.max = 64), /* no permit is kept while retry waits */
        cairn_timeout(.after_ms = 500));    /* for each attempt */
}
/* [/client] */

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "hello");
}

static const struct cairn_http_response *ask(
    struct cairn_runtime *runtime, struct cairn_service *stack, struct cairn_arena *arena)
{
    union cairn_outcome out;
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(stack, req), &out);
    return p == CAIRN_READY ? out.value : NULL;
}

int main(void)
{
    struct cairn_error *error;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    struct cairn_service *stack = server_stack(cairn_http_handler(hello, NULL));
    cairn_stack_print(stack, stdout);
    const struct cairn_http_response *server = ask(runtime, stack, arena);
    const struct cairn_http_response *client =
        ask(runtime, client_stack(cairn_http_handler(hello, NULL)), arena);
    int rc = server && server->status == 200 && client && client->status == 200 ? 0 : 1;
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return rc;
}
