/* hand_stream.h - a body that a test plays by hand: what comes, what is waited for, how it ends. */
#ifndef CAIRN_TESTS_HTTP_LAYERS_HAND_STREAM_H
#define CAIRN_TESTS_HTTP_LAYERS_HAND_STREAM_H

#include "http_fixture.h"

#include <cairn/http/body.h>

/* In the test's memory. */
struct hand_stream {
    const char *chunks[8]; /* those to come, up to a NULL; then … */
    size_t given;
    struct cairn_error *error; /* … this failure, … */
    bool is_open;              /* … a wait, … */
    bool is_dropped;           /* … or the end, after which the stream is dropped */
};

static inline enum cairn_poll hand_stream_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct hand_stream *hand = *(struct hand_stream **)state;
    (void)cx;
    assert_false(hand->is_dropped);
    out->value = NULL;
    if (hand->chunks[hand->given]) {
        const char *text = hand->chunks[hand->given++];
        out->value = cairn_http_chunk_new(text, strlen(text));
        assert_non_null(out->value);
        return CAIRN_READY;
    }
    if (!hand->error)
        return hand->is_open ? CAIRN_PENDING : CAIRN_READY;
    out->error = hand->error;
    return CAIRN_FAILED;
}

static inline void hand_stream_drop(void *state)
{
    struct hand_stream *hand = *(struct hand_stream **)state;
    assert_false(hand->is_dropped);
    hand->is_dropped = true;
}

static inline struct cairn_stream hand_stream_body(struct hand_stream *hand)
{
    static const struct cairn_stream_ops ops = {.name = "hand",
        .size = sizeof(struct hand_stream *),
        .poll_next = hand_stream_poll_next,
        .drop = hand_stream_drop};
    return cairn_stream_box(&ops, &hand);
}

/* A response to REQ whose body HAND plays. */
static inline struct cairn_http_response *hand_stream_response(
    struct hand_stream *hand, const struct cairn_http_request *req)
{
    struct cairn_http_response *res = cairn_http_stream(req, 200, NULL, hand_stream_body(hand), -1);
    assert_non_null(res);
    return res;
}

/* A request whose body, of LENGTH bytes (-1: unknown), HAND plays. */
static inline struct cairn_http_request *hand_stream_request(
    struct fixture *f, struct hand_stream *hand, int64_t length)
{
    struct cairn_http_request *req = fixture_request(f, "/");
    assert_int_equal(cairn_http_request_set_body(req, hand_stream_body(hand), length), 0);
    return req;
}

static inline enum cairn_poll fixture_poll_body(
    struct fixture *f, struct cairn_http_response *res, union cairn_outcome *out)
{
    struct cairn_context cx = cairn_harness_context(&f->hand);
    return cairn_stream_poll_next(&res->stream, &cx, out);
}

/* The next chunk of RES is EXPECTED. */
static inline void assert_chunk(
    struct fixture *f, struct cairn_http_response *res, const char *expected)
{
    union cairn_outcome out;
    assert_int_equal(fixture_poll_body(f, res, &out), CAIRN_READY);
    assert_non_null(out.value);
    assert_str(((struct cairn_http_chunk *)out.value)->bytes, expected);
    cairn_http_chunk_free(out.value);
}

static inline void assert_body_end(struct fixture *f, struct cairn_http_response *res)
{
    union cairn_outcome out;
    assert_int_equal(fixture_poll_body(f, res, &out), CAIRN_READY);
    assert_null(out.value);
}

/* The exchange ends: what the arena holds goes with it. A new one takes its place. */
static inline void fixture_end_exchange(struct fixture *f)
{
    cairn_arena_free(f->arena);
    f->arena = cairn_arena_new(NULL);
}

#endif
