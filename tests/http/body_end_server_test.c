#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cairn/http/body_end.h>
#include <cairn/http/handler.h>
#include <cairn/http/layers/in_flight.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/pending_requests.h>
#include <cairn/service/stack.h>

#include "server_rig.h"

/* What is open for good after its first chunk. */
static enum cairn_poll open_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    bool *has_given = state;
    (void)cx;
    if (*has_given)
        return CAIRN_PENDING; /* until the peer goes */
    *has_given = true;
    out->value = cairn_http_chunk_new("one", 3);
    return CAIRN_READY;
}

static const struct cairn_stream_ops open_ops = {
    .name = "open", .size = sizeof(bool), .poll_next = open_poll_next};

/* /open  a stream without an end · /load  the load while this is asked · anything else  "fine" */
struct app {
    struct cairn_service *service; /* of the one worker, and used on its thread alone */
    struct cairn_in_flight *counter;
};

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    const struct app *app = state;
    const bool has_given = false;
    if (cairn_str_equal(req->path, CAIRN_STR("/open")))
        return cairn_http_stream(req, 200, NULL, cairn_stream_box(&open_ops, &has_given), -1);
    if (!cairn_str_equal(req->path, CAIRN_STR("/load")))
        return cairn_http_text(req, 200, "fine");
    struct cairn_str load =
        cairn_arena_printf(req->arena, "load %d", (int)cairn_load_of(app->service));
    return load.data ? cairn_http_text(req, 200, load.data) : NULL;
}

static struct cairn_service *app_new(void *cx, const struct cairn_http_worker *worker)
{
    struct app *app = cx;
    (void)worker;
    app->service =
        cairn_stack(cairn_http_handler(answer, app), cairn_in_flight(.counter = app->counter),
            cairn_pending_requests(.completion = {.track = cairn_http_track_load}),
            cairn_concurrency_limit(.max = 8, .until = &cairn_http_body_end));
    return app->service;
}

static void ask(int fd, const char *path, char *text, size_t size)
{
    client_get(fd, path);
    assert_true(client_response(fd, false, text, size) > 0);
}

/* Asks until the load, that of the question left out, is EXPECTED. */
static void wait_for_load(int fd, int expected)
{
    char text[512];
    char wanted[32];
    snprintf(wanted, sizeof(wanted), "\r\n\r\nload %d", expected + 1);
    do
        ask(fd, "/load", text, sizeof(text));
    while (!strstr(text, wanted));
}

/* A connection that has the head of an answer and its first chunk. */
static int open_stream(uint16_t port)
{
    char text[512];
    size_t length = 0;
    int fd = client_connect(port);
    client_send(fd, "GET /open HTTP/1.1\r\nHost: a\r\n\r\n");
    do {
        ssize_t n = read(fd, text + length, sizeof(text) - 1 - length);
        assert_true(n > 0);
        length += (size_t)n;
        text[length] = '\0';
    } while (!strstr(text, "3\r\none\r\n"));
    return fd;
}

/* With a reset: a peer that only ends its side may still want the rest. */
static void give_up(int fd)
{
    const struct linger at_once = {.l_onoff = 1};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
    close(fd);
}

static void T088_T089_counts_stay_up_until_each_body_has_ended_in_any_order(void **state)
{
    static struct app app;
    struct server_rig rig;
    int streams[3];
    (void)state;
    app.counter = cairn_in_flight_new();
    server_rig_start(&rig, app_new, &app, NULL);
    uint16_t port = cairn_http_server_port(rig.server);
    int fd = client_connect(port);
    wait_for_load(fd, 0);
    for (int i = 0; i < 3; i++) {
        streams[i] = open_stream(port);
        wait_for_load(fd, i + 1);
    }
    give_up(streams[1]);
    wait_for_load(fd, 2);
    give_up(streams[2]);
    wait_for_load(fd, 1);
    give_up(streams[0]);
    wait_for_load(fd, 0);
    close(fd);
    server_rig_stop(&rig);
    assert_int_equal(cairn_in_flight_count(app.counter), 0);
    cairn_in_flight_unref(app.counter);
}

/* More than there are permits, one after the other on one connection. */
static void a_whole_body_gives_its_permit_back_when_it_was_written(void **state)
{
    static struct app app;
    struct server_rig rig;
    char text[512];
    (void)state;
    app.counter = cairn_in_flight_new();
    server_rig_start(&rig, app_new, &app, NULL);
    int fd = client_connect(cairn_http_server_port(rig.server));
    for (int i = 0; i < 100; i++) {
        ask(fd, "/", text, sizeof(text));
        assert_non_null(strstr(text, "\r\n\r\nfine"));
    }
    close(fd);
    server_rig_stop(&rig);
    assert_int_equal(cairn_in_flight_count(app.counter), 0);
    cairn_in_flight_unref(app.counter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T088_T089_counts_stay_up_until_each_body_has_ended_in_any_order),
        cmocka_unit_test(a_whole_body_gives_its_permit_back_when_it_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
