#include <cairn/http/body.h>

#include <cairn/http/body/body_file.h>

/* One chunk, of bytes that are in the arena or in nobody's way; in the arena itself. */
struct body_bytes {
    struct cairn_http_chunk chunk;
    bool is_given;
};

static enum cairn_poll body_bytes_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct body_bytes *self = state;
    (void)cx;
    out->value = self->is_given ? NULL : &self->chunk;
    self->is_given = true;
    return CAIRN_READY;
}

static const struct cairn_stream_ops body_bytes_ops = {
    .name = "bytes", .poll_next = body_bytes_poll_next};

static struct cairn_stream body_from_bytes(struct cairn_arena *arena, struct cairn_str bytes)
{
    if (bytes.length == 0)
        return (struct cairn_stream){0};
    struct body_bytes *state = cairn_arena_alloc(arena, sizeof(*state));
    if (!state)
        return cairn_stream_failed(&cairn_error_no_memory);
    *state = (struct body_bytes){.chunk = {bytes, NULL}};
    return (struct cairn_stream){&body_bytes_ops, state};
}

static struct cairn_stream body_take(
    struct cairn_arena *arena, struct cairn_stream *stream, struct cairn_str *body)
{
    struct cairn_stream taken = *stream;
    if (cairn_stream_is_empty(&taken))
        taken = body_from_bytes(arena, *body);
    *stream = (struct cairn_stream){0};
    *body = cairn_str_of(NULL, 0);
    return taken;
}

struct cairn_stream cairn_http_request_take_body(struct cairn_http_request *req)
{
    return body_take(req->arena, &req->stream, &req->body);
}

struct cairn_stream cairn_http_response_take_body(struct cairn_http_response *res)
{
    if (res->file && cairn_stream_is_empty(&res->stream))
        res->stream = cairn__body_file(res->arena, res->file);
    res->file = NULL;
    return body_take(res->arena, &res->stream, &res->body);
}

static void body_drop_request(void *value)
{
    struct cairn_http_request *req = value;
    cairn_stream_drop(&req->stream);
}

/* Whoever sends the body takes the stream out and leaves the response with an empty one. */
static void body_drop_response(void *value)
{
    struct cairn_http_response *res = value;
    cairn_stream_drop(&res->stream);
}

int cairn_http_request_set_body(
    struct cairn_http_request *req, struct cairn_stream stream, int64_t length)
{
    if (!req->is_stream_held && cairn_arena_defer(req->arena, body_drop_request, req) != 0) {
        cairn_stream_drop(&stream);
        return -1;
    }
    req->is_stream_held = true;
    cairn_stream_drop(&req->stream);
    req->body = cairn_str_of(NULL, 0);
    req->stream = stream;
    req->stream_length = length;
    return 0;
}

int cairn_http_response_set_body(
    struct cairn_http_response *res, struct cairn_stream stream, int64_t length)
{
    if (!res->is_stream_held && cairn_arena_defer(res->arena, body_drop_response, res) != 0) {
        cairn_stream_drop(&stream);
        return -1;
    }
    res->is_stream_held = true;
    cairn_stream_drop(&res->stream);
    res->body = cairn_str_of(NULL, 0);
    res->file = NULL;
    res->stream = stream;
    res->stream_length = length;
    return 0;
}
