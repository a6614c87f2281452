#include <cairn/http/layers/header_edits_service.h>

#include <cairn/service/future_core.h>

static struct cairn__header_edits *service_edits(const struct cairn_service *base)
{
    return ((const struct cairn__header_edits_service *)base)->edits;
}

struct cairn_service *cairn__header_edits_service_new(const struct cairn_service_ops *ops,
    const struct cairn__header_source *source, const struct cairn_layer *layer,
    struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn__header_edits *edits = cairn__header_edits_new(source, layer, inner, &broken);
    if (!edits)
        return broken;
    struct cairn__header_edits_service *self = cairn_service_new(ops, inner);
    if (!self) {
        cairn__header_edits_unref(edits);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    self->edits = edits;
    return &self->base;
}

void cairn__header_edits_service_cloned(struct cairn_service *base)
{
    service_edits(base)->references++;
}

void cairn__header_edits_service_drop(struct cairn_service *base)
{
    cairn__header_edits_unref(service_edits(base));
}

void cairn__header_edits_service_describe(
    const struct cairn_service *base, struct cairn_describe *d)
{
    cairn__header_edits_describe(service_edits(base), d);
}

static enum cairn_poll service_settle(
    struct cairn__header_edits *edits, enum cairn_poll p, union cairn_outcome *out)
{
    if (p || cairn__header_edits_response(edits, out->value) == 0)
        return p;
    cairn_type_drop(&cairn_http_response_type, out->value);
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

struct cairn_future cairn__header_edits_service_call(
    struct cairn_service *base, void *req, const struct cairn_future_ops *ops)
{
    struct cairn__header_edits *edits = service_edits(base);
    struct cairn_future inner = cairn_service_call(base->inner, req);
    union cairn_outcome out;
    enum cairn_poll p = cairn__future_outcome(&inner, &out);
    if (p != CAIRN_PENDING)
        return cairn__future_of(service_settle(edits, p, &out), &out);
    edits->references++;
    return cairn_future_box(ops, &(struct cairn__header_edits_future){inner, edits});
}

enum cairn_poll cairn__header_edits_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct cairn__header_edits_future *self = state;
    return service_settle(self->edits, cairn_future_poll(&self->inner, cx, out), out);
}

void cairn__header_edits_future_drop(void *state)
{
    struct cairn__header_edits_future *self = state;
    cairn_future_drop(&self->inner);
    cairn__header_edits_unref(self->edits);
}
