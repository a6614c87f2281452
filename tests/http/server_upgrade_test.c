#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cairn/http/handler.h>
#include <cairn/http/upgrade.h>
#include <cairn/service/async.h>

#include "server_rig.h"

struct app {
    int begun;
    int dropped;
    int saw_closing;
};

static char text[1 << 16];

static void await(const int *value, int expected)
{
    for (int i = 0; i < 10000 && __atomic_load_n(value, __ATOMIC_ACQUIRE) < expected; i++)
        usleep(1000);
    assert_int_equal(__atomic_load_n(value, __ATOMIC_ACQUIRE), expected);
}

/* The protocol "shout": what is read is sent back, and "bye" at the peer's end. A stream that is
 * closing ends with "closing". */
struct shout {
    struct cairn_async async;
    struct app *app;
    struct cairn_byte_stream stream;
    size_t count;
    char buffer[1024];
};

static enum cairn_poll shout_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct shout *self = state;
    if (cairn_byte_stream_is_closing(&self->stream) && self->app->saw_closing == 0) {
        size_t count;
        self->app->saw_closing = 1;
        if (cairn_byte_stream_poll_write(&self->stream, cx, "closing", 7, &count, &out->error))
            return CAIRN_FAILED;
        out->value = NULL;
        return CAIRN_READY;
    }
    CAIRN_ASYNC_BEGIN(self, cx, out);
    do {
        CAIRN_AWAIT_DONE(cairn_byte_stream_read(
            &self->stream, self->buffer, sizeof(self->buffer), &self->count));
        if (self->count)
            CAIRN_AWAIT_DONE(cairn_byte_stream_write(&self->stream, self->buffer, self->count));
    } while (self->count);
    CAIRN_AWAIT_DONE(cairn_byte_stream_write(&self->stream, "bye", 3));
    CAIRN_AWAIT_DONE(cairn_byte_stream_shutdown(&self->stream));
    CAIRN_ASYNC_END();
}

static void shout_drop(void *state)
{
    struct shout *self = state;
    cairn_async_drop(&self->async);
    cairn_byte_stream_drop(&self->stream);
    __atomic_fetch_add(&self->app->dropped, 1, __ATOMIC_RELEASE);
}

static const struct cairn_future_ops shout_ops = {
    .name = "shout", .size = sizeof(struct shout), .poll = shout_poll, .drop = shout_drop};

static struct cairn_future begin_shout(void *cx, struct cairn_byte_stream stream)
{
    struct app *app = cx;
    __atomic_fetch_add(&app->begun, 1, __ATOMIC_RELEASE);
    return cairn_future_box(&shout_ops, &(struct shout){.app = app, .stream = stream});
}

static struct cairn_http_response *handle(struct cairn_http_request *req, void *state)
{
    if (cairn_str_equal(req->path, CAIRN_STR("/shout")))
        return cairn_http_upgrade(req, "shout", begin_shout, state);
    return cairn_http_text(req, 200, "plain");
}

static struct cairn_service *make_app(void *cx, const struct cairn_http_worker *worker)
{
    (void)worker;
    return cairn_http_handler(handle, cx);
}

#define UPGRADE \
    "GET /shout HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: shout\r\n\r\n"

static const char post_upgrade[] =
    "POST /shout HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: shout\r\n"
    "Content-Length: 1\r\n\r\na";

static int begin(struct server_rig *rig, struct app *app, const char *request)
{
    const struct cairn_http_server_options options = {.drain_ms = 200};
    *app = (struct app){0};
    server_rig_start(rig, make_app, app, &options);
    int fd = client_connect(cairn_http_server_port(rig->server));
    client_send(fd, request);
    return fd;
}

static void assert_bytes(int fd, const char *expected)
{
    size_t length = strlen(expected);
    for (size_t have = 0; have < length;) {
        ssize_t n = recv(fd, text + have, length - have, 0);
        assert_true(n > 0);
        have += (size_t)n;
    }
    assert_memory_equal(text, expected, length);
}

