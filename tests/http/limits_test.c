#include "transcript.h"

#include <cairn/http/limits.h>

static void defaults_are_all_in_force(void **state)
{
    struct cairn_http_limits out;
    (void)state;
    assert_null(cairn_http_limits_resolve(NULL, &out));
    assert_int_equal(out.head_bytes, 16384);
    assert_int_equal(out.line_bytes, 8192);
    assert_int_equal(out.fields, 100);
    assert_int_equal(out.body_bytes, 2097152);
    assert_int_equal(out.stream_bytes, 1099511627776);
    assert_int_equal(out.chunk_line_bytes, 256);
    assert_int_equal(out.chunk_overhead, 16384);
    assert_int_equal(out.trailer_bytes, 4096);
    assert_int_equal(out.trailer_fields, 32);
    assert_int_equal(out.head_ms, 10000);
    assert_int_equal(out.body_idle_ms, 10000);
    assert_int_equal(out.body_bytes_per_s, 500);
    assert_int_equal(out.keep_alive_ms, 75000);
    assert_int_equal(out.write_ms, 30000);
    assert_int_equal(out.write_bytes_per_s, 500);
    assert_int_equal(out.connection_age_ms, 3600000);
    assert_int_equal(out.output_high_bytes, 65536);
    assert_int_equal(out.output_low_bytes, 16384);
    assert_int_equal(out.connections_per_address, 0);
    assert_int_equal(out.connections, 0);
}

static void keeps_what_is_given(void **state)
{
    const struct cairn_http_limits limits = {
        .head_bytes = 1024, .line_bytes = 1024, .write_ms = 3600000, .connections = 7};
    struct cairn_http_limits out;
    (void)state;
    assert_null(cairn_http_limits_resolve(&limits, &out));
    assert_int_equal(out.head_bytes, 1024);
    assert_int_equal(out.line_bytes, 1024);
    assert_int_equal(out.write_ms, 3600000);
    assert_int_equal(out.connections, 7);
    assert_int_equal(out.fields, 100);
}

static void a_default_gives_way_to_the_limit_above_it(void **state)
{
    const struct cairn_http_limits limits = {.head_bytes = 1024, .output_high_bytes = 4096};
    struct cairn_http_limits out;
    (void)state;
    assert_null(cairn_http_limits_resolve(&limits, &out));
    assert_int_equal(out.line_bytes, 1024);
    assert_int_equal(out.output_low_bytes, 4096);
}

static void assert_out_of_range(const struct cairn_http_limits *limits, const char *message)
{
    struct cairn_http_limits out;
    struct cairn_error *error = cairn_http_limits_resolve(limits, &out);
    assert_non_null(error);
    assert_int_equal(error->code, CAIRN_ERROR_INVALID);
    assert_string_equal(error->message, message);
    cairn_error_unref(error);
}

static void names_what_is_out_of_range(void **state)
{
    (void)state;
    assert_out_of_range(&(struct cairn_http_limits){.head_bytes = 1023},
        "head_bytes is 1023; it must be from 1024 to 1048576");
    assert_out_of_range(&(struct cairn_http_limits){.head_bytes = 1048577},
        "head_bytes is 1048577; it must be from 1024 to 1048576");
    assert_out_of_range(&(struct cairn_http_limits){.line_bytes = 16385},
        "line_bytes is 16385; it must be from 256 to 16384");
    assert_out_of_range(&(struct cairn_http_limits){.line_bytes = 255},
        "line_bytes is 255; it must be from 256 to 16384");
    assert_out_of_range(
        &(struct cairn_http_limits){.fields = 1001}, "fields is 1001; it must be from 1 to 1000");
    assert_out_of_range(&(struct cairn_http_limits){.body_bytes = (size_t)1 << 63},
        "body_bytes is 9223372036854775808; it must be from 1 to 9223372036854775807");
    assert_out_of_range(
        &(struct cairn_http_limits){.head_ms = 9}, "head_ms is 9; it must be from 10 to 3600000");
    assert_out_of_range(&(struct cairn_http_limits){.keep_alive_ms = 86400001},
        "keep_alive_ms is 86400001; it must be from 10 to 86400000");
    assert_out_of_range(&(struct cairn_http_limits){.body_bytes_per_s = 2147483649},
        "body_bytes_per_s is 2147483649; it must be from 1 to 2147483648");
    assert_out_of_range(&(struct cairn_http_limits){.write_bytes_per_s = 2147483649},
        "write_bytes_per_s is 2147483649; it must be from 1 to 2147483648");
    assert_out_of_range(&(struct cairn_http_limits){.connection_age_ms = 999},
        "connection_age_ms is 999; it must be from 1000 to 2592000000");
    assert_out_of_range(&(struct cairn_http_limits){.connections_per_address = 1048577},
        "connections_per_address is 1048577; it must be from 1 to 1048576");
    assert_out_of_range(&(struct cairn_http_limits){.output_low_bytes = 65537},
        "output_low_bytes is 65537; it must be from 1 to 65536");
    assert_out_of_range(&(struct cairn_http_limits){.connections = 1048577},
        "connections is 1048577; it must be from 1 to 1048576");
}

