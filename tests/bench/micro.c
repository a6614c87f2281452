/* micro.c - what a layer costs: poll_ready, call, and driving the future to its end, in
 * nanoseconds. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cairn/http/router.h>
#include <cairn/layers/adaptive_limit.h>
#include <cairn/layers/async_filter.h>
#include <cairn/layers/balance.h>
#include <cairn/layers/circuit_breaker.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/deadline.h>
#include <cairn/layers/fail_fast.h>
#include <cairn/layers/fallback.h>
#include <cairn/layers/filter.h>
#include <cairn/layers/gate.h>
#include <cairn/layers/hedge.h>
#include <cairn/layers/load_shed.h>
#include <cairn/layers/peak_ewma.h>
#include <cairn/layers/pending_requests.h>
#include <cairn/layers/priority_queue.h>
#include <cairn/layers/rate_limit.h>
#include <cairn/layers/rate_limit_keyed.h>
#include <cairn/layers/retry.h>
#include <cairn/layers/spawn_ready.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/future.h>
#include <cairn/service/map.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>
#include <cairn/service/then.h>
#include <cairn/service/timer.h>

#define CALLS 400000
#define ROUNDS 9
#define TIMERS 100000

static int request_value;

static void *request_clone(const void *value)
{
    (void)value;
    return &request_value;
}

static const struct cairn_type number = {.name = "number", .clone = request_clone};

/* Leaves: one that answers at once, and one that is pending at its first poll. */
static struct cairn_future ready_call(struct cairn_service *self, void *request)
{
    (void)self;
    return cairn_future_ready(request);
}

struct once {
    void *value;
    bool has_waited;
};

static enum cairn_poll once_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct once *self = state;
    (void)cx;
    if (!self->has_waited) {
        self->has_waited = true;
        return CAIRN_PENDING;
    }
    out->value = self->value;
    return CAIRN_READY;
}

static const struct cairn_future_ops once_future_ops = {
    .name = "once", .size = sizeof(struct once), .poll = once_poll};

static struct cairn_future once_call(struct cairn_service *self, void *request)
{
    (void)self;
    return cairn_future_box(&once_future_ops, &(struct once){request, false});
}

static const struct cairn_service_ops ready_ops = {
    .name = "ready", .size = sizeof(struct cairn_service), .call = ready_call};
static const struct cairn_service_ops once_ops = {
    .name = "once", .size = sizeof(struct cairn_service), .call = once_call};

static struct cairn_service *leaf(bool is_ready)
{
    struct cairn_service *self = cairn_service_new(is_ready ? &ready_ops : &once_ops, NULL);
    self->request_type = self->response_type = &number;
    return self;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof(*values), by_value);
    return values[count / 2];
}

static void nothing(struct cairn_task *task)
{
    (void)task;
}

static struct cairn_runtime *runtime;
static struct cairn_context context;

static double one_round(struct cairn_service *service)
{
    struct cairn_error *error;
    union cairn_outcome out;
    double begin = seconds();
    for (int i = 0; i < CALLS; i++) {
        if (cairn_service_poll_ready(service, &context, &error) != CAIRN_READY)
            abort();
        struct cairn_future future = cairn_service_call(service, &request_value);
        while (cairn_future_poll(&future, &context, &out) == CAIRN_PENDING)
            ;
        if (out.value != &request_value)
            abort();
    }
    return (seconds() - begin) / CALLS * 1e9;
}

/* ns a call. Takes SERVICE. */
static double measure(struct cairn_service *service)
{
    double rounds[ROUNDS];
    if (cairn_service_error(service)) {
        fprintf(stderr, "%s\n", cairn_service_error(service)->message);
        exit(1);
    }
    one_round(service);
    for (int i = 0; i < ROUNDS; i++)
        rounds[i] = one_round(service);
    cairn_service_drop(service);
    return median(rounds, ROUNDS);
}

static struct cairn_service *permits(struct cairn_service *service, int count)
{
    const struct cairn_layer layer = cairn_concurrency_limit(.max = 16);
    while (count--)
        service = cairn_layer_apply(&layer, service);
    return service;
}

static struct cairn_service *tower_five(struct cairn_service *service)
{
    return cairn_stack(service, cairn_load_shed(), cairn_concurrency_limit(.max = 16),
        cairn_rate_limit(.num = 1000000000), cairn_timeout(.after_ms = 1000), cairn_retry());
}

