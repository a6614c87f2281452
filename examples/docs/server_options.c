/* server_options.c - a server with options, run by hand in place of cairn_http_serve. */
#include <inttypes.h>
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/server.h>

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "hello");
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx, (void)worker;
    return cairn_http_handler(hello, NULL);
}

/* [new] */
static struct cairn_http_server *server_new(uint16_t port, struct cairn_error **error)
{
    const struct cairn_http_server_options opts = {
        .size = sizeof(opts),
        .host = "127.0.0.1",
        .port = port,
        .workers = 2,
        .drain_ms = 5000,
        .limits = {.body_bytes = 64 * 1024, .keep_alive_ms = 15000},
    };
    return cairn_http_server_new(app, NULL, &opts, error);
}
/* [/new] */

/* [run] */
static struct cairn_error *server_run(struct cairn_http_server *server)
{
    fprintf(stderr, "port %u\n", (unsigned)cairn_http_server_port(server));
    struct cairn_error *error = cairn_http_server_run(server); /* until it has drained */
    struct cairn_http_counters counters = cairn_http_server_counters(server);
    printf("%" PRIu64 " requests, %" PRIu64 " responses\n", counters.requests, counters.responses);
    cairn_http_server_print(server, stdout);
    return error;
}
/* [/run] */

int main(void)
{
    char text[256];
    struct cairn_error *error = NULL;
    struct cairn_http_server *server = server_new(0, &error);
    if (server) {
        cairn_http_server_drain(server); /* asked before it runs: it drains at once */
        error = server_run(server);
        cairn_http_server_free(server);
    }
    if (!error)
        return 0;
    fprintf(stderr, "%s\n", cairn_error_format(error, text, sizeof(text)));
    cairn_error_unref(error);
    return 1;
}
