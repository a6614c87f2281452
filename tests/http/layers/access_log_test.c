#include "http_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <arpa/inet.h>

#include <cairn/http/layers/access_log.h>
#include <cairn/http/layers/request_id.h>
#include <cairn/http/layers/sensitive_headers.h>
#include <cairn/http/layers/set_header.h>
#include <cairn/http/layers/wall_clock.h>

/* The log goes to a pipe, whose other end the test reads. */
struct log {
    struct fixture *f;
    FILE *file;
    int fd;
    char text[200000]; /* what the last log_read has read */
    size_t length;
};

static int setup(void **state)
{
    static struct log log;
    int ends[2];
    if (fixture_setup((void **)&log.f) || pipe(ends) || fcntl(ends[0], F_SETFL, O_NONBLOCK))
        return -1;
    log.fd = ends[0];
    log.file = fdopen(ends[1], "w");
    *state = &log;
    return log.file ? 0 : -1;
}

static int teardown(void **state)
{
    struct log *log = *state;
    fclose(log->file);
    close(log->fd);
    return fixture_teardown((void **)&log->f);
}

#define log_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* All that is in the pipe. */
static const char *log_read(struct log *log)
{
    ssize_t n;
    log->length = 0;
    do {
        n = read(log->fd, log->text + log->length, sizeof(log->text) - 1 - log->length);
        log->length += n > 0 ? (size_t)n : 0;
    } while (n > 0);
    log->text[log->length] = '\0';
    return log->text;
}

/* Puts NEW in place of what stands between BEFORE and the next of the characters in STOPS. */
static void mask(char *text, const char *before, const char *stops, const char *new)
{
    char *start = strstr(text, before);
    assert_non_null(start);
    start += strlen(before);
    char *end = start + strcspn(start, stops);
    memmove(start + strlen(new), end, strlen(end) + 1);
    memcpy(start, new, strlen(new));
}

/* What was logged, 100 ms later, with T for the time and D for the duration. */
static const char *log_masked(struct log *log)
{
    cairn_test_clock_advance_ms(&log->f->clock, log->f->runtime, 101);
    log_read(log);
    mask(log->text, "\"ts\":\"", "\"", "T");
    mask(log->text, "\"dur_ms\":", ",}", "D");
    return log->text;
}

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    if (state)
        req->route = cairn_str_from(state);
    return cairn_http_text(req, 200, "fine");
}

/* Sends REQ through the layer around a handler that answers at once, and drops it. */
static void log_one(struct log *log, struct cairn_http_request *req)
{
    struct cairn_service *service =
        fixture_apply(cairn_access_log(.file = log->file), cairn_http_handler(answer, NULL));
    fixture_ask(log->f, service, req);
    cairn_service_drop(service);
}

static void keeps_the_service_contract(void **state)
{
    (void)state;
    FILE *file = fopen("/dev/null", "w");
    assert_non_null(file);
    fixture_contract(cairn_access_log(.file = file), (struct cairn_contract_options){0});
    fclose(file);
}

static void writes_one_json_object_a_line(void **state)
{
    struct log *log = *state;
    struct cairn_service *service =
        fixture_apply(cairn_access_log(.file = log->file), cairn_http_handler(answer, NULL));
    fixture_ask(log->f, service, fixture_request(log->f, "/users/7?full=1"));
    assert_string_equal(log_masked(log),
        "{\"ts\":\"T\",\"method\":\"GET\",\"target\":\"/users/7?full=1\",\"status\":200,"
        "\"bytes\":4,\"dur_ms\":D}\n");
    cairn_service_drop(service);
}

