/* A worker that hangs, in a server that runs. */
#include "server_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cairn/http/answer.h>
#include <cairn/http/handler.h>

enum { NEW_CONNECTIONS = 60, TRIES = 200 };

static int is_released; /* atomic; what a stuck handler waits for */
static int stuck;       /* atomic; handlers that wait */

/* /who says which worker it is; /stick keeps it. */
static struct cairn_http_response *handle(struct cairn_http_request *req, void *state)
{
    if (cairn_str_equal(req->path, CAIRN_STR("/stick"))) {
        __atomic_add_fetch(&stuck, 1, __ATOMIC_RELEASE);
        while (!__atomic_load_n(&is_released, __ATOMIC_ACQUIRE))
            sched_yield();
        __atomic_sub_fetch(&stuck, 1, __ATOMIC_RELEASE);
    }
    return cairn_http_textf(req, 200, "%u", (unsigned)(uintptr_t)state);
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx;
    return cairn_http_handler(handle, (void *)(uintptr_t)worker->index);
}

struct rig {
    struct server_rig server;
    uint16_t port;
    int err; /* what standard error was */
    FILE *said;
};

static void rig_open(struct rig *rig, struct cairn_http_server_options options)
{
    is_released = 0;
    rig->said = tmpfile();
    rig->err = dup(STDERR_FILENO);
    assert_int_equal(dup2(fileno(rig->said), STDERR_FILENO), STDERR_FILENO);
    server_rig_start(&rig->server, app, NULL, &options);
    rig->port = cairn_http_server_port(rig->server.server);
}

static struct cairn_http_counters rig_close(struct rig *rig, char *said, size_t size)
{
    struct cairn_http_counters counters = server_rig_finish(&rig->server);
    dup2(rig->err, STDERR_FILENO);
    close(rig->err);
    rewind(rig->said);
    said[fread(said, 1, size - 1, rig->said)] = '\0';
    fclose(rig->said);
    return counters;
}

static unsigned answered_by(int fd)
{
    char text[1024];
    size_t length = client_response(fd, false, text, sizeof(text));
    assert_true(length > 0);
    return (unsigned)(text[length - 1] - '0');
}

/* A connection to WORKER. */
static int connect_to(const struct rig *rig, unsigned worker)
{
    for (int i = 0; i < TRIES; i++) {
        int fd = client_connect(rig->port);
        client_get(fd, "/who");
        if (answered_by(fd) == worker)
            return fd;
        close(fd);
    }
    fail_msg("no connection came to worker %u", worker);
    return -1;
}

static void wait_for(const int *what, int value)
{
    while (__atomic_load_n(what, __ATOMIC_ACQUIRE) != value)
        sched_yield();
}

static void wait_for_health(const struct rig *rig, bool value)
{
    while (cairn_http_server_is_healthy(rig->server.server) != value)
        sched_yield();
}

/* The kernel goes on to give connections to a worker that takes none. */
static void others_answer_what_comes_while_a_worker_hangs(void **state)
{
    struct rig rig;
    char said[4096];
    int fds[NEW_CONNECTIONS];
    (void)state;
    rig_open(&rig, (struct cairn_http_server_options){.workers = 3, .hang_ms = 100});
    int fd = connect_to(&rig, 1);
    client_get(fd, "/stick");
    wait_for(&stuck, 1);
    for (int i = 0; i < NEW_CONNECTIONS; i++) {
        if (i == NEW_CONNECTIONS / 2) /* half of them before anybody has noticed */
            wait_for_health(&rig, false);
        fds[i] = client_connect(rig.port);
        client_get(fds[i], "/who");
    }
    for (int i = 0; i < NEW_CONNECTIONS; i++) {
        assert_int_not_equal(answered_by(fds[i]), 1);
        close(fds[i]);
    }
    assert_false(cairn_http_server_is_ready(rig.server.server));
    __atomic_store_n(&is_released, 1, __ATOMIC_RELEASE);
    assert_int_equal(answered_by(fd), 1);
    close(fd);
    wait_for_health(&rig, true);
    assert_true(cairn_http_server_is_ready(rig.server.server));
    close(connect_to(&rig, 1));
    struct cairn_http_counters counters = rig_close(&rig, said, sizeof(said));
    assert_int_equal(counters.hangs, 1);
    assert_int_equal(counters.requests, counters.responses);
    assert_non_null(strstr(said, "worker 1 has not turned for "));
    assert_non_null(strstr(said, "worker 1 turns again, after "));
}

