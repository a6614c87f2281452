/* Each allocation of whole scenarios fails once: the app is built, a connection comes, requests are
 * answered, the server drains. Then the next request has to be answered as if nothing had been. */
#include "connection_rig.h"

#include <jansson.h>
#include <stdlib.h>
#include <time.h>

#include <cairn/http/all.h>
#include <cairn/http/json.h>
#include <cairn/http/layers/compression.h>
#include <cairn/http/layers/decompression.h>
#include <cairn/http/ws.h>
#include <cairn/layers/adaptive_limit.h>
#include <cairn/layers/buffer.h>
#include <cairn/layers/circuit_breaker.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/deadline.h>
#include <cairn/layers/load_shed.h>
#include <cairn/layers/rate_limit.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/stack.h>

#include "open_descriptors.h"
#include "session_app.h"
#include "session_scripts.h"

#define LONGEST_MS 1000

static FILE *log_file;

/* The apps. */

static struct cairn_service *plain(void)
{
    return session_app(NULL, NULL);
}

static struct cairn_http_response *name(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_bytes(req, 200, "text/plain", cairn_http_request_param(req, "name"));
}

static struct cairn_service *routed(void)
{
    struct cairn_http_router *router = cairn_http_router_new();
    cairn_http_get(router, "/users/{name}", cairn_http_handler(name, NULL));
    cairn_http_post(router, "/users/{name}", cairn_http_handler(name, NULL));
    cairn_http_any(router, "/files/{*name}", cairn_http_handler(name, NULL));
    cairn_http_router_fallback(router, session_app(NULL, NULL));
    return cairn_http_router_service(router);
}

static struct cairn_service *resilient(void)
{
    return cairn_stack(session_app(NULL, NULL), cairn_error_to_response(), cairn_load_shed(),
        cairn_deadline(.after_ms = 10000), cairn_circuit_breaker(), cairn_adaptive_limit(),
        cairn_rate_limit(.num = 1000), cairn_concurrency_limit(.max = 100),
        cairn_timeout(.after_ms = 10000));
}

static struct cairn_service *buffered(void)
{
    return cairn_stack(
        session_app(NULL, NULL), cairn_error_to_response(), cairn_buffer(.bound = 10));
}

static struct cairn_service *decorated(void)
{
    return cairn_stack(session_app(NULL, NULL), cairn_request_id(),
        cairn_access_log(.file = log_file), cairn_error_to_response(), cairn_security_headers(),
        cairn_cors(.origins = "http://b"), cairn_normalize_path(),
        cairn_timeout_response(.after_ms = 10000), cairn_body_limit(.max_bytes = 1000),
        cairn_conditional());
}

static struct cairn_service *compressed(void)
{
    return cairn_stack(session_app(NULL, NULL), cairn_error_to_response(), cairn_compression(),
        cairn_decompression());
}

static struct cairn_http_response *read_json(struct cairn_http_request *req, void *state)
{
    struct cairn_http_rejection rejection;
    (void)state;
    struct json_t *body = cairn_http_json_body(req, NULL, &rejection);
    if (!body)
        return cairn_http_reject(req, &rejection);
    struct cairn_json_writer w = cairn_json_writer_in(req->arena);
    cairn_json_object(&w);
    cairn_json_key(&w, "size");
    cairn_json_uint(&w, json_object_size(body));
    cairn_json_end(&w);
    cairn_json_free(body);
    return cairn_http_json(req, 200, &w);
}

static struct cairn_service *speaks_json(void)
{
    return cairn_http_handler(read_json, NULL);
}

/* The peer says nothing but goodbye. */
static struct cairn_future hear_the_end(struct cairn_ws *ws, void *cx)
{
    (void)cx;
    return cairn_ws_receive(ws);
}

static struct cairn_http_response *open_ws(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_ws_upgrade(req, NULL, hear_the_end, NULL);
}

static struct cairn_service *speaks_ws(void)
{
    return cairn_http_handler(open_ws, NULL);
}

/* The scenarios. */

#define CHUNKED "Transfer-Encoding: chunked\r\n\r\n"

