/* fault_injection.h - delays, fails and loses a part of the calls, to see what comes of it. */
#ifndef CAIRN_LAYERS_FAULT_INJECTION_H
#define CAIRN_LAYERS_FAULT_INJECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * Off unless `enabled`: the layer then is nothing at all, and the stack what it would be without
 * it; so also when all shares are 0. Options are checked either way.
 *
 * Of the calls, drop_percent are lost: the request is dropped, inner is not called and no answer
 * ever comes, so that somebody outside must have a timeout. Of the others, error_percent fail at
 * once with `error`; inner is not called. Of those that are left, delay_percent are answered late:
 * what inner said, response or error, is given delay_min_ms to delay_max_ms after it was said.
 *
 * The same seed gives the same fate to the first, second, third … call of all copies together.
 * Readiness and types are inner's. Works on any type; may be cloned.
 * Invalid: a share that is not 0 to 100, a delay out of range or with its ends the wrong way round.
 * Counts: `passed`, `delayed`, `failed`, `dropped`.
 *
 * Place: where the fault would come from: innermost for a bad dependency, inside of the timeout and
 * retry that are to cope with it.
 */
struct cairn_fault_injection_options {
    size_t size;
    bool enabled;
    double drop_percent; /* each 0 to 100 */
    double error_percent;
    double delay_percent;
    uint64_t delay_min_ms;     /* 0 to 3600000 (an hour) */
    uint64_t delay_max_ms;     /* the same, and not below delay_min_ms; 0: delay_min_ms */
    struct cairn_error *error; /* each failed call gets a reference; borrowed until the last
                                * application. NULL: CAIRN_ERROR_UNAVAILABLE, "injected" */
    uint64_t seed;             /* 0: from the system, another one each time */
};

/* OPTIONS may be NULL: off. */
CAIRN_API struct cairn_layer cairn_fault_injection_layer(
    const struct cairn_fault_injection_options *options);

/* cairn_fault_injection(.enabled = is_test, .error_percent = 5) */
#define cairn_fault_injection(...)                                             \
    cairn_fault_injection_layer(&(const struct cairn_fault_injection_options){ \
        .size = sizeof(struct cairn_fault_injection_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
