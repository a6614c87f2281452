/* What happens between two turns of the loop, and in which order. */
#include "connection_rig.h"

#include <stdlib.h>

#include <cairn/http/body.h>
#include <cairn/http/exchange.h>
#include <cairn/http/handler.h>
#include <cairn/http/layers/replay_body.h>
#include <cairn/http/upgrade.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/channel.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>
#include <cairn/testkit/harness.h>

#define PIECE_BYTES 12000
#define CHUNK_BYTES 60000

/* What the app and the test tell each other. */
static struct {
    struct cairn_http_request *req;  /* the latest one */
    struct cairn_sender *sender;     /* of /channel */
    struct cairn_byte_stream stream; /* of /upgrade */
    bool takes_at_end;               /* the client takes what is there when an exchange has ended */
    uint64_t given;                  /* bytes of /endless */
    struct cairn_http_end end;
    int ends;
} app;

static char bytes[CHUNK_BYTES];

static void at_end(void *value, const struct cairn_http_end *end)
{
    (void)value;
    app.end = *end;
    app.ends++;
    if (app.takes_at_end)
        rig_take();
}

/* An echo that asks for the request's body only when it is asked itself. */
static enum cairn_poll late_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct cairn_http_request **req = state;
    return cairn_stream_poll_next(&(*req)->stream, cx, out);
}

static const struct cairn_stream_ops late_ops = {
    .name = "late", .size = sizeof(struct cairn_http_request *), .poll_next = late_poll_next};

/* Has more as soon as it is asked; the client takes all of it at once. */
static enum cairn_poll endless_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    static struct cairn_http_chunk chunk = {{bytes, 4096}, NULL};
    (void)state, (void)cx;
    app.given += chunk.bytes.length;
    out->value = app.given < UINT64_C(64) << 20 ? &chunk : NULL;
    rig_take();
    rig_forget();
    return CAIRN_READY;
}

static const struct cairn_stream_ops endless_ops = {
    .name = "endless", .size = 1, .poll_next = endless_poll_next};

static enum cairn_poll breaking_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    static struct cairn_error broke = CAIRN_ERROR_STATIC(CAIRN_ERROR_INTERNAL, "test", "broke");
    (void)state, (void)cx;
    out->error = &broke;
    return CAIRN_FAILED;
}

static const struct cairn_stream_ops breaking_ops = {
    .name = "breaking", .size = 1, .poll_next = breaking_poll_next};

static enum cairn_poll never_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    (void)state, (void)cx, (void)out;
    return CAIRN_PENDING;
}

static const struct cairn_future_ops never_ops = {.name = "never", .size = 1, .poll = never_poll};

/* What is done with /fill: writes until it has to wait, has the client take all of it, and then
 * waits for its turn. */
static enum cairn_poll fill_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    size_t count;
    (void)state;
    app.given++;
    while (cairn_byte_stream_poll_write(
               &app.stream, cx, bytes, sizeof(bytes), &count, &out->error) == CAIRN_READY)
        ;
    rig_take();
    rig_forget();
    return CAIRN_PENDING;
}

static void upgraded_drop(void *state)
{
    (void)state;
    cairn_byte_stream_drop(&app.stream);
}

static const struct cairn_future_ops fill_ops = {
    .name = "fill", .size = 1, .poll = fill_poll, .drop = upgraded_drop};
static const struct cairn_future_ops idle_ops = {
    .name = "idle", .size = 1, .poll = never_poll, .drop = upgraded_drop};

static struct cairn_future begin_upgraded(void *cx, struct cairn_byte_stream stream)
{
    app.stream = stream;
    return cairn_future_box(cx, "");
}

static struct cairn_http_response *channel(struct cairn_http_request *req)
{
    struct cairn_channel ends;
    const struct cairn_channel_options options = {
        .size = sizeof(options), .type = &cairn_http_chunk_type};
    assert_null(cairn_channel_new(&options, &ends));
    app.sender = ends.sender;
    return cairn_http_stream(req, 200, NULL, ends.receiver, -1);
}

