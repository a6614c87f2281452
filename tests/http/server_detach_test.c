#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cairn/http/body.h>
#include <cairn/http/exchange.h>
#include <cairn/http/handler.h>
#include <cairn/http/layers/run_to_completion.h>
#include <cairn/service/stack.h>

#include "server_rig.h"

/* What the app and the test tell each other; one worker. */
struct app {
    int begun;
    int may_end; /* set by the test */
    int finished;
    int dropped;
    int reason; /* of the exchange, as the handler sees it when it finishes */
    int peer_family;
    int body; /* how collecting it ended: 1 whole, -1 failed */
};

struct work {
    struct cairn_future collecting;
    struct cairn_http_request *req;
    struct app *app;
};

static void await(const int *value, int expected)
{
    for (int i = 0; i < 10000 && __atomic_load_n(value, __ATOMIC_ACQUIRE) < expected; i++)
        usleep(1000);
    assert_int_equal(__atomic_load_n(value, __ATOMIC_ACQUIRE), expected);
}

static enum cairn_poll work_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct work *self = state;
    struct app *app = self->app;
    if (!cairn_future_is_empty(&self->collecting)) {
        enum cairn_poll p = cairn_future_poll(&self->collecting, cx, out);
        if (p == CAIRN_PENDING)
            return p;
        if (p == CAIRN_FAILED)
            cairn_error_unref(out->error);
        app->body = p == CAIRN_READY ? 1 : -1;
    }
    if (!__atomic_load_n(&app->may_end, __ATOMIC_ACQUIRE)) {
        cairn_task_wake(cx->task); /* looks again in the next turn */
        return CAIRN_PENDING;
    }
    app->reason = (int)cairn_http_exchange_end(self->req).reason;
    app->peer_family = self->req->peer->sa_family;
    assert_int_equal(
        cairn_http_inform(self->req, 103, NULL), app->reason == CAIRN_HTTP_RUNNING ? 0 : -1);
    __atomic_fetch_add(&app->finished, 1, __ATOMIC_RELEASE);
    out->value = cairn_http_text(self->req, 200, "done");
    return CAIRN_READY;
}

static void work_drop(void *state)
{
    struct work *self = state;
    cairn_future_drop(&self->collecting);
    __atomic_fetch_add(&self->app->dropped, 1, __ATOMIC_RELEASE);
}

static const struct cairn_future_ops work_ops = {
    .name = "work", .size = sizeof(struct work), .poll = work_poll, .drop = work_drop};

static struct cairn_future begin_work(struct cairn_http_request *req, void *state)
{
    struct app *app = state;
    __atomic_fetch_add(&app->begun, 1, __ATOMIC_RELEASE);
    return cairn_future_box(&work_ops, &(struct work){cairn_http_collect(req, 0), req, app});
}

static struct cairn_service *make_app(void *cx, const struct cairn_http_worker *worker)
{
    (void)worker;
    return cairn_stack(cairn_http_stream_handler(begin_work, cx), cairn_run_to_completion());
}

static void leave(int fd)
{
    const struct linger reset = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
}

static void goes_on_when_the_client_is_gone(void **state)
{
    struct app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, make_app, &app, NULL);
    int fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await(&app.begun, 1);
    leave(fd);
    /* The next connection is served meanwhile. */
    fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await(&app.begun, 2);
    assert_int_equal(app.dropped, 0);
    leave(fd);
    usleep(50000);
    __atomic_store_n(&app.may_end, 1, __ATOMIC_RELEASE);
    await(&app.dropped, 2);
    assert_int_equal(app.finished, 2);
    assert_int_equal(app.reason, CAIRN_HTTP_PEER_GONE);
    assert_true(app.peer_family == AF_INET6 || app.peer_family == AF_INET);
    struct cairn_http_counters counters = server_rig_finish(&rig);
    assert_int_equal(counters.detached, 2);
    assert_int_equal(counters.cancelled, 0);
    assert_int_equal(counters.responses, 0);
}

static void a_body_that_had_not_come_fails(void **state)
{
    struct app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, make_app, &app, NULL);
    int fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
    await(&app.begun, 1);
    leave(fd);
    __atomic_store_n(&app.may_end, 1, __ATOMIC_RELEASE);
    await(&app.dropped, 1);
    assert_int_equal(app.finished, 1);
    assert_int_equal(app.body, -1);
    server_rig_stop(&rig);
}

static void a_drain_waits_for_it_and_a_stop_does_not(void **state)
{
    struct app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, make_app, &app, NULL);
    int fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await(&app.begun, 1);
    leave(fd);
    usleep(50000);
    cairn_http_server_drain(rig.server);
    usleep(50000);
    assert_int_equal(app.dropped, 0);
    __atomic_store_n(&app.may_end, 1, __ATOMIC_RELEASE);
    server_rig_stop(&rig);
    assert_int_equal(app.finished, 1);
    app = (struct app){0};
    server_rig_start(&rig, make_app, &app, NULL);
    fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await(&app.begun, 1);
    leave(fd);
    usleep(50000);
    cairn_http_server_stop(rig.server);
    await(&app.dropped, 1);
    assert_int_equal(app.finished, 0);
    server_rig_stop(&rig);
}

static void who_stays_gets_the_answer(void **state)
{
    struct app app = {.may_end = 1};
    struct server_rig rig;
    char text[1024];
    (void)state;
    server_rig_start(&rig, make_app, &app, NULL);
    int fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client_response(fd, true, text, sizeof(text)); /* the early hints */
    client_response(fd, false, text, sizeof(text));
    assert_non_null(strstr(text, "\r\n\r\ndone"));
    close(fd);
    assert_int_equal(server_rig_finish(&rig).detached, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_on_when_the_client_is_gone),
        cmocka_unit_test(a_body_that_had_not_come_fails),
        cmocka_unit_test(a_drain_waits_for_it_and_a_stop_does_not),
        cmocka_unit_test(who_stays_gets_the_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
