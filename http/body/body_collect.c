#include <cairn/http/body.h>

#include <string.h>

#define COLLECT_FIRST_BYTES 512

static struct cairn_error collect_too_large = CAIRN_ERROR_STATIC(
    CAIRN_ERROR_TOO_LARGE, "http.body", "the body is larger than may be collected");

struct collect_future {
    struct cairn_http_request *req;
    uint64_t max_bytes;
    char *data;
    size_t length;
    size_t capacity;
};

/* Grows with what has come, not with what was announced: a peer must send a byte to have one kept.
 */
static struct cairn_error *collect_keep(struct collect_future *self, struct cairn_str bytes)
{
    size_t length;
    if (__builtin_add_overflow(self->length, bytes.length, &length) || length > self->max_bytes)
        return &collect_too_large;
    if (length > self->capacity) {
        size_t capacity = self->capacity ? self->capacity : COLLECT_FIRST_BYTES;
        while (capacity < length)
            capacity *= 2;
        char *data = cairn_arena_alloc_text(self->req->arena, capacity);
        if (!data)
            return &cairn_error_no_memory;
        if (self->length)
            memcpy(data, self->data, self->length);
        self->data = data;
        self->capacity = capacity;
    }
    if (bytes.length)
        memcpy(self->data + self->length, bytes.data, bytes.length);
    self->length = length;
    return NULL;
}

static enum cairn_poll collect_end(struct collect_future *self, union cairn_outcome *out)
{
    struct cairn_http_request *req = self->req;
    req->body = cairn_str_of(self->data, self->length);
    req->stream_length = 0;
    out->value = req;
    return CAIRN_READY;
}

static enum cairn_poll collect_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct collect_future *self = state;
    for (;;) {
        enum cairn_poll p = cairn_stream_poll_next(&self->req->stream, cx, out);
        if (p)
            return p;
        struct cairn_http_chunk *chunk = out->value;
        if (!chunk)
            return collect_end(self, out);
        struct cairn_error *error = collect_keep(self, chunk->bytes);
        cairn_http_chunk_free(chunk);
        if (error) {
            out->error = error;
            return CAIRN_FAILED;
        }
    }
}

static const struct cairn_future_ops collect_ops = {
    .name = "http_collect", .size = sizeof(struct collect_future), .poll = collect_poll};

struct cairn_future cairn_http_collect(struct cairn_http_request *req, uint64_t max_bytes)
{
    int64_t length = cairn_http_request_length(req);
    if (max_bytes == 0)
        max_bytes = req->body_limit ? req->body_limit : CAIRN_HTTP_BODY_BYTES;
    if (length > 0 && (uint64_t)length > max_bytes)
        return cairn_future_failed(&collect_too_large);
    if (cairn_http_is_collected(req))
        return cairn_future_ready(req);
    return cairn_future_box(&collect_ops, &(struct collect_future){req, max_bytes, NULL, 0, 0});
}

struct discard_future {
    struct cairn_http_request *req;
};

static enum cairn_poll discard_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct discard_future *self = state;
    for (;;) {
        enum cairn_poll p = cairn_stream_poll_next(&self->req->stream, cx, out);
        if (p || !out->value)
            return p;
        cairn_http_chunk_free(out->value);
    }
}

static const struct cairn_future_ops discard_ops = {
    .name = "http_discard", .size = sizeof(struct discard_future), .poll = discard_poll};

struct cairn_future cairn_http_discard(struct cairn_http_request *req)
{
    req->body = cairn_str_of(NULL, 0);
    if (cairn_http_is_collected(req))
        return cairn_future_ready(NULL);
    return cairn_future_box(&discard_ops, &(struct discard_future){req});
}
