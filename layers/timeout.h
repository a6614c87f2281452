/* timeout.h - fails a call that takes too long. Tower's Timeout. */
#ifndef CAIRN_LAYERS_TIMEOUT_H
#define CAIRN_LAYERS_TIMEOUT_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * The time counts from the call: waiting for readiness is not counted. When it has passed, the
 * inner future is dropped, which cancels its work, and the call fails with CAIRN_ERROR_ELAPSED,
 * layer "timeout", message "500 ms passed". A response that is there in the poll in which the time
 * is over wins. An expiry allocates nothing, and a call that is answered at once costs nothing.
 *
 * Readiness, errors and types are inner's. Works on any type; may be cloned.
 * Invalid: after_ms out of range. Counts: `elapsed`, calls that expired in all copies.
 *
 * Place: outside of what it shall bound. Outside of retry it bounds the whole call, inside of it
 * each attempt. Waiting for a concurrency limit is readiness, and not bounded wherever it stands.
 */
struct cairn_timeout_options {
    size_t size;
    uint64_t after_ms; /* 1 to 86400000 (a day); 0: 30000 */
};

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_timeout_layer(const struct cairn_timeout_options *options);

/* cairn_timeout(.after_ms = 500) */
#define cairn_timeout(...)                                     \
    cairn_timeout_layer(&(const struct cairn_timeout_options){ \
        .size = sizeof(struct cairn_timeout_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
