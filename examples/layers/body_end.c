/* body_end.c - a permit and a load that last until the body of the response has ended. */
#include <stdio.h>

#include <cairn/http/body_end.h>
#include <cairn/http/handler.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/peak_ewma.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *report(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "a long report");
}

static bool ask(struct cairn_runtime *runtime, const struct cairn_service *app,
    struct cairn_arena *arena, union cairn_outcome *out)
{
    struct cairn_service *copy = cairn_service_clone(app);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/report");
    return copy && req &&
           cairn_block_on(runtime, cairn_service_oneshot(copy, req), out) == CAIRN_READY;
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    union cairn_outcome out;
    /* [limit] */
    struct cairn_service *app = cairn_stack(cairn_http_handler(report, NULL),
        cairn_concurrency_limit(.max = 8, .until = &cairn_http_body_end));
    /* [/limit] */
    /* [load] */
    struct cairn_service *endpoint = cairn_stack(cairn_http_handler(report, NULL),
        cairn_peak_ewma(.completion = {.track = cairn_http_track_load}));
    /* [/load] */
    bool is_right = ask(runtime, app, arena, &out) && ask(runtime, endpoint, arena, &out);
    double during = cairn_load_of(endpoint);
    cairn_stack_print(app, stdout); /* one in flight: nobody has sent the body yet */
    cairn_arena_free(arena);        /* as the server does when it has */
    cairn_stack_print(app, stdout);
    is_right = is_right && cairn_load_of(endpoint) < during;
    cairn_service_drop(app);
    cairn_service_drop(endpoint);
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
