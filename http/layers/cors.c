#include <cairn/http/layers/cors.h>

#include <string.h>

#include <cairn/http/layers/cors_policy.h>
#include <cairn/service/alloc.h>

struct cors {
    struct cairn_service base;
    struct cairn__cors *shared;
};

struct cors_future {
    struct cairn_future inner;
    struct cairn__cors *shared;
    struct cairn_str allowed;
};

/* `inner` is the verdict's future until that is there, then what follows from it. */
struct cors_later {
    struct cairn_future inner;
    struct cairn_future answer; /* empty: a preflight */
    struct cairn__cors *shared;
    const struct cairn_http_request *req;
    struct cairn_str origin;
    bool is_decided;
};

static enum cairn_poll cors_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct cors_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p || cairn__cors_edit(self->shared, out->value, self->allowed) == 0)
        return p;
    cairn_type_drop(&cairn_http_response_type, out->value);
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static void cors_future_drop(void *state)
{
    struct cors_future *self = state;
    cairn_future_drop(&self->inner);
    cairn__cors_unref(self->shared);
}

static const struct cairn_future_ops cors_future_ops = {
    .name = "cors",
    .size = sizeof(struct cors_future),
    .poll = cors_future_poll,
    .drop = cors_future_drop,
    .wraps = true,
};

/* What follows from a decision: ANSWER with its fields, or, where that is empty, one of our own. */
static struct cairn_future cors_go_on(struct cairn__cors *shared,
    const struct cairn_http_request *req, struct cairn_future answer, struct cairn_str allowed)
{
    if (!cairn_future_is_empty(&answer)) {
        shared->references++;
        return cairn_future_wrap(&cors_future_ops, &(struct cors_future){answer, shared, allowed});
    }
    struct cairn_http_response *res = cairn__cors_preflight(shared, req, allowed);
    return cairn_future_ready_or_no_memory(res);
}

/* ORIGIN, or absent, as `allows_later` has it. A failure says nothing for it. */
static struct cairn_str cors_judge(struct cairn__cors *shared, enum cairn_poll p,
    union cairn_outcome verdict, struct cairn_str origin)
{
    if (p == CAIRN_READY && verdict.value)
        return origin;
    shared->refused++;
    if (p == CAIRN_FAILED) {
        shared->failed++;
        cairn_error_unref(verdict.error);
    }
    return cairn_str_of(NULL, 0);
}

static enum cairn_poll cors_later_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct cors_later *self = state;
    if (!self->is_decided) {
        union cairn_outcome verdict;
        enum cairn_poll p = cairn_future_poll(&self->inner, cx, &verdict);
        if (p == CAIRN_PENDING)
            return p;
        struct cairn_str allowed = cors_judge(self->shared, p, verdict, self->origin);
        self->is_decided = true;
        self->inner =
            cors_go_on(self->shared, self->req, cairn_future_take(&self->answer), allowed);
    }
    return cairn_future_poll(&self->inner, cx, out);
}

static void cors_later_drop(void *state)
{
    struct cors_later *self = state;
    cairn_future_drop(&self->inner);
    cairn_future_drop(&self->answer);
    cairn__cors_unref(self->shared);
}

static const struct cairn_future_ops cors_later_ops = {
    .name = "cors",
    .size = sizeof(struct cors_later),
    .poll = cors_later_poll,
    .drop = cors_later_drop,
    .wraps = true,
};

/* The future of inner's answer; empty for a preflight, which ends here. Its fields stay readable.
 */
static struct cairn_future cors_answer(struct cors *self, struct cairn_http_request *req)
{
    if (!cairn__cors_is_preflight(req))
        return cairn_service_call(self->base.inner, req);
    self->shared->preflights++;
    return cairn_service_bypass(&self->base, req, (struct cairn_future){0});
}

/* Whoever decides sees the request before inner may change it. */
static struct cairn_future cors_call(struct cairn_service *base, void *request)
{
    struct cors *self = (struct cors *)base;
    struct cairn__cors *shared = self->shared;
    struct cairn_http_request *req = request;
    struct cairn_str origin = cairn_http_fields_get(&req->fields, CAIRN_STR("Origin"));
    if (!shared->opts.allows_later || !origin.data) {
        struct cairn_str allowed = cairn__cors_decide(shared, req);
        shared->refused += origin.data && !allowed.data;
        return cors_go_on(shared, req, cors_answer(self, req), allowed);
    }
    struct cairn_future verdict = shared->opts.allows_later(shared->opts.cx, origin, req);
    shared->references++;
    return cairn_future_wrap(&cors_later_ops,
        &(struct cors_later){verdict, cors_answer(self, req), shared, req, origin, false});
}

static void cors_cloned(struct cairn_service *base)
{
    ((struct cors *)base)->shared->references++;
}

static void cors_drop(struct cairn_service *base)
{
    cairn__cors_unref(((struct cors *)base)->shared);
}

static void cors_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    cairn__cors_describe(((const struct cors *)base)->shared, d);
}

static const struct cairn_service_ops cors_ops = {
    .name = "cors",
    .size = sizeof(struct cors),
    .call = cors_call,
    .cloned = cors_cloned,
    .drop = cors_drop,
    .describe = cors_describe,
};

static struct cairn_service *cors_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_cors_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    struct cairn__cors_complaint complaint = cairn__cors_check(&opts);
    if (complaint.option)
        return cairn_layer_invalid(layer, inner, "%s %s", complaint.option, complaint.text);
    struct cairn__cors *shared = cairn__cors_new(&opts);
    struct cors *self = shared ? cairn_service_new(&cors_ops, inner) : NULL;
    if (self) {
        self->shared = shared;
        return &self->base;
    }
    cairn_free(shared);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

struct cairn_layer cairn_cors_layer(const struct cairn_cors_options *options)
{
    static const struct cairn_cors_options defaults = {.size = sizeof(defaults)};
    const struct cairn_cors_options *opts = options ? options : &defaults;
    return cairn_layer_of("cors", cors_apply, opts, opts->size);
}

struct cairn_layer cairn_cors_permissive(void)
{
    return cairn_cors(.origins = "*", .methods = "*", .headers = "*", .expose = "*");
}

struct cairn_layer cairn_cors_very_permissive(void)
{
    return cairn_cors(.mirror = CAIRN_CORS_MIRROR_ORIGIN | CAIRN_CORS_MIRROR_METHODS |
                                CAIRN_CORS_MIRROR_HEADERS,
        .credentials = true);
}
