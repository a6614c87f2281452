#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cairn/http/body.h>
#include <cairn/http/exchange.h>
#include <cairn/http/handler.h>
#include <cairn/service/async.h>

#include "server_rig.h"

/* What the app and the test tell each other; one worker. */
struct app {
    int begun;       /* /wait: calls */
    int may_read;    /* /wait: set by the test */
    uint64_t read;   /* /wait: bytes so far */
    int ends;        /* /end: hooks that ran */
    int reason;      /* and how it ended */
    int drop_reason; /* what the handler's drop saw */
    int end_status;
    uint64_t sent;
};

static char text[1 << 21];

#define LONG_BYTES (5 << 18) /* of /long: 1.25 MiB */

static void await(const int *value, int expected)
{
    for (int i = 0; i < 10000 && __atomic_load_n(value, __ATOMIC_ACQUIRE) < expected; i++)
        usleep(1000);
    assert_true(__atomic_load_n(value, __ATOMIC_ACQUIRE) >= expected);
}

static bool is(const struct cairn_http_request *req, const char *path)
{
    return cairn_str_equal(req->path, cairn_str_from(path));
}

/* Counts the bytes of the body and answers with the number. */
struct count {
    struct cairn_async async;
    struct cairn_http_request *req;
    struct app *app;
    struct cairn_stream stream;
    struct cairn_http_chunk *chunk;
    uint64_t bytes;
};

static enum cairn_poll count_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct count *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    self->stream = cairn_http_request_take_body(self->req);
    do {
        CAIRN_AWAIT(cairn_stream_next(&self->stream), self->chunk);
        if (self->chunk) {
            self->bytes += self->chunk->bytes.length;
            __atomic_store_n(&self->app->read, self->bytes, __ATOMIC_RELEASE);
            cairn_http_chunk_free(self->chunk);
        }
    } while (self->chunk);
    CAIRN_ASYNC_RETURN(cairn_http_text(self->req, 200,
        cairn_arena_printf(self->req->arena, "%llu", (unsigned long long)self->bytes).data));
    CAIRN_ASYNC_END();
}

static void count_drop(void *state)
{
    struct count *self = state;
    cairn_async_drop(&self->async);
    cairn_stream_drop(&self->stream);
}

static const struct cairn_future_ops count_ops = {
    .name = "count", .size = sizeof(struct count), .poll = count_poll, .drop = count_drop};

/* Waits for the test's word, then counts. */
struct waiting {
    struct cairn_future inner;
    struct count count;
};

static enum cairn_poll waiting_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct waiting *self = state;
    if (!__atomic_load_n(&self->count.app->may_read, __ATOMIC_ACQUIRE)) {
        cairn_task_wake(cx->task); /* looks again in the next turn */
        return CAIRN_PENDING;
    }
    if (cairn_future_is_empty(&self->inner))
        self->inner = cairn_future_box(&count_ops, &self->count);
    return cairn_future_poll(&self->inner, cx, out);
}

static void waiting_drop(void *state)
{
    cairn_future_drop(&((struct waiting *)state)->inner);
}

static const struct cairn_future_ops waiting_ops = {
    .name = "waiting", .size = sizeof(struct waiting), .poll = waiting_poll, .drop = waiting_drop};

/* Never answers; its drop looks why. */
struct hanging {
    struct cairn_http_request *req;
    struct app *app;
};

static enum cairn_poll hanging_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    (void)state, (void)cx, (void)out;
    return CAIRN_PENDING;
}

static void hanging_drop(void *state)
{
    struct hanging *self = state;
    self->app->drop_reason = (int)cairn_http_exchange_end(self->req).reason;
}

static const struct cairn_future_ops hanging_ops = {
    .name = "hanging", .size = sizeof(struct hanging), .poll = hanging_poll, .drop = hanging_drop};

static void see_end(void *value, const struct cairn_http_end *end)
{
    struct app *app = value;
    app->reason = (int)end->reason;
    app->end_status = end->status;
    app->sent = end->sent;
    __atomic_fetch_add(&app->ends, 1, __ATOMIC_RELEASE);
}

static struct cairn_http_response *hints(struct cairn_http_request *req)
{
    struct cairn_http_fields fields = {.arena = req->arena};
    cairn_http_fields_add(&fields, CAIRN_STR("Link"), CAIRN_STR("</a.css>; rel=preload"));
    assert_int_equal(cairn_http_inform(req, 103, &fields), 0);
    fields.items[0].value = CAIRN_STR("a\r\nX: b");
    assert_int_equal(cairn_http_inform(req, 103, &fields), -1);
    return cairn_http_text(req, 200, "hinted");
}

