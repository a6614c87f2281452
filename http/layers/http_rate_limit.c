#include <cairn/http/layers/http_rate_limit.h>

#include <string.h>

#include <cairn/http/error_response.h>
#include <cairn/http/layers/rate_key.h>
#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/runtime.h>

#define HTTP_RATE_LIMIT_BY \
    (CAIRN_RATE_BY_PEER | CAIRN_RATE_BY_HEADER | CAIRN_RATE_BY_USER | CAIRN_RATE_BY_ROUTE)
#define HTTP_RATE_LIMIT_FIELDS (CAIRN_HTTP_RATE_LIMIT_DRAFT | CAIRN_HTTP_RATE_LIMIT_LEGACY)
#define HTTP_RATE_LIMIT_IPV6_BITS 64

/* What copies and futures share, with the policy's name and the header's behind it. */
struct http_rate_limit_shared {
    unsigned references;
    unsigned fields;
    struct cairn__rate_key_rule rule;
    void (*rate)(void *cx, const struct cairn_http_request *req, struct cairn_keyed_rate *rate);
    const char *policy;
    struct cairn_keyed_limiter *limiter;
    uint64_t refused;
    uint64_t unkeyed;
};

struct http_rate_limit {
    struct cairn_service base;
    struct http_rate_limit_shared *shared;
};

struct http_rate_limit_future {
    struct cairn_future inner;
    struct http_rate_limit_shared *shared;
    struct cairn_keyed_rate rate;
    struct cairn_keyed_answer answer;
};

static struct cairn_error http_rate_limit_refused =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_LIMITED, "http_rate_limit", "the share of this key is used up");

static void http_rate_limit_unref(struct http_rate_limit_shared *shared)
{
    if (--shared->references != 0)
        return;
    cairn_keyed_limiter_unref(shared->limiter);
    cairn_free(shared);
}

/* The fields are a courtesy: an answer for which there is no memory for them passes without. */
static enum cairn_poll http_rate_limit_future_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct http_rate_limit_future *self = state;
    enum cairn_poll p = cairn_future_poll(&self->inner, cx, out);
    if (p == CAIRN_READY)
        (void)cairn_http_rate_limit_fields(
            out->value, self->shared->policy, &self->rate, &self->answer, self->shared->fields);
    return p;
}

static void http_rate_limit_future_drop(void *state)
{
    struct http_rate_limit_future *self = state;
    cairn_future_drop(&self->inner);
    http_rate_limit_unref(self->shared);
}

static const struct cairn_future_ops http_rate_limit_future_ops = {
    .name = "http_rate_limit",
    .size = sizeof(struct http_rate_limit_future),
    .poll = http_rate_limit_future_poll,
    .drop = http_rate_limit_future_drop,
    .wraps = true,
};

static struct cairn_future http_rate_limit_refuse(struct cairn_service *base,
    struct cairn_http_request *req, const struct cairn_keyed_rate *rate,
    const struct cairn_keyed_answer *answer)
{
    struct http_rate_limit_shared *shared = ((struct http_rate_limit *)base)->shared;
    struct cairn_http_response *res = cairn_http_problem(req, 429, NULL);
    shared->refused++;
    if (!res || cairn_http_rate_limit_fields(res, shared->policy, rate, answer, shared->fields))
        return cairn_service_bypass(base, req, cairn_future_failed(&http_rate_limit_refused));
    return cairn_service_bypass(base, req, cairn_future_ready(res));
}

/* The request has a key: charges it. */
static struct cairn_future http_rate_limit_charge(
    struct cairn_service *base, struct cairn_http_request *req, struct cairn_str key)
{
    struct http_rate_limit_shared *shared = ((struct http_rate_limit *)base)->shared;
    struct cairn_runtime *runtime = cairn_runtime_current();
    CAIRN_ASSERT(runtime, "http_rate_limit", "called on a thread without a runtime");
    struct cairn_keyed_rate rate = cairn_keyed_limiter_rate(shared->limiter);
    if (shared->rate)
        shared->rate(shared->rule.cx, req, &rate);
    struct cairn_keyed_answer answer = cairn_keyed_limiter_take(
        shared->limiter, key, shared->rate ? &rate : NULL, 0, cairn_runtime_now_ns(runtime));
    if (!answer.is_allowed)
        return http_rate_limit_refuse(base, req, &rate, &answer);
    if (shared->fields == CAIRN_HTTP_RATE_LIMIT_NONE)
        return cairn_service_call(base->inner, req);
    shared->references++;
    return cairn_future_wrap(&http_rate_limit_future_ops,
        &(struct http_rate_limit_future){
            cairn_service_call(base->inner, req), shared, rate, answer});
}

static struct cairn_future http_rate_limit_call(struct cairn_service *base, void *req)
{
    struct http_rate_limit_shared *shared = ((struct http_rate_limit *)base)->shared;
    struct cairn__rate_key key;
    if (!cairn__rate_key_make(&key, &shared->rule, req))
        return cairn_service_bypass(base, req, cairn_future_failed(&cairn_error_no_memory));
    if (key.bytes.data)
        return http_rate_limit_charge(base, req, key.bytes);
    shared->unkeyed++;
    return cairn_service_call(base->inner, req);
}

static void http_rate_limit_cloned(struct cairn_service *base)
{
    ((struct http_rate_limit *)base)->shared->references++;
}

static void http_rate_limit_drop(struct cairn_service *base)
{
    http_rate_limit_unref(((struct http_rate_limit *)base)->shared);
}

