#include "server_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cairn/http/handler.h>
#include <cairn/service/combine.h>
#include <cairn/service/sleep.h>

static int begun_fd; /* the handler says here that it has begun */

static struct cairn_future late_answer(void *cx, void *value)
{
    struct cairn_http_response *res = cairn_http_text(cx, 200, "late");
    (void)value;
    return res ? cairn_future_ready(res) : cairn_future_failed(&cairn_error_no_memory);
}

/* /late takes its time, and /never all of it. */
static struct cairn_future handle(struct cairn_http_request *req, void *state)
{
    uint64_t after_ms = cairn_str_equal(req->path, CAIRN_STR("/late")) ? 200 : 3600000;
    (void)state;
    if (write(begun_fd, "b", 1) != 1)
        abort();
    return cairn_future_and_then(cairn_sleep(after_ms), late_answer, req);
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx;
    (void)worker;
    return cairn_http_async_handler(handle, NULL);
}

struct child {
    pid_t pid;
    uint16_t port;
    int from; /* the port, then a byte for each request that has begun */
    int err;  /* its standard error */
};

static void serve(int to)
{
    const struct cairn_http_server_options options = {
        .size = sizeof(options), .host = "127.0.0.1", .workers = 2};
    struct cairn_error *error = NULL;
    struct cairn_http_server *server = cairn_http_server_new(app, NULL, &options, &error);
    if (!server)
        _exit(2);
    uint16_t port = cairn_http_server_port(server);
    begun_fd = to;
    if (write(to, &port, sizeof(port)) != sizeof(port))
        _exit(2);
    error = cairn_http_server_run(server);
    cairn_http_server_free(server);
    _exit(error ? 1 : 0);
}

static struct child start(void)
{
    struct child child;
    int out[2];
    int err[2];
    assert_int_equal(pipe(out), 0);
    assert_int_equal(pipe(err), 0);
    child.pid = fork();
    if (child.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves no server behind */
        dup2(err[1], STDERR_FILENO);
        serve(out[1]);
    }
    close(out[1]);
    close(err[1]);
    child.from = out[0];
    child.err = err[0];
    assert_int_equal(read(child.from, &child.port, sizeof(child.port)), sizeof(child.port));
    return child;
}

static int ask(const struct child *child, const char *path)
{
    char begun;
    int fd = client_connect(child->port);
    client_get(fd, path);
    assert_int_equal(read(child->from, &begun, 1), 1);
    return fd;
}

/* The wait status: 0 after an exit with 0. */
static int end(const struct child *child)
{
    int status;
    assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
    close(child->from);
    close(child->err);
    return status;
}

/* Enough of them that each worker has some, and ends when it has answered them. */
#define REQUESTS 8

static void drains_on(int number)
{
    char text[1024];
    int fds[REQUESTS];
    struct child child = start();
    for (int i = 0; i < REQUESTS; i++)
        fds[i] = ask(&child, "/late");
    kill(child.pid, number);
    for (int i = 0; i < REQUESTS; i++) {
        client_response(fds[i], false, text, sizeof(text));
        assert_memory_equal(text, "HTTP/1.1 200", 12);
        close(fds[i]);
    }
    assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
    assert_int_equal(end(&child), 0);
}

static void term_answers_what_was_read_and_exits_with_0(void **state)
{
    (void)state;
    drains_on(SIGTERM);
}

static void int_answers_what_was_read_and_exits_with_0(void **state)
{
    (void)state;
    drains_on(SIGINT);
}

static void a_second_term_does_not_wait(void **state)
{
    char text[64];
    struct child child = start();
    int fd = ask(&child, "/never");
    (void)state;
    kill(child.pid, SIGTERM);
    /* The drain has begun when the listener is gone: nobody can connect any more. */
    int other = client_connect_or_fail(child.port);
    while (other >= 0) {
        close(other);
        other = client_connect_or_fail(child.port);
    }
    kill(child.pid, SIGTERM);
    assert_int_equal(client_drain(fd, text, sizeof(text)), 0);
    close(fd);
    assert_int_equal(end(&child), 0);
}

static void usr2_prints_the_stack_of_every_worker(void **state)
{
    char text[4096];
    bool has_printed[2] = {false, false};
    struct child child = start();
    (void)state;
    close(ask(&child, "/late")); /* it runs, and minds its signals */
    /* A worker that has only just begun may miss the first ones. */
    while (!has_printed[0] || !has_printed[1]) {
        kill(child.pid, SIGUSR2);
        ssize_t n = read(child.err, text, sizeof(text) - 1);
        assert_true(n > 0);
        text[n] = '\0';
        has_printed[0] |= strstr(text, "worker 0:") && strstr(text, "async_handler");
        has_printed[1] |= strstr(text, "worker 1:") != NULL;
    }
    kill(child.pid, SIGTERM);
    assert_int_equal(end(&child), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(term_answers_what_was_read_and_exits_with_0),
        cmocka_unit_test(int_answers_what_was_read_and_exits_with_0),
        cmocka_unit_test(a_second_term_does_not_wait),
        cmocka_unit_test(usr2_prints_the_stack_of_every_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
