#include <cairn/http/layers/require_authorization.h>

#include <string.h>

#include <cairn/http/layers/authorizer.h>
#include <cairn/service/alloc.h>

struct require_authorization_policy {
    struct cairn__authorizer_policy base;
    struct cairn_future (*authorize)(void *cx, struct cairn_http_request *req);
    void *cx;
};

static bool require_authorization_check(
    void *state, struct cairn_http_request *req, struct cairn_future *check)
{
    struct require_authorization_policy *policy = state;
    *check = policy->authorize(policy->cx, req);
    return true;
}

static struct cairn_future require_authorization_judge(
    void *state, struct cairn_http_request *req, enum cairn_poll p, union cairn_outcome out)
{
    (void)state;
    if (p == CAIRN_FAILED)
        return cairn_future_failed(out.error);
    if (out.value == req)
        return (struct cairn_future){NULL, NULL};
    if (!out.value)
        return cairn__authorizer_answer(NULL);
    return cairn_future_ready_of(&cairn_http_response_type, out.value);
}

static const struct cairn_service_ops require_authorization_ops = {
    .name = "require_authorization",
    .size = sizeof(struct cairn__authorizer),
    .call = cairn__authorizer_call,
    .cloned = cairn__authorizer_cloned,
    .drop = cairn__authorizer_drop,
    .describe = cairn__authorizer_describe,
};

static struct cairn_service *require_authorization_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_require_authorization_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    if (!opts.authorize)
        return cairn_layer_invalid(layer, inner, "authorize must be set");
    struct require_authorization_policy *policy = cairn_alloc(sizeof(*policy));
    if (policy)
        *policy = (struct require_authorization_policy){
            {require_authorization_check, require_authorization_judge, cairn_free, true},
            opts.authorize, opts.cx};
    return cairn__authorizer_new(
        layer, inner, &require_authorization_ops, policy ? &policy->base : NULL);
}

struct cairn_layer cairn_require_authorization_layer(
    const struct cairn_require_authorization_options *options)
{
    static const struct cairn_require_authorization_options defaults = {.size = sizeof(defaults)};
    const struct cairn_require_authorization_options *opts = options ? options : &defaults;
    return cairn_layer_of("require_authorization", require_authorization_apply, opts, opts->size);
}