static struct cairn_http_response *trailing(struct cairn_http_request *req)
{
    struct cairn_http_response *res =
        cairn_http_stream(req, 200, NULL, cairn_http_request_take_body(req), -1);
    res->trailers = cairn_arena_alloc(req->arena, sizeof(*res->trailers));
    *res->trailers = (struct cairn_http_fields){.arena = req->arena};
    cairn_http_response_set(res, "Trailer", "X-Sum, Content-Length");
    cairn_http_fields_add(res->trailers, CAIRN_STR("X-Sum"), CAIRN_STR("7"));
    cairn_http_fields_add(res->trailers, CAIRN_STR("X-Not-Named"), CAIRN_STR("8"));
    cairn_http_fields_add(res->trailers, CAIRN_STR("Content-Length"), CAIRN_STR("9"));
    return res;
}

static struct cairn_http_response *connection_numbers(struct cairn_http_request *req)
{
    struct cairn_http_connection_info info = cairn_http_connection_info(req);
    return cairn_http_text(req, 200,
        cairn_arena_printf(req->arena, "%llu %llu %d %d", (unsigned long long)info.connection,
            (unsigned long long)info.request, info.peer != NULL, info.local != NULL)
            .data);
}

static struct cairn_http_response *file(struct cairn_http_request *req)
{
    char path[] = "/tmp/cairn_file_XXXXXX";
    int fd = mkstemp(path);
    unlink(path);
    assert_int_equal(ftruncate(fd, is(req, "/huge") ? 64 << 20 : 4 << 20), 0);
    assert_int_equal(pwrite(fd, "begin", 5, 1 << 20), 5);
    int64_t length = is(req, "/cut")    ? 8 << 20
                     : is(req, "/huge") ? 63 << 20
                     : is(req, "/long") ? LONG_BYTES
                                        : 1 << 20;
    return cairn_http_file(req, 200, NULL, fd, 1 << 20, length);
}

/* Collected trailers, by a handler that sees the whole body. */
struct trailers {
    struct cairn_async async;
    struct cairn_http_request *req;
};

static enum cairn_poll trailers_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct trailers *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT_DONE(cairn_http_collect(self->req, 0));
    CAIRN_ASYNC_RETURN(cairn_http_bytes(
        self->req, 200, NULL, cairn_http_fields_get(self->req->trailers, CAIRN_STR("x-sum"))));
    CAIRN_ASYNC_END();
}

static void trailers_drop(void *state)
{
    cairn_async_drop(&((struct trailers *)state)->async);
}

static const struct cairn_future_ops trailers_ops = {.name = "trailers",
    .size = sizeof(struct trailers),
    .poll = trailers_poll,
    .drop = trailers_drop};

static struct cairn_future handle(struct cairn_http_request *req, void *state)
{
    struct app *app = state;
    const struct count count = {.req = req, .app = app};
    if (is(req, "/count"))
        return cairn_future_box(&count_ops, &count);
    if (is(req, "/wait")) {
        __atomic_fetch_add(&app->begun, 1, __ATOMIC_RELEASE);
        return cairn_future_box(&waiting_ops, &(struct waiting){.count = count});
    }
    if (is(req, "/echo"))
        return cairn_future_ready(cairn_http_stream(
            req, 200, NULL, cairn_http_request_take_body(req), req->stream_length));
    if (is(req, "/hang")) {
        cairn_http_on_end(req, see_end, app);
        __atomic_fetch_add(&app->begun, 1, __ATOMIC_RELEASE);
        return cairn_future_box(&hanging_ops, &(struct hanging){req, app});
    }
    if (is(req, "/end") || is(req, "/huge"))
        cairn_http_on_end(req, see_end, app);
    if (is(req, "/hints"))
        return cairn_future_ready(hints(req));
    if (is(req, "/trailing"))
        return cairn_future_ready(trailing(req));
    if (is(req, "/trailers"))
        return cairn_future_start(&trailers_ops, &(struct trailers){.req = req});
    if (is(req, "/close")) {
        struct cairn_http_response *res = cairn_http_text(req, 200, "bye");
        res->closes = true;
        return cairn_future_ready(res);
    }
    if (is(req, "/info"))
        return cairn_future_ready(connection_numbers(req));
    if (is(req, "/file") || is(req, "/cut") || is(req, "/long") || is(req, "/huge"))
        return cairn_future_ready(file(req));
    return cairn_future_ready(cairn_http_text(req, 200, "ignored"));
}

static struct cairn_service *make_app(void *cx, const struct cairn_http_worker *worker)
{
    (void)worker;
    return cairn_http_stream_handler(handle, cx);
}

