#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cairn/http/exchange.h>
#include <cairn/http/handler.h>

#include "server_rig.h"

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    struct cairn_http_connection_info info = cairn_http_connection_info(req);
    (void)state;
    bool is_unix = info.peer->sa_family == AF_UNIX && info.local->sa_family == AF_UNIX;
    return cairn_http_text(req, 200, is_unix ? "unix" : "other");
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx, (void)worker;
    return cairn_http_handler(answer, NULL);
}

/* A path in a folder of the test's, as a host. */
struct place {
    char folder[32];
    char path[64];
    char host[80];
};

static void place_make(struct place *place)
{
    snprintf(place->folder, sizeof(place->folder), "/tmp/cairn_unix_XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->path, sizeof(place->path), "%s/sock", place->folder);
    snprintf(place->host, sizeof(place->host), "unix:%s", place->path);
}

static void place_remove(const struct place *place)
{
    assert_int_equal(access(place->path, F_OK), -1); /* the server has removed it */
    assert_int_equal(rmdir(place->folder), 0);
}

static int unix_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(address.sun_path, path, strlen(path));
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    else
        length++;
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, length), 0);
    return fd;
}

static void assert_answers(const char *path)
{
    char text[1024];
    int fd = unix_connect(path);
    client_send(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client_response(fd, false, text, sizeof(text));
    assert_non_null(strstr(text, "\r\n\r\nunix"));
    close(fd);
}

static void serves_on_a_socket_with_several_workers(void **state)
{
    struct place place;
    struct server_rig rig;
    (void)state;
    place_make(&place);
    const struct cairn_http_server_options options = {.host = place.host, .workers = 3};
    server_rig_start(&rig, app, NULL, &options);
    assert_int_equal(cairn_http_server_port(rig.server), 0);
    for (int i = 0; i < 50; i++)
        assert_answers(place.path);
    assert_int_equal(server_rig_finish(&rig).responses, 50);
    place_remove(&place);
}

static void serves_in_the_abstract_space(void **state)
{
    struct server_rig rig;
    char host[64];
    (void)state;
    snprintf(host, sizeof(host), "unix:@cairn-test-%d", (int)getpid());
    const struct cairn_http_server_options options = {.host = host};
    server_rig_start(&rig, app, NULL, &options);
    assert_answers(host + 5);
    server_rig_stop(&rig);
}

static void replaces_the_file_of_a_server_that_is_gone_and_no_other(void **state)
{
    struct cairn_error *error = NULL;
    struct place place;
    (void)state;
    place_make(&place);
    const struct cairn_http_server_options options = {
        .size = sizeof(options), .host = place.host, .workers = 1};
    struct cairn_http_server *first = cairn_http_server_new(app, NULL, &options, &error);
    assert_non_null(first);
    assert_null(cairn_http_server_new(app, NULL, &options, &error));
    assert_int_equal(error->code, CAIRN_ERROR_SYSTEM);
    assert_non_null(strstr(error->message, place.path));
    cairn_error_unref(error);
    assert_int_equal(access(place.path, F_OK), 0); /* the one that failed left it alone */
    cairn_http_server_free(first);
    /* A socket that nobody listens on. */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, place.path, strlen(place.path));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
    struct cairn_http_server *second = cairn_http_server_new(app, NULL, &options, &error);
    assert_non_null(second);
    cairn_http_server_free(second);
    /* A file that is no socket is not ours to remove. */
    FILE *file = fopen(place.path, "w");
    fclose(file);
    assert_null(cairn_http_server_new(app, NULL, &options, &error));
    cairn_error_unref(error);
    struct stat about;
    assert_int_equal(stat(place.path, &about), 0);
    assert_true(S_ISREG(about.st_mode));
    unlink(place.path);
    place_remove(&place);
}

static void a_path_that_does_not_fit_is_refused(void **state)
{
    static const char *const hosts[] = {"unix:", "unix:/0123456789012345678901234567890123456789"
                                                 "0123456789012345678901234567890123456789012345"
                                                 "67890123456789012345678"};
    struct cairn_error *error = NULL;
    (void)state;
    for (int i = 0; i < 2; i++) {
        const struct cairn_http_server_options options = {
            .size = sizeof(options), .host = hosts[i]};
        assert_null(cairn_http_server_new(app, NULL, &options, &error));
        assert_int_equal(error->code, CAIRN_ERROR_INVALID);
        cairn_error_unref(error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serves_on_a_socket_with_several_workers),
        cmocka_unit_test(serves_in_the_abstract_space),
        cmocka_unit_test(replaces_the_file_of_a_server_that_is_gone_and_no_other),
        cmocka_unit_test(a_path_that_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
