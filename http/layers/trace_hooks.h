/* trace_hooks.h - the layer trace, for layers that bring hooks of their own. Internal. */
#ifndef CAIRN_HTTP_LAYERS_TRACE_HOOKS_H
#define CAIRN_HTTP_LAYERS_TRACE_HOOKS_H

#include <cairn/http/layers/trace.h>

/* What is to be known of a context that the layer owns. */
struct cairn__trace_cx_ops {
    /* No hook but end_span will be called any more. */
    void (*free)(void *cx);
    /* Its parameters and counters, in front of trace's. */
    void (*describe)(const void *cx, struct cairn_describe *d);
};

/* LAYER's apply: traces INNER, which it takes, by HOOKS. CX_OPS: takes hooks->cx, also on failure;
 * NULL: borrows it. */
struct cairn_service *cairn__trace_apply(const struct cairn_layer *layer,
    struct cairn_service *inner, const struct cairn_trace_hooks *hooks,
    const struct cairn_http_classifier *classifier, const struct cairn__trace_cx_ops *cx_ops);

#endif