static void writes_logfmt(void **state)
{
    struct log *log = *state;
    struct cairn_service *service =
        fixture_apply(cairn_access_log(.file = log->file, .format = CAIRN_ACCESS_LOG_LOGFMT),
            cairn_http_handler(answer, NULL));
    fixture_ask(log->f, service, fixture_request(log->f, "/a b=\"c\""));
    cairn_service_drop(service);
    log_read(log);
    mask(log->text, "ts=\"", "\"", "T");
    mask(log->text, "dur_ms=", "\n", "D");
    assert_string_equal(log->text,
        "ts=\"T\" method=\"GET\" target=\"/a b=\\\"c\\\"\" status=200 bytes=4 dur_ms=D\n");
}

static void times_are_rfc_3339_with_milliseconds(void **state)
{
    struct log *log = *state;
    struct cairn__wall_clock clock = {
        .turn_ns = cairn_runtime_now_ns(log->f->runtime), .unix_ms = 1709210096007};
    assert_memory_equal(
        cairn__wall_clock_text(&clock), "2024-02-29T12:34:56.007Z", CAIRN__WALL_TEXT_BYTES);
    clock.unix_ms = 1709210096999;
    assert_memory_equal(
        cairn__wall_clock_text(&clock), "2024-02-29T12:34:56.999Z", CAIRN__WALL_TEXT_BYTES);
    clock.unix_ms = 1709251199000;
    assert_memory_equal(
        cairn__wall_clock_text(&clock), "2024-02-29T23:59:59.000Z", CAIRN__WALL_TEXT_BYTES);
    assert_memory_equal(cairn__wall_clock_text(&clock), "2024-02-29T23:59:59.000Z", 24);
    cairn_test_clock_advance_ms(&log->f->clock, log->f->runtime, 1);
    assert_memory_not_equal(cairn__wall_clock_text(&clock), "2024-02-29T23:59:59.000Z", 24);
}

static void reads_the_time_of_day_once_a_turn(void **state)
{
    struct log *log = *state;
    struct cairn__wall_clock clock = {0};
    cairn__wall_clock_ms(&clock);
    assert_true(clock.unix_ms > 1700000000000);
    clock.unix_ms = 5;
    assert_int_equal(cairn__wall_clock_ms(&clock), 5);
    cairn_test_clock_advance_ms(&log->f->clock, log->f->runtime, 1);
    assert_true(cairn__wall_clock_ms(&clock) > 5);
}

static void logs_the_route_and_the_request_id(void **state)
{
    struct log *log = *state;
    char pattern[] = "/users/{id}";
    struct cairn_service *service = cairn_stack(cairn_http_handler(answer, pattern),
        cairn_access_log(.file = log->file), cairn_request_id());
    struct cairn_http_request *req = fixture_request(log->f, "/users/7");
    fixture_add_field(req, "X-Request-Id", "abc-1");
    fixture_ask(log->f, service, req);
    assert_string_equal(log_masked(log),
        "{\"ts\":\"T\",\"method\":\"GET\",\"target\":\"/users/7\",\"route\":\"/users/{id}\","
        "\"status\":200,\"bytes\":4,\"dur_ms\":D,\"request_id\":\"abc-1\"}\n");
    cairn_service_drop(service);
}

static void assert_peer(struct log *log, const struct sockaddr *peer, const char *expected)
{
    struct cairn_http_request *req = fixture_request(log->f, "/");
    req->peer = peer;
    log_one(log, req);
    assert_non_null(strstr(log_read(log), expected));
}

static void logs_the_peer_without_its_port(void **state)
{
    struct log *log = *state;
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(1234)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct sockaddr local = {.sa_family = AF_UNIX};
    v4.sin_addr.s_addr = htonl(0x7f000001);
    v6.sin6_addr = in6addr_loopback;
    assert_peer(log, (struct sockaddr *)&v4, ",\"peer\":\"127.0.0.1\"}");
    assert_peer(log, (struct sockaddr *)&v6, ",\"peer\":\"::1\"}");
    assert_int_equal(inet_pton(AF_INET6, "::ffff:10.1.2.3", &v6.sin6_addr), 1);
    assert_peer(log, (struct sockaddr *)&v6, ",\"peer\":\"10.1.2.3\"}");
    assert_peer(log, &local, ",\"peer\":\"unix\"}");
}

