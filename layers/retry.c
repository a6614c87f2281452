#include <cairn/layers/retry.h>

#include <string.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/future_core.h>
#include <cairn/service/runtime_core.h>
#include <cairn/service/sleep.h>

/* What copies and futures share; a future may outlive every copy. */
struct retry_shared {
    unsigned references;
    struct cairn_retry_policy *policy;
    struct cairn_service *prototype; /* never polled: what further attempts clone */
    uint64_t retries;
};

struct retry {
    struct cairn_service base;
    struct retry_shared *shared;
};

/* What a call needs from its first retry on. */
struct retry_again {
    struct cairn_service *service;
    struct cairn_future wait;
    struct cairn_sleep_state sleep;
    bool is_sleeping;
};

/* While `inner` is empty the next attempt is waited for, in the order of struct retry_again. */
struct retry_future {
    struct cairn_future inner;
    struct retry_shared *shared;
    void *request; /* for the next attempt; NULL: there is none */
    struct retry_again *again;
    uint64_t session[CAIRN_RETRY_SESSION_BYTES / sizeof(uint64_t)];
};

static void retry_shared_unref(struct retry_shared *shared)
{
    if (--shared->references != 0)
        return;
    cairn_service_drop(shared->prototype);
    cairn_retry_policy_unref(shared->policy);
    cairn_free(shared);
}

static struct retry_shared *retry_shared_new(
    struct cairn_retry_policy *policy, const struct cairn_service *inner)
{
    struct retry_shared *shared = cairn_alloc_zero(sizeof(*shared));
    if (!shared)
        return NULL;
    shared->references = 1;
    shared->prototype = cairn_service_clone(inner);
    if (!shared->prototype) {
        cairn_free(shared);
        return NULL;
    }
    shared->policy = cairn_retry_policy_ref(policy);
    return shared;
}

static void retry_again_free(struct retry_again *again)
{
    if (!again)
        return;
    cairn_future_drop(&again->wait);
    cairn_sleep_stop(&again->sleep);
    cairn_service_drop(again->service);
    cairn_free(again);
}

static struct retry_again *retry_again_new(const struct cairn_service *prototype)
{
    struct retry_again *again = cairn_alloc_zero(sizeof(*again));
    if (!again)
        return NULL;
    again->service = cairn_service_clone(prototype);
    if (again->service)
        return again;
    cairn_free(again);
    return NULL;
}

static void *retry_clone(struct retry_future *self, const void *req)
{
    struct cairn_retry_policy *policy = self->shared->policy;
    const struct cairn_type *type = self->shared->prototype->request_type;
    if (policy->ops->clone_request)
        return policy->ops->clone_request(policy, self->session, type, req);
    return type->clone(req);
}

static void retry_discard(const struct cairn_retry_attempt *attempt)
{
    if (attempt->p == CAIRN_READY)
        cairn_type_drop(attempt->response_type, attempt->out.value);
    else
        cairn_error_unref(attempt->out.error);
}

static void retry_wait_for(struct retry_again *again, const struct cairn_retry_attempt *attempt)
{
    again->wait = attempt->wait;
    again->is_sleeping = attempt->delay_ms != 0;
    if (__builtin_add_overflow(attempt->now_ms, attempt->delay_ms, &again->sleep.at_ms))
        again->sleep.at_ms = UINT64_MAX;
}

/* Asks the policy. False: P and OUT are what the caller gets. */
static bool retry_decide(struct retry_future *self, const struct cairn_context *cx,
    enum cairn_poll *p, union cairn_outcome *out)
{
    struct cairn_retry_policy *policy = self->shared->policy;
    const struct cairn_service *prototype = self->shared->prototype;
    CAIRN_ASSERT(cx->runtime, "retry", "polled without a runtime");
    struct cairn_retry_attempt attempt = {.request = self->request,
        .p = *p,
        .out = *out,
        .request_type = prototype->request_type,
        .response_type = prototype->response_type,
        .now_ms = cairn__runtime_now_ms(cx->runtime)};
    bool is_wanted = policy->ops->retry(policy, self->session, &attempt);
    self->request = attempt.request;
    if (is_wanted && !self->again)
        self->again = retry_again_new(prototype);
    if (is_wanted && self->again && self->request) {
        retry_discard(&attempt);
        retry_wait_for(self->again, &attempt);
        return true;
    }
    cairn_future_drop(&attempt.wait);
    *p = attempt.p;
    *out = attempt.out;
    return false;
}

