/* A server in several processes: what becomes of them, and of the requests. */
#include "server_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cairn/http/answer.h>
#include <cairn/http/handler.h>
#include <cairn/service/combine.h>
#include <cairn/service/sleep.h>

enum { PROCESSES = 3, TRIES = 300, NEW_CONNECTIONS = 40, SAID_BYTES = 16384 };

static int begun_fd; /* a byte for each slow request that has begun, and each signal caught */

static struct cairn_future late_answer(void *cx, void *value)
{
    struct cairn_http_response *res = cairn_http_text(cx, 200, "late");
    (void)value;
    return res ? cairn_future_ready(res) : cairn_future_failed(&cairn_error_no_memory);
}

static void say(char what)
{
    if (write(begun_fd, &what, 1) != 1)
        abort();
}

static void stick(void)
{
    for (volatile int i = 0;; i++)
        ;
}

static struct cairn_future handle(struct cairn_http_request *req, void *state)
{
    (void)state;
    if (cairn_str_equal(req->path, CAIRN_STR("/crash")))
        abort();
    if (cairn_str_equal(req->path, CAIRN_STR("/stick")))
        stick();
    if (cairn_str_equal(req->path, CAIRN_STR("/late"))) {
        say('b');
        return cairn_future_and_then(cairn_sleep(200), late_answer, req);
    }
    if (cairn_str_equal(req->path, CAIRN_STR("/never"))) {
        say('b');
        return cairn_future_and_then(cairn_sleep(3600000), late_answer, req);
    }
    struct cairn_http_response *res = cairn_http_textf(req, 200, "%d", (int)getpid());
    return res ? cairn_future_ready(res) : cairn_future_failed(&cairn_error_no_memory);
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx;
    (void)worker;
    return cairn_http_async_handler(handle, NULL);
}

static struct cairn_service *broken_app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx;
    (void)worker;
    return NULL;
}

static void on_signal(void *cx, struct cairn_http_server *server, int number)
{
    (void)cx;
    (void)server;
    say(number == SIGHUP ? 'h' : 'u');
}

struct child {
    pid_t pid;
    uint16_t port;
    int from; /* what is said; at its end when the last process is gone */
    int err;  /* standard error of all */
    char said[SAID_BYTES];
    size_t length;
};

static void hear(struct child *self)
{
    ssize_t n = read(self->err, self->said + self->length, sizeof(self->said) - 1 - self->length);
    assert_true(n > 0);
    self->length += (size_t)n;
    self->said[self->length] = '\0';
}

/* Waits until standard error says TEXT, and forgets all up to there. */
static void wait_until_said(struct child *self, const char *text)
{
    char *at;
    while (!(at = strstr(self->said, text)))
        hear(self);
    at += strlen(text);
    self->length -= (size_t)(at - self->said);
    memmove(self->said, at, self->length + 1);
}

static void start_app(
    struct child *self, cairn_http_app *factory, struct cairn_http_server_options options)
{
    int out[2];
    int err[2];
    memset(self, 0, sizeof(*self));
    assert_int_equal(pipe(out), 0);
    assert_int_equal(pipe(err), 0);
    options.size = sizeof(options);
    if (!options.host)
        options.host = "127.0.0.1";
    options.processes = PROCESSES;
    fflush(NULL);
    self->pid = fork();
    if (self->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* a test that fails leaves no server behind */
        dup2(err[1], STDERR_FILENO);
        close(err[0]);
        close(err[1]);
        close(out[0]);
        begun_fd = out[1];
        _exit(cairn_http_serve_with(factory, NULL, &options));
    }
    close(out[1]);
    close(err[1]);
    self->from = out[0];
    self->err = err[0];
    wait_until_said(self, "listening on ");
    while (!strchr(self->said, '\n'))
        hear(self);
    if (options.host[0] != 'u')
        self->port = (uint16_t)atoi(strrchr(self->said, ':') + 1);
    self->length = 0;
    self->said[0] = '\0';
}

static void start(struct child *self, struct cairn_http_server_options options)
{
    start_app(self, app, options);
}

/* The wait status of the supervisor, after the last process has ended. */
static int end(struct child *self)
{
    int status;
    char byte;
    assert_int_equal(waitpid(self->pid, &status, 0), self->pid);
    while (read(self->from, &byte, 1) > 0)
        ;
    close(self->from);
    close(self->err);
    return status;
}

