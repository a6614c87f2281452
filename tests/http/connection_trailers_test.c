/* Trailers over their limits, whenever they come and whoever reads the body. */
#include "connection_rig.h"

#include <cairn/http/body.h>
#include <cairn/http/handler.h>

#define CHUNKED "Host: a\r\nTransfer-Encoding: chunked\r\n"
/* Forty bytes. */
#define FIELD "Xxxxxxxxxxx: xxxxxxxxxxxxxxxxxxxxxxxxx\r\n"
#define LARGE FIELD FIELD FIELD FIELD FIELD FIELD FIELD
#define MANY "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\nF: 6\r\nG: 7\r\nH: 8\r\nI: 9\r\n"

/* Sent in front of the trailers: BODY, or when there is none a chunk too large to be kept. */
struct row {
    const char *what;
    const char *fields;
    const char *body;
    const char *trailers;
    int status;
};

static const struct row rows[] = {
    {"large trailers", "", "1\r\nx\r\n0\r\n", LARGE "\r\n", 431},
    {"large trailers and no data", "", "0\r\n", LARGE "\r\n", 431},
    {"many trailers", "", "1\r\nx\r\n0\r\n", MANY "\r\n", 431},
    {"large trailers that do not end", "", "1\r\nx\r\n0\r\n", LARGE, 431},
    {"a line of trailers that does not end", "", "1\r\nx\r\n0\r\n",
        "A: "
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        "xx"
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        "xx",
        431},
    {"large trailers behind many chunks", "", "1\r\nx\r\n2\r\nyy\r\n3;a=b\r\nzzz\r\n00;c\r\n",
        LARGE "\r\n", 431},
    {"many trailers behind a large chunk", "", NULL, MANY "\r\n", 431},
    {"large trailers behind a large chunk", "", NULL, LARGE "\r\n", 431},
    {"large trailers that were announced", "Trailer: Xxxxxxxxxxx\r\n", "1\r\nx\r\n0\r\n",
        LARGE "\r\n", 431},
    {"large trailers of who had to ask", "Expect: 100-continue\r\n", "1\r\nx\r\n0\r\n",
        LARGE "\r\n", 431},
    {"large trailers before a close", "Connection: close\r\n", "1\r\nx\r\n0\r\n", LARGE "\r\n",
        431},
    {"trailers that are none", "", "1\r\nx\r\n0\r\n", "no field\r\n\r\n", 400},
    {"trailers that frame", "", "1\r\nx\r\n0\r\n", "Content-Length: 1\r\n\r\n", 400},
    {"a body that is too large", "", "1\r\nx\r\nfffffff\r\n", "", 413},
    {"trailers that fit", "", "1\r\nx\r\n0\r\n", FIELD "\r\n", 200},
};

/* Reads the body to its end, then answers. */
struct drainer {
    struct cairn_http_request *req;
};

static enum cairn_poll drainer_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct cairn_http_request *req = ((struct drainer *)state)->req;
    while (!cairn_stream_is_empty(&req->stream)) {
        enum cairn_poll p = cairn_stream_poll_next(&req->stream, cx, out);
        if (p != CAIRN_READY)
            return p;
        if (!out->value)
            break;
        cairn_http_chunk_free(out->value);
    }
    out->value = cairn_http_text(req, 200, "drained");
    return CAIRN_READY;
}

static const struct cairn_future_ops drainer_ops = {
    .name = "drainer", .size = sizeof(struct drainer), .poll = drainer_poll};

static struct cairn_future serve(struct cairn_http_request *req, void *state)
{
    (void)state;
    if (cairn_str_equal(req->path, CAIRN_STR("/drain")))
        return cairn_future_box(&drainer_ops, &(struct drainer){req});
    return cairn_future_ready(
        cairn_http_stream(req, 200, NULL, cairn_http_request_take_body(req), -1));
}

static struct cairn_http_response *all(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "all");
}

/* How the bytes of a request come: at once, its head before them, or one by one. */
enum pace { WHOLE, HEAD_FIRST, BYTES };

static void say_slowly(const char *text)
{
    for (; *text; text++) {
        if (send(rig.client, text, 1, MSG_NOSIGNAL) != 1)
            return; /* it was answered, and the end is closed */
        cairn_runtime_turn(rig.worker.runtime);
        cairn_runtime_turn(rig.worker.runtime);
    }
}

