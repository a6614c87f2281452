/* http_cache and http_coalesce in a server: what several peers get of one call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/http_cache.h>
#include <cairn/http/layers/http_coalesce.h>
#include <cairn/service/async.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

#include "server_rig.h"

static char text[1 << 16];

struct app {
    int begun;   /* calls of the handler */
    int is_open; /* whether it may answer */
};

/* Says which call it is, once it may; "/file" is answered by a file. */
struct answer {
    struct cairn_async async;
    struct app *app;
    struct cairn_http_request *req;
    int number;
};

static struct cairn_http_response *answer_file(const struct cairn_http_request *req, int number)
{
    char path[] = "/tmp/cairn-sharing-XXXXXX";
    char line[32];
    int fd = mkstemp(path);
    int length = snprintf(line, sizeof(line), "file %d", number);
    unlink(path);
    if (write(fd, line, (size_t)length) != length)
        return NULL;
    return cairn_http_file(req, 200, "text/plain", fd, 0, length);
}

static enum cairn_poll answer_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct answer *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    do {
        CAIRN_AWAIT_DONE(cairn_sleep(1));
    } while (!__atomic_load_n(&self->app->is_open, __ATOMIC_ACQUIRE));
    if (cairn_str_equal(self->req->path, CAIRN_STR("/file")))
        CAIRN_ASYNC_RETURN(answer_file(self->req, self->number));
    CAIRN_ASYNC_RETURN(cairn_http_bytes(self->req, 200, "text/plain",
        cairn_arena_printf(self->req->arena, "call %d", self->number)));
    CAIRN_ASYNC_END();
}

static void answer_drop(void *state)
{
    cairn_async_drop(&((struct answer *)state)->async);
}

static struct cairn_future answer(struct cairn_http_request *req, void *app)
{
    static const struct cairn_future_ops ops = {
        .name = "answer", .size = sizeof(struct answer), .poll = answer_poll, .drop = answer_drop};
    struct answer self = {.app = app, .req = req};
    self.number = __atomic_add_fetch(&self.app->begun, 1, __ATOMIC_ACQ_REL);
    return cairn_future_box(&ops, &self);
}

static struct cairn_service *build(void *app, const struct cairn_http_worker *worker)
{
    (void)worker;
    return cairn_stack(
        cairn_http_async_handler(answer, app), cairn_http_cache(), cairn_http_coalesce());
}

static void await_begun(const struct app *app, int count)
{
    for (int i = 0; i < 10000 && __atomic_load_n(&app->begun, __ATOMIC_ACQUIRE) < count; i++)
        usleep(1000);
    assert_int_equal(__atomic_load_n(&app->begun, __ATOMIC_ACQUIRE), count);
}

static void open_gate(struct app *app)
{
    __atomic_store_n(&app->is_open, 1, __ATOMIC_RELEASE);
}

static void assert_answer(int fd, const char *body, const char *cache_status)
{
    assert_true(client_response(fd, false, text, sizeof(text)) > 0);
    assert_non_null(strstr(text, " 200 OK\r\n"));
    assert_non_null(strstr(text, cache_status));
    assert_null(strstr(text, "Cairn-Cache-Life"));
    assert_string_equal(strstr(text, "\r\n\r\n") + 4, body);
}

static void one_call_answers_all_who_ask_and_who_asks_later(void **state)
{
    struct app app = {0};
    struct server_rig rig;
    int peers[3];
    (void)state;
    server_rig_start(&rig, build, &app, NULL);
    for (int i = 0; i < 3; i++) {
        peers[i] = client_connect(cairn_http_server_port(rig.server));
        client_get(peers[i], "/page");
    }
    await_begun(&app, 1);
    open_gate(&app);
    for (int i = 0; i < 3; i++)
        assert_answer(peers[i], "call 1", "\r\nCache-Status: cairn; ");
    for (int i = 0; i < 3; i++) {
        client_get(peers[i], "/page");
        assert_answer(peers[i], "call 1", "\r\nCache-Status: cairn; hit; ttl=");
        assert_non_null(strstr(text, "\r\nAge: "));
        close(peers[i]);
    }
    await_begun(&app, 1);
    server_rig_stop(&rig);
}

static void a_peer_that_leaves_takes_nobodys_answer_along(void **state)
{
    struct app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, build, &app, NULL);
    int leader = client_connect(cairn_http_server_port(rig.server));
    client_get(leader, "/page");
    await_begun(&app, 1);
    int follower = client_connect(cairn_http_server_port(rig.server));
    client_get(follower, "/page");
    int marker = client_connect(cairn_http_server_port(rig.server));
    client_get(marker, "/other"); /* begun after the follower has joined */
    await_begun(&app, 2);
    close(leader);
    open_gate(&app);
    assert_answer(follower, "call 1", "\r\nCache-Status: cairn; fwd=miss; stored\r\n");
    assert_answer(marker, "call 2", "\r\nCache-Status: cairn; fwd=miss; stored\r\n");
    close(follower);
    close(marker);
    server_rig_stop(&rig);
}

static void files_reach_everyone_though_they_have_no_copies(void **state)
{
    struct app app = {0};
    struct server_rig rig;
    int peers[2];
    (void)state;
    server_rig_start(&rig, build, &app, NULL);
    for (int i = 0; i < 2; i++) {
        peers[i] = client_connect(cairn_http_server_port(rig.server));
        client_get(peers[i], "/file");
    }
    await_begun(&app, 1);
    int marker = client_connect(cairn_http_server_port(rig.server));
    client_get(marker, "/other");
    await_begun(&app, 2);
    open_gate(&app);
    assert_true(client_response(peers[0], false, text, sizeof(text)) > 0);
    assert_non_null(strstr(text, "\r\n\r\nfile "));
    assert_non_null(strstr(text, "\r\nCache-Status: cairn; fwd=miss\r\n"));
    assert_true(client_response(peers[1], false, text, sizeof(text)) > 0);
    assert_non_null(strstr(text, "\r\n\r\nfile "));
    await_begun(&app, 3); /* one for each, and the marker's */
    close(marker);
    close(peers[0]);
    close(peers[1]);
    server_rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_call_answers_all_who_ask_and_who_asks_later),
        cmocka_unit_test(a_peer_that_leaves_takes_nobodys_answer_along),
        cmocka_unit_test(files_reach_everyone_though_they_have_no_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