/* FRONT, then X up to LENGTH bytes in all with BACK behind it. */
static struct text filled(const char *front, const char *back, size_t length)
{
    struct text text = {NULL, 0};
    text_add(&text, front, strlen(front));
    while (text.length < length - strlen(back))
        text_add(&text, "x", 1);
    text_add(&text, back, strlen(back));
    return text;
}

static void assert_limit(const struct cairn_http_limits *limits, const char *front,
    const char *back, size_t length, int status)
{
    struct text fits = filled(front, back, length);
    struct text over = filled(front, back, length + 1);
    assert_accepted_with(limits, fits.data, fits.length);
    assert_refused_with(limits, status, over.data, over.length);
    free(fits.data);
    free(over.data);
}

static const struct cairn_http_limits small = {.head_bytes = 1024,
    .line_bytes = 256,
    .fields = 3,
    .stream_bytes = 10,
    .chunk_line_bytes = 16,
    .trailer_bytes = 256,
    .trailer_fields = 2};

#define CHUNKED "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
#define REFUSED(status, literal) assert_refused_with(&small, status, literal, sizeof(literal) - 1)
#define ACCEPTED(literal) assert_accepted_with(&small, literal, sizeof(literal) - 1)

static void a_head_fills_its_limit_to_the_last_byte(void **state)
{
    (void)state;
    assert_limit(&small, "GET / HTTP/1.1\r\nHost: a\r\nX: ", "\r\n\r\n", 1024, 431);
    assert_limit(&small, "\r\nGET / HTTP/1.1\r\nHost: a\r\nX: ", "\r\n\r\n", 1024, 431);
    assert_limit(NULL, "GET / HTTP/1.1\r\nHost: a\r\nX: ", "\r\n\r\n", 16384, 431);
}

static void an_endless_head_is_refused_where_the_limit_ends(void **state)
{
    struct text head = filled("GET / HTTP/1.1\r\nHost: a\r\nX: ", "", 1024);
    struct transcript t = transcript_of_all_cuts(head.data, 1023, &small);
    (void)state;
    assert_int_equal(t.last, CAIRN_HTTP_EVENT_MORE);
    transcript_free(&t);
    assert_refused_with(&small, 431, head.data, 1024);
    free(head.data);
}

static void a_request_line_fills_its_limit_to_the_last_byte(void **state)
{
    static const char back[] = " HTTP/1.1\r\nHost: a\r\n\r\n";
    const size_t behind = sizeof("Host: a\r\n\r\n") - 1;
    (void)state;
    assert_limit(&small, "GET /", back, 256 + behind, 414);
    assert_limit(&small, "\r\nGET /", back, 256 + behind, 414);
    assert_limit(NULL, "GET /", back, 8192 + behind, 414);
}

/* Where several rules are broken the first byte to break one decides. */
static void the_first_breach_decides(void **state)
{
    struct text line = filled("GET /", "#", 256);
    struct text late = filled("GET /", "#", 257);
    (void)state;
    assert_refused_with(&small, 400, line.data, line.length);
    assert_refused_with(&small, 414, late.data, late.length);
    free(line.data);
    free(late.data);
    REFUSED(431, "GET / HTTP/1.1\r\nA:\r\nB:\r\nC:\r\nD:\r\n E\r\n");
    REFUSED(400, "GET / HTTP/1.1\r\nA:\r\nB:\r\nC:\r\n D:\r\nE:\r\n");
    REFUSED(400, "GET /# HTTP/2.0\r\n");
    REFUSED(505, "GET * HTTP/2.0\n");
}

static void fields_are_counted(void **state)
{
    static const char three[] = "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nX: 2\r\n\r\n";
    static const char four[] = "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nX: 2\r\nX: 3\r\n\r\n";
    (void)state;
    assert_accepted_with(&small, three, sizeof(three) - 1);
    assert_refused_with(&small, 431, four, sizeof(four) - 1);
}

