/* load.h - how busy a service is, and when a call of it has ended. Tower's Load and
 * TrackCompletion. */
#ifndef CAIRN_LAYERS_LOAD_H
#define CAIRN_LAYERS_LOAD_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include <cairn/service/service.h>

CAIRN_BEGIN_DECLS

/*
 * A load is a number, the lower the better, on a scale of the layer that tells it. It is asked for
 * at each pick, so telling it must be cheap. A layer of your own tells one through the `load` slot
 * of its struct cairn_service_ops.
 *
 * Returns the load that the outermost layer of SERVICE which tells one does; NAN when none does.
 * NAN compares with nothing.
 */
static inline double cairn_load_of(const struct cairn_service *service)
{
    for (; service; service = service->inner) {
        if (service->ops->load)
            return service->ops->load(service);
    }
    return (double)NAN;
}

/* Whether a layer of SERVICE tells a load. */
static inline bool cairn_load_is_told(const struct cairn_service *service)
{
    while (service && !service->ops->load)
        service = service->inner;
    return service != 0;
}

struct cairn__load_meter;

/* A call that its service's load counts as pending. Passed by value, one owner; dropping it is the
 * end of the call. All zero is an empty one. The fields are the core's. */
struct cairn_load_handle {
    struct cairn__load_meter *meter;
    uint64_t since_ns;
};

/* The call has ended. Empties HANDLE; an empty one: nothing. On the thread of its runtime. */
CAIRN_API void cairn_load_handle_drop(struct cairn_load_handle *handle);

/*
 * When a call has ended, for pending_requests and peak_ewma. All zero: when its response is there.
 * Where the work goes on after that (a body that streams), TRACK puts the handle into what lives
 * as long as the work.
 *
 * A call that fails, or that is given up, has ended then.
 */
struct cairn_load_completion {
    /* Takes HANDLE and RESPONSE; returns the response that the caller gets, not NULL. */
    void *(*track)(void *cx, struct cairn_load_handle handle, void *response);
    /* Borrowed until the last copy of the service and the last of its futures are dropped. */
    void *cx;
    /* Of what TRACK returns; NULL: inner's response type. */
    const struct cairn_type *type;
};

CAIRN_END_DECLS

#endif
