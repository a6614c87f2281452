/* The first byte says in which pieces the rest comes; its lines are those of a plain loop. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/json_lines.h>
#include <cairn/testkit/harness.h>

#define BYTES 4096
#define LINE_MOST 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static bool is_blank(struct cairn_str line)
{
    for (size_t i = 0; i < line.length; i++) {
        if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r')
            return false;
    }
    return true;
}

/* Cuts the next line off TEXT, as it stands. */
static struct cairn_str cut(struct cairn_str *text)
{
    struct cairn_str line = *text;
    for (line.length = 0; line.length < text->length; line.length++) {
        if (text->data[line.length] == '\n')
            break;
    }
    size_t used = line.length < text->length ? line.length + 1 : line.length;
    *text = cairn_str_of(text->data + used, text->length - used);
    return line;
}

static struct cairn_stream pieces(const char *data, size_t size, size_t piece)
{
    static void *chunks[BYTES];
    size_t count = 0;
    for (size_t at = 0; at < size; at += piece)
        chunks[count++] = cairn_http_chunk_new(data + at, at + piece < size ? piece : size - at);
    return cairn_stream_from_array(chunks, count, &cairn_http_chunk_type);
}

static void check_line(struct cairn_str line, enum cairn_poll p, union cairn_outcome *out)
{
    check(p == CAIRN_READY && out->value, "a line is missing");
    struct cairn_http_chunk *chunk = out->value;
    if (line.data[line.length - 1] == '\r')
        line.length--;
    check(cairn_str_equal(chunk->bytes, line), "another line");
    cairn_http_chunk_free(chunk);
}

static void check_lines(
    struct cairn_str text, struct cairn_stream lines, const struct cairn_context *cx)
{
    union cairn_outcome out;
    while (text.length > 0) {
        struct cairn_str line = cut(&text);
        if (is_blank(line) && line.length <= LINE_MOST)
            continue;
        enum cairn_poll p = cairn_stream_poll_next(&lines, cx, &out);
        if (line.length > LINE_MOST) {
            check(p == CAIRN_FAILED, "a line over the limit");
            cairn_error_unref(out.error);
            return;
        }
        check_line(line, p, &out);
    }
    check(cairn_stream_poll_next(&lines, cx, &out) == CAIRN_READY && !out.value, "a line too many");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cairn_harness hand;
    if (size < 1 || size > BYTES)
        return 0;
    cairn_harness_init(&hand, NULL);
    const struct cairn_context cx = cairn_harness_context(&hand);
    struct cairn_str text = cairn_str_of((const char *)data + 1, size - 1);
    struct cairn_stream chunks = pieces(text.data, text.length, (size_t)data[0] % 16 + 1);
    check_lines(text, cairn_http_body_lines(chunks, LINE_MOST), &cx);
    cairn_harness_fini(&hand);
    return 0;
}
