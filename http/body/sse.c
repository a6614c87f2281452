#include <cairn/http/sse.h>

#include <stdio.h>
#include <string.h>

#include <cairn/http/body.h>
#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/runtime.h>
#include <cairn/service/sleep.h>

#define SSE_KEEP_ALIVE_MS 15000
#define SSE_RETRY_BYTES 32

/* Writes, or only counts while `at` is NULL. */
struct sse_writer {
    char *at;
    size_t length;
};

static void sse_put(struct sse_writer *w, struct cairn_str s)
{
    if (w->at && s.length)
        memcpy(w->at + w->length, s.data, s.length);
    w->length += s.length;
}

static void sse_line(struct sse_writer *w, struct cairn_str name, struct cairn_str value)
{
    sse_put(w, name);
    sse_put(w, CAIRN_STR(": "));
    sse_put(w, value);
    sse_put(w, CAIRN_STR("\n"));
}

/* The first line of *TEXT, which moves behind it. A line ends with LF, CR, or both. */
static struct cairn_str sse_take_line(struct cairn_str *text)
{
    size_t length = 0;
    while (length < text->length && text->data[length] != '\n' && text->data[length] != '\r')
        length++;
    struct cairn_str line = cairn_str_of(text->data, length);
    if (length < text->length) {
        bool is_pair = text->data[length] == '\r' && length + 1 < text->length &&
                       text->data[length + 1] == '\n';
        length += is_pair ? 2 : 1;
    }
    text->data += length;
    text->length -= length;
    return line;
}

static bool sse_ends_with_line_end(struct cairn_str text)
{
    return text.length &&
           (text.data[text.length - 1] == '\n' || text.data[text.length - 1] == '\r');
}

/* Every line of TEXT, the empty one behind a last line end too: what the client puts together is
 * TEXT again. */
static void sse_lines(struct sse_writer *w, struct cairn_str name, struct cairn_str text)
{
    bool has_last = sse_ends_with_line_end(text);
    if (!text.data)
        return;
    do
        sse_line(w, name, sse_take_line(&text));
    while (text.length);
    if (has_last)
        sse_line(w, name, text);
}

static void sse_write(struct sse_writer *w, const struct cairn_sse_event *event)
{
    char retry[SSE_RETRY_BYTES];
    sse_lines(w, CAIRN_STR(""), event->comment);
    if (event->retry_ms) {
        int length = snprintf(retry, sizeof(retry), "%llu", (unsigned long long)event->retry_ms);
        sse_line(w, CAIRN_STR("retry"), cairn_str_of(retry, (size_t)length));
    }
    if (event->id.data)
        sse_line(w, CAIRN_STR("id"), event->id);
    if (event->event.data)
        sse_line(w, CAIRN_STR("event"), event->event);
    sse_lines(w, CAIRN_STR("data"), event->data);
    sse_put(w, CAIRN_STR("\n"));
}

static bool sse_is_one_line(struct cairn_str s)
{
    return s.length == 0 || (!memchr(s.data, '\n', s.length) && !memchr(s.data, '\r', s.length) &&
                                !memchr(s.data, '\0', s.length));
}

static void sse_free_chunk(struct cairn_http_chunk *chunk)
{
    cairn_free(chunk);
}

struct cairn_http_chunk *cairn_sse_chunk(const struct cairn_sse_event *event)
{
    struct sse_writer w = {NULL, 0};
    if (!sse_is_one_line(event->event) || !sse_is_one_line(event->id))
        return NULL;
    sse_write(&w, event);
    struct cairn_http_chunk *chunk = cairn_alloc(sizeof(*chunk) + w.length);
    if (!chunk)
        return NULL;
    w = (struct sse_writer){(char *)(chunk + 1), 0};
    sse_write(&w, event);
    *chunk = (struct cairn_http_chunk){cairn_str_of(w.at, w.length), sse_free_chunk};
    return chunk;
}

/* The events, and a comment whenever none has come for a while. */
struct sse_stream {
    struct cairn_stream inner;
    struct cairn_sleep_state sleep;
    uint64_t keep_alive_ms;
    const char *keep_alive;
};

static enum cairn_poll sse_comment(const struct sse_stream *self, union cairn_outcome *out)
{
    const struct cairn_sse_event event = {
        .comment = self->keep_alive ? cairn_str_from(self->keep_alive) : CAIRN_STR("")};
    out->value = cairn_sse_chunk(&event);
    if (out->value)
        return CAIRN_READY;
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static enum cairn_poll sse_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct sse_stream *self = state;
    enum cairn_poll p = cairn_stream_poll_next(&self->inner, cx, out);
    if (p != CAIRN_PENDING) {
        cairn_sleep_stop(&self->sleep);
        self->sleep.at_ms = 0;
        return p;
    }
    if (self->sleep.at_ms == 0)
        self->sleep.at_ms = cairn_runtime_deadline_ms(cx->runtime, self->keep_alive_ms);
    if (cairn_sleep_poll(&self->sleep, cx) == CAIRN_PENDING)
        return CAIRN_PENDING;
    self->sleep.at_ms = 0;
    return sse_comment(self, out);
}

static void sse_drop(void *state)
{
    struct sse_stream *self = state;
    cairn_sleep_stop(&self->sleep);
    cairn_stream_drop(&self->inner);
}

static const struct cairn_stream_ops sse_ops = {
    .name = "sse", .size = sizeof(struct sse_stream), .poll_next = sse_poll_next, .drop = sse_drop};

struct cairn_http_response *cairn_http_sse(const struct cairn_http_request *req,
    struct cairn_stream events, const struct cairn_sse_options *options)
{
    static const struct cairn_sse_options defaults = {.size = sizeof(defaults)};
    const struct cairn_sse_options *opts = options ? options : &defaults;
    uint64_t keep_alive_ms = opts->keep_alive_ms ? opts->keep_alive_ms : SSE_KEEP_ALIVE_MS;
    CAIRN_ASSERT(keep_alive_ms >= 10 && keep_alive_ms <= 3600000, "cairn_http_sse",
        "keep_alive_ms is from 10 to 3600000");
    const struct sse_stream state = {
        .inner = events, .keep_alive_ms = keep_alive_ms, .keep_alive = opts->keep_alive};
    struct cairn_http_response *res =
        cairn_http_stream(req, 200, "text/event-stream", cairn_stream_box(&sse_ops, &state), -1);
    if (!res ||
        cairn_http_fields_add(&res->fields, CAIRN_STR("Cache-Control"), CAIRN_STR("no-cache")) != 0)
        return NULL;
    return res;
}
