#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cairn/http/layers/log_sink.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/clock.h>

/* A sink that writes to one end of a pair; the test reads the other. */
struct rig {
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct cairn__log_sink sink;
    int in;
    int out;
    size_t read; /* bytes so far */
    size_t lines;
    char last; /* the last byte that was read */
};

static void rig_open(struct rig *rig, const int ends[2])
{
    *rig = (struct rig){.out = ends[0], .in = ends[1]};
    cairn_test_alloc_begin();
    rig->runtime = cairn_test_runtime_new(&rig->clock);
    assert_int_equal(fcntl(rig->out, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(cairn__log_sink_init(&rig->sink, rig->in), 0);
}

static void rig_open_pipe(struct rig *rig)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    rig_open(rig, ends);
}

static void rig_close(struct rig *rig)
{
    cairn__log_sink_fini(&rig->sink);
    cairn_runtime_free(rig->runtime);
    cairn_test_alloc_end();
    close(rig->in);
    if (rig->out >= 0)
        close(rig->out);
}

/* All that there is. Every line is "<98 times the same letter>\n". */
static void rig_read(struct rig *rig)
{
    char text[4096];
    ssize_t n;
    while ((n = read(rig->out, text, sizeof(text))) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            bool is_end = rig->read++ % 99 == 98;
            assert_int_equal(text[i] == '\n', is_end);
            rig->lines += is_end;
            rig->last = text[i];
        }
    }
}

/* Puts COUNT lines. */
static void rig_put(struct rig *rig, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *line = cairn__log_sink_place(&rig->sink);
        memset(line, 'a' + (int)(i % 26), 98);
        line[98] = '\n';
        cairn__log_sink_put(&rig->sink, line + 99);
    }
}

/* Lets 100 ms pass and reads, until nothing is left. */
static void rig_drain(struct rig *rig)
{
    for (int i = 0; i < 100 && rig->sink.length; i++) {
        rig_read(rig);
        cairn_test_clock_advance_ms(&rig->clock, rig->runtime, 101);
    }
    rig_read(rig);
    assert_int_equal(rig->sink.length, 0);
    assert_false(cairn_timer_is_armed(&rig->sink.timer));
}

/* Puts much more than fits, and reads only then. */
static void assert_never_waits(struct rig *rig)
{
    rig_put(rig, 10000);
    assert_true(rig->sink.is_stuck);
    assert_int_equal(rig->sink.lines + rig->sink.dropped, 10000);
    assert_true(rig->sink.dropped > 0);
    rig_drain(rig);
    assert_int_equal(rig->lines, rig->sink.lines);
    assert_int_equal(rig->last, '\n');
    rig_put(rig, 5);
    rig_drain(rig);
    assert_int_equal(rig->lines, rig->sink.lines);
}

static void a_pipe_is_opened_once_more_and_never_waited_for(void **state)
{
    struct rig rig;
    (void)state;
    rig_open_pipe(&rig);
    assert_int_equal(rig.sink.kind, CAIRN__LOG_SINK_OWN);
    assert_int_not_equal(rig.sink.fd, rig.in);
    assert_never_waits(&rig);
    rig_close(&rig);
}

/* As where there is no /proc. */
static void a_pipe_that_cannot_be_opened_again_is_asked_first(void **state)
{
    struct rig rig;
    (void)state;
    rig_open_pipe(&rig);
    close(rig.sink.fd);
    rig.sink.fd = rig.in;
    rig.sink.kind = CAIRN__LOG_SINK_SHARED;
    assert_never_waits(&rig);
    rig_close(&rig);
}

static void a_socket_is_never_waited_for(void **state)
{
    struct rig rig;
    int ends[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    rig_open(&rig, ends);
    assert_int_equal(rig.sink.kind, CAIRN__LOG_SINK_SOCKET);
    assert_never_waits(&rig);
    rig_close(&rig);
}

static void a_socket_whose_other_end_is_gone_raises_no_signal(void **state)
{
    struct rig rig;
    int ends[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    rig_open(&rig, ends);
    close(rig.out);
    rig.out = -1;
    signal(SIGPIPE, SIG_DFL);
    rig_put(&rig, 1);
    cairn_test_clock_advance_ms(&rig.clock, rig.runtime, 101);
    assert_true(rig.sink.is_stuck);
    rig_close(&rig);
}

static void a_descriptor_that_is_none_loses_lines_and_nothing_else(void **state)
{
    struct rig rig;
    (void)state;
    rig_open_pipe(&rig);
    cairn__log_sink_fini(&rig.sink);
    assert_int_equal(cairn__log_sink_init(&rig.sink, 9999), 0);
    rig_put(&rig, 1000);
    assert_int_equal(rig.sink.lines + rig.sink.dropped, 1000);
    assert_true(rig.sink.dropped > 0);
    rig_close(&rig);
}

static void the_timer_runs_only_while_lines_wait(void **state)
{
    struct rig rig;
    (void)state;
    rig_open_pipe(&rig);
    assert_false(cairn_timer_is_armed(&rig.sink.timer));
    rig_put(&rig, 1);
    assert_true(cairn_timer_is_armed(&rig.sink.timer));
    cairn_test_clock_advance_ms(&rig.clock, rig.runtime, 101);
    assert_false(cairn_timer_is_armed(&rig.sink.timer));
    do {
        rig_read(&rig);
        rig_put(&rig, 1);
    } while (rig.sink.length);
    assert_false(cairn_timer_is_armed(&rig.sink.timer));
    rig_close(&rig);
}

static void without_a_runtime_it_writes_when_the_buffer_is_full_enough(void **state)
{
    struct rig rig;
    (void)state;
    rig_open_pipe(&rig);
    cairn_runtime_free(rig.runtime);
    rig.runtime = NULL;
    for (int i = 0; i < 10; i++) {
        rig_put(&rig, 500);
        rig_read(&rig);
    }
    assert_int_equal(rig.sink.dropped, 0);
    assert_true(rig.lines > 4000);
    rig_close(&rig);
}

static void is_not_made_without_memory(void **state)
{
    struct cairn__log_sink sink;
    (void)state;
    cairn_test_alloc_begin();
    cairn_test_alloc_fail_at(1);
    assert_int_equal(cairn__log_sink_init(&sink, 1), -1);
    cairn_test_alloc_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe_is_opened_once_more_and_never_waited_for),
        cmocka_unit_test(a_pipe_that_cannot_be_opened_again_is_asked_first),
        cmocka_unit_test(a_socket_is_never_waited_for),
        cmocka_unit_test(a_socket_whose_other_end_is_gone_raises_no_signal),
        cmocka_unit_test(a_descriptor_that_is_none_loses_lines_and_nothing_else),
        cmocka_unit_test(the_timer_runs_only_while_lines_wait),
        cmocka_unit_test(without_a_runtime_it_writes_when_the_buffer_is_full_enough),
        cmocka_unit_test(is_not_made_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
