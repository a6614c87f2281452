/* Peers that are slow, that stay, and that are too many. */
#include "connection_rig.h"

#include <stdlib.h>

#include <cairn/http/exchange.h>
#include <cairn/http/handler.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stream.h>

#define HELLO "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define PIECE_BYTES 12000
#define MANY 40
#define BATCH 32

static char bytes[16384];

static enum cairn_poll endless_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    static struct cairn_http_chunk chunk = {{bytes, sizeof(bytes)}, NULL};
    (void)state, (void)cx;
    out->value = &chunk;
    return CAIRN_READY;
}

static const struct cairn_stream_ops endless_ops = {
    .name = "endless", .size = 1, .poll_next = endless_poll_next};

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    (void)state;
    if (cairn_str_equal(req->path, CAIRN_STR("/endless")))
        return cairn_http_stream(req, 200, NULL, cairn_stream_box(&endless_ops, ""), -1);
    if (cairn_str_equal(req->path, CAIRN_STR("/piece")))
        return cairn_http_bytes(req, 200, NULL, cairn_str_of(bytes, PIECE_BYTES));
    if (cairn_str_equal(req->path, CAIRN_STR("/hints"))) {
        while (cairn_http_inform(req, 103, NULL) == 0)
            ;
    }
    return cairn_http_text(req, 200, "fine");
}

static void open_with(struct cairn_http_limits limits)
{
    const struct cairn_http_server_options options = {
        .size = sizeof(options), .workers = 1, .limits = limits};
    memset(bytes, 'x', sizeof(bytes));
    rig_open(cairn_http_handler(answer, NULL), &options);
}

/* The client takes no more than LENGTH bytes. Returns how many there were. */
static size_t take(size_t length)
{
    size_t taken = 0;
    while (taken < length) {
        ssize_t n = recv(rig.client, rig.text, length - taken, 0);
        if (n <= 0)
            break;
        taken += (size_t)n;
    }
    return taken;
}

static void a_byte_now_and_then_does_not_make_the_time_of_a_head_longer(void **state)
{
    static const char head[] = "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
    (void)state;
    open_with((struct cairn_http_limits){0});
    for (int i = 0; i < 10; i++) {
        const char byte[] = {head[i], '\0'};
        rig_say(byte);
        assert_int_equal(rig.worker.counters.refused, 0);
        rig_advance(1000);
    }
    rig_read();
    assert_non_null(strstr(rig.text, "HTTP/1.1 408 "));
}

static void a_later_head_has_its_time_from_its_first_byte(void **state)
{
    static const char head[] = "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
    (void)state;
    open_with((struct cairn_http_limits){0});
    rig_say(HELLO);
    rig_advance(20000);
    for (int i = 0; i < 10; i++) {
        const char byte[] = {head[i], '\0'};
        rig_say(byte);
        assert_int_equal(rig.worker.counters.refused, 0);
        rig_advance(1000);
    }
    rig_read();
    assert_non_null(strstr(rig.text, "HTTP/1.1 408 "));
}

