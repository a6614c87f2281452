/* Peers that leave: at every byte of what they say, and of what they are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cairn/testkit/alloc.h>

#include "open_descriptors.h"
#include "server_rig.h"
#include "session_app.h"
#include "session_scripts.h"

/* At every byte so far, then here and there. */
#define NEAR_BYTES 400
#define FAR_STEP 20011

static char text[1 << 20];

static size_t next_offset(size_t at)
{
    return at < NEAR_BYTES ? at + 1 : at + FAR_STEP;
}

/* The server has seen that the connections are gone, and has told every exchange. */
static void await_quiet(size_t open)
{
    struct session_counts counts = session_app_counts();
    for (int i = 0; i < 5000 && (counts.begun != counts.ended || open_descriptors() != open); i++) {
        usleep(1000);
        counts = session_app_counts();
    }
    assert_int_equal(counts.begun, counts.ended);
    assert_int_equal(open_descriptors(), open);
}

static void leave_with_reset(int fd)
{
    const struct linger reset = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
}

/* What the peer does when it has said as much as it will. */
static void reset(int fd)
{
    leave_with_reset(fd);
}

static void leave(int fd)
{
    close(fd);
}

/* Whatever the server makes of half a request, it ends the connection. */
static void shut(int fd)
{
    shutdown(fd, SHUT_WR);
    while (recv(fd, text, sizeof(text), 0) > 0)
        ;
    assert_int_equal(recv(fd, text, 1, 0), 0);
    close(fd);
}

static size_t whole_length(const session_script *script)
{
    size_t length = 0;
    for (int i = 0; i < SESSION_PIECES && (*script)[i]; i++)
        length += strlen((*script)[i]);
    return length;
}

/* Sends the first LENGTH bytes; the connection may have ended meanwhile. */
static void say(int fd, const session_script *script, size_t length)
{
    for (int i = 0; i < SESSION_PIECES && (*script)[i] && length; i++) {
        size_t piece = strlen((*script)[i]);
        piece = piece < length ? piece : length;
        send(fd, (*script)[i], piece, MSG_NOSIGNAL);
        length -= piece;
    }
}

/* Takes LENGTH bytes of what comes. Returns whether they came. */
static bool hear(int fd, size_t length)
{
    while (length) {
        ssize_t n = recv(fd, text, length < sizeof(text) ? length : sizeof(text), 0);
        if (n <= 0)
            return false;
        length -= (size_t)n;
    }
    return true;
}

static size_t leave_at_each_offset_said(
    uint16_t port, const session_script *script, void (*how)(int fd))
{
    size_t count = 0;
    for (size_t at = 0; at <= whole_length(script); at++, count++) {
        int fd = client_connect(port);
        say(fd, script, at);
        how(fd);
    }
    return count;
}

static size_t leave_at_each_offset_heard(
    uint16_t port, const session_script *script, void (*how)(int fd))
{
    size_t count = 0;
    bool goes_on = true;
    for (size_t at = 1; goes_on; at = next_offset(at), count++) {
        /* What is not ended by the server is ended here. */
        const struct timeval patience = {.tv_usec = 20000};
        int fd = client_connect(port);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        say(fd, script, whole_length(script));
        goes_on = hear(fd, at);
        how(fd);
    }
    return count;
}

/* A whole exchange: who connected before has been accepted, too. */
static int exchange(uint16_t port)
{
    int fd = client_connect(port);
    client_send(fd, SESSION_GET("/ignore"));
    assert_true(client_response(fd, false, text, sizeof(text)) > 0);
    return fd;
}

/* How many are open when the server runs and nobody is connected. */
static size_t server_descriptors(uint16_t port)
{
    int fd = exchange(port);
    size_t open = open_descriptors() - 2; /* both ends */
    close(fd);
    return open;
}

static void close_all(
    size_t (*each)(uint16_t, const session_script *, void (*how)(int fd)), void (*how)(int fd))
{
    struct server_rig rig;
    size_t count = 0;
    cairn_test_alloc_begin();
    session_app_open();
    server_rig_start(&rig, session_app, NULL, NULL);
    uint16_t port = cairn_http_server_port(rig.server);
    size_t open = server_descriptors(port);
    for (int i = 0; i < SESSION_SCRIPTS; i++) {
        count += each(port, &session_scripts[i], how);
        close(exchange(port));
        await_quiet(open);
    }
    struct cairn_http_counters counters = server_rig_finish(&rig);
    session_app_close();
    cairn_test_alloc_end();
    assert_true(count > 500);
    assert_int_equal(counters.requests + counters.refused, counters.responses + counters.cancelled);
    assert_int_equal(counters.timeouts, 0);
}

static void a_reset_at_every_byte_that_is_said_leaves_nothing_behind(void **state)
{
    (void)state;
    close_all(leave_at_each_offset_said, reset);
}

static void a_close_at_every_byte_that_is_said_leaves_nothing_behind(void **state)
{
    (void)state;
    close_all(leave_at_each_offset_said, leave);
}

static void half_a_close_at_every_byte_that_is_said_ends_the_connection(void **state)
{
    (void)state;
    close_all(leave_at_each_offset_said, shut);
}

static void a_reset_at_every_byte_that_is_heard_leaves_nothing_behind(void **state)
{
    (void)state;
    close_all(leave_at_each_offset_heard, reset);
}

static void a_close_at_every_byte_that_is_heard_leaves_nothing_behind(void **state)
{
    (void)state;
    close_all(leave_at_each_offset_heard, leave);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reset_at_every_byte_that_is_said_leaves_nothing_behind),
        cmocka_unit_test(a_close_at_every_byte_that_is_said_leaves_nothing_behind),
        cmocka_unit_test(half_a_close_at_every_byte_that_is_said_ends_the_connection),
        cmocka_unit_test(a_reset_at_every_byte_that_is_heard_leaves_nothing_behind),
        cmocka_unit_test(a_close_at_every_byte_that_is_heard_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