/* The process that has answered. */
static pid_t answered_by(int fd)
{
    char text[1024];
    size_t length = client_response(fd, false, text, sizeof(text));
    assert_true(length > 0);
    text[length] = '\0';
    return (pid_t)atoi(strstr(text, "\r\n\r\n") + 4);
}

static pid_t who(int fd)
{
    client_get(fd, "/");
    return answered_by(fd);
}

/* A connection to each process; PIDS gets who they are. */
static void connect_to_all(const struct child *self, int *fds, pid_t *pids)
{
    int count = 0;
    for (int i = 0; i < TRIES && count < PROCESSES; i++) {
        int fd = client_connect(self->port);
        pid_t pid = who(fd);
        bool is_known = false;
        for (int k = 0; k < count; k++)
            is_known |= pids[k] == pid;
        if (is_known) {
            close(fd);
            continue;
        }
        fds[count] = fd;
        pids[count++] = pid;
    }
    assert_int_equal(count, PROCESSES);
}

static void close_all(const int *fds)
{
    for (int i = 0; i < PROCESSES; i++)
        close(fds[i]);
}

/* All new connections are answered, and one by a process that PIDS does not name. */
static void assert_is_replaced(const struct child *self, const pid_t *pids)
{
    bool is_new = false;
    for (int i = 0; i < TRIES && !is_new; i++) {
        int fd = client_connect(self->port);
        pid_t pid = who(fd);
        is_new = true;
        for (int k = 0; k < PROCESSES; k++)
            is_new &= pids[k] != pid;
        close(fd);
    }
    assert_true(is_new);
}

static void what_a_crash_leaves_at_its_socket_is_answered_and_the_others_lose_nothing(void **state)
{
    struct child child;
    int fds[PROCESSES];
    int late[NEW_CONNECTIONS];
    pid_t pids[PROCESSES];
    (void)state;
    start(&child, (struct cairn_http_server_options){.hang_ms = 60000});
    connect_to_all(&child, fds, pids);
    client_get(fds[1], "/crash");
    for (int i = 0; i < NEW_CONNECTIONS; i++) {
        late[i] = client_connect(child.port);
        client_get(late[i], "/");
        assert_int_equal(who(fds[0]), pids[0]);
        assert_int_equal(who(fds[2]), pids[2]);
    }
    assert_true(client_is_closed(fds[1]));
    wait_until_said(&child, "was ended by signal 6 after ");
    wait_until_said(&child, "; another one begins in 0 ms");
    for (int i = 0; i < NEW_CONNECTIONS; i++) {
        assert_int_not_equal(answered_by(late[i]), pids[1]);
        close(late[i]);
    }
    assert_is_replaced(&child, pids);
    close_all(fds);
    kill(child.pid, SIGTERM);
    assert_int_equal(end(&child), 0);
}

static void who_dies_again_and_again_is_waited_for_longer(void **state)
{
    static const char *const waits[] = {"begins in 0 ms", "begins in 100 ms", "begins in 200 ms"};
    struct child child;
    int fds[PROCESSES];
    pid_t pids[PROCESSES];
    (void)state;
    start(&child, (struct cairn_http_server_options){.hang_ms = 60000});
    connect_to_all(&child, fds, pids);
    for (int i = 0; i < 3; i++) {
        kill(pids[0], SIGKILL);
        wait_until_said(&child, waits[i]);
        pid_t others[] = {pids[1], pids[2]};
        close_all(fds);
        connect_to_all(&child, fds, pids);
        for (int k = 0; k < PROCESSES; k++) { /* the new one first */
            if (pids[k] != others[0] && pids[k] != others[1]) {
                pid_t pid = pids[k];
                pids[k] = pids[0];
                pids[0] = pid;
            }
        }
    }
    close_all(fds);
    kill(child.pid, SIGTERM);
    assert_int_equal(end(&child), 0);
}

static void who_hangs_is_killed_and_replaced(void **state)
{
    struct child child;
    int fds[PROCESSES];
    pid_t pids[PROCESSES];
    (void)state;
    start(&child, (struct cairn_http_server_options){.hang_ms = 100});
    connect_to_all(&child, fds, pids);
    client_get(fds[0], "/stick");
    wait_until_said(&child, "has not turned for ");
    wait_until_said(&child, "hangs, and is killed");
    wait_until_said(&child, "was ended by signal 9 after ");
    assert_is_replaced(&child, pids);
    close_all(fds);
    kill(child.pid, SIGTERM);
    assert_int_equal(end(&child), 0);
}