static void send_chunk(size_t length)
{
    assert_int_equal(
        cairn_sender_try_send(app.sender, cairn_http_chunk_new(bytes, length)), CAIRN_READY);
}

static struct cairn_http_response *bad_field(struct cairn_http_request *req)
{
    struct cairn_http_response *res = cairn_http_text(req, 200, "never seen");
    res->fields.items[0].value = CAIRN_STR("a\r\nb: c");
    return res;
}

static struct cairn_http_response *stream_of(
    struct cairn_http_request *req, const struct cairn_stream_ops *ops, const void *state)
{
    return cairn_http_stream(req, 200, NULL, cairn_stream_box(ops, state), -1);
}

static struct cairn_http_response *answer(struct cairn_http_request *req)
{
    static const struct {
        const char *path;
        const struct cairn_future_ops *ops;
    } upgrades[] = {{"/fill", &fill_ops}, {"/idle", &idle_ops}};
    struct cairn_str path = req->path;
    for (size_t i = 0; i < 2; i++) {
        if (cairn_str_equal(path, cairn_str_from(upgrades[i].path)))
            return cairn_http_upgrade(req, "test", begin_upgraded, (void *)(size_t)upgrades[i].ops);
    }
    if (cairn_str_equal(path, CAIRN_STR("/echo")))
        return cairn_http_stream(req, 200, NULL, cairn_http_request_take_body(req), -1);
    if (cairn_str_equal(path, CAIRN_STR("/late")))
        return stream_of(req, &late_ops, &req);
    if (cairn_str_equal(path, CAIRN_STR("/endless")))
        return stream_of(req, &endless_ops, "");
    if (cairn_str_equal(path, CAIRN_STR("/break")))
        return stream_of(req, &breaking_ops, "");
    if (cairn_str_equal(path, CAIRN_STR("/channel")))
        return channel(req);
    if (cairn_str_equal(path, CAIRN_STR("/piece")))
        return cairn_http_bytes(req, 200, NULL, cairn_str_of(bytes, PIECE_BYTES));
    if (cairn_str_equal(path, CAIRN_STR("/large")))
        return cairn_http_bytes(req, 200, NULL, cairn_str_of(bytes, sizeof(bytes)));
    if (cairn_str_equal(path, CAIRN_STR("/field")))
        return bad_field(req);
    return cairn_http_bytes(req, 200, NULL, cairn_str_from("fine"));
}

static struct cairn_future handle(struct cairn_http_request *req, void *state)
{
    (void)state;
    app.req = req;
    assert_int_equal(cairn_http_on_end(req, at_end, NULL), 0);
    if (cairn_str_equal(req->path, CAIRN_STR("/never")))
        return cairn_future_box(&never_ops, "");
    return cairn_future_ready(answer(req));
}

static void open_app(void)
{
    const struct cairn_http_server_options options = {.size = sizeof(options),
        .workers = 1,
        .limits = {.output_high_bytes = 4096, .output_low_bytes = 1024}};
    memset(&app, 0, sizeof(app));
    memset(bytes, 'x', sizeof(bytes));
    rig_open(cairn_http_stream_handler(handle, NULL), &options);
}

static size_t count(const char *what)
{
    size_t found = 0;
    for (const char *at = rig.text; (at = strstr(at, what)); at++)
        found++;
    return found;
}

static struct cairn_http_response *whole(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_bytes(req, 200, NULL, req->body);
}

static void a_chunk_that_is_kept_comes_only_once(void **state)
{
    (void)state;
    rig_open(cairn_stack(cairn_http_handler(whole, NULL), cairn_replay_body()), NULL);
    rig_say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nab");
    rig_say("cdef");
    rig_read();
    assert_non_null(strstr(rig.text, "\r\nContent-Length: 6\r\n"));
    assert_non_null(strstr(rig.text, "\r\n\r\nabcdef"));
}

#define EXPECT "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"

