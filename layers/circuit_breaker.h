/* circuit_breaker.h - stops calling what fails, and asks from time to time whether it is back. */
#ifndef CAIRN_LAYERS_CIRCUIT_BREAKER_H
#define CAIRN_LAYERS_CIRCUIT_BREAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/layers/backoff.h>
#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/* What an outcome says of the service that is called. IGNORED: nothing, only of this request. */
enum cairn_circuit_verdict {
    CAIRN_CIRCUIT_SUCCESS = 0,
    CAIRN_CIRCUIT_FAILURE,
    CAIRN_CIRCUIT_IGNORED
};

/*
 * Closed, it lets all calls through and judges their outcomes. It opens after `failures` failures
 * in a row, or when at least `failure_rate` of the calls of the last `window_ms` failed and there
 * were `min_requests` of them. The window moves by a tenth at a time.
 *
 * Open, it stays ready and does not ask inner: calls drop their request and fail at once with
 * CAIRN_ERROR_UNAVAILABLE, layer "circuit_breaker", message "open for 1000 ms: 5 failures in a
 * row", and the error that opened it as source. The open time follows `backoff`: it grows with
 * each opening until the circuit has closed.
 *
 * Half open, after that time, it lets `probes` calls through, and no more than that: when all have
 * succeeded it closes, with the first that fails it opens again. A probe that says nothing, or is
 * given up, is followed by another. Calls made before the last change of state do not count.
 *
 * With `wait` it is not ready in place of failing calls: all handles wait until the circuit closes,
 * but those that become the probes. For a balancer, which then prefers another endpoint. In both
 * modes a handle that was ready when the circuit opened fails its call.
 *
 * A call that is given up is not judged: a timeout belongs inside. Copies share the circuit. Errors
 * of inner and types pass as they are. Works on any type; may be cloned. An opening allocates once,
 * a refusal never.
 * Invalid: an option out of range.
 * Counts: `opened`, `refused`; `in_a_row`, and `requests` and `failures` of the window while
 * closed; `open_left` in milliseconds while open. Says: `state` (closed, open, half_open) and,
 * unless closed, `reason`.
 *
 * Place: around the client of one dependency and its timeout; inside of retry, for which an open
 * circuit is a failure like others.
 */
struct cairn_circuit_breaker_options {
    size_t size;
    /* In a row, 1 to 1000000. 0: 5; with a failure_rate, no such rule. */
    uint64_t failures;
    double failure_rate;   /* 0 to 1; 0: no such rule */
    uint64_t min_requests; /* 1 to 1000000; 0: 20 */
    uint64_t window_ms;    /* 10 to 3600000; 0: 10000 */
    /* Of the open times; min_ms must not be 0. All zero: 1000 to 60000 ms, jitter 0.5. */
    struct cairn_backoff backoff;
    unsigned probes; /* 1 to 1000; 0: 1 */
    bool wait;       /* pending while open, not failing */
    /* What an outcome says. ERROR is NULL for a response, which may itself be NULL; both are
     * borrowed. CX is its own pointer, borrowed until the last copy and the last future are gone.
     * NULL: cairn_circuit_verdict_of. */
    enum cairn_circuit_verdict (*classify)(
        void *cx, const void *response, const struct cairn_error *error);
    void *classify_cx;
    uint64_t seed; /* of the jitter, for tests; 0: a seed from the system */
};

/* A response is a success. An error is a failure, but for those that tell of the request or of this
 * side: MEMORY, INVALID, TYPE, LIMITED, CANCELLED, REJECTED, NOT_FOUND, CONFLICT and TOO_LARGE,
 * which are ignored. CX is not used. */
CAIRN_API enum cairn_circuit_verdict cairn_circuit_verdict_of(
    void *cx, const void *response, const struct cairn_error *error);

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_circuit_breaker_layer(
    const struct cairn_circuit_breaker_options *options);

/* cairn_circuit_breaker(.failures = 3), cairn_circuit_breaker(.failure_rate = 0.5) */
#define cairn_circuit_breaker(...)                                             \
    cairn_circuit_breaker_layer(&(const struct cairn_circuit_breaker_options){ \
        .size = sizeof(struct cairn_circuit_breaker_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
