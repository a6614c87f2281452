#include <cairn/http/body/body_file.h>

#include <errno.h>
#include <unistd.h>

#include <cairn/service/alloc.h>

#define BODY_FILE_CHUNK_BYTES 65536

/* In the arena. */
struct body_file {
    int fd;
    int64_t at;
    int64_t left;
};

static struct cairn_error body_file_truncated =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_SYSTEM, "http.file", "the file has become shorter");

static void body_file_free_chunk(struct cairn_http_chunk *chunk)
{
    cairn_free(chunk);
}

static ssize_t body_file_read(const struct body_file *self, char *data, size_t length)
{
    ssize_t n;
    do {
        n = pread(self->fd, data, length, self->at);
    } while (n < 0 && errno == EINTR);
    return n;
}

static enum cairn_poll body_file_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct body_file *self = state;
    (void)cx;
    out->value = NULL;
    if (self->left == 0)
        return CAIRN_READY;
    size_t length = self->left < BODY_FILE_CHUNK_BYTES ? (size_t)self->left : BODY_FILE_CHUNK_BYTES;
    struct cairn_http_chunk *chunk = cairn_alloc(sizeof(*chunk) + length);
    if (!chunk) {
        out->error = &cairn_error_no_memory;
        return CAIRN_FAILED;
    }
    ssize_t n = body_file_read(self, (char *)(chunk + 1), length);
    if (n <= 0) {
        out->error = n < 0 ? cairn_error_system("http.file", "read", errno) : &body_file_truncated;
        cairn_free(chunk);
        return CAIRN_FAILED;
    }
    *chunk = (struct cairn_http_chunk){
        cairn_str_of((char *)(chunk + 1), (size_t)n), body_file_free_chunk};
    self->at += n;
    self->left -= n;
    out->value = chunk;
    return CAIRN_READY;
}

static const struct cairn_stream_ops body_file_ops = {
    .name = "file", .poll_next = body_file_poll_next};

struct cairn_stream cairn__body_file(struct cairn_arena *arena, const struct cairn_http_file *file)
{
    struct body_file *state = cairn_arena_alloc(arena, sizeof(*state));
    if (!state)
        return cairn_stream_failed(&cairn_error_no_memory);
    *state = (struct body_file){file->fd, file->offset, file->length};
    return (struct cairn_stream){&body_file_ops, state};
}
