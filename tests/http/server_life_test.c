/*
 * The life of a server's process: what it tells the service manager, sockets that it gets from one,
 * signals, and the process that takes its place. The servers are this program, started anew.
 */
#include "server_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cairn/http/answer.h>
#include <cairn/http/handler.h>
#include <cairn/http/layers/health.h>
#include <cairn/http/router.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

/* The server --------------------------------------------------------------------------------- */

static char *const *life_argv; /* how this server was started, for the one that follows it */

static struct cairn_http_response *who(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_textf(req, 200, "%d", (int)getpid());
}

static struct cairn_future never(struct cairn_http_request *req, void *state)
{
    (void)req, (void)state;
    return cairn_sleep(3600000);
}

/* "streamed", in three chunks. */
static struct cairn_http_response *streamed(struct cairn_http_request *req, void *state)
{
    static const char *const texts[] = {"str", "eam", "ed"};
    void *parts[3];
    (void)state;
    for (int i = 0; i < 3; i++) {
        parts[i] = cairn_http_chunk_new(texts[i], strlen(texts[i]));
        if (!parts[i])
            abort();
    }
    return cairn_http_stream(
        req, 200, "text/plain", cairn_stream_from_array(parts, 3, &cairn_http_chunk_type), -1);
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx;
    struct cairn_http_router *router = cairn_http_router_new();
    cairn_http_get(router, "/", cairn_http_handler(who, NULL));
    cairn_http_get(router, "/streamed", cairn_http_handler(streamed, NULL));
    cairn_http_get(router, "/never", cairn_http_async_handler(never, NULL));
    return cairn_stack(cairn_http_router_service(router), cairn_health(.server = worker->server));
}

/* HUP starts this program again; USR1 one that is of no use. */
static void on_signal(void *cx, struct cairn_http_server *server, int number)
{
    char *const useless[] = {"false", NULL};
    if (cx) /* plain */
        return;
    struct cairn_error *error =
        cairn_http_server_hand_over(server, number == SIGHUP ? life_argv : useless, 0);
    if (error)
        fprintf(stderr, "%s\n", error->message);
    cairn_error_unref(error);
}

/* life serve HOST PORT WORKERS DELAY_MS [plain] */
static int serve(char **argv)
{
    bool follows = getenv("CAIRN_READY_FD") != NULL;
    alarm(600); /* a test that fails leaves no server behind */
    life_argv = argv;
    return cairn_http_serve(app, NULL, .host = argv[2], .port = (uint16_t)atoi(argv[3]),
        .workers = (unsigned)atoi(argv[4]), .drain_delay_ms = (uint64_t)atoi(argv[5]),
        .on_signal = on_signal, .signal_cx = argv[6],
        .processes = follows && getenv("LIFE_PROCESSES") ? 2 : 0);
}

/* The service manager ------------------------------------------------------------------------ */

static int manager = -1; /* hears what servers say */