/* What others accept in its place is drained with all the rest. */
static void a_drain_begins_while_a_worker_hangs(void **state)
{
    struct rig rig;
    char said[4096];
    int others[2];
    (void)state;
    rig_open(
        &rig, (struct cairn_http_server_options){.workers = 2, .hang_ms = 50, .drain_delay_ms = 1});
    int fd = connect_to(&rig, 0);
    client_get(fd, "/stick");
    wait_for_health(&rig, false);
    for (int i = 0; i < 2; i++)
        others[i] = connect_to(&rig, 1);
    cairn_http_server_drain(rig.server.server);
    for (int i = 0; i < 2; i++) {
        assert_true(client_is_closed(others[i]));
        close(others[i]);
    }
    __atomic_store_n(&is_released, 1, __ATOMIC_RELEASE);
    assert_int_equal(answered_by(fd), 0);
    close(fd);
    assert_int_equal(rig_close(&rig, said, sizeof(said)).cancelled, 0);
}

static void every_worker_may_hang(void **state)
{
    struct rig rig;
    char said[4096];
    int fds[2];
    (void)state;
    rig_open(&rig, (struct cairn_http_server_options){.workers = 2, .hang_ms = 50});
    for (unsigned i = 0; i < 2; i++) {
        fds[i] = connect_to(&rig, i);
        client_get(fds[i], "/stick");
        wait_for(&stuck, (int)i + 1);
    }
    wait_for_health(&rig, false);
    int late = client_connect(rig.port);
    client_get(late, "/who");
    __atomic_store_n(&is_released, 1, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(answered_by(fds[i]), i);
        close(fds[i]);
    }
    assert_true(answered_by(late) < 2);
    close(late);
    wait_for_health(&rig, true);
    assert_int_equal(rig_close(&rig, said, sizeof(said)).accept_pauses, 0);
}

static void without_a_watchdog_nobody_looks(void **state)
{
    struct rig rig;
    char said[4096];
    (void)state;
    rig_open(&rig, (struct cairn_http_server_options){.hang_ms = 10, .no_watchdog = true});
    int fd = connect_to(&rig, 0);
    client_get(fd, "/stick");
    wait_for(&stuck, 1);
    usleep(100000);
    assert_true(cairn_http_server_is_healthy(rig.server.server));
    __atomic_store_n(&is_released, 1, __ATOMIC_RELEASE);
    assert_int_equal(answered_by(fd), 0);
    close(fd);
    assert_int_equal(rig_close(&rig, said, sizeof(said)).hangs, 0);
    assert_string_equal(said, "");
}

static void refuses_a_hang_ms_out_of_its_range(void **state)
{
    struct cairn_http_server_options options = {.size = sizeof(options), .host = "127.0.0.1"};
    struct cairn_error *error = NULL;
    (void)state;
    options.hang_ms = 9;
    assert_null(cairn_http_server_new(app, NULL, &options, &error));
    assert_string_equal(error->message, "hang_ms must be 10 to 3600000, got 9");
    cairn_error_unref(error);
}

static void *run_with_signals(void *cx)
{
    struct server_rig *rig = cx;
    rig->result = cairn_http_server_run(rig->server);
    return NULL;
}

/* With the signals in its hands the server asks the stuck thread where it stands. */
static void says_where_the_stuck_worker_stands(void **state)
{
    struct rig rig = {.err = dup(STDERR_FILENO), .said = tmpfile()};
    const struct cairn_http_server_options options = {
        .size = sizeof(options), .host = "127.0.0.1", .workers = 2, .hang_ms = 50};
    struct cairn_error *error = NULL;
    char said[8192];
    (void)state;
    is_released = 0;
    assert_int_equal(dup2(fileno(rig.said), STDERR_FILENO), STDERR_FILENO);
    rig.server.server = cairn_http_server_new(app, NULL, &options, &error);
    assert_non_null(rig.server.server);
    rig.port = cairn_http_server_port(rig.server.server);
    assert_int_equal(pthread_create(&rig.server.thread, NULL, run_with_signals, &rig.server), 0);
    for (unsigned worker = 0; worker < 2; worker++) {
        __atomic_store_n(&is_released, 0, __ATOMIC_RELEASE);
        int fd = connect_to(&rig, worker);
        client_get(fd, "/stick");
        wait_for_health(&rig, false);
        do {
            rewind(rig.said);
            said[fread(said, 1, sizeof(said) - 1, rig.said)] = '\0';
        } while (!strstr(said, "(+0x") && !strstr(said, "(cairn"));
        assert_int_equal(ftruncate(fileno(rig.said), 0), 0);
        rewind(rig.said);
        __atomic_store_n(&is_released, 1, __ATOMIC_RELEASE);
        assert_int_equal(answered_by(fd), worker);
        close(fd);
        wait_for_health(&rig, true);
    }
    raise(SIGURG); /* nobody asked: nothing happens */
    rig_close(&rig, said, sizeof(said));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_answer_what_comes_while_a_worker_hangs),
        cmocka_unit_test(a_drain_begins_while_a_worker_hangs),
        cmocka_unit_test(every_worker_may_hang),
        cmocka_unit_test(without_a_watchdog_nobody_looks),
        cmocka_unit_test(refuses_a_hang_ms_out_of_its_range),
        cmocka_unit_test(says_where_the_stuck_worker_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
