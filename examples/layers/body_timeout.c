/* body_timeout.c - who begins to send and then does not is not waited for. */
#include <stdio.h>

#include <cairn/http/body.h>
#include <cairn/http/handler.h>
#include <cairn/http/layers/body_timeout.h>
#include <cairn/http/layers/error_to_response.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *store(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 201, "stored");
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
    struct cairn_service *app =
        cairn_stack(cairn_http_handler(store, NULL), cairn_error_to_response(),
            cairn_request_body_timeout(.idle_ms = 30, .after_ms = 60000), /* too slow: 408 */
            cairn_response_body_timeout(.after_ms = 600000));
    /* [/snippet] */
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/");
    struct cairn_stream never = cairn_stream_from_future(cairn_sleep(3600000));
    if (cairn_http_request_set_body(req, never, 1000) != 0)
        return 1;
    if (cairn_block_on(runtime, cairn_service_oneshot(app, req), &out) == CAIRN_READY)
        status = ((struct cairn_http_response *)out.value)->status;
    else
        cairn_error_unref(out.error);
    printf("%d\n", status);
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return status == 408 ? 0 : 1;
}
