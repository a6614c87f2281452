/* overload.h - three times as many calls as an upstream can answer, behind limits of several kinds.
 */
#ifndef CAIRN_TESTS_SIM_OVERLOAD_H
#define CAIRN_TESTS_SIM_OVERLOAD_H

#include <stdint.h>

/* Good answers are those within 100 ms; all figures are a second's, after ten seconds to settle. */
struct overload_figures {
    double capacity;     /* what the upstream can answer */
    double without;      /* good answers without a limit */
    double best_fixed;   /* with the best of the fixed limits */
    unsigned best_limit; /* which one that was */
    double gradient;     /* with adaptive_limit and its default algorithm */
    double aimd;         /* and with the other */
    double queued;       /* with priority_queue in front of adaptive_limit, both classes together */
    double critical;     /* and the share of the critical calls, a tenth of all, that went well */
};

struct overload_figures sim_overload(void);

#endif
