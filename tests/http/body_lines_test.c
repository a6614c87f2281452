#include "body_fixture.h"

#include <stdlib.h>

#include <cairn/http/json_lines.h>
#include <cairn/service/random.h>

static void lines_come_without_their_ends(void **state)
{
    struct fixture *f = *state;
    struct cairn_stream lines =
        cairn_http_body_lines(CHUNKS("{\"a\":1}\n[2]\r\n", "3", "\n\"", "4\"\n", "5"), 0);
    assert_chunk(f, &lines, "{\"a\":1}");
    assert_chunk(f, &lines, "[2]");
    assert_chunk(f, &lines, "3");
    assert_chunk(f, &lines, "\"4\"");
    assert_chunk(f, &lines, "5");
    assert_stream_ends(f, &lines);
}

static void blank_lines_are_passed_over(void **state)
{
    struct fixture *f = *state;
    struct cairn_stream lines = cairn_http_body_lines(CHUNKS("\n\n \t\r\n1\n\r", "\n", " "), 0);
    assert_chunk(f, &lines, "1");
    assert_stream_ends(f, &lines);
    lines = cairn_http_body_lines((struct cairn_stream){0}, 0);
    assert_stream_ends(f, &lines);
}

static void a_line_over_the_limit_fails_in_one_chunk_or_in_many(void **state)
{
    struct fixture *f = *state;
    struct cairn_stream lines = cairn_http_body_lines(CHUNKS("1234\n12345\n"), 4);
    assert_chunk(f, &lines, "1234");
    assert_stream_fails(f, &lines, CAIRN_ERROR_TOO_LARGE);
    lines = cairn_http_body_lines(CHUNKS("12", "34\n", "12", "345\n"), 4);
    assert_chunk(f, &lines, "1234");
    assert_stream_fails(f, &lines, CAIRN_ERROR_TOO_LARGE);
    lines = cairn_http_body_lines(CHUNKS("12", "345"), 4);
    assert_stream_fails(f, &lines, CAIRN_ERROR_TOO_LARGE);
}

static void the_limit_is_64_kib_where_nothing_is_said(void **state)
{
    struct fixture *f = *state;
    static char text[64 * 1024 + 2];
    memset(text, 'x', sizeof(text) - 1);
    struct cairn_stream lines = cairn_http_body_lines(CHUNKS(text), 0);
    assert_stream_fails(f, &lines, CAIRN_ERROR_TOO_LARGE);
    text[64 * 1024] = '\0';
    lines = cairn_http_body_lines(CHUNKS(text), 0);
    assert_chunk(f, &lines, text);
    cairn_stream_drop(&lines);
}

static void waits_for_the_rest_of_a_line(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f);
    struct cairn_sender *sender = fixture_channel(req, -1, 4);
    union cairn_outcome out;
    struct cairn_stream lines = cairn_http_body_lines(cairn_http_request_take_body(req), 0);
    fixture_say(sender, "1");
    assert_int_equal(fixture_next(f, &lines, &out), CAIRN_PENDING);
    fixture_say(sender, "2\n3");
    assert_chunk(f, &lines, "12");
    assert_int_equal(fixture_next(f, &lines, &out), CAIRN_PENDING);
    cairn_stream_drop(&lines); /* with a line that has begun */
    cairn_sender_unref(sender);
}

static void passes_a_failure_on(void **state)
{
    struct fixture *f = *state;
    struct cairn_stream lines =
        cairn_http_body_lines(cairn_http_body_limit(CHUNKS("1\n", "2\n"), 2), 0);
    assert_chunk(f, &lines, "1");
    assert_stream_fails(f, &lines, CAIRN_ERROR_TOO_LARGE);
}

static struct cairn_random dice = {1};

static size_t random_below(size_t n)
{
    return (size_t)cairn_random_range(&dice, 0, n);
}

/* The lines of TEXT, joined by bars. */
static void naive_lines(const char *text, char *out)
{
    *out = '\0';
    while (*text) {
        size_t length = strcspn(text, "\n");
        size_t kept = length > 0 && text[length - 1] == '\r' ? length - 1 : length;
        if (strspn(text, " \r") < kept) {
            strncat(out, text, kept);
            strcat(out, "|");
        }
        text += length + (text[length] == '\n');
    }
}

static struct cairn_stream cut_at_random(const char *text)
{
    void *chunks[32];
    size_t count = 0;
    size_t most = 1 + random_below(6);
    while (*text) {
        size_t length = 1 + random_below(most);
        if (length > strlen(text))
            length = strlen(text);
        chunks[count++] = cairn_http_chunk_new(text, length);
        text += length;
    }
    return cairn_stream_from_array(chunks, count, &cairn_http_chunk_type);
}

static void collect(struct fixture *f, struct cairn_stream lines, char *out)
{
    union cairn_outcome next;
    *out = '\0';
    while (fixture_next(f, &lines, &next) == CAIRN_READY && next.value) {
        const struct cairn_http_chunk *chunk = next.value;
        strncat(out, chunk->bytes.data, chunk->bytes.length);
        strcat(out, "|");
        cairn_http_chunk_free(next.value);
    }
}

static void however_it_is_cut_the_lines_are_the_same(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 100000; i++) {
        char text[25] = "";
        char expected[64];
        char lines[64];
        for (size_t at = random_below(13); at > 0; at--)
            text[at - 1] = "ab\n\n\r "[random_below(6)];
        naive_lines(text, expected);
        collect(f, cairn_http_body_lines(cut_at_random(text), 0), lines);
        assert_string_equal(lines, expected);
    }
}

static void read_with_what_memory_there_is(void *cx)
{
    (void)cx;
    cairn_test_alloc_exempt(true);
    struct cairn_harness hand;
    cairn_harness_init(&hand, NULL);
    struct cairn_stream chunks = CHUNKS("a", "b\nc\n", "d");
    cairn_test_alloc_exempt(false);
    struct cairn_stream lines = cairn_http_body_lines(chunks, 0);
    const struct cairn_context context = cairn_harness_context(&hand);
    union cairn_outcome out;
    size_t count = 0;
    enum cairn_poll p;
    while ((p = cairn_stream_poll_next(&lines, &context, &out)) == CAIRN_READY && out.value) {
        cairn_http_chunk_free(out.value);
        count++;
    }
    if (p == CAIRN_FAILED) {
        assert_ptr_equal(out.error, &cairn_error_no_memory);
        assert_true(cairn_test_alloc_has_failed());
    } else {
        assert_int_equal(count, 3);
    }
    cairn_harness_fini(&hand);
}

static void fails_without_memory(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(read_with_what_memory_there_is, NULL) > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(lines_come_without_their_ends),
        fixture_test(blank_lines_are_passed_over),
        fixture_test(a_line_over_the_limit_fails_in_one_chunk_or_in_many),
        fixture_test(the_limit_is_64_kib_where_nothing_is_said),
        fixture_test(waits_for_the_rest_of_a_line),
        fixture_test(passes_a_failure_on),
        fixture_test(however_it_is_cut_the_lines_are_the_same),
        cmocka_unit_test(fails_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
