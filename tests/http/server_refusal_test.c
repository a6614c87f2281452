/* Every answer that ends a connection before its request is read, to a client that looks at it only
 * when it has written all it wants to write: a reset would take the answer away from it. */
#include "server_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cairn/http/body.h>
#include <cairn/http/handler.h>
#include <cairn/testkit/alloc.h>

#define REST_BYTES (8 << 20)
#define WAIT_MS 10000

enum rest { NOTHING, PLAIN, CHUNKS };

/* WAITS: the rest is written when the answer is there already. */
struct row {
    const char *what;
    int status;
    const char *begin; /* of which XX is a kilobyte of x, YY twenty fields */
    enum rest rest;
    bool waits;
};

#define GET "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST(path) "POST " path " HTTP/1.1\r\nHost: a\r\n"
#define LENGTH "Content-Length: 8388608\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n"
#define EXPECT "Expect: 100-continue\r\n"

static const struct row rows[] = {
    {"a head that is none", 400, "no head\r\n\r\n", NOTHING, false},
    {"a head that is none, and more", 400, "no head\r\n\r\n", PLAIN, false},
    {"no Host", 400, "GET / HTTP/1.1\r\n\r\n", NOTHING, false},
    {"both lengths", 400, POST("/all") LENGTH CHUNKED "\r\n", PLAIN, false},
    {"two lengths", 400, POST("/all") LENGTH "Content-Length: 1\r\n\r\n", PLAIN, false},
    {"no chunk", 400, POST("/all") CHUNKED "\r\nx", CHUNKS, false},
    {"a chunk after which there is no line end", 400, POST("/all") CHUNKED "\r\n1\r\nxx", CHUNKS,
        false},
    {"a long chunk extension", 400, POST("/all") CHUNKED "\r\n1;XX\r\nx\r\n", CHUNKS, false},
    {"a long chunk extension, streamed", 400, POST("/piece") CHUNKED "\r\n1;XX\r\nx\r\n", CHUNKS,
        false},
    {"a head that does not end", 408, GET "X: y\r\n", NOTHING, false},
    {"a head that does not end, and then a body", 408, POST("/all") LENGTH, PLAIN, true},
    {"a body that stops", 408, POST("/all") "Content-Length: 1000\r\n\r\nxx", NOTHING, false},
    {"a body that stops, and goes on too late", 408, POST("/all") "Content-Length: 1000\r\n\r\nxx",
        PLAIN, true},
    {"a chunked body that stops", 408, POST("/all") CHUNKED "\r\n5\r\nxx", NOTHING, false},
    {"a chunked body that goes on too late", 408, POST("/all") CHUNKED "\r\n2\r\nxx\r\n", CHUNKS,
        true},
    {"a large body", 413, POST("/all") LENGTH "\r\n", PLAIN, false},
    {"a large body that need not come", 413, POST("/all") LENGTH EXPECT "\r\n", NOTHING, false},
    {"a large body that comes all the same", 413, POST("/all") LENGTH EXPECT "\r\n", PLAIN, true},
    {"large chunks", 413, POST("/all") CHUNKED "\r\n", CHUNKS, false},
    {"a length that no stream may have", 413, POST("/piece") "Content-Length: 99999999\r\n\r\n",
        PLAIN, false},
    {"a chunk that no stream may have", 413, POST("/piece") CHUNKED "\r\n5f5e0ff\r\n", PLAIN,
        false},
    {"a long request line", 414, "GET /XXXX HTTP/1.1\r\nHost: a\r\n\r\n", NOTHING, false},
    {"a long request line, and a body", 414, "POST /XXXX HTTP/1.1\r\nHost: a\r\n" LENGTH "\r\n",
        PLAIN, false},
    {"a request line that does not end", 414, "GET /XX", PLAIN, false},
    {"an expectation", 417, GET "Expect: more\r\n\r\n", NOTHING, false},
    {"an expectation, and a body", 417, POST("/all") LENGTH "Expect: more\r\n\r\n", PLAIN, false},
    {"an expectation, and chunks", 417, POST("/all") CHUNKED "Expect: more\r\n\r\n", CHUNKS, false},
    {"a large head", 431, GET "A: XX\r\nB: XX\r\nC: XX\r\nD: XX\r\n\r\n", NOTHING, false},
    {"a large head, and a body", 431,
        POST("/all") LENGTH "A: XX\r\nB: XX\r\nC: XX\r\nD: XX\r\n\r\n", PLAIN, false},
    {"a head without end", 431, GET "A: XX", PLAIN, false},
    {"many fields", 431, GET "YY\r\n", NOTHING, false},
    {"many fields, and chunks", 431, POST("/all") CHUNKED "YY\r\n", CHUNKS, false},
    {"large trailers", 431,
        POST("/all") CHUNKED "\r\n1\r\nx\r\n0\r\nA: XX\r\nB: XX\r\nC: XX\r\nD: XX\r\n\r\n", PLAIN,
        false},
    {"large trailers, streamed", 431,
        POST("/piece") CHUNKED "\r\n1\r\nx\r\n0\r\nA: XX\r\nB: XX\r\nC: XX\r\nD: XX\r\n\r\n", PLAIN,
        false},
    {"many trailers", 431, POST("/all") CHUNKED "\r\n1\r\nx\r\n0\r\nYYYY\r\n", PLAIN, false},
    {"a method nobody knows", 501, "LEAP / HTTP/1.1\r\nHost: a\r\n\r\n", NOTHING, false},
    {"a method nobody knows, and a body", 501, "LEAP / HTTP/1.1\r\nHost: a\r\n" LENGTH "\r\n",
        PLAIN, false},
    {"CONNECT", 501, "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", PLAIN, false},
    {"a coding nobody knows", 501, POST("/all") "Transfer-Encoding: gzip, chunked\r\n\r\n", CHUNKS,
        false},
    {"a version nobody knows", 505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n", NOTHING, false},
    {"a version nobody knows, and a body", 505, "POST / HTTP/3.0\r\nHost: a\r\n" LENGTH "\r\n",
        PLAIN, false},
    {"a handler that does not read", 403, POST("/early") LENGTH "\r\n", PLAIN, false},
    {"a handler that does not read chunks", 403, POST("/early") CHUNKED "\r\n", CHUNKS, false},
    {"a handler that does not ask for the body", 403, POST("/early") LENGTH EXPECT "\r\n", PLAIN,
        true},
    {"a handler that reads one piece", 200, POST("/piece") LENGTH "\r\nxx", PLAIN, false},
};

/* The first piece decides; all of it, the rest of the body is not read. */
static enum cairn_poll piece_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct cairn_http_request *req = *(struct cairn_http_request **)state;
    enum cairn_poll p = cairn_stream_poll_next(&req->stream, cx, out);
    if (p != CAIRN_READY)
        return p;
    bool has_ended = !out->value;
    cairn_http_chunk_free(out->value);
    if (!has_ended && req->stream_length < 0)
        return piece_poll(state, cx, out); /* what is wrong comes later */
    out->value = cairn_http_text(req, 200, "a piece");
    return CAIRN_READY;
}