static void logs_each_number_of_an_ipv4_address_as_inet_ntop_writes_it(void **state)
{
    struct log *log = *state;
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    for (uint32_t octet = 0; octet < 256; octet++) {
        char address[INET_ADDRSTRLEN];
        char expected[64];
        v4.sin_addr.s_addr = htonl(octet << 24 | (255 - octet) << 16 | (octet ^ 0x55) << 8 | octet);
        inet_ntop(AF_INET, &v4.sin_addr, address, sizeof(address));
        snprintf(expected, sizeof(expected), ",\"peer\":\"%s\"}", address);
        assert_peer(log, (struct sockaddr *)&v4, expected);
    }
}

static void no_text_breaks_a_line_or_forges_one(void **state)
{
    struct log *log = *state;
    struct cairn_http_request *req = fixture_request(log->f, "/");
    req->target = CAIRN_STR("/\"},\r\n{\"\\\x7f\x1b[2J\xc2\x9b\xff\xc3(\xe2\x80\xa8\xc3\xa9");
    log_one(log, req);
    log_read(log);
    assert_non_null(strstr(log->text,
        "\"target\":\"/\\\"},\\u000d\\u000a{\\\"\\\\\\u007f\\u001b[2J\\u009b\\ufffd\\ufffd("
        "\\u2028\xc3\xa9\","));
    assert_ptr_equal(strchr(log->text, '\n'), log->text + log->length - 1);
}

static void cuts_a_target_to_1024_bytes(void **state)
{
    struct log *log = *state;
    char target[3001];
    memset(target, 'x', sizeof(target) - 1);
    target[0] = '/';
    target[3000] = '\0';
    log_one(log, fixture_request(log->f, target));
    log_read(log);
    const char *start = strstr(log->text, "\"target\":\"") + 10;
    assert_int_equal(strchr(start, '"') - start, 1024);
    memset(target, '\n', sizeof(target) - 1);
    log_one(log, fixture_request(log->f, target));
    log_read(log);
    start = strstr(log->text, "\"target\":\"") + 10;
    assert_int_equal(strchr(start, '"') - start, 1024 / 6 * 6);
}

static void logs_a_failure_with_its_status_and_the_way_it_took(void **state)
{
    struct log *log = *state;
    struct cairn_service *service = cairn_stack(cairn_mock_service(log->f->mock),
        cairn_access_log(.file = log->file), cairn_set_header(.name = "A", .value = "b"));
    struct cairn_future future = fixture_send(log->f, service, fixture_request(log->f, "/"));
    assert_pending(log->f, &future);
    fixture_fail(log->f, CAIRN_ERROR_ELAPSED, "5 ms \"passed\"");
    struct cairn_error *error = fixture_failure(log->f, &future);
    assert_int_equal(error->code, CAIRN_ERROR_ELAPSED);
    cairn_error_unref(error);
    assert_string_equal(log_masked(log),
        "{\"ts\":\"T\",\"method\":\"GET\",\"target\":\"/\",\"status\":504,\"bytes\":-1,"
        "\"dur_ms\":D,\"error\":\"set_header > mock: 5 ms \\\"passed\\\"\"}\n");
    cairn_service_drop(service);
}

static void logs_a_failure_after_the_stack_is_gone(void **state)
{
    struct log *log = *state;
    struct cairn_service *service =
        cairn_stack(cairn_mock_service(log->f->mock), cairn_access_log(.file = log->file));
    struct cairn_future future = fixture_send(log->f, service, fixture_request(log->f, "/"));
    assert_pending(log->f, &future);
    cairn_service_drop(service);
    fixture_fail(log->f, CAIRN_ERROR_ELAPSED, "late");
    cairn_error_unref(fixture_failure(log->f, &future));
    assert_non_null(strstr(log_read(log), "\"error\":\"mock: late\"}\n"));
}