static int setup(void **state)
{
    char name[128];
    const struct timeval patience = {.tv_sec = 10};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = sizeof(address);
    (void)state;
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    setsockopt(manager, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (bind(manager, (const struct sockaddr *)&address, sizeof(sa_family_t)) != 0 ||
        getsockname(manager, (struct sockaddr *)&address, &length) != 0)
        return -1;
    snprintf(
        name, sizeof(name), "@%.*s", (int)(length - sizeof(sa_family_t)) - 1, address.sun_path + 1);
    /* A server whose parent is gone is this process's to wait for. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    return setenv("NOTIFY_SOCKET", name, 1);
}

static int teardown(void **state)
{
    (void)state;
    return close(manager);
}

static void heard(char *text, size_t size)
{
    ssize_t length = recv(manager, text, size - 1, 0);
    assert_true(length > 0);
    text[length] = '\0';
}

static void assert_heard(const char *expected)
{
    char text[256];
    heard(text, sizeof(text));
    assert_string_equal(text, expected);
}

/* A listening socket on a free port of 127.0.0.1. */
static int listener(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 1024), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

/* In the new process: COUNT sockets as systemd hands them over. */
static void hand(const int *fds, int count, const char *names)
{
    char number[16];
    for (int i = 0; i < count; i++)
        fcntl(fds[i], F_DUPFD_CLOEXEC, 100 + i);
    for (int i = 0; i < count; i++)
        dup2(fds[i], 3 + i);
    snprintf(number, sizeof(number), "%d", (int)getpid());
    setenv("LISTEN_PID", number, 1);
    snprintf(number, sizeof(number), "%d", count);
    setenv("LISTEN_FDS", number, 1);
    if (names)
        setenv("LISTEN_FDNAMES", names, 1);
}

struct options {
    const char *host;
    uint16_t port;
    int workers;
    int delay_ms;
    const int *fds; /* COUNT, handed over */
    int count;
    const char *names;
    int err;    /* its standard error; 0: ours */
    bool plain; /* HUP and USR1 start nothing */
};

static pid_t start(const struct options *options)
{
    char numbers[3][16];
    snprintf(numbers[0], sizeof(numbers[0]), "%u", (unsigned)options->port);
    snprintf(numbers[1], sizeof(numbers[1]), "%d", options->workers);
    snprintf(numbers[2], sizeof(numbers[2]), "%d", options->delay_ms);
    char *const argv[] = {"/proc/self/exe", "serve",
        (char *)(size_t)(options->host ? options->host : "127.0.0.1"), numbers[0], numbers[1],
        numbers[2], options->plain ? "plain" : NULL, NULL};
    pid_t pid = fork();
    if (pid == 0) {
        if (options->err)
            dup2(options->err, STDERR_FILENO);
        if (options->count)
            hand(options->fds, options->count, options->names);
        execv(argv[0], argv);
        _exit(126);
    }
    return pid;
}

static int exit_status(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* A free port: nobody else has it while the socket that found it is not reused at once. */
static uint16_t free_port(void)
{
    uint16_t port;
    close(listener(&port));
    return port;
}

/* The number of the process that answers on FD; 0 when the connection has ended. */
static int asked(int fd)
{
    char text[1024];
    client_send(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    if (client_response(fd, false, text, sizeof(text)) == 0)
        return 0;
    return atoi(strstr(text, "\r\n\r\n") + 4);
}

/* How much of everything; more of it in a soak. */
static struct {
    unsigned terms;
    unsigned restarts;
    unsigned requests; /* between two restarts */
    unsigned signals;
    unsigned signal_us; /* between two signals */
} dose = {10, 3, 100, 3000, 0};

/* Tests -------------------------------------------------------------------------------------- */

static void tells_the_manager_when_it_serves_and_when_it_ends(void **state)
{
    pid_t pid = start(&(struct options){.port = free_port(), .workers = 2, .delay_ms = 1});
    (void)state;
    assert_heard("READY=1");
    kill(pid, SIGTERM);
    assert_heard("STOPPING=1\nEXTEND_TIMEOUT_USEC=21001000");
    assert_int_equal(exit_status(pid), 0);
}

static void a_second_signal_ends_it_at_once(int number)
{
    char text[64];
    uint16_t port = free_port();
    pid_t pid = start(&(struct options){.port = port, .workers = 2, .delay_ms = 3600000});
    assert_heard("READY=1");
    int fd = client_connect(port);
    client_send(fd, "GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
    kill(pid, number);
    heard(text, sizeof(text)); /* that it stops */
    kill(pid, number);
    assert_true(client_is_closed(fd));
    close(fd);
    assert_int_equal(exit_status(pid), 128 + number);
}

static void a_second_term_or_int_ends_it_at_once(void **state)
{
    (void)state;
    a_second_signal_ends_it_at_once(SIGTERM);
    a_second_signal_ends_it_at_once(SIGINT);
}

/* Who connects before the server runs waits, and is served: that is what the manager's sockets are
 * for. */
static void serves_on_a_socket_of_the_manager(void **state)
{
    static const char *const hosts[] = {"systemd:", "systemd:web", "127.0.0.1", "fd:3"};
    (void)state;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        uint16_t port;
        int fd = listener(&port);
        int before = client_connect(port);
        pid_t pid = start(&(struct options){.host = hosts[i],
            .port = hosts[i][0] == '1' ? port : 0,
            .workers = 2,
            .delay_ms = 1,
            .fds = &fd,
            .count = 1,
            .names = "web"});
        assert_int_equal(asked(before), pid);
        close(before);
        assert_heard("READY=1");
        kill(pid, SIGTERM);
        assert_int_equal(exit_status(pid), 0);
        assert_int_equal(client_connect_or_fail(port) >= 0, 1); /* it is the manager's still */
        close(fd);
        char text[64];
        heard(text, sizeof(text)); /* STOPPING */
    }
}

static void takes_the_sockets_that_have_its_name(void **state)
{
    uint16_t ports[3];
    int fds[3];
    char text[64];
    (void)state;
    for (int i = 0; i < 3; i++)
        fds[i] = listener(&ports[i]);
    pid_t pid = start(&(struct options){.host = "systemd:web",
        .workers = 2,
        .delay_ms = 1,
        .fds = fds,
        .count = 3,
        .names = "web:admin:web"});
    assert_heard("READY=1");
    for (int i = 0; i < 3; i += 2) {
        int fd = client_connect(ports[i]);
        assert_int_equal(asked(fd), pid);
        close(fd);
    }
    kill(pid, SIGTERM);
    heard(text, sizeof(text));
    assert_int_equal(exit_status(pid), 0);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
}

/* What a server that cannot be made says, on its standard error. */
static void assert_refuses(struct options options, const char *expected)
{
    int ends[2];
    char text[512] = "";
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    options.err = ends[1];
    pid_t pid = start(&options);
    close(ends[1]);
    size_t length = 0;
    ssize_t n;
    while ((n = read(ends[0], text + length, sizeof(text) - 1 - length)) > 0)
        length += (size_t)n;
    close(ends[0]);
    assert_int_equal(exit_status(pid), 1);
    assert_string_equal(text, expected);
}

static void a_socket_that_is_not_there_is_named(void **state)
{
    uint16_t port;
    int fds[3] = {listener(&port), listener(&port), listener(&port)};
    (void)state;
    assert_refuses((struct options){.host = "systemd:", .workers = 1},
        "http_server: host is \"systemd:\", but of the 0 sockets handed to this process "
        "(LISTEN_FDS) none is it\n");
    assert_refuses(
        (struct options){
            .host = "systemd:admin", .workers = 1, .fds = fds, .count = 1, .names = "web"},
        "http_server: host is \"systemd:admin\", but of the 1 sockets handed to this process "
        "(LISTEN_FDS) none is it\n");
    assert_refuses((struct options){.host = "fd:9", .workers = 1},
        "http_server: host must be fd: and the number of a listening stream socket that is not "
        "closed on exec, got \"fd:9\"\n");
    assert_refuses((struct options){.host = "systemd:", .workers = 2, .fds = fds, .count = 3},
        "http_server: workers must be 3 or more for the 3 sockets handed over, got 2\n");
    for (int i = 0; i < 3; i++)
        close(fds[i]);
}

/* Clients that go on while one process takes the place of another. ------------------------------
 */

#define LOAD_CLIENTS 6

struct load {
    uint16_t port;
    bool may_refuse; /* the server may end: who cannot connect any more has ended, too */
    bool is_over;    /* atomic, as the counts */
    unsigned clients;
    unsigned asked;
    unsigned failed;
};

/* What a client sends at once, and how many answers that has. */
static const struct load_kind {
    const char *text;
    int answers;
} load_kinds[] = {
    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1},
    {"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /streamed HTTP/1.1\r\nHost: a\r\n\r\n", 2},
    {"GET /streamed HTTP/1.1\r\nHost: a\r\n\r\n", 1},
};

/* Returns how many answers came whole. *CLOSES: the last one said so. */
static int load_ask(int fd, const struct load_kind *kind, bool *closes)
{
    char text[1024] = "";
    int answers = 0;
    size_t length = strlen(kind->text);
    if (send(fd, kind->text, length, MSG_NOSIGNAL) == (ssize_t)length) {
        while (answers < kind->answers && client_response(fd, false, text, sizeof(text)) > 0)
            answers++;
    }
    *closes = strstr(text, "\r\nConnection: close\r\n") != NULL;
    return answers;
}

/* As a browser does it: a connection is kept until its server ends it. */
static void *load_client(void *cx)
{
    struct load *load = cx;
    unsigned number = __atomic_fetch_add(&load->clients, 1, __ATOMIC_RELAXED);
    const struct load_kind *kind = &load_kinds[number % 3];
    int fd = -1;
    while (!__atomic_load_n(&load->is_over, __ATOMIC_ACQUIRE)) {
        bool closes = true;
        if (fd < 0)
            fd = client_connect_or_fail(load->port);
        if (fd < 0 && load->may_refuse)
            return NULL;
        int answers = fd < 0 ? 0 : load_ask(fd, kind, &closes);
        __atomic_fetch_add(&load->failed, (unsigned)(kind->answers - answers), __ATOMIC_RELAXED);
        __atomic_fetch_add(&load->asked, 1, __ATOMIC_RELAXED);
        if (fd >= 0 && (closes || answers < kind->answers)) {
            close(fd);
            fd = -1;
        }
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

static void load_start(struct load *load, pthread_t *threads, uint16_t port, bool may_refuse)
{
    *load = (struct load){.port = port, .may_refuse = may_refuse};
    for (int i = 0; i < LOAD_CLIENTS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, load_client, load), 0);
}

static void load_await(const struct load *load, unsigned more)
{
    unsigned until = __atomic_load_n(&load->asked, __ATOMIC_RELAXED) + more;
    while (__atomic_load_n(&load->asked, __ATOMIC_RELAXED) < until)
        usleep(100);
}

static void load_end(struct load *load, const pthread_t *threads)
{
    __atomic_store_n(&load->is_over, true, __ATOMIC_RELEASE);
    for (int i = 0; i < LOAD_CLIENTS; i++)
        pthread_join(threads[i], NULL);
}

/* Has PID's place taken by a new process. Returns its number. */
static pid_t replace(pid_t pid)
{
    char text[256];
    int next = 0;
    kill(pid, SIGHUP);
    heard(text, sizeof(text));
    assert_string_equal(text, "READY=1"); /* of the new one */
    heard(text, sizeof(text));
    assert_int_equal(sscanf(text, "MAINPID=%d", &next), 1);
    assert_int_equal(exit_status(pid), 0);
    return next;
}

static void a_new_process_takes_over_and_no_request_fails(void **state)
{
    static struct load load; /* threads have it, also when the test has failed */
    pthread_t threads[LOAD_CLIENTS];
    uint16_t port = free_port();
    pid_t pid = start(&(struct options){.port = port, .workers = 2, .delay_ms = 100});
    (void)state;
    assert_heard("READY=1");
    load_start(&load, threads, port, false);
    for (unsigned i = 0; i < dose.restarts; i++) {
        load_await(&load, dose.requests);
        pid_t next = replace(pid);
        assert_int_not_equal(next, pid);
        pid = next;
    }
    load_await(&load, 100);
    load_end(&load, threads);
    int fd = client_connect(port);
    assert_int_equal(asked(fd), pid);
    close(fd);
    assert_int_equal(load.failed, 0);
    print_message("%u restarts, %u exchanges, 0 failed\n", dose.restarts, load.asked);
    kill(pid, SIGTERM);
    char text[64];
    heard(text, sizeof(text));
    assert_int_equal(exit_status(pid), 0);
}

/* Each time the server ends at another moment of its clients' talk. While it waits for its delay
 * they are asked to leave, and who connects is served. */
static void a_term_under_load_fails_no_request(void **state)
{
    (void)state;
    unsigned asked = 0;
    for (unsigned round = 0; round < dose.terms; round++) {
        static struct load load;
        char text[64];
        pthread_t threads[LOAD_CLIENTS];
        uint16_t port = free_port();
        pid_t pid = start(&(struct options){.port = port, .workers = 2, .delay_ms = 200});
        assert_heard("READY=1");
        load_start(&load, threads, port, true);
        load_await(&load, 20 + 7 * (round % 10));
        kill(pid, SIGTERM);
        heard(text, sizeof(text));
        assert_int_equal(exit_status(pid), 0);
        for (int i = 0; i < LOAD_CLIENTS; i++)
            pthread_join(threads[i], NULL);
        assert_int_equal(load.failed, 0);
        asked += load.asked;
    }
    print_message("%u drains under load, %u exchanges, 0 failed\n", dose.terms, asked);
}

/* Signals that end nothing, as fast as they can be sent. */
static void a_storm_of_signals_disturbs_nobody(void **state)
{
    static const int numbers[] = {SIGPIPE, SIGHUP, SIGUSR2, SIGUSR1};
    static struct load load;
    char text[64];
    pthread_t threads[LOAD_CLIENTS];
    uint16_t port = free_port();
    (void)state;
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    pid_t pid = start(&(struct options){.host = "127.0.0.1",
        .port = port,
        .workers = 2,
        .delay_ms = 100,
        .err = nowhere,
        .plain = true});
    close(nowhere);
    assert_heard("READY=1");
    load_start(&load, threads, port, true);
    for (unsigned i = 0; i < dose.signals; i++) {
        kill(pid, numbers[i % 4]);
        usleep(dose.signal_us);
    }
    load_await(&load, 200);
    assert_int_equal(load.failed, 0);
    kill(pid, SIGTERM);
    heard(text, sizeof(text));
    assert_int_equal(exit_status(pid), 0);
    load_end(&load, threads);
    assert_int_equal(load.failed, 0);
}

/* The parent of the processes is the one that is waited for, and hears TERM. */
static void several_processes_take_over_from_one(void **state)
{
    char text[256];
    uint16_t port = free_port();
    (void)state;
    setenv("LIFE_PROCESSES", "2", 1);
    pid_t pid = start(&(struct options){.port = port, .workers = 2, .delay_ms = 1});
    assert_heard("READY=1");
    pid_t next = replace(pid);
    unsetenv("LIFE_PROCESSES");
    int fd = client_connect(port);
    pid_t answers = asked(fd);
    close(fd);
    assert_true(answers != 0 && answers != pid && answers != next);
    kill(next, SIGTERM);
    heard(text, sizeof(text));
    assert_int_equal(exit_status(next), 0);
}

/* PID's standard error is FD: reads a line of it. */
static void read_line(int fd, char *text, size_t size)
{
    size_t length = 0;
    while (length + 1 < size && read(fd, text + length, 1) == 1 && text[length] != '\n')
        length++;
    text[length] = '\0';
}

static void a_new_process_that_does_not_come_up_changes_nothing(void **state)
{
    char text[256];
    int ends[2];
    uint16_t port = free_port();
    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = start(&(struct options){.port = port, .workers = 2, .delay_ms = 1, .err = ends[1]});
    close(ends[1]);
    assert_heard("READY=1");
    read_line(ends[0], text, sizeof(text)); /* where it listens */
    kill(pid, SIGUSR1);
    read_line(ends[0], text, sizeof(text));
    assert_string_equal(
        text, "hand-over: the new process exited with 1 before it was ready; this one goes on");
    int fd = client_connect(port);
    assert_int_equal(asked(fd), pid);
    close(fd);
    kill(pid, SIGTERM);
    heard(text, sizeof(text));
    assert_int_equal(exit_status(pid), 0);
    close(ends[0]);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_the_manager_when_it_serves_and_when_it_ends),
        cmocka_unit_test(a_second_term_or_int_ends_it_at_once),
        cmocka_unit_test(serves_on_a_socket_of_the_manager),
        cmocka_unit_test(takes_the_sockets_that_have_its_name),
        cmocka_unit_test(a_socket_that_is_not_there_is_named),
        cmocka_unit_test(a_term_under_load_fails_no_request),
        cmocka_unit_test(a_storm_of_signals_disturbs_nobody),
        cmocka_unit_test(a_new_process_takes_over_and_no_request_fails),
        cmocka_unit_test(several_processes_take_over_from_one),
        cmocka_unit_test(a_new_process_that_does_not_come_up_changes_nothing),
    };
    if (argc >= 6 && strcmp(argv[1], "serve") == 0)
        return serve(argv);
    if (argc == 2 && strcmp(argv[1], "soak") == 0) {
        dose.terms = 100;
        dose.restarts = 50;
        dose.requests = 20000;
        dose.signals = 10000;
        dose.signal_us = 1000;
    }
    return cmocka_run_group_tests(tests, setup, teardown);
}
