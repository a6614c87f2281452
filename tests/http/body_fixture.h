/* body_fixture.h - what the tests of bodies share: a runtime, an arena, streams of chunks. */
#ifndef CAIRN_TESTS_HTTP_BODY_FIXTURE_H
#define CAIRN_TESTS_HTTP_BODY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <cairn/http/body.h>
#include <cairn/service/channel.h>
#include <cairn/service/runtime.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/clock.h>
#include <cairn/testkit/harness.h>

struct fixture {
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct cairn_arena *arena;
    struct cairn_harness hand;
};

static inline int fixture_setup(void **state)
{
    static struct fixture f;
    cairn_test_alloc_begin();
    f.runtime = cairn_test_runtime_new(&f.clock);
    f.arena = cairn_arena_new(NULL);
    cairn_harness_init(&f.hand, f.runtime);
    *state = &f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    cairn_harness_fini(&f->hand);
    cairn_arena_free(f->arena);
    cairn_runtime_free(f->runtime);
    cairn_test_alloc_end();
    return 0;
}

#define fixture_test(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

static inline struct cairn_http_request *fixture_request(struct fixture *f)
{
    struct cairn_http_request *req = cairn_http_request_new(f->arena, CAIRN_HTTP_POST, "/");
    assert_non_null(req);
    return req;
}

/* A stream of the texts before NULL, a chunk each. */
static inline struct cairn_stream fixture_chunks(const char *const *texts)
{
    void *chunks[16];
    size_t count = 0;
    while (texts[count]) {
        chunks[count] = cairn_http_chunk_new(texts[count], strlen(texts[count]));
        count++;
    }
    return cairn_stream_from_array(chunks, count, &cairn_http_chunk_type);
}

#define CHUNKS(...) fixture_chunks((const char *const[]){__VA_ARGS__, NULL})

/* A request whose body is what SENDER sends. */
static inline struct cairn_sender *fixture_channel(
    struct cairn_http_request *req, int64_t length, size_t capacity)
{
    struct cairn_channel channel;
    const struct cairn_channel_options options = {
        .size = sizeof(options), .capacity = capacity, .type = &cairn_http_chunk_type};
    assert_null(cairn_channel_new(&options, &channel));
    assert_int_equal(cairn_http_request_set_body(req, channel.receiver, length), 0);
    return channel.sender;
}

static inline void fixture_say(struct cairn_sender *sender, const char *text)
{
    struct cairn_http_chunk *chunk = cairn_http_chunk_new(text, strlen(text));
    assert_int_equal(cairn_sender_try_send(sender, chunk), CAIRN_READY);
}

static inline enum cairn_poll fixture_next(
    struct fixture *f, struct cairn_stream *stream, union cairn_outcome *out)
{
    const struct cairn_context cx = cairn_harness_context(&f->hand);
    return cairn_stream_poll_next(stream, &cx, out);
}

static inline void assert_chunk(struct fixture *f, struct cairn_stream *stream, const char *text)
{
    union cairn_outcome out;
    assert_int_equal(fixture_next(f, stream, &out), CAIRN_READY);
    struct cairn_http_chunk *chunk = out.value;
    assert_non_null(chunk);
    assert_int_equal(chunk->bytes.length, strlen(text));
    assert_memory_equal(chunk->bytes.data, text, strlen(text));
    cairn_http_chunk_free(chunk);
}

static inline void assert_stream_ends(struct fixture *f, struct cairn_stream *stream)
{
    union cairn_outcome out;
    assert_int_equal(fixture_next(f, stream, &out), CAIRN_READY);
    assert_null(out.value);
}

static inline void assert_stream_fails(
    struct fixture *f, struct cairn_stream *stream, enum cairn_error_code code)
{
    union cairn_outcome out;
    assert_int_equal(fixture_next(f, stream, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, code);
    cairn_error_unref(out.error);
}

static inline void assert_stream_waits(struct fixture *f, struct cairn_stream *stream)
{
    union cairn_outcome out;
    assert_int_equal(fixture_next(f, stream, &out), CAIRN_PENDING);
}

static inline void assert_fails(
    struct fixture *f, struct cairn_future *future, enum cairn_error_code code)
{
    union cairn_outcome out;
    assert_int_equal(cairn_harness_poll(&f->hand, future, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, code);
    cairn_error_unref(out.error);
}

static inline void *assert_ready(struct fixture *f, struct cairn_future *future)
{
    union cairn_outcome out;
    assert_int_equal(cairn_harness_poll(&f->hand, future, &out), CAIRN_READY);
    return out.value;
}

static inline void assert_str(struct cairn_str s, const char *expected)
{
    assert_int_equal(s.length, strlen(expected));
    assert_memory_equal(s.data, expected, s.length);
}

/* Uses up the arena's chunk and has the next allocation fail: the arena's, or anybody's. */
static inline void fixture_exhaust(struct fixture *f)
{
    do
        cairn_test_alloc_fail_at(1);
    while (cairn_arena_alloc_text(f->arena, 1));
    cairn_test_alloc_fail_at(1);
}

#endif
