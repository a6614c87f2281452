/* Each row of the head guard's table, by its number: what strict llhttp lets through and is refused
 * here, the same for every cut of the input. */
#include "transcript.h"

#include <cairn/http/codec/chars.h>
#include <cairn/http/codec/guard.h>

static void G01_refuses_a_folded_field_line(void **state)
{
    (void)state;
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\tc\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: a\r\nX:\r\n c\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\n X: b\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n");
    ASSERT_REFUSED(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "0\r\nX: b\r\n c\r\n\r\n");
}

static void G02_refuses_a_bare_line_feed_after_the_version(void **state)
{
    (void)state;
    ASSERT_REFUSED(400, "GET / HTTP/1.1\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.0\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: a\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: a\r\nX: b\nY: c\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n");
}

static void G03_refuses_a_bare_line_feed_as_the_empty_line(void **state)
{
    (void)state;
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: a\r\n\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.0\r\n\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n");
    ASSERT_REFUSED(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\n");
}

static void G04_refuses_a_missing_or_unknown_version(void **state)
{
    (void)state;
    ASSERT_REFUSED(400, "GET /\r\n\r\n");
    ASSERT_REFUSED(400, "GET /\n");
    ASSERT_REFUSED(400, "GET / \r\n\r\n");
    ASSERT_REFUSED(505, "GET / HTTP/0.9\r\n\r\n");
    ASSERT_REFUSED(505, "GET / HTTP/1.2\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(505, "GET / HTTP/9.9\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.10\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/x.1\r\nHost: a\r\n\r\n");
}

static void G05_refuses_http_2_on_a_request_line(void **state)
{
    (void)state;
    ASSERT_REFUSED(505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    ASSERT_REFUSED(400, "PRI * HTTP/1.1\r\n\r\nSM\r\n\r\n");
    ASSERT_REFUSED(505, "PRI /x HTTP/2.0\r\n\r\nSM\r\n\r\n");
    ASSERT_REFUSED(501, "PRI /x HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(501, "PRI /x HTTP/1.1\r\n\r\nSM\r\n\r\n");
}

static void G06_refuses_another_protocol_than_http(void **state)
{
    (void)state;
    ASSERT_REFUSED(400, "GET /x RTSP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "OPTIONS /x RTSP/1.0\r\n\r\n");
    ASSERT_REFUSED(400, "SOURCE /x ICE/1.0\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "GET /x http/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "GET /x HTTP 1.1\r\nHost: a\r\n\r\n");
}

static void G07_refuses_an_empty_field_name(void **state)
{
    (void)state;
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\n:\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "0\r\n: x\r\n\r\n");
}

static void G08_refuses_an_empty_transfer_encoding(void **state)
{
    (void)state;
    ASSERT_REFUSED(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n"
                        "Content-Length: 3\r\n\r\nabc");
    ASSERT_REFUSED(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \t \r\n\r\n");
    ASSERT_REFUSED(501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n");
    ASSERT_REFUSED(501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n");
    ASSERT_REFUSED(501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n");
    ASSERT_REFUSED(501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n");
    ASSERT_ACCEPTED("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED \r\n\r\n0\r\n\r\n");
}

static void G09_refuses_a_list_of_transfer_codings(void **state)
{
    (void)state;
    ASSERT_REFUSED(501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
                        "0\r\n\r\n");
    ASSERT_REFUSED(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ,chunked\r\n\r\n");
    ASSERT_REFUSED(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: a, \t,chunked\r\n\r\n");
    ASSERT_REFUSED(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: a,\r\n\r\n");
    ASSERT_REFUSED(
        501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity, chunked\r\n\r\n");
    ASSERT_REFUSED(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, \r\n\r\n");
    ASSERT_REFUSED(
        400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n");
    ASSERT_REFUSED(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n");
    ASSERT_REFUSED(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    ASSERT_REFUSED(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                        "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n");
    ASSERT_REFUSED(400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}

static void G10_refuses_transfer_encoding_in_http_1_0(void **state)
{
    (void)state;
    ASSERT_REFUSED(400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    ASSERT_REFUSED(400, "POST / HTTP/1.0\r\nConnection: keep-alive\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}

static void G11_asks_for_exactly_one_valid_host(void **state)
{
    (void)state;
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nX: a\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: a:8:9\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: a%2\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: a%zz\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: a%2zb\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: []\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: a\x80\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.0\r\nHost: a/b\r\n\r\n");
    ASSERT_ACCEPTED("GET / HTTP/1.0\r\n\r\n");
    ASSERT_ACCEPTED("GET / HTTP/1.1\r\nHost:\r\n\r\n");
    ASSERT_ACCEPTED("GET / HTTP/1.1\r\nHost: a%20b:9080\r\n\r\n");
    ASSERT_ACCEPTED("GET / HTTP/1.1\r\nHost: %61%20\r\n\r\n");
    ASSERT_ACCEPTED("GET / HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n\r\n");
    ASSERT_ACCEPTED("GET / HTTP/1.1\r\nHost: [v1.a:b]\r\n\r\n");
    ASSERT_ACCEPTED("GET / HTTP/1.1\r\nHost: under_score.example:\r\n\r\n");
}

static void G12_refuses_a_fragment_and_what_no_uri_may_have(void **state)
{
    static const char bad[] = "#\"<>\\^`{|}\x7f\x01\t\x80\xff";
    (void)state;
    for (const char *c = bad; *c; c++) {
        char line[64];
        int length = snprintf(line, sizeof(line), "GET /a%cb?c HTTP/1.1\r\nHost: a\r\n\r\n", *c);
        assert_refused_with(NULL, 400, line, (size_t)length);
    }
    ASSERT_REFUSED(400, "GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "GET /a?b#c HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "GET /% HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "GET /%2 HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "GET /%%41 HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_ACCEPTED("GET /-._~!$&'()*+,;=:@/?/?[]%00%fF HTTP/1.1\r\nHost: a\r\n\r\n");
}

static void G13_lets_one_empty_line_stand_before_a_request(void **state)
{
    (void)state;
    ASSERT_ACCEPTED("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "\r\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, " GET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

static void G14_asks_for_single_spaces_in_the_request_line(void **state)
{
    (void)state;
    ASSERT_REFUSED(400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "GET /  HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "GET\r\n\r\n");
    ASSERT_REFUSED(400, "GET \r\n\r\n");
    ASSERT_REFUSED(400, "\x16\x03\x01\x02 TLS");
}

#define CHUNKED "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

static void G15_bounds_a_chunk_size(void **state)
{
    (void)state;
    ASSERT_ACCEPTED(CHUNKED "0000000000000003\r\nabc\r\n0\r\n\r\n");
    ASSERT_ACCEPTED(CHUNKED "A\r\n0123456789\r\n0000000000000000\r\n\r\n");
    ASSERT_REFUSED(400, CHUNKED "00000000000000003\r\nabc\r\n0\r\n\r\n");
    ASSERT_REFUSED(400, CHUNKED "00000000000000000\r\n\r\n");
    ASSERT_REFUSED(400, CHUNKED "10000000000000000\r\n");
    ASSERT_REFUSED(413, CHUNKED "ffffffffffffffff\r\n");
    ASSERT_REFUSED(400, CHUNKED "\r\n");
    ASSERT_REFUSED(400, CHUNKED "+3\r\nabc\r\n");
    ASSERT_REFUSED(400, CHUNKED "0x3\r\nabc\r\n");
    ASSERT_REFUSED(400, CHUNKED " 3\r\nabc\r\n");
    ASSERT_REFUSED(400, CHUNKED "3 \r\nabc\r\n");
    ASSERT_REFUSED(400, CHUNKED "3\nabc\r\n");
    ASSERT_REFUSED(400, CHUNKED "3\rabc\r\n");
    ASSERT_REFUSED(400, CHUNKED "3\r\nabc\n0\r\n\r\n");
    ASSERT_REFUSED(400, CHUNKED "3\r\nabcd\r\n0\r\n\r\n");
    ASSERT_REFUSED(400, CHUNKED "3\r\nab\r\n0\r\n\r\n");
    ASSERT_REFUSED(400, CHUNKED "3\r\nabc0\r\n\r\n");
}

static void G16_bounds_chunk_extensions(void **state)
{
    struct text many = {NULL, 0};
    (void)state;
    ASSERT_ACCEPTED(CHUNKED "3;name=value\r\nabc\r\n0;x\r\n\r\n");
    ASSERT_ACCEPTED(CHUNKED "3;name=\"quoted ; value\"\r\nabc\r\n0\r\n\r\n");
    ASSERT_ACCEPTED(CHUNKED "3;a=1;b=2\r\nabc\r\n0;a=\"x\\\"y\";b\r\n\r\n");
    ASSERT_REFUSED(400, CHUNKED "3;\r\nabc\r\n0\r\n\r\n");
    ASSERT_REFUSED(400, CHUNKED "3;a=\"\r\nabc\r\n0\r\n\r\n");
    ASSERT_REFUSED(400, CHUNKED "3;a = 1\r\nabc\r\n0\r\n\r\n");
    ASSERT_REFUSED(400, CHUNKED "3;a\nb\r\nabc\r\n0\r\n\r\n");
    ASSERT_REFUSED(400, CHUNKED "3;a\rb\r\nabc\r\n0\r\n\r\n");
    text_add(&many, CHUNKED, sizeof(CHUNKED) - 1);
    for (int i = 0; i < 200; i++) {
        char line[300];
        int length = snprintf(line, sizeof(line), "80;%0100d\r\n%0128d\r\n", i, i);
        text_add(&many, line, (size_t)length);
    }
    text_add(&many, "0\r\n\r\n", 5);
    assert_refused_with(NULL, 400, many.data, many.length);
    free(many.data);
}

static void G16_bounds_what_is_no_data_by_the_data(void **state)
{
    struct text many = {NULL, 0};
    (void)state;
    text_add(&many, CHUNKED, sizeof(CHUNKED) - 1);
    for (int i = 0; i < 5460; i++)
        text_add(&many, "1\r\nx\r\n", 6);
    size_t short_of = many.length;
    text_add(&many, "0\r\n\r\n", 5);
    assert_accepted_with(NULL, many.data, many.length);
    many.length = short_of;
    for (int i = 0; i < 10; i++)
        text_add(&many, "1\r\nx\r\n", 6);
    assert_refused_with(NULL, 400, many.data, many.length);
    free(many.data);
}

static void G17_refuses_a_length_over_the_limit_before_the_body(void **state)
{
    (void)state;
    ASSERT_REFUSED(
        413, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n\r\n");
    ASSERT_REFUSED(
        413, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n");
    ASSERT_REFUSED(413, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1099511627777\r\n\r\n");
    ASSERT_REFUSED(
        400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\n");
    ASSERT_REFUSED(
        400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n");
}

static void G18_keeps_trailers_apart_and_the_connection_as_it_was(void **state)
{
    (void)state;
    ASSERT_READS_AS(CHUNKED "3\r\nabc\r\n0\r\nConnection: close\r\nHost: evil\r\n\r\n",
        "method 2\nminor 1\nPOST\n/\n/\n(absent)\nHost\na\nTransfer-Encoding\nchunked\n"
        "length -1\nalive 1\ncontinue 0\nabc\nConnection\nclose\nHost\nevil\n");
}

static void G19_takes_no_notice_of_proxy_connection(void **state)
{
    (void)state;
    ASSERT_READS_AS("GET / HTTP/1.1\r\nHost: a\r\nProxy-Connection: close\r\n\r\n",
        "method 0\nminor 1\nGET\n/\n/\n(absent)\nHost\na\nProxy-Connection\nclose\n"
        "length 0\nalive 1\ncontinue 0\n(absent)\n");
    ASSERT_READS_AS("GET / HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n",
        "method 0\nminor 0\nGET\n/\n/\n(absent)\nProxy-Connection\nkeep-alive\n"
        "length 0\nalive 0\ncontinue 0\n(absent)\n");
}

static void refuses_trace_which_would_show_credentials_to_a_script(void **state)
{
    (void)state;
    ASSERT_REFUSED(501, "TRACE / HTTP/1.1\r\nHost: a\r\nCookie: secret\r\n\r\n");
    ASSERT_REFUSED(501, "TRACE http://a/ HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n");
    ASSERT_REFUSED(501, "TRACE / HTTP/1.0\r\n\r\n");
    ASSERT_REFUSED(400, "TRACE / HTTP/1.1\r\n\r\n");
}

static void G20_refuses_connect_and_reads_an_upgrade_as_a_request(void **state)
{
    (void)state;
    ASSERT_REFUSED(501, "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\nbytes of another protocol");
    ASSERT_REFUSED(501, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n");
    ASSERT_REFUSED(400, "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "CONNECT a: HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "CONNECT :443 HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_READS_AS("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                    "Upgrade: h2c\r\n\r\n",
        "method 0\nminor 1\nGET\n/\n/\n(absent)\nHost\na\nConnection\nUpgrade, HTTP2-Settings\n"
        "Upgrade\nh2c\nlength 0\nalive 0\ncontinue 0\n(absent)\n");
    ASSERT_READS_AS("POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n"
                    "Content-Length: 4\r\n\r\nbody",
        "method 2\nminor 1\nPOST\n/\n/\n(absent)\nHost\na\nConnection\nupgrade\nUpgrade\nx\n"
        "Content-Length\n4\nlength 4\nalive 0\ncontinue 0\nbody\n");
    ASSERT_READS_AS("POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
        "method 2\nminor 1\nPOST\n/\n/\n(absent)\nHost\na\nConnection\nupgrade\nUpgrade\nx\n"
        "Transfer-Encoding\nchunked\nlength -1\nalive 0\ncontinue 0\nbody\n");
}

static void G21_leaves_what_follows_a_message_alone(void **state)
{
    static const char input[] = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /two";
    struct transcript t = transcript_of_all_cuts(input, sizeof(input) - 1, NULL);
    (void)state;
    assert_int_equal(t.last, CAIRN_HTTP_EVENT_DONE);
    assert_int_equal(t.used, sizeof(input) - 1 - 8);
    assert_false(t.keeps_alive);
    transcript_free(&t);
}

static void G22_tells_an_unknown_method_from_a_malformed_one(void **state)
{
    (void)state;
    ASSERT_REFUSED(501, "BREW / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(501, "GETX / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(501, "get / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(501, "!#$%&'*+-.^_`|~ / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(501, "DESCRIBE / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "G\"T / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "G\xc3\x89T / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_REFUSED(400, "GET(x) / HTTP/1.1\r\nHost: a\r\n\r\n");
}

static bool is_in(const char *set, int c)
{
    return c != 0 && strchr(set, c);
}

/* What LINE is made of: each piece is a way to be right or wrong somewhere. */
static const char *const line_pieces[] = {"GET", "CONNECT", " ", "/", "a", "*", ":1", "?b", "%4",
    "1", "HTTP/1.", "\r\n", "\r", "\x80", "http://a"};
#define LINE_PIECES (sizeof(line_pieces) / sizeof(*line_pieces))

static struct cairn__guard line_guard(void)
{
    struct cairn__guard guard;
    cairn__guard_init_head(&guard, 40, 100);
    return guard;
}

/* A guard that sees all at once may take a short cut that one which sees each byte cannot. */
static void assert_line_is_read_alike(struct cairn_str line)
{
    struct cairn__guard whole = line_guard();
    struct cairn__guard slow = line_guard();
    cairn__guard_scan(&whole, line);
    for (size_t i = 1; i <= line.length && slow.state < CAIRN__GUARD_COMPLETE; i++)
        cairn__guard_scan(&slow, cairn_str_of(line.data, i));
    assert_int_equal(whole.state, slow.state);
    assert_int_equal(whole.at, slow.at);
    if (whole.state == CAIRN__GUARD_REFUSED) {
        assert_int_equal(whole.verdict.status, slow.verdict.status);
        assert_string_equal(whole.verdict.reason, slow.verdict.reason);
    }
    assert_int_equal(whole.line, slow.line);
    assert_int_equal(whole.method, slow.method);
    assert_int_equal(whole.target, slow.target);
    assert_int_equal(whole.version, slow.version);
    assert_int_equal(whole.version_minor, slow.version_minor);
}

static void assert_lines_are_read_alike(const char *prefix, unsigned pieces, const char *suffix)
{
    char text[128];
    unsigned count = 1;
    for (unsigned i = 0; i < pieces; i++)
        count *= LINE_PIECES;
    for (unsigned n = 0; n < count; n++) {
        int length = snprintf(text, sizeof(text), "%s", prefix);
        for (unsigned i = 0, rest = n; i < pieces; i++, rest /= LINE_PIECES)
            length += snprintf(text + length, sizeof(text) - (size_t)length, "%s",
                line_pieces[rest % LINE_PIECES]);
        length += snprintf(text + length, sizeof(text) - (size_t)length, "%s", suffix);
        char *line = malloc((size_t)length); /* exactly as long, so that no read goes beyond it */
        memcpy(line, text, (size_t)length);
        assert_line_is_read_alike(cairn_str_of(line, (size_t)length));
        free(line);
    }
}

static void reads_each_request_line_alike_whole_and_byte_by_byte(void **state)
{
    (void)state;
    for (unsigned pieces = 0; pieces <= 3; pieces++) {
        assert_lines_are_read_alike("", pieces, "");
        assert_lines_are_read_alike("", pieces, " HTTP/1.1\r\n");
        assert_lines_are_read_alike("GET /", pieces, " HTTP/1.1\r\n");
        assert_lines_are_read_alike("GET / ", pieces, "");
        assert_lines_are_read_alike("GET /as-long-as-it-may-be", pieces, " HTTP/1.1\r\n");
    }
    for (int c = 1; c < 256; c++) {
        const char any[] = {(char)c, '\0'};
        assert_lines_are_read_alike(any, 1, " / HTTP/1.1\r\n");
        assert_lines_are_read_alike("GET /abc", 0, any);
        assert_lines_are_read_alike("GET /", 1, any);
    }
}

static void character_classes_are_those_of_the_grammars(void **state)
{
    static const char alnum[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    (void)state;
    for (int c = 0; c < 256; c++) {
        bool is_host = is_in(alnum, c) || is_in("-._~!$&'()*+,;=", c);
        assert_int_equal(cairn__char_is((char)c, CAIRN__CHAR_TOKEN),
            is_in(alnum, c) || is_in("!#$%&'*+-.^_`|~", c));
        assert_int_equal(cairn__char_is((char)c, CAIRN__CHAR_HOST), is_host);
        assert_int_equal(
            cairn__char_is((char)c, CAIRN__CHAR_TARGET), is_host || is_in(":/?[]@", c));
        assert_int_equal(
            cairn__char_is((char)c, CAIRN__CHAR_HEX), is_in("0123456789abcdefABCDEF", c));
        assert_int_equal(
            cairn__char_is((char)c, CAIRN__CHAR_VALUE), c == '\t' || (c >= ' ' && c != 127));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(G01_refuses_a_folded_field_line),
        cmocka_unit_test(G02_refuses_a_bare_line_feed_after_the_version),
        cmocka_unit_test(G03_refuses_a_bare_line_feed_as_the_empty_line),
        cmocka_unit_test(G04_refuses_a_missing_or_unknown_version),
        cmocka_unit_test(G05_refuses_http_2_on_a_request_line),
        cmocka_unit_test(G06_refuses_another_protocol_than_http),
        cmocka_unit_test(G07_refuses_an_empty_field_name),
        cmocka_unit_test(G08_refuses_an_empty_transfer_encoding),
        cmocka_unit_test(G09_refuses_a_list_of_transfer_codings),
        cmocka_unit_test(G10_refuses_transfer_encoding_in_http_1_0),
        cmocka_unit_test(G11_asks_for_exactly_one_valid_host),
        cmocka_unit_test(G12_refuses_a_fragment_and_what_no_uri_may_have),
        cmocka_unit_test(G13_lets_one_empty_line_stand_before_a_request),
        cmocka_unit_test(G14_asks_for_single_spaces_in_the_request_line),
        cmocka_unit_test(G15_bounds_a_chunk_size),
        cmocka_unit_test(G16_bounds_chunk_extensions),
        cmocka_unit_test(G16_bounds_what_is_no_data_by_the_data),
        cmocka_unit_test(G17_refuses_a_length_over_the_limit_before_the_body),
        cmocka_unit_test(G18_keeps_trailers_apart_and_the_connection_as_it_was),
        cmocka_unit_test(G19_takes_no_notice_of_proxy_connection),
        cmocka_unit_test(G20_refuses_connect_and_reads_an_upgrade_as_a_request),
        cmocka_unit_test(refuses_trace_which_would_show_credentials_to_a_script),
        cmocka_unit_test(G21_leaves_what_follows_a_message_alone),
        cmocka_unit_test(G22_tells_an_unknown_method_from_a_malformed_one),
        cmocka_unit_test(reads_each_request_line_alike_whole_and_byte_by_byte),
        cmocka_unit_test(character_classes_are_those_of_the_grammars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
