/* cairn_ten.c - hello behind a router and the ten layers of a service that is operated, one worker.
 * No limit is ever reached; the log goes through its buffer to /dev/null. */
#include <stdio.h>
#include <stdlib.h>

#include <cairn/http/layers/access_log.h>
#include <cairn/http/layers/in_flight.h>
#include <cairn/http/layers/map_message.h>
#include <cairn/http/layers/request_id.h>
#include <cairn/http/layers/set_header.h>
#include <cairn/http/router.h>
#include <cairn/http/server.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/load_shed.h>
#include <cairn/layers/rate_limit.h>
#include <cairn/layers/retry.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "Hello, World!");
}

static struct cairn_http_response *same(struct cairn_http_response *res, void *state)
{
    (void)state;
    return res;
}

static struct cairn_service *app(void *log, const struct cairn_http_worker *worker)
{
    struct cairn_http_router *router = cairn_http_router_new();
    (void)worker;
    cairn_http_get(router, "/", cairn_http_handler(hello, NULL));
    return cairn_stack(cairn_http_router_service(router), cairn_request_id(),
        cairn_access_log(.file = log), cairn_in_flight(),
        cairn_set_header(.name = "X-Content-Type-Options", .value = "nosniff"),
        cairn_http_map_response(same, NULL), cairn_load_shed(),
        cairn_concurrency_limit(.max = 10000), cairn_rate_limit(.num = 1000000000),
        cairn_timeout(.after_ms = 30000), cairn_retry());
}

int main(int argc, char **argv)
{
    FILE *log = fopen("/dev/null", "w");
    if (!log)
        return 1;
    int rc = cairn_http_serve(app, log, .host = "127.0.0.1",
        .workers = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1);
    fclose(log);
    return rc;
}
