/* limit_gradient.h - as many calls as do not slow each other down. After Netflix's Gradient2. */
#ifndef CAIRN_LAYERS_LIMIT_GRADIENT_H
#define CAIRN_LAYERS_LIMIT_GRADIENT_H

#include <cairn/layers/limit_algorithm.h>

CAIRN_BEGIN_DECLS

/*
 * It compares the time that calls take now with their average over a long time. As long as they
 * take no more than `tolerance` times that, the limit grows by about `queue` x `smoothing` a
 * window; when they take longer they wait for each other somewhere, and the limit goes down as much
 * as the time has gone up, to a half at most. An overload that a call reports takes a tenth off.
 *
 * A window in which less than half of the limit was used says nothing. When calls have become more
 * than twice as fast, the average follows quickly, so that it does not remember a bad time. Upwards
 * it follows slowly: an overload that lasts for as long as it spans becomes the usual to it, and
 * the limit then grows to the layer's `max`. Choose that with care.
 *
 *     static const struct cairn_limit_gradient mine = {
 *         .base = CAIRN_LIMIT_GRADIENT, .tolerance = 2};
 */
struct cairn_limit_gradient {
    struct cairn_limit_algorithm base; /* CAIRN_LIMIT_GRADIENT */
    double tolerance;                  /* 1 or more; 0: 1.5 */
    double smoothing; /* the weight of a new limit over the old one, to 1; 0: 0.2 */
    double queue;     /* calls that may wait for each other; 0: 4 */
    double windows;   /* that the long average spans; 0: 6000 */
};

CAIRN_API double cairn_limit_gradient_next(const struct cairn_limit_algorithm *self,
    double memory[CAIRN_LIMIT_MEMORY], const struct cairn_limit_sample *sample);

#define CAIRN_LIMIT_GRADIENT                  \
    {                                         \
        "gradient", cairn_limit_gradient_next \
    }

/* With the defaults. */
CAIRN_API extern const struct cairn_limit_gradient cairn_limit_gradient;

CAIRN_END_DECLS

#endif
