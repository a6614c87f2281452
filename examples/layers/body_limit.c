/* body_limit.c - comments are short, pictures may be larger. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/body_limit.h>
#include <cairn/http/layers/error_to_response.h>
#include <cairn/http/router.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *store(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 201, "stored");
}

/* The status for BYTES sent to TARGET. */
static int post(struct cairn_runtime *runtime, struct cairn_service *app, const char *target,
    struct cairn_str bytes)
{
    int status = 0;
    union cairn_outcome out;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_POST, target);
    req->body = bytes;
    enum cairn_poll p =
        cairn_block_on(runtime, cairn_service_oneshot(cairn_service_clone(app), req), &out);
    if (p == CAIRN_READY)
        status = ((struct cairn_http_response *)out.value)->status;
    else
        cairn_error_unref(out.error);
    printf("%s: %d\n", target, status);
    cairn_arena_free(arena);
    return status;
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    static const char zeros[64 * 1024];
    /* [snippet] */
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_post(r, "/comments", cairn_http_handler(store, NULL));
    cairn_http_post(r, "/pictures",
        cairn_stack(cairn_http_handler(store, NULL),
            cairn_body_limit(.max_bytes = 16 * 1024 * 1024))); /* more than limits.body_bytes */
    struct cairn_service *app =
        cairn_stack(cairn_http_router_service(r), cairn_error_to_response()); /* too large: 413 */
    /* [/snippet] */
    struct cairn_service *small = cairn_stack(cairn_http_handler(store, NULL),
        cairn_error_to_response(), cairn_body_limit(.max_bytes = 1024));
    struct cairn_str bytes = cairn_str_of(zeros, sizeof(zeros));
    bool is_right = post(runtime, app, "/pictures", bytes) == 201 &&
                    post(runtime, small, "/small", bytes) == 413;
    cairn_service_drop(app);
    cairn_service_drop(small);
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
