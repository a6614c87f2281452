#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include <cairn/testkit/alloc.h>
#include <cairn/testkit/multipart_reference.h>

#define FIELD "Content-Disposition: form-data; name=a\r\n\r\n"

static const struct cairn_http_multipart_limits ample = {
    sizeof(ample), 100, 8192, 32, 1024, UINT64_MAX, 0};

static struct multipart_transcript told;
static struct multipart_transcript reference;

static void transcribe(
    const char *body, size_t step, const struct cairn_http_multipart_limits *limits)
{
    multipart_transcribe(&told, body, strlen(body), step, limits);
    told.text[told.length] = '\0';
}

/* The parts are told as EXPECTED says, whole and byte by byte. */
static void assert_told(const char *body, const char *expected)
{
    transcribe(body, 0, NULL);
    assert_string_equal(told.text, expected);
    transcribe(body, 1, NULL);
    assert_string_equal(told.text, expected);
    multipart_reference(&reference, body, strlen(body), &ample);
    reference.text[reference.length] = '\0';
    assert_string_equal(reference.text, expected);
}

/* One part with HEAD, without its last line end, and data "x". */
static void assert_head(const char *head, const char *expected)
{
    char body[4096];
    char whole[4096];
    snprintf(body, sizeof(body), "--b\r\n%s\r\n\r\nx\r\n--b--", head);
    snprintf(whole, sizeof(whole), "%s%s", expected, *expected == '!' ? "" : "x;.");
    assert_told(body, whole);
}

static void parts_have_names_and_data(void **state)
{
    (void)state;
    assert_told("--b\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nAda\r\n"
                "--b\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a b.png\"\r\n"
                "Content-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\n\r\n--b--\r\n",
        "(user|-|-)Ada;(photo|a b.png|image/png)\x89PNG\r\n\x1a\n;.");
    assert_told("--b--", ".");
}

static void data_may_be_empty_and_hold_line_ends_and_dashes(void **state)
{
    (void)state;
    assert_told("--b\r\n" FIELD "\r\n--b--", "(a|-|-);.");
    assert_told("--b\r\n" FIELD "--b--", "(a|-|-);.");
    assert_told("--b\r\n" FIELD "\r\n\r\n--b--", "(a|-|-)\r\n;.");
    assert_told("--b\r\n" FIELD "-\r\n-\r\n--\r\n--a\r\r\n--b--", "(a|-|-)-\r\n-\r\n--\r\n--a\r;.");
    assert_told("--b\r\n" FIELD "--b\r\r\n\n--b\n--b\r\n--b--", "(a|-|-);!400");
    assert_told("--b\r\n" FIELD "x--b--\n--b--\r--b--\r\n--b--", "(a|-|-)x--b--\n--b--\r--b--;.");
}

static void what_stands_before_and_behind_all_parts_is_ignored(void **state)
{
    (void)state;
    assert_told("\r\n--b\r\n" FIELD "x\r\n--b--", "(a|-|-)x;.");
    assert_told("preamble --b\r\n--b \t \r\n" FIELD "x\r\n--b--epilogue\r\n--b", "(a|-|-)x;.");
    assert_told("p\r\n--b--", ".");
}

static void nothing_else_may_stand_behind_a_boundary(void **state)
{
    static const char *const lines[] = {"--bx\r\n", "--b\n", "--b\r\r\n", "--b-\r\n", "--b x\r\n",
        "--b --", "--b\rx", "--b -\r\n", "--b\r\x01", "--b"};
    char body[256];
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        snprintf(body, sizeof(body), "%s" FIELD "x\r\n--b--", lines[i]);
        assert_told(body, "!400");
        snprintf(body, sizeof(body), "--b\r\n" FIELD "x\r\n%s" FIELD "y\r\n--b--", lines[i]);
        assert_told(body, "(a|-|-)x;!400");
    }
}

static void a_body_that_ends_early_is_refused(void **state)
{
    static const char body[] = "--b\r\n" FIELD "x\r\n--b--";
    char begin[sizeof(body)];
    (void)state;
    for (size_t length = 0; length < sizeof(body) - 1; length++) {
        memcpy(begin, body, length);
        begin[length] = '\0';
        transcribe(begin, 0, NULL);
        assert_string_equal(told.text + told.length - 4, "!400");
    }
}