static const struct scenario {
    const char *name;
    struct cairn_service *(*app)(void);
    session_script script;
    const char *answer; /* how what comes back begins */
    bool drains;        /* behind the first piece */
} scenarios[] = {
    {"accept and GET", plain, {SESSION_GET("/ignore")}, "HTTP/1.1 200 ", false},
    {"POST with a length", plain,
        {SESSION_HEAD("POST /collect") "Content-Length: 4\r\n\r\n", "ab", "cd"}, "HTTP/1.1 200 ",
        false},
    {"POST in chunks", plain,
        {SESSION_HEAD("POST /echo") CHUNKED "3\r\nabc\r\n", "0\r\nX-Sum: 1\r\n\r\n"},
        "HTTP/1.1 200 ", false},
    {"pipelined", plain,
        {SESSION_GET("/ignore") SESSION_GET("/late") SESSION_GET("/inform")
                SESSION_GET("/gen/9/3")},
        "HTTP/1.1 200 ", false},
    {"a stream out", plain, {SESSION_GET("/gen/90000/30000")}, "HTTP/1.1 200 ", false},
    {"a file out", plain, {SESSION_GET("/file/300000")}, "HTTP/1.1 200 ", false},
    {"an upgrade", plain,
        {SESSION_HEAD("GET /upgrade") "Connection: upgrade\r\nUpgrade: shout\r\n\r\nab", "cd"},
        "HTTP/1.1 101 ", false},
    {"a WebSocket", speaks_ws,
        {SESSION_HEAD("GET /") "Connection: upgrade\r\nUpgrade: websocket\r\n"
                               "Sec-WebSocket-Version: 13\r\n"
                               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            "\x88\x80"
            "abcd"},
        "HTTP/1.1 101 ", false},
    {"a router", routed, {SESSION_GET("/users/ada") SESSION_GET("/files/a%20b/c")}, "HTTP/1.1 200 ",
        false},
    {"layers of resilience", resilient, {SESSION_GET("/late") SESSION_GET("/ignore")},
        "HTTP/1.1 200 ", false},
    {"a buffer", buffered, {SESSION_GET("/ignore") SESSION_GET("/ignore")}, "HTTP/1.1 200 ", false},
    {"layers of HTTP", decorated, {SESSION_HEAD("GET /ignore") "Origin: http://b\r\n\r\n"},
        "HTTP/1.1 200 ", false},
    {"compression", compressed,
        {SESSION_HEAD("GET /known/40000/20000") "Accept-Encoding: gzip, br, zstd\r\n\r\n",
            SESSION_HEAD("GET /ignore") "Accept-Encoding: gzip\r\n\r\n"},
        "HTTP/1.1 200 ", false},
    {"JSON", speaks_json,
        {SESSION_HEAD("POST /") "Content-Type: application/json\r\nContent-Length: 19\r\n\r\n"
                                "{\"a\":[1,2],\"b\":\"c\"}"},
        "HTTP/1.1 200 ", false},
    {"a drain", plain,
        {SESSION_HEAD("POST /collect") "Content-Length: 4\r\n\r\n", "abcd", SESSION_GET("/ignore")},
        "HTTP/1.1 200 ", true},
};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The scenario's app; one that could not be built for want of memory says so, and is built again.
 */
static struct cairn_service *build(const struct scenario *scenario)
{
    struct cairn_service *app = scenario->app();
    const struct cairn_error *error = cairn_service_error(app);
    if (!error)
        return app;
    if (error->code != CAIRN_ERROR_MEMORY || !cairn_test_alloc_has_failed())
        fail_msg("%s: %s", scenario->name, error->message);
    cairn_service_drop(app);
    return scenario->app();
}

static bool play(const struct scenario *scenario)
{
    bool has_ended = rig_connect() != 0;
    for (int i = 0; i < SESSION_PIECES && scenario->script[i] && !has_ended; i++) {
        if (rig.worker.connections)
            send(rig.client, scenario->script[i], strlen(scenario->script[i]), MSG_NOSIGNAL);
        rig_run();
        if (scenario->drains && i == 0 && rig.worker.connections)
            rig_drain();
        has_ended = rig_read();
    }
    return has_ended;
}

static bool has_come(const char *what)
{
    return memmem(rig.text, rig.length, what, strlen(what)) != NULL;
}

/* jansson takes some of its own failures for mistakes in the text. */
static bool tells_of_memory(const struct scenario *scenario)
{
    return has_come(" 503 ") || has_come(" 500 ") ||
           (scenario->app == speaks_json && has_come(" 400 "));
}

static void leave(void)
{
    rig_close_client();
    rig_run();
    rig_kill();
    rig.worker.has_drained = false;
}

/* Returns whether allocation N was there to fail. */
static bool play_without(const struct scenario *scenario, size_t n)
{
    rig_setup(NULL);
    cairn_test_alloc_fail_at(n);
    struct cairn_service *app = build(scenario);
    cairn_test_alloc_exempt(true);
    rig_open(app, NULL);
    rig_kill();
    rig_close_client();
    cairn_test_alloc_exempt(false);
    uint64_t before = now_ms();
    bool has_ended = play(scenario);
    assert_true(now_ms() - before < LONGEST_MS);
    bool has_failed = cairn_test_alloc_has_failed();
    cairn_test_alloc_fail_at(0);
    if (!has_ended && !has_come(scenario->answer) && !tells_of_memory(scenario))
        fail_msg("%s, allocation %zu: %s", scenario->name, n, rig.text);
    leave();
    play(scenario);
    if (!has_come(scenario->answer))
        fail_msg("%s, behind allocation %zu: %s", scenario->name, n, rig.text);
    leave();
    rig_teardown(NULL);
    return has_failed;
}

static void each_allocation_of_each_scenario_fails_once(void **state)
{
    (void)state;
    session_app_open();
    json_set_alloc_funcs(cairn_alloc, cairn_free);
    log_file = fopen("/dev/null", "w");
    assert_non_null(log_file);
    size_t open = open_descriptors();
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++) {
        size_t n = 1;
        while (play_without(&scenarios[i], n))
            n++;
        printf("%s: %zu places\n", scenarios[i].name, n - 1);
        assert_true(n > 1);
        assert_int_equal(open_descriptors(), open);
    }
    fclose(log_file);
    json_set_alloc_funcs(malloc, free);
    session_app_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_of_each_scenario_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