static void logs_a_call_that_was_given_up(void **state)
{
    struct log *log = *state;
    struct cairn_service *service =
        fixture_around_mock(log->f, cairn_access_log(.file = log->file));
    struct cairn_future future = fixture_send(log->f, service, fixture_request(log->f, "/slow"));
    assert_pending(log->f, &future);
    cairn_future_drop(&future);
    assert_string_equal(log_masked(log),
        "{\"ts\":\"T\",\"method\":\"GET\",\"target\":\"/slow\",\"status\":499,\"bytes\":-1,"
        "\"dur_ms\":D,\"cancelled\":true}\n");
    cairn_service_drop(service);
}

static void knows_the_length_of_a_stream_where_it_was_told(void **state)
{
    struct log *log = *state;
    for (int known = 0; known < 2; known++) {
        struct cairn_service *service =
            fixture_around_mock(log->f, cairn_access_log(.file = log->file));
        struct cairn_http_request *req = fixture_request(log->f, "/");
        struct cairn_future future = fixture_send(log->f, service, req);
        fixture_respond(
            log->f, cairn_http_stream(req, 200, NULL, cairn_stream_failed(&cairn_error_no_memory),
                        known ? 12345 : -1));
        fixture_response(log->f, &future);
        cairn_service_drop(service);
        assert_non_null(strstr(log_read(log), known ? "\"bytes\":12345," : "\"bytes\":-1,"));
    }
}

static void knows_the_length_of_a_file(void **state)
{
    struct log *log = *state;
    struct cairn_service *service =
        fixture_around_mock(log->f, cairn_access_log(.file = log->file));
    struct cairn_http_request *req = fixture_request(log->f, "/");
    struct cairn_future future = fixture_send(log->f, service, req);
    fixture_respond(log->f, cairn_http_file(req, 200, NULL, dup(0), 0, 12345));
    fixture_response(log->f, &future);
    cairn_service_drop(service);
    assert_non_null(strstr(log_read(log), "\"bytes\":12345,"));
}

static double log_duration(struct log *log)
{
    const char *at = strstr(log_read(log), "\"dur_ms\":");
    assert_non_null(at);
    return strtod(at + 9, NULL);
}

static void measures_how_long_the_answer_took(void **state)
{
    struct log *log = *state;
    struct cairn_service *service =
        fixture_around_mock(log->f, cairn_access_log(.file = log->file));
    struct cairn_future future = fixture_send(log->f, service, fixture_request(log->f, "/"));
    assert_pending(log->f, &future);
    cairn_test_clock_advance_ms(&log->f->clock, log->f->runtime, 250);
    fixture_respond(log->f, NULL);
    fixture_response(log->f, &future);
    cairn_service_drop(service);
    assert_true(log_duration(log) == 250.0);
}

static struct cairn_http_response *busy(struct cairn_http_request *req, void *state)
{
    struct cairn__wall_clock clock = {0};
    int64_t start = cairn__wall_clock_ms(&clock);
    (void)state;
    while (cairn__wall_clock_ms(&clock) < start + 3)
        clock = (struct cairn__wall_clock){0};
    return cairn_http_text(req, 200, "done");
}

static void measures_a_handler_that_holds_up_its_turn(void **state)
{
    struct log *log = *state;
    struct cairn_service *service =
        fixture_apply(cairn_access_log(.file = log->file), cairn_http_handler(busy, NULL));
    fixture_ask(log->f, service, fixture_request(log->f, "/"));
    cairn_service_drop(service);
    assert_true(log_duration(log) > 1.0);
}

static void writes_100_ms_after_the_first_line_and_not_before(void **state)
{
    struct log *log = *state;
    struct cairn_service *service =
        fixture_apply(cairn_access_log(.file = log->file), cairn_http_handler(answer, NULL));
    fixture_ask(log->f, service, fixture_request(log->f, "/a"));
    assert_true(fixture_number(service, "buffered") > 0);
    cairn_test_clock_advance_ms(&log->f->clock, log->f->runtime, 90);
    fixture_ask(log->f, service, fixture_request(log->f, "/b"));
    assert_string_equal(log_read(log), "");
    cairn_test_clock_advance_ms(&log->f->clock, log->f->runtime, 11);
    assert_non_null(strstr(log_read(log), "\"/b\""));
    assert_int_equal(fixture_number(service, "buffered"), 0);
    assert_int_equal(fixture_number(service, "lines"), 2);
    cairn_service_drop(service);
}