static struct cairn_future stream(struct cairn_http_request *req, void *state)
{
    static const struct cairn_future_ops piece_ops = {
        .name = "piece", .size = sizeof(struct cairn_http_request *), .poll = piece_poll};
    (void)state;
    if (cairn_str_equal(req->path, CAIRN_STR("/piece")))
        return cairn_future_box(&piece_ops, &req);
    return cairn_future_ready(cairn_http_text(req, 403, "early"));
}

static struct cairn_http_response *all(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "all");
}

/* /all is collected, the others are not. */
struct both {
    struct cairn_service *all;
    struct cairn_service *stream;
};

static struct cairn_future choose(struct cairn_http_request *req, void *state)
{
    struct both *self = state;
    struct cairn_service *inner =
        cairn_str_equal(req->path, CAIRN_STR("/all")) ? self->all : self->stream;
    return cairn_service_call(inner, req);
}

static struct both both;

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx, (void)worker;
    return cairn_http_stream_handler(choose, &both);
}

/* BEGIN with its abbreviations written out. */
static size_t write_out(const char *begin, char *out)
{
    char *at = out;
    while (*begin) {
        if (strncmp(begin, "XX", 2) == 0) {
            memset(at, 'x', 1024);
            at += 1024;
            begin += 2;
        } else if (strncmp(begin, "YY", 2) == 0) {
            for (int i = 0; i < 20; i++)
                at += sprintf(at, "F%d: y\r\n", i);
            begin += 2;
        } else {
            *at++ = *begin++;
        }
    }
    return (size_t)(at - out);
}