static void http_rate_limit_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct http_rate_limit_shared *shared = ((const struct http_rate_limit *)base)->shared;
    cairn_describe_text(d, "policy", shared->policy);
    cairn_keyed_limiter_describe(shared->limiter, d);
    cairn_describe_counter(d, "refused", shared->refused);
    cairn_describe_counter(d, "unkeyed", shared->unkeyed);
}

static const struct cairn_service_ops http_rate_limit_ops = {
    .name = "http_rate_limit",
    .size = sizeof(struct http_rate_limit),
    .call = http_rate_limit_call,
    .cloned = http_rate_limit_cloned,
    .drop = http_rate_limit_drop,
    .describe = http_rate_limit_describe,
};

/* NULL, or what is wrong. */
static const char *http_rate_limit_complaint(const struct cairn_http_rate_limit_options *opts)
{
    bool has_header = opts->by & CAIRN_RATE_BY_HEADER;
    bool has_user = opts->by & CAIRN_RATE_BY_USER;
    if (opts->by & ~(unsigned)HTTP_RATE_LIMIT_BY)
        return "by must be made of enum cairn_http_rate_limit_by";
    if (has_header != (opts->header != NULL))
        return "header and CAIRN_RATE_BY_HEADER must be set together";
    if (opts->header && !cairn_http_is_token(cairn_str_from(opts->header)))
        return "header must be the name of a header field";
    if (has_user != (opts->user != NULL))
        return "user and CAIRN_RATE_BY_USER must be set together";
    if (opts->fields != CAIRN_HTTP_RATE_LIMIT_NONE &&
        (opts->fields & ~(unsigned)HTTP_RATE_LIMIT_FIELDS))
        return "fields must be made of enum cairn_http_rate_limit_fields";
    if (opts->policy && !cairn_http_is_rate_limit_policy(cairn_str_from(opts->policy)))
        return "policy must be 1 to 64 printable characters, no quote and no backslash";
    if (opts->ipv6_prefix > 128)
        return "ipv6_prefix must be 1 to 128";
    if (opts->limiter && (opts->num || opts->per_ms || opts->burst || opts->keys))
        return "num, per_ms, burst and keys must be 0 with a limiter, which has its own";
    return NULL;
}

static struct cairn_keyed_limiter *http_rate_limit_limiter(
    const struct cairn_http_rate_limit_options *opts, struct cairn_error **error)
{
    if (opts->limiter)
        return cairn_keyed_limiter_ref(opts->limiter);
    return cairn_keyed_limiter_new(
        &(struct cairn_keyed_limiter_options){
            .size = sizeof(struct cairn_keyed_limiter_options),
            .num = opts->num,
            .per_ms = opts->per_ms,
            .burst = opts->burst,
            .keys = opts->keys,
        },
        error);
}

static struct http_rate_limit_shared *http_rate_limit_shared_new(
    const struct cairn_http_rate_limit_options *opts)
{
    struct cairn_str policy = cairn_str_from(opts->policy ? opts->policy : "default");
    struct cairn_str header = cairn_str_from(opts->header ? opts->header : "");
    struct http_rate_limit_shared *shared =
        cairn_alloc_zero(sizeof(*shared) + policy.length + 1 + header.length);
    if (!shared)
        return NULL;
    char *text = (char *)(shared + 1);
    memcpy(text, policy.data, policy.length);
    memcpy(text + policy.length + 1, header.data, header.length);
    shared->references = 1;
    shared->fields = opts->fields;
    shared->policy = text;
    shared->rate = opts->rate;
    shared->rule = (struct cairn__rate_key_rule){
        .by = opts->by ? opts->by : CAIRN_RATE_BY_PEER,
        .header = cairn_str_of(text + policy.length + 1, header.length),
        .user = opts->user,
        .cx = opts->cx,
        .ipv6_prefix = opts->ipv6_prefix ? opts->ipv6_prefix : HTTP_RATE_LIMIT_IPV6_BITS,
    };
    return shared;
}

/* Takes LIMITER. */
static struct cairn_service *http_rate_limit_build(const struct cairn_layer *layer,
    struct cairn_service *inner, const struct cairn_http_rate_limit_options *opts,
    struct cairn_keyed_limiter *limiter)
{
    struct http_rate_limit_shared *shared = http_rate_limit_shared_new(opts);
    struct http_rate_limit *self = shared ? cairn_service_new(&http_rate_limit_ops, inner) : NULL;
    if (self) {
        shared->limiter = limiter;
        self->shared = shared;
        return &self->base;
    }
    cairn_free(shared);
    cairn_keyed_limiter_unref(limiter);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

static struct cairn_service *http_rate_limit_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_error *error = NULL;
    struct cairn_http_rate_limit_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    const char *complaint = http_rate_limit_complaint(&opts);
    if (complaint)
        return cairn_layer_invalid(layer, inner, "%s", complaint);
    struct cairn_keyed_limiter *limiter = http_rate_limit_limiter(&opts, &error);
    if (!error)
        return http_rate_limit_build(layer, inner, &opts, limiter);
    broken = cairn_layer_refuse(layer, inner, error->code, "%s", error->message);
    cairn_error_unref(error);
    return broken;
}

struct cairn_layer cairn_http_rate_limit_layer(const struct cairn_http_rate_limit_options *options)
{
    static const struct cairn_http_rate_limit_options defaults = {.size = sizeof(defaults)};
    const struct cairn_http_rate_limit_options *opts = options ? options : &defaults;
    return cairn_layer_of("http_rate_limit", http_rate_limit_apply, opts, opts->size);
}
