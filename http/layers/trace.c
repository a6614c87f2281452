#include <cairn/http/layers/trace.h>

#include <string.h>

#include <cairn/http/layers/trace_hooks.h>
#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/runtime.h>

/* What copies, futures and streams share. */
struct trace_shared {
    unsigned references;
    struct cairn_trace_hooks hooks;
    struct cairn_http_classifier classifier;
    const struct cairn__trace_cx_ops *cx_ops; /* NULL: the context is the user's */
    uint64_t failures;
    uint64_t untraced;
};

struct trace {
    struct cairn_service base;
    struct trace_shared *shared;
};

/* One request, in its arena. It outlives future and stream, and holds no reference. */
struct trace_record {
    struct trace_shared *shared;
    void *span;
    uint64_t start_ns;
    uint64_t head_ns; /* of the response */
    uint64_t last_ns; /* of the chunk before */
    struct cairn_http_failure failure;
    bool has_failed;
    bool awaits_eos;
    struct cairn_http_response *res;
    struct cairn_stream inner;
    void (*end_span)(void *cx, void *span, const struct cairn_http_end *end);
    void *cx;
};

struct trace_future {
    struct cairn_future inner;
    struct trace_shared *shared;
    struct trace_record *record;
};

static void trace_unref(struct trace_shared *shared)
{
    if (--shared->references != 0)
        return;
    if (shared->cx_ops)
        shared->cx_ops->free(shared->hooks.cx);
    cairn_free(shared);
}

static uint64_t trace_now(void)
{
    struct cairn_runtime *runtime = cairn_runtime_current();
    CAIRN_ASSERT(runtime, "trace", "used on a thread without a runtime");
    return cairn_runtime_now_ns(runtime);
}

static void trace_fail(struct trace_record *record, const struct cairn_error *error)
{
    const struct cairn_trace_hooks *hooks = &record->shared->hooks;
    if (record->has_failed)
        return;
    record->has_failed = true;
    record->shared->failures++;
    record->failure.error = error;
    if (hooks->on_failure)
        hooks->on_failure(
            hooks->cx, record->span, &record->failure, trace_now() - record->start_ns);
}

static void trace_chunk(struct trace_record *record, struct cairn_str bytes)
{
    const struct cairn_trace_hooks *hooks = &record->shared->hooks;
    if (!hooks->on_body_chunk)
        return;
    uint64_t now = trace_now();
    hooks->on_body_chunk(hooks->cx, record->span, bytes, now - record->last_ns);
    record->last_ns = now;
}

static void trace_eos(struct trace_record *record)
{
    const struct cairn_trace_hooks *hooks = &record->shared->hooks;
    const struct cairn_http_classifier *classifier = &record->shared->classifier;
    const struct cairn_http_fields *trailers = record->res->trailers;
    if (hooks->on_eos)
        hooks->on_eos(hooks->cx, record->span, trailers, trace_now() - record->head_ns);
    if (record->awaits_eos && classifier->at_eos &&
        classifier->at_eos(classifier, trailers, &record->failure) == CAIRN_HTTP_FAILURE)
        trace_fail(record, NULL);
}

/*
 * The stream, which lives in the record
 */

static enum cairn_poll trace_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct trace_record *record = state;
    enum cairn_poll p = cairn_stream_poll_next(&record->inner, cx, out);
    if (p == CAIRN_FAILED)
        trace_fail(record, out->error);
    else if (p == CAIRN_READY && out->value)
        trace_chunk(record, ((const struct cairn_http_chunk *)out->value)->bytes);
    else if (p == CAIRN_READY)
        trace_eos(record);
    return p;
}

static void trace_drop_stream(void *state)
{
    struct trace_record *record = state;
    cairn_stream_drop(&record->inner);
    trace_unref(record->shared);
}

static const struct cairn_stream_ops trace_stream_ops = {
    .name = "trace",
    .poll_next = trace_poll_next,
    .drop = trace_drop_stream,
};

static void trace_body(struct trace_record *record)
{
    struct cairn_http_response *res = record->res;
    if (!cairn_stream_is_empty(&res->stream)) {
        record->shared->references++;
        record->inner = res->stream;
        res->stream = (struct cairn_stream){&trace_stream_ops, record};
        return;
    }
    if (res->body.length)
        trace_chunk(record, res->body);
    trace_eos(record);
}

static void trace_response(struct trace_record *record, struct cairn_http_response *res)
{
    const struct cairn_trace_hooks *hooks = &record->shared->hooks;
    const struct cairn_http_classifier *classifier = &record->shared->classifier;
    enum cairn_http_verdict verdict = CAIRN_HTTP_SUCCESS;
    record->res = res;
    record->failure.status = res->status;
    record->head_ns = record->last_ns = trace_now();
    if (hooks->on_response)
        hooks->on_response(hooks->cx, record->span, res, record->head_ns - record->start_ns);
    if (classifier->at_response)
        verdict = classifier->at_response(classifier, res, &record->failure);
    if (verdict == CAIRN_HTTP_FAILURE)
        trace_fail(record, NULL);
    record->awaits_eos = verdict == CAIRN_HTTP_AT_EOS;
    trace_body(record);
}