static enum cairn_poll retry_get_ready(
    struct retry_again *again, const struct cairn_context *cx, union cairn_outcome *out)
{
    if (!cairn_future_is_empty(&again->wait)) {
        enum cairn_poll p = cairn_future_poll(&again->wait, cx, out);
        if (p)
            return p;
    }
    if (again->is_sleeping && cairn_sleep_poll(&again->sleep, cx) == CAIRN_PENDING)
        return CAIRN_PENDING;
    again->is_sleeping = false;
    return cairn_service_poll_ready(again->service, cx, &out->error);
}

static void retry_send_again(struct retry_future *self)
{
    void *req = self->request;
    self->request = retry_clone(self, req);
    self->shared->retries++;
    self->inner = cairn_service_call(self->again->service, req);
}

/* A request that cannot be copied, or whose copy is spent, is sent once. */
static bool retry_may(const struct retry_future *self)
{
    return self->request &&
           !cairn_type_is_spent(self->shared->prototype->request_type, self->request);
}

static enum cairn_poll retry_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct retry_future *self = state;
    for (;;) {
        enum cairn_poll p;
        if (!cairn_future_is_empty(&self->inner)) {
            p = cairn_future_poll(&self->inner, cx, out);
            if (p == CAIRN_PENDING)
                return p;
            if (!retry_may(self) || !retry_decide(self, cx, &p, out))
                return p;
        }
        p = retry_get_ready(self->again, cx, out);
        if (p)
            return p;
        retry_send_again(self);
    }
}

static void retry_session_end(struct retry_future *self)
{
    struct cairn_retry_policy *policy = self->shared->policy;
    if (policy->ops->end)
        policy->ops->end(policy, self->session);
}

/* Of a call that has no attempt under way. */
static void retry_end_idle(struct retry_future *self)
{
    retry_again_free(self->again);
    retry_session_end(self);
    cairn_type_drop(self->shared->prototype->request_type, self->request);
}

static void retry_end(struct retry_future *self)
{
    cairn_future_drop(&self->inner);
    retry_end_idle(self);
}

static void retry_future_drop(void *state)
{
    struct retry_future *self = state;
    retry_end(self);
    retry_shared_unref(self->shared);
}

static const struct cairn_future_ops retry_future_ops = {
    .name = "retry",
    .size = sizeof(struct retry_future),
    .poll = retry_future_poll,
    .drop = retry_future_drop,
    .wraps = true,
};

static struct cairn_future retry_call(struct cairn_service *base, void *req)
{
    struct retry_shared *shared = ((struct retry *)base)->shared;
    struct retry_future f = {.shared = shared};
    if (shared->policy->ops->begin)
        shared->policy->ops->begin(shared->policy, f.session);
    f.request = retry_clone(&f, req);
    if (!f.request) {
        retry_session_end(&f);
        return cairn_service_call(base->inner, req);
    }
    f.inner = cairn_service_call(base->inner, req);
    union cairn_outcome out;
    enum cairn_poll p = cairn__future_outcome(&f.inner, &out);
    const struct cairn_context spot = {NULL, cairn__current};
    if (p != CAIRN_PENDING && (!retry_may(&f) || !retry_decide(&f, &spot, &p, &out))) {
        retry_end_idle(&f);
        return cairn__future_of(p, &out);
    }
    shared->references++;
    return p == CAIRN_PENDING ? cairn_future_box(&retry_future_ops, &f)
                              : cairn_future_start(&retry_future_ops, &f);
}

