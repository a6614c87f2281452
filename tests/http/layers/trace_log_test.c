#include "hand_stream.h"

#include <stdio.h>

#include <cairn/http/layers/request_id.h>
#include <cairn/http/layers/sensitive_headers.h>
#include <cairn/http/layers/trace_log.h>

/* The log goes to a file of its own, read once the layer is gone, which writes what is left. */
struct log {
    struct fixture *f;
    FILE *file;
    char text[32768];
};

static int setup(void **state)
{
    static struct log log;
    fixture_setup((void **)&log.f);
    log.file = tmpfile();
    *state = &log;
    return log.file ? 0 : -1;
}

static int teardown(void **state)
{
    struct log *log = *state;
    fclose(log->file);
    return fixture_teardown((void **)&log->f);
}

#define log_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* All lines, the time of each masked. */
static const char *log_read(struct log *log)
{
    rewind(log->file);
    size_t length = fread(log->text, 1, sizeof(log->text) - 1, log->file);
    log->text[length] = '\0';
    for (char *at = log->text; (at = strstr(at, "ts\":\"")); at += 6) {
        at[5] = 'T';
        memmove(at + 6, at + 29, strlen(at + 29) + 1);
    }
    return log->text;
}

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    return cairn_http_text(req, state ? *(int *)state : 200, "fine");
}

static void log_one(struct log *log, struct cairn_layer layer, int status)
{
    struct cairn_service *service = fixture_apply(layer, cairn_http_handler(answer, &status));
    fixture_ask(log->f, service, fixture_request(log->f, "/a?b"));
    cairn_service_drop(service);
}

static void keeps_the_service_contract(void **state)
{
    FILE *file = fopen("/dev/null", "w");
    (void)state;
    assert_non_null(file);
    fixture_contract(
        cairn_trace_log(.file = file, .chunks = true), (struct cairn_contract_options){0});
    fclose(file);
}

static void logs_the_steps_of_a_request(void **state)
{
    struct log *log = *state;
    log_one(log, cairn_trace_log(.file = log->file, .chunks = true), 200);
    assert_string_equal(log_read(log),
        "{\"ts\":\"T\",\"level\":\"debug\",\"event\":\"request\",\"span\":1,\"method\":\"GET\","
        "\"target\":\"/a?b\",\"version\":\"1.1\"}\n"
        "{\"ts\":\"T\",\"level\":\"debug\",\"event\":\"response\",\"span\":1,\"method\":\"GET\","
        "\"target\":\"/a?b\",\"status\":200,\"latency_ms\":0}\n"
        "{\"ts\":\"T\",\"level\":\"debug\",\"event\":\"chunk\",\"span\":1,\"method\":\"GET\","
        "\"target\":\"/a?b\",\"bytes\":4,\"latency_ms\":0}\n"
        "{\"ts\":\"T\",\"level\":\"debug\",\"event\":\"eos\",\"span\":1,\"method\":\"GET\","
        "\"target\":\"/a?b\",\"duration_ms\":0}\n");
}

static void leaves_chunks_out_unless_asked(void **state)
{
    struct log *log = *state;
    log_one(log, cairn_trace_log(.file = log->file), 200);
    assert_null(strstr(log_read(log), "chunk"));
    assert_non_null(strstr(log->text, "eos"));
}

static void logs_failures_alone_where_that_is_the_level(void **state)
{
    struct log *log = *state;
    struct cairn_layer layer =
        cairn_trace_log(.file = log->file, .level = CAIRN_TRACE_LOG_ERROR, .chunks = true);
    log_one(log, layer, 404);
    log_one(log, layer, 503);
    assert_string_equal(log_read(log),
        "{\"ts\":\"T\",\"level\":\"error\",\"event\":\"failure\",\"span\":1,\"method\":\"GET\","
        "\"target\":\"/a?b\",\"status\":503,\"latency_ms\":0}\n");
}

static void logs_an_error_with_the_status_it_will_have(void **state)
{
    struct log *log = *state;
    struct fixture *f = log->f;
    struct cairn_service *service =
        fixture_around_mock(f, cairn_trace_log(.file = log->file, .level = CAIRN_TRACE_LOG_ERROR));
    struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 12);
    fixture_fail(f, CAIRN_ERROR_ELAPSED, "too \"late\"");
    cairn_error_unref(fixture_failure(f, &future));
    cairn_service_drop(service);
    assert_non_null(strstr(
        log_read(log), "\"status\":504,\"error\":\"mock: too \\\"late\\\"\",\"latency_ms\":12}\n"));
}

