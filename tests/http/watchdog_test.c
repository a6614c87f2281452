/* The watchdog turn by turn, on times that the test makes up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cairn/http/handler.h>
#include <cairn/http/server.h>
#include <cairn/http/server/watchdog.h>
#include <cairn/http/server/worker.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/runtime_core.h>
#include <cairn/service/stack.h>
#include <cairn/testkit/alloc.h>

enum { HANG_MS = 1000, LOOK_MS = HANG_MS / 4 };
#define MS UINT64_C(1000000)

struct fixture {
    struct cairn_http_server *server; /* that is never run */
    struct cairn__watchdog *dog;
    struct cairn_runtime runtimes[2]; /* of which only the beat is looked at */
    uint64_t now_ns;
    int err; /* what standard error was */
    FILE *said;
};

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx;
    (void)worker;
    return NULL;
}

static int fixture_open(void **state)
{
    static struct fixture self;
    const struct cairn_http_server_options options = {
        .size = sizeof(options), .host = "127.0.0.1", .workers = 2};
    struct cairn_error *error = NULL;
    memset(&self, 0, sizeof(self));
    cairn_test_alloc_begin();
    self.server = cairn_http_server_new(app, NULL, &options, &error);
    assert_non_null(self.server);
    self.dog = cairn__server_watchdog(self.server);
    self.now_ns = 77 * 3600000 * MS;
    self.said = tmpfile();
    self.err = dup(STDERR_FILENO);
    assert_int_equal(dup2(fileno(self.said), STDERR_FILENO), STDERR_FILENO);
    *state = &self;
    return 0;
}

static int fixture_close(void **state)
{
    struct fixture *self = *state;
    dup2(self->err, STDERR_FILENO);
    close(self->err);
    fclose(self->said);
    cairn_http_server_free(self->server);
    cairn_test_alloc_end();
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return 0;
}

static void watch_both(struct fixture *self)
{
    cairn__watchdog_plan(self->dog, HANG_MS, false);
    for (unsigned i = 0; i < 2; i++)
        cairn__watchdog_watch(self->dog, i, &self->runtimes[i], NULL);
    cairn__watchdog_turn(self->dog, self->now_ns);
}

static void turn_after(struct fixture *self, uint64_t ms)
{
    self->now_ns += ms * MS;
    cairn__watchdog_turn(self->dog, self->now_ns);
}

static void turns_for(struct fixture *self, uint64_t ms)
{
    for (uint64_t i = 0; i < ms; i += LOOK_MS)
        turn_after(self, LOOK_MS);
}

static const char *said(struct fixture *self)
{
    static char text[4096];
    rewind(self->said);
    text[fread(text, 1, sizeof(text) - 1, self->said)] = '\0';
    return text;
}

static void a_worker_that_sleeps_does_not_hang(void **state)
{
    struct fixture *self = *state;
    watch_both(self);
    turns_for(self, 100 * HANG_MS);
    assert_true(cairn_http_server_is_healthy(self->server));
    assert_string_equal(said(self), "");
}

static void a_worker_that_is_busy_does_not_hang(void **state)
{
    struct fixture *self = *state;
    self->runtimes[0].beat = 1;
    watch_both(self);
    for (unsigned i = 0; i < 100; i++) {
        turns_for(self, HANG_MS - LOOK_MS);
        self->runtimes[0].beat += 2;
        assert_true(cairn_http_server_is_healthy(self->server));
    }
    assert_int_equal(cairn__watchdog_hangs(self->dog, 0), 0);
}

