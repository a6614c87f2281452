/* fleet.h - ten endpoints of which one gets slow and one fails, behind two ways to balance. */
#ifndef CAIRN_TESTS_SIM_FLEET_H
#define CAIRN_TESTS_SIM_FLEET_H

#include <stdint.h>

/* Of the twenty seconds in which one endpoint is slow and one fails, but for `eject_ms` and
 * `return_ms`. */
#define FLEET_NEVER UINT64_MAX

struct fleet_run {
    double errors; /* share of the calls that failed */
    unsigned p50;
    unsigned p99;
    uint64_t eject_ms;  /* from the first failure to the last before half a second without one;
                         * FLEET_NEVER: there was no such half second */
    uint64_t return_ms; /* from its recovery until the endpoint has half of its share again */
};

struct fleet_figures {
    struct fleet_run round_robin; /* each in turn, no breaker */
    struct fleet_run balanced;    /* p2c by peak_ewma, a circuit breaker around each endpoint */
};

/* 1,000 calls a second of 10 ms; the slow one takes ten times as long. */
struct fleet_figures sim_fleet(void);

#endif
