/* cairn_hello.c - hello behind a router and no layer, one worker. cairn_hello [WORKERS] */
#include <stdlib.h>

#include <cairn/http/router.h>
#include <cairn/http/server.h>

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "Hello, World!");
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    struct cairn_http_router *router = cairn_http_router_new();
    (void)cx, (void)worker;
    cairn_http_get(router, "/", cairn_http_handler(hello, NULL));
    return cairn_http_router_service(router);
}

int main(int argc, char **argv)
{
    return cairn_http_serve(app, NULL, .host = "127.0.0.1",
        .workers = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1);
}
