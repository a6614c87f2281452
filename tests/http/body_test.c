#include "body_fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void collects_a_stream_into_the_arena(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    assert_int_equal(cairn_http_request_set_body(req, CHUNKS("one", "two", "three"), 11), 0);
    assert_false(cairn_http_is_collected(req));
    assert_int_equal(cairn_http_request_length(req), 11);
    struct cairn_future future = cairn_http_collect(req, 0);
    assert_ptr_equal(assert_ready(f, &future), req);
    assert_true(cairn_http_is_collected(req));
    assert_str(req->body, "onetwothree");
    assert_int_equal(cairn_http_request_length(req), 11);
}

static void collects_what_is_whole_without_a_box(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    req->body = CAIRN_STR("whole");
    struct cairn_future future = cairn_http_collect(req, 5);
    assert_true(cairn_future_is_complete(&future));
    assert_ptr_equal(assert_ready(f, &future), req);
    future = cairn_http_collect(req, 4);
    assert_fails(f, &future, CAIRN_ERROR_TOO_LARGE);
}

static void refuses_a_body_over_the_limit_before_it_reads(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    struct cairn_sender *sender = fixture_channel(req, 4, 4);
    fixture_say(sender, "abcd");
    req->body_limit = 3;
    struct cairn_future future = cairn_http_collect(req, 0);
    assert_true(cairn_future_is_complete(&future));
    assert_fails(f, &future, CAIRN_ERROR_TOO_LARGE);
    assert_int_equal(cairn_sender_queued(sender), 1);
    req->stream_length = -1;
    future = cairn_http_collect(req, 0);
    assert_fails(f, &future, CAIRN_ERROR_TOO_LARGE);
    cairn_sender_unref(sender);
}

static void the_limit_is_two_mebibytes_where_nobody_says_otherwise(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    assert_int_equal(cairn_http_request_set_body(req, CHUNKS("x"), 2 * 1024 * 1024 + 1), 0);
    struct cairn_future future = cairn_http_collect(req, 0);
    assert_fails(f, &future, CAIRN_ERROR_TOO_LARGE);
    req->stream_length = 2 * 1024 * 1024;
    future = cairn_http_collect(req, 0);
    assert_ready(f, &future);
}

static void waits_for_what_has_not_come(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    struct cairn_sender *sender = fixture_channel(req, -1, 4);
    union cairn_outcome out;
    struct cairn_future future = cairn_http_collect(req, 0);
    fixture_say(sender, "a");
    assert_int_equal(cairn_harness_poll(&f->hand, &future, &out), CAIRN_PENDING);
    fixture_say(sender, "b");
    assert_true(cairn_harness_is_woken(&f->hand));
    assert_int_equal(cairn_harness_poll(&f->hand, &future, &out), CAIRN_PENDING);
    cairn_sender_unref(sender);
    assert_ready(f, &future);
    assert_str(req->body, "ab");
}

static void passes_the_failure_of_the_stream_on(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    static struct cairn_error broke = CAIRN_ERROR_STATIC(CAIRN_ERROR_PROTOCOL, "test", "broke");
    assert_int_equal(cairn_http_request_set_body(req, cairn_stream_failed(&broke), -1), 0);
    struct cairn_future future = cairn_http_collect(req, 0);
    assert_fails(f, &future, CAIRN_ERROR_PROTOCOL);
    assert_int_equal(cairn_http_request_set_body(req, cairn_stream_failed(&broke), -1), 0);
    future = cairn_http_discard(req);
    assert_fails(f, &future, CAIRN_ERROR_PROTOCOL);
}

static void discards_to_the_end(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    struct cairn_sender *sender = fixture_channel(req, -1, 4);
    union cairn_outcome out;
    fixture_say(sender, "a");
    struct cairn_future future = cairn_http_discard(req);
    assert_int_equal(cairn_harness_poll(&f->hand, &future, &out), CAIRN_PENDING);
    assert_int_equal(cairn_sender_queued(sender), 0);
    cairn_sender_unref(sender);
    assert_null(assert_ready(f, &future));
    req->body = CAIRN_STR("whole");
    future = cairn_http_discard(req);
    assert_null(assert_ready(f, &future));
    assert_int_equal(req->body.length, 0);
}

static void takes_any_kind_of_body_as_a_stream(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    struct cairn_stream none = cairn_http_request_take_body(req);
    assert_stream_ends(f, &none);
    req->body = CAIRN_STR("bytes");
    struct cairn_stream bytes = cairn_http_request_take_body(req);
    assert_int_equal(cairn_http_request_length(req), 0);
    assert_chunk(f, &bytes, "bytes");
    assert_stream_ends(f, &bytes);
    assert_int_equal(cairn_http_request_set_body(req, CHUNKS("a", "b"), 2), 0);
    struct cairn_stream stream = cairn_http_request_take_body(req);
    assert_true(cairn_http_is_collected(req));
    assert_chunk(f, &stream, "a");
    assert_chunk(f, &stream, "b");
    assert_stream_ends(f, &stream);
}

