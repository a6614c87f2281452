#include "server_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/error_to_response.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/load_shed.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/stack.h>
#include <cairn/testkit/alloc.h>

#define WARM_UP 100
#define COUNTED 1000

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "Hello, World!");
}

/* hello's four layers. */
static struct cairn_service *four_layers(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx;
    (void)worker;
    return cairn_stack(cairn_http_handler(hello, NULL), cairn_error_to_response(),
        cairn_load_shed(), cairn_concurrency_limit(.max = 1024), cairn_timeout(.after_ms = 1000));
}

static void one_request(int fd)
{
    char text[1024];
    client_send(fd, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    assert_true(client_response(fd, false, text, sizeof(text)) > 0);
    assert_memory_equal(text, "HTTP/1.1 200", 12);
}

static void four_layers_allocate_nothing_per_request_at_steady_state(void **state)
{
    struct server_rig rig;
    (void)state;
    cairn_test_alloc_begin();
    server_rig_start(&rig, four_layers, NULL, NULL);
    int fd = client_connect(cairn_http_server_port(rig.server));
    for (int i = 0; i < WARM_UP; i++)
        one_request(fd);
    size_t before = cairn_test_alloc_count();
    for (int i = 0; i < COUNTED; i++)
        one_request(fd);
    assert_int_equal(cairn_test_alloc_count() - before, 0);
    close(fd);
    server_rig_stop(&rig);
    cairn_test_alloc_end();
}

/* A client that takes whatever comes, no connection, an answer or a cut one, and then ends the
 * server. It is not the thread that may assert. */
static void *patient_client(void *cx)
{
    static const char requests[] =
        "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        "GET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    struct cairn_http_server *server = cx;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(cairn_http_server_port(server))};
    const struct timeval patience = {.tv_sec = 10};
    char text[4096];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
        send(fd, requests, sizeof(requests) - 1, MSG_NOSIGNAL) > 0)
        client_drain(fd, text, sizeof(text));
    close(fd);
    cairn_http_server_drain(server);
    return NULL;
}

static void serve_two_requests(void *cx)
{
    const struct cairn_http_server_options options = {.size = sizeof(options),
        .host = "127.0.0.1",
        .workers = 1,
        .keep_signals = true,
        .limits = {.connections_per_address = 1}};
    struct cairn_error *error = NULL;
    pthread_t client;
    (void)cx;
    struct cairn_http_server *server = cairn_http_server_new(four_layers, NULL, &options, &error);
    if (!server) {
        assert_int_equal(error->code, CAIRN_ERROR_MEMORY);
        return;
    }
    assert_int_equal(pthread_create(&client, NULL, patient_client, server), 0);
    error = cairn_http_server_run(server);
    assert_int_equal(pthread_join(client, NULL), 0);
    assert_true(!error || error->code == CAIRN_ERROR_MEMORY);
    cairn_error_unref(error);
    cairn_http_server_free(server);
}

static void every_failing_allocation_ends_in_an_error_and_nothing_else(void **state)
{
    (void)state;
    /* Server, workers, runtime, stack, connection, exchange: more than a handful of places. */
    assert_true(cairn_test_each_allocation(serve_two_requests, NULL) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_layers_allocate_nothing_per_request_at_steady_state),
        cmocka_unit_test(every_failing_allocation_ends_in_an_error_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
