#include "large_app.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cairn/http/body.h>
#include <cairn/http/handler.h>
#include <cairn/service/async.h>
#include <cairn/service/blocking.h>
#include <cairn/service/stream.h>

#define CHUNK_BYTES 65536

static bool is(const struct cairn_http_request *req, const char *name)
{
    size_t length = strlen(name);
    return req->path.length >= length && memcmp(req->path.data, name, length) == 0;
}

static int64_t large_length(const struct cairn_http_request *req)
{
    const char *slash = memrchr(req->path.data, '/', req->path.length);
    unsigned long long length = 0;
    if (slash)
        cairn_str_to_u64(
            cairn_str_of(slash + 1, (size_t)(req->path.data + req->path.length - slash - 1)),
            &length);
    return (int64_t)length;
}

static struct cairn_future large_answer(struct cairn_http_response *res)
{
    return res ? cairn_future_ready(res) : cairn_future_failed(&cairn_error_no_memory);
}

static struct cairn_future large_tell(struct cairn_http_request *req, int64_t length)
{
    struct cairn_str text = cairn_arena_printf(req->arena, "%lld", (long long)length);
    return large_answer(text.data ? cairn_http_bytes(req, 200, NULL, text) : NULL);
}

/* Takes the body in one of the two ways. */
struct taking {
    struct cairn_async async;
    struct cairn_http_request *req;
    struct cairn_blocking_pool *pool;
    struct cairn_stream stream;
    struct cairn_http_chunk *chunk;
    int64_t length;
    int64_t *saved;
    int fd; /* -1: only counted */
};

static enum cairn_poll taking_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct taking *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    if (self->fd >= 0) {
        CAIRN_AWAIT(cairn_http_save(self->req, self->pool, self->fd, 0), self->saved);
        self->length = *self->saved;
    } else {
        self->stream = cairn_http_request_take_body(self->req);
        do {
            CAIRN_AWAIT(cairn_stream_next(&self->stream), self->chunk);
            if (self->chunk)
                self->length += (int64_t)self->chunk->bytes.length;
            cairn_http_chunk_free(self->chunk);
        } while (self->chunk);
    }
    CAIRN_AWAIT(large_tell(self->req, self->length), out->value);
    return CAIRN_READY;
    CAIRN_ASYNC_END();
}

static void taking_drop(void *state)
{
    struct taking *self = state;
    cairn_async_drop(&self->async);
    cairn_stream_drop(&self->stream);
    if (self->fd >= 0)
        close(self->fd);
}

static const struct cairn_future_ops taking_ops = {
    .name = "taking", .size = sizeof(struct taking), .poll = taking_poll, .drop = taking_drop};

static struct cairn_future large_take(
    struct cairn_http_request *req, struct cairn_blocking_pool *pool, bool saves)
{
    const struct taking state = {
        .req = req, .pool = pool, .fd = saves ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1};
    return cairn_future_box(&taking_ops, &state);
}

struct giving {
    int64_t left;
};

static enum cairn_poll giving_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    static const char bytes[CHUNK_BYTES];
    struct giving *self = state;
    (void)cx;
    size_t length = self->left < CHUNK_BYTES ? (size_t)self->left : CHUNK_BYTES;
    out->value = NULL;
    if (length == 0)
        return CAIRN_READY;
    self->left -= (int64_t)length;
    out->value = cairn_http_chunk_new(bytes, length);
    if (out->value)
        return CAIRN_READY;
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static const struct cairn_stream_ops giving_ops = {
    .name = "giving", .size = sizeof(struct giving), .poll_next = giving_poll_next};

static struct cairn_http_response *large_stream(struct cairn_http_request *req)
{
    int64_t length = large_length(req);
    return cairn_http_stream(
        req, 200, NULL, cairn_stream_box(&giving_ops, &(struct giving){length}), length);
}

static struct cairn_http_response *large_file(struct cairn_http_request *req)
{
    char path[] = "/tmp/cairn_large_XXXXXX";
    int64_t length = large_length(req);
    int fd = mkstemp(path);
    if (fd < 0)
        return NULL;
    unlink(path);
    if (ftruncate(fd, length) != 0) {
        close(fd);
        return NULL;
    }
    return cairn_http_file(req, 200, NULL, fd, 0, length);
}

static struct cairn_future large_handle(struct cairn_http_request *req, void *state)
{
    if (is(req, "/count"))
        return large_take(req, NULL, false);
    if (is(req, "/save"))
        return large_take(req, NULL, true);
    if (is(req, "/pool"))
        return large_take(req, state, true);
    if (is(req, "/stream"))
        return large_answer(large_stream(req));
    return large_answer(large_file(req));
}

struct cairn_service *large_app(void *cx, const struct cairn_http_worker *worker)
{
    (void)worker;
    return cairn_http_stream_handler(large_handle, cx);
}