static int temporary_file(const char *text)
{
    char path[] = "/tmp/cairn_body_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    return fd;
}

static void takes_a_file_as_a_stream_and_sees_when_it_was_cut(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    int fd = temporary_file("0123456789");
    struct cairn_http_response *res = cairn_http_file(req, 200, "text/plain", fd, 2, 5);
    assert_int_equal(cairn_http_response_length(res), 5);
    struct cairn_stream stream = cairn_http_response_take_body(res);
    assert_null(res->file);
    assert_chunk(f, &stream, "23456");
    assert_stream_ends(f, &stream);
    res = cairn_http_file(req, 200, "text/plain", dup(fd), 8, 5);
    stream = cairn_http_response_take_body(res);
    assert_chunk(f, &stream, "89");
    assert_stream_fails(f, &stream, CAIRN_ERROR_SYSTEM);
}

static void a_response_takes_another_body_in_place_of_its_own(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_response *res = cairn_http_text(fixture_request(f), 200, "old");
    assert_int_equal(cairn_http_response_set_body(res, CHUNKS("first"), 5), 0);
    assert_int_equal(cairn_http_response_set_body(res, CHUNKS("new"), 3), 0);
    assert_int_equal(cairn_http_response_length(res), 3);
    assert_int_equal(res->body.length, 0);
    struct cairn_stream stream = cairn_http_response_take_body(res);
    assert_chunk(f, &stream, "new");
    cairn_stream_drop(&stream);
}

static struct cairn_http_chunk *shout(void *cx, struct cairn_http_chunk *chunk)
{
    int *calls = cx;
    char text[16];
    ++*calls;
    memcpy(text, chunk->bytes.data, chunk->bytes.length);
    text[chunk->bytes.length] = '!';
    struct cairn_http_chunk *louder = cairn_http_chunk_new(text, chunk->bytes.length + 1);
    cairn_http_chunk_free(chunk);
    return louder;
}

static struct cairn_http_chunk *give_up(void *cx, struct cairn_http_chunk *chunk)
{
    (void)cx;
    cairn_http_chunk_free(chunk);
    return NULL;
}

static void maps_chunk_by_chunk(void **state)
{
    struct fixture *f = *state;
    int calls = 0;
    struct cairn_stream stream = cairn_http_body_map(CHUNKS("a", "b"), shout, &calls);
    assert_chunk(f, &stream, "a!");
    assert_int_equal(calls, 1);
    assert_chunk(f, &stream, "b!");
    assert_stream_ends(f, &stream);
    stream = cairn_http_body_map(CHUNKS("a", "b"), give_up, NULL);
    assert_stream_fails(f, &stream, CAIRN_ERROR_MEMORY);
}

static void a_limit_fails_the_first_chunk_that_is_too_much(void **state)
{
    struct fixture *f = *state;
    struct cairn_stream stream = cairn_http_body_limit(CHUNKS("abc", "de"), 5);
    assert_chunk(f, &stream, "abc");
    assert_chunk(f, &stream, "de");
    assert_stream_ends(f, &stream);
    stream = cairn_http_body_limit(CHUNKS("abc", "de"), 4);
    assert_chunk(f, &stream, "abc");
    assert_stream_fails(f, &stream, CAIRN_ERROR_TOO_LARGE);
}

static void a_deadline_counts_from_the_call(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    struct cairn_sender *sender = fixture_channel(req, -1, 4);
    struct cairn_stream stream =
        cairn_http_body_deadline(cairn_http_request_take_body(req), 100, CAIRN_ERROR_SLOW);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 60);
    fixture_say(sender, "a");
    assert_chunk(f, &stream, "a");
    assert_stream_waits(f, &stream);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 39);
    assert_false(cairn_harness_is_woken(&f->hand));
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 1);
    assert_true(cairn_harness_is_woken(&f->hand));
    assert_stream_fails(f, &stream, CAIRN_ERROR_SLOW);
    cairn_sender_unref(sender);
}

static void an_idle_timeout_begins_anew_with_each_chunk(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    struct cairn_sender *sender = fixture_channel(req, -1, 4);
    struct cairn_stream stream =
        cairn_http_body_idle_timeout(cairn_http_request_take_body(req), 100, CAIRN_ERROR_ELAPSED);
    for (int i = 0; i < 3; i++) {
        assert_stream_waits(f, &stream);
        cairn_test_clock_advance_ms(&f->clock, f->runtime, 99);
        fixture_say(sender, "a");
        assert_chunk(f, &stream, "a");
    }
    /* Time in which nobody asks does not count. */
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 1000);
    assert_stream_waits(f, &stream);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 100);
    assert_stream_fails(f, &stream, CAIRN_ERROR_ELAPSED);
    cairn_sender_unref(sender);
}

struct ended {
    int calls;
    int code;
};

static void see_end(void *cx, const struct cairn_error *error)
{
    struct ended *ended = cx;
    ended->calls++;
    ended->code = error ? (int)error->code : 0;
}

