#include <cairn/service/byte_stream.h>

#include <cairn/service/alloc.h>

struct read_future {
    struct cairn_byte_stream *stream;
    char *buffer;
    size_t size;
    size_t *count;
};

static enum cairn_poll read_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    const struct read_future *self = state;
    enum cairn_poll p = cairn_byte_stream_poll_read(
        self->stream, cx, self->buffer, self->size, self->count, &out->error);
    if (p == CAIRN_READY)
        out->value = self->count;
    return p;
}

static const struct cairn_future_ops read_ops = {
    .name = "byte_stream_read", .size = sizeof(struct read_future), .poll = read_poll};

struct cairn_future cairn_byte_stream_read(
    struct cairn_byte_stream *s, char *buffer, size_t size, size_t *count)
{
    return cairn_future_box(&read_ops, &(struct read_future){s, buffer, size, count});
}

struct write_future {
    struct cairn_byte_stream *stream;
    const char *data;
    size_t left;
};

static enum cairn_poll write_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct write_future *self = state;
    while (self->left) {
        size_t count = 0;
        enum cairn_poll p = cairn_byte_stream_poll_write(
            self->stream, cx, self->data, self->left, &count, &out->error);
        if (p)
            return p;
        self->data += count;
        self->left -= count;
    }
    out->value = NULL;
    return CAIRN_READY;
}

static const struct cairn_future_ops write_ops = {
    .name = "byte_stream_write", .size = sizeof(struct write_future), .poll = write_poll};

struct cairn_future cairn_byte_stream_write(
    struct cairn_byte_stream *s, const char *data, size_t length)
{
    return cairn_future_box(&write_ops, &(struct write_future){s, data, length});
}

struct shutdown_future {
    struct cairn_byte_stream *stream;
};

static enum cairn_poll shutdown_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    const struct shutdown_future *self = state;
    enum cairn_poll p = cairn_byte_stream_poll_shutdown(self->stream, cx, &out->error);
    if (p == CAIRN_READY)
        out->value = NULL;
    return p;
}

static const struct cairn_future_ops shutdown_ops = {
    .name = "byte_stream_shutdown", .size = sizeof(struct shutdown_future), .poll = shutdown_poll};

struct cairn_future cairn_byte_stream_shutdown(struct cairn_byte_stream *s)
{
    return cairn_future_box(&shutdown_ops, &(struct shutdown_future){s});
}

static void byte_stream_drop_box(void *value)
{
    struct cairn_byte_stream s = cairn_byte_stream_unbox(value);
    cairn_byte_stream_drop(&s);
}

const struct cairn_type cairn_byte_stream_type = {
    .name = "byte_stream", .drop = byte_stream_drop_box};

struct cairn_byte_stream *cairn_byte_stream_box(struct cairn_byte_stream s)
{
    struct cairn_byte_stream *box = cairn_alloc(sizeof(*box));
    if (box)
        *box = s;
    else
        cairn_byte_stream_drop(&s);
    return box;
}

struct cairn_byte_stream cairn_byte_stream_unbox(struct cairn_byte_stream *box)
{
    struct cairn_byte_stream s = {0};
    if (box)
        s = *box;
    cairn_free(box);
    return s;
}