static void names_are_tokens_or_quoted(void **state)
{
    (void)state;
    assert_head("content-disposition:FORM-DATA;NAME=a;FileName=b", "(a|b|-)");
    assert_head("Content-Disposition: form-data ; name=\"\" ;filename=\"\"; ", "(||-)");
    assert_head("Content-Disposition: form-data; name=\"a;b\"; x=\"name=c\"; y=z", "(a;b|-|-)");
    assert_head("Content-Disposition: form-data; name=\"\xc3\xa9%22\"; filename*=utf-8''x",
        "(\xc3\xa9%22|-|-)");
}

static void a_backslash_escapes_quotes_and_backslashes_only(void **state)
{
    (void)state;
    assert_head("Content-Disposition: form-data; name=\"\\\"a\\\\b\\\"\"", "(\"a\\b\"|-|-)");
    assert_head("Content-Disposition: form-data; name=a; filename=\"C:\\dir\\f.txt\"",
        "(a|C:\\dir\\f.txt|-)");
    assert_head("Content-Disposition: form-data; name=\"a\\\"", "!400");
    assert_head("Content-Disposition: form-data; name=\"a\\\\\\\"", "!400");
}

static void what_a_head_must_have_and_may_not_have(void **state)
{
    (void)state;
    assert_told("--b\r\n\r\nx\r\n--b--", "!400");
    assert_head("Content-Type: text/plain", "!400");
    assert_head("Content-Disposition: form-data", "!400");
    assert_head("Content-Disposition: form-data; filename=a", "!400");
    assert_head("Content-Disposition: attachment; name=a", "!400");
    assert_head("Content-Disposition: form-data, name=a", "!400");
    assert_head("Content-Disposition: form-data; name=a; name=b", "!400");
    assert_head("Content-Disposition: form-data; name=a; filename=b; filename=c", "!400");
    assert_head("Content-Disposition: form-data; name=a;; x=y", "!400");
    assert_head("Content-Disposition: form-data; name", "!400");
    assert_head("Content-Disposition: form-data; name=", "!400");
    assert_head("Content-Disposition: form-data; name =a", "!400");
    assert_head("Content-Disposition: form-data; name=\"a", "!400");
    assert_head("Content-Disposition: form-data; name=\"a\"b", "!400");
    assert_head("Content-Disposition: form-data; name=a\r\nContent-Disposition: x", "!400");
    assert_head(
        "Content-Disposition: form-data; name=a\r\nContent-Type: a\r\ncontent-type: a", "!400");
}

static void header_lines_are_strict(void **state)
{
    static const char *const lines[] = {"x", "x y: z", ": z", "x : z", " folded", "x: \x01",
        "x: a\nb: c", "x: a\rb", "x: \x7f", "x: a\r"};
    char head[256];
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        snprintf(head, sizeof(head), "Content-Disposition: form-data; name=a\r\n%s", lines[i]);
        assert_head(head, "!400");
    }
    snprintf(head, sizeof(head), "--b\r\nx: a\r\r\n\r\n%0200d", 0);
    transcribe(head, 0, &(struct cairn_http_multipart_limits){.header_bytes = 100});
    assert_string_equal(told.text, "!400");
    assert_head("x:\r\nContent-Disposition: form-data; name=a\r\ny: \t z \t", "(a|-|-)");
    assert_told("--b\r\nContent-Disposition: form-data; name=a\n\nx\r\n--b--\r\n\r\n", "!400");
}

static void all_fields_of_a_part_can_be_read(void **state)
{
    static const char body[] =
        "--b\r\nContent-Disposition: form-data; name=a\r\nX-Y:  z \r\n\r\nx\r\n--b--";
    size_t used = 0;
    (void)state;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_multipart_parser *parser =
        cairn_http_multipart_parser_new(arena, CAIRN_STR("b"), NULL);
    assert_int_equal(cairn_http_multipart_parser_feed(parser, body, strlen(body), &used),
        CAIRN_HTTP_MULTIPART_PART);
    const struct cairn_http_part *part = cairn_http_multipart_parser_part(parser);
    assert_int_equal(part->fields.count, 2);
    assert_true(
        cairn_str_equal(cairn_http_fields_get(&part->fields, CAIRN_STR("x-y")), CAIRN_STR("z")));
    cairn_arena_free(arena);
}

