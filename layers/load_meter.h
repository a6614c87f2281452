/* load_meter.h - what pending_requests and peak_ewma share: calls that are counted. Internal. */
#ifndef CAIRN_LAYERS_LOAD_METER_H
#define CAIRN_LAYERS_LOAD_METER_H

#include <cairn/layers/load.h>
#include <cairn/service/layer.h>

/* Shared by copies, futures and handles, each of which may be the last; embed it first. */
struct cairn__load_meter {
    unsigned references;
    uint64_t pending;
    /* Told when a call has ended that began at SINCE_NS of the runtime's clock. NULL: nobody wants
     * to know how long a call took, and the clock is not read. */
    void (*ended)(struct cairn__load_meter *self, uint64_t since_ns, uint64_t now_ns);
};

/* A service with a meter; embed it first. */
struct cairn__load_metered {
    struct cairn_service base;
    struct cairn__load_meter *meter;
    struct cairn_load_completion completion;
};

/* A layer's apply: a service of OPS, which has the functions below in its slots. Takes INNER and
 * METER, which may be NULL: without memory. */
struct cairn_service *cairn__load_metered_new(const struct cairn_layer *layer,
    struct cairn_service *inner, const struct cairn_service_ops *ops,
    struct cairn__load_meter *meter, const struct cairn_load_completion *completion);

struct cairn_future cairn__load_metered_call(struct cairn_service *base, void *req);
void cairn__load_metered_cloned(struct cairn_service *base);
void cairn__load_metered_drop(struct cairn_service *base);

#endif