static void report_permits(bool is_ready, double bound)
{
    double none = measure(leaf(is_ready));
    double ten = measure(permits(leaf(is_ready), 10));
    printf("ten layers with a permit, leaf %s: %.1f ns a call, %.2f ns a layer (at most %.0f)\n",
        is_ready ? "ready" : "pending once", ten, (ten - none) / 10, bound);
}

static void *same(void *cx, void *value)
{
    (void)cx;
    return value;
}

static struct cairn_error *same_error(void *cx, struct cairn_error *error)
{
    (void)cx;
    return error;
}

static struct cairn_future same_later(void *cx, void *value)
{
    (void)cx;
    return cairn_future_ready(value);
}

static struct cairn_future same_either_way(void *cx, enum cairn_poll p, union cairn_outcome out)
{
    (void)cx;
    return p == CAIRN_READY ? cairn_future_ready(out.value) : cairn_future_failed(out.error);
}

static void *let_pass(void *cx, void *request, struct cairn_error **error)
{
    (void)cx;
    (void)error;
    return request;
}

static void report_layer(const char *name, struct cairn_layer layer)
{
    double ready = measure(cairn_layer_apply(&layer, leaf(true))) - measure(leaf(true));
    double once = measure(cairn_layer_apply(&layer, leaf(false))) - measure(leaf(false));
    printf("%-18s ready %5.1f ns   pending once %5.1f ns\n", name, ready, once);
}

static void never(struct cairn_timer *timer)
{
    (void)timer;
}

static void report_timers(void)
{
    static struct cairn_timer pending[TIMERS];
    struct cairn_timer timer = {0};
    uint64_t now = cairn_runtime_now_ms(runtime);
    for (int i = 0; i < TIMERS; i++)
        cairn_timer_arm(runtime, &pending[i], now + 60000 + (uint64_t)i, never);
    double rounds[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
        double begin = seconds();
        for (int i = 0; i < CALLS; i++) {
            cairn_timer_arm(runtime, &timer, now + 1000 + (uint64_t)(i & 4095), never);
            cairn_timer_cancel(&timer);
        }
        rounds[r] = (seconds() - begin) / CALLS * 1e9;
    }
    for (int i = 0; i < TIMERS; i++)
        cairn_timer_cancel(&pending[i]);
    printf("arm and cancel a timer, %d others pending: %.1f ns\n", TIMERS, median(rounds, ROUNDS));
}

static struct cairn_str one_key(void *cx, const void *request)
{
    (void)cx;
    (void)request;
    return CAIRN_STR("127.0.0.1");
}

static void report_balance(void)
{
    struct cairn_service *endpoints[10];
    for (int i = 0; i < 10; i++)
        endpoints[i] = leaf(true);
    struct cairn_service *balancer = cairn_balance(
        cairn_discover_list(endpoints, 10), .request_type = &number, .response_type = &number);
    printf("%-18s ready %5.1f ns a call, p2c over ten endpoints\n", "balance",
        measure(balancer) - measure(leaf(true)));
}

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    (void)req;
    return state;
}

#define PATHS 10
#define ROUTER_CALLS 20000

/* COUNT routes of five kinds, and paths that have some of them, from the first to the last. */
static struct cairn_service *router_of(
    int count, struct cairn_http_response *res, char paths[PATHS][64])
{
    static const char *const patterns[] = {"/static%04d/list", "/users/{id}/thing%04d",
        "/v%04d-{minor}/info", "/files%04d/{*path}", "/{name}.ext%04d"};
    static const char *const examples[] = {
        "/static%04d/list", "/users/42/thing%04d", "/v%04d-7/info", "/files%04d/a/b", "/x.ext%04d"};
    struct cairn_http_router *r = cairn_http_router_new();
    char pattern[64];
    for (int i = 0; i < count; i++) {
        snprintf(pattern, sizeof(pattern), patterns[i % 5], i);
        cairn_http_get(r, pattern, cairn_http_handler(answer, res));
    }
    for (int i = 0; i < PATHS; i++) {
        int n = i * (count - 1) / (PATHS - 1);
        snprintf(paths[i], sizeof(paths[i]), examples[n % 5], n);
    }
    return cairn_http_router_service(r);
}

