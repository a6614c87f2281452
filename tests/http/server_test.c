#include "server_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cairn/http/error_response.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/service/stack.h>

#include "server_app.h"

static char text[3 << 20];

static int status_of(const char *response)
{
    return atoi(response + strlen("HTTP/1.1 "));
}

static const char *body_of(const char *response)
{
    return strstr(response, "\r\n\r\n") + 4;
}

/* One request on a connection of its own. */
static int ask(struct server_rig *rig, const char *request)
{
    int fd = client_connect(cairn_http_server_port(rig->server));
    client_send(fd, request);
    size_t length = client_response(fd, strncmp(request, "HEAD ", 5) == 0, text, sizeof(text));
    close(fd);
    return length ? status_of(text) : 0;
}

static void await(const int *counter, int value)
{
    while (__atomic_load_n(counter, __ATOMIC_ACQUIRE) < value)
        sched_yield();
}

static void answers_on_a_free_port_with_date_and_length(void **state)
{
    struct server_app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, server_app, &app, NULL);
    assert_int_not_equal(cairn_http_server_port(rig.server), 0);
    assert_int_equal(ask(&rig, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    assert_string_equal(body_of(text), "hello");
    assert_non_null(strstr(text, "\r\nDate: "));
    assert_non_null(strstr(text, "\r\nContent-Length: 5\r\n"));
    struct cairn_http_counters counters = server_rig_finish(&rig);
    assert_int_equal(counters.accepted, 1);
    assert_int_equal(counters.requests, 1);
    assert_int_equal(counters.responses, 1);
}

static void takes_both_families_on_the_default_address(void **state)
{
    const struct cairn_http_server_options options = {.host = "::"};
    struct server_app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, server_app, &app, &options);
    assert_int_equal(ask(&rig, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    int fd = client_connect6(cairn_http_server_port(rig.server));
    client_send(fd, "GET /peer HTTP/1.1\r\nHost: a\r\n\r\n");
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body_of(text), "v6");
    close(fd);
    server_rig_stop(&rig);
}

static void keeps_a_connection_of_1_1_until_the_client_says_close(void **state)
{
    struct server_app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, server_app, &app, NULL);
    int fd = client_connect(cairn_http_server_port(rig.server));
    for (int i = 0; i < 3; i++) {
        client_send(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_true(client_response(fd, false, text, sizeof(text)) > 0);
        assert_null(strstr(text, "Connection:"));
    }
    client_send(fd, "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    client_response(fd, false, text, sizeof(text));
    assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
    assert_true(client_is_closed(fd));
    close(fd);
    server_rig_stop(&rig);
}

static void closes_a_connection_of_1_0_unless_the_client_keeps_it(void **state)
{
    struct server_app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, server_app, &app, NULL);
    int fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    client_response(fd, false, text, sizeof(text));
    assert_non_null(strstr(text, "\r\nConnection: keep-alive\r\n"));
    client_send(fd, "GET /hello HTTP/1.0\r\n\r\n");
    assert_true(client_response(fd, false, text, sizeof(text)) > 0);
    assert_true(client_is_closed(fd));
    close(fd);
    server_rig_stop(&rig);
}

static void answers_pipelined_requests_in_order_with_one_write(void **state)
{
    struct server_app app = {0};
    struct server_rig rig;
    char requests[4096] = "";
    const char *at = text;
    (void)state;
    if (getenv("CAIRN_DRIP"))
        skip();
    server_rig_start(&rig, server_app, &app, NULL);
    int fd = client_connect(cairn_http_server_port(rig.server));
    for (int i = 0; i < 16; i++)
        strcat(requests, i % 2 ? "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
                               : "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab");
    client_send(fd, requests);
    /* One write arrives as one piece. */
    ssize_t n = recv(fd, text, sizeof(text) - 1, 0);
    assert_true(n > 0);
    text[n] = '\0';
    for (int i = 0; i < 16; i++) {
        at = strstr(at, "\r\n\r\n");
        assert_non_null(at);
        at += 4;
        assert_memory_equal(at, i % 2 ? "hello" : "ab", i % 2 ? 5 : 2);
    }
    close(fd);
    server_rig_stop(&rig);
}

static void answers_requests_that_come_byte_by_byte(void **state)
{
    static const char request[] =
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n";
    struct server_app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, server_app, &app, NULL);
    int fd = client_connect(cairn_http_server_port(rig.server));
    for (size_t i = 0; i < sizeof(request) - 1; i++)
        client_send_bytes(fd, request + i, 1);
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body_of(text), "abcdefg");
    close(fd);
    server_rig_stop(&rig);
}

