#include "body_fixture.h"

#include <cairn/http/handler.h>
#include <cairn/layers/retry.h>
#include <cairn/layers/retry_standard.h>
#include <cairn/service/stack.h>

static struct cairn_http_request *clone(const struct cairn_http_request *req)
{
    return cairn_http_request_type.clone(req);
}

static void a_stream_as_it_came_cannot_be_copied(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    assert_int_equal(cairn_http_request_set_body(req, CHUNKS("a"), 1), 0);
    assert_null(clone(req));
}

static void every_copy_reads_from_the_first_byte_on(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    struct cairn_sender *sender = fixture_channel(req, -1, 4);
    assert_int_equal(cairn_http_body_replay(req, 0), 0);
    struct cairn_http_request *second = clone(req);
    assert_non_null(second);
    fixture_say(sender, "one");
    assert_chunk(f, &req->stream, "one");
    struct cairn_http_request *third = clone(req);
    fixture_say(sender, "two");
    assert_chunk(f, &second->stream, "one");
    assert_chunk(f, &second->stream, "two");
    assert_chunk(f, &third->stream, "one");
    assert_chunk(f, &req->stream, "two");
    cairn_sender_unref(sender);
    assert_stream_ends(f, &req->stream);
    assert_chunk(f, &third->stream, "two");
    assert_stream_ends(f, &third->stream);
    assert_stream_ends(f, &second->stream);
}

static void over_the_cap_one_reads_on_and_the_others_are_spent(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    assert_int_equal(cairn_http_request_set_body(req, CHUNKS("abc", "def", "g"), -1), 0);
    assert_int_equal(cairn_http_body_replay(req, 5), 0);
    struct cairn_http_request *copy = clone(req);
    assert_chunk(f, &req->stream, "abc");
    assert_false(cairn_type_is_spent(&cairn_http_request_type, copy));
    assert_chunk(f, &req->stream, "def");
    assert_true(cairn_type_is_spent(&cairn_http_request_type, copy));
    assert_false(cairn_type_is_spent(&cairn_http_request_type, req));
    assert_null(clone(req));
    assert_chunk(f, &req->stream, "g");
    assert_stream_ends(f, &req->stream);
    assert_chunk(f, &copy->stream, "abc");
    assert_stream_fails(f, &copy->stream, CAIRN_ERROR_TOO_LARGE);
}

static void all_who_wait_are_woken(void **state)
{
    struct fixture *f = *state;
    struct cairn_harness other;
    struct cairn_http_request *req = fixture_request(f);
    struct cairn_sender *sender = fixture_channel(req, -1, 4);
    union cairn_outcome out;
    cairn_harness_init(&other, f->runtime);
    assert_int_equal(cairn_http_body_replay(req, 0), 0);
    struct cairn_http_request *copy = clone(req);
    assert_stream_waits(f, &req->stream);
    const struct cairn_context cx = cairn_harness_context(&other);
    assert_int_equal(cairn_stream_poll_next(&copy->stream, &cx, &out), CAIRN_PENDING);
    fixture_say(sender, "one");
    assert_true(cairn_harness_is_woken(&other));
    /* Who asked last is gone before it reads: the first must not wait for ever. */
    cairn_http_request_type.drop(copy);
    assert_true(cairn_harness_is_woken(&f->hand));
    assert_chunk(f, &req->stream, "one");
    cairn_sender_unref(sender);
    cairn_http_request_type.drop(req);
    cairn_harness_fini(&other);
}

static void every_reader_learns_of_a_failure(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    struct cairn_error *error = cairn_error_new(CAIRN_ERROR_PROTOCOL, "test", NULL, "cut");
    assert_int_equal(cairn_http_request_set_body(req, cairn_stream_failed(error), -1), 0);
    assert_int_equal(cairn_http_body_replay(req, 0), 0);
    struct cairn_http_request *copy = clone(req);
    assert_stream_fails(f, &req->stream, CAIRN_ERROR_PROTOCOL);
    assert_stream_fails(f, &copy->stream, CAIRN_ERROR_PROTOCOL);
}

