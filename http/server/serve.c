#include <cairn/http/server.h>

#include <stdio.h>
#include <string.h>

#include <cairn/http/server/worker.h>

static int serve_fail(struct cairn_error *error)
{
    char text[1024];
    fprintf(stderr, "%s\n", cairn_error_format(error, text, sizeof(text)));
    cairn_error_unref(error);
    return 1;
}

static void serve_announce(
    const struct cairn_http_server_options *options, const struct cairn_http_server *server)
{
    const char *host = options && options->host ? options->host : "::";
    bool is_v6 = strchr(host, ':') != NULL;
    if (cairn__listener_is_unix(host)) {
        fprintf(stderr, "listening on %s\n", host);
        return;
    }
    fprintf(stderr, "listening on http://%s%s%s:%u\n", is_v6 ? "[" : "", host, is_v6 ? "]" : "",
        (unsigned)cairn_http_server_port(server));
}

int cairn_http_serve_with(
    cairn_http_app *app, void *cx, const struct cairn_http_server_options *options)
{
    struct cairn_error *error = NULL;
    struct cairn_http_server *server = cairn_http_server_new(app, cx, options, &error);
    if (!server)
        return serve_fail(error);
    serve_announce(options, server);
    error = cairn_http_server_run(server);
    cairn_http_server_free(server);
    return error ? serve_fail(error) : 0;
}
