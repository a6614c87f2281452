#include <cairn/http/body.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <cairn/service/blocking.h>

static struct cairn_error save_too_large =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_TOO_LARGE, "http.save", "the body is larger than may be saved");

struct save_future {
    struct cairn_future writing; /* empty: a chunk is waited for */
    struct cairn_blocking_pool *pool;
    struct cairn_stream body;
    int64_t *written;
    uint64_t max_bytes; /* 0: no limit */
    int fd;
};

/* Writes a chunk, here or on a thread of the pool. */
struct save_work {
    struct cairn_http_chunk *chunk;
    int fd;
    bool owns_fd;
};

static enum cairn_poll save_work_run(void *state, union cairn_outcome *out)
{
    const struct save_work *self = state;
    const char *at = self->chunk->bytes.data;
    size_t left = self->chunk->bytes.length;
    while (left) {
        ssize_t n = write(self->fd, at, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            out->error = cairn_error_system("http.save", "write", errno);
            return CAIRN_FAILED;
        }
        at += n;
        left -= (size_t)n;
    }
    out->value = NULL;
    return CAIRN_READY;
}

static void save_work_drop(void *state)
{
    const struct save_work *self = state;
    cairn_http_chunk_free(self->chunk);
    if (self->owns_fd)
        close(self->fd);
}

static const struct cairn_blocking_ops save_work_ops = {.name = "http_save",
    .size = sizeof(struct save_work),
    .run = save_work_run,
    .drop = save_work_drop};

/* A write that runs when the future is dropped goes on: it has bytes and a descriptor of its own.
 */
static struct cairn_future save_write_on_pool(
    const struct save_future *self, const struct cairn_http_chunk *chunk)
{
    struct save_work work = {.fd = fcntl(self->fd, F_DUPFD_CLOEXEC, 0), .owns_fd = true};
    if (work.fd < 0)
        return cairn_future_failed(cairn_error_system("http.save", "dup", errno));
    work.chunk = cairn_http_chunk_new(chunk->bytes.data, chunk->bytes.length);
    if (work.chunk)
        return cairn_blocking(self->pool, &save_work_ops, &work);
    close(work.fd);
    return cairn_future_failed(&cairn_error_no_memory);
}

/* Takes CHUNK. */
static struct cairn_future save_write(struct save_future *self, struct cairn_http_chunk *chunk)
{
    if (self->pool) {
        struct cairn_future writing = save_write_on_pool(self, chunk);
        cairn_http_chunk_free(chunk);
        return writing;
    }
    struct save_work work = {chunk, self->fd, false};
    union cairn_outcome out;
    enum cairn_poll p = save_work_run(&work, &out);
    save_work_drop(&work);
    return p == CAIRN_READY ? cairn_future_ready(NULL) : cairn_future_failed(out.error);
}

static enum cairn_poll save_count(
    struct save_future *self, struct cairn_http_chunk *chunk, union cairn_outcome *out)
{
    *self->written += (int64_t)chunk->bytes.length;
    if (self->max_bytes == 0 || (uint64_t)*self->written <= self->max_bytes)
        return CAIRN_READY;
    cairn_http_chunk_free(chunk);
    out->error = &save_too_large;
    return CAIRN_FAILED;
}

static enum cairn_poll save_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct save_future *self = state;
    for (;;) {
        if (!cairn_future_is_empty(&self->writing)) {
            enum cairn_poll p = cairn_future_poll(&self->writing, cx, out);
            if (p)
                return p;
        }
        enum cairn_poll p = cairn_stream_poll_next(&self->body, cx, out);
        if (p)
            return p;
        struct cairn_http_chunk *chunk = out->value;
        if (!chunk)
            break;
        if (save_count(self, chunk, out))
            return CAIRN_FAILED;
        self->writing = save_write(self, chunk);
    }
    out->value = self->written;
    return CAIRN_READY;
}

static void save_drop(void *state)
{
    struct save_future *self = state;
    cairn_future_drop(&self->writing);
    cairn_stream_drop(&self->body);
}

static const struct cairn_future_ops save_ops = {
    .name = "http_save", .size = sizeof(struct save_future), .poll = save_poll, .drop = save_drop};

struct cairn_future cairn_http_save(
    struct cairn_http_request *req, struct cairn_blocking_pool *pool, int fd, uint64_t max_bytes)
{
    int64_t *written = cairn_arena_alloc(req->arena, sizeof(*written));
    int64_t length = cairn_http_request_length(req);
    if (!written)
        return cairn_future_failed(&cairn_error_no_memory);
    if (max_bytes && length > 0 && (uint64_t)length > max_bytes)
        return cairn_future_failed(&save_too_large);
    *written = 0;
    return cairn_future_box(&save_ops, &(struct save_future){.pool = pool,
                                           .body = cairn_http_request_take_body(req),
                                           .written = written,
                                           .max_bytes = max_bytes,
                                           .fd = fd});
}