static void a_turn_that_does_not_end_is_a_hang_and_its_end_the_end(void **state)
{
    struct fixture *self = *state;
    watch_both(self);
    self->runtimes[1].beat = 41;
    turn_after(self, LOOK_MS);
    turns_for(self, HANG_MS - LOOK_MS);
    assert_true(cairn_http_server_is_healthy(self->server));
    turn_after(self, LOOK_MS);
    assert_false(cairn_http_server_is_healthy(self->server));
    assert_true(cairn__watchdog_is_hung(self->dog, 1));
    assert_false(cairn__watchdog_is_hung(self->dog, 0));
    turns_for(self, 3 * HANG_MS);
    assert_int_equal(cairn__watchdog_hangs(self->dog, 1), 1);
    self->runtimes[1].beat = 42;
    turn_after(self, LOOK_MS);
    assert_true(cairn_http_server_is_healthy(self->server));
    assert_false(cairn__watchdog_is_hung(self->dog, 1));
    assert_string_equal(said(self), "worker 1 has not turned for 1000 ms: \n"
                                    "worker 1 turns again, after 4250 ms\n");
    assert_int_equal(cairn_http_server_counters(self->server).hangs, 1);
}

/* As the runtime does when it begins a turn. */
static void begin_turn(struct cairn_runtime *runtime)
{
    runtime->beat++;
    cairn__runtime_tell_turn(runtime, false);
}

static void it_naps_while_all_sleep_and_not_before_it_is_sure(void **state)
{
    struct fixture *self = *state;
    watch_both(self);
    assert_false(self->dog->naps); /* asked only now: a turn that began meanwhile may be untold */
    assert_true(cairn__runtime_tells_turn(&self->runtimes[0]));
    turn_after(self, LOOK_MS);
    assert_true(self->dog->naps);
    turn_after(self, LOOK_MS);
    assert_true(self->dog->naps);
    begin_turn(&self->runtimes[1]);
    turn_after(self, 100 * HANG_MS); /* woken by it, after a long nap */
    assert_false(self->dog->naps);
    assert_true(cairn_http_server_is_healthy(self->server));
    turns_for(self, HANG_MS);
    assert_false(self->dog->naps); /* a worker that hangs is looked at on and on */
    assert_true(cairn__watchdog_is_hung(self->dog, 1));
}

static void a_busy_worker_is_not_asked_to_tell_of_its_turns(void **state)
{
    struct fixture *self = *state;
    watch_both(self);
    for (unsigned i = 0; i < 10; i++) {
        begin_turn(&self->runtimes[0]);
        self->runtimes[0].beat++;
        turn_after(self, LOOK_MS);
        assert_false(cairn__runtime_tells_turn(&self->runtimes[0]));
        assert_false(self->dog->naps);
    }
}

static void a_worker_that_ends_does_not_hang(void **state)
{
    struct fixture *self = *state;
    self->runtimes[1].beat = 1;
    watch_both(self);
    cairn__watchdog_unwatch(self->dog, 1);
    turns_for(self, 10 * HANG_MS);
    assert_true(cairn_http_server_is_healthy(self->server));
}

static void a_process_that_stood_still_has_no_hang(void **state)
{
    struct fixture *self = *state;
    self->runtimes[0].beat = 1;
    watch_both(self);
    turn_after(self, 3600000);
    assert_true(cairn_http_server_is_healthy(self->server));
    turns_for(self, HANG_MS - LOOK_MS);
    assert_true(cairn_http_server_is_healthy(self->server));
    turn_after(self, LOOK_MS); /* but it has had its time since */
    assert_false(cairn_http_server_is_healthy(self->server));
}

static void a_clock_that_goes_back_makes_no_hang(void **state)
{
    struct fixture *self = *state;
    self->runtimes[0].beat = 1;
    watch_both(self);
    turn_after(self, LOOK_MS);
    self->now_ns -= 3600000 * MS;
    turns_for(self, HANG_MS);
    assert_true(cairn_http_server_is_healthy(self->server));
    assert_string_equal(said(self), "");
}

static struct cairn_http_response *handle(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "");
}

static void the_report_names_the_layers(void **state)
{
    struct fixture *self = *state;
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_service *stack =
        cairn_stack(cairn_http_handler(handle, NULL), cairn_timeout(.after_ms = 10));
    self->runtimes[0].beat = 1;
    cairn__watchdog_plan(self->dog, HANG_MS, false);
    cairn__watchdog_watch(self->dog, 0, &self->runtimes[0], stack);
    turn_after(self, 0);
    turns_for(self, 2 * HANG_MS);
    assert_non_null(strstr(said(self), "worker 0 has not turned for 1000 ms: timeout > handler\n"));
    cairn_service_drop(stack);
    cairn_runtime_free(runtime);
}