static void logs_the_status_of_grpc(void **state)
{
    struct log *log = *state;
    struct fixture *f = log->f;
    struct hand_stream hand = {.chunks = {"one"}};
    struct cairn_service *service = fixture_around_mock(
        f, cairn_trace_log(.file = log->file, .classifier = cairn_http_classify_grpc(0)));
    struct cairn_http_request *req = fixture_request(f, "/");
    struct cairn_future future = fixture_send(f, service, req);
    struct cairn_http_response *res = hand_stream_response(&hand, req);
    struct cairn_http_fields trailers = {.arena = f->arena};
    cairn_http_fields_add(&trailers, CAIRN_STR("grpc-status"), CAIRN_STR("14"));
    res->trailers = &trailers;
    fixture_respond(f, res);
    fixture_response(f, &future);
    assert_chunk(f, res, "one");
    assert_body_end(f, res);
    cairn_service_drop(service);
    assert_non_null(strstr(log_read(log), "\"grpc_status\":14,\"duration_ms\":0}\n"));
    assert_non_null(strstr(log->text, "\"status\":200,\"grpc_status\":14,\"latency_ms\":0}\n"));
}

static void tells_times_in_the_unit_that_was_chosen(void **state)
{
    static const struct {
        enum cairn_trace_log_unit unit;
        const char *text;
    } cases[] = {{CAIRN_TRACE_LOG_MS, "\"latency_ms\":1500}"},
        {CAIRN_TRACE_LOG_US, "\"latency_us\":1500000}"},
        {CAIRN_TRACE_LOG_NS, "\"latency_ns\":1500000000}"},
        {CAIRN_TRACE_LOG_S, "\"latency_s\":1}"}};
    struct log *log = *state;
    struct fixture *f = log->f;
    for (size_t i = 0; i < 4; i++) {
        struct cairn_service *service =
            fixture_around_mock(f, cairn_trace_log(.file = log->file, .unit = cases[i].unit));
        struct cairn_future future = fixture_send(f, service, fixture_request(f, "/"));
        cairn_test_clock_advance_ms(&f->clock, f->runtime, 1500);
        fixture_respond(f, NULL);
        fixture_response(f, &future);
        cairn_service_drop(service);
        assert_non_null(strstr(log_read(log), cases[i].text));
    }
}

static void lines_of_one_request_share_a_number(void **state)
{
    struct log *log = *state;
    struct fixture *f = log->f;
    struct cairn_service *service = fixture_around_mock(f, cairn_trace_log(.file = log->file));
    struct cairn_future first = fixture_send(f, service, fixture_request(f, "/first"));
    struct cairn_future second = fixture_send(f, service, fixture_request(f, "/second"));
    fixture_respond(f, NULL);
    fixture_respond(f, NULL);
    fixture_response(f, &second);
    fixture_response(f, &first);
    cairn_service_drop(service);
    log_read(log);
    assert_non_null(
        strstr(log->text, "\"response\",\"span\":2,\"method\":\"GET\",\"target\":\"/second\""));
    assert_non_null(
        strstr(log->text, "\"eos\",\"span\":1,\"method\":\"GET\",\"target\":\"/first\""));
}

static void has_the_request_id(void **state)
{
    struct log *log = *state;
    struct fixture *f = log->f;
    struct cairn_service *service =
        fixture_apply(cairn_trace_log(.file = log->file), cairn_http_handler(answer, NULL));
    service = fixture_apply(cairn_request_id(), service);
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "X-Request-Id", "abc-123");
    fixture_ask(f, service, req);
    cairn_service_drop(service);
    assert_non_null(strstr(log_read(log), "\"target\":\"/\",\"request_id\":\"abc-123\","));
}

static struct cairn_http_request *with_fields(struct fixture *f)
{
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "Accept", "text/\"html\"");
    fixture_add_field(req, "Authorization", "Bearer secret");
    fixture_add_field(req, "Cookie", "session=secret");
    fixture_add_field(req, "Proxy-Authorization", "Basic secret");
    fixture_add_field(req, "X-Api-Key", "secret");
    return req;
}

