/* timeout_response.c - who waits too long gets an answer that says so. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/timeout_response.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

/* A dependency that takes its time. */
static struct cairn_future ask_around(struct cairn_http_request *req, void *state)
{
    (void)req;
    (void)state;
    return cairn_sleep(60000);
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
    struct cairn_service *app = cairn_stack(cairn_http_async_handler(ask_around, NULL),
        cairn_timeout_response(.after_ms = 20, .status = 504,
            .body = CAIRN_TIMEOUT_RESPONSE_PROBLEM));
    /* [/snippet] */
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, req), &out);
    if (p == CAIRN_READY) {
        const struct cairn_http_response *res = out.value;
        status = res->status;
        printf("%d %.*s\n", status, (int)res->body.length, res->body.data);
    } else {
        cairn_error_unref(out.error);
    }
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return status == 504 ? 0 : 1;
}