/* Nobody in it can say so. */
static void who_stands_still_as_a_whole_is_killed_and_replaced(void **state)
{
    struct child child;
    int fds[PROCESSES];
    pid_t pids[PROCESSES];
    (void)state;
    start(&child, (struct cairn_http_server_options){.hang_ms = 400});
    connect_to_all(&child, fds, pids);
    kill(pids[2], SIGSTOP);
    wait_until_said(&child, "hangs, and is killed");
    assert_is_replaced(&child, pids);
    close_all(fds);
    kill(child.pid, SIGTERM);
    assert_int_equal(end(&child), 0);
}

static void term_drains_every_process(void **state)
{
    enum { LATE = 12 };
    char text[1024];
    char byte;
    int fds[LATE];
    struct child child;
    (void)state;
    start(&child, (struct cairn_http_server_options){0});
    for (int i = 0; i < LATE; i++) {
        fds[i] = client_connect(child.port);
        client_get(fds[i], "/late");
        assert_int_equal(read(child.from, &byte, 1), 1);
    }
    kill(child.pid, SIGTERM);
    for (int i = 0; i < LATE; i++) {
        client_response(fds[i], false, text, sizeof(text));
        assert_memory_equal(text, "HTTP/1.1 200", 12);
        close(fds[i]);
    }
    assert_int_equal(end(&child), 0);
    assert_int_equal(client_connect_or_fail(child.port), -1);
}

static void a_second_term_does_not_wait(void **state)
{
    char text[64];
    char byte;
    struct child child;
    (void)state;
    start(&child, (struct cairn_http_server_options){0});
    int fd = client_connect(child.port);
    client_get(fd, "/never");
    assert_int_equal(read(child.from, &byte, 1), 1);
    kill(child.pid, SIGTERM);
    int other = client_connect_or_fail(child.port);
    while (other >= 0) { /* until the drain has begun */
        close(other);
        other = client_connect_or_fail(child.port);
    }
    kill(child.pid, SIGTERM);
    assert_int_equal(client_drain(fd, text, sizeof(text)), 0);
    close(fd);
    int status = end(&child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 128 + SIGTERM);
}

static void hup_and_usr1_come_to_every_process(void **state)
{
    struct child child;
    int fds[PROCESSES];
    pid_t pids[PROCESSES];
    char bytes[PROCESSES];
    (void)state;
    start(&child, (struct cairn_http_server_options){.on_signal = on_signal});
    connect_to_all(&child, fds, pids);
    kill(child.pid, SIGHUP);
    for (int i = 0; i < PROCESSES; i++)
        assert_int_equal(read(child.from, &bytes[i], 1), 1);
    assert_memory_equal(bytes, "hhh", PROCESSES);
    kill(child.pid, SIGUSR1);
    for (int i = 0; i < PROCESSES; i++)
        assert_int_equal(read(child.from, &bytes[i], 1), 1);
    assert_memory_equal(bytes, "uuu", PROCESSES);
    close_all(fds);
    kill(child.pid, SIGTERM);
    assert_int_equal(end(&child), 0);
}

