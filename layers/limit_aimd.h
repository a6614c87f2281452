/* limit_aimd.h - one more while all is well, a tenth less when it is not. */
#ifndef CAIRN_LAYERS_LIMIT_AIMD_H
#define CAIRN_LAYERS_LIMIT_AIMD_H

#include <cairn/layers/limit_algorithm.h>

CAIRN_BEGIN_DECLS

/*
 * Additive increase, multiplicative decrease, as TCP has it: after a window in which a call said
 * overloaded, or took longer than `latency_ms` on average, the limit is multiplied by `factor`;
 * after one in which at least half of it was used, it grows by 1.
 *
 *     static const struct cairn_limit_aimd mine = {.base = CAIRN_LIMIT_AIMD, .latency_ms = 200};
 */
struct cairn_limit_aimd {
    struct cairn_limit_algorithm base; /* CAIRN_LIMIT_AIMD */
    double factor;                     /* 0.5 to below 1; 0: 0.9 */
    uint64_t latency_ms;               /* 0: none is too long */
};

CAIRN_API double cairn_limit_aimd_next(const struct cairn_limit_algorithm *self,
    double memory[CAIRN_LIMIT_MEMORY], const struct cairn_limit_sample *sample);

#define CAIRN_LIMIT_AIMD              \
    {                                 \
        "aimd", cairn_limit_aimd_next \
    }

/* With the defaults. */
CAIRN_API extern const struct cairn_limit_aimd cairn_limit_aimd;

CAIRN_END_DECLS

#endif
