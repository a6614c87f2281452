/* The first byte is the coding and how the rest, a body in that coding, is cut. Whole and in pieces
 * it gives the same, or is refused, and never more than the limit. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/compress/decoded_body.h>
#include <cairn/http/message.h>
#include <cairn/testkit/harness.h>

#define LIMIT ((size_t)256 * 1024)
#define BYTES 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    char data[LIMIT];
    size_t length;
    bool is_refused;
};

static void check(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static struct cairn_stream cut(const char *data, size_t size, size_t piece)
{
    static void *chunks[BYTES];
    size_t count = 0;
    for (size_t at = 0; at < size; at += piece)
        chunks[count++] = cairn_http_chunk_new(data + at, at + piece < size ? piece : size - at);
    return cairn_stream_from_array(chunks, count, &cairn_http_chunk_type);
}

static void keep(struct outcome *outcome, struct cairn_http_chunk *chunk)
{
    check(chunk->bytes.length <= LIMIT - outcome->length, "more than the limit");
    memcpy(outcome->data + outcome->length, chunk->bytes.data, chunk->bytes.length);
    outcome->length += chunk->bytes.length;
    cairn_http_chunk_free(chunk);
}

static void decode(struct outcome *outcome, struct cairn__coder_pool *pool, unsigned coding,
    struct cairn_stream body, const struct cairn_context *cx)
{
    const struct cairn__decoded_limits limits = {LIMIT, 100};
    union cairn_outcome out;
    enum cairn_poll p;
    struct cairn_stream stream =
        cairn__decoded_body(body, pool, cairn__coder_pool_take(pool, coding), limits);
    outcome->length = 0;
    while ((p = cairn_stream_poll_next(&stream, cx, &out)) == CAIRN_READY && out.value)
        keep(outcome, out.value);
    outcome->is_refused = p == CAIRN_FAILED;
    if (p != CAIRN_FAILED)
        return;
    check(out.error->code == CAIRN_ERROR_PROTOCOL || out.error->code == CAIRN_ERROR_TOO_LARGE,
        "another error");
    cairn_error_unref(out.error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct outcome whole;
    static struct outcome pieces;
    struct cairn_harness hand;
    if (size < 2 || size > BYTES)
        return 0;
    unsigned coding = data[0] % CAIRN__CODECS;
    const char *body = (const char *)data + 1;
    struct cairn__coder_pool *pool = cairn__coder_pool_new(true);
    cairn_harness_init(&hand, NULL);
    const struct cairn_context cx = cairn_harness_context(&hand);
    decode(&whole, pool, coding, cut(body, size - 1, size), &cx);
    decode(&pieces, pool, coding, cut(body, size - 1, data[0] / CAIRN__CODECS + 1), &cx);
    check(whole.is_refused == pieces.is_refused, "pieces decide whether it is taken");
    if (!whole.is_refused) {
        check(whole.length == pieces.length, "pieces decide how much it is");
        check(memcmp(whole.data, pieces.data, whole.length) == 0, "pieces decide what it is");
    }
    cairn_harness_fini(&hand);
    cairn__coder_pool_unref(pool);
    return 0;
}
