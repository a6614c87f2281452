/* A server while the clocks jump: the calls that read them are this program's (--wrap). */
#include "server_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <cairn/http/date.h>
#include <cairn/http/handler.h>
#include <cairn/http/layers/access_log.h>
#include <cairn/http/layers/http_rate_limit.h>
#include <cairn/service/stack.h>

#define HOUR_S INT64_C(3600)
#define YEAR_S (365 * 24 * HOUR_S)

enum { BURST = 5, LINES_BYTES = 65536 };

/* Atomic: what is added to each clock, and whether the one of the wall stands. */
static int64_t wall_offset_s;
static int64_t monotonic_offset_ns;
static int64_t wall_frozen_s;

static int is_held; /* atomic, as the next: a worker that is to stand still, and does */
static int is_holding;

int __real_clock_gettime(clockid_t id, struct timespec *t);
time_t __real_time(time_t *t);
int __wrap_clock_gettime(clockid_t id, struct timespec *t);
time_t __wrap_time(time_t *t);

static int64_t wall_s(int64_t really_s)
{
    int64_t frozen_s = __atomic_load_n(&wall_frozen_s, __ATOMIC_ACQUIRE);
    return frozen_s ? frozen_s : really_s + __atomic_load_n(&wall_offset_s, __ATOMIC_ACQUIRE);
}

int __wrap_clock_gettime(clockid_t id, struct timespec *t)
{
    int rc = __real_clock_gettime(id, t);
    if (id == CLOCK_REALTIME) {
        t->tv_sec = wall_s(t->tv_sec);
        return rc;
    }
    int64_t ns = t->tv_sec * INT64_C(1000000000) + t->tv_nsec +
                 __atomic_load_n(&monotonic_offset_ns, __ATOMIC_ACQUIRE);
    t->tv_sec = ns / 1000000000;
    t->tv_nsec = ns % 1000000000;
    return rc;
}

time_t __wrap_time(time_t *t)
{
    time_t now = wall_s(__real_time(NULL));
    if (t)
        *t = now;
    return now;
}

static void wall_jump(int64_t to_s)
{
    __atomic_store_n(&wall_offset_s, to_s, __ATOMIC_RELEASE);
}

static void monotonic_leap_ms(int64_t ms)
{
    __atomic_add_fetch(&monotonic_offset_ns, ms * 1000000, __ATOMIC_ACQ_REL);
}

static int64_t really_ms(void)
{
    struct timespec t;
    __real_clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static void hold(void)
{
    __atomic_store_n(&is_holding, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&is_held, __ATOMIC_ACQUIRE))
        sched_yield();
}

/* Of /back both clocks jump while it is answered. */
static struct cairn_http_response *handle(struct cairn_http_request *req, void *state)
{
    (void)state;
    if (cairn_str_equal(req->path, CAIRN_STR("/back"))) {
        wall_jump(-YEAR_S);
        monotonic_leap_ms(-HOUR_S * 1000);
    }
    if (cairn_str_equal(req->path, CAIRN_STR("/hold")))
        hold();
    return cairn_http_text(req, 200, "fine");
}

struct app {
    FILE *log;
    bool is_limited;
};

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    struct app *self = cx;
    struct cairn_service *service = cairn_http_handler(handle, NULL);
    (void)worker;
    if (self->is_limited)
        service = cairn_stack(
            service, cairn_http_rate_limit(.num = 1, .per_ms = 86400000, .burst = BURST));
    return cairn_stack(service, cairn_access_log(.file = self->log));
}

struct rig {
    struct server_rig server;
    struct app app;
    uint16_t port;
    int fd; /* a connection */
};

static void rig_open(struct rig *rig, struct cairn_http_server_options options, bool is_limited)
{
    wall_offset_s = 0;
    wall_frozen_s = 0;
    monotonic_offset_ns = 0; /* the kernel's timers know nothing of it */
    *rig = (struct rig){.app = {.log = tmpfile(), .is_limited = is_limited}};
    assert_non_null(rig->app.log);
    server_rig_start(&rig->server, app, &rig->app, &options);
    rig->port = cairn_http_server_port(rig->server.server);
    rig->fd = client_connect(rig->port);
}

