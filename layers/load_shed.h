/* load_shed.h - refuses a call at once where it would have to wait. Tower's LoadShed. */
#ifndef CAIRN_LAYERS_LOAD_SHED_H
#define CAIRN_LAYERS_LOAD_SHED_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * Always ready. When inner was not, the call drops its request and fails at once with the static
 * CAIRN_ERROR_OVERLOADED, layer "load_shed". An answer of readiness is good for one call: a call
 * without a poll before it is shed, and a copy begins as not ready. That inner is dead passes
 * through.
 *
 * Whoever is shed does not queue inside: inner is released at once, so that a limit's permit goes
 * to who waits for it and never to who has gone.
 *
 * Errors and types are inner's. Works on any type; may be cloned.
 * Counts, in all copies: `passed` and `shed`.
 *
 * Place: directly outside of the limit whose queue it replaces (concurrency_limit, rate_limit,
 * buffer).
 */
struct cairn_load_shed_options {
    size_t size;
};

/* OPTIONS may be NULL. */
CAIRN_API struct cairn_layer cairn_load_shed_layer(const struct cairn_load_shed_options *options);

/* cairn_load_shed() */
#define cairn_load_shed(...)                                       \
    cairn_load_shed_layer(&(const struct cairn_load_shed_options){ \
        .size = sizeof(struct cairn_load_shed_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