static void after_the_end_it_says_the_same_again(void **state)
{
    size_t used = 0;
    (void)state;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_multipart_parser *parser =
        cairn_http_multipart_parser_new(arena, CAIRN_STR("b"), NULL);
    assert_int_equal(
        cairn_http_multipart_parser_feed(parser, "--b--x", 6, &used), CAIRN_HTTP_MULTIPART_DONE);
    assert_int_equal(used, 5);
    assert_int_equal(
        cairn_http_multipart_parser_feed(parser, "x", 1, &used), CAIRN_HTTP_MULTIPART_DONE);
    assert_int_equal(used, 0);
    parser = cairn_http_multipart_parser_new(arena, CAIRN_STR("b"), NULL);
    cairn_http_multipart_parser_feed(parser, "--bx", 4, &used);
    assert_int_equal(
        cairn_http_multipart_parser_feed(parser, "x", 1, &used), CAIRN_HTTP_MULTIPART_REFUSED);
    assert_int_equal(used, 0);
    cairn_arena_free(arena);
}

/* With LIMITS the body is told as EXPECTED, whole and byte by byte. */
static void assert_limited(
    struct cairn_http_multipart_limits limits, const char *body, const char *expected)
{
    limits.size = sizeof(limits);
    for (size_t step = 0; step < 8; step++) {
        transcribe(body, step, &limits);
        assert_string_equal(told.text, expected);
    }
}

static void each_limit_is_the_last_that_is_allowed(void **state)
{
    static const char two[] = "--b\r\n" FIELD "xyz\r\n--b\r\n" FIELD "\r\n--b--";
    (void)state;
    assert_limited((struct cairn_http_multipart_limits){.parts = 2}, two, "(a|-|-)xyz;(a|-|-);.");
    assert_limited((struct cairn_http_multipart_limits){.parts = 1}, two, "(a|-|-)xyz;!413");
    assert_limited(
        (struct cairn_http_multipart_limits){.part_bytes = 3}, two, "(a|-|-)xyz;(a|-|-);.");
    assert_limited((struct cairn_http_multipart_limits){.part_bytes = 2}, two, "(a|-|-)xy!413");
    assert_limited((struct cairn_http_multipart_limits){.header_bytes = strlen(FIELD)}, two,
        "(a|-|-)xyz;(a|-|-);.");
    assert_limited(
        (struct cairn_http_multipart_limits){.header_bytes = strlen(FIELD) - 1}, two, "!413");
    assert_limited(
        (struct cairn_http_multipart_limits){.header_count = 1}, two, "(a|-|-)xyz;(a|-|-);.");
    assert_limited((struct cairn_http_multipart_limits){.header_count = 1},
        "--b\r\nx: y\r\n" FIELD "\r\n--b--", "!413");
    assert_limited((struct cairn_http_multipart_limits){.name_bytes = 2},
        "--b\r\nContent-Disposition: form-data; name=\"\\\\b\"; filename=cd\r\n\r\n\r\n--b--",
        "(\\b|cd|-);.");
    assert_limited((struct cairn_http_multipart_limits){.name_bytes = 2},
        "--b\r\nContent-Disposition: form-data; name=abc\r\n\r\n\r\n--b--", "!413");
    assert_limited((struct cairn_http_multipart_limits){.name_bytes = 2},
        "--b\r\nContent-Disposition: form-data; name=a; filename=abc\r\n\r\n\r\n--b--", "!413");
    assert_limited((struct cairn_http_multipart_limits){.header_bytes = 3}, "abc\r\n--b--", ".");
    assert_limited(
        (struct cairn_http_multipart_limits){.header_bytes = 3}, "abcd\r\n--b--", "!413");
}

