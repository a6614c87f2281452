/* histogram.h - how long things took of late: a log-linear histogram that forgets by periods. */
#ifndef CAIRN_LAYERS_HISTOGRAM_H
#define CAIRN_LAYERS_HISTOGRAM_H

#include <stdint.h>

#include <cairn/service/api.h>

CAIRN_BEGIN_DECLS

/*
 * Two histograms that take turns: one is written, and the other, which has the whole period before,
 * is read. A period that ends makes what was written readable; after two periods in which nobody
 * came, both are empty. The first period begins with the first use.
 *
 * Times are whole milliseconds, rounded up, from 1 to CAIRN_HISTOGRAM_MAX_MS, and what is longer
 * counts as that. Up to 255 ms they are kept exactly; above, in buckets whose upper end is less
 * than 1/128 above their lower one: a percentile is never less than the true one, and less than 0.8
 * % more. It is 16 KiB and allocates nothing after it was made. For one runtime.
 */
#define CAIRN_HISTOGRAM_MAX_MS 4194303

struct cairn_histogram;

/* PERIOD_MS is 1 or more. Returns a histogram owned by the caller, or NULL without memory. */
CAIRN_API struct cairn_histogram *cairn_histogram_new(uint64_t period_ms);
/* NULL: nothing. */
CAIRN_API void cairn_histogram_free(struct cairn_histogram *histogram);

/* NOW_MS is the time of one clock that does not go back, for all of these. */
CAIRN_API void cairn_histogram_record(
    struct cairn_histogram *histogram, uint64_t now_ms, uint64_t elapsed_ns);
/* How many times the period before this one has. */
CAIRN_API uint64_t cairn_histogram_count(struct cairn_histogram *histogram, uint64_t now_ms);
/* The time that a share of SHARE (above 0, to 1) of the period before this one did not exceed; 0
 * when it has none. Asked again for the same share in the same period, it costs nothing. */
CAIRN_API uint64_t cairn_histogram_percentile(
    struct cairn_histogram *histogram, uint64_t now_ms, double share);

CAIRN_END_DECLS

#endif