static int status(void)
{
    return atoi(text + 9);
}

static const char *body(void)
{
    return strstr(text, "\r\n\r\n") + 4;
}

static int begin(struct server_rig *rig, struct app *app, const char *request)
{
    *app = (struct app){0};
    server_rig_start(rig, make_app, app, NULL);
    int fd = client_connect(cairn_http_server_port(rig->server));
    client_send(fd, request);
    return fd;
}

static void reads_a_body_that_comes_in_pieces(void **state)
{
    struct app app;
    struct server_rig rig;
    (void)state;
    int fd = begin(&rig, &app, "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nab");
    client_send(fd, "c");
    client_send(fd, "defGET /count HTTP/1.1\r\nHost: a\r\n\r\n");
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body(), "6");
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body(), "0");
    client_send(fd, "POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n");
    client_send(fd, "abc\r\n2;x=");
    client_send(fd, "y\r\nde\r\n0\r\n\r");
    client_send(fd, "\nGET /count HTTP/1.1\r\nHost: a\r\n\r\n");
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body(), "5");
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body(), "0");
    close(fd);
    server_rig_stop(&rig);
}

static void reads_large_bodies_in_both_framings(void **state)
{
    static char data[1000000];
    struct app app;
    struct server_rig rig;
    (void)state;
    int fd =
        begin(&rig, &app, "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
    client_send_bytes(fd, data, sizeof(data));
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body(), "1000000");
    client_send(fd, "POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 100; i++) {
        client_send(fd, "2710\r\n");
        client_send_bytes(fd, data, 10000);
        client_send(fd, "\r\n");
    }
    client_send(fd, "0\r\n\r\n");
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body(), "1000000");
    close(fd);
    server_rig_stop(&rig);
}

/* The server reads what it may keep, and no more, while the handler does not. */
static void a_handler_that_does_not_read_makes_the_client_wait(void **state)
{
    static char data[65536];
    struct app app;
    struct server_rig rig;
    size_t sent = 0;
    (void)state;
    int fd =
        begin(&rig, &app, "POST /wait HTTP/1.1\r\nHost: a\r\nContent-Length: 104857600\r\n\r\n");
    await(&app.begun, 1);
    for (int idle = 0; idle < 100;) {
        ssize_t n = send(fd, data, sizeof(data), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) {
            sent += (size_t)n;
            idle = 0;
        } else {
            usleep(1000);
            idle++;
        }
    }
    assert_in_range(sent, 1, 32 << 20); /* what the sockets hold */
    assert_int_equal(app.read, 0);
    __atomic_store_n(&app.may_read, 1, __ATOMIC_RELEASE);
    while (sent < 104857600) {
        size_t left = 104857600 - sent;
        ssize_t n = send(fd, data, left < sizeof(data) ? left : sizeof(data), MSG_NOSIGNAL);
        assert_true(n > 0);
        sent += (size_t)n;
    }
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body(), "104857600");
    close(fd);
    server_rig_stop(&rig);
}

static void streams_both_ways_at_once(void **state)
{
    struct app app;
    struct server_rig rig;
    (void)state;
    int fd =
        begin(&rig, &app, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client_send(fd, "3\r\none\r\n");
    size_t length = 0;
    while (length < 8 || memcmp(text + length - 8, "3\r\none\r\n", 8) != 0)
        length += (size_t)recv(fd, text + length, 1, 0);
    client_send(fd, "3\r\ntwo\r\n0\r\n\r\nGET /count HTTP/1.1\r\nHost: a\r\n\r\n");
    length = 0;
    while (length < 13 || memcmp(text + length - 13, "3\r\ntwo\r\n0\r\n\r\n", 13) != 0)
        length += (size_t)recv(fd, text + length, 1, 0);
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body(), "0");
    close(fd);
    server_rig_stop(&rig);
}

static void says_continue_only_to_who_is_read(void **state)
{
    struct app app;
    struct server_rig rig;
    (void)state;
    int fd = begin(&rig, &app,
        "POST /count HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    client_response(fd, true, text, sizeof(text));
    assert_string_equal(text, "HTTP/1.1 100 Continue\r\n\r\n");
    client_send(fd, "abc");
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body(), "3");
    client_send(fd, "POST /ignore HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                    "Content-Length: 3\r\n\r\n");
    client_response(fd, false, text, sizeof(text));
    assert_int_equal(status(), 200);
    assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
    assert_true(client_is_closed(fd));
    close(fd);
    server_rig_stop(&rig);
}

static void an_unread_body_that_is_there_does_not_end_the_connection(void **state)
{
    static char data[40000];
    struct app app;
    struct server_rig rig;
    (void)state;
    int fd = begin(&rig, &app,
        "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
        "GET /count HTTP/1.1\r\nHost: a\r\n\r\n");
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body(), "ignored");
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body(), "0");
    client_send(fd, "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 40000000\r\n\r\n");
    client_send_bytes(fd, data, sizeof(data));
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body(), "ignored");
    assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
    close(fd);
    server_rig_stop(&rig);
}

