#include "bench/micro/micro.h"

#include <stdio.h>

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
#include <cairn/service/map.h>
#include <cairn/service/stack.h>
#include <cairn/service/then.h>

/* A layer that passes everything on, through a future of its own. */
struct pass_future {
    struct cairn_future inner;
};

static enum cairn_poll pass_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    return cairn_future_poll(&((struct pass_future *)state)->inner, cx, out);
}

static void pass_drop(void *state)
{
    cairn_future_drop(&((struct pass_future *)state)->inner);
}

static const struct cairn_future_ops pass_future_ops = {.name = "pass",
    .size = sizeof(struct pass_future),
    .wraps = true,
    .poll = pass_poll,
    .drop = pass_drop};

static enum cairn_poll pass_poll_ready(
    struct cairn_service *self, const struct cairn_context *cx, struct cairn_error **error)
{
    return cairn_service_poll_ready(self->inner, cx, error);
}

static struct cairn_future pass_call(struct cairn_service *self, void *request)
{
    return cairn_future_wrap(
        &pass_future_ops, &(struct pass_future){cairn_service_call(self->inner, request)});
}

static const struct cairn_service_ops pass_ops = {.name = "pass",
    .size = sizeof(struct cairn_service),
    .poll_ready = pass_poll_ready,
    .call = pass_call};

static struct cairn_service *pass(void *cx, struct cairn_service *inner)
{
    (void)cx;
    return cairn_service_new(&pass_ops, inner);
}

static struct cairn_service *times(
    struct cairn_service *service, struct cairn_layer layer, int count)
{
    while (count--)
        service = cairn_layer_apply(&layer, service);
    return service;
}

static void add_stack(const char *name, struct cairn_layer layer, int count)
{
    char text[64];
    snprintf(text, sizeof(text), "%s.ready", name);
    micro_add_service(text, times(micro_leaf(true), layer, count));
    snprintf(text, sizeof(text), "%s.once", name);
    micro_add_service(text, times(micro_leaf(false), layer, count));
}

static void add_layer(const char *name, struct cairn_layer layer)
{
    char text[48];
    snprintf(text, sizeof(text), "layer.%s", name);
    add_stack(text, layer, 1);
}

static struct cairn_service *five(struct cairn_service *service)
{
    return cairn_stack(service, cairn_load_shed(), cairn_concurrency_limit(.max = 16),
        cairn_rate_limit(.num = 1000000000), cairn_timeout(.after_ms = 1000), cairn_retry());
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

static struct cairn_str one_key(void *cx, const void *request)
{
    (void)cx;
    (void)request;
    return CAIRN_STR("127.0.0.1");
}

static void add_passing(void)
{
    static const int counts[] = {1, 5, 10};
    micro_add_service("leaf.ready", micro_leaf(true));
    micro_add_service("leaf.once", micro_leaf(false));
    for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
        char name[32];
        snprintf(name, sizeof(name), "pass.%d", counts[i]);
        add_stack(name, cairn_layer_fn("pass", pass, NULL), counts[i]);
        snprintf(name, sizeof(name), "permit.%d", counts[i]);
        add_stack(name, cairn_concurrency_limit(.max = 16), counts[i]);
    }
}

/* What Tower has too. */
static void add_towers(void)
{
    add_layer("load_shed", cairn_load_shed());
    add_layer("concurrency_limit", cairn_concurrency_limit(.max = 16));
    add_layer("rate_limit", cairn_rate_limit(.num = 1000000000));
    add_layer("timeout", cairn_timeout(.after_ms = 1000));
    add_layer("retry", cairn_retry());
    micro_add_service("five.ready", five(micro_leaf(true)));
    micro_add_service("five.once", five(micro_leaf(false)));
    add_layer("map_request", cairn_map_request(NULL, same, NULL));
    add_layer("map_response", cairn_map_response(NULL, same, NULL));
    add_layer("map_error", cairn_map_error(same_error, NULL));
    add_layer("then", cairn_then(NULL, same_either_way, NULL));
    add_layer("and_then", cairn_and_then(NULL, same_later, NULL));
    add_layer("filter", cairn_filter(.predicate = let_pass));
    add_layer("async_filter", cairn_async_filter(.predicate = same_later));
    add_layer("spawn_ready", cairn_spawn_ready());
}

static void add_balance(void)
{
    struct cairn_service *endpoints[10];
    for (int i = 0; i < 10; i++)
        endpoints[i] = micro_leaf(true);
    const struct cairn_type *type = endpoints[0]->request_type;
    micro_add_service("layer.balance.ready", cairn_balance(cairn_discover_list(endpoints, 10),
                                                 .request_type = type, .response_type = type));
}

/* Clones of it serve each stack: it and the gate live as long as the program. */
static void add_others(void)
{
    struct cairn_gate *gate = cairn_gate_new();
    struct cairn_service *second = micro_leaf(true);
    add_layer("hedge", cairn_hedge());
    add_layer("circuit_breaker", cairn_circuit_breaker());
    add_layer("adaptive_limit", cairn_adaptive_limit());
    add_layer("rate_limit_keyed", cairn_rate_limit_keyed(.num = 1000000000, .key = one_key));
    add_layer("deadline", cairn_deadline(.after_ms = 1000));
    add_layer("priority_queue", cairn_priority_queue());
    add_layer("fail_fast", cairn_fail_fast());
    add_layer("gate", cairn_gate(.gate = gate));
    add_layer("fallback", cairn_fallback(.service = second));
    add_layer("pending_requests", cairn_pending_requests());
    add_layer("peak_ewma", cairn_peak_ewma());
    add_balance();
    cairn_service_drop(second);
    cairn_gate_unref(gate);
}

void micro_add_layers(void)
{
    add_passing();
    add_towers();
    add_others();
}
