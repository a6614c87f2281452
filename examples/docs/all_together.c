/* all_together.c - the traffic layers in one stack of a service, and in one of a client of a fleet.
 */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/access_log.h>
#include <cairn/http/layers/error_to_response.h>
#include <cairn/http/layers/request_id.h>
#include <cairn/layers/adaptive_limit.h>
#include <cairn/layers/balance.h>
#include <cairn/layers/circuit_breaker.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/deadline.h>
#include <cairn/layers/hedge.h>
#include <cairn/layers/peak_ewma.h>
#include <cairn/layers/priority_queue.h>
#include <cairn/layers/rate_limit_keyed.h>
#include <cairn/layers/retry.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

/* Who asks: a field that a proxy in front has set. */
static struct cairn_str by_client(void *cx, const void *request)
{
    (void)cx;
    return cairn_http_request_field(request, "X-Client");
}

static enum cairn_priority by_path(void *cx, const void *request)
{
    const struct cairn_http_request *req = request;
    (void)cx;
    return cairn_str_equal(req->path, CAIRN_STR("/healthz")) ? CAIRN_PRIORITY_CRITICAL
                                                             : CAIRN_PRIORITY_NORMAL;
}

/* [service] */
static struct cairn_service *service_stack(struct cairn_service *router)
{
    return cairn_stack(router,            /* inside of all layers */
        cairn_request_id(),               /* everything inside can name the request */
        cairn_access_log(.file = stderr), /* sees every answer, also of errors */
        cairn_error_to_response(),        /* from here out there are only responses */
        cairn_rate_limit_keyed(.num = 100, .key = by_client), /* over its share: no further */
        cairn_deadline(.after_ms = 2000), /* who has gone by then is not worked for */
        cairn_priority_queue(.classify = by_path, .max_wait_ms = 500), /* who waits best */
        cairn_adaptive_limit(.max = 512)); /* as many at a time as do each other no harm */
}
/* [/service] */

/* [fleet] */
static struct cairn_service *endpoint_stack(struct cairn_service *connection)
{
    return cairn_stack(connection,           /* one of the fleet */
        cairn_peak_ewma(),                   /* tells the balancer how slow it is */
        cairn_circuit_breaker(.wait = true), /* open: not ready, and so not chosen */
        cairn_concurrency_limit(.max = 64),  /* full: not ready, and so not chosen */
        cairn_timeout(.after_ms = 500));     /* inside of the breaker, which counts it */
}

static struct cairn_service *fleet_stack(struct cairn_stream endpoints)
{
    struct cairn_service *balancer = cairn_balance(endpoints,
        .request_type = &cairn_http_request_type, .response_type = &cairn_http_response_type);
    return cairn_stack(balancer,          /* each attempt may go somewhere else */
        cairn_deadline(.after_ms = 2000), /* for the call as a whole */
        cairn_retry(.attempts = 3),       /* within a budget */
        cairn_hedge(.percentile = 0.95)); /* a second copy of what takes long */
}
/* [/fleet] */

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "hello");
}

static bool answers(struct cairn_runtime *runtime, struct cairn_service *stack)
{
    union cairn_outcome out;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    cairn_stack_print(stack, stdout);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(stack, req), &out);
    const struct cairn_http_response *res = p == CAIRN_READY ? out.value : NULL;
    bool is_good = res && res->status == 200;
    cairn_arena_free(arena);
    return is_good;
}

int main(void)
{
    struct cairn_error *error;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_service *endpoints[3];
    if (!runtime)
        return 1;
    for (int i = 0; i < 3; i++)
        endpoints[i] = endpoint_stack(cairn_http_handler(hello, NULL));
    bool is_good = answers(runtime, service_stack(cairn_http_handler(hello, NULL))) &&
                   answers(runtime, fleet_stack(cairn_discover_list(endpoints, 3)));
    cairn_runtime_free(runtime);
    return is_good ? 0 : 1;
}
