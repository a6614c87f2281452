/* sim.c - prints what the simulations find. */
#include <stdio.h>

#include "sim/fleet.h"
#include "sim/hedging.h"
#include "sim/outage.h"
#include "sim/overload.h"

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

static void report_fleet_run(const char *name, const struct fleet_run *run)
{
    printf("  %-28s errors %5.2f %%, p50 %u ms, p99 %u ms", name, run->errors * 100, run->p50,
        run->p99);
    if (run->eject_ms == FLEET_NEVER)
        printf(", never ejected\n");
    else
        printf(", ejected after %llu ms, back after %llu ms\n", (unsigned long long)run->eject_ms,
            (unsigned long long)run->return_ms);
}

static void report_fleet(void)
{
    struct fleet_figures figures = sim_fleet();
    printf("ten endpoints, one of them ten times as slow, one failing, 1,000 calls a second\n");
    report_fleet_run("each in turn", &figures.round_robin);
    report_fleet_run("p2c, peak_ewma, breaker", &figures.balanced);
}

static void report_overload(void)
{
    struct overload_figures figures = sim_overload();
    printf("three times the capacity of %.0f a second; good answers (within 100 ms) a second\n"
           "  none %.0f, best fixed limit (%u) %.0f, gradient %.0f, aimd %.0f\n"
           "  priority_queue and gradient %.0f, of the critical calls %.1f %% good\n",
        figures.capacity, figures.without, figures.best_limit, figures.best_fixed, figures.gradient,
        figures.aimd, figures.queued, figures.critical * 100);
}

int main(void)
{
    report_fleet();
    report_overload();
    report_hedging();
    report_outage();
    return 0;
}
