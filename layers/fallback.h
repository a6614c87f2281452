/* fallback.h - a second service for the calls that the first cannot take. Linkerd's switch_ready.
 */
#ifndef CAIRN_LAYERS_FALLBACK_H
#define CAIRN_LAYERS_FALLBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * The first service is what is inside. Once somebody has waited for it for `after_ms` and nobody
 * was let in meanwhile, calls go to the second one. Each poll asks the first one first, and as soon
 * as it is ready for anyone, calls go there again. While neither is ready it waits for both. Copies
 * share the time and the state.
 *
 * With `on_error`, calls that failed with an error it chooses are sent to the second service too,
 * and its answer or error is the call's; it then gets a copy of the request. Without memory for one
 * the first error stands. `on_error` is also asked when the first service's readiness fails: if it
 * chooses that error, the copy uses the second service for good; else it fails, as without
 * `on_error`. When the second service is dead it waits for the first.
 *
 * Works on any type that both services have; may be cloned if inner may.
 * Invalid: no service, one that is broken or cannot be cloned or has other types, after_ms out of
 * range, on_error with a request that cannot be cloned.
 * Counts: `away` (1 while the first is not ready), `switches`, `diverted` (calls that went to the
 * second for that), `rescued` (calls that went there after an error). Describes the second service.
 *
 * Place: outside of what makes the first service fail or wait (timeout, retry, limits).
 */
struct cairn_fallback_options {
    size_t size;
    /* The second service. Borrowed until the last application; each application clones it. */
    struct cairn_service *service;
    uint64_t after_ms; /* 1 to 3600000 (an hour); 0: 3000 */
    /* Whether ERROR, of a call or of readiness, sends to the second service. NULL: none does. */
    bool (*on_error)(void *cx, const struct cairn_error *error);
    void *cx; /* for on_error; borrowed until the last copy and future are dropped */
};

CAIRN_API struct cairn_layer cairn_fallback_layer(const struct cairn_fallback_options *options);

/* cairn_fallback(.service = stale, .after_ms = 200) */
#define cairn_fallback(...)                                      \
    cairn_fallback_layer(&(const struct cairn_fallback_options){ \
        .size = sizeof(struct cairn_fallback_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