static void the_limits_by_default(void **state)
{
    static char body[20000];
    size_t length = 0;
    (void)state;
    for (int i = 0; i < 100; i++)
        length += (size_t)sprintf(body + length, "--b\r\n" FIELD "\r\n");
    strcpy(body + length, "--b--");
    transcribe(body, 0, NULL);
    assert_string_equal(told.text + told.length - 2, ";.");
    strcpy(body + length, "--b\r\n" FIELD "\r\n--b--");
    transcribe(body, 0, NULL);
    assert_string_equal(told.text + told.length - 5, ";!413");
    snprintf(body, sizeof(body), "--b\r\nx:%08190d", 0);
    transcribe(body, 0, NULL);
    assert_string_equal(told.text, "!400");
    snprintf(body, sizeof(body), "--b\r\nx:%08191d", 0);
    transcribe(body, 0, NULL);
    assert_string_equal(told.text, "!413");
    snprintf(body, sizeof(body),
        "--b\r\nContent-Disposition: form-data; name=%01024d\r\n\r\n\r\n--b--", 0);
    transcribe(body, 0, NULL);
    assert_int_equal(told.text[0], '(');
    snprintf(body, sizeof(body),
        "--b\r\nContent-Disposition: form-data; name=%01025d\r\n\r\n\r\n--b--", 0);
    transcribe(body, 0, NULL);
    assert_string_equal(told.text, "!413");
    length = (size_t)sprintf(body, "--b\r\n");
    for (int i = 0; i < 31; i++)
        length += (size_t)sprintf(body + length, "x:\r\n");
    strcpy(body + length, FIELD "\r\n--b--");
    transcribe(body, 0, NULL);
    assert_int_equal(told.text[0], '(');
    strcpy(body + length, "x:\r\n" FIELD "\r\n--b--");
    transcribe(body, 0, NULL);
    assert_string_equal(told.text, "!413");
}

static int boundary_of(const char *first, const char *second, char *out)
{
    struct cairn_str boundary;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_field items[] = {{CAIRN_STR_INIT("Content-Type"), cairn_str_from(first)},
        {CAIRN_STR_INIT("content-type"), cairn_str_from(second)}};
    struct cairn_http_fields fields = {
        .items = items, .count = (size_t)(first != NULL) + (second != NULL)};
    int status = cairn_http_multipart_boundary(&fields, arena, &boundary);
    assert_int_equal(boundary.data == NULL, status != 0);
    snprintf(out, 128, "%.*s", (int)boundary.length, boundary.data ? boundary.data : "");
    cairn_arena_free(arena);
    return status;
}

static void the_boundary_comes_from_the_content_type(void **state)
{
    static const char seventy[] =
        "0123456789012345678901234567890123456789012345678901234567890123456789";
    char text[128];
    char out[128];
    (void)state;
    assert_int_equal(boundary_of("multipart/form-data; boundary=----x1", NULL, out), 0);
    assert_string_equal(out, "----x1");
    assert_int_equal(
        boundary_of("Multipart/Form-Data; charset=utf-8; Boundary=\"a \\b:c?\"", NULL, out), 0);
    assert_string_equal(out, "a b:c?");
    snprintf(text, sizeof(text), "multipart/form-data; boundary=%s", seventy);
    assert_int_equal(boundary_of(text, NULL, out), 0);
    snprintf(text, sizeof(text), "multipart/form-data; boundary=%s0", seventy);
    assert_int_equal(boundary_of(text, NULL, out), 400);
}

static void no_other_type_and_no_doubtful_boundary_is_taken(void **state)
{
    char out[128];
    (void)state;
    assert_int_equal(boundary_of(NULL, NULL, out), 415);
    assert_int_equal(boundary_of("multipart/mixed; boundary=b", NULL, out), 415);
    assert_int_equal(boundary_of("application/x-www-form-urlencoded", NULL, out), 415);
    assert_int_equal(boundary_of("multipart/form-data; boundary", NULL, out), 415);
    assert_int_equal(
        boundary_of("multipart/form-data; boundary=b", "multipart/form-data; boundary=b", out),
        415);
    assert_int_equal(boundary_of("multipart/form-data", NULL, out), 400);
    assert_int_equal(boundary_of("multipart/form-data; boundary=\"\"", NULL, out), 400);
    assert_int_equal(boundary_of("multipart/form-data; boundary=\"a \"", NULL, out), 400);
    assert_int_equal(boundary_of("multipart/form-data; boundary=\"a;b\"", NULL, out), 400);
    assert_int_equal(boundary_of("multipart/form-data; boundary=a; boundary=a", NULL, out), 400);
    assert_null(cairn_http_multipart_parser_new(NULL, CAIRN_STR(""), NULL));
}