/* As much as the server lets in. */
static bool send_some(int fd, const char *data, size_t length)
{
    while (length) {
        ssize_t n = send(fd, data, length, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        data += n;
        length -= (size_t)n;
    }
    return true;
}

static bool send_rest(int fd, enum rest rest)
{
    static char piece[65536 + 8];
    static const char head[] = "10000\r\n";
    size_t length = 65536;
    char *at = piece;
    if (rest == CHUNKS) {
        memcpy(at, head, sizeof(head) - 1);
        at += sizeof(head) - 1;
        length += sizeof(head) - 1;
    }
    memset(at, 'x', sizeof(piece) - (size_t)(at - piece));
    for (size_t sent = 0; rest != NOTHING && sent < REST_BYTES; sent += 65536) {
        if (!send_some(fd, piece, length) || (rest == CHUNKS && !send_some(fd, "\r\n", 2)))
            return false;
    }
    return rest != CHUNKS || send_some(fd, "0\r\n\r\n", 5);
}

static void await_answer(int fd)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&wanted, 1, WAIT_MS), 1);
}

static void assert_answer(int fd, const struct row *row)
{
    static char text[65536];
    char status[32];
    size_t length = 0;
    ssize_t n;
    while ((n = recv(fd, text + length, sizeof(text) - 1 - length, 0)) > 0)
        length += (size_t)n;
    text[length] = '\0';
    snprintf(status, sizeof(status), "HTTP/1.1 %d ", row->status);
    if (n != 0 || strncmp(text, status, strlen(status)) != 0)
        fail_msg("%s: %s, \"%.*s\"", row->what, n ? strerror(errno) : "it ended", 60, text);
    assert_non_null(strstr(text, "Connection: close\r\n"));
    const char *field = strstr(text, "Content-Length: ");
    const char *body = strstr(text, "\r\n\r\n");
    assert_non_null(field);
    assert_int_equal(strlen(body + 4), strtoul(field + 16, NULL, 10));
}

static void play(uint16_t port, const struct row *row, const char *before)
{
    static char begin[16384];
    char answer[4096];
    int fd = client_connect(port);
    client_send(fd, before);
    if (*before)
        assert_true(client_response(fd, false, answer, sizeof(answer)) > 0);
    client_send_bytes(fd, begin, write_out(row->begin, begin));
    if (row->waits)
        await_answer(fd);
    if (!send_rest(fd, row->rest))
        fail_msg("%s: %s while it was written", row->what, strerror(errno));
    assert_answer(fd, row);
    close(fd);
}

static void play_all(const char *before)
{
    const struct cairn_http_server_options options = {.limits = {.head_bytes = 4096,
                                                          .line_bytes = 1024,
                                                          .fields = 15,
                                                          .body_bytes = 65536,
                                                          .stream_bytes = 16 << 20,
                                                          .trailer_bytes = 3000,
                                                          .head_ms = 100,
                                                          .body_idle_ms = 100}};
    struct server_rig rig;
    cairn_test_alloc_begin();
    both.all = cairn_http_handler(all, NULL);
    both.stream = cairn_http_stream_handler(stream, NULL);
    server_rig_start(&rig, app, NULL, &options);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        play(cairn_http_server_port(rig.server), &rows[i], before);
    server_rig_stop(&rig);
    cairn_service_drop(both.all);
    cairn_service_drop(both.stream);
    cairn_test_alloc_end();
}

static void every_answer_is_seen_by_who_writes_first(void **state)
{
    (void)state;
    play_all("");
}

static void every_answer_is_seen_on_a_connection_that_was_used(void **state)
{
    (void)state;
    play_all("GET /early HTTP/1.1\r\nHost: a\r\n\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_is_seen_by_who_writes_first),
        cmocka_unit_test(every_answer_is_seen_on_a_connection_that_was_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
