/* transcript.h - what the decoder makes of some bytes, as text, cut into pieces in every way. */
#ifndef CAIRN_TESTS_HTTP_TRANSCRIPT_H
#define CAIRN_TESTS_HTTP_TRANSCRIPT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cairn/http/decoder.h>
#include <cairn/service/random.h>

/* A first piece of FIRST bytes (0: none), then pieces of STEP (0: one of all the rest); or, with a
 * SEED, pieces of 1 to 16 bytes. */
struct cuts {
    size_t first;
    size_t step;
    uint64_t seed;
};

struct text {
    char *data;
    size_t length;
};

struct transcript {
    struct text text; /* all there is to tell, but the reason of a refusal */
    struct text body;
    enum cairn_http_event last; /* MORE, DONE or REFUSED */
    int status;                 /* of REFUSED */
    const char *reason;
    bool has_head;
    bool keeps_alive;
    size_t used; /* of DONE: bytes of the message */
};

static inline void text_add(struct text *text, const void *data, size_t length)
{
    text->data = realloc(text->data, text->length + length + 1);
    assert_non_null(text->data);
    if (length)
        memcpy(text->data + text->length, data, length);
    text->length += length;
    text->data[text->length] = '\0';
}

static inline void text_add_str(struct text *text, struct cairn_str s)
{
    if (!s.data)
        text_add(text, "(absent)", 8);
    text_add(text, s.data, s.length);
    text_add(text, "\n", 1);
}

static inline void text_add_number(struct text *text, const char *name, long long number)
{
    char line[64];
    int length = snprintf(line, sizeof(line), "%s %lld\n", name, number);
    text_add(text, line, (size_t)length);
}

static inline void text_add_fields(struct text *text, const struct cairn_http_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        text_add_str(text, fields->items[i].name);
        text_add_str(text, fields->items[i].value);
    }
}

static inline uint64_t random_next(uint64_t *seed)
{
    struct cairn_random dice = {*seed};
    uint64_t number = cairn_random_next_u64(&dice);
    *seed = dice.counter;
    return number;
}

static inline size_t random_below(uint64_t *seed, size_t bound)
{
    return (size_t)(random_next(seed) >> 11) % bound;
}

static inline size_t cuts_next(struct cuts *cuts, size_t offset, size_t left)
{
    size_t size = left;
    if (cuts->seed)
        size = 1 + random_below(&cuts->seed, 16);
    else if (offset == 0 && cuts->first)
        size = cuts->first;
    else if (cuts->step)
        size = cuts->step;
    return size < left ? size : left;
}

static inline void transcript_head(struct transcript *t, struct cairn_http_decoder *decoder)
{
    const struct cairn_http_request *req = cairn_http_decoder_request(decoder);
    text_add_number(&t->text, "method", (long long)req->method);
    text_add_number(&t->text, "minor", (long long)req->version_minor);
    text_add_str(&t->text, req->method_name);
    text_add_str(&t->text, req->target);
    text_add_str(&t->text, req->path);
    text_add_str(&t->text, req->query);
    text_add_fields(&t->text, &req->fields);
    text_add_number(&t->text, "length", cairn_http_decoder_content_length(decoder));
    text_add_number(&t->text, "alive", cairn_http_decoder_keeps_alive(decoder));
    text_add_number(&t->text, "continue", cairn_http_decoder_expects_continue(decoder));
    assert_int_equal(t->keeps_alive, cairn_http_decoder_keeps_alive(decoder));
}

/* Written when all pieces are gone: what the request points to has outlived them. */
static inline void transcript_end(struct transcript *t, struct cairn_http_decoder *decoder)
{
    if (t->has_head)
        transcript_head(t, decoder);
    text_add_str(&t->text, cairn_str_of(t->body.data, t->body.length));
    if (t->last == CAIRN_HTTP_EVENT_DONE)
        text_add_fields(&t->text, cairn_http_decoder_trailers(decoder));
    if (t->last == CAIRN_HTTP_EVENT_REFUSED) {
        t->status = cairn_http_decoder_status(decoder);
        t->reason = cairn_http_decoder_reason(decoder);
        text_add_number(&t->text, "refused", t->status);
        text_add_str(&t->text, cairn_str_from(t->reason));
    }
}

/* One piece, to the end of it or of the message. */
static inline void transcript_feed(
    struct transcript *t, struct cairn_http_decoder *decoder, const char *piece, size_t length)
{
    size_t at = 0;
    do {
        size_t used = 0;
        struct cairn_str body;
        t->last = cairn_http_decoder_feed(decoder, piece + at, length - at, &used);
        assert_true(used <= length - at);
        at += used;
        t->used += used;
        if (t->last == CAIRN_HTTP_EVENT_HEAD) {
            assert_false(t->has_head);
            t->has_head = true;
            t->keeps_alive = cairn_http_decoder_keeps_alive(decoder);
        } else if (t->last == CAIRN_HTTP_EVENT_BODY) {
            assert_true(t->has_head);
            body = cairn_http_decoder_piece(decoder);
            assert_true(body.length > 0);
            text_add(&t->body, body.data, body.length);
        }
    } while (t->last == CAIRN_HTTP_EVENT_HEAD || t->last == CAIRN_HTTP_EVENT_BODY);
    if (t->last == CAIRN_HTTP_EVENT_MORE)
        assert_int_equal(at, length);
}