static void a_chunk_outlives_the_reader_that_gave_it(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    union cairn_outcome out;
    assert_int_equal(cairn_http_request_set_body(req, CHUNKS("abc"), -1), 0);
    assert_int_equal(cairn_http_body_replay(req, 0), 0);
    assert_int_equal(fixture_next(f, &req->stream, &out), CAIRN_READY);
    struct cairn_http_chunk *chunk = out.value;
    cairn_http_request_type.drop(req);
    assert_str(chunk->bytes, "abc");
    cairn_http_chunk_free(chunk);
}

static void nothing_leaks_without_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    union cairn_outcome out;
    struct cairn_stream stream = CHUNKS("abc");
    assert_int_equal(cairn_http_request_set_body(req, stream, -1), 0);
    fixture_exhaust(f);
    assert_int_equal(cairn_http_body_replay(req, 0), -1);
    cairn_test_alloc_fail_at(0);
    assert_int_equal(cairn_http_body_replay(req, 0), 0);
    fixture_exhaust(f);
    assert_null(clone(req));
    cairn_test_alloc_fail_at(1);
    assert_int_equal(fixture_next(f, &req->stream, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, CAIRN_ERROR_MEMORY);
    cairn_test_alloc_fail_at(0);
}

/* Until the arena needs memory from outside. Returns how many small pieces that were. */
static size_t fill_arena(struct fixture *f)
{
    size_t count = 0;
    cairn_test_alloc_fail_at(1);
    while (cairn_arena_alloc(f->arena, 16))
        count++;
    cairn_test_alloc_fail_at(0);
    return count;
}

static void nobody_reads_on_behind_a_chunk_that_was_lost(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    union cairn_outcome out;
    assert_int_equal(cairn_http_request_set_body(req, CHUNKS("one", "two", "three"), -1), 0);
    assert_int_equal(cairn_http_body_replay(req, 0), 0);
    struct cairn_http_request *copy = clone(req);
    assert_chunk(f, &req->stream, "one");
    fill_arena(f);
    cairn_test_alloc_fail_at(1);
    assert_int_equal(fixture_next(f, &req->stream, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, CAIRN_ERROR_MEMORY);
    cairn_test_alloc_fail_at(0);
    assert_chunk(f, &copy->stream, "one");
    assert_stream_fails(f, &copy->stream, CAIRN_ERROR_MEMORY);
}

static void a_body_is_what_it_was_when_there_is_no_memory_to_keep_it(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    assert_int_equal(cairn_http_request_set_body(req, CHUNKS("abc"), -1), 0);
    fill_arena(f);
    assert_non_null(cairn_arena_alloc(f->arena, 16));
    size_t pieces = fill_arena(f);
    int rc = -1;
    /* The one part fits into what is left, and the other does not. */
    for (size_t left = 0; rc != 0; left++) {
        fill_arena(f);
        assert_non_null(cairn_arena_alloc(f->arena, 16));
        for (size_t i = left; i < pieces; i++)
            assert_non_null(cairn_arena_alloc(f->arena, 16));
        cairn_test_alloc_fail_at(1);
        rc = cairn_http_body_replay(req, 0);
        cairn_test_alloc_fail_at(0);
    }
    assert_chunk(f, &req->stream, "abc");
    assert_stream_ends(f, &req->stream);
}

/* An upstream that fails before it has read the body, then reads it. */
struct upstream {
    int calls;
    size_t read_first; /* chunks that the first call reads before it fails */
};

struct upstream_call {
    struct upstream *upstream;
    struct cairn_http_request *req;
    struct cairn_future collecting;
    size_t left;
};

static struct cairn_error upstream_refused =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_UNAVAILABLE, "upstream", "refused");

static enum cairn_poll upstream_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct upstream_call *self = state;
    enum cairn_poll p;
    while (self->left) {
        p = cairn_stream_poll_next(&self->req->stream, cx, out);
        if (p)
            return p;
        cairn_http_chunk_free(out->value);
        self->left--;
        if (self->left == 0)
            break;
    }
    if (self->upstream->calls == 1 || self->upstream->read_first > 2) {
        out->error = &upstream_refused;
        return CAIRN_FAILED;
    }
    if (cairn_future_is_empty(&self->collecting))
        self->collecting = cairn_http_collect(self->req, 0);
    p = cairn_future_poll(&self->collecting, cx, out);
    if (p)
        return p;
    out->value = cairn_http_bytes(self->req, 200, NULL, self->req->body);
    return CAIRN_READY;
}

