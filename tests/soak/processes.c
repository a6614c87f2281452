/* processes.c - a server in several processes (cairn_http_serve): processes COUNT [WORKERS].
 *
 *   GET /       the number of the process that answers
 *   GET /crash  ends it with a signal
 *   GET /stick  never comes back
 *
 * A worker that does not turn for a second hangs. */
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <cairn/http/answer.h>
#include <cairn/http/router.h>
#include <cairn/http/server.h>

static struct cairn_http_response *who(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_textf(req, 200, "%d", (int)getpid());
}

static struct cairn_http_response *crash(struct cairn_http_request *req, void *state)
{
    (void)req;
    (void)state;
    abort();
}

static struct cairn_http_response *stick(struct cairn_http_request *req, void *state)
{
    volatile bool is_stuck = true;
    (void)req;
    (void)state;
    while (is_stuck)
        ;
    return NULL;
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    struct cairn_http_router *router = cairn_http_router_new();
    (void)cx, (void)worker;
    cairn_http_get(router, "/", cairn_http_handler(who, NULL));
    cairn_http_get(router, "/crash", cairn_http_handler(crash, NULL));
    cairn_http_get(router, "/stick", cairn_http_handler(stick, NULL));
    return cairn_http_router_service(router);
}

int main(int argc, char **argv)
{
    return cairn_http_serve(app, NULL, .host = "127.0.0.1", .hang_ms = 1000,
        .processes = argc > 1 ? (unsigned)atoi(argv[1]) : 0,
        .workers = argc > 2 ? (unsigned)atoi(argv[2]) : 1);
}
