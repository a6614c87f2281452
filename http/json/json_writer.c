#include <cairn/http/json_writer.h>

#include <cairn/http/error_response.h>
#include <cairn/http/json/json_escape.h>
#include <cairn/http/json/json_number.h>
#include <cairn/service/assert.h>

#define WRITER_FIRST_BLOCK 512

static void writer_fail(struct cairn_json_writer *w, enum cairn_json_writer_error error)
{
    if (!w->error)
        w->error = error;
}

/* A block with room for LENGTH more bytes. */
static __attribute__((noinline)) bool writer_grow(struct cairn_json_writer *w, size_t length)
{
    if (w->error)
        return false;
    if (!w->arena) {
        writer_fail(w, CAIRN_JSON_WRITER_FULL);
        return false;
    }
    size_t capacity = w->capacity ? w->capacity : WRITER_FIRST_BLOCK / 2;
    char *data = NULL;
    if (!__builtin_mul_overflow(capacity, 2, &capacity) && length <= SIZE_MAX - w->length) {
        if (capacity < w->length + length)
            capacity = w->length + length;
        data = cairn_arena_alloc_text(w->arena, capacity);
    }
    if (!data) {
        writer_fail(w, CAIRN_JSON_WRITER_NO_MEMORY);
        return false;
    }
    if (w->length)
        memcpy(data, w->data, w->length);
    w->data = data;
    w->capacity = capacity;
    return true;
}

/* Room for LENGTH more bytes. */
static inline bool writer_reserve(struct cairn_json_writer *w, size_t length)
{
    if (CAIRN_LIKELY(!w->error && length <= w->capacity - w->length))
        return true;
    return writer_grow(w, length);
}

static inline void writer_append(struct cairn_json_writer *w, const char *data, size_t length)
{
    if (!writer_reserve(w, length))
        return;
    memcpy(w->data + w->length, data, length);
    w->length += length;
}

static inline void writer_append_byte(struct cairn_json_writer *w, char c)
{
    if (writer_reserve(w, 1))
        w->data[w->length++] = c;
}

static void writer_append_quoted(struct cairn_json_writer *w, struct cairn_str s)
{
    if (s.length > SIZE_MAX / 2 || !writer_reserve(w, s.length + 2))
        return;
    w->data[w->length++] = '"';
    while (true) {
        w->length += cairn__json_escape_next(&s, w->data + w->length, w->capacity - w->length);
        if (s.length == 0)
            break;
        if (!writer_reserve(w, s.length + CAIRN__JSON_ESCAPE_MOST))
            return;
    }
    writer_append_byte(w, '"');
}

static bool writer_is_in_object(const struct cairn_json_writer *w)
{
    return w->depth > 0 && (w->objects >> (w->depth - 1) & 1);
}

static void writer_comma(struct cairn_json_writer *w)
{
    if (w->needs_comma)
        writer_append_byte(w, ',');
    w->needs_comma = true;
}

/* Before each value. */
static bool writer_value(struct cairn_json_writer *w)
{
    if (w->error)
        return false;
    if (writer_is_in_object(w)) {
        CAIRN_ASSERT(w->has_key, "cairn_json_writer", "a value in an object needs a key before it");
        w->has_key = false;
        return true;
    }
    CAIRN_ASSERT(w->depth > 0 || !w->needs_comma, "cairn_json_writer",
        "there is one value at the top, and there was one already");
    writer_comma(w);
    return !w->error;
}

static void writer_open(struct cairn_json_writer *w, bool is_object)
{
    if (!writer_value(w))
        return;
    if (w->depth == CAIRN_JSON_WRITER_MAX_DEPTH) {
        writer_fail(w, CAIRN_JSON_WRITER_DEPTH);
        return;
    }
    writer_append_byte(w, is_object ? '{' : '[');
    uint64_t bit = (uint64_t)1 << w->depth++;
    w->objects = is_object ? w->objects | bit : w->objects & ~bit;
    w->needs_comma = false;
}

