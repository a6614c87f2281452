/* Bodies that come too slowly: from the beginning, or once they have come quickly. */
#include "connection_rig.h"

#include <stdlib.h>

#include <cairn/http/handler.h>
#include <cairn/service/runtime.h>

#define HEAD(path) "POST " path " HTTP/1.1\r\nHost: a\r\n"
#define LENGTH "Content-Length: 100000000\r\n\r\n"
#define MEBIBYTE 1048576
#define MOST_S 300

static struct {
    uint64_t bytes; /* that the app was given */
    unsigned sleeps_ms;
} app;

/* Reads the body, and before each chunk sleeps, if it is to. */
struct reader {
    struct cairn_http_request *req;
    struct cairn_timer timer;
    struct cairn_waker waker;
    bool is_awake;
};

static void reader_on_timer(struct cairn_timer *timer)
{
    struct reader *self = (struct reader *)((char *)timer - offsetof(struct reader, timer));
    self->is_awake = true;
    cairn_wake(&self->waker);
}

static enum cairn_poll reader_sleep(struct reader *self, const struct cairn_context *cx)
{
    if (app.sleeps_ms == 0 || self->is_awake)
        return CAIRN_READY;
    cairn_waker_set(&self->waker, cx);
    if (!cairn_timer_is_armed(&self->timer))
        cairn_timer_arm(cx->runtime, &self->timer,
            cairn_runtime_deadline_ms(cx->runtime, app.sleeps_ms), reader_on_timer);
    return CAIRN_PENDING;
}

static enum cairn_poll reader_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct reader *self = state;
    while (reader_sleep(self, cx) == CAIRN_READY) {
        enum cairn_poll p = cairn_stream_poll_next(&self->req->stream, cx, out);
        if (p != CAIRN_READY)
            return p;
        if (!out->value) {
            out->value = cairn_http_text(self->req, 200, "all of it");
            return CAIRN_READY;
        }
        app.bytes += ((struct cairn_http_chunk *)out->value)->bytes.length;
        cairn_http_chunk_free(out->value);
        self->is_awake = false;
    }
    return CAIRN_PENDING;
}

static void reader_drop(void *state)
{
    struct reader *self = state;
    cairn_timer_cancel(&self->timer);
    cairn_waker_clear(&self->waker);
}

static const struct cairn_future_ops reader_ops = {
    .name = "reader", .size = sizeof(struct reader), .poll = reader_poll, .drop = reader_drop};

static struct cairn_future serve(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_future_box(&reader_ops, &(struct reader){.req = req});
}

static struct cairn_http_response *all(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "all of it");
}

static void open_with(struct cairn_service *service, struct cairn_http_limits limits)
{
    const struct cairn_http_server_options options = {
        .size = sizeof(options), .workers = 1, .limits = limits};
    app.bytes = 0;
    app.sleeps_ms = 0;
    rig_open(service, &options);
}

static void open_reader(struct cairn_http_limits limits)
{
    open_with(cairn_http_stream_handler(serve, NULL), limits);
}

/* Sends LENGTH bytes of a body, as fast as they are taken. */
static void pour(size_t length)
{
    static char bytes[16384];
    memset(bytes, 'x', sizeof(bytes));
    while (length) {
        size_t piece = length < sizeof(bytes) ? length : sizeof(bytes);
        ssize_t n = send(rig.client, bytes, piece, MSG_NOSIGNAL);
        assert_true(n > 0 || rig.worker.connections);
        rig_run();
        length -= n > 0 ? (size_t)n : 0;
    }
}

/* Sends the text UNIT every PAUSE_MS. Returns after how many seconds there is an answer. */
static unsigned seconds_with(const char *unit, unsigned pause_ms)
{
    unsigned ms = 0;
    while (ms < MOST_S * 1000 && rig.length == 0) {
        rig_advance(pause_ms);
        ms += pause_ms;
        rig_say(unit);
        rig_take();
    }
    return ms / 1000;
}

/* The same with SIZE bytes. */
static unsigned seconds_at(size_t size, unsigned pause_ms)
{
    static char unit[100001];
    assert_true(size < sizeof(unit));
    memset(unit, 'x', size);
    unit[size] = '\0';
    return seconds_with(unit, pause_ms);
}

static void assert_too_slow(void)
{
    assert_memory_equal(rig.text, "HTTP/1.1 408 ", 13);
}

static void a_body_that_is_slow_from_the_beginning_has_little_more_than_its_grace(void **state)
{
    (void)state;
    open_reader((struct cairn_http_limits){0});
    rig_say(HEAD("/") LENGTH);
    assert_int_equal(seconds_at(100, 1000), 13); /* the first at which 10 s are not worth 400/s */
    assert_too_slow();
}

static void a_body_that_began_quickly_has_no_more_than_that(void **state)
{
    (void)state;
    open_reader((struct cairn_http_limits){0});
    rig_say(HEAD("/") LENGTH);
    pour(MEBIBYTE);
    assert_int_equal(app.bytes, MEBIBYTE);
    assert_int_equal(seconds_at(100, 1000), 13);
    assert_too_slow();
}

