/* adaptive_limit.h - bounds the calls that run at a time, and finds out itself how many are good.
 */
#ifndef CAIRN_LAYERS_ADAPTIVE_LIMIT_H
#define CAIRN_LAYERS_ADAPTIVE_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/layers/limit_algorithm.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/* What an outcome says. MEASURED: its time counts. OVERLOAD: there was too much. IGNORED: nothing.
 */
enum cairn_limit_verdict { CAIRN_LIMIT_MEASURED = 0, CAIRN_LIMIT_OVERLOAD, CAIRN_LIMIT_IGNORED };

/*
 * A concurrency_limit whose number of permits follows what was measured. Calls are timed from the
 * call to the outcome. A window ends with the first outcome after `window_ms` when it has
 * `min_samples` outcomes that were measured, or an overload; then `algorithm` says the next limit,
 * between `min` and `max`. A lower limit takes no permit from a call that has one: it comes down as
 * calls end.
 *
 * Not ready while all permits are out; first come, first served. With `reject` it is ready, and the
 * call drops its request and fails at once with the static CAIRN_ERROR_OVERLOADED, layer
 * "adaptive_limit". Permits are taken, kept and given back as by concurrency_limit; an outcome that
 * nobody collects is not measured.
 *
 * Copies share the limit. Errors and types are inner's. Works on any type; may be cloned. The clock
 * is that of the loop: what is answered in the same turn took no time.
 * Invalid: an option out of range, or initial outside of min and max.
 * Counts: `limit`, `in_flight` (calls), `waiting`, `rtt` (microseconds, the last window's average);
 * `overloads`, `refused`.
 *
 * Place: as concurrency_limit; around what gets slow when it has too much to do. Inside of a
 * timeout's layer a call that expires is not measured: put the timeout inside.
 */
struct cairn_adaptive_limit_options {
    size_t size;
    size_t min;     /* 1 to 1048576; 0: 1 */
    size_t max;     /* min to 1048576; 0: 1000, or min if that is more */
    size_t initial; /* min to max; 0: 20, or the nearest to it */
    /* Static const data. NULL: cairn_limit_gradient (layers/limit_gradient.h). */
    const struct cairn_limit_algorithm *algorithm;
    uint64_t window_ms;   /* 1 to 60000; 0: 100 */
    uint64_t min_samples; /* 1 to 1000000; 0: 10 */
    bool reject;          /* fails what would have to wait */
    /* What an outcome says. ERROR is NULL for a response, which may itself be NULL; both are
     * borrowed. CX is its own pointer, borrowed until the last copy and the last future are gone.
     * NULL: cairn_limit_verdict_of. */
    enum cairn_limit_verdict (*classify)(
        void *cx, const void *response, const struct cairn_error *error);
    void *classify_cx;
};

/* A response is measured; ELAPSED, OVERLOADED and UNAVAILABLE are an overload; other errors are
 * ignored, as they may come sooner than an answer would. CX is not used. */
CAIRN_API enum cairn_limit_verdict cairn_limit_verdict_of(
    void *cx, const void *response, const struct cairn_error *error);

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_adaptive_limit_layer(
    const struct cairn_adaptive_limit_options *options);

/* cairn_adaptive_limit(.max = 200, .reject = true) */
#define cairn_adaptive_limit(...)                                            \
    cairn_adaptive_limit_layer(&(const struct cairn_adaptive_limit_options){ \
        .size = sizeof(struct cairn_adaptive_limit_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