static void logs_no_header_fields_unless_asked(void **state)
{
    struct log *log = *state;
    struct cairn_service *service =
        fixture_apply(cairn_trace_log(.file = log->file), cairn_http_handler(answer, NULL));
    fixture_ask(log->f, service, with_fields(log->f));
    cairn_service_drop(service);
    assert_null(strstr(log_read(log), "header."));
    assert_null(strstr(log->text, "secret"));
}

static void hides_what_is_sensitive(void **state)
{
    struct log *log = *state;
    struct cairn_service *service = fixture_apply(
        cairn_trace_log(.file = log->file, .headers = true), cairn_http_handler(answer, NULL));
    service = fixture_apply(
        cairn_sensitive_headers(.names = (const char *const[]){"x-api-key", NULL}), service);
    fixture_ask(log->f, service, with_fields(log->f));
    cairn_service_drop(service);
    assert_null(strstr(log_read(log), "secret"));
    assert_non_null(strstr(log->text,
        "\"version\":\"1.1\",\"header.accept\":\"text/\\\"html\\\"\","
        "\"header.authorization\":\"(sensitive)\",\"header.cookie\":\"(sensitive)\","
        "\"header.proxy-authorization\":\"(sensitive)\",\"header.x-api-key\":\"(sensitive)\"}\n"));
    assert_null(strstr(strstr(log->text, "\"response\""), "header."));
}

/* Every line ends as it should, however much there is to say. */
static void cuts_what_is_too_long_and_says_so(void **state)
{
    struct log *log = *state;
    struct fixture *f = log->f;
    char value[1001];
    char name[101];
    memset(value, '"', sizeof(value) - 1);
    value[1000] = '\0';
    struct cairn_http_request *req = fixture_request(f, "/");
    for (int i = 0; i < 60; i++) {
        memset(name, 'N', sizeof(name) - 1);
        name[100] = '\0';
        fixture_add_field(req, name, value);
    }
    struct cairn_service *service = fixture_apply(
        cairn_trace_log(.file = log->file, .headers = true), cairn_http_handler(answer, NULL));
    fixture_ask(f, service, req);
    cairn_service_drop(service);
    log_read(log);
    char *end = strchr(log->text, '\n');
    assert_non_null(end);
    assert_true(end - log->text < 4096);
    assert_memory_equal(end - 20, ",\"headers_cut\":true}", 20);
    assert_non_null(strstr(log->text, "\"header.nnnnnnnn"));
    assert_non_null(strstr(log->text, "\"response\""));
}

static void writes_logfmt(void **state)
{
    struct log *log = *state;
    log_one(log, cairn_trace_log(.file = log->file, .format = CAIRN_ACCESS_LOG_LOGFMT), 200);
    assert_non_null(strstr(log_read(log),
        "level=\"debug\" event=\"response\" span=1 method=\"GET\" target=\"/a?b\" status=200 "
        "latency_ms=0\n"));
}

static void counts_lines_and_failures(void **state)
{
    struct log *log = *state;
    int status = 500;
    struct cairn_service *service =
        fixture_apply(cairn_trace_log(.file = log->file), cairn_http_handler(answer, &status));
    fixture_ask(log->f, service, fixture_request(log->f, "/"));
    assert_int_equal(fixture_number(service, "lines"), 4);
    assert_int_equal(fixture_number(service, "dropped"), 0);
    assert_true(fixture_number(service, "buffered") > 0);
    assert_int_equal(fixture_number(service, "failures"), 1);
    cairn_test_clock_advance_ms(&log->f->clock, log->f->runtime, 101);
    assert_int_equal(fixture_number(service, "buffered"), 0);
    cairn_service_drop(service);
}

static void a_ready_answer_allocates_nothing(void **state)
{
    struct log *log = *state;
    struct cairn_service *service =
        fixture_apply(cairn_trace_log(.file = log->file), cairn_http_handler(answer, NULL));
    struct cairn_http_request *req = fixture_request(log->f, "/");
    fixture_ask(log->f, service, req);
    size_t before = cairn_test_alloc_count();
    fixture_ask(log->f, service, req);
    fixture_ask(log->f, service, req);
    assert_int_equal(cairn_test_alloc_count(), before);
    cairn_service_drop(service);
}