static void nor_when_it_is_chunked(void **state)
{
    (void)state;
    open_reader((struct cairn_http_limits){0});
    rig_say(HEAD("/") "Transfer-Encoding: chunked\r\n\r\n100000\r\n");
    pour(MEBIBYTE);
    rig_say("\r\n");
    assert_int_equal(app.bytes, MEBIBYTE);
    assert_int_equal(seconds_with("1\r\nx\r\n", 1000), 11);
    assert_too_slow();
}

static void nor_when_it_is_collected(void **state)
{
    (void)state;
    open_with(cairn_http_handler(all, NULL), (struct cairn_http_limits){0});
    rig_say(HEAD("/") "Content-Length: 2000000\r\n\r\n");
    pour(MEBIBYTE);
    assert_int_equal(seconds_at(100, 1000), 13);
    assert_too_slow();
}

/* What frames a body is none of it. */
static void nor_when_nothing_but_framing_comes(void **state)
{
    (void)state;
    open_reader((struct cairn_http_limits){0});
    rig_say(HEAD("/") "Transfer-Encoding: chunked\r\n\r\n100000\r\n");
    pour(MEBIBYTE);
    rig_say("\r\n1;");
    assert_int_equal(seconds_with("x", 1000), 11);
    assert_too_slow();
}

static void a_body_at_the_least_rate_is_read_for_ever(void **state)
{
    (void)state;
    open_reader((struct cairn_http_limits){0});
    rig_say(HEAD("/") LENGTH);
    assert_int_equal(seconds_at(500, 1000), MOST_S);
    assert_int_equal(rig.length, 0);
    assert_int_equal(app.bytes, MOST_S * 500);
}

static void the_least_rate_of_a_body_is_an_option(void **state)
{
    (void)state;
    open_reader((struct cairn_http_limits){.body_bytes_per_s = 100});
    rig_say(HEAD("/") LENGTH);
    assert_int_equal(seconds_at(100, 1000), MOST_S);
    assert_int_equal(rig.length, 0);
}

static void single_bytes_are_enough_if_they_are_many(void **state)
{
    (void)state;
    open_reader((struct cairn_http_limits){.body_bytes_per_s = 100});
    rig_say(HEAD("/") LENGTH);
    assert_int_equal(seconds_at(1, 10), MOST_S);
    assert_int_equal(rig.length, 0);
}

/* Each pays for the wait before it. */
static void a_body_that_comes_in_bursts_is_read_for_ever(void **state)
{
    (void)state;
    open_reader((struct cairn_http_limits){0});
    rig_say(HEAD("/") LENGTH);
    assert_true(seconds_at(4500, 9000) >= MOST_S);
    assert_int_equal(rig.length, 0);
}

/* The first chunk of a burst alone would be too little for what the second one found. */
static void all_chunks_of_a_burst_count(void **state)
{
    (void)state;
    open_reader((struct cairn_http_limits){0});
    rig_say(HEAD("/") "Transfer-Encoding: chunked\r\n\r\n");
    rig_advance(9000);
    rig_say("1\r\nx\r\n");
    rig_advance(9000);
    rig_say("1\r\nx\r\n7d0\r\n");
    pour(2000);
    rig_take();
    assert_too_slow(); /* that was too little */
    rig_close_client();
    rig_run();
    assert_int_equal(rig_connect(), 0);
    rig_say(HEAD("/") "Transfer-Encoding: chunked\r\n\r\n");
    rig_advance(9000);
    rig_say("1\r\nx\r\n");
    rig_advance(9000);
    char burst[5100];
    memset(burst, 'x', sizeof(burst));
    memcpy(burst, "1\r\nx\r\n1388\r\n", 12);
    burst[5012] = '\0';
    rig_say(burst);
    rig_take();
    assert_int_equal(rig.length, 0);
}

static void while_nobody_reads_no_time_passes(void **state)
{
    (void)state;
    open_reader((struct cairn_http_limits){0});
    app.sleeps_ms = 20000;
    rig_say(HEAD("/") LENGTH);
    assert_int_equal(seconds_at(100, 1000), MOST_S);
    assert_int_equal(rig.length, 0);
    assert_true(app.bytes > 0);
}

/* The process was stopped; what was sent meanwhile is read before anybody is timed out. */
static void a_stopped_process_holds_nothing_against_its_clients(void **state)
{
    (void)state;
    open_reader((struct cairn_http_limits){0});
    rig_say(HEAD("/") LENGTH);
    pour(MEBIBYTE);
    rig_send("x");
    rig.clock.now_ns += UINT64_C(600) * 1000000000;
    rig_run();
    rig_take();
    assert_int_equal(rig.length, 0);
    assert_int_equal(app.bytes, MEBIBYTE + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(a_body_that_is_slow_from_the_beginning_has_little_more_than_its_grace),
        rig_test(a_body_that_began_quickly_has_no_more_than_that),
        rig_test(nor_when_it_is_chunked),
        rig_test(nor_when_it_is_collected),
        rig_test(nor_when_nothing_but_framing_comes),
        rig_test(a_body_at_the_least_rate_is_read_for_ever),
        rig_test(the_least_rate_of_a_body_is_an_option),
        rig_test(single_bytes_are_enough_if_they_are_many),
        rig_test(a_body_that_comes_in_bursts_is_read_for_ever),
        rig_test(all_chunks_of_a_burst_count),
        rig_test(while_nobody_reads_no_time_passes),
        rig_test(a_stopped_process_holds_nothing_against_its_clients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
