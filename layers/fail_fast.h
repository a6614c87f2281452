/* fail_fast.h - fails calls at once while inner has long been not ready. Linkerd's FailFast. */
#ifndef CAIRN_LAYERS_FAIL_FAST_H
#define CAIRN_LAYERS_FAIL_FAST_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * While inner is ready now and then, this layer does nothing. Once somebody has waited for
 * `after_ms` and nobody was let in meanwhile, it is ready, and every call fails at once with
 * CAIRN_ERROR_UNAVAILABLE, layer "fail_fast", message "not ready for 3000 ms". A task of the
 * runtime then polls inner, so that what makes it ready (a connection, a discovery) goes on without
 * callers; as soon as that sees inner ready, everything is as before. A refusal allocates nothing.
 *
 * Copies share the time and the state: a copy made for one call fails at once too. The task polls a
 * copy of inner, which is given back when it is ready. An inner that cannot be cloned is polled in
 * place; when its readiness fails meanwhile, the next poll of this layer says so.
 *
 * Errors and types are inner's. Works on any type; may be cloned if inner may. Without memory for
 * the task it waits for another `after_ms`.
 * Invalid: after_ms out of range. Counts: `failing` (0 or 1), `trips`, `refused`.
 *
 * Place: around what connects or balances; outside of a limit it fails calls when the limit does
 * not move at all.
 */
struct cairn_fail_fast_options {
    size_t size;
    uint64_t after_ms; /* 1 to 3600000 (an hour); 0: 3000 */
};

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_fail_fast_layer(const struct cairn_fail_fast_options *options);

/* cairn_fail_fast(.after_ms = 500) */
#define cairn_fail_fast(...)                                       \
    cairn_fail_fast_layer(&(const struct cairn_fail_fast_options){ \
        .size = sizeof(struct cairn_fail_fast_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