static double route_round(struct cairn_service *router, struct cairn_http_request **reqs)
{
    struct cairn_error *error;
    union cairn_outcome out;
    double begin = seconds();
    for (int i = 0; i < ROUTER_CALLS; i++) {
        if (cairn_service_poll_ready(router, &context, &error) != CAIRN_READY)
            abort();
        struct cairn_future future = cairn_service_call(router, reqs[i % PATHS]);
        if (cairn_future_poll(&future, &context, &out) != CAIRN_READY ||
            ((struct cairn_http_response *)out.value)->status != 299)
            abort();
    }
    return (seconds() - begin) / ROUTER_CALLS * 1e9;
}

/* ns a call of a router of COUNT routes. The copies of the patterns go into an arena for a round.
 */
static double measure_router(int count)
{
    double rounds[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
        char paths[PATHS][64];
        struct cairn_http_request *reqs[PATHS];
        struct cairn_arena *arena = cairn_arena_new(NULL);
        for (int i = 0; i < PATHS; i++)
            reqs[i] = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
        struct cairn_http_response *res = cairn_http_response_new(reqs[0], 299);
        struct cairn_service *router = router_of(count, res, paths);
        for (int i = 0; i < PATHS; i++)
            reqs[i]->path = cairn_str_from(paths[i]);
        route_round(router, reqs);
        rounds[r] = route_round(router, reqs);
        cairn_service_drop(router);
        cairn_arena_free(arena);
    }
    return median(rounds, ROUNDS);
}

static void report_router(void)
{
    double ten = measure_router(10);
    double hundred = measure_router(100);
    double thousand = measure_router(1000);
    printf("%-18s %.1f ns a call with 10 routes, %.1f with 100, %.1f with 1000: %.2f times ten's\n",
        "router", ten, hundred, thousand, thousand / ten);
}

int main(void)
{
    static const struct cairn_task_ops ops = {.name = "bench", .run = nothing};
    struct cairn_error *error;
    struct cairn_task task;
    runtime = cairn_runtime_new(NULL, &error);
    cairn_task_init(&task, &ops, runtime);
    context = (struct cairn_context){&task, runtime};
    struct cairn_gate *gate = cairn_gate_new();
    struct cairn_service *second = leaf(true);
    printf("median of %d rounds of %d calls, one thread\n", ROUNDS, CALLS);
    report_permits(true, 4);
    report_permits(false, 12);
    report_layer("load_shed", cairn_load_shed());
    report_layer("concurrency_limit", cairn_concurrency_limit(.max = 16));
    report_layer("rate_limit", cairn_rate_limit(.num = 1000000000));
    report_layer("timeout", cairn_timeout(.after_ms = 1000));
    report_layer("retry", cairn_retry());
    report_layer("map_request", cairn_map_request(NULL, same, NULL));
    report_layer("map_response", cairn_map_response(NULL, same, NULL));
    report_layer("map_error", cairn_map_error(same_error, NULL));
    report_layer("then", cairn_then(NULL, same_either_way, NULL));
    report_layer("and_then", cairn_and_then(NULL, same_later, NULL));
    report_layer("filter", cairn_filter(.predicate = let_pass));
    report_layer("async_filter", cairn_async_filter(.predicate = same_later));
    report_layer("spawn_ready", cairn_spawn_ready());
    report_layer("hedge", cairn_hedge());
    report_layer("circuit_breaker", cairn_circuit_breaker());
    report_layer("adaptive_limit", cairn_adaptive_limit());
    report_layer("rate_limit_keyed", cairn_rate_limit_keyed(.num = 1000000000, .key = one_key));
    report_layer("deadline", cairn_deadline(.after_ms = 1000));
    report_layer("priority_queue", cairn_priority_queue());
    report_layer("fail_fast", cairn_fail_fast());
    report_layer("gate", cairn_gate(.gate = gate));
    report_layer("fallback", cairn_fallback(.service = second));
    report_layer("pending_requests", cairn_pending_requests());
    report_layer("peak_ewma", cairn_peak_ewma());
    report_balance();
    report_router();
    printf("all five: ready %.1f ns, pending once %.1f ns a call\n",
        measure(tower_five(leaf(true))), measure(tower_five(leaf(false))));
    report_timers();
    cairn_service_drop(second);
    cairn_gate_unref(gate);
    cairn_task_unref(&task);
    cairn_runtime_free(runtime);
    return 0;
}