/* For how many seconds a client is served that takes that much of an endless answer each second. */
static unsigned seconds_at(size_t bytes_per_s)
{
    unsigned seconds = 0;
    rig_set_room(4096);
    rig_say("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
    for (; seconds < 200 && rig.worker.connections; seconds++) {
        rig_advance(1000);
        take(bytes_per_s);
        rig_run();
    }
    return seconds;
}

static void a_peer_that_takes_too_little_is_let_go(void **state)
{
    (void)state;
    open_with((struct cairn_http_limits){.output_high_bytes = 4096});
    unsigned seconds = seconds_at(400);
    assert_in_range(seconds, 30, 59);
    assert_int_equal(rig.worker.counters.timeouts, 1);
    assert_int_equal(rig.worker.counters.cancelled, 1);
}

static void a_peer_that_takes_enough_is_served_for_ever(void **state)
{
    (void)state;
    open_with((struct cairn_http_limits){.output_high_bytes = 4096});
    assert_int_equal(seconds_at(2000), 200);
    assert_int_equal(rig.worker.counters.timeouts, 0);
}

static void the_least_rate_of_a_peer_is_an_option(void **state)
{
    (void)state;
    open_with((struct cairn_http_limits){.output_high_bytes = 4096, .write_bytes_per_s = 100});
    assert_int_equal(seconds_at(400), 200);
}

/* What has been taken quickly is no credit for later. */
static void a_peer_that_was_quick_once_is_let_go_when_it_is_slow(void **state)
{
    (void)state;
    open_with((struct cairn_http_limits){.output_high_bytes = 4096});
    rig_say("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
    for (size_t taken = 0; taken < 1 << 22; rig_run())
        taken += take(100000);
    assert_in_range(seconds_at(400), 30, 90);
}

static void refuse(void)
{
    open_with((struct cairn_http_limits){0});
    rig_say("BAD\r\n\r\n");
    rig_take();
    assert_non_null(strstr(rig.text, "HTTP/1.1 400 "));
    assert_non_null(rig.worker.connections);
}

static unsigned seconds_of_lingering(bool goes_on_to_send)
{
    static char more[3000];
    unsigned seconds = 0;
    for (; seconds < 100 && rig.worker.connections; seconds++) {
        if (goes_on_to_send)
            send(rig.client, more, sizeof(more), MSG_NOSIGNAL);
        rig_run();
        rig_advance(1000);
    }
    return seconds;
}

static void who_sends_no_more_after_a_refusal_has_five_seconds(void **state)
{
    (void)state;
    refuse();
    assert_int_equal(seconds_of_lingering(false), 5);
}

static void who_was_too_slow_has_one_second_to_see_it(void **state)
{
    (void)state;
    open_with((struct cairn_http_limits){0});
    rig_say("GET / HTTP/1.1\r\n");
    rig_advance(10000);
    rig_take();
    assert_non_null(strstr(rig.text, "HTTP/1.1 408 "));
    assert_int_equal(seconds_of_lingering(false), 1);
}

static void who_goes_on_to_send_after_a_refusal_has_thirty(void **state)
{
    (void)state;
    refuse();
    assert_int_equal(seconds_of_lingering(true), 30);
}

static void a_connection_ends_with_the_first_answer_after_its_time(void **state)
{
    (void)state;
    open_with((struct cairn_http_limits){.connection_age_ms = 10000});
    rig_advance(8900);
    rig_say(HELLO);
    rig_read();
    assert_null(strstr(rig.text, "Connection: close"));
    rig_advance(2200);
    rig_forget();
    rig_say(HELLO);
    assert_true(rig_read());
    assert_non_null(strstr(rig.text, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(rig.text, "Connection: close"));
    assert_int_equal(rig.worker.counters.retired, 1);
}

static void an_old_connection_answers_all_that_it_has_read(void **state)
{
    (void)state;
    open_with((struct cairn_http_limits){.connection_age_ms = 1000});
    rig_say(HELLO);
    rig_read();
    rig_advance(1200);
    rig_forget();
    rig_say(HELLO HELLO HELLO);
    assert_true(rig_read());
    size_t answers = 0;
    for (const char *at = rig.text; (at = strstr(at, "HTTP/1.1 200 OK\r\n")); at++)
        answers++;
    assert_int_equal(answers, 3);
    assert_int_equal(rig.worker.counters.retired, 1);
}

static void connect_many(int clients[MANY])
{
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(rig_connect(), 0);
        clients[i] = rig.client;
    }
}

static void close_many(const int clients[MANY])
{
    for (int i = 0; i < MANY; i++)
        close(clients[i]);
    rig.client = -1;
}

static void ages_are_spread(void **state)
{
    int clients[MANY];
    uint64_t first = UINT64_MAX;
    uint64_t last = 0;
    (void)state;
    open_with((struct cairn_http_limits){0});
    close(rig.client);
    uint64_t now = cairn_runtime_now_ms(rig.worker.runtime);
    connect_many(clients);
    for (const struct cairn__connection *at = rig.worker.connections; at; at = at->next) {
        first = at->retire_ms < first ? at->retire_ms : first;
        last = at->retire_ms > last ? at->retire_ms : last;
    }
    assert_in_range(first, now + 3240000, now + 3400000);
    assert_in_range(last, now + 3800000, now + 3960000);
    close_many(clients);
}

static size_t count_connections(void)
{
    size_t count = 0;
    for (const struct cairn__connection *at = rig.worker.connections; at; at = at->next)
        count++;
    return count;
}

/* Each has had an answer, the first one ten milliseconds before the second. */
static void answer_many(int clients[MANY])
{
    open_with((struct cairn_http_limits){0});
    close(rig.client);
    rig_run();
    connect_many(clients);
    for (int i = 0; i < MANY; i++) {
        rig.client = clients[i];
        rig_say(HELLO);
        rig_advance(10);
    }
}

static void the_longest_idle_make_room(void **state)
{
    int clients[MANY];
    char byte;
    (void)state;
    answer_many(clients);
    rig_advance(1000);
    assert_int_equal(cairn__worker_shed(&rig.worker), BATCH);
    assert_int_equal(rig.worker.counters.shed, BATCH);
    assert_int_equal(count_connections(), MANY - BATCH);
    for (int i = 0; i < MANY; i++) {
        rig.client = clients[i];
        assert_int_equal(rig_take(), i < BATCH);
        assert_int_equal(recv(clients[i], &byte, 1, 0) == 0, i < BATCH);
    }
    close_many(clients);
}

static void who_has_spoken_lately_stays(void **state)
{
    int clients[MANY];
    (void)state;
    answer_many(clients); /* for 400 ms in all */
    rig_advance(750);
    assert_int_equal(cairn__worker_shed(&rig.worker), 16);
    assert_int_equal(cairn__worker_shed(&rig.worker), 0);
    close_many(clients);
}

static void who_has_a_request_on_its_way_is_answered(void **state)
{
    int clients[MANY];
    (void)state;
    answer_many(clients);
    rig_advance(1000);
    rig.client = clients[0];
    rig_take();
    rig_forget();
    rig_send(HELLO);
    assert_int_equal(cairn__worker_shed(&rig.worker), BATCH - 1);
    assert_false(rig_take());
    assert_non_null(strstr(rig.text, "HTTP/1.1 200 OK\r\n"));
    close_many(clients);
}

static void who_is_being_answered_stays(void **state)
{
    (void)state;
    open_with((struct cairn_http_limits){0});
    rig_say("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_advance(5000);
    assert_int_equal(cairn__worker_shed(&rig.worker), 0);
    assert_int_equal(count_connections(), 1);
}

static void who_has_never_spoken_goes_too(void **state)
{
    (void)state;
    open_with((struct cairn_http_limits){0});
    rig_advance(999);
    assert_int_equal(cairn__worker_shed(&rig.worker), 0);
    rig_advance(99); /* it is not looked again so soon */
    assert_int_equal(cairn__worker_shed(&rig.worker), 0);
    rig_advance(1);
    assert_int_equal(cairn__worker_shed(&rig.worker), 1);
    assert_int_equal(count_connections(), 0);
}

static size_t queued(void)
{
    return cairn__buffer_length(&rig_connection()->queued);
}

static void a_stream_that_nobody_takes_waits_at_its_mark(void **state)
{
    (void)state;
    open_with((struct cairn_http_limits){0});
    rig_say("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
    for (int i = 0; i < 20; i++) {
        rig_run();
        assert_in_range(queued(), 1, 65536 + sizeof(bytes) + 512);
        take(5000);
    }
}

static void answers_that_nobody_takes_stop_the_reading(void **state)
{
    static const char piece[] = "GET /piece HTTP/1.1\r\nHost: a\r\n\r\n";
    (void)state;
    open_with((struct cairn_http_limits){0});
    for (int i = 0; i < 500; i++) {
        send(rig.client, piece, sizeof(piece) - 1, MSG_NOSIGNAL);
        rig_run();
        assert_in_range(queued(), 0, 65536);
    }
    assert_in_range(rig.worker.counters.requests, 2, 20);
}

static void a_handler_that_informs_without_end_is_told_that_it_is_enough(void **state)
{
    (void)state;
    open_with((struct cairn_http_limits){.output_high_bytes = 8192});
    rig_say("GET /hints HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(rig.worker.counters.responses, 1);
    assert_in_range(queued(), 1, 16384);
    rig_read();
    assert_non_null(strstr(rig.text, "HTTP/1.1 200 OK\r\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(a_byte_now_and_then_does_not_make_the_time_of_a_head_longer),
        rig_test(a_later_head_has_its_time_from_its_first_byte),
        rig_test(a_peer_that_takes_too_little_is_let_go),
        rig_test(a_peer_that_takes_enough_is_served_for_ever),
        rig_test(the_least_rate_of_a_peer_is_an_option),
        rig_test(a_peer_that_was_quick_once_is_let_go_when_it_is_slow),
        rig_test(who_sends_no_more_after_a_refusal_has_five_seconds),
        rig_test(who_was_too_slow_has_one_second_to_see_it),
        rig_test(who_goes_on_to_send_after_a_refusal_has_thirty),
        rig_test(a_connection_ends_with_the_first_answer_after_its_time),
        rig_test(an_old_connection_answers_all_that_it_has_read),
        rig_test(ages_are_spread),
        rig_test(the_longest_idle_make_room),
        rig_test(who_has_spoken_lately_stays),
        rig_test(who_has_a_request_on_its_way_is_answered),
        rig_test(who_is_being_answered_stays),
        rig_test(who_has_never_spoken_goes_too),
        rig_test(a_stream_that_nobody_takes_waits_at_its_mark),
        rig_test(answers_that_nobody_takes_stop_the_reading),
        rig_test(a_handler_that_informs_without_end_is_told_that_it_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
