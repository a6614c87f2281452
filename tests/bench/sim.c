/* sim.c - prints what the simulations find. */
#include <stdio.h>

#include "sim/hedging.h"
#include "sim/outage.h"

static void report_outage(void)
{
    struct outage_figures figures = sim_outage();
    printf("upstream down for 60 s, 1,000 calls a second, retry with its default budget\n"
           "  %llu calls became %llu (without a budget %llu): extra load %.1f %% beyond the "
           "reserve of %llu\n"
           "  failures from one second after its return on: %llu\n",
        (unsigned long long)figures.sent, (unsigned long long)figures.tried,
        (unsigned long long)figures.unbounded, figures.extra * 100,
        (unsigned long long)figures.reserve, (unsigned long long)figures.failed_after);
}

static void report_hedging(void)
{
    struct hedging_figures figures = sim_hedging();
    printf("upstream where 2 %% of the calls take 200 ms, hedged after the 95th percentile\n"
           "  p50 %u ms, p99 %u ms; without p50 %u ms, p99 %u ms; extra load %.1f %%\n",
        figures.p50_with, figures.p99_with, figures.p50_without, figures.p99_without,
        figures.extra * 100);
}

int main(void)
{
    report_hedging();
    report_outage();
    return 0;
}
