#include <cairn/http/layers/collect_body.h>

#include <inttypes.h>
#include <string.h>

#include <cairn/http/body.h>
#include <cairn/service/alloc.h>
#include <cairn/service/spares.h>

/* What copies and futures share; a future may outlive every copy. */
struct collect_body_shared {
    unsigned references;
    uint64_t max_bytes;
    uint64_t failed;
    uint64_t collecting;
    uint64_t waiting;
    struct cairn__spares spares;
};

struct collect_body {
    struct cairn_service base;
    struct collect_body_shared *shared;
};

enum collect_body_stage { COLLECT_BODY_READ, COLLECT_BODY_WAIT, COLLECT_BODY_CALL };

/* `inner` is the future of the whole request, then none, then that of the response. `service` is
 * there until it is called, or dead. */
struct collect_body_future {
    struct cairn_future inner;
    enum collect_body_stage stage;
    struct cairn_service *service;
    struct cairn_http_request *req;
    struct collect_body_shared *shared;
};

static void collect_body_unref(struct collect_body_shared *shared)
{
    if (--shared->references != 0)
        return;
    cairn__spares_fini(&shared->spares);
    cairn_free(shared);
}

static enum cairn_poll collect_body_read(
    struct collect_body_future *self, const struct cairn_context *cx, union cairn_outcome *out)
{
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p == CAIRN_FAILED)
        self->shared->failed++;
    if (p)
        return p;
    self->stage = COLLECT_BODY_WAIT;
    self->shared->collecting--;
    self->shared->waiting++;
    return CAIRN_READY;
}

static enum cairn_poll collect_body_wait(
    struct collect_body_future *self, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct cairn_service *service = self->service;
    enum cairn_poll p = cairn_service_poll_ready(service, cx, &out->error);
    if (p == CAIRN_PENDING)
        return p;
    self->service = NULL;
    if (p == CAIRN_FAILED) {
        cairn_service_drop(service);
        return p;
    }
    self->stage = COLLECT_BODY_CALL;
    self->shared->waiting--;
    self->inner = cairn_service_call(service, self->req);
    cairn__spares_give_back(&self->shared->spares, service);
    return CAIRN_READY;
}

static enum cairn_poll collect_body_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct collect_body_future *self = state;
    enum cairn_poll p = CAIRN_READY;
    if (self->stage == COLLECT_BODY_READ)
        p = collect_body_read(self, cx, out);
    if (p == CAIRN_READY && self->stage == COLLECT_BODY_WAIT)
        p = collect_body_wait(self, cx, out);
    return p ? p : cairn_future_poll(&self->inner, cx, out);
}

static void collect_body_future_drop(void *state)
{
    struct collect_body_future *self = state;
    cairn_future_drop(&self->inner);
    self->shared->collecting -= self->stage == COLLECT_BODY_READ;
    self->shared->waiting -= self->stage == COLLECT_BODY_WAIT;
    if (self->stage != COLLECT_BODY_CALL)
        cairn_type_drop(&cairn_http_request_type, self->req);
    if (self->service)
        cairn__spares_give_back(&self->shared->spares, self->service);
    collect_body_unref(self->shared);
}

static const struct cairn_future_ops collect_body_future_ops = {
    .name = "collect_body",
    .size = sizeof(struct collect_body_future),
    .poll = collect_body_future_poll,
    .drop = collect_body_future_drop,
};

/* Inner is not asked: see the header. */
static enum cairn_poll collect_body_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    (void)base, (void)cx, (void)error;
    return CAIRN_READY;
}

static struct cairn_future collect_body_call(struct cairn_service *base, void *req)
{
    struct collect_body_shared *shared = ((struct collect_body *)base)->shared;
    struct cairn_service *service = cairn__spares_copy(&shared->spares, base->inner);
    if (!service) {
        cairn_service_drop_request(base, req);
        return cairn_future_failed(&cairn_error_no_memory);
    }
    shared->references++;
    shared->collecting++;
    return cairn_future_start(&collect_body_future_ops,
        &(struct collect_body_future){.inner = cairn_http_collect(req, shared->max_bytes),
            .service = service,
            .req = req,
            .shared = shared});
}

static void collect_body_cloned(struct cairn_service *base)
{
    ((struct collect_body *)base)->shared->references++;
}

static void collect_body_drop(struct cairn_service *base)
{
    collect_body_unref(((struct collect_body *)base)->shared);
}

static void collect_body_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct collect_body_shared *shared = ((const struct collect_body *)base)->shared;
    if (shared->max_bytes)
        cairn_describe_parameter(d, "max", shared->max_bytes, "bytes");
    cairn_describe_counter(d, "failed", shared->failed);
    cairn_describe_gauge(d, "collecting", shared->collecting);
    cairn_describe_gauge(d, "waiting", shared->waiting);
}

static const struct cairn_service_ops collect_body_ops = {
    .name = "collect_body",
    .size = sizeof(struct collect_body),
    .poll_ready = collect_body_poll_ready,
    .call = collect_body_call,
    .cloned = collect_body_cloned,
    .drop = collect_body_drop,
    .describe = collect_body_describe,
};

static struct cairn_service *collect_body_new(
    const struct cairn_layer *layer, struct cairn_service *inner, uint64_t max_bytes)
{
    struct collect_body_shared *shared = cairn_alloc_zero(sizeof(*shared));
    struct collect_body *self = shared ? cairn_service_new(&collect_body_ops, inner) : NULL;
    if (!self) {
        cairn_free(shared);
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    }
    shared->references = 1;
    shared->max_bytes = max_bytes;
    self->shared = shared;
    return &self->base;
}

static struct cairn_service *collect_body_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_collect_body_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    if (opts.max_bytes > INT64_MAX)
        return cairn_layer_invalid(
            layer, inner, "max_bytes must be 1 to 2^63-1, got %" PRIu64, opts.max_bytes);
    for (const struct cairn_service *s = inner; s; s = s->inner)
        if (s->ops->not_cloneable)
            return cairn_layer_refuse(layer, inner, CAIRN_ERROR_TYPE,
                "needs a service that can be cloned; %s cannot", s->ops->name);
    return collect_body_new(layer, inner, opts.max_bytes);
}

struct cairn_layer cairn_collect_body_layer(const struct cairn_collect_body_options *options)
{
    static const struct cairn_collect_body_options defaults = {.size = sizeof(defaults)};
    const struct cairn_collect_body_options *opts = options ? options : &defaults;
    return cairn_layer_of("collect_body", collect_body_apply, opts, opts->size);
}