static int manager_open(void)
{
    char name[128];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = sizeof(address);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(sa_family_t)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    snprintf(
        name, sizeof(name), "@%.*s", (int)(length - sizeof(sa_family_t)) - 1, address.sun_path + 1);
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

static unsigned heard(int manager)
{
    char text[64];
    unsigned count = 0;
    for (ssize_t n; (n = recv(manager, text, sizeof(text) - 1, 0)) > 0; count++) {
        text[n] = '\0';
        assert_string_equal(text, "WATCHDOG=1");
    }
    return count;
}

static void the_service_manager_hears_of_it_until_a_worker_hangs(void **state)
{
    struct fixture *self = *state;
    int manager = manager_open();
    setenv("WATCHDOG_USEC", "2000000", 1);
    watch_both(self);
    assert_int_equal(heard(manager), 1);
    turns_for(self, 2000);
    assert_int_equal(heard(manager), 4);
    self->runtimes[0].beat = 1;
    turns_for(self, HANG_MS + LOOK_MS);
    heard(manager);
    turns_for(self, 10000);
    assert_int_equal(heard(manager), 0);
    self->runtimes[0].beat = 2;
    turns_for(self, 2000);
    assert_in_range(heard(manager), 4, 5);
    close(manager);
}

static void the_service_manager_hears_nothing_that_it_did_not_ask_for(void **state)
{
    struct fixture *self = *state;
    char pid[32];
    int manager = manager_open();
    watch_both(self);
    turns_for(self, 10000);
    setenv("WATCHDOG_USEC", "2000000", 1);
    setenv("WATCHDOG_PID", "1", 1); /* another process */
    watch_both(self);
    turns_for(self, 10000);
    snprintf(pid, sizeof(pid), "%ld", (long)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    cairn__watchdog_plan(self->dog, HANG_MS, true);
    turns_for(self, 10000);
    assert_int_equal(heard(manager), 0);
    watch_both(self);
    assert_int_equal(heard(manager), 1);
    close(manager);
}

static void a_short_patience_of_the_service_manager_shortens_the_looks(void **state)
{
    struct fixture *self = *state;
    setenv("WATCHDOG_USEC", "400000", 1);
    cairn__watchdog_plan(self->dog, HANG_MS, false);
    assert_true(self->dog->period_ns == 100 * MS);
    assert_true(self->dog->notify_ns == 100 * MS);
    setenv("WATCHDOG_USEC", "4000000", 1);
    cairn__watchdog_plan(self->dog, HANG_MS, false);
    assert_true(self->dog->period_ns == LOOK_MS * MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WATCHDOG_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)
        WATCHDOG_TEST(a_worker_that_sleeps_does_not_hang),
        WATCHDOG_TEST(a_worker_that_is_busy_does_not_hang),
        WATCHDOG_TEST(a_turn_that_does_not_end_is_a_hang_and_its_end_the_end),
        WATCHDOG_TEST(it_naps_while_all_sleep_and_not_before_it_is_sure),
        WATCHDOG_TEST(a_busy_worker_is_not_asked_to_tell_of_its_turns),
        WATCHDOG_TEST(a_worker_that_ends_does_not_hang),
        WATCHDOG_TEST(a_process_that_stood_still_has_no_hang),
        WATCHDOG_TEST(a_clock_that_goes_back_makes_no_hang),
        WATCHDOG_TEST(the_report_names_the_layers),
        WATCHDOG_TEST(the_service_manager_hears_of_it_until_a_worker_hangs),
        WATCHDOG_TEST(the_service_manager_hears_nothing_that_it_did_not_ask_for),
        WATCHDOG_TEST(a_short_patience_of_the_service_manager_shortens_the_looks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