static void an_app_that_cannot_be_made_ends_them_all(void **state)
{
    struct child child;
    (void)state;
    start_app(&child, broken_app, (struct cairn_http_server_options){0});
    wait_until_said(&child, "exited with 1 after ");
    wait_until_said(&child, " before all were ready");
    int status = end(&child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
}

static void without_the_supervisor_the_processes_drain(void **state)
{
    char byte;
    struct child child;
    int fds[PROCESSES];
    pid_t pids[PROCESSES];
    (void)state;
    start(&child, (struct cairn_http_server_options){0});
    connect_to_all(&child, fds, pids);
    client_get(fds[0], "/late");
    assert_int_equal(read(child.from, &byte, 1), 1);
    kill(child.pid, SIGKILL);
    answered_by(fds[0]);
    close_all(fds);
    end(&child); /* which sees the end of the last one */
    assert_int_equal(client_connect_or_fail(child.port), -1);
}

static int manager_open(char *name, size_t size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = sizeof(address);
    const struct timeval patience = {.tv_sec = 10};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(sa_family_t)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    snprintf(name, size, "@%.*s", (int)(length - sizeof(sa_family_t)) - 1, address.sun_path + 1);
    return fd;
}

static const char *next_said(int manager, const char *unless)
{
    static char text[256];
    do {
        ssize_t n = recv(manager, text, sizeof(text) - 1, 0);
        assert_true(n > 0);
        text[n] = '\0';
    } while (unless && strcmp(text, unless) == 0);
    return text;
}

static void the_service_manager_hears_of_all_as_of_one(void **state)
{
    char name[128];
    struct child child;
    int manager = manager_open(name, sizeof(name));
    (void)state;
    setenv("NOTIFY_SOCKET", name, 1);
    setenv("WATCHDOG_USEC", "200000", 1);
    start(&child, (struct cairn_http_server_options){.drain_ms = 7000});
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    assert_string_equal(next_said(manager, "WATCHDOG=1"), "READY=1");
    assert_string_equal(next_said(manager, NULL), "WATCHDOG=1");
    assert_string_equal(next_said(manager, NULL), "WATCHDOG=1");
    kill(child.pid, SIGTERM);
    assert_string_equal(
        next_said(manager, "WATCHDOG=1"), "STOPPING=1\nEXTEND_TIMEOUT_USEC=8000000");
    assert_int_equal(end(&child), 0);
    while (recv(manager, name, sizeof(name), MSG_DONTWAIT) > 0)
        assert_memory_equal(name, "WATCHDOG=1", strlen("WATCHDOG=1"));
    close(manager);
}

static int connect_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    strcpy(address.sun_path, path);
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

static void the_file_of_a_unix_socket_is_removed_by_the_last(void **state)
{
    char folder[] = "/tmp/cairn-supervisor-XXXXXX";
    char host[64];
    struct child child;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(host, sizeof(host), "unix:%s/s", folder);
    start(&child, (struct cairn_http_server_options){.host = host});
    int fd = connect_unix(host + 5);
    pid_t pid = who(fd);
    close(fd);
    kill(pid, SIGTERM); /* which exits in good order, and is replaced all the same */
    wait_until_said(&child, "exited with 0 after ");
    for (int i = 0; i < 10; i++) {
        fd = connect_unix(host + 5);
        assert_true(fd >= 0);
        who(fd);
        close(fd);
    }
    kill(child.pid, SIGTERM);
    assert_int_equal(end(&child), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void assert_refused(struct cairn_http_server_options options, const char *why)
{
    char text[1024];
    int ends[2];
    options.size = sizeof(options);
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        _exit(cairn_http_serve_with(app, NULL, &options));
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 1);
    text[read(ends[0], text, sizeof(text) - 1)] = '\0';
    assert_non_null(strstr(text, why));
    close(ends[0]);
    close(ends[1]);
}

static void refuses_what_does_not_go_together(void **state)
{
    struct cairn_http_server_options options = {.size = sizeof(options), .processes = 2};
    struct cairn_error *error = NULL;
    (void)state;
    assert_null(cairn_http_server_new(app, NULL, &options, &error));
    assert_string_equal(error->message, "processes is an option of cairn_http_serve");
    cairn_error_unref(error);
    assert_refused((struct cairn_http_server_options){.processes = 257},
        "processes must be 1 to 256, got 257");
    assert_refused((struct cairn_http_server_options){.processes = 16, .workers = 17},
        "workers must be 1 to 16, got 17");
    assert_refused((struct cairn_http_server_options){.processes = 2, .keep_signals = true},
        "processes needs the signals: keep_signals must not be set");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_crash_leaves_at_its_socket_is_answered_and_the_others_lose_nothing),
        cmocka_unit_test(who_dies_again_and_again_is_waited_for_longer),
        cmocka_unit_test(who_hangs_is_killed_and_replaced),
        cmocka_unit_test(who_stands_still_as_a_whole_is_killed_and_replaced),
        cmocka_unit_test(term_drains_every_process),
        cmocka_unit_test(a_second_term_does_not_wait),
        cmocka_unit_test(hup_and_usr1_come_to_every_process),
        cmocka_unit_test(an_app_that_cannot_be_made_ends_them_all),
        cmocka_unit_test(without_the_supervisor_the_processes_drain),
        cmocka_unit_test(the_service_manager_hears_of_all_as_of_one),
        cmocka_unit_test(the_file_of_a_unix_socket_is_removed_by_the_last),
        cmocka_unit_test(refuses_what_does_not_go_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