static void upstream_drop(void *state)
{
    cairn_future_drop(&((struct upstream_call *)state)->collecting);
}

static const struct cairn_future_ops upstream_ops = {.name = "upstream",
    .size = sizeof(struct upstream_call),
    .poll = upstream_poll,
    .drop = upstream_drop};

static struct cairn_future upstream_handle(struct cairn_http_request *req, void *state)
{
    struct upstream *upstream = state;
    size_t left = ++upstream->calls == 1 ? upstream->read_first : 0;
    return cairn_future_box(
        &upstream_ops, &(struct upstream_call){upstream, req, {NULL, NULL}, left});
}

/* M-30. Returns the outcome of a call through retry with three attempts. */
static enum cairn_poll try_upstream(struct fixture *f, struct upstream *upstream,
    struct cairn_http_request *req, union cairn_outcome *out)
{
    struct cairn_service *service = cairn_stack(
        cairn_http_stream_handler(upstream_handle, upstream), cairn_retry(.attempts = 3));
    struct cairn_error *error = NULL;
    assert_int_equal(cairn_harness_poll_ready(&f->hand, service, &error), CAIRN_READY);
    struct cairn_future future = cairn_service_call(service, req);
    enum cairn_poll p;
    while ((p = cairn_harness_poll(&f->hand, &future, out)) == CAIRN_PENDING)
        cairn_test_clock_advance_ms(&f->clock, f->runtime, 1000);
    cairn_service_drop(service);
    return p;
}

static void retry_sends_the_whole_body_again(void **state)
{
    struct fixture *f = *state;
    struct upstream upstream = {.read_first = 1};
    struct cairn_http_request *req = fixture_request(f);
    union cairn_outcome out;
    req->method = CAIRN_HTTP_PUT;
    assert_int_equal(cairn_http_request_set_body(req, CHUNKS("one", "two"), 6), 0);
    assert_int_equal(cairn_http_body_replay(req, 0), 0);
    assert_int_equal(try_upstream(f, &upstream, req, &out), CAIRN_READY);
    assert_str(((struct cairn_http_response *)out.value)->body, "onetwo");
    assert_int_equal(upstream.calls, 2);
}

static void retry_gives_up_on_a_body_over_the_cap(void **state)
{
    struct fixture *f = *state;
    struct upstream upstream = {.read_first = 2};
    struct cairn_http_request *req = fixture_request(f);
    union cairn_outcome out;
    assert_int_equal(cairn_http_request_set_body(req, CHUNKS("one", "two"), 6), 0);
    assert_int_equal(cairn_http_body_replay(req, 4), 0);
    assert_int_equal(try_upstream(f, &upstream, req, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, CAIRN_ERROR_UNAVAILABLE);
    assert_int_equal(upstream.calls, 1);
}

static void retry_sends_a_stream_that_cannot_be_read_again_once(void **state)
{
    struct fixture *f = *state;
    struct upstream upstream = {.read_first = 0};
    struct cairn_http_request *req = fixture_request(f);
    union cairn_outcome out;
    assert_int_equal(cairn_http_request_set_body(req, CHUNKS("one"), 3), 0);
    assert_int_equal(try_upstream(f, &upstream, req, &out), CAIRN_FAILED);
    assert_int_equal(upstream.calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_stream_as_it_came_cannot_be_copied),
        fixture_test(every_copy_reads_from_the_first_byte_on),
        fixture_test(over_the_cap_one_reads_on_and_the_others_are_spent),
        fixture_test(all_who_wait_are_woken),
        fixture_test(every_reader_learns_of_a_failure),
        fixture_test(a_chunk_outlives_the_reader_that_gave_it),
        fixture_test(nothing_leaks_without_memory),
        fixture_test(nobody_reads_on_behind_a_chunk_that_was_lost),
        fixture_test(a_body_is_what_it_was_when_there_is_no_memory_to_keep_it),
        fixture_test(retry_sends_the_whole_body_again),
        fixture_test(retry_gives_up_on_a_body_over_the_cap),
        fixture_test(retry_sends_a_stream_that_cannot_be_read_again_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
