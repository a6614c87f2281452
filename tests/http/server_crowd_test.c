/* Addresses that have as many connections as they may. */
#include "server_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cairn/http/handler.h>
#include <cairn/testkit/alloc.h>

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

static char text[4096];

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "fine");
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx, (void)worker;
    return cairn_http_handler(answer, NULL);
}

static const struct cairn_http_server_options two = {.limits = {.connections_per_address = 2}};

static int connect_from(const char *address, uint16_t port)
{
    struct sockaddr_in from = {.sin_family = AF_INET};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(inet_pton(AF_INET, address, &from.sin_addr), 1);
    assert_int_equal(bind(fd, (const struct sockaddr *)&from, sizeof(from)), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

/* Whether a request on FD, behind HEADER, is answered; the server may have closed already. */
static bool is_answered(int fd, const char *header)
{
    char request[256];
    int length = snprintf(request, sizeof(request), "%s" GET, header);
    send(fd, request, (size_t)length, MSG_NOSIGNAL);
    return recv(fd, text, sizeof(text), 0) > 0;
}

static void the_newest_of_an_address_is_closed(void **state)
{
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, app, NULL, &two);
    uint16_t port = cairn_http_server_port(rig.server);
    int first = connect_from("127.0.0.1", port);
    int second = connect_from("127.0.0.1", port);
    int third = connect_from("127.0.0.1", port);
    int other = connect_from("127.0.0.2", port);
    assert_true(is_answered(first, ""));
    assert_true(is_answered(second, ""));
    assert_false(is_answered(third, ""));
    assert_true(is_answered(other, ""));
    close(first);
    close(second);
    close(third);
    close(other);
    struct cairn_http_counters counters = server_rig_finish(&rig);
    assert_int_equal(counters.accepted, 4);
    assert_int_equal(counters.crowded, 1);
    assert_int_equal(counters.requests, 3);
    assert_int_equal(counters.refused, 0);
}

static void who_leaves_makes_room_for_another(void **state)
{
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, app, NULL, &two);
    uint16_t port = cairn_http_server_port(rig.server);
    for (int i = 0; i < 20; i++) {
        int fd = connect_from("127.0.0.1", port);
        assert_true(is_answered(fd, ""));
        close(fd);
        fd = connect_from("127.0.0.3", port); /* by its answer the one before has gone */
        assert_true(is_answered(fd, ""));
        close(fd);
    }
    assert_int_equal(server_rig_finish(&rig).crowded, 0);
}

static void without_the_limit_nobody_is_counted(void **state)
{
    struct server_rig rig;
    int fds[50];
    (void)state;
    server_rig_start(&rig, app, NULL, NULL);
    for (int i = 0; i < 50; i++)
        fds[i] = client_connect(cairn_http_server_port(rig.server));
    for (int i = 0; i < 50; i++) {
        assert_true(is_answered(fds[i], ""));
        close(fds[i]);
    }
    assert_int_equal(server_rig_finish(&rig).crowded, 0);
}

static void a_proxy_is_not_counted_and_whom_it_names_is(void **state)
{
    static const char first[] = "PROXY TCP4 192.0.2.1 192.0.2.9 1 2\r\n";
    static const char second[] = "PROXY TCP4 192.0.2.2 192.0.2.9 1 2\r\n";
    static const char nobody[] = "PROXY UNKNOWN\r\n";
    static const struct {
        const char *header;
        bool is_answered;
    } rows[] = {{first, true}, {first, true}, {first, false}, {second, true}, {second, true},
        {second, false}, {nobody, true}, {nobody, true}, {nobody, true}, {first, false}};
    const struct cairn_http_server_options options = {
        .limits = {.connections_per_address = 2}, .proxy_protocol = "loopback"};
    struct server_rig rig;
    int fds[sizeof(rows) / sizeof(*rows)];
    (void)state;
    server_rig_start(&rig, app, NULL, &options);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        fds[i] = client_connect(cairn_http_server_port(rig.server));
        assert_int_equal(is_answered(fds[i], rows[i].header), rows[i].is_answered);
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        close(fds[i]);
    struct cairn_http_counters counters = server_rig_finish(&rig);
    assert_int_equal(counters.crowded, 3);
    assert_int_equal(counters.refused, 0);
}

#define crowd_test(f) \
    cmocka_unit_test_setup_teardown(f, cairn_test_alloc_setup, cairn_test_alloc_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        crowd_test(the_newest_of_an_address_is_closed),
        crowd_test(who_leaves_makes_room_for_another),
        crowd_test(without_the_limit_nobody_is_counted),
        crowd_test(a_proxy_is_not_counted_and_whom_it_names_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