static void says_continue_before_an_answer_that_reads_the_request(void **state)
{
    static const char both[] = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n";
    (void)state;
    open_app();
    rig_say("POST /echo HTTP/1.1\r\nHost: a\r\n" EXPECT);
    rig_read();
    assert_memory_equal(rig.text, both, sizeof(both) - 1);
    rig_say("abc");
    rig_read();
    assert_non_null(strstr(rig.text, "\r\n\r\n3\r\nabc\r\n0\r\n\r\n"));
    assert_int_equal(count("Continue"), 1);
}

static void says_no_continue_behind_the_head_of_an_answer(void **state)
{
    (void)state;
    open_app();
    rig_say("POST /late HTTP/1.1\r\nHost: a\r\n" EXPECT);
    rig_read();
    assert_memory_equal(rig.text, "HTTP/1.1 200 OK\r\n", 17);
    rig_say("abc"); /* it has waited long enough */
    rig_read();
    assert_non_null(strstr(rig.text, "\r\n\r\n3\r\nabc\r\n0\r\n\r\n"));
    assert_int_equal(count("Continue"), 0);
}

/* The stream waits, and what it gave before waits for the socket. Its wake comes while that is over
 * the mark, though the client has made room, and the end of the turn uses it: nobody else will say
 * that there is. */
static void goes_on_with_a_stream_when_the_end_of_the_turn_made_room(void **state)
{
    (void)state;
    open_app();
    rig_say("GET /channel HTTP/1.1\r\nHost: a\r\n\r\n");
    while (!rig_connection()->io.is_writing) {
        send_chunk(PIECE_BYTES);
        rig_run();
    }
    assert_in_range(cairn__buffer_length(&rig_connection()->queued), 1025, 2 * PIECE_BYTES);
    rig_take();
    send_chunk(10);
    cairn_sender_unref(app.sender);
    rig_read();
    assert_memory_equal(rig.text + rig.length - 5, "0\r\n\r\n", 5);
    assert_int_equal(app.ends, 1);
}

static void reads_on_when_the_end_of_the_turn_made_room(void **state)
{
    static const char one[] = "GET /piece HTTP/1.1\r\nHost: a\r\n\r\n";
    enum { PIECES = 40 };
    (void)state;
    open_app();
    rig_set_room(24000);
    app.takes_at_end = true;
    for (int i = 0; i < PIECES; i++)
        rig_send(one);
    rig_read();
    assert_int_equal(count("HTTP/1.1 200 OK"), PIECES);
    assert_int_equal(app.ends, PIECES);
}

