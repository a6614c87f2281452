/* on_end.c - counts the clients that did not wait for their answer. */
#include <stdio.h>

#include <cairn/http/all.h>

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "Hello!");
}

/* [snippet] */
struct metrics {
    unsigned long answered;
};

static void count(void *cx, const struct cairn_http_request *req, const struct cairn_http_end *end)
{
    struct metrics *metrics = cx;
    if (end->reason == CAIRN_HTTP_COMPLETE)
        metrics->answered++;
    else if (end->reason == CAIRN_HTTP_PEER_GONE)
        fprintf(stderr, "%.*s: left %s\n", (int)req->target.length, req->target.data,
            end->status ? "during the answer" : "before it");
}

static struct cairn_service *app(struct metrics *metrics)
{
    return cairn_stack(
        cairn_http_handler(hello, NULL), cairn_on_end(.ended = count, .cx = metrics));
}
/* [/snippet] */

int main(void)
{
    struct cairn_error *error = NULL;
    struct metrics metrics = {0};
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    union cairn_outcome out;
    if (!runtime || !arena)
        return 1;
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app(&metrics), req), &out);
    cairn_arena_free(arena); /* a request made by hand ends with its arena: dropped, not complete */
    cairn_runtime_free(runtime);
    return p == CAIRN_READY && metrics.answered == 0 ? 0 : 1;
}
