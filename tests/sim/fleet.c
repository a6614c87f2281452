#include "fleet.h"

#include <stdlib.h>
#include <string.h>

#include <cairn/layers/balance.h>
#include <cairn/layers/circuit_breaker.h>
#include <cairn/layers/peak_ewma.h>
#include <cairn/service/stack.h>

#include "sim.h"

#define FLEET_SIZE 10
#define FLEET_SERVERS 10
#define FLEET_MEAN_MS 10
#define FLEET_PER_S 1000
#define FLEET_SLOW 3
#define FLEET_FAILING 7
#define FLEET_STEP_MS 10
#define FLEET_FAULTY_MS 20000
#define FLEET_QUIET_MS 500

struct fleet {
    struct sim sim;
    struct sim_endpoint endpoints[FLEET_SIZE];
    struct sim_client client;
    struct sim_stats *stats;
};

static void fleet_step(struct fleet *self, uint64_t ms)
{
    sim_run(&self->sim, &self->client, 1, ms);
}

/* An open breaker is not ready, and the balancer takes another endpoint: that is the ejection. */
static struct cairn_service *fleet_endpoint(struct fleet *self, unsigned i, bool is_balanced)
{
    const struct cairn_backoff backoff = {.min_ms = 1000, .max_ms = 5000, .jitter = 0.5};
    struct cairn_service *endpoint = sim_endpoint_service(&self->endpoints[i]);
    if (!is_balanced)
        return endpoint;
    return cairn_stack(endpoint, cairn_peak_ewma(),
        cairn_circuit_breaker(.wait = true, .backoff = backoff, .seed = i + 1));
}

static void fleet_begin(struct fleet *self, bool is_balanced)
{
    struct cairn_service *services[FLEET_SIZE];
    self->stats = calloc(1, sizeof(*self->stats));
    sim_begin(&self->sim, 4);
    for (unsigned i = 0; i < FLEET_SIZE; i++) {
        sim_endpoint_init(&self->endpoints[i], &self->sim, FLEET_SERVERS, FLEET_MEAN_MS);
        services[i] = fleet_endpoint(self, i, is_balanced);
    }
    struct cairn_service *balancer = cairn_balance(cairn_discover_list(services, FLEET_SIZE),
        .request_type = &sim_request_type, .response_type = &sim_request_type,
        .pick = is_balanced ? &cairn_balance_p2c : &cairn_balance_round_robin, .seed = 5);
    self->client = (struct sim_client){balancer, FLEET_PER_S, 0, self->stats};
}

static void fleet_end(struct fleet *self)
{
    cairn_service_drop(self->client.service);
    sim_end(&self->sim);
    free(self->stats);
}

/* Runs the faulty time; the last failure before the first quiet half second is the ejection. */
static uint64_t fleet_eject(struct fleet *self)
{
    const struct sim_endpoint *failing = &self->endpoints[FLEET_FAILING];
    uint64_t began = 0;
    uint64_t last = 0;
    uint64_t ejected = 0;
    for (uint64_t ms = 0; ms < FLEET_FAULTY_MS; ms += FLEET_STEP_MS) {
        uint64_t before = failing->failures;
        fleet_step(self, FLEET_STEP_MS);
        uint64_t now = sim_now(&self->sim);
        if (failing->failures != before)
            last = now;
        if (failing->failures != before && !began)
            began = now;
        if (!ejected && last && now - last >= FLEET_QUIET_MS)
            ejected = last - began + FLEET_STEP_MS;
    }
    return ejected ? ejected : FLEET_NEVER;
}

static uint64_t fleet_return(struct fleet *self)
{
    const struct sim_endpoint *endpoint = &self->endpoints[FLEET_FAILING];
    for (uint64_t ms = 0; ms < 120000; ms += 100) {
        uint64_t before = endpoint->calls;
        fleet_step(self, 100);
        if (endpoint->calls - before >= FLEET_PER_S / 10 / FLEET_SIZE / 2)
            return ms + 100;
    }
    return FLEET_NEVER;
}

static struct fleet_run fleet_play(bool is_balanced)
{
    struct fleet self;
    struct fleet_run run;
    fleet_begin(&self, is_balanced);
    fleet_step(&self, 5000);
    memset(self.stats, 0, sizeof(*self.stats));
    self.endpoints[FLEET_SLOW].mean_ms = 10 * FLEET_MEAN_MS;
    self.endpoints[FLEET_FAILING].error_rate = 1;
    run.eject_ms = fleet_eject(&self);
    run.errors = (double)self.stats->failed / (double)self.stats->sent;
    run.p50 = sim_percentile(self.stats, 0.5);
    run.p99 = sim_percentile(self.stats, 0.99);
    self.endpoints[FLEET_FAILING].error_rate = 0;
    run.return_ms = fleet_return(&self);
    fleet_end(&self);
    return run;
}

struct fleet_figures sim_fleet(void)
{
    struct fleet_figures figures;
    figures.round_robin = fleet_play(false);
    figures.balanced = fleet_play(true);
    return figures;
}