/* It has been read, but its turn comes when the answers before it are out. */
static void what_was_asked_before_the_peer_shut_its_end_is_answered(void **state)
{
    (void)state;
    open_app();
    for (int i = 0; i < 5; i++)
        rig_send("GET /piece HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_run();
    assert_true(rig_connection()->io.is_writing);
    rig_say("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1");
    shutdown(rig.client, SHUT_WR);
    assert_true(rig_read());
    assert_int_equal(count("HTTP/1.1 200 OK"), 6);
}

#define UPGRADE " HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: test\r\n\r\n"

static void wakes_a_writer_when_the_end_of_the_turn_made_room(void **state)
{
    (void)state;
    open_app();
    rig_say("GET /fill" UPGRADE);
    for (int i = 0; i < 10; i++) {
        uint64_t before = app.given;
        cairn_runtime_turn(rig.worker.runtime);
        cairn_runtime_turn(rig.worker.runtime);
        assert_true(app.given > before);
    }
}

/* The socket takes no more while the client is as good as gone: it has its time, also when the next
 * request has begun. */
static void a_head_behind_answers_that_had_to_wait_has_its_deadline(void **state)
{
    (void)state;
    open_app();
    for (int i = 0; i < 5; i++)
        rig_send("GET /piece HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_say("GET / HTTP/1.1\r\nHo");
    rig_read();
    assert_int_equal(count("HTTP/1.1 200 OK"), 5);
    rig_advance(10001);
    rig_read();
    assert_int_equal(count("HTTP/1.1 408 "), 1);
}

/* Nor does it get a 408, which would have to wait behind them for as long as it wishes. */
static void who_takes_no_answers_is_given_up_while_its_next_head_comes_in(void **state)
{
    (void)state;
    open_app();
    for (int i = 0; i < 5; i++)
        rig_send("GET /piece HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_say("GET / HTTP/1.1\r\nHo");
    while (rig_connection()->state != CAIRN__HEAD || !rig_connection()->io.is_writing) {
        rig.length = 0;
        assert_true(recv(rig.client, rig.text, 2048, 0) > 0);
        rig_run();
    }
    for (int i = 0; i < 10 && rig.worker.connections; i++)
        rig_advance(10001);
    assert_null(rig.worker.connections);
}

static void an_answer_that_makes_no_progress_has_its_deadline_to_the_end(void **state)
{
    (void)state;
    open_app();
    rig_say("GET /channel HTTP/1.1\r\nHost: a\r\n\r\n");
    while (!rig_connection()->io.is_writing) {
        send_chunk(100);
        rig_run();
    }
    cairn_sender_unref(app.sender);
    rig_run();
    assert_int_equal(app.ends, 1);
    rig_advance(30001);
    assert_null(rig.worker.connections);
}

/* Nothing waits, but the socket is full to the brim: somebody else's bytes, say. */
static void what_is_said_from_outside_has_its_deadline(void **state)
{
    struct cairn_harness other;
    struct cairn_error *error = NULL;
    size_t length;
    (void)state;
    open_app();
    rig_say("GET /idle" UPGRADE);
    while (send(rig_connection()->io.fd, bytes, sizeof(bytes), MSG_NOSIGNAL) > 0)
        ;
    cairn_harness_init(&other, rig.worker.runtime);
    const struct cairn_context cx = cairn_harness_context(&other);
    assert_int_equal(
        cairn_byte_stream_poll_write(&app.stream, &cx, "a", 1, &length, &error), CAIRN_READY);
    rig_run();
    rig_advance(30001);
    assert_null(rig.worker.connections);
    cairn_harness_fini(&other);
}

/* What had begun before the drain did not say that it is the last. */
static void a_drain_ends_a_connection_whose_answer_had_begun(void **state)
{
    (void)state;
    open_app();
    rig_say("GET /channel HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_drain();
    assert_false(rig_read());
    rig_send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"); /* has arrived when the answer ends */
    cairn_sender_unref(app.sender);
    assert_true(rig_read());
    assert_int_equal(count("HTTP/1.1 200 OK"), 2);
    assert_int_equal(count("Connection: close"), 1);
}

static void a_drain_ends_a_connection_that_nobody_asks_any_more(void **state)
{
    (void)state;
    open_app();
    rig_say("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_drain();
    assert_true(rig_read());
    assert_int_equal(count("HTTP/1.1 200 OK"), 1);
}

static void a_drain_waits_a_second_for_the_first_request_of_a_new_connection(void **state)
{
    (void)state;
    open_app();
    rig_advance(400);
    rig_drain();
    assert_non_null(rig.worker.connections);
    rig_advance(500);
    rig_send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(rig_read());
    assert_int_equal(count("HTTP/1.1 200 OK"), 1);
    assert_int_equal(count("Connection: close"), 1);
}

static void a_drain_waits_no_longer_for_it(void **state)
{
    (void)state;
    open_app();
    rig_advance(400);
    rig_drain();
    rig_advance(500);
    assert_non_null(rig.worker.connections);
    rig_advance(101);
    assert_null(rig.worker.connections);
    assert_true(rig_read());
    assert_int_equal(count("HTTP"), 0);
}

static void a_drain_does_not_wait_for_a_connection_that_has_long_said_nothing(void **state)
{
    (void)state;
    open_app();
    rig_advance(1001);
    rig_drain();
    assert_null(rig.worker.connections);
}

static void answers_that_are_whole_come_before_the_one_that_breaks(void **state)
{
    (void)state;
    open_app();
    rig_send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_say("GET /break HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(rig_read());
    assert_int_equal(count("fine"), 1);
    assert_int_equal(count("0\r\n\r\n"), 0);
    assert_int_equal(app.end.reason, CAIRN_HTTP_BROKEN);
    assert_int_equal(rig.worker.counters.responses, 1);
    assert_int_equal(rig.worker.counters.cancelled, 1);
}

/* Whether the connection is closed with a reset after REQUEST. */
static bool is_reset(const char *request)
{
    struct linger linger = {0, 0};
    socklen_t length = sizeof(linger);
    open_app();
    rig_send(request);
    shutdown(rig.client, SHUT_WR);
    int fd = dup(rig_connection()->io.fd); /* to look at when the connection is gone */
    rig_run();
    assert_null(rig.worker.connections);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &length), 0);
    close(fd);
    return linger.l_onoff;
}

/* Without chunks or a length the end of the connection ends the body: it must not look whole. */
static void a_broken_answer_to_the_end_of_the_connection_ends_in_a_reset(void **state)
{
    (void)state;
    assert_true(is_reset("GET /break HTTP/1.0\r\n\r\n"));
}

/* The server stops; or the peer is too slow, and so on. */
static void so_does_one_that_is_cut_from_outside(void **state)
{
    struct linger linger = {0, 0};
    socklen_t length = sizeof(linger);
    (void)state;
    open_app();
    rig_say("GET /channel HTTP/1.0\r\n\r\n");
    int fd = dup(rig_connection()->io.fd);
    send_chunk(10);
    cairn_sender_unref(app.sender);
    rig_kill();
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &length), 0);
    assert_int_equal(linger.l_onoff, 1);
    close(fd);
}

static void a_whole_answer_to_the_end_of_the_connection_does_not(void **state)
{
    (void)state;
    assert_false(is_reset("POST /echo HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc"));
}

static void a_stream_that_always_has_more_leaves_the_loop_to_others(void **state)
{
    (void)state;
    open_app();
    rig_set_room(150000);
    rig_send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
    for (uint64_t before = 0; app.given < UINT64_C(64) << 20; before = app.given) {
        cairn_runtime_turn(rig.worker.runtime);
        assert_in_range(app.given - before, 0, 2 << 20);
        rig_take();
        rig_forget();
    }
    rig_read();
    assert_int_equal(app.ends, 1);
    assert_int_equal(app.end.reason, CAIRN_HTTP_COMPLETE);
}

/* Chunks have come, and it is the app that takes its time: that is not the peer's. */
static void a_body_that_waits_for_its_reader_is_not_slow(void **state)
{
    struct cairn_harness other;
    union cairn_outcome out;
    (void)state;
    open_app();
    rig_say("POST /never HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
    cairn_harness_init(&other, rig.worker.runtime);
    const struct cairn_context cx = cairn_harness_context(&other);
    assert_int_equal(cairn_stream_poll_next(&app.req->stream, &cx, &out), CAIRN_PENDING);
    rig_say("abc");
    rig_advance(60000);
    rig_say("def");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(cairn_stream_poll_next(&app.req->stream, &cx, &out), CAIRN_READY);
        cairn_http_chunk_free(out.value);
    }
    assert_int_equal(cairn_stream_poll_next(&app.req->stream, &cx, &out), CAIRN_PENDING);
    rig_say("ghi");
    assert_int_equal(cairn_stream_poll_next(&app.req->stream, &cx, &out), CAIRN_READY);
    cairn_http_chunk_free(out.value);
    assert_int_equal(cairn_stream_poll_next(&app.req->stream, &cx, &out), CAIRN_READY);
    assert_null(out.value);
    rig_kill();
    cairn_harness_fini(&other);
}

/* Who reads a body is not always the connection's own task. */
static void a_connection_that_dies_under_another_task_is_taken_away(void **state)
{
    struct cairn_harness other;
    union cairn_outcome out;
    (void)state;
    open_app();
    rig_say("POST /never HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n");
    for (int i = 0; i < 4; i++)
        assert_true(send(rig.client, bytes, 6000, 0) > 0);
    rig_run();
    assert_false(rig_connection()->io.is_reading); /* enough has come for now */
    close(rig_connection()->io.fd);                /* what was there cannot be watched any more */
    cairn_harness_init(&other, rig.worker.runtime);
    const struct cairn_context cx = cairn_harness_context(&other);
    assert_int_equal(cairn_stream_poll_next(&app.req->stream, &cx, &out), CAIRN_READY);
    cairn_http_chunk_free(out.value);
    rig_run();
    assert_null(rig.worker.connections);
    assert_int_equal(app.ends, 1);
    cairn_harness_fini(&other);
}

static void tells_the_status_that_was_sent(void **state)
{
    (void)state;
    open_app();
    rig_say("GET /field HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_read();
    assert_int_equal(count("HTTP/1.1 500 "), 1);
    assert_int_equal(app.end.status, 500);
}

static enum cairn_poll dead_poll_ready(
    struct cairn_service *self, const struct cairn_context *cx, struct cairn_error **error)
{
    (void)self, (void)cx;
    *error = cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "test", NULL, "dead");
    return CAIRN_FAILED;
}

static const struct cairn_service_ops dead_ops = {
    .name = "dead", .size = sizeof(struct cairn_service), .poll_ready = dead_poll_ready};

static void an_app_that_is_dead_is_not_asked_again(void **state)
{
    (void)state;
    struct cairn_service *dead = cairn_service_new(&dead_ops, NULL);
    dead->request_type = &cairn_http_request_type;
    dead->response_type = &cairn_http_response_type;
    rig_open(cairn_stack(dead, cairn_timeout(.after_ms = 1000)), NULL);
    rig_send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_read();
    assert_int_equal(count("HTTP/1.1 502 "), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(a_chunk_that_is_kept_comes_only_once),
        rig_test(says_continue_before_an_answer_that_reads_the_request),
        rig_test(says_no_continue_behind_the_head_of_an_answer),
        rig_test(goes_on_with_a_stream_when_the_end_of_the_turn_made_room),
        rig_test(reads_on_when_the_end_of_the_turn_made_room),
        rig_test(what_was_asked_before_the_peer_shut_its_end_is_answered),
        rig_test(wakes_a_writer_when_the_end_of_the_turn_made_room),
        rig_test(a_head_behind_answers_that_had_to_wait_has_its_deadline),
        rig_test(who_takes_no_answers_is_given_up_while_its_next_head_comes_in),
        rig_test(an_answer_that_makes_no_progress_has_its_deadline_to_the_end),
        rig_test(what_is_said_from_outside_has_its_deadline),
        rig_test(a_drain_ends_a_connection_whose_answer_had_begun),
        rig_test(a_drain_ends_a_connection_that_nobody_asks_any_more),
        rig_test(a_drain_waits_a_second_for_the_first_request_of_a_new_connection),
        rig_test(a_drain_waits_no_longer_for_it),
        rig_test(a_drain_does_not_wait_for_a_connection_that_has_long_said_nothing),
        rig_test(answers_that_are_whole_come_before_the_one_that_breaks),
        rig_test(a_broken_answer_to_the_end_of_the_connection_ends_in_a_reset),
        rig_test(so_does_one_that_is_cut_from_outside),
        rig_test(a_whole_answer_to_the_end_of_the_connection_does_not),
        rig_test(a_stream_that_always_has_more_leaves_the_loop_to_others),
        rig_test(a_body_that_waits_for_its_reader_is_not_slow),
        rig_test(a_connection_that_dies_under_another_task_is_taken_away),
        rig_test(tells_the_status_that_was_sent),
        rig_test(an_app_that_is_dead_is_not_asked_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
