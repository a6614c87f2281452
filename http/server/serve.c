#include <cairn/http/server.h>

#include <stdio.h>
#include <string.h>

#include <cairn/http/server/activation.h>
#include <cairn/http/server/server_options.h>
#include <cairn/http/server/supervisor.h>
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
    if (cairn__listener_is_unix(host) || cairn__activation_is_host(host)) {
        fprintf(stderr, "listening on %s\n", host);
        return;
    }
    fprintf(stderr, "listening on http://%s%s%s:%u\n", is_v6 ? "[" : "", host, is_v6 ? "]" : "",
        (unsigned)cairn_http_server_port(server));
}

int cairn__serve_run(struct cairn_http_server *server)
{
    struct cairn_error *error = cairn_http_server_run(server);
    int number = cairn__server_ended_by(server);
    cairn_http_server_free(server);
    if (error)
        return serve_fail(error);
    return number ? CAIRN__SERVE_SIGNALLED + number : 0;
}

int cairn_http_serve_with(
    cairn_http_app *app, void *cx, const struct cairn_http_server_options *options)
{
    struct cairn_http_server_options all;
    struct cairn_error *error = cairn__server_options_processes(options, &all);
    if (error)
        return serve_fail(error);
    unsigned processes = all.processes;
    all.processes = 0;
    struct cairn_http_server *server = cairn_http_server_new(app, cx, &all, &error);
    if (!server)
        return serve_fail(error);
    serve_announce(&all, server);
    if (processes == 0)
        return cairn__serve_run(server);
    int status = cairn__supervise(server, processes);
    cairn_http_server_free(server);
    return status;
}