static void scenario_without_memory(void *cx)
{
    static char body[20000];
    struct cairn_str boundary;
    struct cairn_http_field item = {
        CAIRN_STR_INIT("content-type"), CAIRN_STR_INIT("multipart/form-data;boundary=\"\\b\"")};
    struct cairn_http_fields fields = {.items = &item, .count = 1};
    size_t used = 0;
    snprintf(body, sizeof(body),
        "--b\r\nContent-Disposition: form-data; name=\"\\\"%05000d\"\r\nx: %03000d\r\n\r\n"
        "x\r\n--b--",
        0, 0);
    cairn_test_alloc_exempt(true);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    cairn_arena_alloc_text(arena, *(const size_t *)cx);
    cairn_test_alloc_exempt(false);
    const struct cairn_http_multipart_limits limits = {.size = sizeof(limits), .name_bytes = 8000};
    int status = cairn_http_multipart_boundary(&fields, arena, &boundary);
    struct cairn_http_multipart_parser *parser =
        status ? NULL : cairn_http_multipart_parser_new(arena, boundary, &limits);
    enum cairn_http_multipart_event event = CAIRN_HTTP_MULTIPART_REFUSED;
    if (parser)
        event = cairn_http_multipart_parser_feed(parser, body, strlen(body), &used);
    bool has_failed = cairn_test_alloc_has_failed();
    assert_int_equal(event, has_failed ? CAIRN_HTTP_MULTIPART_REFUSED : CAIRN_HTTP_MULTIPART_PART);
    if (parser && has_failed)
        assert_int_equal(cairn_http_multipart_parser_status(parser), 503);
    cairn_arena_free(arena);
}

static void without_memory_a_part_is_refused(void **state)
{
    (void)state;
    for (size_t filled = 1; filled < 4096; filled += 8)
        assert_true(cairn_test_each_allocation(scenario_without_memory, &filled) >= 5);
}

static void without_memory_for_it_there_is_no_boundary(void **state)
{
    struct cairn_str boundary;
    struct cairn_http_field item = {
        CAIRN_STR_INIT("content-type"), CAIRN_STR_INIT("multipart/form-data;boundary=\"\\b\"")};
    struct cairn_http_fields fields = {.items = &item, .count = 1};
    (void)state;
    cairn_test_alloc_begin();
    struct cairn_arena *arena = cairn_arena_new(NULL);
    do
        cairn_test_alloc_fail_at(1);
    while (cairn_arena_alloc_text(arena, 1));
    cairn_test_alloc_fail_at(1);
    assert_int_equal(cairn_http_multipart_boundary(&fields, arena, &boundary), 503);
    assert_null(boundary.data);
    cairn_arena_free(arena);
    cairn_test_alloc_end();
}

/* What almost is a boundary, again and again, in each cut: it ends, and soon. */
static void work_is_linear_in_what_almost_is_a_boundary(void **state)
{
    static const char *const almost[] = {"\r", "\r\n", "\r\n--", "\r\n-\r\n--a", "\r\r\n--"};
    enum { LENGTH = 1 << 18 };
    char *body = cairn_alloc(LENGTH);
    (void)state;
    assert_non_null(body);
    for (size_t i = 0; i < sizeof(almost) / sizeof(almost[0]); i++) {
        struct cairn_arena *arena = cairn_arena_new(NULL);
        struct cairn_http_multipart_parser *parser =
            cairn_http_multipart_parser_new(arena, CAIRN_STR("b"), NULL);
        static const char head[] = "--b\r\n" FIELD "x";
        size_t given = 0;
        size_t used = 0;
        cairn_http_multipart_parser_feed(parser, head, strlen(head), &used);
        cairn_http_multipart_parser_feed(parser, head + used, strlen(head) - used, &used);
        for (size_t k = 0; k < LENGTH; k++)
            body[k] = almost[i][k % strlen(almost[i])];
        for (size_t at = 0, step = 1; at < LENGTH; at += used, step = step % 97 + 1) {
            size_t size = step < LENGTH - at ? step : LENGTH - at;
            if (cairn_http_multipart_parser_feed(parser, body + at, size, &used) ==
                CAIRN_HTTP_MULTIPART_DATA)
                given += cairn_http_multipart_parser_piece(parser).length;
        }
        assert_in_range(given, LENGTH - 4, LENGTH);
        cairn_arena_free(arena);
    }
    cairn_free(body);
}