static void a_body_that_is_malformed_or_ends_early_is_the_clients_mistake(void **state)
{
    struct app app;
    struct server_rig rig;
    (void)state;
    int fd = begin(
        &rig, &app, "POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n");
    client_send(fd, "abcd");
    client_response(fd, false, text, sizeof(text));
    assert_int_equal(status(), 400);
    close(fd);
    fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
    shutdown(fd, SHUT_WR);
    client_response(fd, false, text, sizeof(text));
    assert_int_equal(status(), 400);
    close(fd);
    server_rig_stop(&rig);
}

static void a_peer_that_resets_in_the_middle_of_a_body_cancels_the_handler(void **state)
{
    const struct linger reset = {1, 0};
    struct app app;
    struct server_rig rig;
    (void)state;
    int fd = begin(&rig, &app, "POST /hang HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
    await(&app.begun, 1);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
    await(&app.ends, 1);
    assert_int_equal(app.reason, CAIRN_HTTP_PEER_GONE);
    assert_int_equal(app.drop_reason, CAIRN_HTTP_PEER_GONE);
    assert_int_equal(app.end_status, 0);
    assert_int_equal(server_rig_finish(&rig).cancelled, 1);
    assert_int_equal(app.ends, 1);
}

static void half_a_close_cancels_where_that_was_asked_for(void **state)
{
    const struct cairn_http_server_options options = {.no_half_close = true};
    struct app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, make_app, &app, &options);
    int fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
    await(&app.begun, 1);
    shutdown(fd, SHUT_WR);
    await(&app.ends, 1);
    assert_int_equal(app.reason, CAIRN_HTTP_PEER_GONE);
    assert_true(client_is_closed(fd));
    close(fd);
    server_rig_stop(&rig);
}

static void tells_of_an_answer_that_is_complete(void **state)
{
    struct app app;
    struct server_rig rig;
    (void)state;
    int fd = begin(&rig, &app, "GET /end HTTP/1.1\r\nHost: a\r\n\r\n");
    client_response(fd, false, text, sizeof(text));
    await(&app.ends, 1);
    assert_int_equal(app.reason, CAIRN_HTTP_COMPLETE);
    assert_int_equal(app.end_status, 200);
    assert_int_equal(app.sent, 7);
    close(fd);
    server_rig_stop(&rig);
    assert_int_equal(app.ends, 1);
}

static void sends_early_hints_to_who_understands_them(void **state)
{
    struct app app;
    struct server_rig rig;
    (void)state;
    int fd = begin(&rig, &app, "GET /hints HTTP/1.1\r\nHost: a\r\n\r\n");
    client_response(fd, true, text, sizeof(text));
    assert_string_equal(text, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n");
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body(), "hinted");
    client_send(fd, "GET /hints HTTP/1.0\r\n\r\n");
    client_response(fd, false, text, sizeof(text));
    assert_int_equal(status(), 200);
    close(fd);
    server_rig_stop(&rig);
}

static void trailers_go_both_ways(void **state)
{
    struct app app;
    struct server_rig rig;
    (void)state;
    int fd = begin(&rig, &app,
        "POST /trailers HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
    client_send(fd, "0\r\nX-Sum: 42\r\n\r\n");
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body(), "42");
    client_send(fd, "POST /trailing HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab");
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body(), "2\r\nab\r\n0\r\n\r\n");
    client_send(fd, "POST /trailing HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nContent-Length: 2\r\n"
                    "Connection: TE, close\r\n\r\nab");
    client_drain(fd, text, sizeof(text));
    assert_string_equal(body(), "2\r\nab\r\n0\r\nX-Sum: 7\r\n\r\n");
    close(fd);
    server_rig_stop(&rig);
}

static void numbers_connections_and_their_requests(void **state)
{
    struct app app;
    struct server_rig rig;
    (void)state;
    int fd = begin(&rig, &app, "GET /info HTTP/1.1\r\nHost: a\r\n\r\n");
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body(), "1 1 1 1");
    client_send(fd, "GET /info HTTP/1.1\r\nHost: a\r\n\r\n");
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body(), "1 2 1 1");
    close(fd);
    fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "GET /info HTTP/1.1\r\nHost: a\r\n\r\n");
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body(), "2 1 1 1");
    close(fd);
    server_rig_stop(&rig);
}

