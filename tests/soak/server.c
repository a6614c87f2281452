/* server.c - what the soaks are against. Limits by name: server [workers=N] [head_ms=N] …
 *
 *   GET /         hello
 *   GET /stream   100 MiB, 16 KiB at a time
 *   GET /produced how many bytes all of them have given so far
 *   POST /upload  the body's length
 *
 * Drains on TERM, and prints its counters at the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/answer.h>
#include <cairn/http/router.h>
#include <cairn/http/server.h>

#define STREAM_BYTES (UINT64_C(100) << 20)

static char bytes[16384];
static uint64_t produced; /* atomic */

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "Hello, World!");
}

static enum cairn_poll stream_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    static struct cairn_http_chunk chunk = {{bytes, sizeof(bytes)}, NULL};
    uint64_t *given = state;
    (void)cx;
    out->value = NULL;
    if (*given < STREAM_BYTES) {
        *given += sizeof(bytes);
        __atomic_fetch_add(&produced, sizeof(bytes), __ATOMIC_RELAXED);
        out->value = &chunk;
    }
    return CAIRN_READY;
}

static struct cairn_http_response *stream(struct cairn_http_request *req, void *state)
{
    static const struct cairn_stream_ops ops = {
        .name = "stream", .size = sizeof(uint64_t), .poll_next = stream_poll_next};
    const uint64_t none = 0;
    (void)state;
    return cairn_http_stream(req, 200, NULL, cairn_stream_box(&ops, &none), -1);
}

static struct cairn_http_response *how_much(struct cairn_http_request *req, void *state)
{
    (void)state;
    uint64_t total = __atomic_load_n(&produced, __ATOMIC_RELAXED);
    return cairn_http_textf(req, 200, "%llu", (unsigned long long)total);
}

static struct cairn_http_response *upload(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_textf(req, 200, "%zu", req->body.length);
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    struct cairn_http_router *router = cairn_http_router_new();
    (void)cx, (void)worker;
    cairn_http_get(router, "/", cairn_http_handler(hello, NULL));
    cairn_http_get(router, "/stream", cairn_http_handler(stream, NULL));
    cairn_http_get(router, "/produced", cairn_http_handler(how_much, NULL));
    cairn_http_post(router, "/upload", cairn_http_handler(upload, NULL));
    return cairn_http_router_service(router);
}

#define LIMIT(field)                                                          \
    if (strncmp(argument, #field "=", sizeof(#field "=") - 1) == 0) {         \
        limits->field = strtoul(argument + sizeof(#field "=") - 1, NULL, 10); \
        return;                                                               \
    }

static void take_limit(struct cairn_http_limits *limits, const char *argument)
{
    LIMIT(head_ms)
    LIMIT(body_idle_ms)
    LIMIT(keep_alive_ms)
    LIMIT(write_ms)
    LIMIT(connections)
    fprintf(stderr, "server: what is %s?\n", argument);
    exit(2);
}

static int fail(const struct cairn_error *error)
{
    fprintf(stderr, "server: %s\n", error->message);
    return 1;
}

int main(int argc, char **argv)
{
    struct cairn_http_server_options options = {
        .size = sizeof(options), .host = "127.0.0.1", .workers = 1};
    struct cairn_error *error = NULL;
    for (int i = 1; i < argc; i++) {
        if (sscanf(argv[i], "workers=%u", &options.workers) != 1)
            take_limit(&options.limits, argv[i]);
    }
    memset(bytes, 'x', sizeof(bytes));
    struct cairn_http_server *server = cairn_http_server_new(app, NULL, &options, &error);
    if (!server)
        return fail(error);
    fprintf(stderr, "listening on port %u\n", (unsigned)cairn_http_server_port(server));
    error = cairn_http_server_run(server);
    cairn_http_server_print(server, stderr);
    cairn_http_server_free(server);
    return error ? fail(error) : 0;
}
