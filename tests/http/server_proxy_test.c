#include "server_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cairn/http/client.h>
#include <cairn/http/handler.h>
#include <cairn/http/layers/client_address.h>
#include <cairn/service/stack.h>
#include <cairn/testkit/alloc.h>

static char text[4096];

/* The client's address and port. */
static struct cairn_http_response *who(struct cairn_http_request *req, void *state)
{
    char host[INET6_ADDRSTRLEN] = "unix";
    const void *address = cairn_http_client_address(req);
    const struct sockaddr_in *v4 = address;
    const struct sockaddr_in6 *v6 = address;
    (void)state;
    if (v4->sin_family == AF_INET)
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
    else if (v4->sin_family == AF_INET6)
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
    struct cairn_str body =
        cairn_arena_printf(req->arena, "%s %u", host, (unsigned)ntohs(v4->sin_port));
    return body.data ? cairn_http_text(req, 200, body.data) : NULL;
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx;
    (void)worker;
    return cairn_stack(
        cairn_http_handler(who, NULL), cairn_client_address(.trusted = "203.0.113.0/24"));
}

static const struct cairn_http_server_options loopback = {.proxy_protocol = "127.0.0.0/8"};

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

/* The body of the next response on FD; "" when the connection has ended. */
static const char *next_body(int fd)
{
    if (client_response(fd, false, text, sizeof(text)) == 0)
        return "";
    return strstr(text, "\r\n\r\n") + 4;
}

static void assert_body(const struct cairn_http_server_options *options, const void *data,
    size_t length, const char *body)
{
    struct server_rig rig;
    server_rig_start(&rig, app, NULL, options);
    int fd = client_connect(cairn_http_server_port(rig.server));
    client_send_bytes(fd, data, length);
    assert_string_equal(next_body(fd), body);
    close(fd);
    server_rig_stop(&rig);
}

static void the_peer_is_the_one_that_the_header_names(void **state)
{
    static const char v1[] = "PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\n" GET;
    static const char v2[] = "\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24"
                             "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
                             "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x12\x67\x01\xbb" GET;
    (void)state;
    assert_body(&loopback, v1, sizeof(v1) - 1, "203.0.113.9 4711");
    assert_body(&loopback, v2, sizeof(v2) - 1, "2001:db8::7 4711");
}

static void a_header_may_come_byte_by_byte_and_counts_once(void **state)
{
    static const char bytes[] = "PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\n" GET GET;
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, app, NULL, &loopback);
    int fd = client_connect(cairn_http_server_port(rig.server));
    for (size_t i = 0; i < sizeof(bytes) - 1; i++)
        client_send_bytes(fd, bytes + i, 1);
    assert_string_equal(next_body(fd), "203.0.113.9 4711");
    assert_string_equal(next_body(fd), "203.0.113.9 4711");
    client_send(fd, GET);
    assert_string_equal(next_body(fd), "203.0.113.9 4711");
    client_send(fd, "PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\n");
    client_response(fd, false, text, sizeof(text));
    assert_memory_equal(text, "HTTP/1.1 400", 12);
    close(fd);
    server_rig_stop(&rig);
}

static void a_local_header_leaves_the_peer(void **state)
{
    static const char v1[] = "PROXY UNKNOWN\r\n" GET;
    static const char v2[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0" GET;
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, app, NULL, &loopback);
    for (int i = 0; i < 2; i++) {
        int fd = client_connect(cairn_http_server_port(rig.server));
        client_send_bytes(fd, i ? v2 : v1, i ? sizeof(v2) - 1 : sizeof(v1) - 1);
        assert_memory_equal(next_body(fd), "127.0.0.1 ", 10);
        close(fd);
    }
    server_rig_stop(&rig);
}

static void layers_see_the_client_as_the_peer(void **state)
{
    static const char v1[] = "PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\n"
                             "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 8.8.8.8:9\r\n\r\n";
    static const char other[] = "PROXY TCP4 198.51.100.1 192.0.2.1 4711 443\r\n"
                                "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 8.8.8.8\r\n\r\n";
    (void)state;
    assert_body(&loopback, v1, sizeof(v1) - 1, "8.8.8.8 9");
    assert_body(&loopback, other, sizeof(other) - 1, "198.51.100.1 4711");
}

static void a_proxy_without_a_header_is_closed_without_an_answer(void **state)
{
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, app, NULL, &loopback);
    int fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, GET);
    assert_true(client_is_closed(fd));
    close(fd);
    struct cairn_http_counters counters = server_rig_finish(&rig);
    assert_int_equal(counters.refused, 1);
    assert_int_equal(counters.requests, 0);
}

