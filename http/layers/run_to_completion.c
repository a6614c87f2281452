#include <cairn/http/layers/run_to_completion.h>

#include <cairn/http/exchange.h>

struct run_to_completion {
    struct cairn_service base;
};

static struct cairn_future run_to_completion_call(struct cairn_service *base, void *req)
{
    cairn_http_run_to_completion(req);
    return cairn_service_call(base->inner, req);
}

static const struct cairn_service_ops run_to_completion_ops = {
    .name = "run_to_completion",
    .size = sizeof(struct run_to_completion),
    .call = run_to_completion_call,
};

static struct cairn_service *run_to_completion_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    struct run_to_completion *self = cairn_service_new(&run_to_completion_ops, inner);
    if (!self)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    return &self->base;
}

struct cairn_layer cairn_run_to_completion(void)
{
    static const size_t size = sizeof(size);
    return cairn_layer_of("run_to_completion", run_to_completion_apply, &size, size);
}
