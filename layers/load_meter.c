#include <cairn/layers/load_meter.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/runtime.h>

/* A call whose end is its response. */
struct load_future {
    struct cairn_future inner;
    struct cairn_load_handle handle;
};

/* A call whose end is wherever the handle goes. */
struct load_tracked {
    struct load_future call;
    void *(*track)(void *cx, struct cairn_load_handle handle, void *response);
    void *cx;
};

static void load_meter_unref(struct cairn__load_meter *meter)
{
    if (--meter->references == 0)
        cairn_free(meter);
}

static struct cairn_load_handle load_handle_new(struct cairn__load_meter *meter)
{
    struct cairn_load_handle handle = {.meter = meter};
    if (meter->ended) {
        struct cairn_runtime *runtime = cairn_runtime_current();
        CAIRN_ASSERT(runtime, "load", "called on a thread without a runtime");
        handle.since_ns = cairn_runtime_now_ns(runtime);
    }
    meter->references++;
    meter->pending++;
    return handle;
}

void cairn_load_handle_drop(struct cairn_load_handle *handle)
{
    struct cairn__load_meter *meter = handle->meter;
    if (!meter)
        return;
    handle->meter = NULL;
    meter->pending--;
    /* A handle that outlives the runtime has nothing to say about time. */
    struct cairn_runtime *runtime = meter->ended ? cairn_runtime_current() : NULL;
    if (runtime)
        meter->ended(meter, handle->since_ns, cairn_runtime_now_ns(runtime));
    load_meter_unref(meter);
}

static void load_future_drop(void *state)
{
    struct load_future *self = state;
    cairn_future_drop(&self->inner);
    cairn_load_handle_drop(&self->handle);
}

static const struct cairn_future_ops load_future_ops = {
    .name = "load",
    .size = sizeof(struct load_future),
    .drop = load_future_drop,
    .wraps = true,
};

static enum cairn_poll load_tracked_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct load_tracked *self = state;
    enum cairn_poll p = cairn_future_poll(&self->call.inner, cx, out);
    if (p)
        return p;
    struct cairn_load_handle handle = self->call.handle;
    self->call.handle = (struct cairn_load_handle){0};
    out->value = self->track(self->cx, handle, out->value);
    return CAIRN_READY;
}

static const struct cairn_future_ops load_tracked_ops = {
    .name = "load",
    .size = sizeof(struct load_tracked),
    .poll = load_tracked_poll,
    .drop = load_future_drop,
    .wraps = true,
};

struct cairn_future cairn__load_metered_call(struct cairn_service *base, void *req)
{
    struct cairn__load_metered *self = (struct cairn__load_metered *)base;
    struct load_future call = {.handle = load_handle_new(self->meter)};
    call.inner = cairn_service_call(base->inner, req);
    if (self->completion.track) {
        struct load_tracked tracked = {call, self->completion.track, self->completion.cx};
        struct cairn_future future = cairn_future_wrap(&load_tracked_ops, &tracked);
        /* What is there at once may need a drop: it may hold the handle. */
        if (future.ops == &cairn__future_ready_ops)
            return cairn_future_ready_of(base->response_type, future.state);
        return future;
    }
    if (cairn_future_is_complete(&call.inner)) {
        cairn_load_handle_drop(&call.handle);
        return call.inner;
    }
    return cairn_future_wrap(&load_future_ops, &call);
}

void cairn__load_metered_cloned(struct cairn_service *base)
{
    ((struct cairn__load_metered *)base)->meter->references++;
}

void cairn__load_metered_drop(struct cairn_service *base)
{
    load_meter_unref(((struct cairn__load_metered *)base)->meter);
}

struct cairn_service *cairn__load_metered_new(const struct cairn_layer *layer,
    struct cairn_service *inner, const struct cairn_service_ops *ops,
    struct cairn__load_meter *meter, const struct cairn_load_completion *completion)
{
    struct cairn__load_metered *self = meter ? cairn_service_new(ops, inner) : NULL;
    if (!self) {
        cairn_free(meter);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    meter->references = 1;
    self->meter = meter;
    self->completion = *completion;
    if (completion->track && completion->type)
        self->base.response_type = completion->type;
    return &self->base;
}
