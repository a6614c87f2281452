/* collect_body.c - a slow upload does not keep others waiting. */
#include <stdio.h>

#include <cairn/http/body.h>
#include <cairn/http/handler.h>
#include <cairn/http/layers/collect_body.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

static unsigned served;

static struct cairn_http_response *store(struct cairn_http_request *req, void *state)
{
    (void)state;
    printf("%u: %.*s\n", ++served, (int)req->path.length, req->path.data);
    return cairn_http_text(req, 201, "stored");
}

/* A body that needs 50 ms to come. */
static bool make_slow(struct cairn_http_request *req)
{
    struct cairn_stream body = cairn_stream_from_future(cairn_sleep(50));
    return cairn_http_request_set_body(req, body, -1) == 0;
}

int main(void)
{
    struct cairn_error *error = NULL;
    union cairn_outcome out;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    /* [snippet] */
    struct cairn_service *app = cairn_stack(cairn_http_handler(store, NULL),
        cairn_collect_body(),               /* first the whole request … */
        cairn_concurrency_limit(.max = 1)); /* … then a permit */
    /* [/snippet] */
    struct cairn_http_request *slow = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/slow");
    struct cairn_http_request *quick = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/quick");
    if (!slow || !quick || !make_slow(slow))
        return 1;
    struct cairn_future upload = cairn_service_oneshot(cairn_service_clone(app), slow);
    cairn_error_unref(cairn_spawn(runtime, upload, &cairn_http_response_type));
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, quick), &out);
    bool is_first = p == CAIRN_READY && served == 1;
    cairn_block_on(runtime, cairn_sleep(100), &out);
    bool are_both = served == 2;
    cairn_runtime_free(runtime);
    cairn_arena_free(arena);
    return is_first && are_both ? 0 : 1;
}
