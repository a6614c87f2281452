/* What a server says of itself while it drains, and whom it still serves. */
#include "server_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/health.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "hello");
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx;
    return cairn_stack(cairn_http_handler(hello, NULL), cairn_health(.server = worker->server));
}

/* Asks on FD; the status, with the whole answer in TEXT. */
static int ask_on(int fd, const char *path, char *text, size_t size)
{
    int status = 0;
    client_get(fd, path);
    client_response(fd, false, text, size);
    assert_int_equal(sscanf(text, "HTTP/1.1 %d", &status), 1);
    return status;
}

static int ask(const struct server_rig *rig, const char *path, char *text, size_t size)
{
    int fd = client_connect(cairn_http_server_port(rig->server));
    int status = ask_on(fd, path, text, size);
    close(fd);
    return status;
}

/* Until every worker listens. */
static void start(struct server_rig *rig, const struct cairn_http_server_options *options)
{
    server_rig_start(rig, app, NULL, options);
    while (!cairn_http_server_is_ready(rig->server))
        ;
}

static bool says_close(const char *text)
{
    return strstr(text, "\r\nConnection: close\r\n") != NULL;
}

static void stop(struct server_rig *rig)
{
    cairn_http_server_stop(rig->server);
    server_rig_stop(rig);
}

static void is_ready_while_it_serves(void **state)
{
    char text[1024];
    struct server_rig rig;
    (void)state;
    start(&rig, &(struct cairn_http_server_options){.workers = 2});
    assert_int_equal(ask(&rig, "/readyz", text, sizeof(text)), 200);
    assert_int_equal(ask(&rig, "/livez", text, sizeof(text)), 200);
    stop(&rig);
}

/* The delay would last an hour: what is seen is seen before the listener closes. */
static void a_drain_first_says_so_and_serves_on(void **state)
{
    char text[1024];
    struct server_rig rig;
    const struct cairn_http_server_options options = {.drain_delay_ms = 3600000, .workers = 2};
    (void)state;
    start(&rig, &options);
    int fd = client_connect(cairn_http_server_port(rig.server));
    assert_int_equal(ask_on(fd, "/readyz", text, sizeof(text)), 200);
    assert_false(says_close(text));
    cairn_http_server_drain(rig.server);
    assert_int_equal(ask(&rig, "/readyz", text, sizeof(text)), 503);
    assert_non_null(strstr(text, "[-] serving\n"));
    assert_int_equal(ask(&rig, "/livez", text, sizeof(text)), 200);
    assert_int_equal(ask(&rig, "/", text, sizeof(text)), 200);
    /* A client that stays is asked to leave: at the end of the delay only idle ones are left. */
    assert_int_equal(ask_on(fd, "/", text, sizeof(text)), 200);
    assert_true(says_close(text));
    assert_true(client_is_closed(fd));
    close(fd);
    stop(&rig);
}

static void after_the_delay_the_listener_closes_and_the_run_ends(void **state)
{
    char text[1024];
    struct server_rig rig;
    const struct cairn_http_server_options options = {.drain_delay_ms = 50};
    (void)state;
    server_rig_start(&rig, app, NULL, &options);
    uint16_t port = cairn_http_server_port(rig.server);
    int fd = client_connect(port);
    assert_int_equal(ask_on(fd, "/", text, sizeof(text)), 200);
    cairn_http_server_drain(rig.server);
    assert_true(client_is_closed(fd)); /* idle to the end of the delay */
    close(fd);
    server_rig_stop(&rig);
    assert_int_equal(client_connect_or_fail(port), -1);
}

static void without_an_option_only_who_was_asked_waits(void **state)
{
    char text[1024];
    struct server_rig rig;
    (void)state;
    server_rig_start(&rig, app, NULL, NULL);
    int fd = client_connect(cairn_http_server_port(rig.server));
    assert_int_equal(ask_on(fd, "/livez", text, sizeof(text)), 200);
    cairn_http_server_drain(rig.server); /* liveness is not readiness: it drains at once */
    assert_true(client_is_closed(fd));
    close(fd);
    server_rig_stop(&rig);

    start(&rig, NULL);
    assert_int_equal(ask(&rig, "/readyz", text, sizeof(text)), 200);
    cairn_http_server_drain(rig.server);
    assert_int_equal(ask(&rig, "/readyz", text, sizeof(text)), 503); /* for five seconds */
    stop(&rig);
}

static void a_delay_out_of_range_is_refused(void **state)
{
    struct cairn_error *error = NULL;
    const struct cairn_http_server_options options = {
        .size = sizeof(options), .host = "127.0.0.1", .drain_delay_ms = 3600001};
    (void)state;
    assert_null(cairn_http_server_new(app, NULL, &options, &error));
    assert_int_equal(error->code, CAIRN_ERROR_INVALID);
    assert_string_equal(error->message, "drain_delay_ms must be 1 to 3600000, got 3600001");
    cairn_error_unref(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_ready_while_it_serves),
        cmocka_unit_test(a_drain_first_says_so_and_serves_on),
        cmocka_unit_test(after_the_delay_the_listener_closes_and_the_run_ends),
        cmocka_unit_test(without_an_option_only_who_was_asked_waits),
        cmocka_unit_test(a_delay_out_of_range_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