static void sends_no_body_to_head_and_with_204(void **state)
{
    struct server_app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, server_app, &app, NULL);
    int fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd,
        "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\nHEAD /chunks HTTP/1.1\r\nHost: a\r\n\r\n"
        "GET /empty HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    client_response(fd, true, text, sizeof(text));
    assert_non_null(strstr(text, "\r\nContent-Length: 5\r\n"));
    client_response(fd, true, text, sizeof(text));
    assert_int_equal(status_of(text), 200);
    client_response(fd, true, text, sizeof(text));
    assert_int_equal(status_of(text), 204);
    assert_null(strstr(text, "Content-Length"));
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body_of(text), "hello");
    close(fd);
    server_rig_stop(&rig);
}

static void asks_for_the_body_of_a_client_that_expects_100(void **state)
{
    struct server_app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, server_app, &app, NULL);
    int fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                    "Expect: 100-continue\r\n\r\n");
    client_response(fd, true, text, sizeof(text));
    assert_string_equal(text, "HTTP/1.1 100 Continue\r\n\r\n");
    client_send(fd, "abc");
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body_of(text), "abc");
    close(fd);
    server_rig_stop(&rig);
}

static void refuses_a_body_over_the_limit_and_the_client_sees_it(void **state)
{
    const struct cairn_http_server_options options = {.limits = {.body_bytes = 100}};
    struct server_app app = {0};
    struct server_rig rig;
    static char chunk[5000];
    (void)state;
    server_rig_start(&rig, server_app, &app, &options);
    assert_int_equal(
        ask(&rig, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n"), 413);
    assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
    int fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n");
    client_send_bytes(fd, chunk, sizeof(chunk));
    client_response(fd, false, text, sizeof(text));
    assert_int_equal(status_of(text), 413);
    close(fd);
    assert_int_equal(server_rig_finish(&rig).failed, 2);
}

static void streams_in_chunks_with_a_length_and_to_the_end(void **state)
{
    struct server_app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, server_app, &app, NULL);
    assert_int_equal(ask(&rig, "GET /chunks HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    assert_string_equal(body_of(text), "3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n");
    assert_int_equal(ask(&rig, "GET /sized HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    assert_non_null(strstr(text, "\r\nContent-Length: 11\r\n"));
    assert_string_equal(body_of(text), "onetwothree");
    int fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "GET /chunks HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    client_drain(fd, text, sizeof(text));
    assert_null(strstr(text, "chunked"));
    assert_string_equal(body_of(text), "onetwothree");
    close(fd);
    server_rig_stop(&rig);
}

static void cuts_a_stream_that_fails_or_breaks_its_promise(void **state)
{
    static const char *const targets[] = {"/break", "/short"};
    struct server_app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, server_app, &app, NULL);
    for (int i = 0; i < 2; i++) {
        int fd = client_connect(cairn_http_server_port(rig.server));
        client_get(fd, targets[i]);
        client_drain(fd, text, sizeof(text));
        /* Neither the last chunk nor the promised length: the client can tell. */
        assert_null(strstr(text, "0\r\n\r\n"));
        close(fd);
    }
    assert_int_equal(server_rig_finish(&rig).cancelled, 2);
}

static void sends_a_large_body_to_a_reader_that_waits(void **state)
{
    struct server_app app = {0};
    struct server_rig rig;
    const int small = 65536;
    (void)state;
    server_rig_start(&rig, server_app, &app, NULL);
    int fd = client_connect(cairn_http_server_port(rig.server));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    client_send(fd, "GET /big HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    client_response(fd, false, text, sizeof(text));
    assert_int_equal(strspn(body_of(text), "x"), 1 << 20);
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body_of(text), "hello");
    close(fd);
    server_rig_stop(&rig);
}

static void makes_errors_into_answers(void **state)
{
    static const struct {
        enum cairn_error_code code;
        int status;
    } rows[] = {{CAIRN_ERROR_OVERLOADED, 503}, {CAIRN_ERROR_LIMITED, 429},
        {CAIRN_ERROR_ELAPSED, 504}, {CAIRN_ERROR_UNAVAILABLE, 502}, {CAIRN_ERROR_USER, 500}};
    struct server_app app = {0};
    struct server_rig rig;
    char request[128];
    (void)state;
    server_rig_start(&rig, server_app, &app, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(
            request, sizeof(request), "GET /fail/%d HTTP/1.1\r\nHost: a\r\n\r\n", rows[i].code);
        assert_int_equal(ask(&rig, request), rows[i].status);
        bool asks_to_retry = strstr(text, "\r\nRetry-After: 1\r\n") != NULL;
        assert_int_equal(asks_to_retry, rows[i].status == 503 || rows[i].status == 429);
        assert_null(strstr(text, "as asked for"));
    }
    assert_int_equal(server_rig_finish(&rig).failed, 5);
}

static struct cairn_http_response *teapot(
    void *cx, const struct cairn_http_request *req, const struct cairn_error *error)
{
    (void)cx;
    return error->code == CAIRN_ERROR_USER ? cairn_http_text(req, 418, "short and stout") : NULL;
}

static void lets_the_user_map_errors(void **state)
{
    const struct cairn_http_server_options options = {.error_response = teapot};
    struct server_app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, server_app, &app, &options);
    assert_int_equal(ask(&rig, "GET /fail/1000 HTTP/1.1\r\nHost: a\r\n\r\n"), 418);
    assert_int_equal(ask(&rig, "GET /fail/4 HTTP/1.1\r\nHost: a\r\n\r\n"), 504);
    server_rig_stop(&rig);
}

static void never_sends_a_field_that_splits_the_response(void **state)
{
    struct server_app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, server_app, &app, NULL);
    assert_int_equal(ask(&rig, "GET /field HTTP/1.1\r\nHost: a\r\n\r\n"), 500);
    assert_null(strstr(text, "X-Injected"));
    assert_int_equal(ask(&rig, "GET /null HTTP/1.1\r\nHost: a\r\n\r\n"), 503);
    server_rig_stop(&rig);
}

static void answers_408_to_a_head_and_to_a_body_that_stall(void **state)
{
    const struct cairn_http_server_options options = {
        .limits = {.head_ms = 50, .body_idle_ms = 50}};
    struct server_app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, server_app, &app, &options);
    assert_int_equal(ask(&rig, "GET /hello HT"), 408);
    assert_int_equal(
        ask(&rig, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na"), 408);
    assert_int_equal(ask(&rig, ""), 0); /* nothing was asked: closed without a word */
    assert_int_equal(server_rig_finish(&rig).timeouts, 3);
}

static void closes_an_idle_connection(void **state)
{
    const struct cairn_http_server_options options = {.limits = {.keep_alive_ms = 50}};
    struct server_app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, server_app, &app, &options);
    int fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    client_response(fd, false, text, sizeof(text));
    assert_true(client_is_closed(fd));
    close(fd);
    assert_int_equal(server_rig_finish(&rig).timeouts, 1);
}

static void pauses_the_stream_of_a_reader_that_stalls_and_then_drops_it(void **state)
{
    const struct cairn_http_server_options options = {.limits = {.write_ms = 50}};
    struct server_app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, server_app, &app, &options);
    int fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
    await(&app.dropped, 1);
    /* What the sockets hold, and the mark; chunks are of 8 KiB. */
    assert_in_range(app.begun, 1, (16 << 20) / 8192);
    /* What it left in the server's kernel is thrown away there. */
    assert_true(client_is_reset(fd));
    close(fd);
    assert_int_equal(server_rig_finish(&rig).timeouts, 1);
}

static void answers_after_the_client_has_shut_its_end(void **state)
{
    struct server_app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, server_app, &app, NULL);
    int fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
    shutdown(fd, SHUT_WR);
    client_drain(fd, text, sizeof(text));
    assert_int_equal(strspn(body_of(text), "x"), 1 << 20);
    close(fd);
    server_rig_stop(&rig);
}