static enum cairn_poll trace_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct trace_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p == CAIRN_READY)
        trace_response(self->record, out->value);
    else if (p == CAIRN_FAILED)
        trace_fail(self->record, out->error);
    return p;
}

static void trace_future_drop(void *state)
{
    struct trace_future *self = state;
    cairn_future_drop(&self->inner);
    trace_unref(self->shared);
}

static const struct cairn_future_ops trace_future_ops = {
    .name = "trace",
    .size = sizeof(struct trace_future),
    .poll = trace_future_poll,
    .drop = trace_future_drop,
    .wraps = true,
};

static void trace_end(void *value, const struct cairn_http_end *end)
{
    struct trace_record *record = value;
    record->end_span(record->cx, record->span, end);
}

/* The span is the last that is made, so that each one has its end. */
static struct trace_record *trace_record_new(
    struct trace_shared *shared, struct cairn_http_request *req)
{
    const struct cairn_trace_hooks *hooks = &shared->hooks;
    struct trace_record *record = cairn_arena_alloc(req->arena, sizeof(*record));
    if (!record)
        return NULL;
    *record = (struct trace_record){.shared = shared,
        .start_ns = trace_now(),
        .failure.grpc_status = -1,
        .end_span = hooks->end_span,
        .cx = hooks->cx};
    if (hooks->end_span && cairn_http_on_end(req, trace_end, record) != 0)
        return NULL;
    if (hooks->make_span)
        record->span = hooks->make_span(hooks->cx, req);
    return record;
}

static struct cairn_future trace_call(struct cairn_service *base, void *req)
{
    struct trace_shared *shared = ((struct trace *)base)->shared;
    struct trace_record *record = trace_record_new(shared, req);
    if (!record) {
        shared->untraced++;
        return cairn_service_call(base->inner, req);
    }
    if (shared->hooks.on_request)
        shared->hooks.on_request(shared->hooks.cx, record->span, req);
    shared->references++;
    return cairn_future_wrap(&trace_future_ops,
        &(struct trace_future){cairn_service_call(base->inner, req), shared, record});
}

static void trace_cloned(struct cairn_service *base)
{
    ((struct trace *)base)->shared->references++;
}

static void trace_drop(struct cairn_service *base)
{
    trace_unref(((struct trace *)base)->shared);
}

static void trace_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct trace_shared *shared = ((const struct trace *)base)->shared;
    if (shared->cx_ops)
        shared->cx_ops->describe(shared->hooks.cx, d);
    cairn_describe_counter(d, "failures", shared->failures);
    cairn_describe_counter(d, "untraced", shared->untraced);
}

static const struct cairn_service_ops trace_ops = {
    .name = "trace",
    .size = sizeof(struct trace),
    .call = trace_call,
    .cloned = trace_cloned,
    .drop = trace_drop,
    .describe = trace_describe,
};

static struct trace_shared *trace_shared_new(const struct cairn_trace_hooks *hooks,
    const struct cairn_http_classifier *classifier, const struct cairn__trace_cx_ops *cx_ops)
{
    struct trace_shared *shared = cairn_alloc_zero(sizeof(*shared));
    if (!shared)
        return NULL;
    shared->references = 1;
    shared->hooks = *hooks;
    shared->classifier = classifier->at_response || classifier->at_eos
                             ? *classifier
                             : cairn_http_classify_status(500, 599);
    shared->cx_ops = cx_ops;
    return shared;
}

struct cairn_service *cairn__trace_apply(const struct cairn_layer *layer,
    struct cairn_service *inner, const struct cairn_trace_hooks *hooks,
    const struct cairn_http_classifier *classifier, const struct cairn__trace_cx_ops *cx_ops)
{
    struct trace_shared *shared = trace_shared_new(hooks, classifier, cx_ops);
    struct trace *self = shared ? cairn_service_new(&trace_ops, inner) : NULL;
    if (self) {
        self->shared = shared;
        return &self->base;
    }
    cairn_free(shared);
    if (cx_ops)
        cx_ops->free(hooks->cx);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

static struct cairn_service *trace_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_trace_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    if (!opts.hooks)
        return cairn_layer_invalid(layer, inner, "hooks are missing");
    return cairn__trace_apply(layer, inner, opts.hooks, &opts.classifier, NULL);
}

struct cairn_layer cairn_trace_layer(const struct cairn_trace_options *options)
{
    static const struct cairn_trace_options defaults = {.size = sizeof(defaults)};
    const struct cairn_trace_options *opts = options ? options : &defaults;
    return cairn_layer_of("trace", trace_apply, opts, opts->size);
}
