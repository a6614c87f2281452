/* processes.c - workers in processes of their own: GET /crash ends one, and another takes its
 * place. */
#include <stdlib.h>
#include <unistd.h>

#include <cairn/http/answer.h>
#include <cairn/http/router.h>
#include <cairn/http/server.h>

static struct cairn_http_response *who(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_textf(req, 200, "%d\n", (int)getpid());
}

static struct cairn_http_response *crash(struct cairn_http_request *req, void *state)
{
    (void)req, (void)state;
    abort();
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    struct cairn_http_router *router = cairn_http_router_new();
    (void)cx, (void)worker;
    cairn_http_get(router, "/", cairn_http_handler(who, NULL));
    cairn_http_get(router, "/crash", cairn_http_handler(crash, NULL));
    return cairn_http_router_service(router);
}

int main(int argc, char **argv)
{
    uint16_t port = (uint16_t)(argc > 1 ? atoi(argv[1]) : 8080);
    /* [snippet] */
    return cairn_http_serve(app, NULL, .port = port, .host = "127.0.0.1",
        .processes = 4, /* each with a worker of its own */
        .workers = 1, .hang_ms = 5000);
    /* [/snippet] */
}
