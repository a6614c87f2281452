/* outage.h - an upstream that is down for a minute, and what the retries of its clients add to its
 * load. */
#ifndef CAIRN_TESTS_SIM_OUTAGE_H
#define CAIRN_TESTS_SIM_OUTAGE_H

#include <stdint.h>

struct outage_figures {
    uint64_t sent;         /* calls of the clients while it was down */
    uint64_t tried;        /* calls that reached the upstream in that time */
    uint64_t unbounded;    /* the same with three attempts and no budget worth the name */
    uint64_t reserve;      /* what the budget pays without deposits: min_per_sec x seconds */
    double extra;          /* (tried - sent - reserve) / sent */
    uint64_t failed_after; /* failures from one second after its return on */
};

/* 1,000 calls a second for 30 s, then 60 s down, then 30 s up again. */
struct outage_figures sim_outage(void);

#endif
