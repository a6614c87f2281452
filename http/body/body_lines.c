#include <cairn/http/codec/buffer.h>
#include <cairn/http/json_lines.h>

#include <cairn/service/error.h>

#define BODY_LINES_MAX ((size_t)64 * 1024)

struct body_lines {
    struct cairn_stream inner;
    size_t max;
    struct cairn_http_chunk *chunk; /* NULL: none */
    size_t used;                    /* of its bytes */
    struct cairn__buffer held;      /* a line's beginning, from chunks before */
};

static struct cairn_error body_lines_over =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_TOO_LARGE, "http.body", "a line is over its limit");

static enum cairn_poll body_lines_fail(union cairn_outcome *out, struct cairn_error *error)
{
    out->error = error;
    return CAIRN_FAILED;
}

static struct cairn_str body_lines_trim(struct cairn_str line)
{
    if (line.length > 0 && line.data[line.length - 1] == '\r')
        line.length--;
    return line;
}

static bool body_lines_is_blank(struct cairn_str line)
{
    for (size_t i = 0; i < line.length; i++) {
        if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r')
            return false;
    }
    return true;
}

/* The value is NULL where there is nothing but white space. */
static enum cairn_poll body_lines_give(struct cairn_str line, union cairn_outcome *out)
{
    line = body_lines_trim(line);
    out->value = NULL;
    if (body_lines_is_blank(line))
        return CAIRN_READY;
    out->value = cairn_http_chunk_new(line.data, line.length);
    return out->value ? CAIRN_READY : body_lines_fail(out, &cairn_error_no_memory);
}

/* Keeps TEXT behind what is held of the line. */
static enum cairn_poll body_lines_hold(
    struct body_lines *self, struct cairn_str text, union cairn_outcome *out)
{
    if (text.length > self->max - cairn__buffer_length(&self->held))
        return body_lines_fail(out, &body_lines_over);
    if (cairn__buffer_append(&self->held, text.data, text.length))
        return body_lines_fail(out, &cairn_error_no_memory);
    return CAIRN_READY;
}

static enum cairn_poll body_lines_give_held(struct body_lines *self, union cairn_outcome *out)
{
    size_t length = cairn__buffer_length(&self->held);
    const char *data = length ? cairn__buffer_bytes(&self->held) : NULL;
    enum cairn_poll p = body_lines_give(cairn_str_of(data, length), out);
    cairn__buffer_free(&self->held);
    return p;
}

/* TEXT ends a line. */
static enum cairn_poll body_lines_end(
    struct body_lines *self, struct cairn_str text, union cairn_outcome *out)
{
    if (cairn__buffer_length(&self->held) == 0 && text.length <= self->max)
        return body_lines_give(text, out);
    enum cairn_poll p = body_lines_hold(self, text, out);
    return p ? p : body_lines_give_held(self, out);
}

static void body_lines_free_chunk(struct body_lines *self)
{
    cairn_http_chunk_free(self->chunk);
    self->chunk = NULL;
}

/* Cuts the next line off the chunk; what has no end is held, and the chunk is used up. */
static enum cairn_poll body_lines_cut(struct body_lines *self, union cairn_outcome *out)
{
    struct cairn_str rest =
        cairn_str_of(self->chunk->bytes.data + self->used, self->chunk->bytes.length - self->used);
    const char *end = rest.length > 0 ? memchr(rest.data, '\n', rest.length) : NULL;
    if (end) {
        rest.length = (size_t)(end - rest.data);
        self->used += rest.length + 1;
        return body_lines_end(self, rest, out);
    }
    enum cairn_poll p = body_lines_hold(self, rest, out);
    body_lines_free_chunk(self);
    if (p == CAIRN_READY)
        out->value = NULL;
    return p;
}

static enum cairn_poll body_lines_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct body_lines *self = state;
    while (true) {
        if (self->chunk) {
            enum cairn_poll p = body_lines_cut(self, out);
            if (p || out->value)
                return p;
            continue;
        }
        enum cairn_poll p = cairn_stream_poll_next(&self->inner, cx, out);
        if (p)
            return p;
        if (!out->value)
            return body_lines_give_held(self, out);
        self->chunk = out->value;
        self->used = 0;
    }
}

static void body_lines_drop(void *state)
{
    struct body_lines *self = state;
    cairn_stream_drop(&self->inner);
    cairn_http_chunk_free(self->chunk);
    cairn__buffer_free(&self->held);
}

static const struct cairn_stream_ops body_lines_ops = {
    .name = "body_lines",
    .size = sizeof(struct body_lines),
    .poll_next = body_lines_poll_next,
    .drop = body_lines_drop,
};

struct cairn_stream cairn_http_body_lines(struct cairn_stream inner, size_t max_bytes)
{
    return cairn_stream_box(&body_lines_ops,
        &(struct body_lines){.inner = inner, .max = max_bytes ? max_bytes : BODY_LINES_MAX});
}