static void cancels_the_handler_once_when_the_client_resets(void **state)
{
    const struct linger reset = {1, 0};
    struct server_app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, server_app, &app, NULL);
    int fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
    await(&app.begun, 1);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
    await(&app.dropped, 1);
    assert_int_equal(server_rig_finish(&rig).cancelled, 1);
    assert_int_equal(app.dropped, 1);
}

static struct cairn_service *one_at_a_time(struct cairn_service *inner)
{
    return cairn_stack(inner, cairn_concurrency_limit(.max = 1));
}

static void requests_wait_at_the_gate_until_the_app_is_ready(void **state)
{
    const struct linger reset = {1, 0};
    struct server_app app = {.wrap = one_at_a_time};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, server_app, &app, NULL);
    int holder = client_connect(cairn_http_server_port(rig.server));
    client_send(holder, "GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
    await(&app.begun, 1);
    int first = client_connect(cairn_http_server_port(rig.server));
    client_send(first, "GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
    int second = client_connect(cairn_http_server_port(rig.server));
    client_send(second, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(ask(&rig, "BAD\r\n\r\n"), 400); /* both have been read by now */
    /* The holder goes: one of the two is admitted, and then the other. */
    setsockopt(holder, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(holder);
    await(&app.begun, 2);
    setsockopt(first, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(first);
    client_response(second, false, text, sizeof(text));
    assert_string_equal(body_of(text), "hello");
    close(second);
    struct cairn_http_counters counters = server_rig_finish(&rig);
    assert_int_equal(counters.requests, 3);
    assert_true(counters.waited >= 1);
    assert_int_equal(app.dropped, 2);
}

static void a_client_that_leaves_the_gate_does_not_hold_up_the_next(void **state)
{
    const struct linger reset = {1, 0};
    struct server_app app = {.wrap = one_at_a_time};
    struct server_rig rig;
    int fds[3];
    (void)state;
    server_rig_start(&rig, server_app, &app, NULL);
    int holder = client_connect(cairn_http_server_port(rig.server));
    client_send(holder, "GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
    await(&app.begun, 1);
    for (int i = 0; i < 3; i++) {
        fds[i] = client_connect(cairn_http_server_port(rig.server));
        client_send(fds[i], "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    for (int i = 0; i < 2; i++) {
        setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        close(fds[i]);
    }
    setsockopt(holder, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(holder);
    client_response(fds[2], false, text, sizeof(text));
    assert_string_equal(body_of(text), "hello");
    close(fds[2]);
    server_rig_stop(&rig);
}

static void a_gate_that_has_emptied_keeps_no_place_in_a_queue(void **state)
{
    const struct linger reset = {1, 0};
    struct server_app app = {.wrap = one_at_a_time};
    struct server_rig rig;
    int ends[2];
    size_t length = 0;
    (void)state;
    server_rig_start(&rig, server_app, &app, NULL);
    int holder = client_connect(cairn_http_server_port(rig.server));
    client_send(holder, "GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
    await(&app.begun, 1);
    int waiting = client_connect(cairn_http_server_port(rig.server));
    client_send(waiting, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(ask(&rig, "BAD\r\n\r\n"), 400); /* the one before has been read by now */
    setsockopt(waiting, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(waiting);
    assert_int_equal(ask(&rig, "BAD\r\n\r\n"), 400); /* and has been seen to go */
    assert_int_equal(pipe(ends), 0);
    FILE *out = fdopen(ends[1], "w");
    cairn_http_server_print(rig.server, out);
    do {
        ssize_t n = read(ends[0], text + length, sizeof(text) - 1 - length);
        assert_true(n > 0);
        length += (size_t)n;
        text[length] = '\0';
    } while (!strstr(text, "waiting="));
    assert_non_null(strstr(text, "waited=1"));
    assert_non_null(strstr(text, "waiting=0"));
    setsockopt(holder, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(holder);
    server_rig_stop(&rig);
    fclose(out);
    close(ends[0]);
}

static void a_drain_answers_what_was_read_and_says_close(void **state)
{
    struct server_app app = {.wrap = one_at_a_time};
    struct server_rig rig;
    const struct linger reset = {1, 0};
    (void)state;
    server_rig_start(&rig, server_app, &app, NULL);
    int idle = client_connect(cairn_http_server_port(rig.server));
    client_send(idle, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    client_response(idle, false, text, sizeof(text));
    int holder = client_connect(cairn_http_server_port(rig.server));
    client_send(holder, "GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
    await(&app.begun, 1);
    int waiting = client_connect(cairn_http_server_port(rig.server));
    client_send(waiting, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    cairn_http_server_drain(rig.server);
    assert_true(client_is_closed(idle));
    setsockopt(holder, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(holder);
    client_response(waiting, false, text, sizeof(text));
    assert_string_equal(body_of(text), "hello");
    assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
    close(waiting);
    close(idle);
    server_rig_stop(&rig);
}

static void a_drain_answers_pipelined_requests_that_were_read(void **state)
{
    const struct linger reset = {1, 0};
    struct server_app app = {.wrap = one_at_a_time};
    struct server_rig rig;
    (void)state;
    if (getenv("CAIRN_DRIP")) /* what was sent has not been read then */
        skip();
    server_rig_start(&rig, server_app, &app, NULL);
    int idle = client_connect(cairn_http_server_port(rig.server));
    client_send(idle, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    client_response(idle, false, text, sizeof(text));
    int holder = client_connect(cairn_http_server_port(rig.server));
    client_send(holder, "GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
    await(&app.begun, 1);
    int fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    cairn_http_server_drain(rig.server);
    assert_true(client_is_closed(idle)); /* the drain has begun */
    setsockopt(holder, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(holder);
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body_of(text), "hello");
    assert_null(strstr(text, "Connection: close"));
    client_response(fd, false, text, sizeof(text));
    assert_string_equal(body_of(text), "hello");
    assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
    assert_true(client_is_closed(fd));
    close(fd);
    close(idle);
    server_rig_stop(&rig);
}

static void a_drain_that_takes_too_long_cancels(void **state)
{
    const struct cairn_http_server_options options = {.drain_ms = 50};
    struct server_app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, server_app, &app, &options);
    int fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
    await(&app.begun, 1);
    assert_int_equal(server_rig_finish(&rig).cancelled, 1);
    assert_int_equal(app.dropped, 1);
    close(fd);
}

static void several_workers_share_a_port(void **state)
{
    const struct cairn_http_server_options options = {.workers = 3};
    struct server_app app = {0};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, server_app, &app, &options);
    for (int i = 0; i < 30; i++)
        assert_int_equal(ask(&rig, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    assert_int_equal(server_rig_finish(&rig).responses, 30);
}

static void closes_over_the_limit_of_connections_only_for_as_long(void **state)
{
    const struct cairn_http_server_options options = {.limits = {.connections = 2}};
    struct server_app app = {0};
    struct server_rig rig;
    int fds[2];
    (void)state;
    server_rig_start(&rig, server_app, &app, &options);
    for (int i = 0; i < 2; i++) {
        fds[i] = client_connect(cairn_http_server_port(rig.server));
        client_send(fds[i], "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        client_response(fds[i], false, text, sizeof(text));
    }
    int third = client_connect(cairn_http_server_port(rig.server)); /* waits in the backlog */
    client_send(third, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    close(fds[0]);
    client_response(third, false, text, sizeof(text));
    assert_string_equal(body_of(text), "hello");
    close(third);
    close(fds[1]);
    assert_true(server_rig_finish(&rig).accept_pauses >= 1);
}

static void stops_accepting_without_descriptors_and_takes_up_again(void **state)
{
    static const char request[] = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
    struct server_app app = {0};
    struct server_rig rig;
    struct rlimit before;
    (void)state;
    server_rig_start(&rig, server_app, &app, NULL);
    int served = client_connect(cairn_http_server_port(rig.server));
    client_send(served, request);
    client_response(served, false, text, sizeof(text));
    int spare = dup(0);
    int last = dup(0);
    assert_true(spare >= 0 && last > spare);
    close(last);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit tight = {(rlim_t)last + 1, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    /* The client gets the last descriptor: the server has none to accept with. */
    int waiting = client_connect(cairn_http_server_port(rig.server));
    client_send(waiting, request);
    /* Who is connected is served as before; and by the second answer the server has tried to
     * accept. */
    for (int i = 0; i < 2; i++) {
        client_send(served, request);
        assert_true(client_response(served, false, text, sizeof(text)) > 0);
    }
    close(spare);
    client_response(waiting, false, text, sizeof(text));
    assert_string_equal(body_of(text), "hello");
    setrlimit(RLIMIT_NOFILE, &before);
    close(waiting);
    close(served);
    assert_true(server_rig_finish(&rig).accept_pauses >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_on_a_free_port_with_date_and_length),
        cmocka_unit_test(takes_both_families_on_the_default_address),
        cmocka_unit_test(keeps_a_connection_of_1_1_until_the_client_says_close),
        cmocka_unit_test(closes_a_connection_of_1_0_unless_the_client_keeps_it),
        cmocka_unit_test(answers_pipelined_requests_in_order_with_one_write),
        cmocka_unit_test(answers_requests_that_come_byte_by_byte),
        cmocka_unit_test(sends_no_body_to_head_and_with_204),
        cmocka_unit_test(asks_for_the_body_of_a_client_that_expects_100),
        cmocka_unit_test(refuses_a_body_over_the_limit_and_the_client_sees_it),
        cmocka_unit_test(streams_in_chunks_with_a_length_and_to_the_end),
        cmocka_unit_test(cuts_a_stream_that_fails_or_breaks_its_promise),
        cmocka_unit_test(sends_a_large_body_to_a_reader_that_waits),
        cmocka_unit_test(makes_errors_into_answers),
        cmocka_unit_test(lets_the_user_map_errors),
        cmocka_unit_test(never_sends_a_field_that_splits_the_response),
        cmocka_unit_test(answers_408_to_a_head_and_to_a_body_that_stall),
        cmocka_unit_test(closes_an_idle_connection),
        cmocka_unit_test(pauses_the_stream_of_a_reader_that_stalls_and_then_drops_it),
        cmocka_unit_test(answers_after_the_client_has_shut_its_end),
        cmocka_unit_test(cancels_the_handler_once_when_the_client_resets),
        cmocka_unit_test(requests_wait_at_the_gate_until_the_app_is_ready),
        cmocka_unit_test(a_client_that_leaves_the_gate_does_not_hold_up_the_next),
        cmocka_unit_test(a_gate_that_has_emptied_keeps_no_place_in_a_queue),
        cmocka_unit_test(a_drain_answers_what_was_read_and_says_close),
        cmocka_unit_test(a_drain_answers_pipelined_requests_that_were_read),
        cmocka_unit_test(a_drain_that_takes_too_long_cancels),
        cmocka_unit_test(several_workers_share_a_port),
        cmocka_unit_test(closes_over_the_limit_of_connections_only_for_as_long),
        cmocka_unit_test(stops_accepting_without_descriptors_and_takes_up_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
