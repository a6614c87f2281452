/* replay_body.c - an upload that fails half way is sent again, whole. */
#include <stdio.h>

#include <cairn/http/all.h>

/* An upstream that fails the first time, when it has read some of the body. */
struct upload {
    struct cairn_async async;
    struct cairn_http_request *req;
    struct cairn_http_chunk *chunk;
    int *calls;
};

static struct cairn_error reset =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_UNAVAILABLE, "upstream", "connection reset");

static enum cairn_poll upload_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct upload *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    if (++*self->calls == 1) {
        CAIRN_AWAIT(cairn_stream_next(&self->req->stream), self->chunk);
        cairn_http_chunk_free(self->chunk);
        CAIRN_ASYNC_FAIL(&reset);
    }
    CAIRN_AWAIT_DONE(cairn_http_collect(self->req, 0));
    CAIRN_ASYNC_RETURN(cairn_http_bytes(self->req, 201, "text/plain", self->req->body));
    CAIRN_ASYNC_END();
}

static void upload_drop(void *state)
{
    cairn_async_drop(&((struct upload *)state)->async);
}

static struct cairn_future upload(struct cairn_http_request *req, void *state)
{
    static const struct cairn_future_ops ops = {
        .name = "upload", .size = sizeof(struct upload), .poll = upload_poll, .drop = upload_drop};
    return cairn_future_box(&ops, &(struct upload){.req = req, .calls = state});
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    void *const chunks[] = {cairn_http_chunk_new("first, ", 7), cairn_http_chunk_new("second", 6)};
    union cairn_outcome out;
    int calls = 0;
    if (!runtime || !arena)
        return 1;
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_PUT, "/upload");
    cairn_http_request_set_body(
        req, cairn_stream_from_array(chunks, 2, &cairn_http_chunk_type), 13);
    /* [snippet] */
    struct cairn_service *upstream = cairn_stack(cairn_http_stream_handler(upload, &calls),
        cairn_replay_body(.max_bytes = 256 * 1024), /* outside of retry */
        cairn_retry(.attempts = 3));
    /* [/snippet] */
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(upstream, req), &out);
    const struct cairn_http_response *res = p == CAIRN_READY ? out.value : NULL;
    bool is_whole = res && cairn_str_equal(res->body, CAIRN_STR("first, second"));
    printf("after %d calls: %s\n", calls, is_whole ? "all of it" : "not what was sent");
    if (p == CAIRN_FAILED)
        cairn_error_unref(out.error);
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return is_whole && calls == 2 ? 0 : 1;
}
