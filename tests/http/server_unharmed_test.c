/* What a server takes without harm, counted: clients that shut their end, handlers that never
 * answer, logs that take nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cairn/http/layers/access_log.h>
#include <cairn/http/layers/error_to_response.h>
#include <cairn/http/layers/timeout_response.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/stack.h>
#include <cairn/testkit/alloc.h>

#include "server_app.h"
#include "server_rig.h"
#include "session_app.h"
#include "session_scripts.h"

static char text[1 << 20];

/* The answer to REQUEST from a client that does or does not shut its end behind it; its length. */
static size_t ask(uint16_t port, const char *request, bool shuts)
{
    int fd = client_connect(port);
    client_send(fd, request);
    if (shuts)
        shutdown(fd, SHUT_WR);
    size_t length = client_drain(fd, text, sizeof(text));
    close(fd);
    return length;
}

static void a_thousand_clients_that_shut_their_end_get_whole_answers(void **state)
{
    static const char *const requests[] = {
        SESSION_HEAD("GET /ignore") "Connection: close\r\n\r\n",
        SESSION_HEAD("GET /file/300000") "Connection: close\r\n\r\n",
        SESSION_HEAD("GET /gen/90000/7000") "Connection: close\r\n\r\n",
        SESSION_HEAD("GET /known/60000/20000") "Connection: close\r\n\r\n",
        SESSION_HEAD("POST /collect") "Connection: close\r\nContent-Length: 4\r\n\r\nabcd",
    };
    static char whole[sizeof(text)];
    struct server_rig rig;
    int count = 0;
    (void)state;
    cairn_test_alloc_begin();
    session_app_open();
    server_rig_start(&rig, session_app, NULL, NULL);
    uint16_t port = cairn_http_server_port(rig.server);
    for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
        size_t length = ask(port, requests[i], false);
        memcpy(whole, text, length);
        size_t body = (size_t)(strstr(whole, "\r\n\r\n") - whole);
        for (int k = 0; k < 200; k++, count++) {
            assert_int_equal(ask(port, requests[i], true), length);
            assert_memory_equal(text + body, whole + body, length - body);
        }
    }
    struct cairn_http_counters counters = server_rig_finish(&rig);
    session_app_close();
    cairn_test_alloc_end();
    assert_int_equal(count, 1000);
    assert_int_equal(counters.responses, 1005);
    assert_int_equal(counters.cancelled, 0);
}

static struct cairn_service *one_at_a_time_failing(struct cairn_service *inner)
{
    return cairn_stack(inner, cairn_error_to_response(), cairn_timeout(.after_ms = 5),
        cairn_concurrency_limit(.max = 1));
}

static struct cairn_service *one_at_a_time_answering(struct cairn_service *inner)
{
    return cairn_stack(inner, cairn_timeout_response(.after_ms = 5, .status = 503),
        cairn_concurrency_limit(.max = 1));
}

/* What the server's page of itself says of its stack. */
static char *printed(struct cairn_http_server *server)
{
    char *page = NULL;
    size_t size;
    FILE *out = open_memstream(&page, &size);
    cairn_http_server_print(server, out);
    fclose(out);
    return page;
}

/* One after the other through a single place: each has to be given back. */
static void assert_ended_by_a_deadline(
    struct cairn_service *(*wrap)(struct cairn_service *inner), const char *status)
{
    struct server_app app = {.wrap = wrap};
    struct server_rig rig;
    server_rig_start(&rig, server_app, &app, NULL);
    int fd = client_connect(cairn_http_server_port(rig.server));
    for (int i = 0; i < 40; i++) {
        client_send(fd, SESSION_GET("/hang"));
        assert_true(client_response(fd, false, text, sizeof(text)) > 0);
        assert_memory_equal(text, status, strlen(status));
    }
    client_send(fd, SESSION_GET("/hello"));
    assert_true(client_response(fd, false, text, sizeof(text)) > 0);
    assert_memory_equal(text, "HTTP/1.1 200 ", 13);
    close(fd);
    cairn_http_server_drain(rig.server);
    assert_int_equal(pthread_join(rig.thread, NULL), 0);
    char *page = printed(rig.server);
    assert_non_null(strstr(page, "elapsed=40"));
    assert_non_null(strstr(page, "in_flight=0"));
    assert_non_null(strstr(page, "waiting=0"));
    free(page);
    cairn_http_server_free(rig.server);
    assert_int_equal(app.begun, 40);
    assert_int_equal(app.dropped, 40);
}

static void a_handler_that_never_answers_is_504_and_its_place_is_free(void **state)
{
    (void)state;
    assert_ended_by_a_deadline(one_at_a_time_failing, "HTTP/1.1 504 ");
}

static void or_the_answer_that_was_asked_for(void **state)
{
    (void)state;
    assert_ended_by_a_deadline(one_at_a_time_answering, "HTTP/1.1 503 ");
}

static FILE *log_file; /* NULL: no log */

static struct cairn_service *logged(struct cairn_service *inner)
{
    return cairn_stack(inner, cairn_layer_if(log_file, cairn_access_log(.file = log_file)));
}

static uint64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

enum { LOGGED_REQUESTS = 2000 };

/* Every request is answered while FILE takes nothing, and what is not logged is counted. */
static void assert_unharmed_by(FILE *file)
{
    struct server_app app = {.wrap = logged};
    struct server_rig rig;
    unsigned long lines = 0;
    unsigned long dropped = 0;
    log_file = file;
    server_rig_start(&rig, server_app, &app, NULL);
    int fd = client_connect(cairn_http_server_port(rig.server));
    for (int i = 0; i < LOGGED_REQUESTS; i++) {
        uint64_t before = now_us();
        client_send(fd, SESSION_GET("/hello"));
        assert_true(client_response(fd, false, text, sizeof(text)) > 0);
        assert_memory_equal(text, "HTTP/1.1 200 ", 13);
        assert_true(now_us() - before < 1000000);
    }
    close(fd);
    cairn_http_server_drain(rig.server);
    assert_int_equal(pthread_join(rig.thread, NULL), 0);
    char *page = printed(rig.server);
    const char *at = strstr(page, "lines=");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "lines=%lu dropped=%lu", &lines, &dropped), 2);
    free(page);
    cairn_http_server_free(rig.server);
    assert_true(dropped > 0);
    assert_int_equal(lines + dropped, LOGGED_REQUESTS);
}

static void a_log_into_a_pipe_that_nobody_reads_harms_no_request(void **state)
{
    int ends[2];
    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    FILE *file = fdopen(ends[1], "w");
    assert_non_null(file);
    assert_unharmed_by(file);
    fclose(file);
    close(ends[0]);
}

static void a_log_onto_a_full_disk_harms_no_request(void **state)
{
    (void)state;
    FILE *file = fopen("/dev/full", "w");
    assert_non_null(file);
    assert_unharmed_by(file);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_clients_that_shut_their_end_get_whole_answers),
        cmocka_unit_test(a_handler_that_never_answers_is_504_and_its_place_is_free),
        cmocka_unit_test(or_the_answer_that_was_asked_for),
        cmocka_unit_test(a_log_into_a_pipe_that_nobody_reads_harms_no_request),
        cmocka_unit_test(a_log_onto_a_full_disk_harms_no_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
