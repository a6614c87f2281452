/* peak_ewma.h - tells as load what a call would have to wait, as far as is known. Tower's PeakEwma,
 * after Finagle's. */
#ifndef CAIRN_LAYERS_PEAK_EWMA_H
#define CAIRN_LAYERS_PEAK_EWMA_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/layers/load.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * The load is an estimate of the round trip, in nanoseconds, times the pending calls of all copies
 * and one more. The estimate is a moving average that gives way to peaks: a round trip that is
 * longer replaces it at once, a shorter one is blended in, where the old estimate weighs
 * e^(-age / decay). Without calls the estimate decays towards 0, so that an endpoint that was slow
 * is tried again. Asking for the load changes nothing.
 *
 * A call that fails or is given up counts with the time that it took. Time is the runtime's, one
 * reading a turn of the loop: calls that begin and end in one turn took none.
 *
 * Readiness, errors and types are inner's, but for the response type where `completion` says so.
 * Works on any type; may be cloned. Invalid: a time out of range.
 * Gauges: `pending`, `estimate_us` (microseconds).
 *
 * Place: around one endpoint of a balancer.
 */
struct cairn_peak_ewma_options {
    size_t size;
    uint64_t default_rtt_ms;                 /* the estimate to begin with, 1 to 3600000; 0: 30 */
    uint64_t decay_ms;                       /* 1 to 86400000; 0: 10000 */
    struct cairn_load_completion completion; /* when a call has ended; zero: with its response */
};

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_peak_ewma_layer(const struct cairn_peak_ewma_options *options);

/* cairn_peak_ewma(.decay_ms = 5000) */
#define cairn_peak_ewma(...)                                       \
    cairn_peak_ewma_layer(&(const struct cairn_peak_ewma_options){ \
        .size = sizeof(struct cairn_peak_ewma_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
