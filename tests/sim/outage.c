#include "outage.h"

#include <stdlib.h>

#include <cairn/layers/retry.h>
#include <cairn/service/stack.h>

#include "sim.h"

#define OUTAGE_PER_S 1000
#define OUTAGE_DOWN_S 60

/* The default budget: 20 % of the calls, and ten a second. */
static struct outage_figures outage_with(struct cairn_retry_budget *budget)
{
    struct outage_figures figures = {.reserve = 10 * OUTAGE_DOWN_S};
    struct sim sim;
    struct sim_endpoint upstream;
    struct sim_stats *stats = calloc(1, sizeof(*stats));
    sim_begin(&sim, 1);
    sim_endpoint_init(&upstream, &sim, 100, 5);
    struct cairn_service *service = cairn_stack(
        sim_endpoint_service(&upstream), cairn_retry(.attempts = 3, .budget = budget, .seed = 1));
    const struct sim_client client = {service, OUTAGE_PER_S, 0, stats};
    sim_run(&sim, &client, 1, 30000);
    upstream.error_rate = 1;
    uint64_t sent = stats->sent;
    uint64_t tried = upstream.calls;
    sim_run(&sim, &client, 1, OUTAGE_DOWN_S * 1000);
    figures.sent = stats->sent - sent;
    figures.tried = upstream.calls - tried;
    upstream.error_rate = 0;
    sim_run(&sim, &client, 1, 1000);
    uint64_t failed = stats->failed;
    sim_run(&sim, &client, 1, 29000);
    figures.failed_after = stats->failed - failed;
    cairn_service_drop(service);
    sim_end(&sim);
    free(stats);
    return figures;
}

struct outage_figures sim_outage(void)
{
    struct outage_figures figures = outage_with(NULL);
    struct cairn_error *error = NULL;
    struct cairn_retry_budget *generous = cairn_retry_budget_new(10000, 1000000, 1000, &error);
    if (!generous)
        abort();
    figures.unbounded = outage_with(generous).tried;
    cairn_retry_budget_unref(generous);
    double extra = (double)figures.tried - (double)figures.sent - (double)figures.reserve;
    figures.extra = extra / (double)figures.sent;
    return figures;
}
