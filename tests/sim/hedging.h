/* hedging.h - an upstream that now and then is very slow, with a second copy of what waits and
 * without. */
#ifndef CAIRN_TESTS_SIM_HEDGING_H
#define CAIRN_TESTS_SIM_HEDGING_H

#include <stdint.h>

struct hedging_figures {
    unsigned p50_without;
    unsigned p99_without;
    unsigned p50_with;
    unsigned p99_with;
    double extra; /* calls of the upstream beyond those of the clients, per call */
};

/* 500 calls a second for a minute; 2 % of them take 200 ms, the others 5 ms on average. */
struct hedging_figures sim_hedging(void);

#endif