static void writes_when_three_quarters_of_the_buffer_are_full(void **state)
{
    struct log *log = *state;
    struct cairn_service *service =
        fixture_apply(cairn_access_log(.file = log->file), cairn_http_handler(answer, NULL));
    size_t before = 0;
    do {
        before = fixture_number(service, "buffered");
        fixture_ask(log->f, service, fixture_request(log->f, "/some/target/of/average/length"));
    } while (fixture_number(service, "buffered") > before);
    assert_in_range(before, 65536 / 4 * 3 - 200, 65536 / 4 * 3);
    assert_int_equal(fixture_number(service, "buffered"), 0);
    log_read(log);
    assert_true(log->length > before);
    cairn_service_drop(service);
}

static void writes_what_is_left_when_the_last_copy_goes(void **state)
{
    struct log *log = *state;
    struct cairn_service *service =
        fixture_apply(cairn_access_log(.file = log->file), cairn_http_handler(answer, NULL));
    struct cairn_service *copy = cairn_service_clone(service);
    fixture_ask(log->f, service, fixture_request(log->f, "/a"));
    cairn_service_drop(service);
    fixture_ask(log->f, copy, fixture_request(log->f, "/b"));
    assert_string_equal(log_read(log), "");
    cairn_service_drop(copy);
    log_read(log);
    assert_non_null(strstr(log->text, "\"/a\""));
    assert_non_null(strstr(log->text, "\"/b\""));
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    while ((text = strchr(text, '\n'))) {
        lines++;
        text++;
        assert_true(*text == '{' || *text == '\0');
    }
    return lines;
}

/* The pipe holds 64 KiB and so does the buffer; what is more is dropped, and no line in part. */
static void drops_and_counts_lines_while_nobody_reads(void **state)
{
    struct log *log = *state;
    struct cairn_service *service =
        fixture_apply(cairn_access_log(.file = log->file), cairn_http_handler(answer, NULL));
    for (int i = 0; i < 3000; i++) {
        fixture_ask(log->f, service, fixture_request(log->f, "/nobody/reads/this"));
        if (i % 500 == 0)
            cairn_test_clock_advance_ms(&log->f->clock, log->f->runtime, 101);
    }
    size_t dropped = fixture_number(service, "dropped");
    assert_in_range(dropped, 1000, 2999);
    assert_true(fixture_number(service, "buffered") > 60000);
    size_t lines = count_lines(log_read(log));
    cairn_test_clock_advance_ms(&log->f->clock, log->f->runtime, 101);
    lines += count_lines(log_read(log));
    assert_int_equal(fixture_number(service, "buffered"), 0);
    assert_int_equal(lines + dropped, 3000);
    assert_int_equal(fixture_number(service, "lines"), lines);
    cairn_service_drop(service);
}

static void a_reader_that_is_gone_costs_lines_and_nothing_else(void **state)
{
    struct log *log = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    signal(SIGPIPE, SIG_IGN); /* as the server does */
    FILE *file = fdopen(ends[1], "w");
    struct cairn_service *service =
        fixture_apply(cairn_access_log(.file = file), cairn_http_handler(answer, NULL));
    close(ends[0]);
    fixture_ask(log->f, service, fixture_request(log->f, "/"));
    cairn_test_clock_advance_ms(&log->f->clock, log->f->runtime, 101);
    assert_int_equal(fixture_ask(log->f, service, fixture_request(log->f, "/"))->status, 200);
    assert_true(fixture_number(service, "buffered") > 0);
    cairn_service_drop(service);
    fclose(file);
}

