#include "body_fixture.h"

#include <cairn/http/sse.h>
#include <cairn/service/random.h>

static void assert_event(struct cairn_sse_event event, const char *expected)
{
    struct cairn_http_chunk *chunk = cairn_sse_chunk(&event);
    assert_non_null(chunk);
    assert_str(chunk->bytes, expected);
    cairn_http_chunk_free(chunk);
}

static void writes_each_part_on_lines_of_its_own(void **state)
{
    (void)state;
    assert_event((struct cairn_sse_event){.data = CAIRN_STR("hello")}, "data: hello\n\n");
    assert_event((struct cairn_sse_event){.event = CAIRN_STR("tick"),
                     .data = CAIRN_STR("1"),
                     .id = CAIRN_STR("7"),
                     .comment = CAIRN_STR("note"),
                     .retry_ms = 1500},
        ": note\nretry: 1500\nid: 7\nevent: tick\ndata: 1\n\n");
    assert_event((struct cairn_sse_event){.id = CAIRN_STR("")}, "id: \n\n");
    assert_event((struct cairn_sse_event){.data = CAIRN_STR("")}, "data: \n\n");
}

static void every_line_of_the_data_is_a_line(void **state)
{
    (void)state;
    assert_event((struct cairn_sse_event){.data = CAIRN_STR("a\nb\r\nc\rd")},
        "data: a\ndata: b\ndata: c\ndata: d\n\n");
    assert_event((struct cairn_sse_event){.data = CAIRN_STR("a\n")}, "data: a\ndata: \n\n");
    assert_event((struct cairn_sse_event){.data = CAIRN_STR("a\n\nevent: evil\n\n")},
        "data: a\ndata: \ndata: event: evil\ndata: \ndata: \n\n");
    assert_event(
        (struct cairn_sse_event){.comment = CAIRN_STR("x\ndata: y")}, ": x\n: data: y\n\n");
}

static void refuses_a_name_or_an_id_of_two_lines(void **state)
{
    static const char *const bad[] = {"a\nb", "a\rb", "\n"};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct cairn_sse_event event = {.event = cairn_str_from(bad[i])};
        assert_null(cairn_sse_chunk(&event));
        event = (struct cairn_sse_event){.id = cairn_str_from(bad[i])};
        assert_null(cairn_sse_chunk(&event));
    }
    struct cairn_sse_event event = {.id = cairn_str_of("a\0b", 3)};
    assert_null(cairn_sse_chunk(&event));
}

/* What a client does: WHATWG HTML 9.2.6, as far as one event with data goes. */
static size_t client_data(struct cairn_str stream, char *data)
{
    size_t length = 0;
    size_t lines = 0;
    size_t at = 0;
    while (at < stream.length) {
        size_t end = at;
        while (stream.data[end] != '\n' && stream.data[end] != '\r')
            end++;
        if (end == at)
            break;
        if (end - at >= 6 && memcmp(stream.data + at, "data: ", 6) == 0) {
            if (lines++)
                data[length++] = '\n';
            memcpy(data + length, stream.data + at + 6, end - at - 6);
            length += end - at - 6;
        }
        at = end + 1;
    }
    return length;
}

static void a_client_reads_back_what_was_sent(void **state)
{
    static const char alphabet[] = "ab:\n\r d";
    struct cairn_random random;
    char text[24];
    char wanted[64];
    char got[256];
    (void)state;
    cairn_random_init(&random, 7);
    for (int round = 0; round < 100000; round++) {
        size_t length = cairn_random_range(&random, 0, sizeof(text));
        size_t count = 0;
        for (size_t i = 0; i < length; i++)
            text[i] = alphabet[cairn_random_range(&random, 0, sizeof(alphabet) - 1)];
        for (size_t i = 0; i < length; i++) {
            bool is_end = text[i] == '\r' || text[i] == '\n';
            if (text[i] == '\r' && i + 1 < length && text[i + 1] == '\n')
                i++;
            wanted[count++] = is_end ? '\n' : text[i];
        }
        const struct cairn_sse_event event = {.data = cairn_str_of(text, length)};
        struct cairn_http_chunk *chunk = cairn_sse_chunk(&event);
        assert_int_equal(client_data(chunk->bytes, got), count);
        assert_memory_equal(got, wanted, count);
        cairn_http_chunk_free(chunk);
    }
}

static void answers_with_the_events_as_they_come(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    struct cairn_http_response *res = cairn_http_sse(req, CHUNKS("data: a\n\n"), NULL);
    assert_str(cairn_http_fields_get(&res->fields, CAIRN_STR("content-type")), "text/event-stream");
    assert_str(cairn_http_fields_get(&res->fields, CAIRN_STR("cache-control")), "no-cache");
    assert_int_equal(cairn_http_response_length(res), -1);
    assert_chunk(f, &res->stream, "data: a\n\n");
    assert_stream_ends(f, &res->stream);
}

static void a_comment_keeps_a_silent_stream_alive(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    struct cairn_sender *sender = fixture_channel(req, -1, 4);
    const struct cairn_sse_options options = {.size = sizeof(options), .keep_alive = "still here"};
    struct cairn_http_response *res =
        cairn_http_sse(req, cairn_http_request_take_body(req), &options);
    assert_stream_waits(f, &res->stream);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 14999);
    fixture_say(sender, "data: a\n\n");
    assert_chunk(f, &res->stream, "data: a\n\n");
    assert_stream_waits(f, &res->stream);
    (void)cairn_harness_is_woken(&f->hand);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 14999);
    assert_false(cairn_harness_is_woken(&f->hand));
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 1);
    assert_true(cairn_harness_is_woken(&f->hand));
    assert_chunk(f, &res->stream, ": still here\n\n");
    assert_stream_waits(f, &res->stream);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 15000);
    assert_chunk(f, &res->stream, ": still here\n\n");
    cairn_sender_unref(sender);
    assert_stream_ends(f, &res->stream);
}

static void nothing_is_left_without_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    const struct cairn_sse_event event = {.data = CAIRN_STR("a")};
    cairn_test_alloc_fail_at(1);
    assert_null(cairn_sse_chunk(&event));
    struct cairn_stream events = CHUNKS("data: a\n\n");
    fixture_exhaust(f);
    cairn_test_alloc_fail_at(2);
    assert_null(cairn_http_sse(req, events, NULL));
    cairn_test_alloc_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_each_part_on_lines_of_its_own),
        cmocka_unit_test(every_line_of_the_data_is_a_line),
        cmocka_unit_test(refuses_a_name_or_an_id_of_two_lines),
        cmocka_unit_test(a_client_reads_back_what_was_sent),
        fixture_test(answers_with_the_events_as_they_come),
        fixture_test(a_comment_keeps_a_silent_stream_alive),
        fixture_test(nothing_is_left_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