static void a_body_is_bounded_by_its_length_and_by_its_chunks(void **state)
{
    (void)state;
    ACCEPTED("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789");
    REFUSED(413, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n");
    ACCEPTED(CHUNKED "a\r\n0123456789\r\n0\r\n\r\n");
    REFUSED(413, CHUNKED "b\r\n");
    ACCEPTED(CHUNKED "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n");
    REFUSED(413, CHUNKED "5\r\n01234\r\n6\r\n567890\r\n0\r\n\r\n");
}

static void a_chunk_size_line_is_bounded_with_its_extensions(void **state)
{
    (void)state;
    ACCEPTED(CHUNKED "5;extension-x\r\n01234\r\n0;extension-x\r\n\r\n");
    REFUSED(400, CHUNKED "5;extension-xyz\r\n01234\r\n0\r\n\r\n");
    ACCEPTED(CHUNKED "00000000000005\r\n01234\r\n0\r\n\r\n");
    REFUSED(400, CHUNKED "000000000000005\r\n01234\r\n0\r\n\r\n");
    ACCEPTED(CHUNKED "1\r\n0\r\n5;extension-x\r\n01234\r\n0\r\n\r\n");
    REFUSED(400, CHUNKED "1\r\n0\r\n5;extension-xyz\r\n01234\r\n0\r\n\r\n");
}

/* A chunk of one byte is five bytes of framing, of which two are free; the last chunk is three. */
static struct text one_byte_chunks(unsigned count, unsigned longer)
{
    struct text text = {NULL, 0};
    text_add(&text, CHUNKED, sizeof(CHUNKED) - 1);
    for (unsigned i = 0; i < count; i++) {
        if (i < longer)
            text_add(&text, "0", 1);
        text_add(&text, "1\r\nx\r\n", 6);
    }
    text_add(&text, "0\r\n\r\n", 5);
    return text;
}

static void chunk_overhead_fills_its_limit_to_the_last_byte(void **state)
{
    static const struct cairn_http_limits limits = {.chunk_overhead = 256};
    struct text fits = one_byte_chunks(84, 1);
    struct text over = one_byte_chunks(84, 2);
    (void)state;
    assert_accepted_with(&limits, fits.data, fits.length);
    assert_refused_with(&limits, 400, over.data, over.length);
    free(fits.data);
    free(over.data);
}

/* Behind a chunk of 200 bytes, which pays for their line. */
static struct text chunk_with_extensions(size_t length)
{
    struct text text = {NULL, 0};
    text_add(&text, CHUNKED "c8\r\n", sizeof(CHUNKED "c8\r\n") - 1);
    for (int i = 0; i < 200; i++)
        text_add(&text, "d", 1);
    text_add(&text, "\r\n1;", 4);
    while (length-- > 0)
        text_add(&text, "x", 1);
    text_add(&text, "\r\nd\r\n0\r\n\r\n", 10);
    return text;
}

static void chunk_extensions_fill_their_limit_to_the_last_byte(void **state)
{
    static const struct cairn_http_limits limits = {
        .chunk_overhead = 256, .chunk_line_bytes = 4096};
    struct text fits = chunk_with_extensions(256);
    struct text over = chunk_with_extensions(257);
    (void)state;
    assert_accepted_with(&limits, fits.data, fits.length);
    assert_refused_with(&limits, 400, over.data, over.length);
    free(fits.data);
    free(over.data);
}

static void trailers_have_limits_of_their_own(void **state)
{
    (void)state;
    assert_limit(&small, CHUNKED "0\r\nX: ", "\r\n\r\n", sizeof(CHUNKED "0\r\n") - 1 + 256, 431);
    assert_limit(NULL, CHUNKED "0\r\nX: ", "\r\n\r\n", sizeof(CHUNKED "0\r\n") - 1 + 4096, 431);
    ACCEPTED(CHUNKED "0\r\nA: 1\r\nB: 2\r\n\r\n");
    REFUSED(431, CHUNKED "0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_all_in_force),
        cmocka_unit_test(keeps_what_is_given),
        cmocka_unit_test(a_default_gives_way_to_the_limit_above_it),
        cmocka_unit_test(names_what_is_out_of_range),
        cmocka_unit_test(a_head_fills_its_limit_to_the_last_byte),
        cmocka_unit_test(an_endless_head_is_refused_where_the_limit_ends),
        cmocka_unit_test(a_request_line_fills_its_limit_to_the_last_byte),
        cmocka_unit_test(the_first_breach_decides),
        cmocka_unit_test(fields_are_counted),
        cmocka_unit_test(a_body_is_bounded_by_its_length_and_by_its_chunks),
        cmocka_unit_test(a_chunk_size_line_is_bounded_with_its_extensions),
        cmocka_unit_test(chunk_overhead_fills_its_limit_to_the_last_byte),
        cmocka_unit_test(chunk_extensions_fill_their_limit_to_the_last_byte),
        cmocka_unit_test(trailers_have_limits_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