static void tells_once_how_a_body_ended(void **state)
{
    struct fixture *f = *state;
    struct ended ended = {0, -1};
    struct cairn_stream stream = cairn_http_body_on_end(CHUNKS("a"), see_end, &ended);
    assert_chunk(f, &stream, "a");
    assert_int_equal(ended.calls, 0);
    assert_stream_ends(f, &stream);
    assert_int_equal(ended.calls, 1);
    assert_int_equal(ended.code, 0);
    stream = cairn_http_body_on_end(CHUNKS("a"), see_end, &ended);
    cairn_stream_drop(&stream);
    assert_int_equal(ended.calls, 2);
    assert_int_equal(ended.code, CAIRN_ERROR_CANCELLED);
    stream = cairn_http_body_on_end(cairn_stream_failed(&cairn_error_no_memory), see_end, &ended);
    assert_stream_fails(f, &stream, CAIRN_ERROR_MEMORY);
    assert_int_equal(ended.calls, 3);
    assert_int_equal(ended.code, CAIRN_ERROR_MEMORY);
}

static void saves_to_a_file(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    char text[16] = "";
    int fd = temporary_file("");
    assert_int_equal(cairn_http_request_set_body(req, CHUNKS("one", "two"), -1), 0);
    struct cairn_future future = cairn_http_save(req, NULL, fd, 6);
    assert_int_equal(*(int64_t *)assert_ready(f, &future), 6);
    assert_int_equal(pread(fd, text, sizeof(text), 0), 6);
    assert_string_equal(text, "onetwo");
    assert_int_equal(cairn_http_request_set_body(req, CHUNKS("one", "two"), -1), 0);
    future = cairn_http_save(req, NULL, fd, 5);
    assert_fails(f, &future, CAIRN_ERROR_TOO_LARGE);
    close(fd);
    int full = open("/dev/full", O_WRONLY);
    assert_int_equal(cairn_http_request_set_body(req, CHUNKS("one"), -1), 0);
    future = cairn_http_save(req, NULL, full, 0);
    assert_fails(f, &future, CAIRN_ERROR_SYSTEM);
    close(full);
}

static void every_wrapper_fails_without_memory(void **state)
{
    struct fixture *f = *state;
    int calls = 0;
    struct ended ended = {0, 0};
    for (int i = 0; i < 5; i++) {
        struct cairn_stream inner = CHUNKS("a");
        struct cairn_stream stream;
        cairn_test_alloc_fail_at(1);
        if (i == 0)
            stream = cairn_http_body_map(inner, shout, &calls);
        else if (i == 1)
            stream = cairn_http_body_limit(inner, 1);
        else if (i == 2)
            stream = cairn_http_body_deadline(inner, 1, CAIRN_ERROR_SLOW);
        else if (i == 3)
            stream = cairn_http_body_idle_timeout(inner, 1, CAIRN_ERROR_SLOW);
        else
            stream = cairn_http_body_on_end(inner, see_end, &ended);
        cairn_test_alloc_fail_at(0);
        assert_stream_fails(f, &stream, CAIRN_ERROR_MEMORY);
    }
    assert_int_equal(ended.calls, 1);
}

static void bodies_are_dropped_when_the_arena_has_no_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    struct cairn_http_response *res = cairn_http_text(req, 200, "text");
    struct cairn_stream a = CHUNKS("a");
    struct cairn_stream b = CHUNKS("b");
    req->body = CAIRN_STR("whole");
    fixture_exhaust(f);
    assert_int_equal(cairn_http_request_set_body(req, a, 1), -1);
    cairn_test_alloc_fail_at(1);
    assert_int_equal(cairn_http_response_set_body(res, b, 1), -1);
    cairn_test_alloc_fail_at(1);
    struct cairn_stream stream = cairn_http_request_take_body(req);
    cairn_test_alloc_fail_at(0);
    assert_stream_fails(f, &stream, CAIRN_ERROR_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(collects_a_stream_into_the_arena),
        fixture_test(collects_what_is_whole_without_a_box),
        fixture_test(refuses_a_body_over_the_limit_before_it_reads),
        fixture_test(the_limit_is_two_mebibytes_where_nobody_says_otherwise),
        fixture_test(waits_for_what_has_not_come),
        fixture_test(passes_the_failure_of_the_stream_on),
        fixture_test(discards_to_the_end),
        fixture_test(takes_any_kind_of_body_as_a_stream),
        fixture_test(takes_a_file_as_a_stream_and_sees_when_it_was_cut),
        fixture_test(a_response_takes_another_body_in_place_of_its_own),
        fixture_test(maps_chunk_by_chunk),
        fixture_test(a_limit_fails_the_first_chunk_that_is_too_much),
        fixture_test(a_deadline_counts_from_the_call),
        fixture_test(an_idle_timeout_begins_anew_with_each_chunk),
        fixture_test(tells_once_how_a_body_ended),
        fixture_test(saves_to_a_file),
        fixture_test(every_wrapper_fails_without_memory),
        fixture_test(bodies_are_dropped_when_the_arena_has_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