static void leaves_the_flags_of_the_descriptor_alone(void **state)
{
    struct log *log = *state;
    log_one(log, fixture_request(log->f, "/"));
    assert_int_equal(fcntl(fileno(log->file), F_GETFL) & O_NONBLOCK, 0);
    assert_true(strlen(log_read(log)) > 0);
}

static void writes_to_a_regular_file(void **state)
{
    struct log *log = *state;
    char text[4096] = "";
    FILE *file = tmpfile();
    assert_non_null(file);
    struct cairn_service *service =
        fixture_apply(cairn_access_log(.file = file), cairn_http_handler(answer, NULL));
    for (int i = 0; i < 10; i++)
        fixture_ask(log->f, service, fixture_request(log->f, "/"));
    cairn_service_drop(service);
    rewind(file);
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    assert_int_equal(count_lines(text), 10);
    fclose(file);
}

static void a_ready_answer_allocates_nothing(void **state)
{
    struct log *log = *state;
    struct cairn_service *service =
        fixture_apply(cairn_access_log(.file = log->file), cairn_http_handler(answer, NULL));
    fixture_ask(log->f, service, fixture_request(log->f, "/"));
    struct cairn_http_request *req = fixture_request(log->f, "/");
    size_t before = cairn_test_alloc_count();
    for (int i = 0; i < 4; i++)
        fixture_ask(log->f, service, req);
    assert_int_equal(cairn_test_alloc_count(), before);
    cairn_service_drop(service);
}

static struct cairn_http_response *answer_with_fields(struct cairn_http_request *req, void *state)
{
    (void)state;
    struct cairn_http_response *res = cairn_http_text(req, 200, "fine");
    if (!res || cairn_http_response_set(res, "Set-Cookie", "sid=s3cret") ||
        cairn_http_response_set(res, "X-Token", "s3cret") ||
        cairn_http_response_set(res, "Vary", "\"*\""))
        return NULL;
    return res;
}

/* What is logged, with these fields, of a request that sensitive_headers has seen for TOKEN. */
static const char *log_fields(struct log *log, const char *const *token)
{
    static const char *const of_request[] = {"User-Agent", "Authorization", "X-Token", "Via", NULL};
    static const char *const of_response[] = {"vary", "SET-COOKIE", "X-Token", NULL};
    struct cairn_service *service =
        fixture_apply(cairn_access_log(.file = log->file, .request_fields = of_request,
                          .response_fields = of_response),
            fixture_apply(token ? cairn_sensitive_headers(.names = token) : cairn_layer_none(),
                cairn_http_handler(answer_with_fields, NULL)));
    struct cairn_http_request *req = fixture_request(log->f, "/");
    fixture_add_field(req, "user-agent", "curl");
    fixture_add_field(req, "user-agent", "second");
    fixture_add_field(req, "authorization", "Bearer s3cret");
    fixture_add_field(req, "x-token", "s3cret");
    fixture_ask(log->f, service, req);
    const char *text = log_masked(log);
    cairn_service_drop(service);
    return text;
}

static void logs_the_fields_that_are_asked_for(void **state)
{
    assert_string_equal(log_fields(*state, NULL),
        "{\"ts\":\"T\",\"method\":\"GET\",\"target\":\"/\",\"status\":200,\"bytes\":4,\"dur_ms\":D,"
        "\"req.user-agent\":\"curl\",\"req.authorization\":\"(sensitive)\","
        "\"req.x-token\":\"s3cret\",\"res.vary\":\"\\\"*\\\"\","
        "\"res.set-cookie\":\"(sensitive)\",\"res.x-token\":\"s3cret\"}\n");
}

static void never_logs_what_is_marked_inside_of_it(void **state)
{
    static const char *const token[] = {"X-Token", NULL};
    const char *text = log_fields(*state, token);
    assert_null(strstr(text, "s3cret"));
    assert_non_null(strstr(text, "\"req.x-token\":\"(sensitive)\""));
    assert_non_null(strstr(text, "\"res.x-token\":\"(sensitive)\""));
}

