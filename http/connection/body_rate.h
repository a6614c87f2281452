/* body_rate.h - whether a request body comes too slowly. Internal. */
#ifndef CAIRN_HTTP_BODY_RATE_H
#define CAIRN_HTTP_BODY_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* A body may begin as slowly as it likes; body_idle_ms bounds its pauses. */
#define CAIRN__BODY_RATE_GRACE_MS 10000

/* Whether BYTES after ELAPSED_MS are less than LEAST_PER_S for every second since the grace. */
static inline bool cairn__body_is_slow(uint64_t bytes, uint64_t elapsed_ms, uint64_t least_per_s)
{
    if (elapsed_ms <= CAIRN__BODY_RATE_GRACE_MS)
        return false;
    return bytes < (elapsed_ms - CAIRN__BODY_RATE_GRACE_MS) / 1000 * least_per_s;
}

#endif
