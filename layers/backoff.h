/* backoff.h - how long to wait before the next attempt: it doubles, with jitter. Pure. */
#ifndef CAIRN_LAYERS_BACKOFF_H
#define CAIRN_LAYERS_BACKOFF_H

#include <stdint.h>

#include <cairn/service/error.h>
#include <cairn/service/random.h>

CAIRN_BEGIN_DECLS

#define CAIRN_BACKOFF_DEFAULT_MIN_MS 50
#define CAIRN_BACKOFF_DEFAULT_JITTER 0.99
#define CAIRN_BACKOFF_NO_MAX UINT64_MAX

/*
 * The delay before retry N, counted from 0, is min_ms x 2^N but never over max_ms, and on top of
 * that a random part of up to `jitter` times as much, which does not go over max_ms either. The
 * random part is rounded up to a whole millisecond: with a jitter, and room for it, it is never 0,
 * so that clients that failed together do not come back together.
 */
struct cairn_backoff {
    uint64_t min_ms; /* 0: no delay at all */
    uint64_t max_ms; /* 1 or more, and not below min_ms; CAIRN_BACKOFF_NO_MAX */
    double jitter;   /* 0 to 100 */
};

/* min 50 ms, no maximum, jitter 0.99. */
CAIRN_API struct cairn_backoff cairn_backoff_default(void);

/* NULL when BACKOFF can be used, else an error owned by the caller: CAIRN_ERROR_INVALID, naming the
 * field, its range and what it was; or CAIRN_ERROR_MEMORY. */
CAIRN_API struct cairn_error *cairn_backoff_check(const struct cairn_backoff *backoff);

/* Both parts of the delay before retry N; BASE_MS is what cairn_backoff_base_ms gave. BACKOFF must
 * be a valid one. */
CAIRN_API uint64_t cairn_backoff_base_ms(const struct cairn_backoff *backoff, unsigned n);
CAIRN_API uint64_t cairn_backoff_jitter_ms(
    const struct cairn_backoff *backoff, uint64_t base_ms, struct cairn_random *random);

/* The whole delay before retry N. */
CAIRN_API uint64_t cairn_backoff_delay_ms(
    const struct cairn_backoff *backoff, unsigned n, struct cairn_random *random);

CAIRN_END_DECLS

#endif
