#include "hedging.h"

#include <stdlib.h>

#include <cairn/layers/hedge.h>
#include <cairn/service/stack.h>

#include "sim.h"

/* Returns the calls of the upstream per call of the clients. */
static double hedging_run(struct cairn_layer layer, unsigned *p50, unsigned *p99)
{
    struct sim sim;
    struct sim_endpoint upstream;
    struct sim_stats *stats = calloc(1, sizeof(*stats));
    sim_begin(&sim, 2);
    sim_endpoint_init(&upstream, &sim, 200, 5);
    upstream.slow_rate = 0.02;
    upstream.slow_ms = 200;
    struct cairn_service *service = cairn_stack_build(sim_endpoint_service(&upstream), &layer, 1);
    const struct sim_client client = {service, 500, 0, stats};
    sim_run(&sim, &client, 1, 60000);
    *p50 = sim_percentile(stats, 0.5);
    *p99 = sim_percentile(stats, 0.99);
    double calls = (double)upstream.calls / (double)stats->sent;
    cairn_service_drop(service);
    sim_end(&sim);
    free(stats);
    return calls;
}

struct hedging_figures sim_hedging(void)
{
    struct hedging_figures figures;
    hedging_run(cairn_layer_none(), &figures.p50_without, &figures.p99_without);
    double calls =
        hedging_run(cairn_hedge(.percentile = 0.95), &figures.p50_with, &figures.p99_with);
    figures.extra = calls - 1;
    return figures;
}