static void refuses_fields_that_are_none_or_too_many(void **state)
{
    static const char message[] = "request_fields and response_fields must be up to 16 names of "
                                  "header fields, of up to 75 bytes, and a NULL";
    static const char *const bad[] = {"a b", NULL};
    const char *many[18] = {NULL};
    char text[77] = "";
    struct log *log = *state;
    const char *const longest[] = {text, NULL};
    for (size_t i = 0; i < 17; i++)
        many[i] = "Via";
    memset(text, 'x', 76);
    assert_refused(cairn_access_log(.request_fields = bad), cairn_mock_service(log->f->mock),
        CAIRN_ERROR_INVALID, message);
    assert_refused(cairn_access_log(.response_fields = many), cairn_mock_service(log->f->mock),
        CAIRN_ERROR_INVALID, message);
    assert_refused(cairn_access_log(.response_fields = longest), cairn_mock_service(log->f->mock),
        CAIRN_ERROR_INVALID, message);
    text[75] = '\0';
    many[16] = NULL;
    cairn_service_drop(fixture_around_mock(log->f,
        cairn_access_log(.file = log->file, .request_fields = many, .response_fields = longest)));
}

static void refuses_a_file_without_a_descriptor_and_an_unknown_format(void **state)
{
    struct log *log = *state;
    char memory[16];
    FILE *file = fmemopen(memory, sizeof(memory), "w");
    assert_refused(cairn_access_log(.file = file), cairn_mock_service(log->f->mock),
        CAIRN_ERROR_INVALID, "file must have a descriptor");
    fclose(file);
    assert_refused(cairn_access_log(.format = (enum cairn_access_log_format)2),
        cairn_mock_service(log->f->mock), CAIRN_ERROR_INVALID,
        "format must be CAIRN_ACCESS_LOG_JSON or CAIRN_ACCESS_LOG_LOGFMT, got 2");
}

static void refuses_what_is_not_http(void **state)
{
    (void)state;
    assert_needs_http(cairn_access_log_layer(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        log_test(writes_one_json_object_a_line),
        log_test(writes_logfmt),
        log_test(times_are_rfc_3339_with_milliseconds),
        log_test(reads_the_time_of_day_once_a_turn),
        log_test(logs_the_route_and_the_request_id),
        log_test(logs_the_peer_without_its_port),
        log_test(logs_each_number_of_an_ipv4_address_as_inet_ntop_writes_it),
        log_test(no_text_breaks_a_line_or_forges_one),
        log_test(cuts_a_target_to_1024_bytes),
        log_test(logs_a_failure_with_its_status_and_the_way_it_took),
        log_test(logs_a_failure_after_the_stack_is_gone),
        log_test(logs_a_call_that_was_given_up),
        log_test(knows_the_length_of_a_stream_where_it_was_told),
        log_test(knows_the_length_of_a_file),
        log_test(measures_how_long_the_answer_took),
        log_test(measures_a_handler_that_holds_up_its_turn),
        log_test(writes_100_ms_after_the_first_line_and_not_before),
        log_test(writes_when_three_quarters_of_the_buffer_are_full),
        log_test(writes_what_is_left_when_the_last_copy_goes),
        log_test(drops_and_counts_lines_while_nobody_reads),
        log_test(a_reader_that_is_gone_costs_lines_and_nothing_else),
        log_test(leaves_the_flags_of_the_descriptor_alone),
        log_test(writes_to_a_regular_file),
        log_test(a_ready_answer_allocates_nothing),
        log_test(logs_the_fields_that_are_asked_for),
        log_test(never_logs_what_is_marked_inside_of_it),
        log_test(refuses_fields_that_are_none_or_too_many),
        log_test(refuses_a_file_without_a_descriptor_and_an_unknown_format),
        fixture_test(refuses_what_is_not_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
