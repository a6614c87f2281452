#include <cairn/http/json_lines.h>

#include <cairn/service/error.h>

/* A chunk is sent when it has this much, however much there is. */
#define LINES_CHUNK 8192

struct json_lines {
    struct cairn_stream values;
    const struct cairn_type *type;
    void (*write)(void *cx, struct cairn_json_writer *w, const void *value);
    void *cx;
    struct cairn_error *failure; /* of VALUES, after what came before it */
};

/* A chunk in an arena of its own, with its text: given back together when it has been sent. */
struct lines_chunk {
    struct cairn_http_chunk chunk;
    struct cairn_arena *arena;
};

static struct cairn_error lines_no_json = CAIRN_ERROR_STATIC(
    CAIRN_ERROR_INTERNAL, "http.json_lines", "a value cannot be written as JSON");

static void lines_chunk_free(struct cairn_http_chunk *chunk)
{
    struct lines_chunk *self = (struct lines_chunk *)chunk;
    cairn_arena_free(self->arena);
}

static struct lines_chunk *lines_chunk_new(void)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct lines_chunk *self = arena ? cairn_arena_alloc(arena, sizeof(*self)) : NULL;
    if (self)
        *self = (struct lines_chunk){{.free = lines_chunk_free}, arena};
    else
        cairn_arena_free(arena);
    return self;
}

static void lines_write(struct json_lines *self, struct cairn_json_writer *w, void *value)
{
    self->write(self->cx, w, value);
    cairn_json_line(w);
    cairn_type_drop(self->type, value);
}

/* Writes FIRST and what else is there. What ended the chunk is seen at the next poll. */
static void lines_fill(struct json_lines *self, const struct cairn_context *cx, void *first,
    struct cairn_json_writer *w)
{
    union cairn_outcome next = {.value = first};
    enum cairn_poll p = CAIRN_READY;
    while (p == CAIRN_READY && next.value) {
        lines_write(self, w, next.value);
        if (w->error || w->length >= LINES_CHUNK)
            return;
        p = cairn_stream_poll_next(&self->values, cx, &next);
    }
    if (p == CAIRN_FAILED)
        self->failure = next.error;
}

static enum cairn_poll lines_finish(
    struct lines_chunk *chunk, const struct cairn_json_writer *w, union cairn_outcome *out)
{
    if (w->error) {
        lines_chunk_free(&chunk->chunk);
        out->error =
            w->error == CAIRN_JSON_WRITER_NO_MEMORY ? &cairn_error_no_memory : &lines_no_json;
        return CAIRN_FAILED;
    }
    chunk->chunk.bytes = cairn_json_writer_text(w);
    out->value = chunk;
    return CAIRN_READY;
}

static enum cairn_poll lines_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct json_lines *self = state;
    if (self->failure) {
        out->error = self->failure;
        self->failure = NULL;
        return CAIRN_FAILED;
    }
    enum cairn_poll p = cairn_stream_poll_next(&self->values, cx, out);
    if (p || !out->value)
        return p;
    struct lines_chunk *chunk = lines_chunk_new();
    if (!chunk) {
        cairn_type_drop(self->type, out->value);
        out->error = &cairn_error_no_memory;
        return CAIRN_FAILED;
    }
    struct cairn_json_writer w = cairn_json_writer_in(chunk->arena);
    lines_fill(self, cx, out->value, &w);
    return lines_finish(chunk, &w, out);
}

static void lines_drop(void *state)
{
    struct json_lines *self = state;
    cairn_stream_drop(&self->values);
    cairn_error_unref(self->failure);
}

static const struct cairn_stream_ops json_lines_ops = {
    .name = "json_lines",
    .size = sizeof(struct json_lines),
    .poll_next = lines_poll_next,
    .drop = lines_drop,
};

struct cairn_http_response *cairn_http_json_lines(const struct cairn_http_request *req, int status,
    struct cairn_stream values, const struct cairn_type *type,
    void (*write)(void *cx, struct cairn_json_writer *w, const void *value), void *cx)
{
    const struct json_lines lines = {values, type, write, cx, NULL};
    return cairn_http_stream(
        req, status, "application/x-ndjson", cairn_stream_box(&json_lines_ops, &lines), -1);
}

static void lines_write_record(void *cx, struct cairn_json_writer *w, const void *value)
{
    cairn_json_record(w, cx, value);
}

struct cairn_http_response *cairn_http_record_lines(const struct cairn_http_request *req,
    int status, struct cairn_stream values, const struct cairn_type *type,
    const struct cairn_record *record)
{
    return cairn_http_json_lines(
        req, status, values, type, lines_write_record, (void *)(uintptr_t)record);
}