static void retry_cloned(struct cairn_service *base)
{
    ((struct retry *)base)->shared->references++;
}

static void retry_drop(struct cairn_service *base)
{
    retry_shared_unref(((struct retry *)base)->shared);
}

static void retry_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct retry_shared *shared = ((const struct retry *)base)->shared;
    if (shared->policy->ops->describe)
        shared->policy->ops->describe(shared->policy, d);
    cairn_describe_counter(d, "retries", shared->retries);
}

static const struct cairn_service_ops retry_ops = {
    .name = "retry",
    .size = sizeof(struct retry),
    .call = retry_call,
    .cloned = retry_cloned,
    .drop = retry_drop,
    .describe = retry_describe,
};

static struct cairn_service *retry_build(
    const struct cairn_layer *layer, struct cairn_service *inner, struct cairn_retry_policy *policy)
{
    const struct cairn_type *type = inner->request_type;
    if (policy->ops->session_size > CAIRN_RETRY_SESSION_BYTES)
        return cairn_layer_invalid(layer, inner,
            "policy must have a session of 0 to %d bytes, got %zu (%s)", CAIRN_RETRY_SESSION_BYTES,
            policy->ops->session_size, policy->ops->name);
    if (!policy->ops->clone_request && !(type && type->clone))
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_TYPE,
            "needs a request that can be cloned; %s cannot",
            type ? type->name : "a request without a type");
    for (const struct cairn_service *s = inner; s; s = s->inner)
        if (s->ops->not_cloneable)
            return cairn_layer_refuse(layer, inner, CAIRN_ERROR_TYPE,
                "needs a service that can be cloned; %s cannot", s->ops->name);
    struct retry_shared *shared = retry_shared_new(policy, inner);
    struct retry *self = shared ? cairn_service_new(&retry_ops, inner) : NULL;
    if (self) {
        self->shared = shared;
        return &self->base;
    }
    if (shared)
        retry_shared_unref(shared);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

static bool retry_has_standard(const struct cairn_retry_options *opts)
{
    return opts->attempts || opts->classify || opts->classify_cx || opts->backoff.min_ms ||
           opts->backoff.max_ms || opts->backoff.jitter != 0 || opts->budget || opts->seed ||
           opts->hint || opts->max_hint_ms;
}

static struct cairn_retry_policy *retry_policy(
    const struct cairn_retry_options *opts, struct cairn_error **error)
{
    if (opts->policy)
        return cairn_retry_policy_ref(opts->policy);
    return cairn_retry_standard_new(
        &(struct cairn_retry_standard_options){
            .size = sizeof(struct cairn_retry_standard_options),
            .attempts = opts->attempts,
            .classify = opts->classify,
            .classify_cx = opts->classify_cx,
            .backoff = opts->backoff,
            .budget = opts->budget,
            .seed = opts->seed,
            .hint = opts->hint,
            .max_hint_ms = opts->max_hint_ms,
        },
        error);
}

static struct cairn_service *retry_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_retry_options opts;
    struct cairn_error *error = NULL;
    memcpy(&opts, layer->options, sizeof(opts));
    if (opts.policy && retry_has_standard(&opts))
        return cairn_layer_invalid(
            layer, inner, "policy must be the only option, got options of the standard one too");
    struct cairn_retry_policy *policy = retry_policy(&opts, &error);
    struct cairn_service *outer =
        policy ? retry_build(layer, inner, policy)
               : cairn_layer_refuse(layer, inner, error->code, "%s", error->message);
    cairn_retry_policy_unref(policy);
    cairn_error_unref(error);
    return outer;
}

struct cairn_layer cairn_retry_layer(const struct cairn_retry_options *options)
{
    static const struct cairn_retry_options defaults = {.size = sizeof(defaults)};
    const struct cairn_retry_options *opts = options ? options : &defaults;
    return cairn_layer_of("retry", retry_apply, opts, opts->size);
}
