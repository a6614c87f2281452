/* coding_rig.h - what the tests of content codings share: bytes to be coded, and the two ways. */
#ifndef CAIRN_TESTS_HTTP_LAYERS_CODING_RIG_H
#define CAIRN_TESTS_HTTP_LAYERS_CODING_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/compress/coder.h>
#include <cairn/http/message.h>
#include <cairn/service/random.h>
#include <cairn/service/stream.h>
#include <cairn/service/task.h>

enum { ZSTD, BR, GZIP, DEFLATE };

static inline uint32_t rig_random(uint64_t *seed)
{
    struct cairn_random dice = {*seed};
    uint32_t number = (uint32_t)cairn_random_next_u64(&dice);
    *seed = dice.counter;
    return number;
}

/* LENGTH bytes, to be freed: of all values, of a few, runs, or words. */
static inline struct cairn_str rig_bytes(uint64_t *seed, size_t length)
{
    static const char *const words[] = {"{\"name\":", "\"stone\"", "\"moss\"", ",", "}", "lichen "};
    char *data = malloc(length + 16);
    unsigned kind = rig_random(seed) % 4;
    assert_non_null(data);
    for (size_t i = 0; i < length;) {
        const char *word = words[rig_random(seed) % 6];
        if (kind == 0)
            data[i++] = (char)rig_random(seed);
        else if (kind == 1)
            data[i++] = (char)('a' + rig_random(seed) % 3);
        else if (kind == 2)
            data[i] = rig_random(seed) % 64 ? (i ? data[i - 1] : 'x') : (char)rig_random(seed), i++;
        else
            i += (size_t)(stpncpy(data + i, word, 16) - (data + i));
    }
    return cairn_str_of(data, length);
}

static inline void rig_free(struct cairn_str bytes)
{
    free((void *)(size_t)bytes.data);
}

/* BYTES in a coding, to be freed. */
static inline struct cairn_str rig_encode(unsigned coding, int level, struct cairn_str bytes)
{
    size_t room = bytes.length + bytes.length / 8 + 1024;
    char *out = malloc(room);
    struct cairn__coder *coder = cairn__codecs[coding]->encoder->open(level);
    struct cairn__coder_io io = {bytes.data, bytes.length, out, room};
    assert_non_null(coder);
    assert_int_equal(coder->ops->code(coder, &io, CAIRN__CODER_FINISH), CAIRN__CODER_ENDED);
    coder->ops->close(coder);
    return cairn_str_of(out, room - io.out_length);
}

/* As much of BYTES as CODER had decoded when it was over, to be freed; *STEP says how it ended. */
static inline struct cairn_str rig_decode_with(
    struct cairn__coder *coder, struct cairn_str bytes, size_t room, enum cairn__coder_step *step)
{
    char *out = malloc(room);
    struct cairn__coder_io io = {bytes.data, bytes.length, out, room};
    assert_non_null(out);
    do
        *step = coder->ops->code(coder, &io, CAIRN__CODER_GO_ON);
    while (*step == CAIRN__CODER_ENDED && io.in_length > 0);
    return cairn_str_of(out, room - io.out_length);
}

static inline struct cairn_str rig_decode(
    unsigned coding, struct cairn_str bytes, size_t room, enum cairn__coder_step *step)
{
    struct cairn__coder *coder = cairn__codecs[coding]->decoder->open(0);
    assert_non_null(coder);
    struct cairn_str decoded = rig_decode_with(coder, bytes, room, step);
    coder->ops->close(coder);
    return decoded;
}

/* ENCODED is BYTES in that coding. */
static inline void assert_encodes(unsigned coding, struct cairn_str encoded, struct cairn_str bytes)
{
    enum cairn__coder_step step = CAIRN__CODER_BAD;
    struct cairn_str decoded = rig_decode(coding, encoded, bytes.length + 64, &step);
    assert_int_equal(step, CAIRN__CODER_ENDED);
    assert_int_equal(decoded.length, bytes.length);
    assert_memory_equal(decoded.data, bytes.data, bytes.length);
    rig_free(decoded);
}

/* BYTES as a stream, in the test's memory: in pieces of 1 to `most`, and now and then it waits. */
struct rig_pieces {
    struct cairn_str bytes; /* those to come */
    size_t most;
    unsigned waits; /* one in so many polls; 0: never */
    uint64_t seed;
    bool is_dropped;
};

static inline enum cairn_poll rig_pieces_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct rig_pieces *self = *(struct rig_pieces **)state;
    if (self->waits && rig_random(&self->seed) % self->waits == 0) {
        cairn_task_wake(cx->task);
        return CAIRN_PENDING;
    }
    out->value = NULL;
    if (self->bytes.length == 0)
        return CAIRN_READY;
    size_t length = self->most > 1 ? 1 + rig_random(&self->seed) % self->most : 1;
    if (length > self->bytes.length)
        length = self->bytes.length;
    out->value = cairn_http_chunk_new(self->bytes.data, length);
    self->bytes.data += length;
    self->bytes.length -= length;
    if (out->value)
        return CAIRN_READY;
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static inline void rig_pieces_drop(void *state)
{
    (*(struct rig_pieces **)state)->is_dropped = true;
}

static inline struct cairn_stream rig_pieces_stream(struct rig_pieces *pieces)
{
    static const struct cairn_stream_ops ops = {.name = "pieces",
        .size = sizeof(struct rig_pieces *),
        .poll_next = rig_pieces_poll_next,
        .drop = rig_pieces_drop};
    return cairn_stream_box(&ops, &pieces);
}

/* A body that was read, in memory of malloc's. Zero is one of which nothing was read yet. */
struct rig_body {
    char *data;
    size_t length;
    size_t waits;               /* how often it had to be waited for */
    struct cairn_error *failed; /* what it ended with; NULL: well */
};

/* One step: READY when there was a chunk, or with is_over set. */
static inline enum cairn_poll rig_body_step(struct rig_body *body, struct cairn_stream *stream,
    const struct cairn_context *cx, bool *is_over)
{
    union cairn_outcome out;
    enum cairn_poll p = cairn_stream_poll_next(stream, cx, &out);
    *is_over = p == CAIRN_FAILED || (p == CAIRN_READY && !out.value);
    if (p == CAIRN_FAILED)
        body->failed = out.error;
    if (p || !out.value)
        return p;
    struct cairn_http_chunk *chunk = out.value;
    assert_true(chunk->bytes.length > 0);
    body->data = realloc(body->data, body->length + chunk->bytes.length);
    assert_non_null(body->data);
    memcpy(body->data + body->length, chunk->bytes.data, chunk->bytes.length);
    body->length += chunk->bytes.length;
    cairn_http_chunk_free(chunk);
    return p;
}

/* Reads to the end a stream that wakes who has to wait at once. */
static inline struct rig_body rig_read(struct cairn_stream *stream, const struct cairn_context *cx)
{
    struct rig_body body = {0};
    bool is_over = false;
    while (!is_over)
        body.waits += rig_body_step(&body, stream, cx, &is_over) == CAIRN_PENDING;
    return body;
}

static inline void rig_body_free(struct rig_body *body)
{
    cairn_error_unref(body->failed);
    free(body->data);
}

#endif