/* The durations in the log: none is negative, or longer than the longest leap forward. */
static unsigned check_durations(FILE *log)
{
    static char text[LINES_BYTES];
    unsigned lines = 0;
    rewind(log);
    text[fread(text, 1, sizeof(text) - 1, log)] = '\0';
    for (char *at = text; (at = strstr(at, "\"dur_ms\":")); lines++) {
        double ms = strtod(at += strlen("\"dur_ms\":"), NULL);
        assert_true(ms >= 0 && ms < 2.0 * HOUR_S * 1000);
    }
    return lines;
}

static struct cairn_http_counters rig_close(struct rig *rig, unsigned lines)
{
    close(rig->fd);
    struct cairn_http_counters counters = server_rig_finish(&rig->server);
    assert_int_equal(check_durations(rig->app.log), lines);
    fclose(rig->app.log);
    return counters;
}

/* The status; DATE_S gets the Date field. */
static int ask(int fd, const char *path, int64_t *date_s)
{
    char text[1024];
    client_get(fd, path);
    assert_true(client_response(fd, false, text, sizeof(text)) > 0);
    if (date_s) {
        const char *date = strstr(text, "Date: ");
        assert_non_null(date);
        assert_true(cairn_http_date_parse(cairn_str_of(date + 6, 29), 0, date_s));
    }
    return atoi(text + strlen("HTTP/1.1 "));
}

static void the_date_follows_the_wall_clock_and_nobody_is_timed_out(void **state)
{
    static const int64_t jumps_s[] = {HOUR_S, -HOUR_S, YEAR_S, -YEAR_S, 0};
    struct rig rig;
    int64_t date_s;
    (void)state;
    rig_open(&rig, (struct cairn_http_server_options){.limits.keep_alive_ms = 20000}, false);
    for (size_t i = 0; i < sizeof(jumps_s) / sizeof(jumps_s[0]); i++) {
        wall_jump(jumps_s[i]);
        monotonic_leap_ms(1000); /* the field is made once a second */
        assert_int_equal(ask(rig.fd, "/", &date_s), 200);
        int64_t expected_s = __real_time(NULL) + jumps_s[i];
        assert_in_range(expected_s - date_s + 2, 0, 4);
    }
    assert_int_equal(rig_close(&rig, 5).timeouts, 0);
}

static void a_wall_clock_that_stands_still_stops_nothing(void **state)
{
    struct rig rig;
    int64_t date_s;
    (void)state;
    rig_open(&rig, (struct cairn_http_server_options){.limits.keep_alive_ms = 300}, false);
    __atomic_store_n(&wall_frozen_s, 1700000000, __ATOMIC_RELEASE);
    monotonic_leap_ms(1000);
    assert_int_equal(ask(rig.fd, "/", &date_s), 200);
    assert_true(date_s == 1700000000);
    assert_true(client_is_closed(rig.fd)); /* when its time is over all the same */
    assert_int_equal(rig_close(&rig, 1).timeouts, 1);
}

static void timeouts_do_not_move_with_the_wall_clock(void **state)
{
    static const int64_t jumps_s[] = {HOUR_S, -HOUR_S, YEAR_S, -YEAR_S};
    struct rig rig;
    (void)state;
    rig_open(&rig, (struct cairn_http_server_options){.limits.head_ms = 200}, false);
    for (size_t i = 0; i < sizeof(jumps_s) / sizeof(jumps_s[0]); i++) {
        int64_t begin_ms = really_ms();
        int fd = client_connect(rig.port);
        wall_jump(jumps_s[i]);
        assert_true(client_is_closed(fd));
        assert_in_range(really_ms() - begin_ms, 195, 1200);
        close(fd);
    }
    rig_close(&rig, 0);
}

