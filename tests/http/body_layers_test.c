/* The layers for bodies in a server: what a peer gets to see of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cairn/http/body.h>
#include <cairn/http/handler.h>
#include <cairn/http/layers/body_limit.h>
#include <cairn/http/layers/body_timeout.h>
#include <cairn/http/layers/collect_body.h>
#include <cairn/http/layers/from_fn.h>
#include <cairn/http/layers/map_body.h>
#include <cairn/http/layers/normalize_path.h>
#include <cairn/http/router.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/load_shed.h>
#include <cairn/service/async.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

#include "server_rig.h"

static char text[1 << 16];

static struct cairn_http_response *echo(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_bytes(req, 200, "text/plain", req->body);
}

/* One chunk, and then nothing for an hour. */
struct stalled {
    bool is_begun;
    struct cairn_future sleep;
};

static enum cairn_poll stalled_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct stalled *self = state;
    if (self->is_begun)
        return cairn_future_poll(&self->sleep, cx, out);
    self->is_begun = true;
    out->value = cairn_http_chunk_new("begun", 5);
    return CAIRN_READY;
}

static void stalled_drop(void *state)
{
    cairn_future_drop(&((struct stalled *)state)->sleep);
}

static struct cairn_http_response *stall(struct cairn_http_request *req, void *state)
{
    static const struct cairn_stream_ops ops = {.name = "stalled",
        .size = sizeof(struct stalled),
        .poll_next = stalled_poll_next,
        .drop = stalled_drop};
    (void)state;
    const struct stalled stalled = {.sleep = cairn_sleep(3600000)};
    return cairn_http_stream(req, 200, NULL, cairn_stream_box(&ops, &stalled), -1);
}

/* Every byte, so that it does not matter how the body comes in pieces. */
static struct cairn_http_chunk *repeat_chunk(void *cx, struct cairn_http_chunk *chunk)
{
    char twice[64];
    (void)cx;
    assert_true(chunk->bytes.length * 2 <= sizeof(twice));
    for (size_t i = 0; i < chunk->bytes.length; i++)
        twice[2 * i] = twice[2 * i + 1] = chunk->bytes.data[i];
    struct cairn_http_chunk *repeated = cairn_http_chunk_new(twice, chunk->bytes.length * 2);
    cairn_http_chunk_free(chunk);
    return repeated;
}

static struct cairn_stream repeat(struct cairn_stream body, void *state)
{
    return cairn_http_body_map(body, repeat_chunk, state);
}

/* Waits, then runs next. */
struct later {
    struct cairn_async async;
    struct cairn_http_request *req;
    struct cairn_http_next *next;
    struct cairn_http_response *res;
};

static enum cairn_poll later_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct later *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT_DONE(cairn_sleep(1));
    CAIRN_AWAIT(cairn_http_next_run(self->next, self->req), self->res);
    cairn_http_response_set(self->res, "X-Seen", "yes");
    CAIRN_ASYNC_RETURN(self->res);
    CAIRN_ASYNC_END();
}

static void later_drop(void *state)
{
    cairn_async_drop(&((struct later *)state)->async);
}

static struct cairn_future later(
    struct cairn_http_request *req, struct cairn_http_next *next, void *state)
{
    static const struct cairn_future_ops ops = {
        .name = "later", .size = sizeof(struct later), .poll = later_poll, .drop = later_drop};
    (void)state;
    return cairn_future_start(&ops, &(struct later){.req = req, .next = next});
}

static void add(struct cairn_http_router *r, const char *path, struct cairn_layer layer)
{
    cairn_http_any(r, path, cairn_stack_build(cairn_http_handler(echo, NULL), &layer, 1));
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    struct cairn_http_router *r = cairn_http_router_new();
    (void)cx, (void)worker;
    add(r, "/plain", cairn_layer_none());
    add(r, "/limited", cairn_body_limit(.max_bytes = 8));
    add(r, "/wide", cairn_body_limit(.max_bytes = 64));
    add(r, "/idle", cairn_request_body_timeout(.idle_ms = 20));
    add(r, "/twice", cairn_map_request_body(.f = repeat));
    add(r, "/late", cairn_from_fn(.f = later));
    cairn_http_any(r, "/stalled",
        cairn_stack(cairn_http_handler(stall, NULL), cairn_response_body_timeout(.idle_ms = 20)));
    cairn_http_any(r, "/one",
        cairn_stack(cairn_http_handler(echo, NULL), cairn_collect_body(), cairn_load_shed(),
            cairn_concurrency_limit(.max = 1)));
    return cairn_stack(cairn_http_router_service(r), cairn_normalize_path(.merge = true));
}

static struct server_rig rig;