/* Each piece has a block of its own, so that a read past its end, or after it, is seen. LIMITS:
 * NULL: the defaults. */
static inline struct transcript transcript_make(
    const char *input, size_t length, struct cuts cuts, const struct cairn_http_limits *limits)
{
    struct transcript t = {.last = CAIRN_HTTP_EVENT_MORE};
    struct cairn_http_limits resolved;
    assert_null(cairn_http_limits_resolve(limits, &resolved));
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_decoder *decoder = cairn_http_decoder_new(arena, &resolved);
    assert_non_null(decoder);
    size_t offset = 0;
    while (offset < length && t.last == CAIRN_HTTP_EVENT_MORE) {
        size_t size = cuts_next(&cuts, offset, length - offset);
        char *piece = malloc(size);
        assert_non_null(piece);
        memcpy(piece, input + offset, size);
        transcript_feed(&t, decoder, piece, size);
        free(piece);
        offset += size;
    }
    transcript_end(&t, decoder);
    cairn_arena_free(arena);
    return t;
}

static inline void transcript_free(struct transcript *t)
{
    free(t->text.data);
    free(t->body.data);
}

static inline void transcript_compare(const struct transcript *whole, const char *input,
    size_t length, struct cuts cuts, const struct cairn_http_limits *limits)
{
    struct transcript t = transcript_make(input, length, cuts, limits);
    bool is_used_alike = t.used == whole->used || t.last == CAIRN_HTTP_EVENT_REFUSED;
    if (t.last != whole->last || !is_used_alike || t.text.length != whole->text.length ||
        memcmp(t.text.data, whole->text.data, t.text.length) != 0)
        fail_msg("cut (%zu, %zu, seed %d):\n%s\nwhole:\n%s\nof: %.400s", cuts.first, cuts.step,
            cuts.seed != 0, t.text.data, whole->text.data, input);
    transcript_free(&t);
}

/* Whole; the same one byte at a time, in every two pieces (of a long input: some), and at random.
 * Owned by the caller. */
static inline struct transcript transcript_of_all_cuts(
    const char *input, size_t length, const struct cairn_http_limits *limits)
{
    struct transcript whole = transcript_make(input, length, (struct cuts){0}, limits);
    size_t stride = 1 + length / 512;
    transcript_compare(&whole, input, length, (struct cuts){.step = 1}, limits);
    transcript_compare(&whole, input, length, (struct cuts){.seed = 77}, limits);
    for (size_t i = 1; i < length; i += stride)
        transcript_compare(&whole, input, length, (struct cuts){.first = i}, limits);
    return whole;
}

static inline void assert_refused_with(
    const struct cairn_http_limits *limits, int status, const char *input, size_t length)
{
    struct transcript t = transcript_of_all_cuts(input, length, limits);
    if (t.last != CAIRN_HTTP_EVENT_REFUSED)
        fail_msg("not refused: %.400s", input);
    assert_non_null(t.reason);
    if (t.status != status)
        fail_msg("refused with %d (%s): %.400s", t.status, t.reason, input);
    transcript_free(&t);
}

/* DONE, all bytes used. Owned by the caller. */
static inline struct transcript transcript_accepted_with(
    const struct cairn_http_limits *limits, const char *input, size_t length)
{
    struct transcript t = transcript_of_all_cuts(input, length, limits);
    if (t.last == CAIRN_HTTP_EVENT_REFUSED)
        fail_msg("refused with %d (%s): %.400s", t.status, t.reason, input);
    assert_int_equal(t.last, CAIRN_HTTP_EVENT_DONE);
    assert_int_equal(t.used, length);
    return t;
}

static inline void assert_accepted_with(
    const struct cairn_http_limits *limits, const char *input, size_t length)
{
    struct transcript t = transcript_accepted_with(limits, input, length);
    transcript_free(&t);
}

/* The whole transcript of LITERAL, accepted, is EXPECTED. */
static inline void assert_reads_as(const char *input, size_t length, const char *expected)
{
    struct transcript t = transcript_accepted_with(NULL, input, length);
    assert_string_equal(t.text.data, expected);
    transcript_free(&t);
}

#define ASSERT_REFUSED(status, literal) \
    assert_refused_with(NULL, status, literal, sizeof(literal) - 1)
#define ASSERT_ACCEPTED(literal) assert_accepted_with(NULL, literal, sizeof(literal) - 1)
#define ASSERT_READS_AS(literal, expected) assert_reads_as(literal, sizeof(literal) - 1, expected)

#endif
