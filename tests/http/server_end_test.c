#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/on_end.h>
#include <cairn/service/stack.h>

#include "server_rig.h"

struct seen {
    int calls;
    int reason;
    int status;
};

static void see(void *cx, const struct cairn_http_request *req, const struct cairn_http_end *end)
{
    struct seen *seen = cx;
    (void)req;
    seen->reason = (int)end->reason;
    seen->status = end->status;
    __atomic_fetch_add(&seen->calls, 1, __ATOMIC_RELEASE);
}

static void await(const int *value, int expected)
{
    for (int i = 0; i < 10000 && __atomic_load_n(value, __ATOMIC_ACQUIRE) < expected; i++)
        usleep(1000);
    assert_int_equal(__atomic_load_n(value, __ATOMIC_ACQUIRE), expected);
}

/* A handler that hangs at /hang, and a stream that never ends elsewhere. */
static enum cairn_poll never_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    (void)state, (void)cx, (void)out;
    return CAIRN_PENDING;
}

static const struct cairn_future_ops hang_ops = {.name = "hang", .size = 1, .poll = never_poll};
static const struct cairn_stream_ops silent_ops = {
    .name = "silent", .size = 1, .poll_next = never_poll};

static struct cairn_future answer(struct cairn_http_request *req, void *state)
{
    (void)state;
    if (cairn_str_equal(req->path, CAIRN_STR("/hang")))
        return cairn_future_box(&hang_ops, "");
    if (cairn_str_equal(req->path, CAIRN_STR("/silent")))
        return cairn_future_ready(
            cairn_http_stream(req, 203, NULL, cairn_stream_box(&silent_ops, ""), -1));
    return cairn_future_ready(cairn_http_text(req, 200, "fine"));
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)worker;
    return cairn_stack(
        cairn_http_async_handler(answer, NULL), cairn_on_end(.ended = see, .cx = cx));
}

static void tells_who_left_before_the_answer_during_it_and_not_at_all(void **state)
{
    static const struct {
        const char *target;
        int status;
        int reason;
    } rows[] = {{"/hang", 0, CAIRN_HTTP_PEER_GONE}, {"/silent", 203, CAIRN_HTTP_PEER_GONE},
        {"/", 200, CAIRN_HTTP_COMPLETE}};
    const struct linger reset = {1, 0};
    struct server_rig rig;
    struct seen seen = {0};
    char text[4096];
    (void)state;
    server_rig_start(&rig, app, &seen, NULL);
    for (int i = 0; i < 3; i++) {
        int fd = client_connect(cairn_http_server_port(rig.server));
        client_get(fd, rows[i].target);
        if (rows[i].status)
            client_response(fd, true, text, sizeof(text));
        else
            usleep(20000);
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        close(fd);
        await(&seen.calls, i + 1);
        assert_int_equal(seen.status, rows[i].status);
        assert_int_equal(seen.reason, rows[i].reason);
    }
    server_rig_stop(&rig);
    assert_int_equal(seen.calls, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_who_left_before_the_answer_during_it_and_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
