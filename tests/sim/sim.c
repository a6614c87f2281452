#include "sim.h"

#include <math.h>
#include <stdlib.h>

#include <cairn/service/alloc.h>
#include <cairn/service/call.h>
#include <cairn/service/sleep.h>

void sim_begin(struct sim *sim, uint64_t seed)
{
    sim->runtime = cairn_test_runtime_new(&sim->clock);
    cairn_random_init(&sim->random, seed);
}

void sim_end(struct sim *sim)
{
    cairn_runtime_free(sim->runtime);
}

uint64_t sim_now(const struct sim *sim)
{
    return sim->clock.now_ns / 1000000;
}

static double sim_exponential(struct sim *sim, double mean)
{
    return -log(1.0 - cairn_random_next_double(&sim->random)) * mean;
}

static void *request_clone(const void *value)
{
    const struct sim_request *request = value;
    struct sim_request *copy = cairn_alloc(sizeof(*copy));
    if (copy)
        *copy = *request;
    return copy;
}

const struct cairn_type sim_request_type = {
    .name = "sim.request", .clone = request_clone, .drop = cairn_free};

/* The endpoint. */

struct endpoint_service {
    struct cairn_service base;
    struct sim_endpoint *endpoint;
};

struct endpoint_future {
    struct cairn_sleep_state sleep;
    void *request;
    bool fails;
};

static enum cairn_poll endpoint_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    static struct cairn_error unavailable =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_UNAVAILABLE, "endpoint", "it is down");
    struct endpoint_future *self = state;
    if (cairn_sleep_poll(&self->sleep, cx) == CAIRN_PENDING)
        return CAIRN_PENDING;
    if (self->fails) {
        out->error = &unavailable;
        return CAIRN_FAILED;
    }
    out->value = self->request;
    self->request = NULL;
    return CAIRN_READY;
}

static void endpoint_drop(void *state)
{
    struct endpoint_future *self = state;
    cairn_sleep_stop(&self->sleep);
    cairn_type_drop(&sim_request_type, self->request);
}

static double *endpoint_first_free(struct sim_endpoint *self)
{
    double *first = &self->free_at_ms[0];
    for (unsigned i = 1; i < self->servers; i++)
        if (self->free_at_ms[i] < *first)
            first = &self->free_at_ms[i];
    return first;
}

static struct cairn_future endpoint_call(struct cairn_service *base, void *request)
{
    static const struct cairn_future_ops ops = {.name = "endpoint",
        .size = sizeof(struct endpoint_future),
        .poll = endpoint_poll,
        .drop = endpoint_drop};
    struct sim_endpoint *self = ((struct endpoint_service *)base)->endpoint;
    double now = (double)sim_now(self->sim);
    bool is_slow = cairn_random_next_double(&self->sim->random) < self->slow_rate;
    double takes = is_slow ? self->slow_ms : sim_exponential(self->sim, self->mean_ms);
    bool fails = cairn_random_next_double(&self->sim->random) < self->error_rate;
    double *free_at = endpoint_first_free(self);
    double begins = *free_at > now ? *free_at : now;
    *free_at = begins + (fails ? takes / 10 : takes);
    self->calls++;
    self->failures += fails;
    return cairn_future_box(
        &ops, &(struct endpoint_future){
                  .sleep.at_ms = (uint64_t)ceil(*free_at), .request = request, .fails = fails});
}

static const struct cairn_service_ops endpoint_ops = {
    .name = "endpoint", .size = sizeof(struct endpoint_service), .call = endpoint_call};

void sim_endpoint_init(
    struct sim_endpoint *endpoint, struct sim *sim, unsigned servers, double mean_ms)
{
    *endpoint = (struct sim_endpoint){.sim = sim, .servers = servers, .mean_ms = mean_ms};
}

struct cairn_service *sim_endpoint_service(struct sim_endpoint *endpoint)
{
    struct endpoint_service *self = cairn_service_new(&endpoint_ops, NULL);
    if (!self)
        return cairn_service_broken(&cairn_error_no_memory);
    self->base.request_type = self->base.response_type = &sim_request_type;
    self->endpoint = endpoint;
    return &self->base;
}

/* The clients. */

struct flight {
    struct cairn_future call;
    struct sim *sim;
    struct sim_stats *stats;
    uint64_t began_ms;
};

static enum cairn_poll flight_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct flight *self = state;
    enum cairn_poll p = cairn_future_poll(&self->call, cx, out);
    if (p == CAIRN_PENDING)
        return p;
    uint64_t took = sim_now(self->sim) - self->began_ms;
    if (p == CAIRN_READY) {
        self->stats->ok++;
        self->stats->latencies[took < SIM_MAX_MS ? took : SIM_MAX_MS]++;
        cairn_type_drop(&sim_request_type, out->value);
    } else {
        self->stats->failed++;
        cairn_error_unref(out->error);
    }
    out->value = NULL;
    return CAIRN_READY;
}

static void client_send(struct sim *sim, const struct sim_client *client)
{
    static const struct cairn_future_ops ops = {
        .name = "flight", .size = sizeof(struct flight), .poll = flight_poll, .wraps = true};
    struct sim_request *request = cairn_alloc(sizeof(*request));
    struct cairn_service *service = cairn_service_clone(client->service);
    if (!request || !service)
        abort();
    *request = (struct sim_request){client->stats->sent++, client->class};
    struct cairn_future flight =
        cairn_future_box(&ops, &(struct flight){cairn_service_oneshot(service, request), sim,
                                   client->stats, sim_now(sim)});
    if (cairn_spawn(sim->runtime, flight, NULL))
        abort();
}

void sim_run(struct sim *sim, const struct sim_client *clients, size_t count, uint64_t ms)
{
    double due[16];
    uint64_t end = sim_now(sim) + ms;
    for (size_t i = 0; i < count; i++)
        due[i] = (double)sim_now(sim) + sim_exponential(sim, 1000 / clients[i].per_s);
    while (sim_now(sim) < end) {
        for (size_t i = 0; i < count; i++) {
            while (due[i] <= (double)sim_now(sim)) {
                client_send(sim, &clients[i]);
                due[i] += sim_exponential(sim, 1000 / clients[i].per_s);
            }
        }
        cairn_test_clock_advance_ms(&sim->clock, sim->runtime, 1);
    }
}

unsigned sim_percentile(const struct sim_stats *stats, double share)
{
    uint64_t wanted = (uint64_t)ceil((double)stats->ok * share);
    uint64_t seen = 0;
    for (unsigned ms = 0; ms <= SIM_MAX_MS; ms++) {
        seen += stats->latencies[ms];
        if (seen >= wanted)
            return ms;
    }
    return SIM_MAX_MS;
}