static void assert_like_the_reference(
    const char *body, size_t length, size_t seed, const struct cairn_http_multipart_limits *limits)
{
    const size_t steps[] = {0, seed % 2 ? 1 : seed + 17};
    multipart_reference(&reference, body, length, limits);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        multipart_transcribe(&told, body, length, steps[i], limits);
        if (told.length != reference.length || memcmp(told.text, reference.text, told.length) != 0)
            fail_msg("%.*s: %.*s, and not %.*s", (int)length, body, (int)told.length, told.text,
                (int)reference.length, reference.text);
    }
}

static const char field[] = FIELD;
static const char first_part[] = "--b\r\n" FIELD;
static const char next_part[] = "\r\n--b\r\n" FIELD;
static const char *const pieces[] = {"--b", "\r\n", first_part, "x", "--", "\r\n--b", "\r\n--b--",
    field, "-", "\r", "\n", " ", next_part,
    "Content-Disposition: form-data; name=\"a\\\"b\"; filename=\"c\\d\"\r\n",
    "content-type: x/y\r\n", "z:\r\n", "b", "\t", ";", "\"", ":", "\x80", "\x01"};

static void all_short_sequences_are_read_like_the_reference(void **state)
{
    const size_t base = 10;
    size_t total = 1;
    (void)state;
    for (size_t length = 0; length <= 4; length++, total *= base) {
        for (size_t number = 0; number < total; number++) {
            char body[1024] = "";
            size_t rest = number;
            for (size_t i = 0; i < length; i++, rest /= base)
                strcat(body, pieces[rest % base]);
            assert_like_the_reference(body, strlen(body), number, &ample);
        }
    }
}

static void random_bodies_are_read_like_the_reference(void **state)
{
    static const struct cairn_http_multipart_limits tight = {sizeof(tight), 2, 80, 2, 3, 3, 0};
    uint64_t seed = 1;
    (void)state;
    for (int round = 0; round < 50000; round++) {
        char body[2048] = "--b\r\n" FIELD;
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        for (size_t i = 0, count = (seed >> 40) % 12; i < count; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            strcat(body, pieces[(seed >> 33) % (sizeof(pieces) / sizeof(pieces[0]))]);
        }
        size_t skip = seed >> 63 ? strlen("--b\r\n" FIELD) : 0;
        assert_like_the_reference(body + skip, strlen(body) - skip, seed >> 40, &ample);
        assert_like_the_reference(body + skip, strlen(body) - skip, seed >> 40, &tight);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_have_names_and_data),
        cmocka_unit_test(data_may_be_empty_and_hold_line_ends_and_dashes),
        cmocka_unit_test(what_stands_before_and_behind_all_parts_is_ignored),
        cmocka_unit_test(nothing_else_may_stand_behind_a_boundary),
        cmocka_unit_test(a_body_that_ends_early_is_refused),
        cmocka_unit_test(names_are_tokens_or_quoted),
        cmocka_unit_test(a_backslash_escapes_quotes_and_backslashes_only),
        cmocka_unit_test(what_a_head_must_have_and_may_not_have),
        cmocka_unit_test(header_lines_are_strict),
        cmocka_unit_test(all_fields_of_a_part_can_be_read),
        cmocka_unit_test(after_the_end_it_says_the_same_again),
        cmocka_unit_test(each_limit_is_the_last_that_is_allowed),
        cmocka_unit_test(the_limits_by_default),
        cmocka_unit_test(the_boundary_comes_from_the_content_type),
        cmocka_unit_test(no_other_type_and_no_doubtful_boundary_is_taken),
        cmocka_unit_test(without_memory_a_part_is_refused),
        cmocka_unit_test(without_memory_for_it_there_is_no_boundary),
        cmocka_unit_test(work_is_linear_in_what_almost_is_a_boundary),
        cmocka_unit_test(all_short_sequences_are_read_like_the_reference),
        cmocka_unit_test(random_bodies_are_read_like_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