static void others_are_served_as_they_come(void **state)
{
    const struct cairn_http_server_options options = {.proxy_protocol = "10.0.0.0/8"};
    static const char v1[] = "PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\n" GET;
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, app, NULL, &options);
    int fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, GET);
    assert_memory_equal(next_body(fd), "127.0.0.1 ", 10);
    close(fd);
    fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, v1); /* a claim of a stranger */
    client_response(fd, false, text, sizeof(text));
    assert_memory_equal(text, "HTTP/1.1 400", 12);
    close(fd);
    server_rig_stop(&rig);
}

static void others_are_closed_at_once_where_that_is_asked_for(void **state)
{
    const struct cairn_http_server_options options = {
        .proxy_protocol = "10.0.0.0/8", .proxy_protocol_only = true};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, app, NULL, &options);
    int fd = client_connect(cairn_http_server_port(rig.server));
    assert_true(client_is_closed(fd));
    close(fd);
    assert_int_equal(server_rig_finish(&rig).refused, 1);
}

static void the_header_counts_against_the_deadline_of_the_head(void **state)
{
    const struct cairn_http_server_options options = {
        .proxy_protocol = "loopback", .limits = {.head_ms = 50}};
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, app, NULL, &options);
    int silent = client_connect(cairn_http_server_port(rig.server));
    int slow = client_connect(cairn_http_server_port(rig.server));
    client_send(slow, "PROXY TCP4 203.0.113.9");
    assert_true(client_is_closed(silent));
    assert_true(client_is_closed(slow));
    int late = client_connect(cairn_http_server_port(rig.server));
    client_send(late, "PROXY UNKNOWN\r\nGET / HT");
    client_response(late, false, text, sizeof(text));
    assert_memory_equal(text, "HTTP/1.1 408", 12);
    close(silent);
    close(slow);
    close(late);
    assert_int_equal(server_rig_finish(&rig).timeouts, 3);
}

static void a_peer_that_ends_within_the_header_is_gone(void **state)
{
    struct server_rig rig;
    (void)state;
    cairn_test_alloc_begin();
    server_rig_start(&rig, app, NULL, &loopback);
    int fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "PROXY TC");
    shutdown(fd, SHUT_WR);
    assert_true(client_is_closed(fd));
    close(fd);
    fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "PROXY UNKNOWN\r\n" GET);
    shutdown(fd, SHUT_WR);
    assert_memory_equal(next_body(fd), "127.0.0.1 ", 10);
    close(fd);
    fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "PROXY TC");
    assert_int_equal(server_rig_finish(&rig).requests, 1); /* the drain closes the last */
    assert_true(client_is_closed(fd));
    close(fd);
    cairn_test_alloc_end();
}

static void assert_refused(const struct cairn_http_server_options *options, const char *message)
{
    struct cairn_http_server_options mine = *options;
    struct cairn_error *error = NULL;
    mine.size = sizeof(mine);
    mine.host = "127.0.0.1";
    assert_null(cairn_http_server_new(app, NULL, &mine, &error));
    assert_int_equal(error->code, CAIRN_ERROR_INVALID);
    assert_string_equal(error->message, message);
    cairn_error_unref(error);
}

static void a_list_that_is_none_makes_no_server(void **state)
{
    (void)state;
    assert_refused(&(const struct cairn_http_server_options){.proxy_protocol = "10.0.0.0/33"},
        "proxy_protocol: \"10.0.0.0/33\": the prefix must be 0 to 32");
    assert_refused(&(const struct cairn_http_server_options){.proxy_protocol_only = true},
        "proxy_protocol_only needs proxy_protocol");
}

static void without_memory_there_is_no_server(void **state)
{
    const struct cairn_http_server_options options = {
        .size = sizeof(options), .host = "127.0.0.1", .workers = 1, .proxy_protocol = "loopback"};
    struct cairn_http_server *server = NULL;
    (void)state;
    for (size_t n = 1; !server; n++) {
        struct cairn_error *error = NULL;
        cairn_test_alloc_begin();
        cairn_test_alloc_fail_at(n);
        server = cairn_http_server_new(app, NULL, &options, &error);
        cairn_test_alloc_fail_at(0);
        assert_true(server || error == &cairn_error_no_memory);
        cairn_http_server_free(server);
        cairn_test_alloc_end();
        assert_in_range(n, 1, 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_peer_is_the_one_that_the_header_names),
        cmocka_unit_test(a_header_may_come_byte_by_byte_and_counts_once),
        cmocka_unit_test(a_local_header_leaves_the_peer),
        cmocka_unit_test(layers_see_the_client_as_the_peer),
        cmocka_unit_test(a_proxy_without_a_header_is_closed_without_an_answer),
        cmocka_unit_test(others_are_served_as_they_come),
        cmocka_unit_test(others_are_closed_at_once_where_that_is_asked_for),
        cmocka_unit_test(the_header_counts_against_the_deadline_of_the_head),
        cmocka_unit_test(a_peer_that_ends_within_the_header_is_gone),
        cmocka_unit_test(a_list_that_is_none_makes_no_server),
        cmocka_unit_test(without_memory_there_is_no_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