static void hands_the_connection_over_with_what_was_read_behind_the_request(void **state)
{
    struct app app;
    struct server_rig rig;
    (void)state;
    int fd = begin(&rig, &app, UPGRADE "first");
    client_response(fd, true, text, sizeof(text));
    assert_memory_equal(text, "HTTP/1.1 101 Switching Protocols\r\n", 34);
    assert_non_null(strstr(text, "\r\nConnection: upgrade\r\n"));
    assert_non_null(strstr(text, "\r\nUpgrade: shout\r\n"));
    assert_null(strstr(text, "Content-Length"));
    assert_bytes(fd, "first");
    client_send(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_bytes(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    shutdown(fd, SHUT_WR);
    assert_bytes(fd, "bye");
    assert_true(client_is_closed(fd));
    close(fd);
    assert_int_equal(server_rig_finish(&rig).responses, 1);
    assert_int_equal(app.dropped, 1);
}

static void upgrades_only_who_asks_for_the_protocol(void **state)
{
    static const char *const requests[] = {
        "GET /shout HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /shout HTTP/1.1\r\nHost: a\r\nUpgrade: shout\r\n\r\n",
        "GET /shout HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n",
        "GET /shout HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: shout\r\n\r\n",
        post_upgrade,
    };
    struct app app;
    struct server_rig rig;
    (void)state;
    int first = begin(&rig, &app, requests[0]);
    close(first);
    for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
        int fd = client_connect(cairn_http_server_port(rig.server));
        client_send(fd, requests[i]);
        client_response(fd, false, text, sizeof(text));
        assert_int_equal(atoi(text + 9), 426);
        assert_non_null(strstr(text, "\r\nUpgrade: shout\r\n"));
        close(fd);
    }
    server_rig_stop(&rig);
    assert_int_equal(app.begun, 0);
}

static void an_upgrade_that_nobody_takes_up_changes_nothing(void **state)
{
    struct app app;
    struct server_rig rig;
    (void)state;
    int fd = begin(&rig, &app,
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"
        "GET /shout HTTP/1.1\r\nHost: a\r\n\r\n");
    size_t length = client_drain(fd, text, sizeof(text));
    assert_int_equal(atoi(text + 9), 200);
    /* What follows may be another protocol: it is not read as a request. */
    assert_null(strstr(text + 9, "HTTP/1.1"));
    assert_true(length > 0);
    close(fd);
    server_rig_stop(&rig);
}

static void a_drain_tells_who_reads_that_the_stream_is_closing(void **state)
{
    struct app app;
    struct server_rig rig;
    (void)state;
    int fd = begin(&rig, &app, UPGRADE);
    client_response(fd, true, text, sizeof(text));
    cairn_http_server_drain(rig.server);
    assert_bytes(fd, "closing");
    assert_true(client_is_closed(fd));
    close(fd);
    server_rig_stop(&rig);
    assert_int_equal(app.dropped, 1);
}

static void a_reset_and_a_stop_drop_what_is_done_with_the_stream(void **state)
{
    const struct linger reset = {1, 0};
    struct app app;
    struct server_rig rig;
    (void)state;
    int fd = begin(&rig, &app, UPGRADE);
    client_response(fd, true, text, sizeof(text));
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
    await(&app.dropped, 1);
    fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, UPGRADE);
    client_response(fd, true, text, sizeof(text));
    cairn_http_server_stop(rig.server);
    await(&app.dropped, 2);
    close(fd);
    assert_int_equal(server_rig_finish(&rig).cancelled, 2);
}

static void a_reader_that_stalls_makes_the_writer_wait(void **state)
{
    static char data[1 << 20];
    struct app app;
    struct server_rig rig;
    size_t received = 0;
    size_t sent = 0;
    (void)state;
    memset(data, 'x', sizeof(data));
    int fd = begin(&rig, &app, UPGRADE);
    client_response(fd, true, text, sizeof(text));
    /* Nobody reads the echo: in the end nothing more can be sent. */
    for (int idle = 0; idle < 50;) {
        ssize_t n = send(fd, data, sizeof(data), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) {
            sent += (size_t)n;
            idle = 0;
        } else {
            usleep(1000);
            idle++;
        }
    }
    assert_in_range(sent, 1, 64 << 20);
    shutdown(fd, SHUT_WR);
    for (ssize_t n; (n = recv(fd, data, sizeof(data), 0)) > 0;)
        received += (size_t)n;
    assert_int_equal(received, sent + 3);
    close(fd);
    server_rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_the_connection_over_with_what_was_read_behind_the_request),
        cmocka_unit_test(upgrades_only_who_asks_for_the_protocol),
        cmocka_unit_test(an_upgrade_that_nobody_takes_up_changes_nothing),
        cmocka_unit_test(a_drain_tells_who_reads_that_the_stream_is_closing),
        cmocka_unit_test(a_reset_and_a_stop_drop_what_is_done_with_the_stream),
        cmocka_unit_test(a_reader_that_stalls_makes_the_writer_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
