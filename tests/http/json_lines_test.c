#include "body_fixture.h"

#include <math.h>

#include <cairn/http/json_lines.h>

struct point {
    double x;
    struct cairn_str name;
};
static const struct cairn_field point_fields[] = {
    CAIRN_FIELD_DOUBLE(struct point, x), CAIRN_FIELD_STRING(struct point, name)};
static const struct cairn_record point_record = CAIRN_RECORD(struct point, point_fields);

static size_t dropped;

static void drop_point(void *value)
{
    (void)value;
    dropped++;
}

static const struct cairn_type point_type = {.name = "point", .drop = drop_point};

static struct point points[] = {
    {0.5, CAIRN_STR_INIT("a")}, {1, CAIRN_STR_INIT("b\n")}, {2, CAIRN_STR_INIT("c")}};

static struct cairn_stream some_points(size_t count)
{
    void *values[] = {&points[0], &points[1], &points[2]};
    dropped = 0;
    return cairn_stream_from_array(values, count, &point_type);
}

static struct cairn_http_response *point_lines(struct fixture *f, struct cairn_stream values)
{
    return cairn_http_record_lines(fixture_request(f), 200, values, &point_type, &point_record);
}

static void values_that_are_there_are_lines_of_one_chunk(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_response *res = point_lines(f, some_points(3));
    assert_str(
        cairn_http_fields_get(&res->fields, CAIRN_STR("content-type")), "application/x-ndjson");
    assert_int_equal(res->stream_length, -1);
    assert_chunk(f, &res->stream,
        "{\"x\":0.5,\"name\":\"a\"}\n{\"x\":1.0,\"name\":\"b\\u000a\"}\n{\"x\":2.0,\"name\":\"c\"}"
        "\n");
    assert_int_equal(dropped, 3);
    assert_stream_ends(f, &res->stream);
}

static void nothing_is_an_empty_body(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_response *res = point_lines(f, some_points(0));
    assert_stream_ends(f, &res->stream);
}

static void what_is_there_is_sent_before_more_is_waited_for(void **state)
{
    struct fixture *f = *state;
    struct cairn_channel channel;
    union cairn_outcome out;
    const struct cairn_channel_options options = {
        .size = sizeof(options), .capacity = 4, .type = &point_type};
    assert_null(cairn_channel_new(&options, &channel));
    struct cairn_http_response *res = point_lines(f, channel.receiver);
    dropped = 0;
    assert_int_equal(fixture_next(f, &res->stream, &out), CAIRN_PENDING);
    assert_int_equal(cairn_sender_try_send(channel.sender, &points[0]), CAIRN_READY);
    assert_true(cairn_harness_is_woken(&f->hand));
    assert_chunk(f, &res->stream, "{\"x\":0.5,\"name\":\"a\"}\n");
    assert_int_equal(fixture_next(f, &res->stream, &out), CAIRN_PENDING);
    assert_int_equal(cairn_sender_try_send(channel.sender, &points[2]), CAIRN_READY);
    cairn_sender_unref(channel.sender);
    assert_true(cairn_harness_is_woken(&f->hand));
    assert_chunk(f, &res->stream, "{\"x\":2.0,\"name\":\"c\"}\n");
    assert_stream_ends(f, &res->stream);
    assert_int_equal(dropped, 2);
}

static void write_long(void *cx, struct cairn_json_writer *w, const void *value)
{
    (void)value;
    cairn_json_string(w, *(const struct cairn_str *)cx);
}

static void a_chunk_ends_at_8_kib(void **state)
{
    struct fixture *f = *state;
    static char text[5000];
    struct cairn_str s = cairn_str_of(text, sizeof(text));
    union cairn_outcome out;
    memset(text, 'x', sizeof(text));
    struct cairn_http_response *res =
        cairn_http_json_lines(fixture_request(f), 200, some_points(3), &point_type, write_long, &s);
    assert_int_equal(fixture_next(f, &res->stream, &out), CAIRN_READY);
    const struct cairn_http_chunk *chunk = out.value;
    assert_int_equal(chunk->bytes.length, 2 * 5003);
    assert_int_equal(dropped, 2);
    cairn_http_chunk_free(out.value);
    cairn_stream_drop(&res->stream);
    assert_int_equal(dropped, 3);
}

/* Two values, then a failure. */
struct failing {
    size_t count;
};
static enum cairn_poll failing_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct failing *self = state;
    (void)cx;
    if (self->count == 2) {
        out->error = cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "test", NULL, "gone");
        return CAIRN_FAILED;
    }
    out->value = &points[self->count++];
    return CAIRN_READY;
}

static const struct cairn_stream_ops failing_ops = {
    .name = "failing", .size = sizeof(struct failing), .poll_next = failing_poll_next};

static void a_failure_comes_behind_what_was_there(void **state)
{
    struct fixture *f = *state;
    struct cairn_stream values = cairn_stream_box(&failing_ops, &(struct failing){0});
    struct cairn_http_response *res = point_lines(f, values);
    assert_chunk(
        f, &res->stream, "{\"x\":0.5,\"name\":\"a\"}\n{\"x\":1.0,\"name\":\"b\\u000a\"}\n");
    assert_stream_fails(f, &res->stream, CAIRN_ERROR_UNAVAILABLE);
    /* Or it is dropped with the stream. */
    values = cairn_stream_box(&failing_ops, &(struct failing){0});
    res = point_lines(f, values);
    assert_chunk(
        f, &res->stream, "{\"x\":0.5,\"name\":\"a\"}\n{\"x\":1.0,\"name\":\"b\\u000a\"}\n");
}

static void what_cannot_be_written_fails_the_stream(void **state)
{
    struct fixture *f = *state;
    static struct point nan_point;
    void *values[] = {&points[0], &nan_point};
    nan_point.x = NAN;
    dropped = 0;
    struct cairn_http_response *res =
        point_lines(f, cairn_stream_from_array(values, 2, &point_type));
    assert_stream_fails(f, &res->stream, CAIRN_ERROR_INTERNAL);
    assert_int_equal(dropped, 2);
}

static void answer_with_what_memory_there_is(void *cx)
{
    (void)cx;
    cairn_test_alloc_exempt(true);
    struct cairn_harness hand;
    cairn_harness_init(&hand, NULL);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    struct cairn_stream values = some_points(3);
    cairn_test_alloc_exempt(false);
    const struct cairn_context context = cairn_harness_context(&hand);
    union cairn_outcome out;
    struct cairn_http_response *res =
        cairn_http_record_lines(req, 200, values, &point_type, &point_record);
    if (res && cairn_stream_poll_next(&res->stream, &context, &out) == CAIRN_READY) {
        assert_false(cairn_test_alloc_has_failed());
        cairn_http_chunk_free(out.value);
    } else {
        assert_true(cairn_test_alloc_has_failed());
    }
    cairn_arena_free(arena);
    assert_int_equal(dropped, 3);
    cairn_harness_fini(&hand);
}

static void fails_without_memory(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(answer_with_what_memory_there_is, NULL) > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(values_that_are_there_are_lines_of_one_chunk),
        fixture_test(nothing_is_an_empty_body),
        fixture_test(what_is_there_is_sent_before_more_is_waited_for),
        fixture_test(a_chunk_ends_at_8_kib),
        fixture_test(a_failure_comes_behind_what_was_there),
        fixture_test(what_cannot_be_written_fails_the_stream),
        cmocka_unit_test(fails_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
