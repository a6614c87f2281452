/* hand_over.c - a service that is replaced by a new version of itself on HUP, and loses nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cairn/http/answer.h>
#include <cairn/http/handler.h>
#include <cairn/http/server.h>

static struct cairn_http_response *who(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_textf(req, 200, "%d\n", (int)getpid());
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx, (void)worker;
    return cairn_http_handler(who, NULL);
}

/* [snippet] */
static void on_signal(void *cx, struct cairn_http_server *server, int number)
{
    char **argv = cx; /* this program again, as it lies on the disk now */
    struct cairn_error *error = cairn_http_server_hand_over(server, argv, 0);
    if (error)
        fprintf(stderr, "signal %d: %s\n", number, error->message);
    cairn_error_unref(error);
}

int main(int argc, char **argv)
{
    uint16_t port = argc > 1 ? (uint16_t)atoi(argv[1]) : 8080;
    return cairn_http_serve(app, NULL, .host = "127.0.0.1", .port = port, .drain_delay_ms = 500,
        .on_signal = on_signal, .signal_cx = argv);
}
/* [/snippet] */