static void an_answer_may_end_the_connection(void **state)
{
    struct app app;
    struct server_rig rig;
    (void)state;
    int fd = begin(
        &rig, &app, "GET /close HTTP/1.1\r\nHost: a\r\n\r\nGET /info HTTP/1.1\r\nHost: a\r\n\r\n");
    client_drain(fd, text, sizeof(text));
    assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
    assert_string_equal(body(), "bye");
    close(fd);
    server_rig_stop(&rig);
}

static void sends_a_part_of_a_file_and_cuts_when_it_is_shorter(void **state)
{
    struct app app;
    struct server_rig rig;
    (void)state;
    int fd = begin(&rig, &app,
        "GET /file HTTP/1.1\r\nHost: a\r\n\r\nGET /count HTTP/1.1\r\n"
        "Host: a\r\n\r\n");
    assert_in_range(client_response(fd, false, text, sizeof(text)), 1 << 20, (1 << 20) + 200);
    assert_memory_equal(body(), "begin\0\0", 7);
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body(), "0");
    client_send(fd, "HEAD /file HTTP/1.1\r\nHost: a\r\n\r\n");
    client_response(fd, true, text, sizeof(text));
    assert_non_null(strstr(text, "\r\nContent-Length: 1048576\r\n"));
    client_send(fd, "GET /cut HTTP/1.1\r\nHost: a\r\n\r\n");
    size_t length = 0;
    for (ssize_t n; (n = recv(fd, text, sizeof(text), 0)) > 0;)
        length += (size_t)n;
    assert_in_range(length, 3 << 20, (3 << 20) + 200);
    close(fd);
    struct cairn_http_counters counters = server_rig_finish(&rig);
    assert_int_equal(counters.responses, 3);
    assert_int_equal(counters.cancelled, 1);
}

/* The peer has shut its end, and then it resets: the kernel would send PIPE for that. */
static void a_client_that_leaves_in_the_middle_of_a_file_raises_no_signal(void **state)
{
    struct app app;
    struct server_rig rig;
    (void)state;
    int fd = begin(&rig, &app, "GET /huge HTTP/1.1\r\nHost: a\r\n\r\n");
    for (int i = 1; i <= 10; i++) {
        client_response(fd, true, text, sizeof(text));
        shutdown(fd, SHUT_WR);
        usleep(1000); /* the kernel has it by now; if not, the reset is an ordinary one */
        close(fd);
        await(&app.ends, i);
        assert_int_equal(app.reason, CAIRN_HTTP_PEER_GONE);
        fd = client_connect(cairn_http_server_port(rig.server));
        client_send(fd, "GET /huge HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    close(fd);
    server_rig_stop(&rig);
}

/* More than a turn's share: the end goes out where the turn ends, and nothing else says so. */
static void goes_on_behind_a_file_that_takes_more_than_a_turn(void **state)
{
    struct app app;
    struct server_rig rig;
    (void)state;
    int fd = begin(&rig, &app, "");
    for (int i = 0; i < 20; i++) {
        client_send(fd, "GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_in_range(
            client_response(fd, false, text, sizeof(text)), LONG_BYTES, LONG_BYTES + 200);
    }
    close(fd);
    assert_int_equal(server_rig_finish(&rig).responses, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_body_that_comes_in_pieces),
        cmocka_unit_test(reads_large_bodies_in_both_framings),
        cmocka_unit_test(a_handler_that_does_not_read_makes_the_client_wait),
        cmocka_unit_test(streams_both_ways_at_once),
        cmocka_unit_test(says_continue_only_to_who_is_read),
        cmocka_unit_test(an_unread_body_that_is_there_does_not_end_the_connection),
        cmocka_unit_test(a_body_that_is_malformed_or_ends_early_is_the_clients_mistake),
        cmocka_unit_test(a_peer_that_resets_in_the_middle_of_a_body_cancels_the_handler),
        cmocka_unit_test(half_a_close_cancels_where_that_was_asked_for),
        cmocka_unit_test(tells_of_an_answer_that_is_complete),
        cmocka_unit_test(sends_early_hints_to_who_understands_them),
        cmocka_unit_test(trailers_go_both_ways),
        cmocka_unit_test(numbers_connections_and_their_requests),
        cmocka_unit_test(an_answer_may_end_the_connection),
        cmocka_unit_test(sends_a_part_of_a_file_and_cuts_when_it_is_shorter),
        cmocka_unit_test(a_client_that_leaves_in_the_middle_of_a_file_raises_no_signal),
        cmocka_unit_test(goes_on_behind_a_file_that_takes_more_than_a_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