static void say(const char *text, enum pace pace)
{
    if (pace == BYTES)
        say_slowly(text);
    else
        rig_say(text);
}

static const char *body_of(const struct row *row)
{
    static char large[40000];
    static const char head[] = "7530\r\n", end[] = "\r\n0\r\n";
    if (row->body)
        return row->body;
    memset(large, 'x', sizeof(head) - 1 + 30000);
    memcpy(large, head, sizeof(head) - 1);
    memcpy(large + sizeof(head) - 1 + 30000, end, sizeof(end));
    return large;
}

static void ask(const char *path, const struct row *row, enum pace pace)
{
    static char text[65536];
    char head[512];
    snprintf(head, sizeof(head), "POST %s HTTP/1.1\r\n" CHUNKED "%s\r\n", path, row->fields);
    if (pace == WHOLE) {
        snprintf(text, sizeof(text), "%s%s%s", head, body_of(row), row->trailers);
        rig_say(text);
        return;
    }
    say(head, pace);
    say(body_of(row), row->body ? pace : HEAD_FIRST);
    say(row->trailers, pace);
}

/* What was answered, without a 100. */
static const char *answer(void)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    bool was_told = strncmp(rig.text, go_on, sizeof(go_on) - 1) == 0;
    return rig.text + (was_told ? sizeof(go_on) - 1 : 0);
}

static void serve_rig(struct cairn_service *app)
{
    const struct cairn_http_server_options options = {.size = sizeof(options),
        .workers = 1,
        .limits = {.trailer_bytes = 256, .trailer_fields = 8, .stream_bytes = 100000}};
    rig_open(app, &options);
}

static void assert_row(const char *path, const struct row *row, enum pace pace)
{
    char status[32];
    rig_close_client();
    rig_run();
    assert_int_equal(rig_connect(), 0);
    rig_forget();
    ask(path, row, pace);
    bool has_ended = rig_read();
    snprintf(status, sizeof(status), "HTTP/1.1 %d ", row->status);
    if (strncmp(answer(), status, strlen(status)) != 0)
        fail_msg("%s, %s, %d: \"%.40s\"", row->what, path, pace, answer());
    if (row->status != 200 && !has_ended)
        fail_msg("%s, %s, %d: it goes on", row->what, path, pace);
}

static void assert_all_rows(const char *path)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        assert_row(path, &rows[i], WHOLE);
        assert_row(path, &rows[i], HEAD_FIRST);
        assert_row(path, &rows[i], BYTES);
    }
}

static void large_trailers_of_a_collected_body_are_431(void **state)
{
    (void)state;
    serve_rig(cairn_http_handler(all, NULL));
    assert_all_rows("/all");
}

static void large_trailers_of_a_streamed_body_are_431(void **state)
{
    (void)state;
    serve_rig(cairn_http_stream_handler(serve, NULL));
    assert_all_rows("/drain");
}

static void nothing_behind_large_trailers_is_looked_at(void **state)
{
    (void)state;
    serve_rig(cairn_http_handler(all, NULL));
    rig_say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_read();
    rig_forget();
    rig_say("POST / HTTP/1.1\r\n" CHUNKED "\r\n1\r\nx\r\n0\r\n");
    rig_say(LARGE "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(rig_read());
    assert_memory_equal(rig.text, "HTTP/1.1 431 ", 13);
    assert_null(strstr(rig.text + 1, "HTTP/1.1"));
    assert_non_null(strstr(rig.text, "\r\nConnection: close\r\n"));
    assert_non_null(strstr(rig.text, "\"status\":431"));
}

/* The answer's body is the request's. */
static void an_answer_that_has_begun_is_cut(void **state)
{
    (void)state;
    serve_rig(cairn_http_stream_handler(serve, NULL));
    rig_say("POST /echo HTTP/1.1\r\n" CHUNKED "\r\n1\r\nx\r\n");
    rig_say("0\r\n" LARGE "\r\n");
    assert_true(rig_read());
    assert_memory_equal(rig.text, "HTTP/1.1 200 ", 13);
    assert_non_null(strstr(rig.text, "\r\n\r\n1\r\nx"));
    assert_null(strstr(rig.text, "0\r\n\r\n"));
    assert_null(strstr(rig.text, "431"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(large_trailers_of_a_collected_body_are_431),
        rig_test(large_trailers_of_a_streamed_body_are_431),
        rig_test(nothing_behind_large_trailers_is_looked_at),
        rig_test(an_answer_that_has_begun_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
