/* Bodies that are larger than memory ought to become. `./dev bench body` measures a whole process
 * and a GiB; here cairn's own bytes are counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cairn/service/blocking.h>
#include <cairn/testkit/alloc.h>

#include "large_app.h"
#include "server_rig.h"

#define BODY_BYTES ((size_t)64 << 20)
#define PIECE_BYTES ((size_t)1 << 17)
#define MOST_BYTES ((size_t)1 << 20)

static char bytes[PIECE_BYTES];
static char text[4096];

static struct {
    struct server_rig rig;
    struct cairn_blocking_pool *pool;
    int fd;
    size_t before;
    size_t most; /* bytes beyond those */
} run;

static void look(void)
{
    size_t now = cairn_test_alloc_bytes();
    if (now > run.before && now - run.before > run.most)
        run.most = now - run.before;
}

static void begin(void)
{
    struct cairn_error *error = NULL;
    cairn_test_alloc_begin();
    run.pool = cairn_blocking_pool_new(NULL, &error);
    assert_non_null(run.pool);
    server_rig_start(&run.rig, large_app, run.pool, NULL);
    run.fd = client_connect(cairn_http_server_port(run.rig.server));
    client_send(run.fd, "GET /stream/1 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(client_response(run.fd, false, text, sizeof(text)) > 0);
    run.before = cairn_test_alloc_bytes();
    run.most = 0;
}

static void end(void)
{
    close(run.fd);
    server_rig_stop(&run.rig);
    cairn_blocking_pool_free(run.pool);
    cairn_test_alloc_end();
    assert_in_range(run.most, 1, MOST_BYTES);
}

static void upload(const char *path)
{
    begin();
    snprintf(text, sizeof(text), "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", path,
        BODY_BYTES);
    client_send(run.fd, text);
    for (size_t sent = 0; sent < BODY_BYTES; sent += PIECE_BYTES) {
        client_send_bytes(run.fd, bytes, PIECE_BYTES);
        look();
    }
    assert_true(client_response(run.fd, false, text, sizeof(text)) > 0);
    assert_int_equal(strtoul(strstr(text, "\r\n\r\n") + 4, NULL, 10), BODY_BYTES);
    end();
}

static void download(const char *path)
{
    size_t received = 0;
    begin();
    snprintf(text, sizeof(text), "GET %s/%zu HTTP/1.1\r\nHost: a\r\n\r\n", path, BODY_BYTES);
    client_send(run.fd, text);
    assert_true(client_response(run.fd, true, text, sizeof(text)) > 0);
    while (received < BODY_BYTES) {
        if (received % (1 << 20) < PIECE_BYTES)
            usleep(500); /* the server is faster */
        ssize_t n = recv(run.fd, bytes, sizeof(bytes), 0);
        assert_true(n > 0);
        received += (size_t)n;
        look();
    }
    assert_int_equal(received, BODY_BYTES);
    end();
}

static void an_upload_that_is_counted_takes_no_memory(void **state)
{
    (void)state;
    upload("/count");
}

static void an_upload_that_is_saved_takes_no_memory(void **state)
{
    (void)state;
    upload("/save");
    upload("/pool");
}

static void a_download_of_a_stream_takes_no_memory(void **state)
{
    (void)state;
    download("/stream");
}

static void a_download_of_a_file_takes_no_memory(void **state)
{
    (void)state;
    download("/file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_upload_that_is_counted_takes_no_memory),
        cmocka_unit_test(an_upload_that_is_saved_takes_no_memory),
        cmocka_unit_test(a_download_of_a_stream_takes_no_memory),
        cmocka_unit_test(a_download_of_a_file_takes_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