static int setup(void **state)
{
    const struct cairn_http_server_options opts = {
        .size = sizeof(opts), .limits = {.body_bytes = 16}};
    (void)state;
    server_rig_start(&rig, app, NULL, &opts);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    server_rig_stop(&rig);
    return 0;
}

/* A connection on which REQUEST was sent. */
static int sent(const char *request)
{
    int fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, request);
    return fd;
}

static void assert_answer(int fd, const char *status, const char *end)
{
    size_t length = client_response(fd, false, text, sizeof(text));
    size_t tail = strlen(end);
    assert_non_null(strstr(text, status));
    assert_true(length >= tail);
    assert_string_equal(text + length - tail, end);
}

/* What REQUEST gets begins with STATUS and ends with END. */
static void exchange(const char *request, const char *status, const char *end)
{
    int fd = sent(request);
    assert_answer(fd, status, end);
    close(fd);
}

static void too_long_a_body_is_refused_before_it_is_asked_for(void **state)
{
    (void)state;
    int fd = sent("POST /limited HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n"
                  "Expect: 100-continue\r\n\r\n");
    client_drain(fd, text, sizeof(text));
    assert_memory_equal(text, "HTTP/1.1 413 ", 13);
    close(fd);
}

static void chunked_body_is_cut_where_it_crosses_the_limit(void **state)
{
    (void)state;
    exchange("POST /limited HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
             "4\r\nfour\r\n4\r\nfour\r\n0\r\n\r\n",
        "HTTP/1.1 200 ", "fourfour");
    exchange("POST /limited HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
             "4\r\nfour\r\n5\r\nfives\r\n",
        "HTTP/1.1 413 ", "}");
}

static void route_may_take_more_than_the_server_does(void **state)
{
    (void)state;
    exchange("POST /wide HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n12345678901234567890",
        "HTTP/1.1 200 ", "12345678901234567890");
    exchange("POST /plain HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n12345678901234567890",
        "HTTP/1.1 413 ", "}");
}

static void slow_upload_holds_no_permit(void **state)
{
    (void)state;
    int slow = sent("POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nfour");
    for (unsigned i = 0; i < 3; i++)
        exchange("POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nquick", "HTTP/1.1 200 ",
            "quick");
    client_send(slow, "more");
    assert_answer(slow, "HTTP/1.1 200 ", "fourmore");
    close(slow);
}

static void request_whose_body_stops_is_answered_with_408(void **state)
{
    (void)state;
    exchange(
        "POST /idle HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nfour", "HTTP/1.1 408 ", "}");
    exchange(
        "POST /idle HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nfour", "HTTP/1.1 200 ", "four");
}

static void response_whose_body_stops_ends_with_the_connection_and_without_its_end(void **state)
{
    (void)state;
    int fd = sent("GET /stalled HTTP/1.1\r\nHost: a\r\n\r\n");
    size_t length = client_drain(fd, text, sizeof(text));
    text[length] = '\0';
    assert_non_null(strstr(text, "\r\n5\r\nbegun\r\n"));
    assert_null(strstr(text, "\r\n0\r\n"));
    close(fd);
}

static void body_is_mapped_whether_it_came_whole_or_not(void **state)
{
    (void)state;
    exchange("POST /twice HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none", "HTTP/1.1 200 ",
        "\r\n\r\noonnee");
    int fd = sent("POST /twice HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client_send(fd, "3\r\none\r\n");
    client_send(fd, "3\r\ntwo\r\n0\r\n\r\n");
    assert_answer(fd, "HTTP/1.1 200 ", "\r\n\r\noonneettwwoo");
    close(fd);
}

static void function_around_a_call_waits_before_the_body_is_read(void **state)
{
    (void)state;
    int fd = sent("POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nfour");
    client_send(fd, "more");
    assert_answer(fd, "X-Seen: yes\r\n", "fourmore");
    close(fd);
}

static void route_is_found_by_the_normal_path(void **state)
{
    (void)state;
    exchange("POST //plain/ HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nfour", "HTTP/1.1 200 ",
        "four");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_long_a_body_is_refused_before_it_is_asked_for),
        cmocka_unit_test(chunked_body_is_cut_where_it_crosses_the_limit),
        cmocka_unit_test(route_may_take_more_than_the_server_does),
        cmocka_unit_test(slow_upload_holds_no_permit),
        cmocka_unit_test(request_whose_body_stops_is_answered_with_408),
        cmocka_unit_test(response_whose_body_stops_ends_with_the_connection_and_without_its_end),
        cmocka_unit_test(body_is_mapped_whether_it_came_whole_or_not),
        cmocka_unit_test(function_around_a_call_waits_before_the_body_is_read),
        cmocka_unit_test(route_is_found_by_the_normal_path),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
