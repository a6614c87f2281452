/* header_edits_service.h - what the layers that change fields have in common: a service that keeps
 * edits, and the call that does them to the response. Internal. */
#ifndef CAIRN_HTTP_LAYERS_HEADER_EDITS_SERVICE_H
#define CAIRN_HTTP_LAYERS_HEADER_EDITS_SERVICE_H

#include <cairn/http/layers/header_edits.h>

CAIRN_BEGIN_DECLS

struct cairn__header_edits_service {
    struct cairn_service base;
    struct cairn__header_edits *edits;
};

/* The service of OPS, with a copy of what SOURCE has. A broken one, INNER then dropped, if that is
 * invalid or there is no memory. */
struct cairn_service *cairn__header_edits_service_new(const struct cairn_service_ops *ops,
    const struct cairn__header_source *source, const struct cairn_layer *layer,
    struct cairn_service *inner);

/* For its OPS. */
void cairn__header_edits_service_cloned(struct cairn_service *base);
void cairn__header_edits_service_drop(struct cairn_service *base);
void cairn__header_edits_service_describe(
    const struct cairn_service *base, struct cairn_describe *d);

struct cairn__header_edits_future {
    struct cairn_future inner;
    struct cairn__header_edits *edits;
};

/* The response of inner, edited. OPS has the two below, and the layer's name. */
struct cairn_future cairn__header_edits_service_call(
    struct cairn_service *base, void *req, const struct cairn_future_ops *ops);
enum cairn_poll cairn__header_edits_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out);
void cairn__header_edits_future_drop(void *state);

CAIRN_END_DECLS

#endif
