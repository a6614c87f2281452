/* rate_limit.h - bounds the calls in a window of time. Tower's RateLimit. */
#ifndef CAIRN_LAYERS_RATE_LIMIT_H
#define CAIRN_LAYERS_RATE_LIMIT_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * At most `num` calls in each window of `per_ms`. A window begins with the first call after the end
 * of the one before, or at that end when somebody waits for it; an idle time saves nothing up. The
 * windows do not slide: around the edge of two, up to 2 x num calls may pass in a short time.
 *
 * Not ready while the window's calls are used up or reserved by handles that are ready. It waits,
 * first come first served, and never refuses. Readiness reserves one call, then polls inner; the
 * reservation counts for the window in which the call is made, and is given back by a release, and
 * when inner's readiness fails. A call counts when it is made, however it ends.
 *
 * Copies share the limit. Errors and types are inner's. Works on any type; may be cloned.
 * Invalid: num or per_ms out of range. Counts: `limited` (how often a handle had to wait), `left`
 * (calls that the window still has), `waiting`.
 *
 * Place: where what is behind counts calls: a paid API, a mail server. Inside of load_shed, which
 * turns the wait into a refusal; outside of retry it counts calls, inside of it attempts.
 */
struct cairn_rate_limit_options {
    size_t size;
    uint64_t num;    /* 1 to 1000000000; 0: 100 */
    uint64_t per_ms; /* 1 to 86400000 (a day); 0: 1000 */
};

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_rate_limit_layer(const struct cairn_rate_limit_options *options);

/* cairn_rate_limit(.num = 5, .per_ms = 1000) */
#define cairn_rate_limit(...)                                        \
    cairn_rate_limit_layer(&(const struct cairn_rate_limit_options){ \
        .size = sizeof(struct cairn_rate_limit_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
