/* stack.h - layers around a service, outermost first. Tower's ServiceBuilder. */
#ifndef CAIRN_SERVICE_STACK_H
#define CAIRN_SERVICE_STACK_H

#include <stdio.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * Builds LAYERS[0..COUNT) around SERVICE; LAYERS[0] sees the request first and the response last.
 * Takes SERVICE. Returns the outermost service, owned by the caller; a broken one when a layer
 * refuses (cairn_service_error says which, and why). Never NULL. SERVICE may be NULL: broken,
 * without memory.
 *
 * In debug builds a checking layer stands before every layer and before SERVICE, and turns each
 * breach of the service contract into an assertion that names the layer.
 */
CAIRN_API struct cairn_service *cairn_stack_build(
    struct cairn_service *service, const struct cairn_layer *layers, size_t count);

/* cairn_stack(handler, cairn_timeout(.after_ms = 500), cairn_concurrency_limit(.max = 1024)) */
#define cairn_stack(service, ...)                                           \
    cairn_stack_build((service), (const struct cairn_layer[]){__VA_ARGS__}, \
        sizeof((const struct cairn_layer[]){__VA_ARGS__}) / sizeof(struct cairn_layer))

/* One line a layer: name(parameters) and its live counters; nested services indented. On the thread
 * of SERVICE's runtime, or once that has ended. */
CAIRN_API void cairn_stack_print(const struct cairn_service *service, FILE *out);

/* The checking layer, for a service that no stack built. See docs/contract.md for what it asserts.
 */
CAIRN_API struct cairn_layer cairn_check(void);

CAIRN_END_DECLS

#endif
