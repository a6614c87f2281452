/* connection_rig.h - one connection of a worker that runs only when the test says so, on the test
 * clock; the test is the client, and may act in the middle of a turn. */
#ifndef CAIRN_TESTS_HTTP_CONNECTION_RIG_H
#define CAIRN_TESTS_HTTP_CONNECTION_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cairn/http/server/server_options.h>
#include <cairn/http/server/worker.h>
#include <cairn/service/alloc.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/clock.h>

#define RIG_TURNS 20
#define RIG_SOCKET_BYTES 16384

struct connection_rig {
    struct cairn_test_clock clock;
    struct cairn__worker worker;
    struct cairn_http_server_options options;
    int client; /* -1: closed */
    char text[1 << 20];
    size_t length; /* of what the client has read, in text */
};

static struct connection_rig rig;

/* Turns until nothing happens any more. */
static inline void rig_run(void)
{
    for (int i = 0; i < RIG_TURNS; i++)
        cairn_runtime_turn(rig.worker.runtime);
}

static inline struct cairn__connection *rig_connection(void)
{
    assert_non_null(rig.worker.connections);
    return rig.worker.connections;
}

/* What the connection may send before the client takes it. */
static inline void rig_set_room(int length)
{
    assert_int_equal(
        setsockopt(rig_connection()->io.fd, SOL_SOCKET, SO_SNDBUF, &length, sizeof(length)), 0);
}

/* One more connection, the client's from now on. Returns 0, or -1 without memory. */
static inline int rig_connect(void)
{
    static const struct sockaddr_in6 peer = {.sin6_family = AF_INET6};
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    rig.client = ends[1];
    rig.length = 0;
    if (cairn__connection_open(&rig.worker, ends[0], &peer) != 0)
        return -1;
    rig_set_room(RIG_SOCKET_BYTES);
    return 0;
}

/* Serves APP, which is taken. */
static inline void rig_open(
    struct cairn_service *app, const struct cairn_http_server_options *options)
{
    const struct cairn_http_server_options defaults = {.size = sizeof(defaults), .workers = 1};
    assert_null(cairn_service_error(app));
    assert_null(cairn__server_options_resolve(options ? options : &defaults, &rig.options));
    rig.worker = (struct cairn__worker){.options = &rig.options,
        .index = 1,
        .connection_max = 8,
        .app = app,
        .listener = {.fd = -1},
        .runtime = cairn_runtime_current(),
        .arenas = cairn_arena_cache_new(0)};
    cairn__gate_init(&rig.worker.gate, rig.worker.runtime);
    assert_int_equal(rig_connect(), 0);
}

static inline void rig_close_client(void)
{
    if (rig.client >= 0)
        close(rig.client);
    rig.client = -1;
}

/* The client sends TEXT; what fits. */
static inline void rig_send(const char *text)
{
    assert_int_equal(send(rig.client, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static inline void rig_say(const char *text)
{
    rig_send(text);
    rig_run();
}

/* The client takes all that is there, behind what it has. Returns whether it met the end. */
static inline bool rig_take(void)
{
    ssize_t n;
    while ((n = recv(rig.client, rig.text + rig.length, sizeof(rig.text) - 1 - rig.length, 0)) > 0)
        rig.length += (size_t)n;
    rig.text[rig.length] = '\0';
    return n == 0;
}

/* The same, with turns in between, until no more comes. */
static inline bool rig_read(void)
{
    size_t before;
    bool has_ended;
    do {
        before = rig.length;
        rig_run();
        has_ended = rig_take();
    } while (!has_ended && rig.length != before);
    return has_ended;
}

static inline void rig_forget(void)
{
    rig.length = 0;
    rig.text[0] = '\0';
}

static inline void rig_advance(uint64_t ms)
{
    cairn_test_clock_advance_ms(&rig.clock, rig.worker.runtime, ms);
    rig_run();
}

/* As a worker drains. */
static inline void rig_drain(void)
{
    rig.worker.is_leaving = true;
    rig.worker.has_drained = true;
    cairn__connection_drain(rig_connection());
    rig_run();
}

static inline int rig_setup(void **state)
{
    (void)state;
    cairn_test_alloc_begin();
    rig.client = -1;
    rig.worker.app = NULL;
    cairn_test_runtime_new(&rig.clock);
    return 0;
}

static inline void rig_kill(void)
{
    while (rig.worker.connections)
        cairn__connection_kill(rig.worker.connections);
}

static inline int rig_teardown(void **state)
{
    (void)state;
    rig_close_client();
    rig_kill();
    if (rig.worker.app) {
        cairn_service_drop(rig.worker.app);
        cairn__gate_fini(&rig.worker.gate);
        cairn_arena_cache_free(rig.worker.arenas);
        cairn_free((char *)(size_t)rig.options.host);
    }
    cairn_runtime_free(cairn_runtime_current());
    cairn_test_alloc_end();
    return 0;
}

#define rig_test(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

#endif
