/* limit_algorithm.h - who decides how many calls at a time are good: a function of what was
 * measured. */
#ifndef CAIRN_LAYERS_LIMIT_ALGORITHM_H
#define CAIRN_LAYERS_LIMIT_ALGORITHM_H

#include <stdbool.h>
#include <stdint.h>

#include <cairn/service/api.h>

CAIRN_BEGIN_DECLS

#define CAIRN_LIMIT_MEMORY 4

/* What was seen in a window of time. */
struct cairn_limit_sample {
    double limit;       /* that held in it; the fraction is kept, calls see the whole part */
    uint64_t rtt_ns;    /* the average of the calls that were measured, 1 or more; 0: none was */
    uint64_t in_flight; /* the most calls at a time */
    bool is_overloaded; /* a call said so */
};

/*
 * One algorithm with its parameters. Static const data; embed it first. `next` returns the limit
 * for the next window, which the layer keeps within its bounds. It has no state but MEMORY, which
 * is of one limiter, all zero at first.
 */
struct cairn_limit_algorithm {
    const char *name;
    double (*next)(const struct cairn_limit_algorithm *self, double memory[CAIRN_LIMIT_MEMORY],
        const struct cairn_limit_sample *sample);
};

CAIRN_END_DECLS

#endif