static void clocks_that_go_back_during_a_request_leave_no_negative_time(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, (struct cairn_http_server_options){0}, false);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(ask(rig.fd, "/back", NULL), 200);
    monotonic_leap_ms(3 * HOUR_S * 1000);
    assert_int_equal(ask(rig.fd, "/", NULL), 200);
    assert_int_equal(rig_close(&rig, 4).timeouts, 0);
}

static unsigned admitted(const struct rig *rig)
{
    unsigned count = 0;
    for (unsigned i = 0; i < 3 * BURST; i++) {
        int fd = client_connect(rig->port);
        count += ask(fd, "/", NULL) == 200;
        close(fd);
    }
    return count;
}

static void a_bucket_is_never_fuller_than_full(void **state)
{
    static const int64_t jumps_s[] = {YEAR_S, -YEAR_S, HOUR_S, -HOUR_S};
    struct rig rig;
    (void)state;
    rig_open(&rig, (struct cairn_http_server_options){0}, true);
    assert_int_equal(admitted(&rig), BURST);
    for (size_t i = 0; i < sizeof(jumps_s) / sizeof(jumps_s[0]); i++) {
        wall_jump(jumps_s[i]);
        assert_int_equal(admitted(&rig), 0);
    }
    monotonic_leap_ms(YEAR_S * 1000);
    assert_int_equal(admitted(&rig), BURST);
    monotonic_leap_ms(-HOUR_S * 1000);
    assert_int_equal(admitted(&rig), 0);
    rig_close(&rig, 7 * 3 * BURST);
}

/* What was sent is in the peer's hands when it is acknowledged. */
static void wait_until_arrived(int fd)
{
    int unsent = 1;
    while (unsent > 0) {
        assert_int_equal(ioctl(fd, SIOCOUTQ, &unsent), 0);
        sched_yield();
    }
}

/* As a machine that stood still for an hour: of those who were to say more, the ones who have are
 * answered. */
static void a_leap_times_nobody_out_who_has_written(void **state)
{
    enum { PEERS = 100 };
    static const char half[] = "GET / HTTP/1.1\r\nHost: a\r\n";
    char text[1024];
    int fds[PEERS];
    struct rig rig;
    (void)state;
    rig_open(&rig, (struct cairn_http_server_options){.limits.head_ms = 30000}, false);
    for (int i = 0; i < PEERS; i++) {
        fds[i] = client_connect(rig.port);
        assert_int_equal(ask(fds[i], "/", NULL), 200);
        client_send(fds[i], half);
    }
    assert_int_equal(ask(rig.fd, "/", NULL), 200); /* by then all halves were read */
    is_holding = 0;
    __atomic_store_n(&is_held, 1, __ATOMIC_RELEASE);
    client_send(rig.fd, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
    while (!__atomic_load_n(&is_holding, __ATOMIC_ACQUIRE))
        sched_yield();
    monotonic_leap_ms(HOUR_S * 1000);
    for (int i = 0; i < PEERS; i += 2)
        client_send(fds[i], "\r\n");
    for (int i = 0; i < PEERS; i += 2)
        wait_until_arrived(fds[i]);
    __atomic_store_n(&is_held, 0, __ATOMIC_RELEASE);
    for (int i = 0; i < PEERS; i++) {
        client_response(fds[i], false, text, sizeof(text));
        assert_memory_equal(text, i % 2 ? "HTTP/1.1 408" : "HTTP/1.1 200", 12);
        close(fds[i]);
    }
    client_response(rig.fd, false, text, sizeof(text));
    /* The one that held it has been idle for an hour when it is answered. */
    assert_int_equal(rig_close(&rig, PEERS + PEERS / 2 + 2).timeouts, PEERS / 2 + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_date_follows_the_wall_clock_and_nobody_is_timed_out),
        cmocka_unit_test(a_wall_clock_that_stands_still_stops_nothing),
        cmocka_unit_test(timeouts_do_not_move_with_the_wall_clock),
        cmocka_unit_test(clocks_that_go_back_during_a_request_leave_no_negative_time),
        cmocka_unit_test(a_bucket_is_never_fuller_than_full),
        cmocka_unit_test(a_leap_times_nobody_out_who_has_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
