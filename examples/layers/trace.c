/* trace.c - the time each request takes to its last byte, and what went wrong. */
#include <inttypes.h>
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/trace.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 503, "come back later");
}

/* [snippet] */
struct span {
    uint64_t bytes;
};

static void *begin(void *cx, struct cairn_http_request *req)
{
    struct span *span = cairn_arena_alloc(req->arena, sizeof(*span)); /* lives as long as REQ */
    (void)cx;
    if (span)
        *span = (struct span){0};
    return span;
}

static void count(void *cx, void *span, struct cairn_str bytes, uint64_t latency_ns)
{
    (void)cx;
    (void)latency_ns;
    if (span)
        ((struct span *)span)->bytes += bytes.length;
}

static void tell(
    void *cx, void *span, const struct cairn_http_failure *failure, uint64_t latency_ns)
{
    (void)span;
    fprintf(cx, "failed with %d after %" PRIu64 " ns\n", failure->status, latency_ns);
}

static void end(void *cx, void *span, const struct cairn_http_end *end)
{
    if (span && end->reason != CAIRN_HTTP_PEER_GONE)
        fprintf(cx, "%" PRIu64 " bytes of body\n", ((struct span *)span)->bytes);
}
/* [/snippet] */

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    FILE *file = tmpfile();
    char text[128] = "";
    union cairn_outcome out;
    if (!runtime || !arena || !file)
        return 1;
    /* [snippet] */

    const struct cairn_trace_hooks hooks = {.make_span = begin,
        .on_body_chunk = count,
        .on_failure = tell,
        .end_span = end,
        .cx = file};
    struct cairn_service *app =
        cairn_stack(cairn_http_handler(hello, NULL), cairn_trace(.hooks = &hooks));
    /* [/snippet] */
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, req), &out);
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    rewind(file);
    bool has_failed = fgets(text, sizeof(text), file) && fputs(text, stdout) >= 0;
    bool has_ended = fgets(text, sizeof(text), file) && fputs(text, stdout) >= 0;
    fclose(file);
    return p == CAIRN_READY && has_failed && has_ended ? 0 : 1;
}