static struct cairn_http_response *ready_made(struct cairn_http_request *req, void *state)
{
    struct cairn_http_response *res = state;
    (void)req;
    return res;
}

/* With all sizes that the last bytes of an arena may have, so that there is room for none, one or
 * both of the layer's record and the log's span. */
static void a_request_without_memory_passes_and_its_lines_are_whole(void **state)
{
    struct log *log = *state;
    struct fixture *f = log->f;
    struct cairn_http_response *res = cairn_http_text(fixture_request(f, "/"), 200, "fine");
    struct cairn_service *service =
        fixture_apply(cairn_trace_log(.file = log->file), cairn_http_handler(ready_made, res));
    fixture_ask(f, service, fixture_request(f, "/"));
    for (size_t i = 0; i < 256; i++) {
        struct cairn_arena *arena = cairn_arena_new(NULL);
        struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
        cairn_arena_alloc(arena, i * 16 + 1);
        cairn_test_alloc_fail_at(1);
        assert_ptr_equal(fixture_ask(f, service, req), res);
        cairn_test_alloc_fail_at(0);
        cairn_arena_free(arena);
    }
    assert_in_range(fixture_number(service, "untraced"), 1, 250);
    assert_int_equal(fixture_number(service, "lines") % 3, 0);
    cairn_service_drop(service);
}

static void refuses_options_out_of_range(void **state)
{
    struct log *log = *state;
    char memory[16];
    FILE *file = fmemopen(memory, sizeof(memory), "w");
    struct cairn_mock *mock = log->f->mock;
    assert_refused(cairn_trace_log(.file = file), cairn_mock_service(mock), CAIRN_ERROR_INVALID,
        "file must have a descriptor");
    assert_refused(cairn_trace_log(.format = (enum cairn_access_log_format)2),
        cairn_mock_service(mock), CAIRN_ERROR_INVALID,
        "format must be CAIRN_ACCESS_LOG_JSON or CAIRN_ACCESS_LOG_LOGFMT");
    assert_refused(cairn_trace_log(.level = (enum cairn_trace_log_level)2),
        cairn_mock_service(mock), CAIRN_ERROR_INVALID,
        "level must be one of enum cairn_trace_log_level");
    assert_refused(cairn_trace_log(.unit = (enum cairn_trace_log_unit)4), cairn_mock_service(mock),
        CAIRN_ERROR_INVALID, "unit must be one of enum cairn_trace_log_unit");
    fclose(file);
}

static void refuses_to_be_built_without_memory(void **state)
{
    struct log *log = *state;
    struct cairn_layer layer = cairn_trace_log(.file = log->file);
    for (size_t n = 1;; n++) {
        struct cairn_service *mock = cairn_mock_service(log->f->mock);
        cairn_test_alloc_fail_at(n);
        struct cairn_service *service = cairn_layer_apply(&layer, mock);
        bool is_whole = !cairn_service_error(service);
        cairn_test_alloc_fail_at(0);
        cairn_service_drop(service);
        if (is_whole)
            break;
        assert_true(n < 10);
    }
}

static void refuses_what_is_not_http(void **state)
{
    (void)state;
    assert_needs_http(cairn_trace_log_layer(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        log_test(logs_the_steps_of_a_request),
        log_test(leaves_chunks_out_unless_asked),
        log_test(logs_failures_alone_where_that_is_the_level),
        log_test(logs_an_error_with_the_status_it_will_have),
        log_test(logs_the_status_of_grpc),
        log_test(tells_times_in_the_unit_that_was_chosen),
        log_test(lines_of_one_request_share_a_number),
        log_test(has_the_request_id),
        log_test(logs_no_header_fields_unless_asked),
        log_test(hides_what_is_sensitive),
        log_test(cuts_what_is_too_long_and_says_so),
        log_test(writes_logfmt),
        log_test(counts_lines_and_failures),
        log_test(a_ready_answer_allocates_nothing),
        log_test(a_request_without_memory_passes_and_its_lines_are_whole),
        log_test(refuses_options_out_of_range),
        log_test(refuses_to_be_built_without_memory),
        fixture_test(refuses_what_is_not_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