void cairn_json_object(struct cairn_json_writer *w)
{
    writer_open(w, true);
}

void cairn_json_array(struct cairn_json_writer *w)
{
    writer_open(w, false);
}

void cairn_json_end(struct cairn_json_writer *w)
{
    if (w->error)
        return;
    CAIRN_ASSERT(w->depth > 0, "cairn_json_end", "nothing is open");
    CAIRN_ASSERT(!w->has_key, "cairn_json_end", "the last key has no value");
    writer_append_byte(w, writer_is_in_object(w) ? '}' : ']');
    w->depth--;
    w->needs_comma = true;
}

void cairn_json_key_str(struct cairn_json_writer *w, struct cairn_str name)
{
    if (w->error)
        return;
    CAIRN_ASSERT(writer_is_in_object(w) && !w->has_key, "cairn_json_key",
        "a key stands in an object, and a value follows it");
    writer_comma(w);
    writer_append_quoted(w, name);
    writer_append_byte(w, ':');
    w->has_key = true;
}

void cairn_json_key(struct cairn_json_writer *w, const char *name)
{
    cairn_json_key_str(w, cairn_str_from(name));
}

void cairn_json_string(struct cairn_json_writer *w, struct cairn_str value)
{
    if (writer_value(w))
        writer_append_quoted(w, value);
}

void cairn_json_raw(struct cairn_json_writer *w, struct cairn_str json)
{
    if (writer_value(w))
        writer_append(w, json.data, json.length);
}

void cairn_json_null(struct cairn_json_writer *w)
{
    cairn_json_raw(w, CAIRN_STR("null"));
}

void cairn_json_text(struct cairn_json_writer *w, const char *value)
{
    if (value)
        cairn_json_string(w, cairn_str_from(value));
    else
        cairn_json_null(w);
}

void cairn_json_bool(struct cairn_json_writer *w, bool value)
{
    cairn_json_raw(w, value ? CAIRN_STR("true") : CAIRN_STR("false"));
}

void cairn_json_int(struct cairn_json_writer *w, int64_t value)
{
    char text[CAIRN__JSON_NUMBER_MOST];
    cairn_json_raw(w, cairn_str_of(text, cairn__json_int(value, text)));
}

void cairn_json_uint(struct cairn_json_writer *w, uint64_t value)
{
    char text[CAIRN__JSON_NUMBER_MOST];
    cairn_json_raw(w, cairn_str_of(text, cairn__json_uint(value, text)));
}

void cairn_json_double(struct cairn_json_writer *w, double value)
{
    char text[CAIRN__JSON_NUMBER_MOST];
    size_t length = cairn__json_double(value, text);
    if (length)
        cairn_json_raw(w, cairn_str_of(text, length));
    else
        writer_fail(w, CAIRN_JSON_WRITER_NUMBER);
}

void cairn_json_line(struct cairn_json_writer *w)
{
    if (w->error)
        return;
    CAIRN_ASSERT(
        w->depth == 0 && w->needs_comma, "cairn_json_line", "there is no whole value on the line");
    writer_append_byte(w, '\n');
    w->needs_comma = false;
}

struct cairn_str cairn_json_writer_text(const struct cairn_json_writer *w)
{
    if (w->error)
        return cairn_str_of(NULL, 0);
    CAIRN_ASSERT(
        w->depth == 0 && w->length > 0, "cairn_json_writer_text", "the value is not whole yet");
    return cairn_str_of(w->data, w->length);
}

struct cairn_http_response *cairn_http_json(
    const struct cairn_http_request *req, int status, const struct cairn_json_writer *w)
{
    if (w->error && w->error != CAIRN_JSON_WRITER_NO_MEMORY)
        return cairn_http_problem(req, 500, NULL);
    struct cairn_str text = cairn_json_writer_text(w);
    if (text.data && w->arena != req->arena)
        text = cairn_arena_copy(req->arena, text);
    return text.data ? cairn_http_bytes(req, status, "application/json", text) : NULL;
}
